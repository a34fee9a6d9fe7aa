"""Several responders at once: the real SmolLM2 and a remote endpoint, side by side and blind."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

import orjson
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from databases import lay_down
from fakes.echo_model import echo_model
from yoriai import bootstrap
from yoriai.bootstrap import Services
from yoriai.chat.comparisons import Compared, forget_vote, reveal
from yoriai.errors import ConflictError, NotFoundError, UsageError
from yoriai.settings import EngineSettings, RemoteSettings, Settings
from yoriai.types import Context, Role, Sampling, User

ECHO, SLOW, BROKEN = "fake/echo", "fake/slow", "fake/broken"
TELLTALE = ("fake", "echo", "slow", "broken", "smollm2")


@asynccontextmanager
async def house(home: Path, model: Path | None = None) -> AsyncIterator[tuple[Services, Context]]:
    """All services, and one user; with `model` as smollm2."""
    lay_down(home)
    with echo_model() as url:
        remote = RemoteSettings(name="fake", url=url, models=("echo", "slow", "broken"))
        engine = EngineSettings(threads=1, parallel=2, context_size=1024)
        async with bootstrap.build(Settings(home=home, remotes=(remote,), engine=engine)) as services:
            if model:
                services.library.add(model, name="smollm2", link=True)
            user = await services.accounts.create_user("anna", "correct horse battery", Role.MEMBER)
            yield services, Context(user=user)


async def ended(services: Services, user: User, comparison_id: str) -> Compared:
    """Wait for the end of every answer."""
    for column in (await services.comparisons.get(user, comparison_id)).columns:
        for message in column.messages:
            if message.role == "assistant":
                _ = [each async for each in services.chat.follow(user, message.id)]
    return await services.comparisons.get(user, comparison_id)


def answers(compared: Compared) -> list[str]:
    return [column.messages[-1].content for column in compared.columns]


async def test_one_question_is_answered_by_all_and_kept(tmp_path: Path) -> None:
    async with house(tmp_path) as (services, context):
        made = await services.comparisons.create(context.user, [SLOW, ECHO])
        asked = await services.comparisons.ask(context, made.comparison.id, "Where do foxes sleep?")
        assert all(each.reply and each.error is None for each in asked)
        compared = await ended(services, context.user, made.comparison.id)
        assert [column.conversation.model for column in compared.columns] == [SLOW, ECHO]
        assert answers(compared) == ["Where do foxes sleep?"] * 2
        assert compared.comparison.title == "Where do foxes sleep?"
        slow, quick = (column.messages[-1].duration_ms or 0 for column in compared.columns)
        assert slow > quick > 0
        assert [each.id for each in await services.comparisons.of(context.user)] == [made.comparison.id]
        assert await services.chat.conversations(context.user) == []


async def test_one_of_them_can_be_asked_further_alone(tmp_path: Path) -> None:
    async with house(tmp_path) as (services, context):
        made = await services.comparisons.create(context.user, [SLOW, ECHO])
        second = made.columns[1].conversation.id
        await services.comparisons.ask(context, made.comparison.id, "first")
        await ended(services, context.user, made.comparison.id)
        await services.comparisons.ask(context, made.comparison.id, "more", conversation_id=second)
        compared = await ended(services, context.user, made.comparison.id)
        assert [len(column.messages) for column in compared.columns] == [2, 4]


async def test_one_that_fails_does_not_hold_up_the_others(tmp_path: Path) -> None:
    async with house(tmp_path) as (services, context):
        made = await services.comparisons.create(context.user, [BROKEN, ECHO])
        await services.comparisons.ask(context, made.comparison.id, "hello")
        compared = await ended(services, context.user, made.comparison.id)
        assert [column.messages[-1].status for column in compared.columns] == ["failed", "done"]


async def test_a_responder_that_is_gone_is_told_beside_the_answers_of_the_others(
    smollm2_path: Path, tmp_path: Path
) -> None:
    async with house(tmp_path, smollm2_path) as (services, context):
        made = await services.comparisons.create(context.user, ["smollm2", ECHO])
        blind = await services.comparisons.create(context.user, ["smollm2", ECHO], kind="blind")
        await services.registry.remove("smollm2")
        gone, there = await services.comparisons.ask(context, made.comparison.id, "hello")
        assert gone.error
        assert gone.error.key == "responders.unknown"
        assert there.reply
        asked = await services.comparisons.ask(context, blind.comparison.id, "hello")
        (error,) = [each.error for each in asked if each.error]
        assert error.key == "chat.masked_failure"
        assert error.values == {}
        await ended(services, context.user, made.comparison.id)
        await ended(services, context.user, blind.comparison.id)


async def test_the_one_that_is_gone_on_with_becomes_an_ordinary_conversation(tmp_path: Path) -> None:
    async with house(tmp_path) as (services, context):
        made = await services.comparisons.create(context.user, [SLOW, ECHO])
        await services.comparisons.ask(context, made.comparison.id, "hello")
        await ended(services, context.user, made.comparison.id)
        chosen = made.columns[1].conversation.id
        adopted = await services.comparisons.adopt(context.user, made.comparison.id, chosen)
        assert (adopted.id, adopted.comparison_id) == (chosen, None)
        assert [each.id for each in await services.chat.conversations(context.user)] == [chosen]
        left = await services.comparisons.get(context.user, made.comparison.id)
        assert [column.conversation.model for column in left.columns] == [SLOW]
        await services.comparisons.remove(context.user, made.comparison.id)
        assert (await services.chat.get(context.user, chosen))[1][-1].content == "hello"


async def test_removing_stops_what_runs_and_leaves_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as (services, context):
        made = await services.comparisons.create(context.user, [SLOW, ECHO])
        await services.comparisons.ask(context, made.comparison.id, "word " * 1000)
        with pytest.raises(ConflictError):
            await services.comparisons.ask(context, made.comparison.id, "and?")
        await services.comparisons.remove(context.user, made.comparison.id)
        for column in made.columns:
            with pytest.raises(NotFoundError):
                await services.chat.get(context.user, column.conversation.id)


async def test_stopping_keeps_what_was_said(tmp_path: Path) -> None:
    async with house(tmp_path) as (services, context):
        made = await services.comparisons.create(context.user, [SLOW, ECHO])
        await services.comparisons.ask(context, made.comparison.id, "word " * 1000)
        await services.comparisons.stop(context.user, made.comparison.id)
        compared = await services.comparisons.get(context.user, made.comparison.id)
        assert compared.columns[0].messages[-1].status == "stopped"
        assert not compared.is_running


@pytest.mark.parametrize("names", [[ECHO], [ECHO, ECHO], [ECHO, SLOW] * 4], ids=["one", "twice", "eight"])
async def test_two_to_six_different_ones(names: list[str], tmp_path: Path) -> None:
    async with house(tmp_path) as (services, context):
        with pytest.raises(UsageError):
            await services.comparisons.create(context.user, names)


async def test_sides_of_a_blind_one_are_dealt_at_random(tmp_path: Path) -> None:
    async with house(tmp_path) as (services, context):
        seen = set()
        for _ in range(40):  # all alike: once in 2**39
            made = await services.comparisons.create(context.user, [ECHO, SLOW], kind="blind")
            seen.add(await services.comparisons.names(context.user, made.comparison.id))
        assert seen == {(ECHO, SLOW), (SLOW, ECHO)}


async def test_nothing_of_a_blind_one_tells_who_answers_before_the_vote(
    smollm2_path: Path, tmp_path: Path
) -> None:
    async with house(tmp_path, smollm2_path) as (services, context):
        user, comparisons, chat = context.user, services.comparisons, services.chat
        given: list[object] = []
        sampling = Sampling(temperature=0, max_tokens=5)
        made = await comparisons.create(user, ["smollm2", BROKEN], kind="blind", sampling=sampling)
        id_ = made.comparison.id
        given += [made, await comparisons.ask(context, id_, "Where do they sleep?")]
        for column in (await comparisons.get(user, id_)).columns:
            given += [each async for each in chat.follow(user, column.messages[-1].id)]
            given.append(await chat.get(user, column.conversation.id))
        compared = await comparisons.get(user, id_)
        given += [compared, await comparisons.of(user, "blind")]
        for column in compared.columns:
            given += [each async for each in chat.follow(user, column.messages[-1].id)]
        text = orjson.dumps(given, default=_plain).decode().lower()
        assert [word for word in TELLTALE if word in text] == []
        for column in compared.columns:
            reply = column.messages[-1]
            assert (reply.usage, reply.sampling, reply.time_to_first_token_ms, reply.duration_ms) == (
                None,
            ) * 4
            assert (reply.sources, reply.support, reply.deliberation, reply.reasoning) == (
                None,
                None,
                None,
                "",
            )
        assert {column.messages[-1].model for column in compared.columns} == {"A", "B"}
        for column in compared.columns:
            one = column.conversation.id
            for attempt in (
                chat.update(user, one, model=ECHO),
                chat.ask(context, one, "alone?"),
                chat.regenerate(context, column.messages[-1].id),
                chat.delete(user, one),
                comparisons.ask(context, id_, "alone?", conversation_id=one),
                comparisons.adopt(user, id_, one),
            ):
                with pytest.raises(ConflictError):
                    await attempt
        await services.database.write(lambda c: reveal(c, user, id_, winner="tie", leak=""))
        with pytest.raises(ConflictError):
            await services.database.write(lambda c: reveal(c, user, id_, winner="tie", leak=""))
        revealed = await comparisons.get(user, id_)
        names = {column.conversation.model: column.messages[-1] for column in revealed.columns}
        assert set(names) == {"smollm2", BROKEN}
        assert names["smollm2"].usage
        assert names[BROKEN].error_key != "chat.masked_failure"


async def test_another_user_reaches_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as (services, context):
        ben = await services.accounts.create_user("ben", "correct horse battery", Role.ADMINISTRATOR)
        comparisons = services.comparisons
        made = await comparisons.create(context.user, [ECHO, SLOW])
        id_, column = made.comparison.id, made.columns[0].conversation.id
        for attempt in (
            comparisons.get(ben, id_),
            comparisons.ask(Context(user=ben), id_, "hi"),
            comparisons.stop(ben, id_),
            comparisons.adopt(ben, id_, column),
            comparisons.names(ben, id_),
            services.database.write(lambda c: reveal(c, ben, id_, winner="tie", leak="")),
            services.database.write(lambda c: forget_vote(c, ben, id_)),
            comparisons.remove(ben, id_),
        ):
            with pytest.raises(NotFoundError):
                await attempt
        assert await comparisons.of(ben) == []
        own = await comparisons.create(ben, [ECHO, SLOW])
        with pytest.raises(NotFoundError):  # one's own comparison with another's conversation
            await comparisons.adopt(ben, own.comparison.id, column)


def _plain(value: object) -> object:
    return value.model_dump() if isinstance(value, Sampling) else asdict(value)  # type: ignore[call-overload]
