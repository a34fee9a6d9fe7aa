"""The official client asks a reasoner as it asks any model; who hangs up ends all of its samples."""

from __future__ import annotations

import time
from typing import Any

import openai
import pytest
from openai import OpenAI

MODEL = "smollm2-135m"
NAME = f"reasoner:self-consistency-3({MODEL})"
QUESTION: list[Any] = [{"role": "user", "content": "Tell me something about the moon."}]


@pytest.fixture
def client(server: Any) -> Any:
    with OpenAI(base_url=f"{server.url}/v1", api_key=server.token, max_retries=0, timeout=120) as client:
        yield client


def chat(client: OpenAI, **options: Any) -> Any:
    options = {"model": NAME, "messages": QUESTION, "max_tokens": 16, "seed": 7} | options
    return client.chat.completions.create(**options)


def test_samples_are_reasoning_and_the_one_that_stands_is_the_answer(client: OpenAI) -> None:
    chunks = list(chat(client, stream=True, stream_options={"include_usage": True}))
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    reasoning = "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas)
    answer = "".join(delta.content or "" for delta in deltas)
    assert [f"### Answer {label}" in reasoning for label in "ABCD"] == [True, True, True, False]
    assert answer
    assert answer.strip() in reasoning
    assert chunks[-1].usage.completion_tokens >= 3 * 8
    whole = chat(client)
    assert whole.choices[0].message.content == answer
    assert whole.model == NAME


def test_a_name_that_says_nothing_is_told_what_is_possible(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="best-of, self-consistency, tree, repair"):
        chat(client, model="reasoner:think-harder")
    with pytest.raises(openai.NotFoundError):
        chat(client, model="reasoner:best-of-2(nobody)")


def test_who_hangs_up_frees_every_slot(client: OpenAI) -> None:
    """Both slots are taken by samples without an end; the next question is answered soon after."""
    stream = chat(
        client, model=f"reasoner:best-of-8({MODEL})", max_tokens=4000, seed=openai.NOT_GIVEN, temperature=1,
        messages=[{"role": "user", "content": "Count from one to ten thousand."}], stream=True,
    )  # fmt: skip
    next(iter(stream))
    time.sleep(1)  # they have begun
    stream.close()
    begun = time.monotonic()
    chat(client, model=MODEL, max_tokens=2)
    assert time.monotonic() - begun < 10  # 8 × 4,000 tokens take many minutes here
