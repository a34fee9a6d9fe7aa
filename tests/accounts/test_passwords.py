"""Names and passwords: which are the same, which won't do, and how they are kept."""

from __future__ import annotations

import time

import pytest

from yoriai.accounts.passwords import LONGEST, SHORTEST, Passwords, clean_name, name_key
from yoriai.errors import UsageError

SENTENCE = "雨ニモマケズ風ニモマケズ"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anna", "ANNA"),
        ("anna", "ａｎｎａ"),
        ("anna", "  anna "),
        ("ヤマダ", "ﾔﾏﾀﾞ"),
        ("ガ", "カ\u3099"),
        ("山田 花子", "山田　花子"),
        ("straße", "STRASSE"),
        ("é", "e\u0301"),
    ],
)
def test_names_that_look_the_same_are_the_same(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(("one", "other"), [("はな", "ハナ"), ("斉藤", "齋藤"), ("ann", "anna")])
def test_names_that_differ_for_a_reader_differ(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@pytest.mark.parametrize("name", ["山田 花子", "𠮷野家", "Æsop", "長" * 64, "a"])
def test_a_name_is_shown_as_it_was_written(name: str) -> None:
    assert clean_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "   ", "　", "a" * 65, "an\u200bna", "anna\u202egnp", "an\x00na", "an\x1b[31mna", "\ud800"],
)
def test_an_invisible_or_endless_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        clean_name(name)
    assert caught.value.param == "name"


@pytest.mark.parametrize("password", ["", "a" * (SHORTEST - 1), "a" * (LONGEST + 1)])
async def test_a_password_too_short_or_too_long_is_refused(password: str) -> None:
    with pytest.raises(UsageError) as caught:
        await Passwords().hash(password)
    assert caught.value.param == "password"


async def test_a_password_opens_its_own_hash_only() -> None:
    passwords = Passwords()
    kept = await passwords.hash(SENTENCE)
    assert await passwords.check(SENTENCE, kept)
    assert not await passwords.check(SENTENCE + "。", kept)
    assert not await passwords.check("", kept)
    assert not await passwords.check("a" * 100_000, kept)


async def test_the_longest_password_is_not_cut() -> None:
    passwords = Passwords()
    kept = await passwords.hash("a" * LONGEST)
    assert await passwords.check("a" * LONGEST, kept)
    assert not await passwords.check("a" * (LONGEST + 1), kept)


async def test_the_same_keys_pressed_are_the_same_password_on_every_keyboard() -> None:
    passwords = Passwords()
    kept = await passwords.hash("ﾊﾟｽﾜｰﾄﾞ café")
    assert await passwords.check("パスワード cafe\u0301", kept)
    assert not await passwords.check("パスワード Café", kept)


async def test_a_hash_is_argon2id_with_a_salt_of_its_own() -> None:
    passwords = Passwords()
    one, other = await passwords.hash(SENTENCE), await passwords.hash(SENTENCE)
    assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert one != other


async def test_without_a_user_nothing_is_right_and_the_work_is_the_same() -> None:
    passwords = Passwords()
    kept = await passwords.hash(SENTENCE)
    assert not await passwords.check(SENTENCE, None)
    assert not await passwords.check("nobody's", None)

    async def cpu_s(password_hash: str | None) -> float:
        costs = []
        for _ in range(5):
            begun = time.process_time()
            await passwords.check("a wrong password", password_hash)
            costs.append(time.process_time() - begun)
        return min(costs)

    assert await cpu_s(None) == pytest.approx(await cpu_s(kept), rel=0.5)
