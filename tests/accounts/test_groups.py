"""Groups over a real database: who makes them, who sees them, what their names may be, when what they gave ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any, get_args

import pytest
from sqlalchemy import Connection

from yoriai import bootstrap
from yoriai.access import Action, can, owners, thing_of
from yoriai.bootstrap import LOCAL_OPERATOR, Services
from yoriai.errors import ConflictError, ForbiddenError, NotFoundError, UsageError
from yoriai.records import Collection, GroupName, Sharing, Voters
from yoriai.settings import Settings
from yoriai.store import collections, users
from yoriai.types import Role, User

ROOT = User(id="root", name="Root", role=Role.ADMINISTRATOR)
ANNA = User(id="anna", name="Anna", role=Role.MEMBER)
BEN = User(id="ben", name="Ben", role=Role.MEMBER)
GUS = User(id="gus", name="Gus", role=Role.GUEST)
PEOPLE = (ROOT, ANNA, BEN, GUS)
MORNING = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
async def services(tmp_path: Path) -> Any:
    async with bootstrap.build(Settings(home=tmp_path)) as services:

        def add(connection: Connection) -> None:
            for user in PEOPLE:
                users.add(connection, replace(user, created_at=MORNING), user.id, "hash")

        await services.database.write(add)
        yield services


async def now(services: Services, user: User) -> User:
    """As the next request finds them."""
    found = await services.database.read(lambda connection: users.by_id(connection, user.id))
    return found or user


async def names(services: Services, user: User) -> list[str]:
    return [each.name for each in await services.groups.listed(await now(services, user))]


async def test_who_is_in_a_group_sees_it_and_its_people(services: Services) -> None:
    law = await services.groups.create(ROOT, "Law", ["ben", "anna"])
    await services.groups.create(LOCAL_OPERATOR, "sales", ["gus"])
    assert await names(services, ROOT) == ["Law", "sales"]
    assert (await names(services, ANNA), await names(services, GUS)) == (["Law"], ["sales"])
    seen = await services.groups.get(ANNA, law.id)
    assert [each.name for each in seen.members] == ["Anna", "Ben"]
    for call in (services.groups.get(GUS, law.id), services.groups.named(GUS, "Law")):
        with pytest.raises(NotFoundError):
            await call


async def test_members_are_not_told_whose_account_is_disabled(services: Services) -> None:
    law = await services.groups.create(ROOT, "Law", ["ben", "anna"])
    await services.accounts.set_active("ben", active=False)
    assert [each.name for each in (await services.groups.get(ANNA, law.id)).members] == ["Anna"]
    assert [each.active for each in (await services.groups.get(ROOT, law.id)).members] == [True, False]


@pytest.mark.parametrize("user", [ANNA, GUS], ids=["member of it", "guest"])
async def test_only_administrators_manage(services: Services, user: User) -> None:
    law = await services.groups.create(ROOT, "Law", ["anna"])
    deeds: list[Callable[[], Awaitable[object]]] = [
        lambda: services.groups.create(user, "mine"),
        lambda: services.groups.rename(user, law.id, "mine"),
        lambda: services.groups.add_members(user, law.id, [user.id]),
        lambda: services.groups.remove_members(user, law.id, ["anna"]),
        lambda: services.groups.remove(user, law.id),
    ]
    for deed in deeds:
        with pytest.raises(ForbiddenError):
            await deed()
    assert await services.groups.get(ROOT, law.id) == law


@pytest.mark.parametrize(
    "name",
    [
        "",
        "  ",
        "x" * 65,
        "a\x00b",
        "a\x1b[2J",
        "a\u202eb",
        "a\u200bb",
        "\u3164",
        "\u2800",
        "Law\u034f",
        "\ufdfa" * 4,
    ],
)
async def test_names_that_hide_something_are_refused(services: Services, name: str) -> None:
    law = await services.groups.create(ROOT, "Law")
    with pytest.raises(UsageError):
        await services.groups.create(ROOT, name)
    with pytest.raises(UsageError):
        await services.groups.rename(ROOT, law.id, name)
    assert await names(services, ROOT) == ["Law"]


@pytest.mark.parametrize("same", ["LAW", "Ｌａｗ", " law ", "Law\ufe0f", "ﬁnance"])
async def test_names_that_look_the_same_are_the_same(services: Services, same: str) -> None:
    law = await services.groups.create(ROOT, "Law")
    await services.groups.create(ROOT, "Finance")
    other = await services.groups.create(ROOT, "other")
    for deed in (services.groups.create(ROOT, same), services.groups.rename(ROOT, other.id, same)):
        with pytest.raises(ConflictError):
            await deed
    assert (await services.groups.named(ROOT, same)).name in {"Law", "Finance"}
    assert (await services.groups.rename(ROOT, law.id, "ＬＡＷ")).name == "LAW"


async def test_a_group_may_be_named_like_a_word_of_ours(services: Services) -> None:
    for word in {
        *get_args(Sharing),
        *get_args(Voters),
        "group:x",
        "'; DROP TABLE groups; --",
        "<b>x</b>",
        "法務 ⚖️",
    }:
        made = await services.groups.create(ROOT, word)
        assert (await services.groups.named(ROOT, word)).id == made.id


async def test_members_come_and_go_all_or_none(services: Services) -> None:
    law = await services.groups.create(ROOT, "Law", ["anna"])
    for deed in (
        services.groups.add_members(ROOT, law.id, ["ben", "nobody"]),
        services.groups.add_members(ROOT, law.id, ["local"]),
        services.groups.remove_members(ROOT, law.id, ["anna", "ben"]),
        services.groups.create(ROOT, "half", ["ben", "nobody"]),
        services.groups.add_members(ROOT, "grp_none", ["ben"]),
    ):
        with pytest.raises(NotFoundError):
            await deed
    assert await services.groups.get(ROOT, law.id) == law
    assert await names(services, ROOT) == ["Law"]
    twice = await services.groups.add_members(ROOT, law.id, ["ben", "anna", "ben"])
    assert [each.id for each in twice.members] == ["anna", "ben"]


# ---- what is shared ---------------------------------------------------------------------------------------
def collection(owner: str, sharing: Sharing, group_ids: tuple[str, ...]) -> Collection:
    return Collection(
        id=f"{owner}-{sharing}-{len(group_ids)}-{''.join(each[-1] for each in group_ids)}", owner_id=owner, name="c",
        sharing=sharing, embedding_model="", revision=0, vector_revision=0, created_at=MORNING, updated_at=MORNING,
        groups=tuple(GroupName(id=each, name="?") for each in group_ids),
    )  # fmt: skip


async def test_the_queries_say_what_the_policy_says(services: Services) -> None:
    law = await services.groups.create(ROOT, "Law", ["anna", "gus"])
    sales = await services.groups.create(ROOT, "Sales", ["ben", "gus"])
    groups = [(), (law.id,), (sales.id,), (law.id, sales.id)]
    things = [
        collection(owner, "groups" if some else sharing, some)
        for owner, sharing, some in product(("root", "anna", "ben", "local"), ("owner", "everyone"), groups)
        if not (some and sharing == "everyone")
    ]

    def keep(connection: Connection) -> None:
        for thing in things:
            collections.add(connection, thing)

    await services.database.write(keep)
    allowed = 0
    for stale, thing in product((*PEOPLE, LOCAL_OPERATOR), things):
        user = await now(services, stale)
        found = await services.database.read(
            lambda connection, user=user, thing=thing: collections.find(connection, owners(user), thing.id)  # type: ignore[misc]
        )
        assert (found is not None) is can(user, Action.READ, thing_of(thing)), (user.name, thing)
        allowed += found is not None
        if found:
            known = {law.id, sales.id} if thing.owner_id in owners(user) else set(user.group_ids)
            assert {each.id for each in found.groups} == {each.id for each in thing.groups} & known
            assert found.sharing == thing.sharing
    assert 0 < allowed < len(things) * 5


async def test_whom_a_thing_is_shared_with_is_said_in_one_way(services: Services) -> None:
    law = await services.groups.create(ROOT, "Law", ["anna"])
    sales = await services.groups.create(ROOT, "Sales", ["ben"])
    anna, kept = await now(services, ANNA), services.knowledge.collections
    for wrong in (
        {"sharing": "groups"}, {"sharing": "groups", "group_ids": []}, {"sharing": "owner", "group_ids": [law.id]},
        {"sharing": "everyone", "group_ids": [law.id]},
    ):  # fmt: skip
        with pytest.raises(UsageError):
            await kept.create(anna, "c", **wrong)  # type: ignore[arg-type]
    for unknown in (sales.id, "grp_none"):
        with pytest.raises(NotFoundError):
            await kept.create(anna, "c", "groups", [law.id, unknown])
    assert await kept.readable(anna) == []
    made = await kept.create(anna, "c", "groups", [law.id, law.id])
    assert (made.sharing, [each.name for each in made.groups]) == ("groups", ["Law"])
    with pytest.raises(UsageError):
        await kept.change(anna, made.id, group_ids=[])
    assert (await kept.change(anna, made.id, sharing="groups", name="d")).groups == made.groups
    assert (await kept.change(anna, made.id, sharing="owner")).groups == ()
    assert (await kept.change(anna, made.id, group_ids=[law.id])).sharing == "groups"
    assert (await kept.change(anna, made.id, sharing="everyone")).groups == ()


async def test_an_owner_who_left_the_group_still_decides(services: Services) -> None:
    law = await services.groups.create(ROOT, "Law", ["anna", "ben"])
    kept = services.knowledge.collections
    made = await kept.create(await now(services, ANNA), "c", "groups", [law.id])
    await services.groups.remove_members(ROOT, law.id, ["anna"])
    anna, ben = await now(services, ANNA), await now(services, BEN)
    assert (await kept.get(ben, made.id)).name == "c"
    assert [each.name for each in (await kept.get(anna, made.id)).groups] == ["Law"]
    await kept.change(anna, made.id, sharing="groups", group_ids=[law.id], name="d")
    await kept.change(anna, made.id, sharing="owner")
    with pytest.raises(NotFoundError):
        await kept.change(anna, made.id, sharing="groups", group_ids=[law.id])
    with pytest.raises(NotFoundError):
        await kept.get(ben, made.id)


async def test_administrators_share_with_any_group_and_read_nothing_by_that(services: Services) -> None:
    law = await services.groups.create(ROOT, "Law", ["anna"])
    kept = services.knowledge.collections
    shared = await kept.create(LOCAL_OPERATOR, "of the house", "groups", [law.id])
    of_anna = await kept.create(await now(services, ANNA), "of law", "groups", [law.id])
    assert (await kept.get(await now(services, ANNA), shared.id)).name == "of the house"
    with pytest.raises(NotFoundError):
        await kept.get(ROOT, of_anna.id)


async def test_a_removed_group_leaves_what_was_shared_with_it_to_its_owner(services: Services) -> None:
    law = await services.groups.create(ROOT, "Law", ["anna", "ben"])
    kept = services.knowledge.collections
    made = await kept.create(await now(services, ANNA), "c", "groups", [law.id])
    stale = await now(services, BEN)
    await services.groups.remove(ROOT, law.id)
    await services.groups.create(ROOT, "Law", ["ben"])
    for ben in (stale, await now(services, BEN)):
        with pytest.raises(NotFoundError):
            await kept.get(ben, made.id)
        assert await kept.readable(ben) == []
    of_anna = await kept.get(await now(services, ANNA), made.id)
    assert (of_anna.sharing, of_anna.groups) == ("owner", ())


async def test_a_removed_thing_takes_its_shares_along(services: Services) -> None:
    law = await services.groups.create(ROOT, "Law", ["anna"])
    anna = await now(services, ANNA)
    made = await services.knowledge.collections.create(anna, "c", "groups", [law.id])
    await services.knowledge.collections.remove(anna, made.id)
    left = await services.database.read(
        lambda connection: connection.exec_driver_sql("SELECT count(*) FROM shares").scalar()
    )
    assert left == 0
