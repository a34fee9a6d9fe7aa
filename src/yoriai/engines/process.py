"""One engine process: start it, wait until it answers, watch it, stop it. Owns pipes and signals.

Knows neither which models are wanted nor who asks; the router does.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
import socket
import sys
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from yoriai.catalog.facts import has_ranking_head
from yoriai.catalog.gguf import read_header
from yoriai.catalog.memory import CPU_BATCH
from yoriai.errors import EngineStartError, ModelFileError
from yoriai.models import POOLED, InstalledModel

log = logging.getLogger("yoriai.engines")

PROMPT_CACHE_MIB = (
    256  # host memory in which llama.cpp keeps the prompts of conversations that lost their slot
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessOptions:
    """How to run a model. `environment` is all that the child sees of ours."""

    context_size: int
    parallel: int
    threads: int
    gpu_layers: int
    llama_server: Path | None
    start_timeout_s: float
    environment: Mapping[str, str]


class EngineProcess:
    """A child that serves one model on loopback behind a random key."""

    def __init__(self, model: InstalledModel, options: ProcessOptions) -> None:
        self.model = model
        self.options = options
        self.key = secrets.token_urlsafe(32)
        self.url = ""
        self.confinement = ""
        self._process: asyncio.subprocess.Process | None = None
        self._stderr: deque[str] = deque(maxlen=20)
        self._drains: list[asyncio.Task[None]] = []

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start and wait until the model is loaded.

        Raises:
            EngineStartError: it ended, or wasn't ready within `start_timeout_s`; with the engine's last words.
        """
        await asyncio.to_thread(_check_file, self.model)
        specification = self._specification()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-m", "yoriai.engines.child",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env=dict(self.options.environment),
        )  # fmt: skip
        assert self._process.stdin and self._process.stderr
        self._drains.append(asyncio.create_task(self._keep_stderr(self._process.stderr)))
        try:
            self._process.stdin.write(json.dumps(specification).encode() + b"\n")
            await self._process.stdin.drain()
            async with asyncio.timeout(self.options.start_timeout_s):
                await self._until_ready(specification["port"])
        except TimeoutError:
            await self.stop()
            raise EngineStartError(
                "engines.start_timeout", name=self.model.name, seconds=self.options.start_timeout_s
            ) from None
        except (ConnectionError, EOFError):
            await self.stop()
            raise EngineStartError(
                "engines.start_failed", name=self.model.name, detail=self.last_words()
            ) from None
        except BaseException:
            await self.stop()
            raise
        log.info("engine ready model=%s pid=%s confinement=%s", self.model.name, self.pid, self.confinement)

    async def wait(self) -> int:
        """Wait until the process has ended; its exit code."""
        assert self._process
        return await self._process.wait()

    async def stop(self, grace_s: float = 2.0) -> None:
        """End the process: its stdin closes, then SIGTERM, after `grace_s` SIGKILL."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            if process.stdin:
                process.stdin.close()
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                async with asyncio.timeout(grace_s):
                    await process.wait()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        for task in self._drains:
            task.cancel()

    def last_words(self) -> str:
        """The end of what the engine wrote to stderr, one line."""
        words = [line for line in self._stderr if line.strip()]
        return " / ".join(words[-3:])[-400:] or "-"

    def _specification(self) -> dict[str, Any]:
        options = self.options
        return {
            "path": self.model.paths[0],
            "paths": list(self.model.paths),
            "key": self.key,
            "context_size": options.context_size,
            "parallel": options.parallel,
            "threads": options.threads,
            "gpu_layers": options.gpu_layers,
            "kind": self.model.kind,
            "is_pooled": self.model.kind in POOLED,
            "prompt_cache_mib": PROMPT_CACHE_MIB,
            "cpu_batch": CPU_BATCH,
            "llama_server": str(options.llama_server) if options.llama_server else "",
            "port": _free_port() if options.llama_server else 0,
        }

    async def _until_ready(self, port: int) -> None:
        assert self._process and self._process.stdout
        if self.options.llama_server:
            self._drains.append(asyncio.create_task(_discard(self._process.stdout)))
            self.url = f"http://127.0.0.1:{port}"
            await self._until_healthy()
            return
        line = await self._process.stdout.readline()
        if not line:
            raise EOFError
        answer = json.loads(line)
        self.url, self.confinement = answer["url"], answer["confinement"]
        self._drains.append(asyncio.create_task(_discard(self._process.stdout)))

    async def _until_healthy(self) -> None:
        assert self._process
        async with httpx2.AsyncClient(base_url=self.url, trust_env=False) as client:
            while self._process.returncode is None:
                with contextlib.suppress(httpx2.HTTPError):
                    if (await client.get("/health")).status_code == 200:
                        return
                await asyncio.sleep(0.1)
        raise EOFError

    async def _keep_stderr(self, stream: asyncio.StreamReader) -> None:
        while chunk := await stream.read(4096):
            self._stderr.extend(chunk.decode("utf8", "replace").splitlines())


async def _discard(stream: asyncio.StreamReader) -> None:
    while await stream.read(65536):
        pass


def _check_file(model: InstalledModel) -> None:
    """Native code never sees a file that isn't whole: the header is read again before each start.

    Raises:
        ModelFileError: truncated, corrupt or gone; or said to be a reranker, and none.
    """
    headers = []
    for path in model.paths:
        if not Path(path).is_file():
            raise ModelFileError("engines.file_gone", name=model.name, path=path)
        headers.append(read_header(Path(path)))
    if model.kind == "reranker" and not any(has_ranking_head(header) for header in headers):
        raise ModelFileError("engines.no_ranking_head", name=model.name)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
