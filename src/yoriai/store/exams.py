"""Rows of exams' runs and their samples. Who looks up says whose they may be, and sees no others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from yoriai.records import ExamRun, ExamSample, RunOptions, RunState
from yoriai.store.tables import exam_runs, exam_samples

_RUN = tuple(field.name for field in fields(ExamRun) if field.name != "options")
_SAMPLE = tuple(field.name for field in fields(ExamSample) if field.name != "prompt")


def add(connection: Connection, run: ExamRun) -> None:
    connection.execute(insert(exam_runs).values(**asdict(run)))


def of(connection: Connection, owners: Iterable[str], task: str = "", model: str = "") -> list[ExamRun]:
    """Theirs, the newest first."""
    found = select(exam_runs).where(exam_runs.c.owner_id.in_(list(owners)))
    if task:
        found = found.where(exam_runs.c.task == task)
    if model:
        found = found.where(exam_runs.c.model == model)
    ordered = found.order_by(exam_runs.c.created_at.desc(), exam_runs.c.id)
    return [_run(row) for row in connection.execute(ordered)]


def find(connection: Connection, owners: Iterable[str], run_id: str) -> ExamRun | None:
    mine = (exam_runs.c.id == run_id) & exam_runs.c.owner_id.in_(list(owners))
    row = connection.execute(select(exam_runs).where(mine)).first()
    return _run(row) if row else None


def for_work(connection: Connection, run_id: str) -> ExamRun | None:
    """Whosever it is: for the job, which was submitted by its owner."""
    row = connection.execute(select(exam_runs).where(exam_runs.c.id == run_id)).first()
    return _run(row) if row else None


def change(connection: Connection, run_id: str, states: Iterable[RunState], **values: Any) -> bool:
    """Set columns of a run that is in one of `states`; whether it was."""
    mine = (exam_runs.c.id == run_id) & exam_runs.c.state.in_(list(states))
    return connection.execute(update(exam_runs).where(mine).values(**values)).rowcount > 0


def remove(connection: Connection, run_id: str) -> None:
    connection.execute(delete(exam_runs).where(exam_runs.c.id == run_id))


def keep_sample(connection: Connection, sample: ExamSample) -> None:
    """In place of one that was kept under the same name."""
    mine = (
        (exam_samples.c.run_id == sample.run_id)
        & (exam_samples.c.sample_id == sample.sample_id)
        & (exam_samples.c.epoch == sample.epoch)
    )
    connection.execute(delete(exam_samples).where(mine))
    connection.execute(insert(exam_samples).values(**asdict(sample)))


def done(connection: Connection, run_id: str) -> set[tuple[str, int]]:
    """Sample and epoch of all that have ended."""
    found = select(exam_samples.c.sample_id, exam_samples.c.epoch).where(exam_samples.c.run_id == run_id)
    return {(row.sample_id, row.epoch) for row in connection.execute(found)}


def counts(connection: Connection, run_ids: Iterable[str]) -> dict[str, int]:
    """How many samples of each run have ended."""
    found = select(exam_samples.c.run_id, func.count()).where(exam_samples.c.run_id.in_(list(run_ids)))
    return {row[0]: row[1] for row in connection.execute(found.group_by(exam_samples.c.run_id))}


def samples(connection: Connection, run_id: str) -> list[ExamSample]:
    """In the exam's order."""
    found = select(exam_samples).where(exam_samples.c.run_id == run_id)
    return [
        _sample(row) for row in connection.execute(found.order_by(exam_samples.c.place, exam_samples.c.epoch))
    ]


def values(connection: Connection, run_ids: Iterable[str]) -> dict[str, list[Any]]:
    """What figures are made of, without texts: sample_id, values, tokens and times, by run."""
    columns = (
        exam_samples.c.run_id, exam_samples.c.sample_id, exam_samples.c.epoch, exam_samples.c["values"],
        exam_samples.c.prompt_tokens, exam_samples.c.completion_tokens, exam_samples.c.generation_ms,
        exam_samples.c.solving_s, exam_samples.c.scoring_s,
    )  # fmt: skip
    found = select(*columns).where(exam_samples.c.run_id.in_(list(run_ids)))
    by_run: dict[str, list[Any]] = {}
    for row in connection.execute(found.order_by(exam_samples.c.place, exam_samples.c.epoch)):
        by_run.setdefault(row.run_id, []).append(row)
    return by_run


def _run(row: Row[Any]) -> ExamRun:
    return ExamRun(**{name: getattr(row, name) for name in _RUN}, options=RunOptions(**row.options))


def _sample(row: Row[Any]) -> ExamSample:
    named = row._mapping
    return ExamSample(**{name: named[name] for name in _SAMPLE}, prompt=tuple(named["prompt"]))
