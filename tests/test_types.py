"""What the shapes of requests allow, and what is reckoned from what came back."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from yoriai.types import EmbeddingRequest, Usage


def embedding(text: object) -> EmbeddingRequest:
    return EmbeddingRequest.model_validate({"model": "m", "input": text})


def test_a_text_to_embed_may_be_longer_than_a_list_of_texts() -> None:
    assert embedding("x" * 2100).input == "x" * 2100
    assert embedding(["x" * 2100] * 2048).input[0] == "x" * 2100


@pytest.mark.parametrize("text", ["", [], ["x"] * 2049, 1, None])
def test_nothing_and_too_many_texts_to_embed_are_refused(text: object) -> None:
    with pytest.raises(ValidationError) as caught:
        embedding(text)
    assert caught.value.errors()[0]["loc"][0] == "input"


@pytest.mark.parametrize(
    ("tokens", "milliseconds", "speed"),
    [(20, 500.0, 40.0), (2, 10.0, 200.0), (1, 0.001, None), (1, 40.0, None), (2, 0.001, None), (2, 0, None)],
)
def test_a_speed_is_only_said_where_it_was_measured(
    tokens: int, milliseconds: float, speed: float | None
) -> None:
    usage = Usage(prompt_tokens=1, completion_tokens=tokens, generation_ms=milliseconds)
    assert usage.tokens_per_s == speed
    assert Usage(prompt_tokens=1, completion_tokens=tokens).tokens_per_s is None
