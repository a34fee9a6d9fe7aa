"""The seam under `ask` and `chat`: a running server through /v1, else the engine in this process.

Both ways yield a responder's events, and raise Yoriai's errors.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol, cast

from yoriai import errors
from yoriai.deliberation import Deliberation
from yoriai.errors import YoriaiError
from yoriai.models import POOLED
from yoriai.tool_use import ToolUse
from yoriai.types import (
    ChatRequest,
    Context,
    Event,
    Finish,
    Language,
    ReasoningDelta,
    Sources,
    Stage,
    Support,
    TextDelta,
    Usage,
)

if TYPE_CHECKING:
    import httpx2

    from yoriai.bootstrap import Services
    from yoriai.cli.running import Running
    from yoriai.settings import Settings
    from yoriai.tools.approval import Decision

_CAUSES = (
    errors.ContextOverflowError,
    errors.UnsupportedError,
    errors.DoesNotFitError,
    errors.EngineLostError,
    errors.EngineStartError,
    errors.EngineBusyError,
    errors.ModelFileError,
    errors.RateLimitError,
)
_BY_CODE: dict[str, type[YoriaiError]] = {cause.code: cause for cause in _CAUSES}
_BY_STATUS: dict[int, type[YoriaiError]] = {
    400: errors.UsageError,
    401: errors.AuthenticationError,
    403: errors.ForbiddenError,
    404: errors.NotFoundError,
    409: errors.ConflictError,
    422: errors.UsageError,
}


class Talk(Protocol):
    """Whatever answers on the terminal."""

    async def models(self) -> list[str]: ...

    async def default_model(self) -> str:
        """Raises: NotFoundError: there is no model at all."""
        ...

    def answer(self, request: ChatRequest) -> AsyncGenerator[Event, None]: ...

    async def decide(self, call_id: str, decision: str) -> None:
        """On a call that waits for it. Raises: NotFoundError."""
        ...


@asynccontextmanager
async def open_talk(settings: Settings, language: Language) -> AsyncIterator[Talk]:
    """The running server of this data folder if there is one, else everything in this process."""
    from yoriai.cli.running import find

    running = find(settings.home)
    if running:
        async with client_of(running, language) as client:
            yield ServerTalk(client, settings.model)
        return
    from yoriai import bootstrap

    async with bootstrap.build(settings) as services:
        yield OwnTalk(services, language)


class OwnTalk:
    """Answers with the engine in this process."""

    def __init__(self, services: Services, language: Language) -> None:
        from yoriai.bootstrap import LOCAL_OPERATOR

        self._registry, self._toolbox = services.registry, services.toolbox
        self._context = Context(user=LOCAL_OPERATOR, language=language)

    async def models(self) -> list[str]:
        return [
            info.name for info in await self._registry.list(self._context.user) if info.kind not in POOLED
        ]

    async def default_model(self) -> str:
        return _or_none_installed(await self._registry.default_name(self._context.user))

    async def answer(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        responder = await self._registry.get(request.model, self._context.user)
        async with aclosing(responder.respond(request, self._context)) as events:
            async for event in events:
                yield event

    async def decide(self, call_id: str, decision: str) -> None:
        self._toolbox.decide(self._context.user, call_id, cast("Decision", decision))


class ServerTalk:
    """Answers through a running server."""

    def __init__(self, client: httpx2.AsyncClient, model: str) -> None:
        self._client = client
        self._model = model

    async def models(self) -> list[str]:
        models = (await self._get("/api/models"))["responders"]
        return [model["name"] for model in models if model["kind"] not in POOLED]

    async def default_model(self) -> str:
        return self._model or _or_none_installed((await self._get("/api/models"))["default"])

    async def answer(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        body = request.model_dump(exclude_none=True, by_alias=True, mode="json")
        body |= {"stream": True, "stream_options": {"include_usage": True}}
        finished = False
        async with self._client.stream("POST", "/v1/chat/completions", json=body) as response:
            await check(response)
            async for line in response.aiter_lines():
                if line == "data: [DONE]":
                    finished = True
                elif line.startswith("data: "):
                    for event in events_of(json.loads(line[6:])):
                        yield event
        if not finished:
            raise errors.EngineLostError("cli.cut_off")

    async def decide(self, call_id: str, decision: str) -> None:
        await check(await self._client.post(f"/api/tool-calls/{call_id}", json={"decision": decision}))

    async def _get(self, path: str) -> dict[str, Any]:
        response = await self._client.get(path)
        await check(response)
        content: dict[str, Any] = response.json()
        return content


def events_of(chunk: dict[str, Any]) -> list[Event]:
    """A streamed chunk of OpenAI's as events.

    Raises:
        YoriaiError: the chunk is an error.
    """
    if "error" in chunk:
        raise error_of(502, chunk)
    events: list[Event] = []
    for choice in chunk["choices"]:
        delta = choice["delta"]
        if delta.get("reasoning_content"):
            events.append(ReasoningDelta(text=delta["reasoning_content"]))
        if delta.get("content"):
            events.append(TextDelta(text=delta["content"]))
        if delta.get("yoriai"):
            events += _grounds(delta["yoriai"])
        if choice["finish_reason"]:
            events.append(Finish(reason=choice["finish_reason"]))
    usage = chunk.get("usage")
    if usage:
        events.append(
            Usage(
                prompt_tokens=usage["prompt_tokens"],
                completion_tokens=usage["completion_tokens"],
                cached_tokens=usage["prompt_tokens_details"]["cached_tokens"],
                prompt_ms=usage["prompt_ms"],
                generation_ms=usage["generation_ms"],
                context_size=usage["context_size"],
            )
        )
    return events


def _grounds(said: dict[str, Any]) -> list[Event]:
    from pydantic import TypeAdapter

    kinds: dict[str, Any] = {
        "tool_use": ToolUse, "stage": Stage, "sources": Sources, "support": Support, "deliberation": Deliberation
    }  # fmt: skip
    return [
        TypeAdapter(kind).validate_python(said[name])
        for name, kind in kinds.items()
        if said.get(name) is not None
    ]


def error_of(status: int, content: dict[str, Any]) -> YoriaiError:
    """The server's error as one of ours: same class, same exit code; its words are in our language."""
    error = content["error"]
    cause = _BY_CODE.get(error.get("code") or "") or _BY_STATUS.get(status, errors.EngineError)
    return cause("cli.server_said", message=error["message"])


async def check(response: httpx2.Response) -> None:
    """Raises: what the server says has gone wrong."""
    if response.status_code >= 400:
        await response.aread()
        raise error_of(response.status_code, response.json())


@asynccontextmanager
async def client_of(running: Running, language: Language) -> AsyncIterator[httpx2.AsyncClient]:
    """Speaks to a running server as the local operator."""
    import httpx2

    verify: ssl.SSLContext | bool = False
    if running.certificate:  # the server's own certificate, on this machine: its name may be the LAN's
        verify = ssl.create_default_context(cafile=running.certificate)
        verify.check_hostname = False
    headers = {"Authorization": f"Bearer {running.key}", "Accept-Language": language}
    timeout = httpx2.Timeout(10, read=None)  # the server has the time limits of a reply
    try:
        async with httpx2.AsyncClient(
            base_url=running.url, headers=headers, timeout=timeout, verify=verify, trust_env=False
        ) as client:
            yield client
    except httpx2.TransportError as error:
        raise errors.EngineLostError(
            "cli.server_gone", url=running.url, detail=str(error) or type(error).__name__
        ) from error


def _or_none_installed(name: str | None) -> str:
    if not name:
        raise errors.NotFoundError("cli.no_model")
    return name
