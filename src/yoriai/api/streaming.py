"""Server-sent events out of a responder's events. Pure ASGI: the hot path of the product.

Three tasks per stream: one iterates the events into a buffer, one waits for the client to leave, the response
itself writes whatever has gathered. Whoever leaves cancels the iterator, which frees the engine's slot. A
failure before the first words has an HTTP status; after them it is sent as an error event and the connection
is aborted without `[DONE]`, so that a cut answer can't pass for a whole one. Knows no wire format.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Generic, Protocol, TypeVar

import anyio
import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from yoriai.api.errors import body, body_of, language_of, response_to
from yoriai.errors import YoriaiError
from yoriai.i18n.catalogue import text

_log = logging.getLogger(__name__)
KEEP_ALIVE_S = 10.0
_BUFFER_BYTES = 256 * 1024  # a client that reads slower than this waits, and so does its engine slot
_LEAVE_S = 5.0
Item = TypeVar("Item")
Item_contra = TypeVar("Item_contra", contravariant=True)
Result = TypeVar("Result")
_HEADERS = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]


class Encoder(Protocol[Item_contra]):
    """One stream's wire format."""

    def encode(self, item: Item_contra) -> bytes:
        """The bytes for an item; empty if the format doesn't show it."""
        ...

    def end(self) -> bytes:
        """What follows the last item."""
        ...


class EventStream(Response, Generic[Item]):
    """Answers with `events`, encoded as they come."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncIterator[Item], encoder: Encoder[Item], wait_comment: bytes) -> None:
        super().__init__()
        self._events = events
        self._encoder = encoder
        self._comment = b": " + wait_comment + b"\n\n"
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._news = anyio.Event()
        self._room = anyio.Event()
        self._failure: Exception | None = None
        self._ended = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_cancel_on_leave, receive, tasks.cancel_scope)
            tasks.start_soon(self._iterate)
            await self._write(scope, receive, send)
            tasks.cancel_scope.cancel()

    async def _iterate(self) -> None:
        try:
            async for item in self._events:
                data = self._encoder.encode(item)
                if not data:
                    continue
                self._pending.append(data)
                self._pending_bytes += len(data)
                self._news.set()
                if self._pending_bytes > _BUFFER_BYTES:
                    self._room = anyio.Event()
                    await self._room.wait()
        except Exception as error:  # told to the client by `_write`
            self._failure = error
            if not isinstance(error, YoriaiError):
                _log.exception("a stream broke off")
        finally:
            self._ended = True
            self._news.set()
            await close(self._events)

    async def _write(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False
        while True:
            with anyio.move_on_after(KEEP_ALIVE_S):
                await self._news.wait()
            self._news = anyio.Event()
            data = self._take()
            if self._failure and not started and not data:
                await _answer_failure(self._failure, scope, receive, send)
                return
            if not started:
                await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
                started = True
            if self._failure:
                await _send_part(send, data + _error_event(self._failure, scope))
                return  # incomplete on purpose: the HTTP server closes the connection without the last chunk
            if self._ended:
                await send({"type": "http.response.body", "body": data + self._encoder.end()})
                return
            await _send_part(send, data or self._comment)

    def _take(self) -> bytes:
        data = b"".join(self._pending)
        self._pending.clear()
        self._pending_bytes = 0
        self._room.set()
        return data


async def until_disconnect(receive: Receive, work: Callable[[], Awaitable[Result]]) -> Result | None:
    """Result of `work`; None, and `work` cancelled, when the client leaves first."""
    result: Result | None = None
    failure: YoriaiError | None = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_cancel_on_leave, receive, tasks.cancel_scope)
        try:
            result = await work()
        except YoriaiError as error:  # taken out of the group, which would wrap it
            failure = error
        tasks.cancel_scope.cancel()
    if failure:
        raise failure
    return result


async def close(events: AsyncIterator[Any]) -> None:
    """Let an iterator clean up at once, even while being cancelled."""
    aclose = getattr(events, "aclose", None)
    if aclose is not None:
        with anyio.move_on_after(_LEAVE_S, shield=True):
            await aclose()


async def _cancel_on_leave(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


async def _send_part(send: Send, data: bytes) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})


async def _answer_failure(failure: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    if not isinstance(failure, YoriaiError):
        raise failure  # a bug: the error table's last row answers
    await response_to(failure, language_of(scope))(scope, receive, send)


def _error_event(failure: Exception, scope: Scope) -> bytes:
    language = language_of(scope)
    if isinstance(failure, YoriaiError):
        content = body_of(failure, language)
    else:
        content = body(500, text("api.bug", language), param=None, code="internal_error")
    return b"data: " + orjson.dumps(content) + b"\n\n"
