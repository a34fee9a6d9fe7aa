"""What an answer rests on, in OpenAI's shape: a number becomes a citation only where it names a passage."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from typing import Any

from deliberating import COUNCIL, VOTE
from yoriai.api.chunks import Answer, ChatChunks
from yoriai.types import (
    Citation,
    Event,
    Finish,
    SentenceSupport,
    Sources,
    Stage,
    Support,
    TextDelta,
    Usage,
)


def citation(number: int, file_id: str | None) -> Citation:
    return Citation(
        number=number, document_id=f"doc_{number}", document='<b>"規程".pdf', page=3, start=5, end=9, text="本文",
        collection_id="vs_1", score=0.5, file_id=file_id,
    )  # fmt: skip


SOURCES = Sources(
    citations=(citation(1, "file-1"), citation(2, None)), found=5, left_out=3, tokens=90, budget=100
)
SUPPORT = Support(
    sentences=(SentenceSupport(start=0, end=9, verdict="supported", citations=(1,), score=0.9),)
)
EVENTS: list[Event] = [
    SOURCES,
    TextDelta(text="三千円です[1"),
    TextDelta(text="]。別の[2][9][1]"),
    SUPPORT,
    Finish(reason="stop"),
    Usage(prompt_tokens=3, completion_tokens=2),
]


async def replay() -> AsyncIterator[Event]:
    for event in EVENTS:
        yield event


def assert_grounded(message: dict[str, Any], text: str) -> None:
    assert [(each["index"], each["number"], each["file_id"]) for each in message["annotations"]] == [
        (5, 1, "file-1"), (11, 2, "doc_2"), (17, 1, "file-1"),
    ]  # fmt: skip
    for each in message["annotations"]:
        assert text[each["index"] :].startswith(f"[{each['number']}]")
        assert (each["type"], each["filename"], each["page"]) == ("file_citation", '<b>"規程".pdf', 3)
    assert message["yoriai"]["sources"]["left_out"] == 3
    assert message["yoriai"]["sources"]["citations"][0]["text"] == "本文"
    assert message["yoriai"]["support"]["sentences"][0]["verdict"] == "supported"


async def test_a_whole_answer_has_them_on_its_message() -> None:
    message = (await Answer().gather(replay())).chat_shape("m")["choices"][0]["message"]
    assert_grounded(message, "三千円です[1]。別の[2][9][1]")


def test_a_stream_has_them_on_its_last_delta() -> None:
    encoder = ChatChunks("m", include_usage=False)
    data = b"".join(encoder.encode(event) for event in EVENTS).decode()
    deltas = [json.loads(part[6:])["choices"][0] for part in data.split("\n\n") if part]
    assert deltas[-1]["finish_reason"] == "stop"
    assert_grounded(deltas[-1]["delta"], "".join(each["delta"].get("content", "") for each in deltas))
    assert not any("yoriai" in each["delta"] for each in deltas[:-1])


def test_a_councils_stream_tells_its_stages_and_at_last_what_was_said() -> None:
    encoder = ChatChunks("m", include_usage=False)
    events: list[Event] = [
        Stage(name="loading", detail="a"),  # what any model does is not told
        Stage(name="members", detail="A, B"),
        COUNCIL,
        Stage(name="settling"),
        TextDelta(text="[1]"),
        replace(COUNCIL, reason="half a pair: \ud83d"),
        Finish(reason="stop"),
    ]
    data = b"".join(encoder.encode(event) for event in events).decode()
    deltas = [json.loads(part[6:])["choices"][0]["delta"] for part in data.split("\n\n") if part]
    told = [each["yoriai"] for each in deltas if "yoriai" in each]
    assert [each["stage"]["name"] for each in told[:-1]] == ["members", "settling"]
    assert "annotations" not in deltas[-1]
    assert told[-1]["deliberation"] == asdict(COUNCIL) | {"reason": "half a pair: \ufffd"} | {
        name: json.loads(json.dumps(asdict(COUNCIL)[name]))
        for name in ("contributions", "reviews", "claims", "ballots", "nodes")
    }


async def test_a_councils_whole_answer_tells_what_was_said() -> None:
    async def answered() -> AsyncIterator[Event]:
        for event in (TextDelta(text="ten"), VOTE, Finish(reason="stop")):
            yield event

    message = (await Answer().gather(answered())).chat_shape("m")["choices"][0]["message"]
    assert message["yoriai"]["deliberation"]["ballots"][0] == {
        "answer": "10", "labels": ["A", "B"], "share": 2 / 3,
    }  # fmt: skip


def test_what_rests_on_nothing_says_nothing() -> None:
    encoder = ChatChunks("m", include_usage=False)
    data = b"".join(encoder.encode(event) for event in (TextDelta(text="[1]"), Finish(reason="stop")))
    assert b"annotations" not in data
