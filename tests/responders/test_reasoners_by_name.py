"""Reasoners as the registry finds them: over what the asker may use, not too deep, over documents, real ones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from databases import lay_down
from yoriai import bootstrap
from yoriai.bootstrap import Services
from yoriai.deliberation import Deliberation
from yoriai.errors import NotFoundError, UsageError
from yoriai.responders.assistants import Draft
from yoriai.settings import EngineSettings, ReasonerSettings, Settings
from yoriai.types import ChatRequest, Context, Event, Finish, Role, Sources, Support, TextDelta, Usage, User

ANNA = User(id="anna", name="anna", role=Role.MEMBER)
BEN = User(id="ben", name="ben", role=Role.MEMBER)
MODEL = "smollm2-135m"


@pytest.fixture
async def services(tmp_path: Path, smollm2_path: Path) -> AsyncIterator[Services]:
    lay_down(tmp_path)
    settings = Settings(
        home=tmp_path, engine=EngineSettings(threads=1, parallel=2), reasoner=ReasonerSettings(judge=MODEL)
    )
    async with bootstrap.build(settings) as services:
        services.library.add(smollm2_path, name=MODEL, link=True)
        services.knowledge.start(watch=False)
        yield services


async def asked(services: Services, name: str, question: str) -> list[Event]:
    request = ChatRequest.model_validate(
        {"model": name, "messages": [{"role": "user", "content": question}], "max_tokens": 24, "seed": 3}
    )
    responder = await services.registry.get(name, ANNA)
    return [event async for event in responder.respond(request, Context(user=ANNA))]


async def test_it_reaches_what_the_asker_may_ask_and_nothing_else(services: Services) -> None:
    made = await services.assistants.create(ANNA, Draft(name="rules"))
    name = "reasoner:best-of-2(assistant:rules)"
    assert (await services.registry.get(name, ANNA)).name == name
    for each in (name, f"reasoner:best-of-2(assistant:{made.id})", "reasoner:tree-4(nobody)"):
        with pytest.raises(NotFoundError):
            await services.registry.get(each, BEN)


async def test_a_conversation_keeps_it_by_what_lasts_and_shows_it_by_its_present_name(
    services: Services,
) -> None:
    made = await services.assistants.create(ANNA, Draft(name="rules"))
    lasting = await services.registry.lasting_name("reasoner:tree-4(assistant:rules)", ANNA)
    assert lasting == f"reasoner:tree-4(assistant:{made.id})"
    await services.assistants.change(ANNA, made.id, name="laws")
    assert await services.registry.present_name(lasting, ANNA) == "reasoner:tree-4(assistant:laws)"
    assert await services.registry.present_name("reasoner:nonsense", ANNA) == "reasoner:nonsense"


async def test_composites_stand_inside_each_other_three_deep_at_most(services: Services) -> None:
    name = MODEL
    for _ in range(3):
        name = f"reasoner:best-of-2({name})"
    await services.registry.get(name, ANNA)
    with pytest.raises(UsageError) as caught:
        await services.registry.get(f"reasoner:best-of-3({name})", ANNA)
    assert caught.value.key == "responders.too_deep"


async def test_an_answer_from_documents_brings_what_it_rests_on(services: Services) -> None:
    collection = await services.knowledge.collections.create(ANNA, "office")
    await services.knowledge.adding.text(ANNA, collection.id, "hours", "The office opens at 9 o'clock.")
    with anyio.fail_after(60):
        while await services.jobs.unfinished(collection.id):
            await anyio.sleep(0.02)
    await services.assistants.create(ANNA, Draft(name="office", collection_ids=(collection.id,)))
    events = await asked(
        services, "reasoner:best-of-2+citations(assistant:office)", "When does the office open?"
    )
    sources = next(place for place, each in enumerate(events) if isinstance(each, Sources))
    answer = next(place for place, each in enumerate(events) if isinstance(each, TextDelta))
    support = next(place for place, each in enumerate(events) if isinstance(each, Support))
    assert sources < answer < support
    assert [type(each) for each in events[-2:]] == [Finish, Usage]
    found = [each for each in events if isinstance(each, Deliberation)][-1]
    assert found.scorer == "citations"
    assert all(each.score is not None for each in found.contributions)
    words = events[answer]
    assert isinstance(words, TextDelta)
    chosen = max(found.contributions, key=lambda each: each.score or 0)
    assert chosen.text == words.text
    assert chosen.score == max(each.score or 0 for each in found.contributions)


async def test_a_reasoner_of_a_reasoner_counts_every_call(services: Services) -> None:
    events = await asked(
        services, f"reasoner:best-of-2(reasoner:self-consistency-2({MODEL}))", "Why is the sky blue?"
    )
    found = [each for each in events if isinstance(each, Deliberation)][-1]
    assert found.cost.calls == 2 * 2 + 2  # two samples of each, and two grades by the judge
    (usage,) = [each for each in events if isinstance(each, Usage)]
    assert usage.completion_tokens == found.cost.completion_tokens > 0
    assert found.single and found.single.calls == 2
