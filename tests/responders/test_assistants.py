"""Assistants and collections by name: who may use which, what of it they get, and what a name leads to in the end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from databases import lay_down
from yoriai import bootstrap
from yoriai.bootstrap import LOCAL_OPERATOR, Services
from yoriai.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    UsageError,
    YoriaiError,
)
from yoriai.responders.assistants import Draft
from yoriai.settings import EngineSettings, Settings
from yoriai.types import ChatRequest, Context, Role, Sources, TextDelta, User

ANNA = User(id="anna", name="anna", role=Role.MEMBER)
BEN = User(id="ben", name="ben", role=Role.MEMBER)
ROOT = User(id="root", name="root", role=Role.ADMINISTRATOR)
GUEST = User(id="gus", name="gus", role=Role.GUEST)
SECRET = "The merger with Yamada is announced on Friday."


@pytest.fixture
async def services(tmp_path: Path, smollm2_path: Path) -> AsyncIterator[Services]:
    lay_down(tmp_path)
    settings = Settings(home=tmp_path, engine=EngineSettings(threads=1, parallel=1))
    async with bootstrap.build(settings) as services:
        services.library.add(smollm2_path, name="smollm2-135m", link=True)
        services.knowledge.start(watch=False)
        yield services


async def secrets(services: Services, owner: User = ANNA) -> str:
    """A collection with one document, read."""
    made = await services.knowledge.collections.create(owner, "secrets")
    await services.knowledge.adding.text(owner, made.id, "merger", SECRET)
    with anyio.fail_after(60):
        while await services.jobs.unfinished(made.id):
            await anyio.sleep(0.02)
    return made.id


async def named(services: Services, user: User) -> list[str]:
    return [info.name for info in await services.registry.list(user)]


async def sources(services: Services, user: User, name: str) -> Sources | None:
    responder = await services.registry.get(name, user)
    request = ChatRequest.model_validate(
        {"model": name, "messages": [{"role": "user", "content": "When is the merger?"}], "max_tokens": 4}
    )
    found = None
    async for event in responder.respond(request, Context(user=user)):
        found = event if isinstance(event, Sources) else found
        assert not (isinstance(event, TextDelta) and found and not found.citations and "Friday" in event.text)
    return found


async def test_an_assistant_is_its_owners_until_it_is_shared(services: Services) -> None:
    made = await services.assistants.create(ANNA, Draft(name="rules"))
    assert "assistant:rules" in await named(services, ANNA)
    for other in (BEN, ROOT, GUEST, LOCAL_OPERATOR):
        assert "assistant:rules" not in await named(services, other)
        for name in ("assistant:rules", f"assistant:{made.id}"):
            with pytest.raises(NotFoundError):
                await services.registry.get(name, other)
        for deed in (
            services.assistants.get(other, made.id),
            services.assistants.change(other, made.id, name="mine"),
            services.assistants.remove(other, made.id),
        ):
            with pytest.raises(NotFoundError):
                await deed
    await services.assistants.change(ANNA, made.id, sharing="everyone")
    for other in (BEN, ROOT, GUEST):
        assert (await services.registry.get("assistant:rules", other)).name == "assistant:rules"
        with pytest.raises(NotFoundError):
            await services.assistants.change(other, made.id, sharing="owner")
        with pytest.raises(NotFoundError):
            await services.assistants.remove(other, made.id)


async def test_a_shared_assistant_searches_with_its_askers_rights(services: Services) -> None:
    collection = await secrets(services)
    await services.assistants.create(
        ANNA, Draft(name="rules", collection_ids=(collection,), sharing="everyone")
    )
    of_anna = await sources(services, ANNA, "assistant:rules")
    assert of_anna
    assert [citation.text for citation in of_anna.citations] == [SECRET]
    of_ben = await sources(services, BEN, "assistant:rules")
    assert of_ben  # still an answer from documents: from none
    assert of_ben.citations == ()
    assert (await services.assistants.named(BEN, "rules")).collection_ids == ()
    await services.knowledge.collections.change(ANNA, collection, sharing="everyone")
    of_ben = await sources(services, BEN, "assistant:rules")
    assert of_ben
    assert of_ben.citations


async def test_a_removed_collection_is_no_longer_asked(services: Services) -> None:
    collection = await secrets(services)
    await services.assistants.create(ANNA, Draft(name="rules", collection_ids=(collection,)))
    await services.knowledge.collections.remove(ANNA, collection)
    found = await sources(services, ANNA, "assistant:rules")
    assert found
    assert found.citations == ()


async def test_a_collection_is_asked_by_name_or_id_by_those_who_may_read_it(services: Services) -> None:
    collection = await secrets(services)
    for name in ("collection:secrets", f"collection:{collection}"):
        found = await sources(services, ANNA, name)
        assert found
        assert found.citations
        with pytest.raises(NotFoundError):
            await services.registry.get(name, BEN)
    assert await services.assistants.usable(ANNA) == []  # nothing is kept of it


async def test_one_that_is_hidden_by_ones_own_name_goes_by_its_id(services: Services) -> None:
    theirs = await services.assistants.create(ANNA, Draft(name="rules", sharing="everyone"))
    own = await services.assistants.create(BEN, Draft(name="Ｒules"))
    assert {f"assistant:{theirs.id}", "assistant:Ｒules"} <= set(await named(services, BEN))
    assert await services.assistants.named(BEN, "rules") == own
    assert await services.assistants.named(BEN, theirs.id) == theirs
    for name in await named(services, BEN):
        assert await services.registry.get(name, BEN)  # whatever is listed can be asked


async def test_what_was_made_on_the_terminal_is_the_administrators(services: Services) -> None:
    await services.assistants.create(LOCAL_OPERATOR, Draft(name="rules"))
    assert "assistant:rules" in await named(services, ROOT)
    assert "assistant:rules" not in await named(services, ANNA)


async def test_whoever_answers_by_default_is_a_model(services: Services) -> None:
    await services.assistants.create(ANNA, Draft(name="rules"))
    assert await services.registry.default_name(ANNA) == "smollm2-135m"


@pytest.mark.parametrize(
    ("draft", "error"),
    [
        (Draft(name=" \n"), UsageError),
        (Draft(name="x" * 201), UsageError),
        (Draft(name="taken"), ConflictError),
        (Draft(name="ｔＡＫＥＮ"), ConflictError),
        (Draft(name="a", model="no-such-model"), NotFoundError),
        (Draft(name="a", model="assistant:taken"), NotFoundError),  # none on top of another
        (Draft(name="a", model="collection:secrets"), NotFoundError),
        (Draft(name="a", collection_ids=("vs_of_nobody",)), NotFoundError),
    ],
)
async def test_what_can_not_be_is_refused(draft: Draft, error: type[YoriaiError], services: Services) -> None:
    await services.assistants.create(ANNA, Draft(name="taken"))
    with pytest.raises(error):
        await services.assistants.create(ANNA, draft)
    assert [each.name for each in await services.assistants.usable(ANNA)] == ["taken"]


async def test_guests_make_none(services: Services) -> None:
    with pytest.raises(ForbiddenError):
        await services.assistants.create(GUEST, Draft(name="mine"))
