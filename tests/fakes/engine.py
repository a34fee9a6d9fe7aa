"""An engine at the network edge that misbehaves on purpose: it sends the bytes it was given, then does `ending`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import orjson

Ending = Literal["close", "hang", "end"]


class ScriptedEngine:
    """Records what it was sent, and whether the client left."""

    def __init__(self, status: int, parts: list[bytes], ending: Ending) -> None:
        self.url = ""
        self.bodies: list[dict[str, object]] = []
        self.client_left = asyncio.Event()
        self._status, self._parts, self._ending = status, parts, ending

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        self.bodies.append(orjson.loads(await reader.readexactly(length)))
        writer.write(b"HTTP/1.1 %d X\r\ncontent-type: text/event-stream\r\n" % self._status)
        writer.write(b"transfer-encoding: chunked\r\n\r\n")
        for part in self._parts:
            writer.write(b"%x\r\n%s\r\n" % (len(part), part))
            await writer.drain()
        if self._ending == "hang":
            await reader.read()
            self.client_left.set()
        if self._ending == "end":
            writer.write(b"0\r\n\r\n")
        writer.close()


@asynccontextmanager
async def scripted_engine(
    *parts: bytes, status: int = 200, ending: Ending = "end"
) -> AsyncIterator[ScriptedEngine]:
    engine = ScriptedEngine(status, list(parts), ending)
    server = await asyncio.start_server(engine.serve, "127.0.0.1", 0)
    engine.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield engine
    finally:
        server.close()


def event(**chunk: object) -> bytes:
    """One server-sent event."""
    return b"data: " + orjson.dumps(chunk) + b"\n\n"


def words(text: str, reason: str | None = None) -> bytes:
    """A chunk of OpenAI's stream."""
    return event(choices=[{"index": 0, "delta": {"content": text}, "finish_reason": reason}])


DONE = b"data: [DONE]\n\n"
