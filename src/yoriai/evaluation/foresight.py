"""What is foreseen of a measurement before it is made, so that both can be compared. The CLI and the page call it."""

from __future__ import annotations

from anyio import to_thread

from yoriai.catalog.forecast import forecast, work_of_installed
from yoriai.catalog.hardware import Machine
from yoriai.catalog.speed import Ask
from yoriai.evaluation.speed import Load
from yoriai.evaluation.subjects import Source


async def foresee(
    machine: Machine, source: Source, load: Load, context: int
) -> tuple[float | None, float | None]:
    """Tokens per second of prompt and generation; (None, None) for a remote model, whose machine nobody knows."""
    if source.installed is None:
        return None, None
    ask = Ask(depth=load.prompt_tokens + load.tokens // 2, prompt_tokens=load.prompt_tokens, users=load.users)
    work = await to_thread.run_sync(work_of_installed, source.installed)
    _, found = forecast(work, machine, context, ask, threads=source.threads)
    return (
        found.prompt.tokens_per_s if found.prompt else None,
        found.generation.tokens_per_s if found.generation else None,
    )
