"""OpenAI's wire shapes, read back as JSON."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from yoriai.api.chunks import Answer, ChatChunks, TextChunks, legacy_logprobs
from yoriai.api.encoding import json_text
from yoriai.types import Event, Finish, ReasoningDelta, TextDelta, ToolCall, Usage

USAGE = Usage(prompt_tokens=3, completion_tokens=2, cached_tokens=1)
LOGPROBS = [
    {"token": "Hi", "logprob": -0.5, "bytes": [72, 105], "top_logprobs": [{"token": "Yo", "logprob": -1.0}]},
    {"token": "!", "logprob": -0.1, "bytes": [33], "top_logprobs": []},
]


def chunks(encoder: ChatChunks | TextChunks, events: Sequence[Event]) -> list[dict[str, Any]]:
    data = b"".join(encoder.encode(event) for event in events)
    return [json.loads(part.removeprefix("data: ")) for part in data.decode().split("\n\n") if part]


async def replay(events: Sequence[Event]) -> AsyncIterator[Event]:
    for event in events:
        yield event


def test_a_stream_begins_with_the_role_and_ends_with_reason_and_usage() -> None:
    events = [TextDelta(text="Hé"), TextDelta(text='\n"llo'), Finish(reason="stop"), USAGE]
    parts = chunks(ChatChunks("m", include_usage=True), events)
    assert [part["choices"][0]["delta"] for part in parts[:-1]] == [
        {"role": "assistant", "content": ""}, {"content": "Hé"}, {"content": '\n"llo'}, {},
    ]  # fmt: skip
    assert [part["choices"][0]["finish_reason"] for part in parts[:-1]] == [None, None, None, "stop"]
    assert all(part["usage"] is None for part in parts[:-1])
    assert parts[-1]["choices"] == []
    assert parts[-1]["usage"]["total_tokens"] == 5
    assert parts[-1]["usage"]["prompt_tokens_details"] == {"cached_tokens": 1}
    assert len({part["id"] for part in parts}) == 1


def test_without_include_usage_there_is_no_usage_at_all() -> None:
    parts = chunks(ChatChunks("m", include_usage=False), [TextDelta(text="a"), Finish(reason="stop"), USAGE])
    assert not any("usage" in part for part in parts)


def test_each_choice_has_its_own_role_and_calls_are_numbered_per_choice() -> None:
    call = ToolCall(id="c1", name="f", arguments="{}")
    events = [
        call,
        ToolCall(id="c2", name="g", arguments="{}"),
        ToolCall(id="c3", name="f", arguments="{}", index=1),
    ]
    parts = chunks(ChatChunks("m", include_usage=False), events)
    assert [part["choices"][0]["index"] for part in parts if "role" in part["choices"][0]["delta"]] == [0, 1]
    calls = [
        part["choices"][0]["delta"]["tool_calls"][0]
        for part in parts
        if "role" not in part["choices"][0]["delta"]
    ]
    assert [(each["index"], each["id"]) for each in calls] == [(0, "c1"), (1, "c2"), (0, "c3")]
    assert calls[0]["function"] == {"name": "f", "arguments": "{}"}


def test_half_of_a_surrogate_pair_does_not_break_the_stream() -> None:
    assert json.loads(json_text("a\ud800b")) == "a\ufffdb"


async def test_a_whole_answer_keeps_reasoning_and_calls_apart() -> None:
    call = ToolCall(id="c", name="f", arguments='{"a":1}')
    events = [ReasoningDelta(text="hm"), call, Finish(reason="tool_calls"), USAGE]
    answer = await Answer().gather(replay(events))
    choice = json.loads(_dumps(answer.chat_shape("m")))["choices"][0]
    assert choice["message"]["content"] is None
    assert choice["message"]["reasoning_content"] == "hm"
    assert choice["message"]["tool_calls"][0]["function"]["arguments"] == '{"a":1}'
    assert choice["finish_reason"] == "tool_calls"


async def test_legacy_completions_echo_the_prompt_and_convert_logprobs() -> None:
    events = [TextDelta(text="Hi!", logprobs=LOGPROBS), Finish(reason="length"), USAGE]
    answer = await Answer().gather(replay(events))
    choice = json.loads(_dumps(answer.text_shape("m", "Say: ")))["choices"][0]
    assert choice["text"] == "Say: Hi!"
    assert choice["logprobs"] == {
        "tokens": ["Hi", "!"],
        "token_logprobs": [-0.5, -0.1],
        "top_logprobs": [{"Yo": -1.0}, {}],
        "text_offset": [0, 2],
    }


def test_streamed_legacy_completions_echo_once_and_count_offsets_on() -> None:
    events = [
        TextDelta(text="Hi", logprobs=LOGPROBS[:1]),
        TextDelta(text="!", logprobs=LOGPROBS[1:]),
        Finish(reason="stop"),
    ]
    parts = chunks(TextChunks("m", include_usage=False, echo="> "), events)
    assert [part["choices"][0]["text"] for part in parts] == ["> Hi", "!", ""]
    assert parts[1]["choices"][0]["logprobs"]["text_offset"] == [2]


def test_offsets_count_characters() -> None:
    assert legacy_logprobs([{"token": "日本", "logprob": 0.0}, {"token": "語", "logprob": 0.0}], 5)[
        "text_offset"
    ] == [5, 7]


def _dumps(value: object) -> bytes:
    import orjson

    return orjson.dumps(value)
