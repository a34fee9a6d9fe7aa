"""Votes as files: the field layout of the public Chatbot Arena conversations, read and written one vote at a time.

JSON lines, or a JSON array. What comes in is not believed: one wrong vote, and none is taken in; its place is told.
Knows no database; `arena` keeps what was read. Source of the layout: the data set card of
huggingface.co/datasets/lmsys/chatbot_arena_conversations.
"""

from __future__ import annotations

import hashlib
import math
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO

import orjson

from yoriai.arena.leaks import leak_of
from yoriai.arena.reading import records
from yoriai.arena.topics import NAMES, language_code, language_of, style_of, topic_of
from yoriai.errors import UsageError
from yoriai.records import Turn, Vote, Winner

_WINNERS: Mapping[str, Winner] = {
    "model_a": "model_a", "model_b": "model_b", "tie": "tie", "tie (bothbad)": "bothbad",
}  # fmt: skip
_WINNER_NAMES = {winner: name for name, winner in _WINNERS.items()}
_LONGEST_NAME, _LONGEST_ID, _LONGEST_TEXT, _MOST_TURNS = 256, 200, 1_000_000, 200
UNKNOWN_TIME = datetime.fromtimestamp(0, UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC).timestamp()


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """Reads files for one user."""

    owner_id: str
    is_shared: bool

    def check(self, file: BinaryIO) -> int:
        """How many votes there are.

        Raises:
            UsageError: something in it is no vote; the message names the place.
        """
        return sum(1 for place, record in records(file) if self._plain(record, place))

    def votes(self, file: BinaryIO) -> Iterator[Vote]:
        """Raises: as `check`."""
        seen: Counter[str] = Counter()
        for place, record in records(file):
            yield self._vote(self._plain(record, place), seen)

    def _plain(self, record: object, place: int) -> dict[str, Any]:
        """Fields as `Vote` has them, checked."""
        if not isinstance(record, dict):
            raise UsageError("arena.import_no_vote", place=place)
        turns_a, turns_b = (_conversation(record, f"conversation_{side}", place) for side in "ab")
        model_a, model_b = (_text(record, f"model_{side}", place, _LONGEST_NAME) for side in "ab")
        if not model_a or not model_b or model_a == model_b:
            raise UsageError("arena.import_models", place=place)
        return {
            "model_a": model_a, "model_b": model_b, "winner": _winner(record, place),
            "question_id": _text(record, "question_id", place, _LONGEST_ID),
            "judge": _text(record, "judge", place, _LONGEST_ID), "voted_at": _time(record, place),
            "turn": _number(record, "turn", place, len(asked(turns_a)) or 1),
            "is_blind": _flag(record, "anony", place), "conversation_a": turns_a, "conversation_b": turns_b,
            "language": language_code(_text(record, "language", place, 64)),
        }  # fmt: skip

    def _vote(self, plain: Mapping[str, Any], seen: Counter[str]) -> Vote:
        return Vote(
            **{**plain, **derived(plain)}, id=secrets.token_hex(16), key=_told_apart(plain, seen),
            owner_id=self.owner_id, is_imported=True, is_shared=self.is_shared,
        )  # fmt: skip


def _told_apart(plain: Mapping[str, Any], seen: Counter[str]) -> str:
    """A vote that has no id or no time may be there several times: it is told apart by how often it was `seen`."""
    key = key_of(plain)
    if plain["question_id"] and plain["voted_at"] != UNKNOWN_TIME:
        return key
    key = _digest([key, plain["winner"]])
    seen[key] += 1
    return _digest([key, seen[key]])


def key_of(vote: Mapping[str, Any]) -> str:
    """What is equal of the same vote wherever it is kept."""
    time = f"{vote['voted_at'].timestamp():.6f}"
    return _digest([vote[name] for name in ("question_id", "model_a", "model_b", "judge", "turn")] + [time])


def _digest(values: list[Any]) -> str:
    return hashlib.sha256(orjson.dumps(values)).hexdigest()[:32]


def asked(turns: Iterable[Turn]) -> list[str]:
    return [turn.content for turn in turns if turn.role == "user"]


def answers(turns: Iterable[Turn]) -> list[str]:
    return [turn.content for turn in turns if turn.role == "assistant"]


def derived(plain: Mapping[str, Any]) -> dict[str, Any]:
    """What the conversations themselves say."""
    question = "\n".join(asked(plain["conversation_a"]))
    first, second = (answers(plain[f"conversation_{side}"]) for side in "ab")
    found: dict[str, Any] = {
        "topic": topic_of(question), "language": plain["language"] or language_of(question),
        "leak": leak_of(first, second, plain["model_a"], plain["model_b"]),
    }  # fmt: skip
    if first and second:
        found |= {"style_a": style_of(first), "style_b": style_of(second)}
    return found


# ---- fields -----------------------------------------------------------------------------------------------
def _winner(record: Mapping[str, Any], place: int) -> Winner:
    """Never a tie by accident: what isn't known is refused."""
    value = record.get("winner")
    if not isinstance(value, str) or value not in _WINNERS:
        raise UsageError("arena.import_winner", place=place, value=_shown(value))
    return _WINNERS[value]


def _text(record: Mapping[str, Any], name: str, place: int, longest: int) -> str:
    value = record.get(name)
    value = "" if value is None else str(value) if type(value) is int else value
    if not isinstance(value, str) or len(value) > longest:
        raise _wrong(name, place)
    if not all(each.isprintable() or each == "\u3000" for each in value):
        raise _wrong(name, place)
    return value.strip()


def _time(record: Mapping[str, Any], place: int) -> datetime:
    value = record.get("tstamp") or 0
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong("tstamp", place)
    if not math.isfinite(value) or not 0 <= value < _LATEST:
        raise _wrong("tstamp", place)
    return datetime.fromtimestamp(value, UTC)


def _number(record: Mapping[str, Any], name: str, place: int, default: int) -> int:
    value = record.get(name)
    if value is None:
        return default
    if type(value) is not int or not 1 <= value <= 10_000:
        raise _wrong(name, place)
    return value


def _flag(record: Mapping[str, Any], name: str, place: int) -> bool:
    value = record.get(name)
    if value is not None and type(value) is not bool:
        raise _wrong(name, place)
    return value is not False


def _conversation(record: Mapping[str, Any], name: str, place: int) -> tuple[Turn, ...]:
    value = record.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > _MOST_TURNS:
        raise _wrong(name, place)
    return tuple(_turn(each, name, place) for each in value)


def _turn(value: object, name: str, place: int) -> Turn:
    role, content = (value.get("role"), value.get("content")) if isinstance(value, dict) else (None, None)
    if isinstance(content, list):  # parts; pictures leave no trace
        parts = (part.get("text") for part in content if isinstance(part, dict))
        content = "".join(part for part in parts if isinstance(part, str))
    content = "" if content is None else content
    if (
        role not in {"user", "assistant", "system"}
        or not isinstance(content, str)
        or len(content) > _LONGEST_TEXT
    ):
        raise _wrong(name, place)
    return Turn(role=role, content=content)


def _wrong(name: str, place: int) -> UsageError:
    return UsageError("arena.import_field", place=place, field=name)


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else "-" if value is None else type(value).__name__
    return "".join(each if each.isprintable() else "?" for each in text)[:60]


# ---- out --------------------------------------------------------------------------------------------------
def line(vote: Vote) -> bytes:
    """One line of an export."""
    record = {
        "question_id": vote.question_id, "model_a": vote.model_a, "model_b": vote.model_b,
        "winner": _WINNER_NAMES[vote.winner], "judge": vote.judge,
        "conversation_a": vote.conversation_a, "conversation_b": vote.conversation_b, "turn": vote.turn,
        "anony": vote.is_blind, "language": NAMES.get(vote.language, vote.language),
        "tstamp": vote.voted_at.timestamp(),
    }  # fmt: skip
    return orjson.dumps(record) + b"\n"
