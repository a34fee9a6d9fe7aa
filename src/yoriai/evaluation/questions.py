"""The Questions service: sets of one's own questions, grown from chats, files and documents; each an exam `own:NAME`.

A change is another version of its set, so that scores of different questions are never held against each other. Half
of the questions are hidden, by their ids: `own:NAME#open` is what tuning may look at, `own:NAME#hidden` tells then.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from yoriai.access import Action, owners, require
from yoriai.errors import ConflictError, NotFoundError, UsageError
from yoriai.evaluation.checking import check_question, checked
from yoriai.evaluation.solving import generate
from yoriai.evaluation.task import Sample, Task
from yoriai.records import Check, OwnQuestion, QuestionSet, Turn
from yoriai.store import own_questions as rows
from yoriai.store.database import Connection, Database
from yoriai.types import Message, User

OWN = "own:"
LONGEST_NAME, LONGEST_TEXT, MOST_QUESTIONS = 100, 100_000, 5000
_CHECKS: tuple[str, ...] = get_args(Check)
_NOT_IN_NAMES = frozenset("#/:")


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A question to be kept. Not approved, it is asked of nobody."""

    question: str
    check: Check
    expected: str
    messages: tuple[Turn, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)
    is_approved: bool = True
    origin: str = ""


def is_hidden(question_id: str) -> bool:
    """Half of all, for ever the same ones: an edited question keeps its id."""
    return hashlib.sha256(question_id.encode()).digest()[0] % 2 == 1


class Questions:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def sets(self, user: User) -> list[tuple[QuestionSet, int]]:
        """With how many questions each has."""

        def work(connection: Connection) -> list[tuple[QuestionSet, int]]:
            found = rows.sets(connection, owners(user))
            counts = rows.counts(connection, [each.id for each in found])
            return [(each, counts.get(each.id, 0)) for each in found]

        return await self._database.read(work)

    async def get(self, user: User, name_or_id: str) -> tuple[QuestionSet, list[OwnQuestion]]:
        """Raises: NotFoundError."""
        found = await self._set(user, name_or_id)
        return found, await self._database.read(lambda connection: rows.standing(connection, found.id))

    async def create(self, user: User, name: str) -> QuestionSet:
        """Raises: ForbiddenError; UsageError: no such name; ConflictError: it is taken."""
        require(user, Action.KEEP_EXAMS)
        name = " ".join(name.split())
        if not name or len(name) > LONGEST_NAME or _NOT_IN_NAMES & set(name) or not name.isprintable():
            raise UsageError("evaluation.set_name", param="name", most=LONGEST_NAME)
        now = datetime.now(UTC)
        made = QuestionSet(
            id=f"set_{secrets.token_hex(12)}",
            owner_id=user.id,
            name=name,
            version=1,
            created_at=now,
            updated_at=now,
        )

        def work(connection: Connection) -> None:
            if rows.find_set(connection, {user.id}, name):
                raise ConflictError("evaluation.set_taken", name=name)
            rows.add_set(connection, made)

        await self._database.write(work)
        return made

    async def remove(self, user: User, name_or_id: str) -> None:
        """Raises: NotFoundError."""
        found = await self._set(user, name_or_id)
        await self._database.write(lambda connection: rows.remove_set(connection, found.id))

    async def add(self, user: User, name_or_id: str, drafts: Sequence[Draft]) -> list[OwnQuestion]:
        """All or none. Raises: NotFoundError; UsageError: one that makes no sense, or too many."""
        found = await self._set(user, name_or_id)
        for draft in drafts:
            _check(draft)
        now = datetime.now(UTC)

        def work(connection: Connection) -> list[OwnQuestion]:
            if rows.counts(connection, [found.id]).get(found.id, 0) + len(drafts) > MOST_QUESTIONS:
                raise UsageError("evaluation.too_many_questions", most=MOST_QUESTIONS)
            version = rows.next_version(connection, found.id, now)
            made = [_made(found.id, f"q_{secrets.token_hex(12)}", draft, version, now) for draft in drafts]
            for each in made:
                rows.add(connection, each)
            return made

        return await self._database.write(work)

    async def change(self, user: User, name_or_id: str, question_id: str, draft: Draft) -> OwnQuestion:
        """Another version of it under the same id. Raises: NotFoundError, UsageError."""
        found = await self._set(user, name_or_id)
        _check(draft)

        def work(connection: Connection) -> OwnQuestion:
            before = _standing(connection, found.id, question_id)
            version = rows.next_version(connection, found.id, datetime.now(UTC))
            rows.end(connection, found.id, question_id, version)
            made = _made(found.id, question_id, draft, version, before.created_at)
            rows.add(connection, made)
            return made

        return await self._database.write(work)

    async def drop(self, user: User, name_or_id: str, question_id: str) -> None:
        """Raises: NotFoundError."""
        found = await self._set(user, name_or_id)

        def work(connection: Connection) -> None:
            _standing(connection, found.id, question_id)
            rows.end(
                connection, found.id, question_id, rows.next_version(connection, found.id, datetime.now(UTC))
            )

        await self._database.write(work)

    async def task(self, name: str, user: User) -> Task:
        """The exam of a set, or of its half: NAME, NAME#open, NAME#hidden. Raises: NotFoundError."""
        plain, _, half = name.removeprefix(OWN).partition("#")
        if half not in {"", "open", "hidden"}:
            raise NotFoundError("evaluation.no_half", name=half[:50])
        found, questions = await self.get(user, plain)
        asked = [
            each for each in questions
            if each.is_approved and (not half or is_hidden(each.id) == (half == "hidden"))
        ]  # fmt: skip
        needs: dict[str, Literal["sandbox", "judge"]] = {"code": "sandbox", "rubric": "judge"}
        return Task(
            name=f"{OWN}{found.name}{'#' + half if half else ''}", kind="own", language="ja", source="", licence="",
            samples=lambda _: [_sample(each) for each in asked], solver=generate(), scorer=checked, max_tokens=1024,
            version=found.version,
            needs=frozenset(needs[each.check] for each in asked if each.check in needs),
        )  # fmt: skip

    async def _set(self, user: User, name_or_id: str) -> QuestionSet:
        found = await self._database.read(lambda c: rows.find_set(c, owners(user), name_or_id))
        if found is None:
            raise NotFoundError("evaluation.no_set", name=name_or_id[:LONGEST_NAME])
        return found


def _standing(connection: Connection, set_id: str, question_id: str) -> OwnQuestion:
    found = next((each for each in rows.standing(connection, set_id) if each.id == question_id), None)
    if found is None:
        raise NotFoundError("access.not_found")
    return found


def _check(draft: Draft) -> None:
    if draft.check not in _CHECKS:
        raise UsageError(
            "evaluation.no_check", param="check", value=str(draft.check)[:50], known=", ".join(_CHECKS)
        )
    if not draft.question.strip() or max(len(draft.question), len(draft.expected)) > LONGEST_TEXT:
        raise UsageError("evaluation.question_length", param="question", most=LONGEST_TEXT)
    if draft.is_approved:  # a draft may still lack what it expects
        check_question(draft.check, draft.expected, draft.details)


def _made(set_id: str, question_id: str, draft: Draft, version: int, created_at: datetime) -> OwnQuestion:
    return OwnQuestion(
        id=question_id, set_id=set_id, question=draft.question, check=draft.check, expected=draft.expected,
        messages=draft.messages, details=draft.details, is_approved=draft.is_approved, origin=draft.origin[:200],
        since_version=version, created_at=created_at,
    )  # fmt: skip


def _sample(each: OwnQuestion) -> Sample:
    before = [Message.model_validate({"role": turn.role, "content": turn.content}) for turn in each.messages]
    return Sample(
        id=each.id, input=(*before, Message(role="user", content=each.question)), target=each.expected,
        metadata={"check": each.check, "details": each.details},
    )  # fmt: skip
