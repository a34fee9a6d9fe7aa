"""/api/questions: sets of one's own questions, each an exam by the name own:NAME."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, File, UploadFile
from pydantic import BaseModel, Field
from starlette.responses import Response

from yoriai.api.principal import CurrentUser
from yoriai.api.reading import Body, StrictRoute, name_of
from yoriai.api.shapes import ERRORS
from yoriai.api.state import TheServices
from yoriai.errors import UsageError
from yoriai.evaluation import question_files
from yoriai.evaluation.questions import LONGEST_NAME, LONGEST_TEXT, Draft, is_hidden
from yoriai.records import Check, OwnQuestion, QuestionSet, Turn

router = APIRouter(route_class=StrictRoute, tags=["Exams"], responses=ERRORS)
_SET = "/api/questions/{set_id}"
Words = Annotated[str, Field(max_length=LONGEST_TEXT)]


class TurnShape(Body):
    role: Annotated[str, Field(pattern="^(system|user|assistant)$")]
    content: Words


class NewSet(Body):
    name: str = Field(min_length=1, max_length=LONGEST_NAME)


class QuestionBody(Body):
    """`expected`: the answer, pattern, JSON schema, tests or rubric that `check` holds answers against."""

    question: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
    check: Check = "contains"
    expected: Words = ""
    tolerance: float | None = Field(None, ge=0, le=1e12, description="Of a number.")
    messages: list[TurnShape] = Field([], max_length=200)
    approved: bool = Field(True, description="Questions that nobody has approved are asked of nobody.")
    origin: str = Field("", max_length=200)

    def draft(self) -> Draft:
        details = {"tolerance": f"{self.tolerance:f}"} if self.tolerance is not None else {}
        return Draft(
            question=self.question, check=self.check, expected=self.expected, details=details, origin=self.origin,
            messages=tuple(Turn(role=each.role, content=each.content) for each in self.messages),
            is_approved=self.approved,
        )  # fmt: skip


class SetShape(BaseModel):
    id: str
    name: str
    version: int
    questions: int


class SetList(BaseModel):
    sets: list[SetShape]


class QuestionShape(BaseModel):
    id: str
    question: str
    check: Check
    expected: str
    details: dict[str, Any]
    messages: list[Turn]
    approved: bool
    hidden: bool
    origin: str
    version: int


class SetWithQuestions(BaseModel):
    set: SetShape
    questions: list[QuestionShape]


class Imported(BaseModel):
    new: int


def _set_shape(found: QuestionSet, count: int) -> SetShape:
    return SetShape(id=found.id, name=found.name, version=found.version, questions=count)


def _shape(each: OwnQuestion) -> QuestionShape:
    return QuestionShape(
        id=each.id, question=each.question, check=each.check, expected=each.expected, details=each.details,
        messages=list(each.messages), approved=each.is_approved, hidden=is_hidden(each.id), origin=each.origin,
        version=each.since_version,
    )  # fmt: skip


@router.get("/api/questions")
async def list_question_sets(user: CurrentUser, services: TheServices) -> SetList:
    """Your sets of questions."""
    return SetList(sets=[_set_shape(*each) for each in await services.exams.questions.sets(user)])


@router.post("/api/questions", status_code=201)
async def create_question_set(body: NewSet, user: CurrentUser, services: TheServices) -> SetShape:
    """Begin a set; it is an exam by the name own:NAME."""
    return _set_shape(await services.exams.questions.create(user, body.name), 0)


@router.get(_SET)
async def show_question_set(set_id: str, user: CurrentUser, services: TheServices) -> SetWithQuestions:
    """A set, by id or name, with the questions of its newest version."""
    found, questions = await services.exams.questions.get(user, set_id)
    return SetWithQuestions(
        set=_set_shape(found, len(questions)), questions=[_shape(each) for each in questions]
    )


@router.delete(_SET, status_code=204, response_class=Response)
async def delete_question_set(set_id: str, user: CurrentUser, services: TheServices) -> None:
    """Delete a set; runs of it stay."""
    await services.exams.questions.remove(user, set_id)


@router.post(_SET + "/questions", status_code=201)
async def add_question(
    set_id: str, body: QuestionBody, user: CurrentUser, services: TheServices
) -> QuestionShape:
    """Add a question."""
    return _shape((await services.exams.questions.add(user, set_id, [body.draft()]))[0])


@router.put(_SET + "/questions/{question_id}")
async def change_question(
    set_id: str, question_id: str, body: QuestionBody, user: CurrentUser, services: TheServices
) -> QuestionShape:
    """Another version of a question, under the same id."""
    return _shape(await services.exams.questions.change(user, set_id, question_id, body.draft()))


@router.delete(_SET + "/questions/{question_id}", status_code=204, response_class=Response)
async def drop_question(set_id: str, question_id: str, user: CurrentUser, services: TheServices) -> None:
    """From the next version on it is not asked."""
    await services.exams.questions.drop(user, set_id, question_id)


@router.post(_SET + "/import", status_code=201)
async def import_questions(
    set_id: str, file: Annotated[UploadFile, File()], user: CurrentUser, services: TheServices
) -> Imported:
    """Take in a CSV with a header or JSON Lines, also what `yoriai kb draft` wrote. One wrong line, and none is."""
    await services.exams.questions.get(user, set_id)
    content = await file.read(question_files.MOST_BYTES + 1)
    if len(content) > question_files.MOST_BYTES:
        raise UsageError("evaluation.questions_large", limit=question_files.MOST_BYTES)
    drafts = question_files.read(name_of(file), content)
    return Imported(new=len(await services.exams.questions.add(user, set_id, drafts)))
