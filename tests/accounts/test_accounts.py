"""Accounts over a real database: the first administrator, sessions, tokens, and when each of them dies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from databases import lay_down
from yoriai.accounts.accounts import Accounts
from yoriai.errors import AuthenticationError, ConflictError, NotFoundError, RateLimitError, UsageError
from yoriai.settings import AccountSettings
from yoriai.store.database import Database
from yoriai.types import Role, User

PASSWORD = "correct horse battery"
ADDRESS = "192.0.2.1"
IDLE, ABSOLUTE = timedelta(days=1), timedelta(days=7)
LIMIT = 3


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{lay_down(tmp_path)}")
    database.migrate()
    yield database
    database.close()


OpenAccounts = Callable[[], Accounts]


@pytest.fixture
def opened(database: Database, clock: Clock) -> OpenAccounts:
    """Another process' view of the same accounts."""
    settings = AccountSettings(
        session_idle_s=IDLE.total_seconds(),
        session_absolute_s=ABSOLUTE.total_seconds(),
        sign_in_attempts=LIMIT,
    )
    return lambda: Accounts(database, settings, clock)


@pytest.fixture
def accounts(opened: OpenAccounts) -> Accounts:
    return opened()


async def anna(accounts: Accounts) -> User:
    return await accounts.create_user("anna", PASSWORD, Role.MEMBER)


async def session_of(accounts: Accounts, name: str = "anna") -> str:
    return (await accounts.sign_in(name, PASSWORD, ADDRESS))[0]


async def is_alive(accounts: Accounts, session: str) -> bool:
    try:
        await accounts.user_of_session(session)
    except AuthenticationError:
        return False
    return True


def kept_bytes(folder: Path) -> bytes:
    """Everything on disk: the database and its journal."""
    return b"".join(path.read_bytes() for path in folder.iterdir())


# ---- the first administrator ------------------------------------------------------------------------------
async def test_the_setup_secret_makes_the_first_administrator_and_signs_them_in(accounts: Accounts) -> None:
    secret = await accounts.setup_secret()
    assert secret
    session, user = await accounts.set_up(secret, "花子", PASSWORD)
    assert user.role is Role.ADMINISTRATOR
    assert await accounts.user_of_session(session) == user


async def test_the_setup_secret_works_once(accounts: Accounts) -> None:
    secret = await accounts.setup_secret() or ""
    await accounts.set_up(secret, "anna", PASSWORD)
    with pytest.raises(AuthenticationError):
        await accounts.set_up(secret, "mallory", PASSWORD)
    assert await accounts.setup_secret() is None


async def test_two_who_race_with_the_setup_link_make_one_administrator(accounts: Accounts) -> None:
    secret = await accounts.setup_secret() or ""
    refused = []

    async def race(name: str) -> None:
        try:
            await accounts.set_up(secret, name, PASSWORD)
        except AuthenticationError:
            refused.append(name)

    async with anyio.create_task_group() as group:
        for name in ("anna", "ben", "carl"):
            group.start_soon(race, name)
    assert len(refused) == 2
    assert len(await accounts.users()) == 1


async def test_the_setup_secret_dies_with_an_administrator_from_elsewhere(
    accounts: Accounts, opened: OpenAccounts
) -> None:
    secret = await accounts.setup_secret() or ""
    await opened().create_user("anna", PASSWORD, Role.ADMINISTRATOR)
    with pytest.raises(AuthenticationError):
        await accounts.set_up(secret, "mallory", PASSWORD)
    assert [user.name for user in await accounts.users()] == ["anna"]


@pytest.mark.parametrize("guess", ["", "guess", "秘密"])
async def test_a_guessed_setup_secret_is_refused(guess: str, accounts: Accounts) -> None:
    with pytest.raises(AuthenticationError):
        await accounts.set_up(guess, "mallory", PASSWORD)
    await accounts.setup_secret()
    with pytest.raises(AuthenticationError):
        await accounts.set_up(guess, "mallory", PASSWORD)


async def test_a_password_that_will_not_do_leaves_the_setup_secret_alive(accounts: Accounts) -> None:
    secret = await accounts.setup_secret() or ""
    with pytest.raises(UsageError):
        await accounts.set_up(secret, "anna", "short")
    await accounts.set_up(secret, "anna", PASSWORD)


# ---- sessions ---------------------------------------------------------------------------------------------
async def test_a_session_ends_when_it_was_idle_for_too_long(accounts: Accounts, clock: Clock) -> None:
    await anna(accounts)
    session = await session_of(accounts)
    clock.now += IDLE - timedelta(seconds=1)
    assert await is_alive(accounts, session)
    clock.now += IDLE + timedelta(seconds=1)
    assert not await is_alive(accounts, session)


async def test_a_used_session_goes_on_until_its_absolute_end(accounts: Accounts, clock: Clock) -> None:
    await anna(accounts)
    session = await session_of(accounts)
    for _ in range(13):
        clock.now += ABSOLUTE / 13 - timedelta(milliseconds=1)
        assert await is_alive(accounts, session)
    clock.now += timedelta(seconds=1)
    assert not await is_alive(accounts, session)


async def test_even_a_short_idle_time_counts_from_the_last_use(database: Database, clock: Clock) -> None:
    accounts = Accounts(database, AccountSettings(session_idle_s=20), clock)
    await anna(accounts)
    session = await session_of(accounts)
    for _ in range(6):
        clock.now += timedelta(seconds=15)
        assert await is_alive(accounts, session)


async def test_signing_out_ends_one_session_or_all(accounts: Accounts) -> None:
    user = await anna(accounts)
    one, two, three = [await session_of(accounts) for _ in range(3)]
    await accounts.sign_out(one)
    assert [await is_alive(accounts, session) for session in (one, two, three)] == [False, True, True]
    await accounts.sign_out_everywhere(user)
    assert not await is_alive(accounts, two)
    assert not await is_alive(accounts, three)


async def test_every_sign_in_begins_a_session_of_its_own(accounts: Accounts) -> None:
    await anna(accounts)
    assert await session_of(accounts) != await session_of(accounts)


async def test_a_session_sees_a_changed_role_at_once(accounts: Accounts) -> None:
    user = await anna(accounts)
    session = await session_of(accounts)
    await accounts.set_role(user.id, Role.GUEST)
    assert (await accounts.user_of_session(session)).role is Role.GUEST


async def test_sessions_survive_a_restart(accounts: Accounts, opened: OpenAccounts) -> None:
    await anna(accounts)
    assert await is_alive(opened(), await session_of(accounts))


# ---- disabling --------------------------------------------------------------------------------------------
async def test_disabling_kills_session_token_and_password_at_once(accounts: Accounts) -> None:
    user = await anna(accounts)
    session = await session_of(accounts)
    _, token = await accounts.create_token(user, "script")
    await accounts.set_active(user.id, False)
    assert not await is_alive(accounts, session)
    with pytest.raises(AuthenticationError):
        await accounts.user_of_token(token)
    with pytest.raises(AuthenticationError):
        await accounts.sign_in("anna", PASSWORD, ADDRESS)


async def test_enabling_again_brings_back_tokens_and_no_session(accounts: Accounts) -> None:
    user = await anna(accounts)
    session = await session_of(accounts)
    _, token = await accounts.create_token(user, "script")
    await accounts.set_active(user.id, False)
    await accounts.set_active(user.id, True)
    assert not await is_alive(accounts, session)
    assert await accounts.user_of_token(token) == user


@pytest.mark.parametrize("way", ["disable", "demote"])
async def test_the_last_administrator_stays(way: str, accounts: Accounts) -> None:
    only = await accounts.create_user("anna", PASSWORD, Role.ADMINISTRATOR)
    disabled = await accounts.create_user("ben", PASSWORD, Role.ADMINISTRATOR)
    await accounts.set_active(disabled.id, False)
    session = await session_of(accounts)
    with pytest.raises(ConflictError):
        if way == "disable":
            await accounts.set_active(only.id, False)
        else:
            await accounts.set_role(only.id, Role.MEMBER)
    assert await accounts.user_named("anna") == only
    assert await is_alive(accounts, session)


async def test_two_administrators_who_remove_each_other_leave_one(accounts: Accounts) -> None:
    both = [await accounts.create_user(name, PASSWORD, Role.ADMINISTRATOR) for name in ("anna", "ben")]
    refused = []

    async def demote(user: User) -> None:
        try:
            await accounts.set_role(user.id, Role.MEMBER)
        except ConflictError:
            refused.append(user)

    async with anyio.create_task_group() as group:
        for user in both:
            group.start_soon(demote, user)
    assert len(refused) == 1


# ---- tokens -----------------------------------------------------------------------------------------------
async def test_a_token_stands_for_its_user_and_is_listed_without_its_secret(accounts: Accounts) -> None:
    user = await anna(accounts)
    token, secret = await accounts.create_token(user, "  nightly   script ")
    assert token.name == "nightly script"
    assert await accounts.user_of_token(secret) == user
    assert [listed.id for listed in await accounts.tokens(user)] == [token.id]
    assert secret.split("_", 2)[2] not in repr(await accounts.tokens(user))


async def test_a_revoked_token_is_dead(accounts: Accounts) -> None:
    user = await anna(accounts)
    token, secret = await accounts.create_token(user, "script")
    await accounts.revoke_token(user, token.id)
    with pytest.raises(AuthenticationError):
        await accounts.user_of_token(secret)
    with pytest.raises(NotFoundError):
        await accounts.revoke_token(user, token.id)


async def test_nobody_revokes_or_sees_anothers_token(accounts: Accounts) -> None:
    user, ben = await anna(accounts), await accounts.create_user("ben", PASSWORD, Role.ADMINISTRATOR)
    token, secret = await accounts.create_token(user, "script")
    with pytest.raises(NotFoundError):
        await accounts.revoke_token(ben, token.id)
    assert await accounts.tokens(ben) == []
    assert await accounts.user_of_token(secret) == user


async def test_the_last_use_is_noted_once_a_minute(accounts: Accounts, clock: Clock) -> None:
    user = await anna(accounts)
    _, secret = await accounts.create_token(user, "script")

    async def last_used() -> datetime | None:
        return (await accounts.tokens(user))[0].last_used_at

    assert await last_used() is None
    await accounts.user_of_token(secret)
    first = clock.now
    assert await last_used() == first
    clock.now += timedelta(seconds=30)
    await accounts.user_of_token(secret)
    assert await last_used() == first
    clock.now += timedelta(seconds=31)
    await accounts.user_of_token(secret)
    assert await last_used() == clock.now


async def test_a_forged_token_is_refused(accounts: Accounts) -> None:
    user = await anna(accounts)
    token, secret = await accounts.create_token(user, "script")
    for forged in (
        "",
        "yor",
        "yor_",
        "yor__",
        f"yor_{token.id}",
        f"yor_{token.id}_",
        f"yor_{token.id}_guess",
        secret[:-1],
        secret + "x",
        secret.replace("yor_", "api_"),
        "yor_' OR 1=1 --_x",
        "yor_鍵_鍵",
    ):
        with pytest.raises(AuthenticationError):
            await accounts.user_of_token(forged)


async def test_a_token_needs_a_name(accounts: Accounts) -> None:
    user = await anna(accounts)
    with pytest.raises(UsageError):
        await accounts.create_token(user, " 　")


async def test_no_secret_reaches_the_disk(accounts: Accounts, tmp_path: Path) -> None:
    setup = await accounts.setup_secret() or ""
    session, user = await accounts.set_up(setup, "anna", PASSWORD)
    token, secret = await accounts.create_token(user, "script")
    kept = kept_bytes(tmp_path)
    assert token.id.encode() in kept
    for hidden in (setup, session, secret, secret.split("_", 2)[2], PASSWORD):
        assert hidden.encode() not in kept


# ---- signing in -------------------------------------------------------------------------------------------
async def test_unknown_name_wrong_password_and_disabled_account_look_the_same(accounts: Accounts) -> None:
    user = await accounts.create_user("carl", PASSWORD, Role.MEMBER)
    await accounts.set_active(user.id, False)
    await anna(accounts)
    refusals = set()
    for name, password in (("nobody", PASSWORD), ("anna", "wrong password"), ("carl", PASSWORD)):
        with pytest.raises(AuthenticationError) as caught:
            await accounts.sign_in(name, password, ADDRESS)
        refusals.add(str(caught.value))
    assert len(refusals) == 1


async def test_lockout_is_for_one_account_at_one_address(accounts: Accounts) -> None:
    await anna(accounts)
    await accounts.create_user("ben", PASSWORD, Role.MEMBER)
    for _ in range(LIMIT):
        with pytest.raises(AuthenticationError):
            await accounts.sign_in("anna", "wrong password", ADDRESS)
    with pytest.raises(RateLimitError):
        await accounts.sign_in("ＡＮＮＡ", PASSWORD, ADDRESS)
    await accounts.sign_in("anna", PASSWORD, "198.51.100.7")
    await accounts.sign_in("ben", PASSWORD, ADDRESS)


async def test_lockout_says_nothing_about_which_names_exist(accounts: Accounts) -> None:
    for _ in range(LIMIT):
        with pytest.raises(AuthenticationError):
            await accounts.sign_in("nobody", "wrong password", ADDRESS)
    with pytest.raises(RateLimitError):
        await accounts.sign_in("nobody", "wrong password", ADDRESS)


async def test_guesses_at_the_same_moment_are_limited_too(accounts: Accounts) -> None:
    await anna(accounts)
    outcomes: list[type[Exception]] = []

    async def guess(number: int) -> None:
        with pytest.raises((AuthenticationError, RateLimitError)) as caught:
            await accounts.sign_in("anna", f"guess number {number}", ADDRESS)
        outcomes.append(caught.type)

    async with anyio.create_task_group() as group:
        for number in range(4 * LIMIT):
            group.start_soon(guess, number)
    assert outcomes.count(AuthenticationError) == LIMIT


async def test_a_new_password_replaces_the_old(accounts: Accounts) -> None:
    user = await anna(accounts)
    await accounts.set_password(user.id, "another long password")
    await accounts.sign_in("anna", "another long password", ADDRESS)
    with pytest.raises(AuthenticationError):
        await accounts.sign_in("anna", PASSWORD, ADDRESS)


# ---- names ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kept", "typed"), [("山田 花子", "山田　花子"), ("ヤマダ", "ﾔﾏﾀﾞ"), ("Anna", "ａｎｎａ")]
)
async def test_a_name_is_found_however_it_is_typed(kept: str, typed: str, accounts: Accounts) -> None:
    made = await accounts.create_user(kept, PASSWORD, Role.MEMBER)
    assert made.name == kept
    assert await accounts.user_named(typed) == made
    assert (await accounts.sign_in(typed, PASSWORD, ADDRESS))[1] == made
    with pytest.raises(ConflictError):
        await accounts.create_user(typed, PASSWORD, Role.MEMBER)


async def test_a_name_made_twice_at_once_is_one_user(accounts: Accounts) -> None:
    refused = []

    async def make() -> None:
        try:
            await anna(accounts)
        except ConflictError:
            refused.append(1)

    async with anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(make)
    assert len(refused) == 3


async def test_an_unknown_name_is_not_found(accounts: Accounts) -> None:
    with pytest.raises(NotFoundError):
        await accounts.user_named("nobody")
