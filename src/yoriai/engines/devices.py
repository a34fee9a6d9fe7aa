"""What the engine says of this machine and of a model's place in it, asked in a process of its own.

Owns the only way to llama.cpp's own knowledge outside of a running model. Fails softly: an engine that doesn't answer
has nothing to say. The CLI and the page call it and hand the result to `catalog.detect` and beside `catalog.plan`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yoriai.catalog.detect import EngineDevice
from yoriai.catalog.hardware import Machine
from yoriai.catalog.memory import CPU_BATCH, MICRO_BATCH
from yoriai.catalog.split import Load

log = logging.getLogger("yoriai.engines")

_TIMEOUT_S = 60.0  # a first look at a graphics card can take long
SURVEY = Path(__file__).with_name("survey.py")


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineEstimate:
    """How the engine's library would place a model."""

    n_gpu_layers: int
    gpu_bytes: int
    total_bytes: int


async def graphics_cards(environment: Mapping[str, str]) -> list[EngineDevice]:
    """Those that the engine of this installation can use; the CPU-only one has none."""
    answer = await _ask({}, environment)
    return as_told(answer.get("devices", []))


def as_told(devices: Sequence[Mapping[str, Any]]) -> list[EngineDevice]:
    """What `engines.survey` says of them."""
    return [
        EngineDevice(
            name=device["name"],
            description=device["description"],
            memory_bytes=device["memory_bytes"],
            free_bytes=device["free_bytes"],
            is_unified=device["type"] == "IGPU",
        )
        for device in devices
    ]


async def estimate(
    load: Load, machine: Machine, path: str, environment: Mapping[str, str]
) -> EngineEstimate | None:
    """What the engine's library estimates for a file that is here; None: it doesn't say.

    Source: `xllamacpp.estimate_gpu_layers`. It counts attention without its fast path, so more than is really taken.
    """
    gpus = [{"name": gpu.backend.upper(), "memory_free": gpu.free_bytes} for gpu in machine.gpus]
    question = {
        "path": path,
        "gpus": gpus,
        "ram_free_bytes": machine.ram_free_bytes,
        "context": load.tokens * load.users,
        "batch": MICRO_BATCH if gpus else CPU_BATCH,
        "users": load.users,
        "kv": load.kv,
    }
    answer = await _ask(question, environment)
    if "total_bytes" not in answer:
        return None
    return EngineEstimate(
        n_gpu_layers=answer["layers"], gpu_bytes=answer["gpu_bytes"], total_bytes=answer["total_bytes"]
    )


async def _ask(question: dict[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", str(SURVEY),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env=dict(environment),
    )  # fmt: skip
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            output, _ = await process.communicate(json.dumps(question).encode() + b"\n")
        lines = output.splitlines()  # drivers like to talk: ours is the last
        answer = json.loads(lines[-1]) if lines else {}
        return answer if isinstance(answer, dict) else {}
    except (TimeoutError, ValueError) as error:
        log.warning("engine survey failed error=%s", type(error).__name__)
        return {}
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
