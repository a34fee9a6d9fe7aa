"""Lets somebody sit an exam: sample by sample, several at a time, each kept as soon as it is scored.

What is kept is never asked again, so a run whose process was killed goes on where it was. Knows no table beyond the
runs' own, and not how an exam asks or scores. The job's handler is `Runner.work`.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from yoriai.errors import (
    ConflictError,
    EngineError,
    UnsupportedError,
    UsageError,
    YoriaiError,
)
from yoriai.evaluation.task import Bench, Output, Sample, Score, Task
from yoriai.jobs.progress import Progress
from yoriai.records import ExamRun, ExamSample
from yoriai.store import exams as rows
from yoriai.store.database import Database

_log = logging.getLogger("yoriai.evaluation")
_TRIES, _WAIT_S = 4, 2.0  # of a sample whose engine fell; each wait is twice as long
_LONGEST = 200_000  # characters of an output that are kept
Prepare = Callable[[ExamRun], Awaitable[tuple[Task, list[Sample], Bench, str]]]
_Ask = tuple[int, Sample, int]  # place, sample, epoch


class Runner:
    """`prepare`: the run's exam, its samples, the bench, and the digest of the model that will answer."""

    def __init__(self, database: Database, prepare: Prepare) -> None:
        self._database, self._prepare = database, prepare

    async def work(self, progress: Progress) -> None:
        run = await self._database.read(lambda connection: rows.for_work(connection, progress.job.subject_id))
        if run is None:
            return
        if not await self._set(run.id, "running", ("queued", "running", "failed")):
            return  # cancelled meanwhile
        try:
            await self._sit(run, progress)
        except YoriaiError as error:
            await self._set(
                run.id, "failed", ("running",), error_key=error.key, error_values=error.plain_values()
            )
            raise
        except Exception:
            await self._set(run.id, "failed", ("running",), error_key="jobs.bug", error_values={})
            raise
        await self._set(run.id, "done", ("running",), error_key=None, error_values={})

    async def _sit(self, run: ExamRun, progress: Progress) -> None:
        task, all_samples, bench, digest = await self._prepare(run)
        if (run.version, run.digest) != (task.version, digest):
            raise ConflictError("evaluation.changed_meanwhile", task=run.task, model=run.model)
        samples = chosen(all_samples, run.options.limit)
        epochs = run.options.epochs
        total = len(samples) * epochs
        await self._set(run.id, "running", ("running",), total=total)
        done = await self._database.read(lambda connection: rows.done(connection, run.id))
        asks = [
            (place, sample, epoch)
            for place, sample in enumerate(samples) for epoch in range(1, epochs + 1)
            if (sample.id, epoch) not in done
        ]  # fmt: skip
        sitting = _Sitting(
            run, task, bench, keep=self._keep, progress=progress, total=total, done=total - len(asks)
        )
        await sitting.sit(asks, run.options.parallel)

    async def _keep(self, sample: ExamSample) -> None:
        await self._database.write(lambda connection: rows.keep_sample(connection, sample))

    async def _set(self, run_id: str, state: str, before: Sequence[str], **values: object) -> bool:
        changed = {"state": state, "updated_at": datetime.now(UTC), **values}
        return await self._database.write(lambda c: rows.change(c, run_id, before, **changed))  # type: ignore[arg-type]


class _Sitting:
    """One process's part of a run."""

    def __init__(
        self, run: ExamRun, task: Task, bench: Bench, *, keep: Callable[[ExamSample], Awaitable[None]],
        progress: Progress, total: int, done: int,
    ) -> None:  # fmt: skip
        self._run, self._task, self._bench, self._keep = run, task, bench, keep
        self._progress, self._total, self._done, self._before = progress, total, done, done
        self._began = time.monotonic()

    async def sit(self, asks: Sequence[_Ask], parallel: int) -> None:
        """Raises: what a sample raises; the others are cancelled then."""
        waiting = iter(asks)
        await self._progress.show(self._done, self._total)

        async def one_after_the_other() -> None:
            for place, sample, epoch in waiting:
                await self._keep(await self._sample(place, sample, epoch))
                self._done += 1
                await self._progress.show(self._done, self._total, self._left())

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(max(1, parallel)):
                    group.create_task(one_after_the_other())
        except BaseExceptionGroup as failed:
            raise _first(failed) from failed

    def _left(self) -> str:
        """Seconds that the rest will take at the pace so far."""
        pace = (time.monotonic() - self._began) / (self._done - self._before)
        return f"{pace * (self._total - self._done):.0f}"

    async def _sample(self, place: int, sample: Sample, epoch: int) -> ExamSample:
        seed = seed_of(self._run.options.seed, sample.id, epoch)
        began = time.monotonic()
        error: YoriaiError | None = None
        output = Output(prompt=sample.input, text="")
        try:
            output = await self._solved(sample, seed)
        except UsageError as refused:
            if isinstance(refused, UnsupportedError):
                raise
            error = refused  # too long for its context: it can't answer, and that is its score
        solved = time.monotonic()
        score = Score(values=dict.fromkeys(self._task.measures, 0.0))
        if error is None:
            score = await self._task.scorer(sample, output, self._bench)
        return _kept(
            self._run.id, place=place, sample=sample, epoch=epoch, seed=seed, output=output, score=score,
            solving_s=solved - began, scoring_s=time.monotonic() - solved, error=error,
        )  # fmt: skip

    async def _solved(self, sample: Sample, seed: int) -> Output:
        """Again, where an engine was lost: what it did says nothing of the model."""
        wait_s = _WAIT_S
        for tried in range(_TRIES):
            try:
                return await self._task.solver(sample, self._bench, seed)
            except EngineError:
                if tried == _TRIES - 1:
                    raise
                _log.warning("sample %s is asked again", sample.id)
                await asyncio.sleep(wait_s)
                wait_s *= 2
        raise AssertionError


def chosen(samples: Sequence[Sample], limit: int) -> list[Sample]:
    """All in the exam's order; with a limit, a fixed random choice of them: the first ones are often alike."""
    if not limit or limit >= len(samples):
        return list(samples)
    by_chance = sorted(samples, key=lambda sample: hashlib.sha256(sample.id.encode()).digest())
    taken = {sample.id for sample in by_chance[:limit]}
    return [sample for sample in samples if sample.id in taken]


def seed_of(seed: int, sample_id: str, epoch: int) -> int:
    """Another one for each question and epoch, the same in every run."""
    digest = hashlib.sha256(f"{seed}\n{sample_id}\n{epoch}".encode()).digest()
    return int.from_bytes(digest[:4]) & 0x7FFF_FFFF


def _kept(
    run_id: str, *, place: int, sample: Sample, epoch: int, seed: int, output: Output, score: Score, solving_s: float,
    scoring_s: float, error: YoriaiError | None,
) -> ExamSample:  # fmt: skip
    usage = output.usage
    text = "\n\n———\n\n".join(output.turns) if len(output.turns) > 1 else output.text
    if not text and output.tool_calls:
        text = "\n".join(f"{call.name}({call.arguments})" for call in output.tool_calls)
    return ExamSample(
        run_id=run_id, sample_id=sample.id[:200], epoch=epoch, place=place,
        prompt=tuple({"role": each.role, "content": each.text()} for each in output.prompt),
        target=_storable(sample.target), output=_storable(text), answer=_storable(score.answer),
        values=score.values, explanation=_storable(score.explanation)[:20_000], seed=seed,
        finish_reason=output.finish_reason, prompt_tokens=usage.prompt_tokens if usage else 0,
        completion_tokens=usage.completion_tokens if usage else 0,
        generation_ms=usage.generation_ms if usage else None, solving_s=solving_s, scoring_s=scoring_s,
        ended_at=datetime.now(UTC), error_key=error.key if error else None,
        error_values=error.plain_values() if error else {},
    )  # fmt: skip


def _storable(text: str) -> str:
    """Without halves of characters, which no database takes."""
    return text[:_LONGEST].encode("utf8", "replace").decode("utf8")


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The failure that ended the others."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
