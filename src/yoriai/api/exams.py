"""/api/exams: which exams there are, runs of them by any responder, every sample, two runs side by side, the board."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from yoriai.access import Action, require
from yoriai.api.principal import CurrentContext, CurrentUser
from yoriai.api.reading import Body, StrictRoute
from yoriai.api.shapes import ERRORS
from yoriai.api.state import TheServices
from yoriai.evaluation.exams import Shown, SideBySide, Standing
from yoriai.evaluation.statistics import Verdict
from yoriai.records import ExamRun, ExamSample, RunOptions

router = APIRouter(route_class=StrictRoute, tags=["Exams"], responses=ERRORS)
Name = Annotated[str, Field(min_length=1, max_length=256)]
_RUN = "/api/exams/runs/{run_id}"


class NewRun(Body):
    """`limit`: samples of a fixed choice, 0 for all. `parallel`: with more than one, replies may differ each time."""

    task: Name
    model: Name
    limit: int = Field(0, ge=0, le=1_000_000)
    epochs: int = Field(1, ge=1, le=1000)
    seed: int = Field(1, ge=0, le=2**31 - 1)
    temperature: float | None = Field(None, ge=0, le=2, description="Empty: 0, and 0.8 with several epochs.")
    max_tokens: int = Field(0, ge=0, le=1_000_000)
    parallel: int = Field(1, ge=1, le=64)
    method: Literal["", "letter", "likelihood"] = ""
    judge: str = Field("", max_length=256)
    data: str = Field(
        "", max_length=4096, description="A file or folder of this machine; only its terminal may."
    )
    anew: bool = Field(False, description="Begin again, although such a run is unfinished.")


class JudgeBody(Body):
    judge: Name
    limit: int = Field(100, ge=1, le=1000, description="Pairs to read, in both orders each.")


class AgreementShape(BaseModel):
    """Cohen's kappa with people's votes: 0 is chance. Not `trusted`: its results tell nothing."""

    judge: str
    pairs: int
    agreed: float
    kappa: float
    low: float
    high: float
    consistent: float | None
    trusted: bool


class ExamShape(BaseModel):
    name: str
    kind: str
    language: str
    measures: list[str]
    metric: str
    version: int
    source: str
    licence: str
    needs: list[str]
    has_data: bool
    human: float | None
    human_source: str


class ExamList(BaseModel):
    exams: list[ExamShape]


class FigureShape(BaseModel):
    measure: str
    value: float
    low: float
    high: float
    samples: int


class RunShape(BaseModel):
    """`score`: the first of `figures`, with its 95 % interval. `left_s`: seconds that the rest will take."""

    id: str
    task: str
    version: int
    model: str
    digest: str
    state: str
    done: int
    total: int
    left_s: float | None
    score: FigureShape | None
    figures: list[FigureShape]
    prompt_tokens: int
    completion_tokens: int
    tokens_per_s: float | None
    solving_s: float
    scoring_s: float
    options: RunOptions
    error_key: str | None
    error_values: dict[str, Any]
    created_at: str
    updated_at: str


class RunList(BaseModel):
    runs: list[RunShape]


class RunWithSamples(BaseModel):
    run: RunShape
    samples: list[ExamSample]


class PairedShape(BaseModel):
    """The first run minus the second. `needed`: samples that would show a difference as large as this one."""

    measure: str
    samples: int
    first: float
    second: float
    difference: float
    low: float
    high: float
    p_value: float
    test: str
    wins: int
    losses: int
    needed: int | None
    verdict: Verdict


class ComparisonShape(BaseModel):
    first: RunShape
    second: RunShape
    paired: PairedShape | None


class StandingShape(BaseModel):
    """`p_value`: against the best, corrected by Holm for all that are compared with it; null: it is the best."""

    run: RunShape
    p_value: float | None
    verdict: Verdict | None
    needed: int | None


class BoardShape(BaseModel):
    exams: dict[str, list[StandingShape]]


def shape(shown: Shown) -> RunShape:
    run, result = shown.run, shown.result
    figures = [FigureShape.model_validate(each, from_attributes=True) for each in result.figures]
    return RunShape(
        id=run.id, task=run.task, version=run.version, model=run.model, digest=run.digest, state=run.state,
        done=shown.done, total=run.total, left_s=shown.left_s, score=figures[0] if figures else None, figures=figures,
        prompt_tokens=result.prompt_tokens, completion_tokens=result.completion_tokens,
        tokens_per_s=result.tokens_per_s, solving_s=result.solving_s, scoring_s=result.scoring_s,
        options=run.options, error_key=run.error_key, error_values=run.error_values,
        created_at=run.created_at.isoformat(), updated_at=run.updated_at.isoformat(),
    )  # fmt: skip


def paired_shape(found: SideBySide) -> ComparisonShape:
    pair = found.paired
    paired = pair and PairedShape(
        measure=found.measure, samples=pair.samples, first=pair.first, second=pair.second,
        difference=pair.difference.value, low=pair.difference.low, high=pair.difference.high, p_value=pair.p_value,
        test=pair.test, wins=pair.wins, losses=pair.losses, needed=pair.needed, verdict=pair.verdict(),
    )  # fmt: skip
    return ComparisonShape(first=shape(found.first), second=shape(found.second), paired=paired)


def standing_shape(found: Standing) -> StandingShape:
    against = found.against
    return StandingShape(
        run=shape(found.shown), p_value=against.p_value if against else None,
        verdict=_turned(against.paired.verdict(against.p_value)) if against else None,
        needed=against.paired.needed if against else None,
    )  # fmt: skip


def _turned(verdict: Verdict) -> Verdict:
    """The best one's verdict on this one, said of this one."""
    return {"better": "worse", "worse": "better"}.get(verdict, "no_difference")  # type: ignore[return-value]


@router.get("/api/exams")
async def list_exams(user: CurrentUser, services: TheServices) -> ExamList:
    """Exams that can be sat."""
    return ExamList(
        exams=[
            ExamShape(
                name=task.name, kind=task.kind, language=task.language, measures=list(task.measures),
                metric=task.metric, version=task.version, source=task.source, licence=task.licence,
                needs=sorted(task.needs), has_data=each.has_data, human=task.human.value if task.human else None,
                human_source=task.human.source if task.human else "",
            )
            for each in await services.exams.offered(user) for task in [each.task]
        ]
    )  # fmt: skip


@router.post("/api/exams/judges")
async def measure_judge(body: JudgeBody, context: CurrentContext, services: TheServices) -> AgreementShape:
    """Hold a judge against the votes that you may see: how well it agrees with people."""
    require(context.user, Action.KEEP_EXAMS)
    found = await services.exams.calibration.measure(context, body.judge, body.limit)
    return AgreementShape(
        judge=body.judge, pairs=found.pairs, agreed=found.agreed, kappa=found.kappa.value, low=found.kappa.low,
        high=found.kappa.high, consistent=found.consistent, trusted=found.is_trusted,
    )  # fmt: skip


@router.get("/api/exams/board")
async def show_exam_board(user: CurrentUser, services: TheServices) -> BoardShape:
    """Your models × your exams: of each the newest whole run, held against the best."""
    board = await services.exams.board(user)
    return BoardShape(
        exams={task: [standing_shape(each) for each in standings] for task, standings in board.items()}
    )


@router.get("/api/exams/runs")
async def list_exam_runs(
    user: CurrentUser, services: TheServices, task: str = "", model: str = ""
) -> RunList:
    """Your runs, the newest first."""
    return RunList(runs=[shape(each) for each in await services.exams.runs(user, task, model)])


@router.post("/api/exams/runs", status_code=202)
async def start_exam_run(body: NewRun, user: CurrentUser, services: TheServices) -> RunShape:
    """Let a responder sit an exam, or go on with such a run that hasn't ended."""
    temperature = body.temperature if body.temperature is not None else (0.8 if body.epochs > 1 else 0.0)
    options = RunOptions(
        **body.model_dump(exclude={"task", "model", "anew", "temperature"}), temperature=temperature
    )
    run = await services.exams.start(user, body.task, body.model, options, anew=body.anew)
    return await _shape_of(run, user, services)


@router.get(_RUN)
async def show_exam_run(run_id: str, user: CurrentUser, services: TheServices) -> RunShape:
    """One run, as far as it has come."""
    return shape(await services.exams.get(user, run_id))


@router.get(_RUN + "/samples")
async def show_exam_samples(run_id: str, user: CurrentUser, services: TheServices) -> RunWithSamples:
    """Every sample: prompt, output, score, times, seed."""
    return RunWithSamples(
        run=shape(await services.exams.get(user, run_id)), samples=await services.exams.samples(user, run_id)
    )


@router.post(_RUN + "/cancel", status_code=204, response_class=Response)
async def cancel_exam_run(run_id: str, user: CurrentUser, services: TheServices) -> None:
    """Stop it; what was scored stays."""
    await services.exams.cancel(user, run_id)


@router.post(_RUN + "/resume", status_code=202)
async def resume_exam_run(run_id: str, user: CurrentUser, services: TheServices) -> RunShape:
    """Go on with one that failed or was stopped; no sample is asked again."""
    return await _shape_of(await services.exams.resume(user, run_id), user, services)


@router.delete(_RUN, status_code=204, response_class=Response)
async def delete_exam_run(run_id: str, user: CurrentUser, services: TheServices) -> None:
    """Delete it with its samples."""
    await services.exams.remove(user, run_id)


@router.get(_RUN + "/against/{other_id}")
async def compare_exam_runs(
    run_id: str, other_id: str, user: CurrentUser, services: TheServices
) -> ComparisonShape:
    """Two runs of one exam on the samples that both had: a paired test, and whether it shows a difference."""
    return paired_shape(await services.exams.side_by_side(user, run_id, other_id))


async def _shape_of(run: ExamRun, user: CurrentUser, services: TheServices) -> RunShape:
    return shape(await services.exams.get(user, run.id))
