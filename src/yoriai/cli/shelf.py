"""The seam under `kb`: the API of a running server, else the same API over services in this process, without a socket.

One client for both, so that a command does the same with a server and without one.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from yoriai.cli.talk import check, client_of
from yoriai.types import Language

if TYPE_CHECKING:
    import httpx2

    from yoriai.settings import Settings


class Shelf:
    """Asks the API as the local operator; raises Yoriai's errors."""

    def __init__(self, client: httpx2.AsyncClient, *, is_server: bool) -> None:
        self._client = client
        self.is_server = is_server  # it goes on when this process ends

    async def ask(self, method: str, path: str, **content: Any) -> Any:
        response = await self._client.request(method, path, **content)
        await check(response)
        return response.json() if response.content else None

    async def pass_on(self, path: str, message: bytes) -> list[bytes]:
        """A message as it is; the answer's lines, none where there is nothing to say."""
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        response = await self._client.post(path, content=message, headers=headers)
        return [response.content] if response.content.strip() else []


@asynccontextmanager
async def open_shelf(settings: Settings, language: Language, *, works: bool) -> AsyncIterator[Shelf]:
    """`works`: without a server, this process does the jobs."""
    from yoriai.cli.running import find

    running = find(settings.home)
    if running:
        async with client_of(running, language) as client:
            yield Shelf(client, is_server=True)
        return
    from yoriai import bootstrap

    async with bootstrap.build(settings) as services:
        if works:
            services.knowledge.start(watch=False)
        async with _own_client(services, language) as client:
            yield Shelf(client, is_server=False)


@asynccontextmanager
async def _own_client(services: Any, language: Language) -> AsyncIterator[httpx2.AsyncClient]:
    import httpx2

    from yoriai.api.app import create_app

    key = secrets.token_urlsafe(32)
    transport = httpx2.ASGITransport(app=create_app(services, None, local_key=key))
    headers = {"Authorization": f"Bearer {key}", "Accept-Language": language}
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://localhost", headers=headers, timeout=None
    ) as client:
        yield client
