"""The values that cross rooms: who asks, what is asked, what comes back. No behaviour, no I/O.

`ChatRequest` and its parts are OpenAI's wire shapes, limited to the fields that Yoriai supports: what is not
named here never reaches an engine. Everything else is a frozen dataclass.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from yoriai.deliberation import Deliberation
from yoriai.tool_use import ToolUse

Language = Literal["en", "ja"]


# ---- who asks ---------------------------------------------------------------------------------------------
class Role(StrEnum):
    ADMINISTRATOR = "administrator"
    MEMBER = "member"
    GUEST = "guest"


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    id: str
    name: str
    role: Role
    active: bool = True
    created_at: datetime | None = None
    group_ids: tuple[str, ...] = ()  # that they were in when they were looked up


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiToken:
    id: str
    user_id: str
    name: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """Who asks, and in which language to speak to them. Cancelling the task that iterates cancels the work."""

    user: User
    language: Language = "en"
    conversation_id: str = ""  # that is answered in; empty: none that is kept
    reads_foreign: bool = False  # words of strangers stand before the model: documents, what tools gave


# ---- what is asked ----------------------------------------------------------------------------------------
class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


Seed = Annotated[int, Field(ge=0, le=2**32 - 2)]


class Sampling(_Wire):
    """How tokens are drawn. `None` leaves the engine's default (or the model's own, where the catalogue has one)."""

    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, ge=0, le=1)
    top_k: int | None = Field(None, ge=0, le=1000)
    min_p: float | None = Field(None, ge=0, le=1)
    repeat_penalty: float | None = Field(None, ge=0.5, le=2)
    presence_penalty: float | None = Field(None, ge=-2, le=2)
    frequency_penalty: float | None = Field(None, ge=-2, le=2)
    seed: Seed | None = None
    max_tokens: int | None = Field(None, ge=1, le=1_000_000)
    stop: list[Annotated[str, Field(min_length=1, max_length=200)]] | str | None = Field(None, max_length=200)


class FunctionCall(_Wire):
    name: str = Field(max_length=128)
    arguments: str = Field("{}", max_length=1_000_000)


class MessageToolCall(_Wire):
    id: str = Field("", max_length=128)
    type: Literal["function"] = "function"
    function: FunctionCall


class TextPart(_Wire):
    type: Literal["text"]
    text: str


class ImageUrl(_Wire):
    url: str


class ImagePart(_Wire):
    type: Literal["image_url"]
    image_url: ImageUrl


ContentPart = Annotated[TextPart | ImagePart, Field(discriminator="type")]


class Message(_Wire):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[ContentPart] | None = None
    name: str | None = Field(None, max_length=128)
    reasoning_content: str | None = None
    tool_calls: list[MessageToolCall] | None = Field(None, max_length=128)
    tool_call_id: str | None = Field(None, max_length=128)

    def text(self) -> str:
        """The text of the message, parts joined; images leave no trace."""
        if isinstance(self.content, str):
            return self.content
        return "".join(part.text for part in self.content or [] if isinstance(part, TextPart))


ToolName = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_.\-]+$")]


class Function(_Wire):
    name: ToolName
    description: str | None = Field(None, max_length=100_000)
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class Tool(_Wire):
    type: Literal["function"]
    function: Function


class NamedFunction(_Wire):
    name: str = Field(max_length=128)


class NamedToolChoice(_Wire):
    type: Literal["function"] = "function"
    function: NamedFunction


class JsonSchema(_Wire):
    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)

    name: str = Field("response", max_length=128)
    schema_: dict[str, Any] = Field(alias="schema")
    strict: bool | None = None


class ResponseFormat(_Wire):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None


class StreamOptions(_Wire):
    include_usage: bool = False


class ChatRequest(Sampling):
    """OpenAI's chat-completion request, allow-listed. Source: platform.openai.com/docs/api-reference/chat."""

    model: str = Field(min_length=1, max_length=256)
    messages: list[Message] = Field(min_length=1, max_length=10_000)
    max_completion_tokens: int | None = Field(None, ge=1, le=1_000_000)
    stream: bool = False
    stream_options: StreamOptions | None = None
    tools: list[Tool] | None = Field(None, max_length=128)
    tool_choice: Literal["none", "auto", "required"] | NamedToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    logprobs: bool = False
    top_logprobs: int | None = Field(None, ge=0, le=20)
    n: int = Field(1, ge=1, le=16)
    reads_anew: bool = False  # our own: no prefix that was read before, so that a seed repeats itself
    server_tools: list[ToolName] | None = Field(
        None, max_length=64
    )  # our own: tools that this server runs itself
    answers_approvals: bool = (
        False  # our own: somebody follows the answer and decides on calls that want to be asked
    )


TokenIds = Annotated[list[int], Field(min_length=1, max_length=1_048_576)]


class CompletionRequest(Sampling):
    """OpenAI's (legacy) completion request, allow-listed."""

    model: str = Field(min_length=1, max_length=256)
    prompt: str | TokenIds | Annotated[list[str] | list[TokenIds], Field(min_length=1, max_length=512)]
    max_tokens: int | None = Field(None, ge=0, le=1_000_000)
    stream: bool = False
    stream_options: StreamOptions | None = None
    logprobs: int | None = Field(None, ge=0, le=20)
    echo: bool = False
    n: int = Field(1, ge=1, le=16)


class EmbeddingRequest(_Wire):
    model: str = Field(min_length=1, max_length=256)
    input: Annotated[list[str], Field(max_length=2048)] | str = Field(min_length=1)
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = Field(None, ge=1, le=65_536)


# ---- what comes back --------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True, slots=True)
class TextDelta:
    text: str
    index: int = 0
    logprobs: list[dict[str, Any]] | None = None  # OpenAI's `logprobs.content` items of the tokens in `text`


@dataclass(frozen=True, kw_only=True, slots=True)
class ReasoningDelta:
    text: str
    index: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolCall:
    """A whole call; `arguments` is a JSON object as text, valid for the tool's schema."""

    id: str
    name: str
    arguments: str
    index: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """What is being done before or between the words: `loading` a model, `queued`, `prompt` (being read) …"""

    name: Literal[
        "queued", "loading", "prompt", "generating", "searching", "parts", "checking",
        "members", "reviewing", "settling", "sampling", "scoring", "exploring", "repairing",
    ]  # fmt: skip
    detail: str = ""
    progress: float | None = None  # 0 … 1


_MEASURABLE_MS = 0.01  # less is a clock that did not move


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0
    prompt_ms: float | None = None
    generation_ms: float | None = None
    context_size: int | None = None  # tokens that the model can hold for one conversation

    @property
    def tokens_per_s(self) -> float | None:
        """Generated tokens per second, as the engine measured them; None where there is no span to measure.

        The first token comes with the prompt: llama.cpp times a single one at 1 µs.
        """
        if self.completion_tokens < 2 or not self.generation_ms or self.generation_ms < _MEASURABLE_MS:
            return None
        return 1000 * self.completion_tokens / self.generation_ms


FinishReason = Literal["stop", "length", "tool_calls", "content_filter"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finish:
    reason: FinishReason
    index: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Citation:
    """A passage that was put before the model as [number]: `text` is the document's page text[start:end]."""

    number: int  # from 1, as the answer cites it
    document_id: str
    document: str  # its name
    page: int
    start: int
    end: int
    text: str
    collection_id: str
    score: float
    file_id: str | None = None  # under which its file can be asked for; None: nothing of it could be kept


@dataclass(frozen=True, kw_only=True, slots=True)
class Sources:
    """What the answer may rest on; comes before its first word, and in full."""

    citations: tuple[Citation, ...]
    found: int  # passages that search gave
    left_out: int  # of them, for want of room
    tokens: int  # that those put in take
    budget: int  # tokens that there was room for
    query: str = ""  # what was searched for, with the conversation taken into account


@dataclass(frozen=True, kw_only=True, slots=True)
class SentenceSupport:
    """Whether what a sentence cites bears it out: answer text[start:end]."""

    start: int
    end: int
    verdict: Literal["supported", "weak", "unsupported", "uncited"]
    citations: tuple[int, ...] = ()  # numbers that it cites
    score: float = 0.0  # 0..1
    is_added: bool = False  # the check found them: the model had named none
    judged: Literal["", "yes", "no", "unsure"] = ""  # by a second model; it lowers a verdict or leaves it


@dataclass(frozen=True, kw_only=True, slots=True)
class Support:
    """Of every sentence of the answer; comes after its last word."""

    sentences: tuple[SentenceSupport, ...]


Event = (
    TextDelta
    | ReasoningDelta
    | ToolCall
    | ToolUse
    | Stage
    | Sources
    | Support
    | Deliberation
    | Usage
    | Finish
)


class Responder(Protocol):
    """Whatever answers. A failure is raised (a `YoriaiError`), never yielded: half an answer can't pass for a whole."""

    @property
    def name(self) -> str: ...

    def respond(self, request: ChatRequest, context: Context) -> AsyncGenerator[Event, None]:
        """Yield events; the last of them are one `Finish` per choice and one `Usage`."""
        ...

    async def count_tokens(self, request: ChatRequest) -> tuple[int, int]:
        """Tokens that the request's prompt takes, and how many the responder can hold (0: it doesn't say)."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Embeddings:
    vectors: list[list[float]]
    prompt_tokens: int
