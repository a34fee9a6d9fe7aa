"""A board in words, and as rows for tables and programs. Pure; the CLI, the API and the page show what it says."""

from __future__ import annotations

from typing import Any

from yoriai.arena.board import Board, Row
from yoriai.catalog.makers import load
from yoriai.i18n.catalogue import text
from yoriai.types import Language

_EXACT = 4  # decimals of points


def row(row: Row) -> dict[str, Any]:
    """Everything that a table or a program may want to know of a model."""
    facts = row.facts
    return {
        "rank_low": row.rank_low, "rank_high": row.rank_high, "model": row.model, "rating": round(row.rating, _EXACT),
        "low": round(row.low, _EXACT), "high": round(row.high, _EXACT), "votes": row.votes, "wins": row.wins,
        "losses": row.losses, "ties": row.ties, "both_bad": row.both_bad, "unbounded": row.unbounded,
        "group": row.group, "is_early": row.is_early, "more_votes": row.more_votes,
        "openness": facts.openness if facts else None, "parameters": facts.parameters if facts else None,
        "size_bytes": facts.size_bytes if facts else None, "maker": facts.maker if facts else "",
        "country": facts.country if facts else "", "tokens_per_s": facts.tokens_per_s if facts else None,
    }  # fmt: skip


def summary(board: Board, language: Language) -> list[str]:
    """What the votes tell, what they don't yet, and what was left out: a sentence each, the weightiest first."""
    return [_verdict(board, language), *_reservations(board, language), *_left_out(board, language)]


def country(code: str, language: Language) -> str:
    """Its name; the code itself where there is none."""
    return (
        text(f"arena.country_{code.lower()}", language) if code in {each.country for each in load()} else code
    )


def _verdict(board: Board, language: Language) -> str:
    if board.is_withheld:
        return text("arena.board_withheld", language)
    if not board.rows:
        return text("arena.board_empty", language)
    if board.leader:
        return text("arena.board_leader", language, model=board.leader, votes=board.votes)
    if len(board.rows) < 2:
        return text("arena.board_empty", language)
    first, second = board.rows[0].model, board.rows[1].model
    if board.more_votes is None:
        return text("arena.board_equal", language, first=first, second=second, votes=board.votes)
    return text(
        "arena.board_too_few", language, first=first, second=second, votes=board.votes, more=board.more_votes
    )


def _reservations(board: Board, language: Language) -> list[str]:
    said = []
    if len({row.group for row in board.rows}) > 1:
        said.append(text("arena.board_groups", language))
    if held := [row.model for row in board.rows if row.unbounded]:
        said.append(text("arena.board_unbounded", language, models=", ".join(held[:5]), count=len(held)))
    return said


def _left_out(board: Board, language: Language) -> list[str]:
    counts = {
        "named": board.left_out_named, "leaks": board.left_out_leaks, "style": board.left_out_style,
        "models": board.left_out_models,
    }  # fmt: skip
    return [
        text(f"arena.left_out_{reason}", language, count=count) for reason, count in counts.items() if count
    ]
