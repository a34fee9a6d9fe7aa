"""A second model's word: it may lower what words and numbers say, and nothing else."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from fakes.scripted import Scripted
from yoriai.catalog.library import Library
from yoriai.egress import Egress
from yoriai.engines.router import Router
from yoriai.errors import EngineLostError
from yoriai.responders.judging import judged
from yoriai.responders.model import model_responder
from yoriai.settings import EngineSettings
from yoriai.types import (
    ChatRequest,
    Citation,
    Context,
    Event,
    Language,
    Responder,
    Role,
    SentenceSupport,
    Stage,
    Support,
    User,
)

ANNA = User(id="anna", name="anna", role=Role.MEMBER)
PASSAGE = "Part-timers get 3 days of paid leave. Full-time employees get 10 days."
GOOD, BAD, NAKED = "Part-timers get 3 days [1].", " Full-time employees get 3 days [1].", " All are happy."
ANSWER = GOOD + BAD + NAKED
VERDICTS = ("supported", "weak", "uncited")


def support() -> Support:
    sentences, at = [], 0
    for part, verdict in zip((GOOD, BAD, NAKED), VERDICTS, strict=True):
        cited = (1,) if "[1]" in part else ()
        sentences.append(
            SentenceSupport(start=at, end=at + len(part), verdict=verdict, citations=cited)  # type: ignore[arg-type]
        )
        at += len(part)
    return Support(sentences=tuple(sentences))


async def asked(
    judge: Responder, given: Support | None = None, language: Language = "en"
) -> tuple[Support, list[Stage]]:
    citations = [
        Citation(
            number=1, score=1.0, collection_id="c", document_id="d", document="rules.md", page=1, start=0,
            end=len(PASSAGE), text=PASSAGE,
        )
    ]  # fmt: skip
    context = Context(user=ANNA, language=language)
    steps = [step async for step in judged(ANSWER, given or support(), citations, judge, context)]
    assert isinstance(steps[-1], Support)
    return steps[-1], [step for step in steps if isinstance(step, Stage)]


def says(vote: Callable[[str], str]) -> Scripted:
    return Scripted(lambda request: json.dumps({"answer": vote(request.messages[-1].text())}))


async def test_a_yes_confirms_a_no_is_asked_twice_and_lowers() -> None:
    judge = says(lambda question: "no" if "Full-time employees get 3" in question else "yes")
    found, stages = await asked(judge)
    assert [each.verdict for each in found.sentences] == ["supported", "unsupported", "uncited"]
    assert [each.judged for each in found.sentences] == ["yes", "no", ""]
    questions = [each.messages[-1].text() for each in judge.asked]
    assert len(questions) == 3
    assert questions[1].index("Passage:") < questions[1].index("Statement:")
    assert questions[2].index("Statement:") < questions[2].index("Passage:")
    assert all(PASSAGE in question and "[1]" not in question for question in questions)
    assert all(each.response_format and each.temperature == 0 for each in judge.asked)
    assert [(each.name, each.detail, each.progress) for each in stages] == [
        ("checking", "scripted", 0.0), ("checking", "scripted", 0.5),
    ]  # fmt: skip


async def test_who_answers_by_the_order_is_unsure() -> None:
    judge = says(lambda question: "no" if question.startswith("Passage") else "yes")
    found, _ = await asked(judge)
    assert [(each.verdict, each.judged) for each in found.sentences] == [
        ("weak", "unsure"), ("weak", "unsure"), ("uncited", ""),
    ]  # fmt: skip


async def test_nothing_is_raised() -> None:
    """What a passage talks the judge into changes nothing for the better."""
    given = Support(sentences=tuple(
        SentenceSupport(start=each.start, end=each.end, verdict="unsupported", citations=(1,))
        for each in support().sentences
    ))  # fmt: skip
    judge = says(lambda question: "yes")
    assert (await asked(judge, given))[0] == given
    assert judge.asked == []
    assert (await asked(judge))[0].sentences[1].verdict == "weak"


@pytest.mark.parametrize("words", ["Certainly!", '{"answer": "perhaps"}', "[]", "{"])
async def test_no_answer_is_no_vote(words: str) -> None:
    assert (await asked(Scripted(words)))[0] == support()


async def test_a_judge_that_fails_leaves_the_rest(caplog: pytest.LogCaptureFixture) -> None:
    class Lost(Scripted):
        async def respond(self, request: ChatRequest, context: Context) -> AsyncGenerator[Event, None]:
            if len(self.asked) == 1:
                raise EngineLostError("engines.lost", name="judge")
            async for event in super().respond(request, context):
                yield event

    found, _ = await asked(Lost('{"answer": "yes"}'))
    assert [each.judged for each in found.sentences] == ["yes", "", ""]
    assert "judge" in caplog.text


async def test_a_long_reply_is_not_judged_to_its_end() -> None:
    judge = says(lambda question: "yes")
    await asked(judge, Support(sentences=support().sentences[:1] * 50))
    assert len(judge.asked) == 12


async def test_the_readers_language(caplog: pytest.LogCaptureFixture) -> None:
    judge = says(lambda question: "yes")
    await asked(judge, language="ja")
    assert judge.asked[0].messages[0].text().startswith("資料：")


@pytest.mark.slow
async def test_a_real_model_gives_votes(tmp_path: Path, model_path: Callable[[str], Path]) -> None:
    library = Library(tmp_path / "models")
    library.add(model_path("qwen2.5-coder-0.5b"), name="judge", link=True)
    router = Router(EngineSettings(threads=1, parallel=1, context_size=2048), (), library, Egress({}))
    found, _ = await asked(await model_responder("judge", router, library))
    await router.aclose()
    assert {each.judged for each in found.sentences[:2]} <= {"yes", "no", "unsure"}
    assert all(each.verdict in {given.verdict, "weak", "unsupported"}
               for each, given in zip(found.sentences, support().sentences, strict=True))  # fmt: skip
