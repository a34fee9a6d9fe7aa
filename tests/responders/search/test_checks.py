"""What is wrong with an answer, told without a model."""

from __future__ import annotations

import pytest

from yoriai.responders.search.checks import problems
from yoriai.types import ChatRequest


def request(kind: str = "text", schema: dict[str, object] | None = None) -> ChatRequest:
    wanted = {"type": kind} | ({"json_schema": {"schema": schema}} if schema else {})
    return ChatRequest.model_validate(
        {"model": "m", "messages": [{"role": "user", "content": "?"}], "response_format": wanted}
    )


@pytest.mark.parametrize(
    ("answer", "faults"),
    [
        ("Plain words are never wrong: {", 0),
        ("```python\nprint('ok')\n```", 0),
        ("```python\nprint('ok'\n```", 1),
        ("```py\nx = 1\n```\nand\n```python\ndef f(:\n```", 1),
        ("```\nno language: (\n```", 0),
        ('```json\n{"a": 1}\n```', 0),
        ("```json\n{'a': 1}\n```", 1),
        ("```python\n" + "(" * 5000 + "\n```", 1),
        ("```python\nx = '\x00'\n```", 1),
        ("```json\n" + "[" * 50_000 + "\n```", 1),
    ],
)
def test_code_that_cannot_be_parsed_is_a_fault(answer: str, faults: int) -> None:
    assert len(problems(answer, request(), "en")) == faults


def test_json_has_to_be_what_was_asked_for() -> None:
    wanted = request("json_schema", {"type": "object", "required": ["name", "age"]})
    assert problems('{"name": "a", "age": 3}', wanted, "en") == []
    assert problems('{"name": "a"}', wanted, "en") == ["Its JSON lacks: age"]
    assert problems('{"name": "a"}', wanted, "ja") == ["JSON に次の項目がありません：age"]
    assert len(problems("[1]", wanted, "en")) == 1
    assert len(problems("Sure! {}", request("json_object"), "en")) == 1
    assert problems("{}", request("json_object"), "en") == []
