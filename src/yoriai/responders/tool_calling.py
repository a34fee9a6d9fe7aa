"""Function calling by schema, for models whose template gives no `tool_calls`. Pure functions and one decoder.

The model is told of the tools in its system prompt, and its reply is constrained to one of two JSON objects:
`{"tool_calls": [{"name", "arguments"}]}` or `{"answer": "…"}`. The decoder turns that back into OpenAI's events;
the answer streams while it is written. `tool_choice` decides which of the two may be chosen.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from typing import Any

from pydantic_core import from_json

from yoriai.errors import UnsupportedError, UsageError
from yoriai.types import (
    ChatRequest,
    Event,
    Finish,
    JsonSchema,
    Message,
    NamedToolChoice,
    ResponseFormat,
    TextDelta,
    Tool,
    ToolCall,
)

_MOST_CALLS = 8  # in one reply: without a limit a small model repeats itself until its context is full
_OBJECT: dict[str, Any] = {"type": "object", "properties": {}}

# The wording was chosen by measurement: docs/log.md, 2026-11-24.
_INTRODUCTION = """You can call these functions:
{tools}

Reply with one JSON object and nothing else.
{choices}
You know nothing about the present, private data or the outside world: for those, call a function. \
Never invent a function or a result; results of calls come in the next message."""
_CALL = """If one of the functions does exactly what is asked, call it: \
{"tool_calls": [{"name": "FUNCTION", "arguments": {…}}]}"""
_ANSWER = """For everything else (talk, general knowledge, writing, translating, explaining), \
or when the results are already here, answer in your own words: {"answer": "TEXT"}"""


def is_wanted(request: ChatRequest) -> bool:
    """Whether tools, or their traces in the conversation, must be put into words for the model."""
    return bool(request.tools) or any(m.role == "tool" or m.tool_calls for m in request.messages)


def constrained(request: ChatRequest) -> ChatRequest:
    """The request with tools turned into instructions and a schema.

    Raises:
        UsageError: `tool_choice` names a function that `tools` doesn't have.
        UnsupportedError: `logprobs` with tools: the tokens of the JSON are not those of the answer.
    """
    tools = _offered(request)
    changes: dict[str, Any] = {"tools": None, "tool_choice": None, "parallel_tool_calls": None}
    messages = [_in_words(message) for message in request.messages]
    if tools:
        if request.logprobs:
            raise UnsupportedError("responders.tools_logprobs", param="logprobs", name=request.model)
        may_answer = request.tool_choice in {None, "auto"}
        messages = _introduced(messages, tools, may_answer)
        schema = _schema(tools, request, may_answer)
        changes["response_format"] = ResponseFormat(
            type="json_schema", json_schema=JsonSchema(name="reply", schema_=schema)
        )
        changes["stop"] = None  # a stop sequence is about the answer, not about the JSON around it
    return request.model_copy(update={**changes, "messages": _merged(messages)})


class ToolDecoder:
    """For one choice: the constrained JSON, as it comes, into the events of an answer or of calls."""

    def __init__(self, request: ChatRequest, index: int) -> None:
        self._index = index
        self._stops = [request.stop] if isinstance(request.stop, str) else list(request.stop or [])
        self._structured = request.response_format is not None and request.response_format.type != "text"
        self._json: list[str] = []
        self._sent = 0
        self._stopped = False

    def feed(self, text: str) -> list[Event]:
        self._json.append(text)
        if self._structured or self._stopped:
            return []
        return self._more(hold=max((len(stop) for stop in self._stops), default=1) - 1)

    def finish(self, finish: Finish) -> list[Event]:
        """What was held back, and how it ended. A call that was cut off is not a call."""
        reply = _partial("".join(self._json))
        calls = [] if finish.reason == "length" else _calls(reply, self._index)
        if calls:
            return [*calls, Finish(reason="tool_calls", index=self._index)]
        if self._structured and "answer" in reply:
            answer = json.dumps(reply["answer"], ensure_ascii=False)
            return [TextDelta(text=answer, index=self._index), finish]
        events = [] if self._stopped else self._more(hold=0)
        return [*events, Finish(reason="stop", index=self._index) if self._stopped else finish]

    def _more(self, hold: int) -> list[Event]:
        answer = _partial("".join(self._json)).get("answer")
        if not isinstance(answer, str):
            return []
        ends = [found for stop in self._stops if (found := answer.find(stop)) >= 0]
        end = min(ends) if ends else len(answer) - hold
        self._stopped = bool(ends)
        text = answer[self._sent : max(end, self._sent)]
        self._sent += len(text)
        return [TextDelta(text=text, index=self._index)] if text else []


def _offered(request: ChatRequest) -> list[Tool]:
    if request.tool_choice == "none":
        return []
    tools = list(request.tools or [])
    if isinstance(request.tool_choice, NamedToolChoice):
        name = request.tool_choice.function.name
        tools = [tool for tool in tools if tool.function.name == name]
        if not tools:
            raise UsageError("responders.tool_unknown", param="tool_choice", tool=name)
    return tools


def _introduced(messages: list[Message], tools: Iterable[Tool], may_answer: bool) -> list[Message]:
    lines = [
        json.dumps(tool.function.model_dump(exclude_none=True, exclude={"strict"}), ensure_ascii=False)
        for tool in tools
    ]
    choices = f"{_CALL}\n{_ANSWER}" if may_answer else _CALL
    words = _INTRODUCTION.format(tools="\n".join(lines), choices=choices)
    if messages[0].role in {"system", "developer"}:
        first = messages[0].model_copy(update={"content": f"{messages[0].text()}\n\n{words}"})
        return [first, *messages[1:]]
    return [Message(role="system", content=words), *messages]


def _in_words(message: Message) -> Message:
    """Calls and results as text: many templates drop them, or know other roles."""
    if message.role == "tool":
        source = message.name or message.tool_call_id or "function"
        return Message(role="user", content=f"Result of {source}:\n{message.text()}")
    if message.tool_calls:
        calls = [
            {"name": call.function.name, "arguments": _partial(call.function.arguments)}
            for call in message.tool_calls
        ]
        words = json.dumps({"tool_calls": calls}, ensure_ascii=False)
        return Message(role="assistant", content="\n".join(filter(None, [message.text(), words])))
    return message


def _merged(messages: list[Message]) -> list[Message]:
    """Neighbouring user turns as one (several results): templates insist on turns that alternate."""
    merged: list[Message] = []
    for message in messages:
        last = merged[-1] if merged else None
        if last and last.role == message.role == "user" and isinstance(last.content, str):
            merged[-1] = last.model_copy(update={"content": f"{last.text()}\n\n{message.text()}"})
        else:
            merged.append(message)
    return merged


def _schema(tools: list[Tool], request: ChatRequest, may_answer: bool) -> dict[str, Any]:
    definitions: dict[str, Any] = {}
    calls = []
    for number, tool in enumerate(tools):
        arguments = _rebased(tool.function.parameters or _OBJECT, f"tool{number}", definitions)
        calls.append(_exactly(name={"const": tool.function.name}, arguments=arguments))
    most = (
        1
        if request.parallel_tool_calls is False or isinstance(request.tool_choice, NamedToolChoice)
        else _MOST_CALLS
    )
    items = calls[0] if len(calls) == 1 else {"anyOf": calls}
    branches = [_exactly(tool_calls={"type": "array", "items": items, "minItems": 1, "maxItems": most})]
    if may_answer:
        branches.append(_exactly(answer=_answer_schema(request.response_format, definitions)))
    union = branches[0] if len(branches) == 1 else {"anyOf": branches}
    return {**union, "$defs": definitions} if definitions else union


def _answer_schema(response_format: ResponseFormat | None, definitions: dict[str, Any]) -> dict[str, Any]:
    if response_format is None or response_format.type == "text":
        return {"type": "string"}
    if response_format.json_schema is None:
        return {"type": "object"}
    return _rebased(response_format.json_schema.schema_, "answer", definitions)


def _exactly(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _rebased(schema: dict[str, Any], prefix: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """`schema` as a part of a larger one: what its `$ref`s point to moves to the common `$defs`.

    Source: JSON Schema 2020-12, section 8.2.4.1 (references are resolved from the document's root).
    """
    for place in ("$defs", "definitions"):
        for name, definition in (schema.get(place) or {}).items():
            definitions[f"{prefix}_{name}"] = _moved(definition, prefix)
    rest = {key: value for key, value in schema.items() if key not in {"$defs", "definitions"}}
    moved: dict[str, Any] = _moved(rest, prefix)
    if f'"#/$defs/{prefix}_root"' in json.dumps([moved, definitions]):
        definitions[f"{prefix}_root"] = moved
    return moved


def _moved(part: Any, prefix: str) -> Any:
    if isinstance(part, list):
        return [_moved(item, prefix) for item in part]
    if not isinstance(part, dict):
        return part
    moved = {key: _moved(value, prefix) for key, value in part.items()}
    reference = part.get("$ref")
    if reference == "#":
        moved["$ref"] = f"#/$defs/{prefix}_root"
    elif isinstance(reference, str):
        for place in ("#/$defs/", "#/definitions/"):
            if reference.startswith(place):
                moved["$ref"] = f"#/$defs/{prefix}_{reference.removeprefix(place)}"
    return moved


def _partial(text: str) -> dict[str, Any]:
    """What can be read of a JSON object that may be unfinished; {} for anything else."""
    try:
        value = from_json(text, allow_partial="trailing-strings")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _calls(reply: dict[str, Any], index: int) -> list[ToolCall]:
    return [
        ToolCall(
            id=f"call_{secrets.token_hex(12)}",
            name=str(call["name"]),
            arguments=json.dumps(call["arguments"], ensure_ascii=False),
            index=index,
        )
        for call in reply.get("tool_calls") or []
        if isinstance(call, dict) and "name" in call and "arguments" in call
    ]
