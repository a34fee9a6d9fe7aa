"""The Exams service: what can be sat, runs of it, their samples and figures, two runs side by side, the board.

Everything is its owner's. A run is a job; `runner` does it. The surfaces call this and nothing below it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from anyio import to_thread

from yoriai.access import LOCAL_OPERATOR_ID, Action, owners, require
from yoriai.errors import NotFoundError, PrerequisiteError, UsageError
from yoriai.evaluation import figures
from yoriai.evaluation.calibration import Calibration
from yoriai.evaluation.dataset import Datasets
from yoriai.evaluation.exam_list import TASKS, named
from yoriai.evaluation.figures import Against, Result
from yoriai.evaluation.likelihood import next_letters
from yoriai.evaluation.questions import OWN, Questions
from yoriai.evaluation.runner import Runner
from yoriai.evaluation.statistics import Paired
from yoriai.evaluation.task import Bench, Grade, Sample, Task
from yoriai.jobs.jobs import Jobs
from yoriai.records import ExamRun, ExamSample, Job, RunOptions
from yoriai.responders.registry import Registry
from yoriai.store import exams as rows
from yoriai.store import users
from yoriai.store.database import Database
from yoriai.types import Context, Role, User

KIND = "exam"  # of jobs
_OPEN = frozenset({"queued", "running", "failed"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Offered:
    """An exam, and whether its data is on this machine."""

    task: Task
    has_data: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A run with what it has come to so far, and how it goes on."""

    run: ExamRun
    result: Result
    done: int
    left_s: float | None = None  # at the pace so far


@dataclass(frozen=True, kw_only=True, slots=True)
class SideBySide:
    """Two runs of one exam. `paired`: on the samples that both had; None: there are none."""

    first: Shown
    second: Shown
    measure: str
    paired: Paired | None
    samples: tuple[tuple[ExamSample, ExamSample], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A model on the board of an exam. `against`: it and the best one; None: it is that one."""

    shown: Shown
    against: Against | None


class Exams:
    """`grade`: runs code in the sandbox; None: there is none."""

    def __init__(
        self, *, database: Database, jobs: Jobs, registry: Registry, datasets: Datasets, questions: Questions,
        calibration: Calibration, grade: Grade | None = None, judge: str = "",
    ) -> None:  # fmt: skip
        self._database, self._jobs, self._registry, self._datasets = database, jobs, registry, datasets
        self.calibration = calibration
        self.questions, self._grade, self._judge = questions, grade, judge
        jobs.handle(KIND, Runner(database, self._prepare).work)

    # ---- what can be sat ---------------------------------------------------------------------------------------
    async def offered(self, user: User) -> list[Offered]:
        """The user's own questions, and the exams of the list."""
        sets = [found.name for found, count in await self.questions.sets(user) if count]
        own = [Offered(task=await self.questions.task(OWN + name, user), has_data=True) for name in sets]
        return own + await to_thread.run_sync(
            lambda: [Offered(task=task, has_data=self._datasets.has(task.files)) for task in TASKS.values()]
        )

    async def task(self, name: str, user: User) -> Task:
        """Of the list, or a set of the user's own questions. Raises: NotFoundError."""
        return await self.questions.task(name, user) if name.startswith(OWN) else named(name)

    # ---- runs --------------------------------------------------------------------------------------------------
    async def start(
        self, user: User, name: str, model: str, options: RunOptions, *, anew: bool = False
    ) -> ExamRun:
        """Begin a run, or go on with one that was begun with the same options and hasn't ended.

        Raises:
            NotFoundError: no such exam, model or file. PrerequisiteError: data, a judge or the sandbox is missing.
            UsageError. ForbiddenError: a guest; a path named by somebody who isn't at this machine.
        """
        require(user, Action.KEEP_EXAMS)
        if options.data:
            require(user, Action.READ_FOLDERS)
        task = await self.task(name, user)
        options = replace(options, judge=options.judge or (self._judge if "judge" in task.needs else ""))
        self._check(task, options)
        lasting = await self._registry.lasting_name(model, user)
        if options.judge:
            await self._registry.get(options.judge, user)
        await self._datasets.find(name, task.files, options.data)
        if not anew and (begun := await self._begun(user, task, lasting, options)):
            return await self._go_on(begun)
        return await self._begin(user, task, lasting, options)

    async def resume(self, user: User, run_id: str) -> ExamRun:
        """Go on with a run that failed, was cancelled or lost its process. Raises: NotFoundError."""
        return await self._go_on(await self._run(user, run_id))

    async def cancel(self, user: User, run_id: str) -> None:
        """What was scored stays. Raises: NotFoundError."""
        run = await self._run(user, run_id)
        now = datetime.now(UTC)
        await self._database.write(
            lambda c: rows.change(c, run.id, ("queued", "running"), state="cancelled", updated_at=now)
        )
        for job in await self._jobs.unfinished(run.id):
            await self._jobs.cancel(job.id)

    async def remove(self, user: User, run_id: str) -> None:
        """With its samples. Raises: NotFoundError."""
        await self.cancel(user, run_id)
        await self._database.write(lambda connection: rows.remove(connection, run_id))

    # ---- what came of them -------------------------------------------------------------------------------------
    async def runs(self, user: User, task: str = "", model: str = "") -> list[Shown]:
        """The newest first."""
        found = await self._database.read(lambda c: rows.of(c, owners(user), task, model))
        return await self._shown(found, user)

    async def get(self, user: User, run_id: str) -> Shown:
        """Raises: NotFoundError."""
        return (await self._shown([await self._run(user, run_id)], user))[0]

    async def samples(self, user: User, run_id: str) -> list[ExamSample]:
        """Raises: NotFoundError."""
        run = await self._run(user, run_id)
        return await self._database.read(lambda connection: rows.samples(connection, run.id))

    async def side_by_side(self, user: User, first_id: str, second_id: str) -> SideBySide:
        """Raises: NotFoundError; UsageError: they are not runs of the same exam in the same version."""
        first, second = [await self.get(user, run_id) for run_id in (first_id, second_id)]
        if (first.run.task, first.run.version) != (second.run.task, second.run.version):
            raise UsageError("evaluation.other_exam", first=first.run.task, second=second.run.task)
        measure = (await self._measures(first.run, user))[0]
        ours, theirs = [await self.samples(user, each.run.id) for each in (first, second)]
        by_id = {(each.sample_id, each.epoch): each for each in theirs}
        return SideBySide(
            first=first, second=second, measure=measure,
            paired=await to_thread.run_sync(lambda: figures.compared(measure, ours, theirs)),
            samples=tuple(
                (each, by_id[each.sample_id, each.epoch]) for each in ours if (each.sample_id, each.epoch) in by_id
            ),
        )  # fmt: skip

    async def board(self, user: User) -> dict[str, list[Standing]]:
        """By exam, the best first: of each model its newest whole run."""
        runs = figures.newest(await self._database.read(lambda c: rows.of(c, owners(user))))
        values = await self._database.read(lambda c: rows.values(c, [run.id for run in runs]))
        shown = await self._shown(runs, user)
        found: dict[str, list[Standing]] = {}
        for task in sorted({run.task for run in runs}):
            of_task = [each for each in shown if each.run.task == task and each.result.figures]
            version = max((each.run.version for each in of_task), default=0)
            of_task = [each for each in of_task if each.run.version == version]
            found[task] = await self._standings(of_task, values, user)
        return {task: standings for task, standings in found.items() if standings}

    # ---- inside ------------------------------------------------------------------------------------------------
    async def _standings(
        self, shown: Sequence[Shown], values: dict[str, list[Any]], user: User
    ) -> list[Standing]:
        ordered = sorted(shown, key=lambda each: -each.result.figures[0].value)
        if not ordered:
            return []
        measure = (await self._measures(ordered[0].run, user))[0]
        against = await to_thread.run_sync(
            figures.against_best, measure, ordered[0].run.id, {each.run.id: values[each.run.id] for each in ordered}
        )  # fmt: skip
        return [Standing(shown=each, against=against.get(each.run.id)) for each in ordered]

    async def _shown(self, runs: Sequence[ExamRun], user: User) -> list[Shown]:
        values = await self._database.read(lambda c: rows.values(c, [run.id for run in runs]))
        found = []
        for run in runs:
            scored = values.get(run.id, [])
            try:
                task = await self.task(run.task, user)
                measures, metric = task.measures, task.metric
            except NotFoundError:  # of an earlier version, or a set of questions that is gone
                measures, metric = tuple(scored[0].values) if scored else (), "mean"
            result = await to_thread.run_sync(figures.result, measures, metric, scored, run.options.epochs)
            jobs = await self._jobs.unfinished(run.id) if run.state in {"queued", "running"} else []
            name = await self._registry.present_name(run.model, user)
            found.append(
                Shown(run=replace(run, model=name), result=result, done=len(scored), left_s=_left(jobs))
            )
        return found

    async def _measures(self, run: ExamRun, user: User) -> tuple[str, ...]:
        return (await self.task(run.task, user)).measures

    async def _run(self, user: User, run_id: str) -> ExamRun:
        found = await self._database.read(lambda connection: rows.find(connection, owners(user), run_id))
        if found is None:
            raise NotFoundError("access.not_found")
        return found

    def _check(self, task: Task, options: RunOptions) -> None:
        if "judge" in task.needs and not options.judge:
            raise PrerequisiteError("evaluation.needs_judge", task=task.name)
        if "sandbox" in task.needs and self._grade is None:
            raise PrerequisiteError("evaluation.no_sandbox")
        if options.method == "likelihood" and task.kind != "choice":
            raise UsageError("evaluation.likelihood_of_choices", param="method", task=task.name)

    async def _begun(self, user: User, task: Task, model: str, options: RunOptions) -> ExamRun | None:
        runs = await self._database.read(lambda c: rows.of(c, {user.id}, task.name, model))
        digest = await self._registry.digest(model)
        alike = (run for run in runs if run.options == options and run.version == task.version)
        return next((run for run in alike if run.state in _OPEN and run.digest == digest), None)

    async def _begin(self, user: User, task: Task, model: str, options: RunOptions) -> ExamRun:
        now = datetime.now(UTC)
        run = ExamRun(
            id=f"run_{secrets.token_hex(12)}", owner_id=user.id, task=task.name, version=task.version, model=model,
            digest=await self._registry.digest(model), options=options, state="queued", created_at=now, updated_at=now,
        )  # fmt: skip
        await self._database.write(lambda connection: rows.add(connection, run))
        await self._jobs.submit(user.id, KIND, run.id)
        return run

    async def _go_on(self, run: ExamRun) -> ExamRun:
        if not await self._jobs.unfinished(run.id):
            now = datetime.now(UTC)
            await self._database.write(
                lambda c: rows.change(
                    c, run.id, ("queued", "running", "failed", "cancelled"), state="queued", updated_at=now
                )
            )
            await self._jobs.submit(run.owner_id, KIND, run.id)
        return run

    async def _prepare(self, run: ExamRun) -> tuple[Task, list[Sample], Bench, str]:
        """For the runner. Raises: NotFoundError: whoever began it is gone, or may no longer."""
        user = await self._owner(run)
        task = await self.task(run.task, user)
        self._check(task, run.options)
        files = await self._datasets.find(task.name, task.files, run.options.data)
        samples = await asyncio.to_thread(task.samples, files)
        judge = await self._registry.get(run.options.judge, user) if run.options.judge else None
        responder, context = (
            await self._registry.get(run.model, user),
            Context(user=user, language=task.language),
        )
        bench = Bench(
            responder=responder, context=context, options=run.options, max_tokens=task.max_tokens, grade=self._grade,
            judge=judge, likelihood=partial(next_letters, self._registry.complete, run.model, context),
        )  # fmt: skip
        return task, samples, bench, await self._registry.digest(run.model)

    async def _owner(self, run: ExamRun) -> User:
        if run.owner_id == LOCAL_OPERATOR_ID:
            return User(id=LOCAL_OPERATOR_ID, name="local", role=Role.ADMINISTRATOR)
        user = await self._database.read(lambda connection: users.by_id(connection, run.owner_id))
        require(user, Action.KEEP_EXAMS)
        assert user
        return user


def _left(jobs: Sequence[Job]) -> float | None:
    running = next((job for job in jobs if job.state == "running" and job.detail.isdigit()), None)
    return float(running.detail) if running else None
