import json
from typing import Any

import pytest

from yoriai.errors import UnsupportedError, UsageError
from yoriai.responders.tool_calling import ToolDecoder, constrained, is_wanted
from yoriai.types import (
    ChatRequest,
    Event,
    Finish,
    Message,
    TextDelta,
    ToolCall,
)

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
TREE = {
    "type": "function",
    "function": {
        "name": "plant",
        "parameters": {
            "type": "object",
            "properties": {"tree": {"$ref": "#/$defs/node"}, "next": {"$ref": "#"}},
            "$defs": {"node": {"type": "object", "properties": {"child": {"$ref": "#/$defs/node"}}}},
        },
    },
}


def request(**fields: Any) -> ChatRequest:
    defaults: dict[str, Any] = {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "tools": [WEATHER],
    }
    return ChatRequest.model_validate({**defaults, **fields})


def schema_of(sent: ChatRequest) -> dict[str, Any]:
    assert sent.response_format and sent.response_format.json_schema
    return sent.response_format.json_schema.schema_


def decoded(asked: ChatRequest, reply: str, reason: str = "stop") -> list[Event]:
    """The events for a reply that arrives character by character."""
    decoder = ToolDecoder(asked, 0)
    events = [event for character in reply for event in decoder.feed(character)]
    return events + decoder.finish(Finish(reason=reason))  # type: ignore[arg-type]


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def test_auto_allows_a_call_or_an_answer() -> None:
    branches = schema_of(constrained(request()))["anyOf"]
    assert [list(branch["properties"]) for branch in branches] == [["tool_calls"], ["answer"]]


def test_required_leaves_no_way_to_answer() -> None:
    assert list(schema_of(constrained(request(tool_choice="required")))["properties"]) == ["tool_calls"]


def test_a_named_function_is_the_only_one_and_is_called_once() -> None:
    other = {"type": "function", "function": {"name": "other"}}
    choice = {"type": "function", "function": {"name": "other"}}
    calls = schema_of(constrained(request(tools=[WEATHER, other], tool_choice=choice)))["properties"][
        "tool_calls"
    ]
    assert calls["items"]["properties"]["name"] == {"const": "other"}
    assert (calls["minItems"], calls["maxItems"]) == (1, 1)


def test_a_named_function_that_is_not_offered_is_refused() -> None:
    with pytest.raises(UsageError):
        constrained(request(tool_choice={"type": "function", "function": {"name": "other"}}))


def test_none_hides_the_functions_from_the_model() -> None:
    sent = constrained(request(tool_choice="none"))
    assert sent.response_format is None
    assert [message.text() for message in sent.messages] == ["hi"]


def test_logprobs_with_tools_are_refused_and_not_dropped() -> None:
    with pytest.raises(UnsupportedError):
        constrained(request(logprobs=True))


def test_the_system_prompt_is_kept_before_the_functions() -> None:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}]
    first = constrained(request(messages=messages)).messages[0]
    assert first.role == "system"
    assert first.text().startswith("Be brief.\n")
    assert "get_weather" in first.text()


def test_calls_and_results_reach_the_model_as_text_in_alternating_turns() -> None:
    call = {
        "id": "c",
        "type": "function",
        "function": {"name": "get_weather", "arguments": '{"city": "東京"}'},
    }
    messages = [
        {"role": "user", "content": "天気は?"},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "name": "get_weather", "content": "晴れ"},
        {"role": "user", "content": "要約して"},
    ]
    sent = constrained(request(messages=messages)).messages
    assert [message.role for message in sent] == ["system", "user", "assistant", "user"]
    assert json.loads(sent[2].text())["tool_calls"][0]["arguments"] == {"city": "東京"}
    assert "晴れ" in sent[3].text()
    assert sent[3].text().endswith("要約して")


def test_traces_of_tools_are_put_into_words_even_without_tools() -> None:
    message = Message(role="tool", content="42", tool_call_id="c")
    assert is_wanted(ChatRequest(model="m", messages=[message]))
    assert not is_wanted(ChatRequest(model="m", messages=[Message(role="user", content="x")]))


def test_references_inside_parameters_point_to_the_common_definitions() -> None:
    schema = schema_of(constrained(request(tools=[WEATHER, TREE])))
    references = {part.split('"')[0] for part in json.dumps(schema).split('"$ref": "')[1:]}
    assert references == {"#/$defs/tool1_node", "#/$defs/tool1_root"}
    assert set(schema["$defs"]) == {"tool1_node", "tool1_root"}


def test_an_answer_streams_while_it_is_written() -> None:
    events = decoded(request(), '{"answer": "Zeile 1\\n\\"zwei\\" \\u3042\\ud83d\\ude00"}')
    assert text_of(events) == 'Zeile 1\n"zwei" あ😀'
    assert len([event for event in events if isinstance(event, TextDelta)]) > 10
    assert events[-1] == Finish(reason="stop")


def test_calls_become_calls() -> None:
    events = decoded(request(), '{"tool_calls": [{"name": "get_weather", "arguments": {"city": "Köln"}}]}')
    call, finish = events
    assert isinstance(call, ToolCall)
    assert (call.name, json.loads(call.arguments)) == ("get_weather", {"city": "Köln"})
    assert finish == Finish(reason="tool_calls")


def test_a_call_that_was_cut_off_is_no_call() -> None:
    assert decoded(request(), '{"tool_calls": [{"name": "get_weather", "arguments": {"ci', "length") == [
        Finish(reason="length")
    ]


def test_a_stop_sequence_ends_the_answer_and_never_shows() -> None:
    events = decoded(request(stop=["END", "\n"]), '{"answer": "one ENtwo\\nthree"}')
    assert text_of(events) == "one ENtwo"
    assert events[-1] == Finish(reason="stop")


def test_a_structured_answer_beside_tools_is_json_text() -> None:
    form = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}
    asked = request(response_format=form)
    assert schema_of(constrained(asked))["anyOf"][1]["properties"]["answer"] == {"type": "object"}
    assert json.loads(text_of(decoded(asked, '{"answer": {"n": 1}}'))) == {"n": 1}
