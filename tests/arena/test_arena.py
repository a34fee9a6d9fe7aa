"""The Arena service: votes in and out of a real database, whose they are, boards of the real votes."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from voting import games_of, real_votes

from databases import lay_down
from yoriai import bootstrap
from yoriai.arena import words
from yoriai.arena.arena import Cast, TakenIn, is_private
from yoriai.arena.board import Board
from yoriai.arena.rating import fit
from yoriai.bootstrap import LOCAL_OPERATOR, Services
from yoriai.errors import ForbiddenError, NotFoundError, UsageError
from yoriai.records import Turn, VoteFilter, Winner
from yoriai.settings import Settings
from yoriai.types import Role, User

_WINNERS = {"left": "model_a", "right": "model_b", "tie": "tie"}


@asynccontextmanager
async def house(home: Path) -> AsyncIterator[tuple[Services, User, User]]:
    """All services, and two members."""
    lay_down(home)
    async with bootstrap.build(Settings(home=home)) as services:
        made = [
            await services.accounts.create_user(name, "correct horse battery", Role.MEMBER)
            for name in ("anna", "ben")
        ]
        yield services, made[0], made[1]


def cast(
    model_a: str, model_b: str, winner: Winner = "model_a", answer: str = "Blue.", **fields: bool
) -> Cast:
    said = (Turn(role="user", content="Why is the sky blue?"), Turn(role="assistant", content=answer))
    return Cast(
        model_a=model_a, model_b=model_b, winner=winner, conversation_a=said, conversation_b=said, **fields
    )  # fmt: skip


def file_of(*votes: dict[str, Any]) -> io.BytesIO:
    return io.BytesIO("".join(json.dumps(vote) + "\n" for vote in votes).encode())


def imported(number: int, model_a: str = "x", model_b: str = "y", **fields: Any) -> dict[str, Any]:
    return {
        "question_id": f"q{number}", "model_a": model_a, "model_b": model_b, "winner": "tie", "judge": "worker",
        "tstamp": 1000.0 + number,
    } | fields  # fmt: skip


async def models(services: Services, user: User, **wanted: Any) -> set[str]:
    board = await services.arena.board(user, VoteFilter(**wanted))
    return {row.model for row in board.rows}


async def exported(services: Services, user: User) -> list[dict[str, Any]]:
    return [json.loads(line) async for line in services.arena.export(user)]


# ---- whose they are ---------------------------------------------------------------------------------------
async def test_counts_are_everybodys_and_texts_are_ones_own(tmp_path: Path) -> None:
    async with house(tmp_path) as (services, anna, ben):
        await services.arena.record(anna, cast("one", "two"))
        for user in (anna, ben, LOCAL_OPERATOR):
            assert await models(services, user) == {"one", "two"}
        assert await models(services, anna, voters="mine") == {"one", "two"}
        assert await models(services, ben, voters="mine") == set()
        assert await models(services, ben, judge="anna") == set()  # nobody learns how somebody voted
        assert len(await exported(services, anna)) == 1
        assert await exported(services, ben) == []
        assert await exported(services, LOCAL_OPERATOR) == []


@pytest.mark.parametrize(
    "name", ["assistant:asst_1", "council:c1", "collection:x", "reasoner:best-of-8(council:c1)"]
)
async def test_what_only_its_owner_knows_is_on_nobody_elses_board(name: str, tmp_path: Path) -> None:
    assert is_private(name)
    async with house(tmp_path) as (services, anna, ben):
        await services.arena.record(anna, cast(name, "two"))
        assert await models(services, anna) == {name, "two"}
        assert await models(services, ben) == set()
        assert await services.arena.facets(ben) == {"language": {}, "topic": {}}


async def test_a_members_file_counts_for_the_member_an_administrators_for_all(tmp_path: Path) -> None:
    async with house(tmp_path) as (services, anna, ben):
        await services.arena.take_in(anna, file_of(imported(1)))
        assert await models(services, anna) == {"x", "y"}
        assert await models(services, ben) == set()
        await services.arena.take_in(LOCAL_OPERATOR, file_of(imported(2, "p", "q")))
        assert await models(services, ben) == {"p", "q"}
        assert await models(services, ben, voters="here") == set()
        assert await exported(services, ben) == []


async def test_what_a_member_and_an_administrator_brought_in_counts_once(tmp_path: Path) -> None:
    async with house(tmp_path) as (services, anna, ben):
        for user in (anna, LOCAL_OPERATOR, anna):
            await services.arena.take_in(user, file_of(imported(1), imported(2)))
        for user in (anna, ben, LOCAL_OPERATOR):
            assert (await services.arena.board(user, VoteFilter())).votes == 2
        assert (await services.arena.facets(anna))["topic"] == {"other": 2}


async def test_a_guest_votes_but_brings_nothing_in(tmp_path: Path) -> None:
    async with house(tmp_path) as (services, anna, _):
        guest = await services.accounts.create_user("carl", "correct horse battery", Role.GUEST)
        await services.arena.record(guest, cast("one", "two"))
        with pytest.raises(ForbiddenError):
            await services.arena.take_in(guest, file_of(imported(1)))
        assert await models(services, anna) == {"one", "two"}


async def test_a_groups_board_counts_what_its_people_voted_here(tmp_path: Path) -> None:
    async with house(tmp_path) as (services, anna, ben):
        cara, dan = [
            await services.accounts.create_user(name, "correct horse battery", Role.MEMBER)
            for name in ("cara", "dan")
        ]
        law = await services.groups.create(LOCAL_OPERATOR, "law", [anna.id, ben.id, cara.id])
        for user, wins in ((anna, "one"), (ben, "two"), (cara, "three"), (dan, "four")):
            await services.arena.record(user, cast(wins, "zero"))
        await services.arena.take_in(cara, file_of(imported(1)))
        for reader in (anna, LOCAL_OPERATOR):
            assert await models(services, reader, group=law.id) == {"zero", "one", "two", "three"}
        for outsider, group_id in ((dan, law.id), (anna, "grp_none")):
            with pytest.raises(NotFoundError):
                await models(services, outsider, group=group_id)
        await services.groups.add_members(LOCAL_OPERATOR, law.id, [dan.id])  # with all that they ever voted
        assert await models(services, dan, group=law.id) == {"zero", "one", "two", "three", "four"}
        await services.groups.remove_members(LOCAL_OPERATOR, law.id, [anna.id])
        assert await models(services, dan, group=law.id) == {"zero", "two", "three", "four"}
        with pytest.raises(NotFoundError):
            await models(services, anna, group=law.id)


async def test_a_groups_board_never_tells_how_one_of_its_people_voted(tmp_path: Path) -> None:
    async with house(tmp_path) as (services, anna, ben):
        cara = await services.accounts.create_user("cara", "correct horse battery", Role.MEMBER)
        law = await services.groups.create(LOCAL_OPERATOR, "law", [anna.id, ben.id, cara.id])
        for user in (anna, ben):
            await services.arena.record(user, cast("one", "two"))
        await services.arena.record(cara, cast("one", "two", is_blind=False))
        await services.arena.record(cara, cast("assistant:asst_1", "two"))
        for _ in range(9):
            await services.arena.record(anna, cast("two", "one"))
        board = await services.arena.board(anna, VoteFilter(group=law.id))
        assert (board.is_withheld, board.rows, board.votes, board.left_out_named) == (True, (), 0, 0)
        assert "Fewer than three people" in words.summary(board, "en")[0]
        counted = await services.arena.board(anna, VoteFilter(group=law.id, with_named=True))
        assert (counted.is_withheld, counted.votes) == (False, 12)


# ---- in and out -------------------------------------------------------------------------------------------
async def test_a_file_is_taken_in_once_and_what_goes_out_is_known(tmp_path: Path) -> None:
    async with house(tmp_path) as (services, anna, ben):
        bare = {"model_a": "x", "model_b": "y", "winner": "tie (bothbad)"}
        votes = [imported(n) for n in range(1200)] + [bare, bare]
        assert await services.arena.take_in(anna, file_of(*votes)) == TakenIn(votes=1202, new=1202)
        assert await services.arena.take_in(anna, file_of(*votes)) == TakenIn(votes=1202, new=0)
        assert (await services.arena.take_in(anna, file_of(*votes, imported(5000)))).new == 1
        await services.arena.record(anna, cast("x", "y", "bothbad", "私はQwenです。"))
        out = await exported(services, anna)
        assert len(out) == 1204
        assert (await services.arena.take_in(anna, file_of(*out))).new == 0
        assert (await services.arena.take_in(ben, file_of(*out))).new == 1203  # he sees hers of here already
        board = await services.arena.board(anna, VoteFilter(with_leaks=True))
        assert (board.votes, sum(row.both_bad for row in board.rows) // 2) == (1204, 3)


async def test_one_wrong_vote_and_nothing_is_kept(tmp_path: Path) -> None:
    async with house(tmp_path) as (services, anna, _):
        votes = [imported(n) for n in range(1100)]
        with pytest.raises(UsageError) as caught:
            await services.arena.take_in(anna, file_of(*votes, imported(2000, winner="draw")))
        assert caught.value.values == {"place": 1101, "value": "draw"}
        assert (await services.arena.board(anna, VoteFilter())).votes == 0


async def test_a_vote_between_one_and_the_same_is_refused(tmp_path: Path) -> None:
    async with house(tmp_path) as (services, anna, _):
        with pytest.raises(UsageError):
            await services.arena.record(anna, cast("one", "one"))


# ---- boards -----------------------------------------------------------------------------------------------
async def test_boards_by_language_topic_and_voter(tmp_path: Path) -> None:
    async with house(tmp_path) as (services, anna, _):
        code = [
            {"role": "user", "content": "Write a Python function."},
            {"role": "assistant", "content": "def f(): ..."},
        ]
        votes = [
            imported(1, "a", "b", language="Japanese"), imported(2, "c", "d", language="German", judge="hans"),
            imported(3, "e", "f", conversation_a=code, conversation_b=code), imported(4, "g", "h", anony=False),
        ]  # fmt: skip
        await services.arena.take_in(anna, file_of(*votes))
        assert await models(services, anna, language="ja") == {"a", "b"}
        assert await models(services, anna, language="german") == {"c", "d"}
        assert await models(services, anna, topic="code") == {"e", "f"}
        assert await models(services, anna, judge="hans") == {"c", "d"}
        assert await models(services, anna, with_named=True) == set("abcdefgh")
        facets = await services.arena.facets(anna)
        assert facets == {"language": {"en": 1, "german": 1, "ja": 1}, "topic": {"other": 3, "code": 1}}


async def test_a_vote_of_here_is_marked_when_an_answer_tells_its_name(tmp_path: Path) -> None:
    async with house(tmp_path) as (services, anna, _):
        vote = await services.arena.record(
            anna, cast("one", "two", answer="I am Qwen, made by Alibaba Cloud.")
        )
        assert (vote.leak, vote.language, vote.turn) == ("both", "en", 1)
        documents = await services.arena.record(anna, cast("one", "two", from_documents=True))
        assert documents.topic == "documents"
        board = await services.arena.board(anna, VoteFilter())
        assert (board.votes, board.left_out_leaks) == (1, 1)


async def test_models_of_the_catalogue_are_known(tmp_path: Path) -> None:
    async with house(tmp_path) as (services, anna, _):
        await services.arena.record(anna, cast("qwen3.5-4b", "endpoint/gpt-4"))
        board = await services.arena.board(anna, VoteFilter())
        rows = {row["model"]: row for row in map(words.row, board.rows)}
        qwen, gpt = rows["qwen3.5-4b"], rows["endpoint/gpt-4"]
        assert (qwen["maker"], qwen["country"], qwen["openness"]) == ("Alibaba", "CN", "open_weights")
        assert qwen["parameters"] == 4_000_000_000
        assert (gpt["maker"], gpt["country"], gpt["openness"], gpt["tokens_per_s"]) == (
            "OpenAI",
            "US",
            None,
            None,
        )


async def test_the_real_votes_make_the_board_that_a_fit_of_them_is(tmp_path: Path) -> None:
    real = real_votes()
    names, games = games_of(real)
    expected = dict(zip(names, fit(games).rating, strict=True))
    votes = [
        imported(n, vote["left"], vote["right"], winner=_WINNERS[vote["winner"]], judge=vote["worker"])
        for n, vote in enumerate(real)
    ]
    async with house(tmp_path) as (services, anna, _):
        assert (await services.arena.take_in(anna, file_of(*votes))).new == len(real)
        board = await services.arena.board(anna, VoteFilter())
        assert {row.model: row.rating for row in board.rows} == pytest.approx(expected, abs=1e-6)
        assert board.votes == len(real)
        assert sum(row.votes for row in board.rows) == 2 * len(real)
        assert board.leader == ""
        check_ranks(board)


def check_ranks(board: Board) -> None:
    """Against the definition, one by one."""
    for row in board.rows:
        assert row.rank_low == 1 + sum(other.low > row.high for other in board.rows)
        assert row.rank_high == len(board.rows) - sum(other.high < row.low for other in board.rows)
        assert row.rank_low <= row.rank_high


async def test_what_the_board_says_of_itself(tmp_path: Path) -> None:
    async with house(tmp_path) as (services, anna, _):
        empty = words.summary(await services.arena.board(anna, VoteFilter()), "en")
        assert empty[0].startswith("No votes yet")
        await services.arena.record(anna, cast("one", "two"))
        board = await services.arena.board(anna, VoteFilter())
        said = words.summary(board, "en")
        assert said[0].startswith("Too few votes to tell who is best: 1 so far, about ")
        assert f"{board.more_votes:,} more on one and two" in said[0]
        assert any("no limit on one side" in sentence for sentence in said)
        assert "票が足りません" in words.summary(board, "ja")[0]


# ---- pairs ------------------------------------------------------------------------------------------------
async def test_pairs_are_drawn_among_those_named(tmp_path: Path) -> None:
    async with house(tmp_path) as (services, anna, _):
        for _ in range(40):
            await services.arena.record(anna, cast("one", "two", "tie"))
        names = ["one", "two", "new"]
        active = [
            await services.arena.pair(anna, names, active=True, random=Random(seed)) for seed in range(8)
        ]
        assert all("new" in pair for pair in active)
        drawn = {
            await services.arena.pair(anna, names, active=False, random=Random(seed)) for seed in range(40)
        }
        assert len(drawn) == 6
        with pytest.raises(UsageError):
            await services.arena.pair(anna, ["one", "one"], active=True)
