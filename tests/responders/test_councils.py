"""Councils by name: who may use which, what they are made of; real ones that lose a member, a client or memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import anyio
import psutil
import pytest

from databases import lay_down
from yoriai import bootstrap
from yoriai.bootstrap import LOCAL_OPERATOR, Services
from yoriai.deliberation import Deliberation
from yoriai.errors import ConflictError, ForbiddenError, NotFoundError, UnsupportedError, UsageError
from yoriai.responders.assistants import Draft as AssistantDraft
from yoriai.responders.councils import Draft, Mode
from yoriai.settings import EngineSettings, Settings
from yoriai.types import ChatRequest, Context, Finish, Role, Stage, TextDelta, Usage, User

ANNA = User(id="anna", name="anna", role=Role.MEMBER)
BEN = User(id="ben", name="ben", role=Role.MEMBER)
ROOT = User(id="root", name="root", role=Role.ADMINISTRATOR)
GUEST = User(id="gus", name="gus", role=Role.GUEST)
ONE, TWO = "smollm2-one", "smollm2-two"
PAIR = (ONE, TWO)


@pytest.fixture
async def services(tmp_path: Path, smollm2_path: Path) -> AsyncIterator[Services]:
    lay_down(tmp_path)
    settings = Settings(home=tmp_path, engine=EngineSettings(threads=1, parallel=2))
    async with bootstrap.build(settings) as services:
        for name in PAIR:
            services.library.add(smollm2_path, name=name, link=True)
        yield services


def asking(name: str, **fields: object) -> ChatRequest:
    question = {"role": "user", "content": "Write a long story about a fox and the moon."}
    return ChatRequest.model_validate({"model": name, "messages": [question], **fields})


async def named(services: Services, user: User) -> list[str]:
    return [info.name for info in await services.registry.list(user)]


async def test_a_council_is_its_owners_until_it_is_shared(services: Services) -> None:
    made = await services.councils.create(ANNA, Draft(name=" three  wise ", members=PAIR))
    assert made.name == "three wise"
    assert "council:three wise" in await named(services, ANNA)
    for other in (BEN, ROOT, GUEST, LOCAL_OPERATOR):
        assert "council:three wise" not in await named(services, other)
        for name in ("council:three wise", f"council:{made.id}", f"reasoner:best-of-2(council:{made.id})"):
            with pytest.raises(NotFoundError):
                await services.registry.get(name, other)
        for deed in (
            services.councils.get(other, made.id),
            services.councils.named(other, "three wise"),
            services.councils.change(other, made.id, name="mine"),
            services.councils.remove(other, made.id),
        ):
            with pytest.raises(NotFoundError):
                await deed
    await services.councils.change(ANNA, made.id, sharing="everyone")
    for other in (BEN, ROOT, GUEST):
        assert (await services.registry.get("council:THREE wise", other)).name == "council:three wise"
        with pytest.raises(NotFoundError):
            await services.councils.change(other, made.id, sharing="owner")
        with pytest.raises(NotFoundError):
            await services.councils.remove(other, made.id)


async def test_what_can_not_be_is_refused(services: Services, smollm2_path: Path) -> None:
    await services.councils.create(ANNA, Draft(name="three", members=PAIR))
    with pytest.raises(ForbiddenError):
        await services.councils.create(GUEST, Draft(name="x", members=PAIR))
    with pytest.raises(ConflictError):
        await services.councils.create(ANNA, Draft(name="ＴＨＲＥＥ", members=PAIR))
    for wrong in (
        Draft(name="x", members=(ONE,)), Draft(name="x", members=PAIR * 5), Draft(name=" \n", members=PAIR),
        Draft(name="x", members=PAIR, rounds=0), Draft(name="x", members=PAIR, member_tokens=10**6),
        Draft(name="x", members=PAIR, member_seconds=0), Draft(name="x", members=(ONE, "reasoner:what(is this)")),
    ):  # fmt: skip
        with pytest.raises(UsageError):
            await services.councils.create(ANNA, wrong)
    for members, chair in (((ONE, "nobody"), ""), ((ONE, "assistant:nobody"), ""), (PAIR, "council:nobody")):
        with pytest.raises(NotFoundError):
            await services.councils.create(ANNA, Draft(name="x", members=members, chair=chair))


async def test_a_model_that_does_not_write_is_no_member(services: Services, model_path: object) -> None:
    services.library.add(model_path("multilingual-e5-small"), name="e5", link=True)  # type: ignore[operator]
    with pytest.raises(UnsupportedError):
        await services.councils.create(ANNA, Draft(name="x", members=(ONE, "e5")))


async def test_members_last_when_they_are_renamed_and_may_go(services: Services) -> None:
    assistant = await services.assistants.create(ANNA, AssistantDraft(name="rules", model=ONE))
    inner = await services.councils.create(ANNA, Draft(name="inner", members=PAIR))
    members = ("assistant:rules", "reasoner:best-of-2(council:inner)", ONE)
    made = await services.councils.create(ANNA, Draft(name="outer", members=members, chair="council:inner"))
    assert (made.members, made.chair) == (members, "council:inner")
    await services.assistants.change(ANNA, assistant.id, name="laws")
    await services.councils.change(ANNA, inner.id, name="core")
    shown = await services.councils.named(ANNA, "outer")
    assert shown.members == ("assistant:laws", "reasoner:best-of-2(council:core)", ONE)
    assert shown.chair == "council:core"
    lasting = await services.registry.lasting_name("council:outer", ANNA)
    await services.councils.change(ANNA, made.id, name="all")
    assert await services.registry.present_name(lasting, ANNA) == "council:all"
    await services.assistants.remove(ANNA, assistant.id)
    await services.councils.change(ANNA, made.id, rounds=2)  # what isn't changed isn't looked at
    assert (await services.registry.get("council:all", ANNA)).name == "council:all"


async def test_a_council_is_no_member_of_itself(services: Services) -> None:
    inner = await services.councils.create(ANNA, Draft(name="inner", members=PAIR))
    outer = await services.councils.create(ANNA, Draft(name="outer", members=(ONE, "council:inner")))
    for member in ("council:outer", "council:inner", "reasoner:best-of-2(council:outer)"):
        with pytest.raises(UsageError) as circle:
            await services.councils.change(ANNA, inner.id, members=(ONE, member))
        assert "council:inner" in str(circle.value.values["names"])
        assert inner.id not in str(circle.value.values["names"])  # people know names
        with pytest.raises(UsageError):
            await services.councils.change(ANNA, inner.id, chair=member)
    await services.councils.create(ANNA, Draft(name="third", members=(ONE, "council:outer")))
    with pytest.raises(UsageError):  # too deep
        await services.councils.create(ANNA, Draft(name="fourth", members=(ONE, "council:third")))
    assert (await services.councils.get(ANNA, outer.id)).members == (ONE, "council:inner")


async def test_a_member_whose_engine_is_killed_is_left_out_and_named(services: Services) -> None:
    """kill -9 while it answers, also of the engine that is started anew for it; the other one's answer still comes."""
    await services.councils.create(ANNA, Draft(name="two", members=PAIR, member_tokens=100))
    responder = await services.registry.get("council:two", ANNA)
    for name in PAIR:  # both are loaded before it begins
        await (await services.registry.get(name, ANNA)).count_tokens(asking(name))
    said, killed, states, last = "", 0, {"B": "waiting"}, []

    async def kill() -> None:
        nonlocal killed
        while states["B"] in {"waiting", "running"}:
            if states["B"] == "running" and (engine := _engine_of(services, TWO)):
                engine.kill()
                killed += 1
            await anyio.sleep(0.2)

    with anyio.fail_after(120):
        async with asyncio.TaskGroup() as group:
            group.create_task(kill())
            async with aclosing(responder.respond(asking("council:two"), Context(user=ANNA))) as events:
                async for event in events:
                    if isinstance(event, Deliberation):
                        states |= {each.label: each.state for each in event.contributions}
                    elif isinstance(event, TextDelta):
                        said += event.text
                    elif isinstance(event, Finish | Usage):
                        last.append(event)
    assert killed
    assert states == {"A": "done", "B": "failed"}
    assert f"Without [B] {TWO}, which could not answer." in said
    assert len(said) > 100
    assert [type(each) for each in last] == [Finish, Usage]


async def test_hanging_up_frees_every_engine(services: Services) -> None:
    await services.councils.create(ANNA, Draft(name="two", members=PAIR, member_tokens=2000))
    responder = await services.registry.get("council:two", ANNA)
    with anyio.fail_after(60):
        async with aclosing(responder.respond(asking("council:two"), Context(user=ANNA))) as events:
            async for event in events:
                running = isinstance(event, Deliberation) and [each.state for each in event.contributions]
                if running == ["running", "running"]:
                    break
    with anyio.fail_after(1):
        while any(services.router.is_answering(besides=name) for name in PAIR):
            await anyio.sleep(0.01)


@pytest.mark.parametrize(
    ("mode", "reviews"), [("vote", False), pytest.param("synthesise", True, marks=pytest.mark.slow)]
)
async def test_the_same_seed_gives_the_same_council(services: Services, mode: Mode, reviews: bool) -> None:
    draft = Draft(name="two", members=(ONE, ONE), member_tokens=16, mode=mode, reviews=reviews)
    await services.councils.create(ANNA, draft)
    responder = await services.registry.get("council:two", ANNA)

    async def told(seed: int) -> object:
        said, last = "", None
        request = asking("council:two", seed=seed, max_tokens=24, temperature=1)
        async for event in responder.respond(request, Context(user=ANNA)):
            said += event.text if isinstance(event, TextDelta) else ""
            last = event if isinstance(event, Deliberation) else last
        assert last
        return said, [each.text for each in last.contributions], last.reviews, last.claims

    first = await told(7)
    assert await told(7) == first
    assert await told(8) != first


async def test_where_memory_holds_one_model_members_answer_one_after_the_other(
    tmp_path: Path, smollm2_path: Path
) -> None:
    """With a swap for each, and nobody left out for having waited."""
    needed = 400_000_000
    settings = Settings(
        home=tmp_path, engine=EngineSettings(threads=1, parallel=1, context_size=512, memory_bytes=needed)
    )
    async with bootstrap.build(settings) as services:
        for name in PAIR:
            services.library.add(smollm2_path, name=name, link=True)
        await services.councils.create(ANNA, Draft(name="two", members=PAIR, member_tokens=16, mode="vote"))
        responder = await services.registry.get("council:two", ANNA)
        loaded, last = [], None
        with anyio.fail_after(120):
            async for event in responder.respond(asking("council:two"), Context(user=ANNA)):
                if isinstance(event, Stage) and event.name == "loading":
                    loaded.append(event.detail)
                last = event if isinstance(event, Deliberation) else last
        assert last
        assert {each.state for each in last.contributions} == {"done"}
        assert set(loaded) == set(PAIR)
        assert last.cost.swaps >= 2


def _engine_of(services: Services, name: str) -> psutil.Process | None:
    engine = services.router._engines.get(name)  # the test kills what no interface lets one kill
    pid = engine.process.pid if engine and engine.process else None
    return psutil.Process(pid) if pid and psutil.pid_exists(pid) else None
