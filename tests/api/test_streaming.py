"""Streams over a real HTTP server: order, errors before and after the first words, clients that leave."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from yoriai.api import streaming
from yoriai.api.streaming import EventStream, until_disconnect
from yoriai.cli.listening import Server
from yoriai.errors import EngineLostError, NotFoundError
from yoriai.settings import ServerSettings


class Lines:
    """Encodes text as one event each."""

    def encode(self, item: str) -> bytes:
        return f"data: {item}\n\n".encode() if item else b""

    def end(self) -> bytes:
        return b"data: [DONE]\n\n"


@asynccontextmanager
async def served(application: ASGIApp) -> AsyncIterator[httpx2.AsyncClient]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = Server(application, ServerSettings())
        server.config.lifespan = "off"
        task = asyncio.create_task(server.serve([listener]))
        await server.ready.wait()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            async with httpx2.AsyncClient(base_url=url, timeout=20) as client:
                yield client
        finally:
            server.should_exit = True
            await task


def streaming_app(events: AsyncIterator[str]) -> ASGIApp:
    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await EventStream(events, Lines(), b"loading")(scope, receive, send)

    return application


async def test_events_come_in_order_and_end_with_done() -> None:
    async def events() -> AsyncIterator[str]:
        for number in range(1000):
            if number % 100 == 0:
                await asyncio.sleep(0)
            yield str(number)

    async with served(streaming_app(events())) as client:
        response = await client.get("/")
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.text == "".join(f"data: {n}\n\n" for n in range(1000)) + "data: [DONE]\n\n"


async def test_an_event_arrives_before_the_next_is_made() -> None:
    gate = asyncio.Event()

    async def events() -> AsyncIterator[str]:
        yield "first"
        await gate.wait()
        yield "second"

    async with served(streaming_app(events())) as client, client.stream("GET", "/") as response:
        lines = response.aiter_lines()
        assert await anext(lines) == "data: first"
        gate.set()
        assert [line async for line in lines if line] == ["data: second", "data: [DONE]"]


async def test_a_failure_before_the_first_event_has_a_status() -> None:
    async def events() -> AsyncIterator[str]:
        yield ""  # shown by no wire format, like a stage
        raise NotFoundError("api.model_unknown", param="model", name="x")

    async with served(streaming_app(events())) as client:
        response = await client.get("/")
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "model_not_found"


async def test_a_failure_after_words_is_told_and_never_looks_complete() -> None:
    async def events() -> AsyncIterator[str]:
        yield "half"
        await asyncio.sleep(0.05)
        raise EngineLostError("api.bug")

    received = b""
    async with served(streaming_app(events())) as client:
        with pytest.raises(httpx2.RemoteProtocolError):  # the connection is cut: no last chunk
            async with client.stream("GET", "/") as response:
                async for data in response.aiter_bytes():
                    received += data
    assert b"data: half" in received
    assert b'"code":"engine_lost"' in received
    assert b"[DONE]" not in received


async def test_a_client_that_leaves_ends_the_work_at_once() -> None:
    ended = asyncio.Event()

    async def events() -> AsyncIterator[str]:
        try:
            while True:
                yield "more"
                await asyncio.sleep(0.01)
        finally:
            ended.set()

    async with served(streaming_app(events())) as client:
        async with client.stream("GET", "/") as response:
            await anext(response.aiter_lines())
        await asyncio.wait_for(ended.wait(), 5)


async def test_a_client_that_leaves_before_the_first_event_ends_the_work() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def events() -> AsyncIterator[str]:
        begun.set()
        try:
            await asyncio.sleep(60)
            yield "late"
        finally:
            ended.set()

    async with served(streaming_app(events())) as client:
        request = asyncio.create_task(client.get("/"))
        await begun.wait()
        request.cancel()
        await asyncio.wait_for(ended.wait(), 5)


async def test_a_whole_answer_is_cancelled_when_the_client_leaves() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work() -> str:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        return "late"

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        result = await until_disconnect(receive, work)
        await Response(result)(scope, receive, send)

    async with served(application) as client:
        request = asyncio.create_task(client.get("/"))
        await begun.wait()
        request.cancel()
        await asyncio.wait_for(ended.wait(), 5)


async def test_while_nothing_comes_a_comment_keeps_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "KEEP_ALIVE_S", 0.05)

    async def events() -> AsyncIterator[str]:
        await asyncio.sleep(0.2)
        yield "word"

    async with served(streaming_app(events())) as client:
        response = await client.get("/")
    assert response.text.startswith(": loading\n\n")
    assert response.text.endswith("data: word\n\ndata: [DONE]\n\n")


async def test_a_client_that_does_not_read_stops_the_work() -> None:
    made = 0

    async def events() -> AsyncIterator[str]:
        nonlocal made
        while made < 100_000:
            made += 1
            yield "x" * 1000
            await asyncio.sleep(0)

    async with served(streaming_app(events())) as client, client.stream("GET", "/") as response:
        await anext(response.aiter_raw())
        before = -1
        while before != made:
            before = made
            await asyncio.sleep(0.2)
        assert made < 50_000  # 100 MB would have been buffered
