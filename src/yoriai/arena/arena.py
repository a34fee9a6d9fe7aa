"""The Arena service: votes are kept, brought in and given out; boards and pairs are made of them.

Knows who may see what: votes with their texts are their voter's alone; on everybody's boards only counts of those
between models that everybody may use. The page, the API and the CLI ask here; `battles` has the flow of a blind battle.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import Any, BinaryIO

from anyio import to_thread

from yoriai.access import Action, can, owners, require
from yoriai.accounts import groups
from yoriai.arena.board import Board, board, games_of
from yoriai.arena.exchange import Reader, derived, key_of, line
from yoriai.arena.facts import Facts
from yoriai.arena.pairing import active_pair, random_pair
from yoriai.errors import UsageError
from yoriai.records import Turn, Vote, VoteFilter, Winner
from yoriai.responders.registry import Registry
from yoriai.store import votes as rows
from yoriai.store.database import Connection, Database
from yoriai.types import User

_BATCH, _BATCH_CHARACTERS = 500, 4_000_000  # in one transaction: others get to write between two
_PAGE = 100  # votes that are read at once to be given out
FEWEST_VOTERS = 3  # of a group: of two, each would see from the board how the other voted
_OF_ONE_USER = ("assistant:", "collection:", "council:")  # names that mean something else to everybody


Along = Callable[[Connection, Vote], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cast:
    """A vote as it is cast: models by their lasting names, and what they said."""

    model_a: str
    model_b: str
    winner: Winner
    conversation_a: tuple[Turn, ...]
    conversation_b: tuple[Turn, ...]
    id: str = ""  # of the battle that it is cast on; empty: a new one
    is_blind: bool = True
    from_documents: bool = False  # answered from a collection


@dataclass(frozen=True, kw_only=True, slots=True)
class TakenIn:
    """How many votes a file had, and how many of them were new."""

    votes: int
    new: int


class Arena:
    def __init__(self, database: Database, registry: Registry, facts: Facts) -> None:
        self._database = database
        self._registry = registry
        self._facts = facts

    async def record(self, user: User, cast: Cast, along: Along | None = None) -> Vote:
        """Keep a vote of this user. `along`: what else is written, or refused, in the same transaction.

        Raises:
            UsageError: both answers are of the same model. Else what `along` raises; then nothing is kept.
        """
        if cast.model_a == cast.model_b:
            raise UsageError("arena.same_model", model=cast.model_a)
        vote = await to_thread.run_sync(_vote, user, cast)

        def work(connection: Connection) -> None:
            if along:
                along(connection, vote)
            rows.add_unknown(connection, owners(user), [vote])

        await self._database.write(work)
        return vote

    async def forget(self, user: User, vote_id: str, along: Callable[[Connection], None]) -> None:
        """It counts no more; `along` is written in the same transaction. Raises: what `along` raises."""

        def work(connection: Connection) -> None:
            along(connection)
            rows.remove(connection, owners(user), vote_id)

        await self._database.write(work)

    async def board(self, user: User, wanted: VoteFilter, *, with_style: bool = False) -> Board:
        """Of all votes that count for this user. `with_style`: length and Markdown held constant.

        Raises:
            NotFoundError: the group that is wanted isn't there, or isn't this user's to see.
        """
        if wanted.group and await self._voters(user, wanted) < FEWEST_VOTERS:
            return replace(board([], wanted), is_withheld=True)
        found = await self._tallies(user, wanted, with_style=with_style)
        made = await to_thread.run_sync(lambda: board(found, wanted, with_style=with_style))
        facts = await self._facts.of([row.model for row in made.rows])
        names = {row.model: await self._shown(row.model, user) for row in made.rows}
        return replace(
            made,
            rows=tuple(replace(row, model=names[row.model], facts=facts[row.model]) for row in made.rows),
            pairs=tuple(
                replace(pair, first=names[pair.first], second=names[pair.second]) for pair in made.pairs
            ),
            leader=names.get(made.leader, ""),
        )

    async def facets(self, user: User) -> dict[str, dict[str, int]]:
        """Votes by `language` and by `topic`: what a board may be narrowed to."""
        return await self._database.read(lambda connection: rows.facets(connection, owners(user)))

    async def pair(
        self, user: User, names: Sequence[str], *, active: bool, random: Random | None = None
    ) -> tuple[str, str]:
        """Two of these names (lasting ones) for the next battle, in the order in which they are to stand.

        Raises:
            UsageError: fewer than two.
        """
        distinct, random = list(dict.fromkeys(names)), random or Random()  # noqa: S311 — no secret
        if len(distinct) < 2:
            raise UsageError("arena.too_few_models")
        if not active:
            return random_pair(distinct, random)
        found = await self._tallies(user, VoteFilter(), with_style=False)
        counted = [each for each in found if each.is_blind and not each.has_leak]
        known = dict.fromkeys(
            [*distinct, *(name for each in counted for name in (each.model_a, each.model_b))]
        )
        games = games_of(counted, list(known))
        return await to_thread.run_sync(active_pair, distinct, games, random)

    async def take_in(self, user: User, file: BinaryIO) -> TakenIn:
        """Votes of a file; those that are known already are left as they are.

        Raises:
            UsageError: something in it is no vote. Then nothing of it is kept. ForbiddenError: a guest.
        """
        require(user, Action.BRING_VOTES)
        reader = Reader(owner_id=user.id, is_shared=can(user, Action.MANAGE_MODELS))
        total = await to_thread.run_sync(reader.check, file)
        batches, new = _batches(reader.votes(file)), 0
        while batch := await to_thread.run_sync(next, batches, None):
            new += await self._database.write(lambda c, batch=batch: rows.add_unknown(c, owners(user), batch))  # type: ignore[misc]
        return TakenIn(votes=total, new=new)

    async def export(self, user: User) -> AsyncGenerator[bytes, None]:
        """This user's own votes, line by line, as `take_in` reads them."""
        after = ""
        while page := await self._database.read(
            lambda connection, after=after: rows.page(connection, owners(user), after, _PAGE)  # type: ignore[misc]
        ):
            after = page[-1].id
            for vote in page:
                yield line(vote)

    async def _tallies(self, user: User, wanted: VoteFilter, *, with_style: bool) -> list[rows.Tally]:
        return await self._database.read(
            lambda connection: rows.tallies(connection, owners(user), wanted, with_style=with_style)
        )

    async def _voters(self, user: User, wanted: VoteFilter) -> int:
        def work(connection: Connection) -> int:
            groups.found(connection, user, wanted.group)
            return rows.voters(connection, owners(user), wanted)

        return await self._database.read(work)

    async def _shown(self, name: str, user: User) -> str:
        return await self._registry.present_name(name, user) if is_private(name) else name


def _batches(votes: Iterable[Vote]) -> Iterator[list[Vote]]:
    """As many as fit into one transaction, and into memory."""
    batch: list[Vote] = []
    characters = 0
    for vote in votes:
        batch.append(vote)
        characters += sum(len(turn.content) for turn in (*vote.conversation_a, *vote.conversation_b))
        if len(batch) >= _BATCH or characters > _BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def is_private(name: str) -> bool:
    """Whether a responder's name, or one inside of it, is known to its owner only."""
    return any(kind in name for kind in _OF_ONE_USER)


def _vote(user: User, cast: Cast) -> Vote:
    vote_id = cast.id or secrets.token_hex(16)
    plain: dict[str, Any] = {
        "question_id": vote_id, "judge": user.name, "voted_at": datetime.now(UTC), "language": "",
        "model_a": cast.model_a, "model_b": cast.model_b, "winner": cast.winner, "is_blind": cast.is_blind,
        "conversation_a": cast.conversation_a, "conversation_b": cast.conversation_b,
        "turn": max(1, sum(turn.role == "user" for turn in cast.conversation_a)),
    }  # fmt: skip
    plain |= derived(plain)
    if cast.from_documents:
        plain["topic"] = "documents"
    is_shared = not is_private(cast.model_a) and not is_private(cast.model_b)
    return Vote(**plain, id=vote_id, key=key_of(plain), owner_id=user.id, is_shared=is_shared)
