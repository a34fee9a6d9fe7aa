"""Prompts for measuring: as long as wanted, never seen before by a prompt cache, and never answered shortly. Pure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from yoriai.types import ChatRequest

# A text is measured once with few and once with many of these; between them, tokens grow evenly.
_SENTENCE = "The village keeps a list of what it owns: a mill, two boats, a bell, an orchard and a bridge."
# A task that no model refuses and none ends early. Of ten that were tried, stories and counting were: "I can't assist".
_TASK = "Write a long Python program that manages these things, with many classes and functions."
_TOKENS_PER_SENTENCE = 22  # where the responder cannot count: measured with the tokenizers of Qwen and Llama
_MOST_TOKENS_PER_SENTENCE = 30
_PROBE = 20

CountTokens = Callable[[ChatRequest], Awaitable[tuple[int, int]]]


def request(model: str, mark: str, sentences: int, tokens: int) -> ChatRequest:
    """A prompt that begins with `mark`, so that no other shares its beginning; greedy, so that rounds are alike."""
    text = "\n".join([f"List {mark}.", *[_SENTENCE] * sentences, _TASK])
    return ChatRequest.model_validate(
        {
            "model": model,
            "messages": [{"role": "user", "content": text}],
            "temperature": 0,
            "max_tokens": tokens,
        }
    )


def passage(mark: str, prompt_tokens: int) -> str:
    """A text to make an embedding of: surely not longer than `prompt_tokens`, which its model could not read."""
    return "\n".join([f"passage: {mark}", *[_SENTENCE] * max(1, prompt_tokens // _MOST_TOKENS_PER_SENTENCE)])


async def sentences_for(model: str, prompt_tokens: int, count: CountTokens) -> int:
    """How many sentences make a prompt of at most `prompt_tokens` tokens; never less than none."""
    short, _ = await count(request(model, "1000000", 0, 1))
    long, _ = await count(request(model, "1000000", _PROBE, 1))
    each = (long - short) / _PROBE or _TOKENS_PER_SENTENCE
    return max(0, int((prompt_tokens - short) / each))
