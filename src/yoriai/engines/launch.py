"""Starts an engine's process as the settings say, connects to it, and ends both. Changes no state; the router does."""

from __future__ import annotations

from pathlib import Path

import httpx2

from yoriai.engines.client import EngineClient
from yoriai.engines.loaded import Engine
from yoriai.engines.process import EngineProcess, ProcessOptions
from yoriai.errors import PrerequisiteError
from yoriai.settings import EngineSettings, engine_environment


async def launch(engine: Engine, settings: EngineSettings) -> EngineProcess:
    """Give `engine` a process that answers, and a client.

    Raises:
        PrerequisiteError: the llama-server of the settings isn't there. EngineStartError, ModelFileError.
    """
    engine.process = process = EngineProcess(engine.model, _options(engine, settings))
    await process.start()
    engine.client = _client(engine, process, settings)
    return process


async def close(engine: Engine) -> None:
    process, client = engine.process, engine.client
    engine.process = engine.client = None
    if client:
        await client.http.aclose()
    if process:
        await process.stop()


def _options(engine: Engine, settings: EngineSettings) -> ProcessOptions:
    binary: Path | None = None
    if settings.kind == "llama-server":
        binary = settings.llama_server
        if binary is None or not binary.is_file():
            raise PrerequisiteError("engines.llama_server_missing", path=str(binary or "-"))
    return ProcessOptions(
        context_size=engine.context_size,
        parallel=settings.parallel,
        threads=engine.threads,
        gpu_layers=settings.gpu_layers,
        llama_server=binary,
        start_timeout_s=settings.start_timeout_s,
        environment=engine_environment(),
    )


def _client(engine: Engine, process: EngineProcess, settings: EngineSettings) -> EngineClient:
    http = httpx2.AsyncClient(
        base_url=process.url,
        headers={"authorization": f"Bearer {process.key}"},
        timeout=None,  # silence is limited by EngineClient, which knows a prompt from a token
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=settings.parallel),
        trust_env=False,
    )
    return EngineClient(
        http=http,
        name=engine.model.name,
        engine_model=engine.model.name,
        dialect="llama.cpp",
        context_size=engine.context_size,
        silence=settings,
    )
