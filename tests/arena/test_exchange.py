"""Vote files: the public field layout in and out, wrong ones refused with their place, large ones a piece at a time."""

from __future__ import annotations

import io
import json
import tracemalloc
from typing import Any, BinaryIO

import pytest

from yoriai.arena.exchange import UNKNOWN_TIME, Reader, line
from yoriai.errors import UsageError
from yoriai.records import Turn, Vote


def entry(number: int = 1, **fields: Any) -> dict[str, Any]:
    """As the public conversations have it."""
    return {
        "question_id": f"q{number}", "model_a": "vicuna-13b", "model_b": "koala-13b", "winner": "model_a",
        "judge": "arena_user_1", "conversation_a": said("Which is larger, 9.11 or 9.9?", "9.9"),
        "conversation_b": said("Which is larger, 9.11 or 9.9?", "9.11"), "turn": 1, "anony": True,
        "language": "English", "tstamp": 1682351591.13 + number,
        "openai_moderation": {"flagged": False}, "toxic_chat_tag": {},
    } | fields  # fmt: skip


def said(question: str, answer: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


def lines(*entries: Any) -> BinaryIO:
    return io.BytesIO("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in entries).encode())


def array(*entries: Any, **style: Any) -> BinaryIO:
    return io.BytesIO(json.dumps(entries, **style).encode())


def read(file: BinaryIO) -> list[Vote]:
    reader = Reader(owner_id="anna", is_shared=False)
    reader.check(file)
    return list(reader.votes(file))


def test_a_vote_of_the_public_layout_is_read() -> None:
    (vote,) = read(lines(entry()))
    assert (vote.model_a, vote.model_b, vote.winner) == ("vicuna-13b", "koala-13b", "model_a")
    assert (vote.question_id, vote.judge, vote.turn, vote.is_blind) == ("q1", "arena_user_1", 1, True)
    assert (vote.language, vote.topic, vote.leak) == ("en", "other", "")
    assert vote.conversation_a[1] == Turn(role="assistant", content="9.9")
    assert vote.voted_at.timestamp() == pytest.approx(1682351592.13)
    assert vote.is_imported
    assert vote.style_a is not None
    assert vote.style_a.length == 3


def test_what_the_four_winners_mean() -> None:
    winners = ["model_a", "model_b", "tie", "tie (bothbad)"]
    found = read(lines(*(entry(n, winner=winner) for n, winner in enumerate(winners))))
    assert [vote.winner for vote in found] == ["model_a", "model_b", "tie", "bothbad"]


@pytest.mark.parametrize(
    "winner", ["Tie", "both bad", "", None, "model_c", 1, ["tie"], "left", "tie (bothbad) "]
)
def test_any_other_winner_is_refused_with_its_place_and_never_a_tie(winner: Any) -> None:
    with pytest.raises(UsageError) as caught:
        read(lines(entry(1), entry(2, winner=winner)))
    assert caught.value.key == "arena.import_winner"
    assert caught.value.values["place"] == 2


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"model_a": ""}, "arena.import_models"),
        ({"model_b": None}, "arena.import_models"),
        ({"model_b": "vicuna-13b"}, "arena.import_models"),
        ({"model_a": "x" * 257}, "arena.import_field"),
        ({"model_a": "a\u202eb"}, "arena.import_field"),
        ({"model_a": "a\nb"}, "arena.import_field"),
        ({"model_a": 7.5}, "arena.import_field"),
        ({"tstamp": "yesterday"}, "arena.import_field"),
        ({"tstamp": 1e300}, "arena.import_field"),
        ({"tstamp": -1}, "arena.import_field"),
        ({"turn": 0}, "arena.import_field"),
        ({"turn": True}, "arena.import_field"),
        ({"anony": "yes"}, "arena.import_field"),
        ({"conversation_a": "text"}, "arena.import_field"),
        ({"conversation_a": [{"role": "root", "content": "x"}]}, "arena.import_field"),
        ({"conversation_a": [{"role": "user", "content": 3}]}, "arena.import_field"),
        ({"conversation_a": said("x", "y") * 200}, "arena.import_field"),
    ],
)
def test_what_no_vote_can_be_is_refused_with_its_place(fields: dict[str, Any], key: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(lines(entry(1), entry(2), entry(3, **fields)))
    assert caught.value.key == key
    assert caught.value.values["place"] == 3


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"hello\n",
        b'{"winner": NaN}',
        b'{"model_a": "\\ud800"}',
        b"[1,",
        b"[{}{}]",
        b"[{}] x",
        b"\xff\xfe",
        b"[[[",
    ],
)
def test_what_is_not_json_is_refused(content: bytes) -> None:
    with pytest.raises(UsageError):
        read(io.BytesIO(content))
    with pytest.raises(UsageError):
        read(io.BytesIO(b"[" * 200_000))


def test_an_array_is_read_as_lines_are() -> None:
    entries = [entry(n, judge="花子") for n in range(1, 30)]
    plain = [(vote.key, vote.judge) for vote in read(lines(*entries))]
    for file in (array(*entries), array(*entries, indent=3), array(*entries, ensure_ascii=False)):
        assert [(vote.key, vote.judge) for vote in read(file)] == plain
    assert read(io.BytesIO(b"\xef\xbb\xbf [ ] \n")) == []
    assert read(io.BytesIO(b"")) == []


def test_bare_votes_are_votes_too() -> None:
    """Without id, time and texts, as tables of votes have them; equal ones are several votes."""
    bare = {"model_a": "a", "model_b": "b", "winner": "tie"}
    first, second = read(lines(bare, bare))
    assert first.key != second.key
    assert first.voted_at == UNKNOWN_TIME
    assert first.style_a is None
    assert [each.key for each in read(lines(bare, bare))] == [first.key, second.key]


def test_the_same_vote_twice_is_one() -> None:
    first, second = read(lines(entry(1), entry(1)))
    assert first.key == second.key


def test_one_question_many_votes() -> None:
    votes = read(lines(entry(1, judge="x"), entry(1, judge="y"), entry(1, turn=2), entry(1, tstamp=5.0)))
    assert len({vote.key for vote in votes}) == 4


def test_what_is_given_out_is_read_again() -> None:
    fields = [
        {"winner": "tie (bothbad)", "anony": False, "turn": 1},
        {"language": "Japanese", "conversation_a": said("俳句を書いて", "私はQwenです。")},
        {"question_id": None, "tstamp": None, "judge": None, "conversation_a": None},
        {"language": None},
    ]
    first = read(lines(*(entry(n, **each) for n, each in enumerate(fields))))
    again = read(io.BytesIO(b"".join(line(vote) for vote in first)))
    assert [vote.key for vote in again] == [vote.key for vote in first]
    for before, after in zip(first, again, strict=True):
        for name in (
            "model_a",
            "winner",
            "judge",
            "language",
            "topic",
            "leak",
            "is_blind",
            "conversation_a",
            "voted_at",
        ):
            assert getattr(before, name) == getattr(after, name), name
    assert [vote.leak for vote in first] == ["", "model_a", "", ""]
    assert json.loads(line(first[0]))["winner"] == "tie (bothbad)"
    assert json.loads(line(first[1]))["language"] == "Japanese"


class Endless:
    """A file of many votes that is never there as a whole."""

    def __init__(self, count: int, head: bytes, between: bytes, foot: bytes) -> None:
        self._count, self._head, self._between, self._foot = count, head, between, foot
        self.seek(0)

    def seek(self, _: int) -> int:
        self._pieces, self._left = self._made(), b""
        return 0

    def tell(self) -> int:
        return 0

    def _made(self) -> Any:
        if self._head:
            yield self._head
        for n in range(self._count):
            yield (self._between if n else b"") + json.dumps(
                entry(n, conversation_a=said("x", "word " * 4000))
            ).encode()
        yield self._foot

    def read(self, size: int) -> bytes:
        while len(self._left) < size and (piece := next(self._pieces, b"")) != b"":
            self._left += piece
        found, self._left = self._left[:size], self._left[size:]
        return found

    def readline(self, _: int) -> bytes:
        while b"\n" not in self._left and (piece := next(self._pieces, None)) is not None:
            self._left += piece
        found, _, self._left = self._left.partition(b"\n")
        return found + b"\n" if found else b""


@pytest.mark.parametrize("signs", [(b"", b"\n", b"\n"), (b"[", b",", b"]")], ids=["lines", "array"])
def test_a_large_file_does_not_fill_the_memory(signs: tuple[bytes, bytes, bytes]) -> None:
    file: Any = Endless(3000, *signs)  # 60 MB
    tracemalloc.start()
    assert Reader(owner_id="anna", is_shared=False).check(file) == 3000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12_000_000
