"""A one-off job of the engine's library in a process of its own: quantising a model, scoring a text.

Owns starting it, hearing its progress, and ending it when nobody waits any more. Nothing half-written stays.
`engines.quantize`, `engines.echo` and `evaluation.versions` call it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yoriai.catalog.mixture import Mixture
from yoriai.errors import (
    DiskFullError,
    DoesNotFitError,
    EngineError,
    ModelFileError,
    PrerequisiteError,
    UnsupportedError,
    UsageError,
    YoriaiError,
)

Show = Callable[[int, int], None]  # done, of how much

LEAST_TOKENS = 64
# Isolated, a child finds the installed Yoriai; one that runs from its sources is to run its own.
_ROOT = Path(__file__).parents[2]
_START = (
    "import runpy, sys; sys.argv[1] in sys.path or sys.path.insert(0, sys.argv[1]); "
    "runpy.run_module(sys.argv[2], run_name='__main__')"
)
_MOST_LINE_BYTES = 2**24  # a result has a number for every token


@dataclass(frozen=True, kw_only=True, slots=True)
class Errands:
    """How jobs are run: the threads they may take, and all that they see of our environment."""

    threads: int
    environment: Mapping[str, str]
    window: int = 512  # tokens that a text is read in at once; the default is that of llama.cpp's own tool

    async def quantize(self, parts: Sequence[str], target: Path, plan: Mixture, show: Show) -> None:
        """Write the model of `parts` as `plan` says to `target`, which must not exist. Cancelled, it is gone.

        Raises:
            DiskFullError, ModelFileError, PrerequisiteError, EngineError.
        """
        task = {
            "parts": list(parts),
            "target": str(target),
            "file_type": plan.file_type,
            "threads": self.threads,
            "steps": [
                (step.tensor.name, step.tensor.type, step.type, step.tensor.dimensions) for step in plan.steps
            ],
        }
        is_whole = False
        try:
            await self._run("quantize_child", task, show, str(target.parent))
            is_whole = True
        finally:
            if not is_whole:
                _forget(target)

    async def score(self, parts: Sequence[str], text: str, most_tokens: int, show: Show) -> list[float]:
        """How surprised a model is by each token that counts, in nats.

        Args:
            most_tokens: of the text, from its beginning.

        Raises:
            UsageError: the text is too short. UnsupportedError: a model that doesn't foretell. DoesNotFitError,
            ModelFileError, PrerequisiteError, EngineError.
        """
        task = {
            "parts": list(parts), "text": text, "most": most_tokens, "window": self.window, "least": LEAST_TOKENS,
            "threads": self.threads,
        }  # fmt: skip
        return [float(each) for each in (await self._run("score_child", task, show, parts[0]))["surprise"]]

    async def _run(self, module: str, task: dict[str, Any], show: Show, place: str) -> dict[str, Any]:
        process = await spawn(module, self.environment)
        assert process.stdin and process.stdout and process.stderr
        words: deque[str] = deque(maxlen=20)
        hearing = asyncio.create_task(keep(process.stderr, words))
        try:
            process.stdin.write(json.dumps(task).encode() + b"\n")
            await process.stdin.drain()
            async for line in process.stdout:
                said = json.loads(line)
                if "result" in said:
                    await process.wait()  # it ends by itself
                    return dict(said["result"])
                if "failure" in said:
                    raise error_of(said["failure"], said["detail"], place)
                show(said["done"], said["total"])
            await hearing
            raise EngineError("engines.errand_failed", detail=" / ".join(list(words)[-3:])[-400:] or "-")
        except ConnectionError:
            raise EngineError("engines.errand_failed", detail="-") from None
        finally:
            await end(process)
            hearing.cancel()


async def spawn(module: str, environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    """A child of `engines` that sees nothing else of our environment."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-c", _START, str(_ROOT), f"yoriai.engines.{module}",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=dict(environment), limit=_MOST_LINE_BYTES,
    )  # fmt: skip


async def end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    await process.wait()


def error_of(failure: str, detail: str, place: str) -> YoriaiError:
    if failure == "short":
        return UsageError("engines.text_too_short", tokens=detail, least=LEAST_TOKENS)
    errors: dict[str, YoriaiError] = {
        "missing": PrerequisiteError("engines.function_missing", function=detail),
        "disk": DiskFullError("engines.quantize_disk", path=place, detail=detail),
        "encoder": UnsupportedError("engines.no_foretelling", path=detail),
        "memory": DoesNotFitError("engines.score_no_memory", path=detail),
        "broken": ModelFileError("engines.errand_broken", path=place, detail=detail),
        "file": ModelFileError("engines.errand_broken", path=place, detail=detail),
    }
    return errors.get(failure) or EngineError("engines.errand_failed", detail=f"{failure}: {detail}")


def _forget(target: Path) -> None:
    target.unlink(missing_ok=True)


async def keep(stream: asyncio.StreamReader, words: deque[str]) -> None:
    while chunk := await stream.read(4096):
        words.extend(line for line in chunk.decode("utf8", "replace").splitlines() if line.strip())
