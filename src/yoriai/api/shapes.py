"""Response shapes of the OpenAI routes, for the API's description. `chunks` writes the answers, not these."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel


class ErrorDetail(BaseModel):
    message: str
    type: str
    param: str | None
    code: str | None


class ErrorShape(BaseModel):
    """Every failure, of every route."""

    error: ErrorDetail


class Usage(BaseModel):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: dict[str, int]
    prompt_ms: float | None = None
    generation_ms: float | None = None
    context_size: int | None = None


class ChatMessage(BaseModel):
    role: Literal["assistant"]
    content: str | None
    refusal: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[dict[str, Any]] | None = None
    annotations: list[dict[str, Any]] | None = None
    yoriai: dict[str, Any] | None = None


class ChatChoice(BaseModel):
    index: int
    message: ChatMessage
    logprobs: dict[str, Any] | None
    finish_reason: str


class ChatCompletion(BaseModel):
    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    system_fingerprint: str
    choices: list[ChatChoice]
    usage: Usage


class TextChoice(BaseModel):
    index: int
    text: str
    logprobs: dict[str, Any] | None
    finish_reason: str


class TextCompletion(BaseModel):
    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    system_fingerprint: str
    choices: list[TextChoice]
    usage: Usage


class Embedding(BaseModel):
    object: Literal["embedding"]
    index: int
    embedding: list[float] | str


class EmbeddingUsage(BaseModel):
    prompt_tokens: int
    total_tokens: int


class EmbeddingList(BaseModel):
    object: Literal["list"]
    data: list[Embedding]
    model: str
    usage: EmbeddingUsage


class Model(BaseModel):
    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str


class ModelList(BaseModel):
    object: Literal["list"] = "list"
    data: list[Model]


def _error(description: str) -> dict[str, Any]:
    return {"model": ErrorShape, "description": description}


ERRORS: dict[int | str, dict[str, Any]] = {
    400: _error("The request is wrong: `param` names the field."),
    401: _error("Not signed in, or a wrong or revoked credential."),
    403: _error("Not allowed."),
    404: _error("No such thing, or it isn't yours."),
    409: _error("It exists already, or has changed meanwhile."),
    413: _error("The request is too large."),
    422: _error("It doesn't fit into this machine, or the model's file is broken."),
    429: _error("Too many attempts."),
    501: _error("Something must be installed or set first."),
    502: _error("The engine failed, or a download's source."),
    503: _error("No room now: send it again later."),
    507: _error("The disk is full."),
}
STREAMED: dict[int | str, dict[str, Any]] = {
    **ERRORS,
    200: {
        "description": "The answer; as server-sent events with `stream: true`.",
        "content": {"text/event-stream": {}},
    },
}
