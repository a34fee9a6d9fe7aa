"""OpenAI-compatible endpoints as engines: another Yoriai, vLLM, Ollama, LM Studio. Models are called NAME/MODEL.

Owns the connections (made by egress) and what each endpoint said it offers. An endpoint that doesn't answer is
left out of lists; a request to it fails with its name.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx2
import orjson

from yoriai.egress import Egress
from yoriai.engines.client import EngineClient, Silence
from yoriai.errors import YoriaiError
from yoriai.models import ResponderInfo
from yoriai.settings import RemoteSettings

_log = logging.getLogger(__name__)
_CONNECT_TIMEOUT_S = 2.0
_LIST_TIMEOUT_S = 2.0
_LIST_FRESH_S = 60.0


@dataclass(slots=True)
class _Endpoint:
    settings: RemoteSettings
    http: httpx2.AsyncClient | None = None
    models: tuple[str, ...] = ()
    asked_at: float = float("-inf")


class Remotes:
    """The endpoints of the settings."""

    def __init__(self, remotes: Sequence[RemoteSettings], egress: Egress, silence: Silence) -> None:
        self._endpoints = {remote.name: _Endpoint(remote) for remote in remotes}
        self._egress = egress
        self._silence = silence

    def client(self, name: str) -> EngineClient | None:
        """The client for "endpoint/model"; None when there is no such endpoint."""
        endpoint_name, _, model = name.partition("/")
        endpoint = self._endpoints.get(endpoint_name)
        if endpoint is None or not model:
            return None
        return EngineClient(
            http=self._http(endpoint),
            name=name,
            engine_model=model,
            dialect="openai",
            context_size=0,
            silence=self._silence,
        )

    def calls_tools(self, name: str) -> bool:
        """Whether the endpoint has function calling of its own."""
        endpoint = self._endpoints.get(name.partition("/")[0])
        return endpoint is not None and endpoint.settings.tool_calls == "native"

    async def list(self) -> list[ResponderInfo]:
        """All models of all endpoints that answer within two seconds."""
        offers = await asyncio.gather(*(self._models(endpoint) for endpoint in self._endpoints.values()))
        return [
            ResponderInfo(
                name=f"{endpoint.settings.name}/{model}",
                kind="chat",
                engine=endpoint.settings.name,
                state="ready",
            )
            for endpoint, models in zip(self._endpoints.values(), offers, strict=True)
            for model in models
        ]

    async def aclose(self) -> None:
        for endpoint in self._endpoints.values():
            if endpoint.http:
                await endpoint.http.aclose()

    async def _models(self, endpoint: _Endpoint) -> tuple[str, ...]:
        if endpoint.settings.models:
            return endpoint.settings.models
        if time.monotonic() - endpoint.asked_at < _LIST_FRESH_S:
            return endpoint.models
        endpoint.asked_at = time.monotonic()
        try:
            async with asyncio.timeout(_LIST_TIMEOUT_S):
                answer = await self._http(endpoint).get("/v1/models")
            rows = orjson.loads(answer.content).get("data") or []
            endpoint.models = tuple(str(row["id"]) for row in rows)
        except (
            httpx2.HTTPError,
            YoriaiError,
            TimeoutError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
        ) as error:
            _log.warning("endpoint %s: no list of models (%s)", endpoint.settings.name, type(error).__name__)
        return endpoint.models

    def _http(self, endpoint: _Endpoint) -> httpx2.AsyncClient:
        if endpoint.http is None:
            root = endpoint.settings.url.rstrip("/").removesuffix("/v1")
            timeout = httpx2.Timeout(None, connect=_CONNECT_TIMEOUT_S)
            endpoint.http = self._egress.client("remote", root, timeout)
            if endpoint.settings.key:
                endpoint.http.headers["authorization"] = f"Bearer {endpoint.settings.key.get_secret_value()}"
        return endpoint.http
