"""What the model says before it answers: do the passages state it? Probabilities are written down; one real model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.scripted import Leaning, Scripted
from yoriai.catalog.library import Library
from yoriai.egress import Egress
from yoriai.engines.router import Router
from yoriai.i18n.catalogue import text
from yoriai.knowledge.context import quoted
from yoriai.responders.answerable import is_doubted
from yoriai.responders.model import model_responder
from yoriai.responders.turns import Grounded
from yoriai.settings import EngineSettings
from yoriai.types import ChatRequest, Citation, Context, Language, Message, Role, Sources, User

USER = User(id="anna", name="Anna", role=Role.MEMBER)
PRICES = "Hinge KX-204 costs 4.20 euros. Hinge KX-205 costs 5.10 euros."


def grounded(question: str, language: Language = "en") -> Grounded:
    passage = Citation(
        number=1, collection_id="c", document_id="d", document="prices.txt", page=1, start=0, end=len(PRICES),
        text=PRICES, score=1.0,
    )  # fmt: skip
    asked = text("responders.ask_question", language, passages=quoted([passage]), question=question)
    messages = [Message(role="system", content="Rules."), Message(role="user", content=asked)]
    return Grounded(
        request=ChatRequest(model="m", messages=messages), question=question, language=language, is_relevant=True,
        sources=Sources(citations=(passage,), found=1, left_out=0, tokens=1, budget=1, query=question),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("likeliest", "expected"),
    [
        ({"No": 0.9, "Yes": 0.1}, True),
        ({"no": 0.4, " No": 0.3, "yes": 0.2}, True),
        ({"no": 0.6, "yes": 0.3}, False),
        ({"いい": 0.8, "は": 0.1}, True),
        ({"No": 0.5, "Yes": 0.5}, False),
        ({"Yes": 0.9, "No": 0.1}, False),
        ({"The": 1.0}, False),
    ],
)
async def test_only_a_clear_no_counts(likeliest: dict[str, float], expected: bool) -> None:
    found = await is_doubted(grounded("What does KX-206 cost?"), Leaning("", **likeliest), Context(user=USER))
    assert found is expected


async def test_a_model_that_tells_no_probabilities_refuses_nothing() -> None:
    assert not await is_doubted(grounded("What does KX-206 cost?"), Scripted("No."), Context(user=USER))


async def test_what_is_no_question_is_not_asked_about() -> None:
    inner = Leaning("", No=1.0)
    assert not await is_doubted(grounded("List the prices."), inner, Context(user=USER))
    assert inner.asked == []


@pytest.mark.parametrize(
    ("language", "question"), [("en", "What does KX-206 cost?"), ("ja", "KX-206の値段は？")]
)
async def test_the_prompt_begins_as_that_of_the_answer(language: Language, question: str) -> None:
    inner, given = Leaning("", Yes=1.0), grounded(question, language)
    await is_doubted(given, inner, Context(user=USER))
    (asked,) = inner.asked
    assert asked.messages[:-1] == given.request.messages[:-1]
    said, answered = asked.messages[-1].text(), given.request.messages[-1].text()
    passages = quoted(given.sources.citations)
    assert said.startswith(passages)
    assert answered.startswith(passages)
    assert said.count(question) == 1
    assert asked.max_tokens == 1


@pytest.mark.slow
async def test_a_real_model_tells_a_price_that_is_there_from_one_that_is_not(
    tmp_path: Path, model_path: Callable[[str], Path]
) -> None:
    library = Library(tmp_path / "models")
    library.add(model_path("qwen2.5-coder-1.5b"), name="m", link=True)
    router = Router(EngineSettings(threads=1, parallel=1, context_size=2048), (), library, Egress({}))
    inner = await model_responder("m", router, library)
    found = [
        await is_doubted(grounded(question), inner, Context(user=USER))
        for question in ("What does the hinge KX-205 cost?", "Who founded the city of Osaka?")
    ]
    await router.aclose()
    assert found == [False, True]
