"""What the board page says of a board: plain values and words for the browser. Pure; used by `board_page`."""

from __future__ import annotations

from typing import Any

from yoriai.arena import words
from yoriai.arena.board import Board, Row
from yoriai.arena.topics import NAMES
from yoriai.catalog import speed_words
from yoriai.i18n.catalogue import text
from yoriai.i18n.figures import size
from yoriai.web.model_words import count
from yoriai.web.visitor import Visitor

_DRAWN = 20  # models of the heat map: more cells nobody reads
_SHOWN = 300  # rows


def table(board: Board, visitor: Visitor) -> dict[str, Any]:
    """Rows with their intervals as shares of the axis, what they tell, and the heat map."""
    rows = board.rows[:_SHOWN]
    low, high = min((row.low for row in rows), default=0.0), max((row.high for row in rows), default=1.0)
    span = max(high - low, 1.0)
    return {
        "summary": words.summary(board, visitor.language),
        "rows": [_row(row, low, span, visitor) for row in rows],
        "heat": _heat(board, visitor),
    }


def languages(found: dict[str, int], visitor: Visitor) -> dict[str, str]:
    """What to narrow the board to, with how many votes each has."""
    return {"": visitor.text("board_any")} | {
        code: f"{_language(code, visitor)} ({votes:,})" for code, votes in found.items() if code
    }


def topics(found: dict[str, int], visitor: Visitor) -> dict[str, str]:
    return {"": visitor.text("board_any")} | {
        name: f"{visitor.text(f'board_topic_{name}')} ({votes:,})" for name, votes in found.items()
    }


def _language(code: str, visitor: Visitor) -> str:
    if code in {"en", "ja"}:
        return visitor.text(f"board_language_{code}")
    return NAMES.get(code, code)


def _row(row: Row, low: float, span: float, visitor: Visitor) -> dict[str, Any]:
    facts = row.facts
    plain = words.row(row)
    return {
        "rank": str(row.rank_low) if row.rank_low == row.rank_high else f"{row.rank_low}–{row.rank_high}",
        "model": row.model,
        "rating": f"{row.rating:.0f}",
        "interval": f"{row.low:.0f} – {row.high:.0f}",
        "left": 100 * (row.low - low) / span,
        "width": 100 * (row.high - row.low) / span,
        "middle": 100 * (row.rating - low) / span,
        "unbounded": row.unbounded,
        "votes": f"{row.votes:,}",
        "outcomes": f"{row.wins:,} / {row.losses:,} / {row.ties:,} / {row.both_bad:,}",
        "note": _note(row, visitor),
        "openness": text(f"catalog.verdict_{facts.openness}", visitor.language)
        if facts and facts.openness
        else "",
        "parameters": count(facts.parameters) if facts and facts.parameters else "",
        "size": size(facts.size_bytes) if facts and facts.size_bytes else "",
        "maker": facts.maker if facts else "",
        "country": words.country(str(plain["country"]), visitor.language),
        "speed": speed_words.rate(facts.tokens_per_s) if facts and facts.tokens_per_s else "",
    }


def _note(row: Row, visitor: Visitor) -> str:
    if row.more_votes:
        return visitor.text("board_more", count=f"{row.more_votes:,}")
    return visitor.text("board_early") if row.is_early else ""


def _heat(board: Board, visitor: Visitor) -> dict[str, Any] | None:
    """Shares of the model of the row against that of the column; None: nobody has met."""
    names = [row.model for row in board.rows[:_DRAWN]]
    met = {(pair.first, pair.second): (pair.share, pair.votes) for pair in board.pairs}
    met |= {(second, first): (1 - share, votes) for (first, second), (share, votes) in met.items()}
    if not met:
        return None
    return {
        "names": names,
        "rows": [
            [_cell(met.get((first, second)), first, second, visitor) for second in names] for first in names
        ],
    }


def _cell(
    found: tuple[float, int] | None, first: str, second: str, visitor: Visitor
) -> dict[str, Any] | None:
    if found is None:
        return None
    share, votes = found
    percent = round(100 * share)
    title = visitor.text("board_heat_cell", first=first, second=second, percent=percent, votes=f"{votes:,}")
    return {"percent": percent, "votes": votes, "title": title}
