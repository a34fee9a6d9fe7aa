"""What is said to an engine: OpenAI's request as a body of fields that we name one by one. Pure functions.

Nothing that a client sent is passed on unnamed: every field here has been checked and clamped by `types`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

from yoriai.types import ChatRequest, CompletionRequest, Message, Sampling

# "llama.cpp" adds fields that only its server knows; "openai" is what any compatible endpoint takes.
Dialect = Literal["llama.cpp", "openai"]

_OPENAI_SAMPLING = ("temperature", "top_p", "presence_penalty", "frequency_penalty", "seed")
_FURTHER_SAMPLING = ("top_k", "min_p", "repeat_penalty")
_MOST_LOGIT = 700.0  # exp of more overflows, and an endpoint may say anything


def chat_body(request: ChatRequest, model: str, dialect: Dialect) -> dict[str, Any]:
    """Body of POST /v1/chat/completions. Always a stream: a reply that is cut off can be told from a whole one."""
    body = _common(request, model, dialect)
    body["messages"] = messages_body(request.messages)
    limit = request.max_completion_tokens or request.max_tokens
    if limit:
        body["max_tokens"] = limit
    if request.logprobs:
        body |= {"logprobs": True, "top_logprobs": request.top_logprobs or 0}
    if request.response_format and request.response_format.type != "text":
        body["response_format"] = request.response_format.model_dump(by_alias=True, exclude_none=True)
    if request.tools:
        body["tools"] = [tool.model_dump(exclude_none=True) for tool in request.tools]
        body |= request.model_dump(include={"tool_choice", "parallel_tool_calls"}, exclude_none=True)
    if request.n > 1:
        body["n"] = request.n
    return body


def completion_body(request: CompletionRequest, model: str, dialect: Dialect) -> dict[str, Any]:
    """Body of POST /v1/completions."""
    body = _common(request, model, dialect)
    body["prompt"] = request.prompt
    body["max_tokens"] = request.max_tokens or 16  # OpenAI's default
    if request.logprobs is not None:
        body["logprobs"] = request.logprobs
    if request.n > 1:
        body["n"] = request.n
    return body


def echo_body(request: CompletionRequest, model: str) -> dict[str, Any]:
    """Body of POST /v1/completions for the log-probabilities of what is given, not of what is made up."""
    return {
        "model": model, "prompt": request.prompt, "echo": True, "logprobs": request.logprobs, "temperature": 0,
        "max_tokens": 16 if request.max_tokens is None else request.max_tokens,
    }  # fmt: skip


def rerank_body(model: str, query: str, texts: Sequence[str]) -> dict[str, Any]:
    """Body of POST /v1/rerank, as Jina made it up and llama.cpp, vLLM and others understand it."""
    return {"model": model, "query": query, "documents": list(texts), "top_n": len(texts)}


def scores_of(answer: Any, count: int) -> list[float] | None:
    """Scores 0..1 of `count` texts, in order; None: the answer isn't one. Text Embeddings Inference names none of it.

    Some say how likely, others (llama.cpp for BERT) the logit of it: where one is outside 0..1, all are logits.
    """
    try:
        rows = answer["results"] if isinstance(answer, dict) else answer
        found = {int(row["index"]): float(row.get("relevance_score", row.get("score"))) for row in rows}
    except (TypeError, ValueError, KeyError, AttributeError):
        return None
    if found.keys() != set(range(count)) or not all(math.isfinite(score) for score in found.values()):
        return None
    scores = [found[index] for index in range(count)]
    if all(0 <= score <= 1 for score in scores):
        return scores
    return [1 / (1 + math.exp(-max(min(score, _MOST_LOGIT), -_MOST_LOGIT))) for score in scores]


def messages_body(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Messages as chat templates know them: no "developer", no empty fields."""
    return [
        message.model_dump(exclude_none=True) | ({"role": "system"} if message.role == "developer" else {})
        for message in messages
    ]


def _common(request: Sampling, model: str, dialect: Dialect) -> dict[str, Any]:
    body: dict[str, Any] = {"model": model, "stream": True, "stream_options": {"include_usage": True}}
    for name in (*_OPENAI_SAMPLING, *_FURTHER_SAMPLING):
        value = getattr(request, name)
        if value is not None:
            body[name] = value
    if request.stop:
        body["stop"] = [request.stop] if isinstance(request.stop, str) else list(request.stop)
    if dialect == "llama.cpp":
        body |= {"return_progress": True, "cache_prompt": not getattr(request, "reads_anew", False)}
    return body
