"""A blind battle from the question to the vote, with remote models that answer with the question itself."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from databases import lay_down
from fakes.echo_model import echo_model
from yoriai import bootstrap
from yoriai.arena.battles import Battle
from yoriai.bootstrap import Services
from yoriai.errors import ConflictError, NotFoundError, UsageError
from yoriai.records import VoteFilter
from yoriai.settings import RemoteSettings, Settings
from yoriai.types import Context, Role

ECHO, SLOW, BROKEN = "fake/echo", "fake/slow", "fake/broken"


@asynccontextmanager
async def house(home: Path, *models: str) -> AsyncIterator[tuple[Services, Context]]:
    """All services, and one user. A remote endpoint has these models."""
    lay_down(home)
    with echo_model() as url:
        remote = RemoteSettings(
            name="fake", url=url, models=tuple(each.removeprefix("fake/") for each in models)
        )
        async with bootstrap.build(Settings(home=home, remotes=(remote,))) as services:
            user = await services.accounts.create_user("anna", "correct horse battery", Role.MEMBER)
            yield services, Context(user=user)


async def fought(services: Services, context: Context, question: str) -> Battle:
    """A battle whose answers are there."""
    battle = await services.battles.begin(context, question)
    await answered(services, context, battle)
    return await services.battles.get(context.user, battle.compared.comparison.id)


async def answered(services: Services, context: Context, battle: Battle) -> None:
    for column in (await services.battles.get(context.user, battle.compared.comparison.id)).compared.columns:
        _ = [each async for each in services.chat.follow(context.user, column.messages[-1].id)]


def names(battle: Battle) -> list[str]:
    return [column.conversation.model for column in battle.compared.columns]


async def test_names_are_told_with_the_vote_and_the_board_moves(tmp_path: Path) -> None:
    async with house(tmp_path, ECHO, SLOW) as (services, context):
        assert (await services.arena.board(context.user, VoteFilter())).votes == 0
        battle = await fought(services, context, "Why is the sky blue?")
        assert (names(battle), battle.can_vote, battle.is_voted) == (["", ""], True, False)
        voted = await services.battles.vote(context.user, battle.compared.comparison.id, "model_a")
        assert sorted(names(voted)) == [ECHO, SLOW]
        assert (voted.is_voted, voted.can_vote, voted.compared.comparison.winner) == (True, False, "model_a")
        board = await services.arena.board(context.user, VoteFilter())
        assert board.votes == 1
        assert board.rows[0].model == names(voted)[0]
        assert board.leader == ""  # one vote tells nothing yet
        assert board.rows[0].is_early


@pytest.mark.parametrize("winner", ["model_b", "tie", "bothbad"])
async def test_every_vote_is_kept_as_it_was_cast(winner: str, tmp_path: Path) -> None:
    async with house(tmp_path, ECHO, SLOW) as (services, context):
        battle = await fought(services, context, "Why?")
        voted = await services.battles.vote(context.user, battle.compared.comparison.id, winner)  # type: ignore[arg-type]
        lines = [line async for line in services.arena.export(context.user)]
        assert len(lines) == 1
        assert f'"winner":"{"tie (bothbad)" if winner == "bothbad" else winner}"'.encode() in lines[0]
        first, second = names(voted)
        assert f'"model_a":"{first}","model_b":"{second}"'.encode() in lines[0]


async def test_an_answer_that_tells_its_name_marks_the_vote(tmp_path: Path) -> None:
    async with house(tmp_path, ECHO, SLOW) as (services, context):
        battle = await fought(services, context, "I am Qwen, made by Alibaba Cloud.")
        voted = await services.battles.vote(context.user, battle.compared.comparison.id, "tie")
        assert voted.compared.comparison.leak == "both"
        board = await services.arena.board(context.user, VoteFilter())
        assert (board.votes, board.left_out_leaks) == (0, 1)


async def test_one_battle_has_one_vote(tmp_path: Path) -> None:
    async with house(tmp_path, ECHO, SLOW) as (services, context):
        id_ = (await fought(services, context, "Why?")).compared.comparison.id
        clicks = [services.battles.vote(context.user, id_, "model_a") for _ in range(3)]
        outcomes = await asyncio.gather(*clicks, return_exceptions=True)
        assert [type(each) for each in outcomes].count(ConflictError) == 2
        with pytest.raises(ConflictError):
            await services.battles.vote(context.user, id_, "model_b")
        with pytest.raises(ConflictError):
            await services.battles.ask(context, id_, "And then?")
        assert (await services.arena.board(context.user, VoteFilter())).votes == 1


async def test_a_vote_that_breaks_off_leaves_nothing_behind(tmp_path: Path) -> None:
    async with house(tmp_path, ECHO, SLOW) as (services, context):
        id_ = (await fought(services, context, "Why?")).compared.comparison.id
        with closing(sqlite3.connect(tmp_path / "yoriai.db")) as database:  # the names can't be told …
            database.execute(
                "CREATE TRIGGER broken BEFORE UPDATE ON conversations BEGIN SELECT RAISE(ABORT, 'broken'); END"
            )
            with pytest.raises(Exception, match="broken"):
                await services.battles.vote(context.user, id_, "model_a")
            assert (await services.arena.board(context.user, VoteFilter())).votes == 0  # … so no vote counts
            database.execute("DROP TRIGGER broken")
        await services.battles.vote(context.user, id_, "model_a")
        assert (await services.arena.board(context.user, VoteFilter())).votes == 1


async def test_a_vote_that_was_taken_back_counts_no_more_and_there_is_no_second_one(tmp_path: Path) -> None:
    async with house(tmp_path, ECHO, SLOW) as (services, context):
        id_ = (await fought(services, context, "Why?")).compared.comparison.id
        with pytest.raises(NotFoundError):  # nobody has voted yet
            await services.battles.take_back(context.user, id_)
        await services.battles.vote(context.user, id_, "model_a")
        taken = await services.battles.take_back(context.user, id_)
        assert (taken.compared.comparison.winner, taken.is_voted, taken.can_vote) == (None, True, False)
        assert sorted(names(taken)) == [ECHO, SLOW]
        assert (await services.arena.board(context.user, VoteFilter())).votes == 0
        assert [line async for line in services.arena.export(context.user)] == []
        with pytest.raises(ConflictError):
            await services.battles.vote(context.user, id_, "model_b")
        with pytest.raises(NotFoundError):
            await services.battles.take_back(context.user, id_)


async def test_no_vote_before_both_have_answered(tmp_path: Path) -> None:
    async with house(tmp_path, ECHO, SLOW) as (services, context):
        battle = await services.battles.begin(context, "word " * 100)
        assert not battle.can_vote
        with pytest.raises(ConflictError):
            await services.battles.vote(context.user, battle.compared.comparison.id, "model_a")
        await services.battles.remove(context.user, battle.compared.comparison.id)


async def test_no_vote_on_an_answer_that_is_not_there(tmp_path: Path) -> None:
    async with house(tmp_path, ECHO, BROKEN) as (services, context):
        battle = await fought(services, context, "Why?")
        assert not battle.can_vote
        with pytest.raises(ConflictError):
            await services.battles.vote(context.user, battle.compared.comparison.id, "model_a")


async def test_both_are_asked_further_and_all_of_it_is_voted_on(tmp_path: Path) -> None:
    async with house(tmp_path, ECHO, SLOW) as (services, context):
        battle = await fought(services, context, "Why?")
        await services.battles.ask(context, battle.compared.comparison.id, "And then?")
        await answered(services, context, battle)
        await services.battles.vote(context.user, battle.compared.comparison.id, "tie")
        lines = [line async for line in services.arena.export(context.user)]
        assert b'"turn":2' in lines[0]


async def test_a_vote_stays_when_its_battle_is_forgotten(tmp_path: Path) -> None:
    async with house(tmp_path, ECHO, SLOW) as (services, context):
        id_ = (await fought(services, context, "Why?")).compared.comparison.id
        await services.battles.vote(context.user, id_, "tie")
        await services.battles.remove(context.user, id_)
        assert (await services.arena.board(context.user, VoteFilter())).votes == 1


async def test_whom_to_draw_from_can_be_named(tmp_path: Path) -> None:
    async with house(tmp_path, ECHO, SLOW, BROKEN) as (services, context):
        assert await services.battles.contenders(context.user) == [ECHO, SLOW, BROKEN]
        for telling in (False, True):
            battle = await services.battles.begin(context, "Why?", among=[ECHO, SLOW], telling=telling)
            lasting = await services.comparisons.names(context.user, battle.compared.comparison.id)
            assert sorted(lasting) == [ECHO, SLOW]
        with pytest.raises(UsageError):
            await services.battles.begin(context, "Why?", among=[ECHO])
        with pytest.raises(NotFoundError):
            await services.battles.begin(context, "Why?", among=[ECHO, "nobody"])
        with pytest.raises(UsageError):
            await services.battles.begin(context, " ")


async def test_earlier_questions_are_ones_own_each_once(tmp_path: Path) -> None:
    async with house(tmp_path, ECHO, SLOW) as (services, context):
        ben = Context(user=await services.accounts.create_user("ben", "correct horse battery", Role.MEMBER))
        for question in ("one?", "two?", "one?"):
            conversation = await services.chat.create(context.user, model=ECHO)
            _, reply = await services.chat.ask(context, conversation.id, question)
            _ = [each async for each in services.chat.follow(context.user, reply.id)]
        assert await services.battles.earlier(context.user) == ["one?", "two?"]
        assert await services.battles.earlier(ben.user) == []


async def test_another_user_reaches_no_battle(tmp_path: Path) -> None:
    async with house(tmp_path, ECHO, SLOW) as (services, context):
        ben = Context(user=await services.accounts.create_user("ben", "correct horse battery", Role.MEMBER))
        id_ = (await fought(services, context, "Why?")).compared.comparison.id
        side = (await services.comparisons.create(context.user, [ECHO, SLOW])).comparison.id
        for attempt in (
            services.battles.get(ben.user, id_),
            services.battles.vote(ben.user, id_, "model_a"),
            services.battles.ask(ben, id_, "hi"),
            services.battles.stop(ben.user, id_),
            services.battles.take_back(ben.user, id_),
            services.battles.remove(ben.user, id_),
            services.battles.get(context.user, side),  # one's own, but no battle
            services.battles.vote(context.user, side, "tie"),
        ):
            with pytest.raises(NotFoundError):
                await attempt
