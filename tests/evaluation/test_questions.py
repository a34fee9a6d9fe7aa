"""One's own questions: every check says yes and no, bad ones are refused, versions and the hidden half hold."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from yoriai.errors import NotFoundError, UsageError
from yoriai.evaluation.agreement import agreement
from yoriai.evaluation.checking import check_question, checked, matches
from yoriai.evaluation.judges import Preferred, majority
from yoriai.evaluation.question_files import read
from yoriai.evaluation.questions import Draft, Questions, is_hidden
from yoriai.evaluation.task import Bench, Output, Sample
from yoriai.records import RunOptions
from yoriai.store.database import Database
from yoriai.types import Context, Message, Responder, Role, User

ANNA = User(id="anna", name="anna", role=Role.MEMBER)
BEN = User(id="ben", name="ben", role=Role.MEMBER)
SCHEMA = '{"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}, "required": ["n"]}'


def score(check: str, expected: str, said: str, cited: tuple[str, ...] = (), **details: Any) -> float:
    nobody: Responder = None  # type: ignore[assignment]  # these checks ask nobody
    bench = Bench(
        responder=nobody, context=Context(user=ANNA), options=RunOptions(), max_tokens=1, likelihood=None
    )
    sample = Sample(
        id="q", input=(Message(role="user", content="?"),), target=expected,
        metadata={"check": check, "details": details},
    )  # fmt: skip
    output = Output(prompt=sample.input, text=said, cited=cited)
    return asyncio.run(checked(sample, output, bench)).values["accuracy"]


@pytest.mark.parametrize(
    ("check", "expected", "right", "wrong"),
    [
        ("exact", "東京\n東京都", "答え：東京都。", "東京都と大阪"),
        ("exact", "Paris", "paris", "Not Paris"),
        ("contains", "3月31日", "期限は３月３１日です。", "期限は4月です。"),
        ("regex", r"^\d{3}-\d{4}$", "郵便番号:\n100-0001", "1000001"),
        ("number", "1200", "It costs $1,200.00 in all.", "It costs 1,201."),
        ("json_schema", SCHEMA, 'Here:\n```json\n{"n": 3}\n```', '{"n": 0}'),
        ("json_schema", SCHEMA, '{"n": 1, "more": true}', '{"n": "1"}'),
    ],
)
def test_a_check_tells_right_from_wrong(check: str, expected: str, right: str, wrong: str) -> None:
    assert score(check, expected, right) == 1.0
    assert score(check, expected, wrong) == 0.0


def test_a_number_may_be_off_by_its_tolerance() -> None:
    assert score("number", "3.14", "Answer: 3.1", tolerance="0.05") == 1.0
    assert score("number", "3.14", "Answer: 3.0", tolerance="0.05") == 0.0


def test_citations_have_to_hold_what_is_expected() -> None:
    assert score("citations", "31 March", "See [1].", cited=("It is due on 31 March.",)) == 1.0
    assert score("citations", "31 March", "See [1].", cited=("It is due soon.",)) == 0.0
    assert score("citations", "31 March", "On 31 March.") == 0.0


def test_a_pattern_that_never_ends_is_ended() -> None:
    began = time.monotonic()
    assert asyncio.run(matches(r"^(a+)+$", "a" * 40 + "b")) is None
    assert time.monotonic() - began < 10
    assert asyncio.run(matches("b$", "a" * 40 + "b")) is True


@pytest.mark.parametrize(
    ("check", "expected", "details"),
    [
        ("exact", " ", {}), ("regex", "(", {}), ("number", "many", {}), ("number", "1", {"tolerance": "x"}),
        ("json_schema", "{", {}), ("json_schema", '{"$ref": "x"}', {}), ("json_schema", '{"type": "odd"}', {}),
        ("json_schema", "[1]", {}),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(check: Any, expected: str, details: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        check_question(check, expected, details)


@pytest.fixture
def questions(tmp_path: Path) -> Iterator[Questions]:
    database = Database(f"sqlite:///{tmp_path / 'yoriai.db'}")
    database.migrate()
    yield Questions(database)
    database.close()


async def test_a_set_grows_by_versions_and_is_an_exam(questions: Questions) -> None:
    await questions.create(ANNA, "よく聞く質問")
    drafts = [Draft(question=f"Question {n}?", check="contains", expected=str(n)) for n in range(40)]
    kept = await questions.add(ANNA, "よく聞く質問", drafts)
    await questions.add(
        ANNA, "よく聞く質問", [Draft(question="?", check="exact", expected="", is_approved=False)]
    )
    before = await questions.task("own:よく聞く質問", ANNA)
    assert len(before.samples({})) == 40  # nobody has approved the last one
    changed = Draft(question="Another?", check="exact", expected="yes")
    await questions.change(ANNA, "よく聞く質問", kept[0].id, changed)
    after = await questions.task("own:よく聞く質問", ANNA)
    assert after.version > before.version
    assert [each.id for each in after.samples({})] == [each.id for each in before.samples({})]
    halves = [
        (await questions.task(f"own:よく聞く質問#{half}", ANNA)).samples({}) for half in ("open", "hidden")
    ]
    assert {each.id for each in halves[0]} | {each.id for each in halves[1]} == {each.id for each in kept}
    assert all(is_hidden(each.id) for each in halves[1])
    assert min(map(len, halves)) >= 8


async def test_a_set_is_its_owners(questions: Questions) -> None:
    made = await questions.create(ANNA, "mine")
    for name in ("mine", made.id):
        with pytest.raises(NotFoundError):
            await questions.get(BEN, name)
    await questions.create(BEN, "mine")  # a name of his own


def test_files_are_taken_in_or_refused_with_their_line() -> None:
    rows = read("q.csv", b'question,expected,check,tolerance\n"1, 2?",3,number,0.5\n')
    assert (rows[0].question, rows[0].check, rows[0].details) == ("1, 2?", "number", {"tolerance": "0.5"})
    drafted = b'{"question": "When?", "answer": "Friday", "document": "a.pdf", "approved": false}\n'
    assert read("q.jsonl", drafted)[0] == Draft(
        question="When?", check="contains", expected="Friday", origin="a.pdf", is_approved=False
    )
    with pytest.raises(UsageError) as wrong:
        read("q.jsonl", drafted + b'{"question": "?"}\n')
    assert wrong.value.values == {"line": 2}


def test_kappa_of_the_worked_example() -> None:
    """en.wikipedia.org/wiki/Cohen's_kappa: 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no: 0.4."""
    cells: list[tuple[int, Preferred, Preferred]] = [
        (20, "first", "first"), (5, "first", "second"), (10, "second", "first"), (15, "second", "second")
    ]  # fmt: skip
    judge = [ours for count, ours, _ in cells for _ in range(count)]
    people = [theirs for count, _, theirs in cells for _ in range(count)]
    found = agreement(judge, people)
    assert found.kappa.value == pytest.approx(0.4)
    assert found.kappa.low < 0.4 < found.kappa.high
    assert not found.is_trusted  # just below the threshold
    assert agreement(people, people).is_trusted
    always = agreement(["first"] * 60, people[:30] + people[30:] + people[:10])
    assert always.kappa.value == pytest.approx(0)
    assert not always.is_trusted


def test_most_judges_decide() -> None:
    assert majority(["first", "first", "second"]) == "first"
    assert majority(["first", "second"]) == "tie"
