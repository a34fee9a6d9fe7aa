"""Rows of votes. Who reads says whose they may be: theirs, and of others' only counts of those that are shared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    delete,
    distinct,
    exists,
    func,
    insert,
    or_,
    select,
    true,
)

from yoriai.records import Style, Turn, Vote, VoteFilter, Winner
from yoriai.store.tables import group_members, votes

_NESTED = {"conversation_a", "conversation_b", "style_a", "style_b"}
_PLAIN = tuple(field.name for field in fields(Vote) if field.name not in _NESTED)
_AT_ONCE = 500  # values in one query: SQLite and PostgreSQL both take them


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """So many votes say the same."""

    model_a: str
    model_b: str
    winner: Winner
    count: int
    is_blind: bool
    has_leak: bool
    style_a: Style | None = None
    style_b: Style | None = None


def add_unknown(connection: Connection, owners: Iterable[str], found: Sequence[Vote]) -> int:
    """Keep those that nobody can see yet on their boards; how many those were."""
    theirs = list(owners)
    new = {vote.key: vote for vote in found}
    keys = list(new)
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        for key in connection.scalars(select(votes.c.key).where(votes.c.key.in_(some), _seen(theirs))):
            new.pop(key, None)
    if new:
        connection.execute(insert(votes), [_row(vote) for vote in new.values()])
    return len(new)


def remove(connection: Connection, owners: Iterable[str], vote_id: str) -> None:
    """Theirs only."""
    connection.execute(delete(votes).where(votes.c.id == vote_id, votes.c.owner_id.in_(list(owners))))


def tallies(
    connection: Connection, owners: Iterable[str], wanted: VoteFilter, *, with_style: bool
) -> list[Tally]:
    """Votes that say the same, counted; with style, one by one. Those that the filter may leave out are marked."""
    group = [
        votes.c.model_a,
        votes.c.model_b,
        votes.c.winner,
        votes.c.is_blind,
        (votes.c.leak != "").label("has_leak"),
    ]
    seen = and_(_seen(list(owners)), _wanted(list(owners), wanted))
    if with_style:
        styles = [votes.c.style_a, votes.c.style_b]
        return [_styled(tuple(row)) for row in connection.execute(select(*group, *styles).where(seen))]
    counted = select(*group, func.count().label("count")).where(seen).group_by(*group)
    return [Tally(**row._mapping) for row in connection.execute(counted)]


def voters(connection: Connection, owners: Iterable[str], wanted: VoteFilter) -> int:
    """How many people cast the votes that a board counts."""
    seen = and_(_seen(list(owners)), _wanted(list(owners), wanted))
    if not wanted.with_named:
        seen = and_(seen, votes.c.is_blind)
    if not wanted.with_leaks:
        seen = and_(seen, votes.c.leak == "")
    return connection.scalar(select(func.count(distinct(votes.c.owner_id))).where(seen)) or 0


def facets(connection: Connection, owners: Iterable[str]) -> dict[str, dict[str, int]]:
    """What there is to choose from: votes by language and by topic."""
    seen = _seen(list(owners))
    found: dict[str, dict[str, int]] = {}
    for column in (votes.c.language, votes.c.topic):
        counted = (
            select(column, func.count()).where(seen).group_by(column).order_by(func.count().desc(), column)
        )
        found[column.name] = {value: count for value, count in connection.execute(counted) if value}
    return found


def page(connection: Connection, owners: Iterable[str], after: str, size: int) -> list[Vote]:
    """Theirs, in the order of ids, after that one."""
    found = select(votes).where(votes.c.owner_id.in_(list(owners)), votes.c.id > after)
    return [_vote(row) for row in connection.execute(found.order_by(votes.c.id).limit(size))]


def _seen(owners: Sequence[str]) -> ColumnElement[bool]:
    """Theirs, and what is shared: once, where somebody else has brought in the same."""
    theirs = votes.alias()
    is_there = exists().where(theirs.c.key == votes.c.key, theirs.c.owner_id.in_(owners))
    return or_(votes.c.owner_id.in_(owners), and_(votes.c.is_shared, ~is_there))


def _wanted(owners: Sequence[str], wanted: VoteFilter) -> ColumnElement[bool]:
    equal = {"language": wanted.language, "topic": wanted.topic, "judge": wanted.judge}
    clauses = [votes.c[name] == value for name, value in equal.items() if value]
    if wanted.judge:  # names of people are their own matter
        clauses.append(votes.c.owner_id.in_(owners))
    if wanted.group:
        members = select(group_members.c.user_id).where(group_members.c.group_id == wanted.group)
        clauses.append(and_(votes.c.owner_id.in_(members), ~votes.c.is_imported))
    if wanted.voters == "mine":
        clauses.append(and_(votes.c.owner_id.in_(owners), ~votes.c.is_imported))
    elif wanted.voters != "everyone":
        clauses.append(votes.c.is_imported if wanted.voters == "imported" else ~votes.c.is_imported)
    return and_(true(), *clauses)


def _row(vote: Vote) -> dict[str, Any]:
    row = {name: getattr(vote, name) for name in _PLAIN}
    for name in ("conversation_a", "conversation_b"):
        row[name] = [[turn.role, turn.content] for turn in getattr(vote, name)]
    for name in ("style_a", "style_b"):
        style = getattr(vote, name)
        row[name] = style and list(asdict(style).values())
    return row


def _vote(row: Row[Any]) -> Vote:
    values = {name: getattr(row, name) for name in _PLAIN}
    for name in ("conversation_a", "conversation_b"):
        values[name] = tuple(Turn(role=role, content=content) for role, content in getattr(row, name))
    return Vote(**values, style_a=_style(row.style_a), style_b=_style(row.style_b))


def _styled(values: Sequence[Any]) -> Tally:
    model_a, model_b, winner, is_blind, has_leak, style_a, style_b = values
    return Tally(
        model_a=model_a, model_b=model_b, winner=winner, count=1, is_blind=is_blind, has_leak=has_leak,
        style_a=_style(style_a), style_b=_style(style_b),
    )  # fmt: skip


def _style(counts: list[int] | None) -> Style | None:
    if counts is None:
        return None
    length, headers, lists, bold = counts
    return Style(length=length, headers=headers, lists=lists, bold=bold)
