"""The official `openai` client asks a council: reasoning as it comes, the answer, and structured fields beside it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx2
import openai
import pytest
from openai import OpenAI

MODEL = "smollm2-135m"
QUESTION: Any = [{"role": "user", "content": "Which is a colour? A) blue B) seven"}]
NAME = "council:contract"


@pytest.fixture(scope="module")
def client(server: Any) -> Iterator[OpenAI]:
    headers = {"Authorization": f"Bearer {server.token}"}
    wish = {"name": "contract", "members": [MODEL, MODEL], "member_tokens": 30}
    made = httpx2.post(f"{server.url}/api/councils", json=wish, headers=headers).json()
    with OpenAI(base_url=f"{server.url}/v1", api_key=server.token, max_retries=0, timeout=120) as client:
        yield client
    httpx2.delete(f"{server.url}/api/councils/{made['id']}", headers=headers)


def test_a_council_is_listed(client: OpenAI) -> None:
    assert client.models.retrieve(NAME).owned_by == "council"


def test_a_council_streams_like_any_model(client: OpenAI) -> None:
    stream = client.chat.completions.create(
        model=NAME, messages=QUESTION, max_tokens=40, stream=True, stream_options={"include_usage": True}
    )
    text, reasoning, stages, found, usage, reasons = "", "", [], None, None, []
    for chunk in stream:
        usage = chunk.usage or usage
        for choice in chunk.choices:
            more: Any = choice.delta.model_extra or {}
            text += choice.delta.content or ""
            reasoning += more.get("reasoning_content") or ""
            own = more.get("yoriai") or {}
            stages += [own["stage"]["name"]] if "stage" in own else []
            found = own.get("deliberation") or found
            reasons += [choice.finish_reason] if choice.finish_reason else []
    assert text.strip()
    assert f"### A · {MODEL}" in reasoning
    assert f"### B · {MODEL}" in reasoning
    assert "members" in stages
    assert "settling" in stages
    assert found
    assert [each["label"] for each in found["contributions"]] == ["A", "B"]
    assert len(reasons) == 1
    assert usage
    assert usage.completion_tokens == found["cost"]["completion_tokens"]


def test_a_whole_answer_tells_the_same(client: OpenAI) -> None:
    answer = client.chat.completions.create(model=NAME, messages=QUESTION, max_tokens=40, seed=1)
    message: Any = answer.choices[0].message
    assert message.content.strip()
    assert "### A" in message.reasoning_content
    assert message.yoriai["deliberation"]["method"] == "synthesise"


def test_hanging_up_stops_the_members(client: OpenAI, server: Any) -> None:
    long: Any = [{"role": "user", "content": "Write a very long story about a fox."}]
    stream = client.chat.completions.create(model=NAME, messages=long, stream=True)
    next(iter(stream))
    stream.close()
    began = time.monotonic()
    quick: Any = [{"role": "user", "content": "Hi"}]
    client.chat.completions.create(model=MODEL, messages=quick, max_tokens=1)
    assert time.monotonic() - began < 10


def test_what_a_council_can_not_do_is_a_clear_error(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="n out"):
        client.chat.completions.create(model=NAME, messages=QUESTION, n=2)
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="council:nobody", messages=QUESTION)
