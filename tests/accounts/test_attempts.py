"""Failed sign-ins: who has to wait, and who doesn't."""

from __future__ import annotations

import pytest

from yoriai.accounts.attempts import Attempts
from yoriai.errors import RateLimitError

LIMIT = 3
OFFICE = "192.0.2.1"
HOME = "198.51.100.7"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def attempts(clock: Clock) -> Attempts:
    return Attempts(LIMIT, clock)


def fail(attempts: Attempts, name: str, address: str, times: int = LIMIT) -> None:
    for _ in range(times):
        attempts.begin(name, address)


def must_wait(attempts: Attempts, name: str, address: str) -> int:
    with pytest.raises(RateLimitError) as caught:
        attempts.begin(name, address)
    return int(str(caught.value.values["seconds"]))


def test_after_the_limit_an_account_waits_at_that_address(attempts: Attempts) -> None:
    fail(attempts, "anna", OFFICE)
    must_wait(attempts, "anna", OFFICE)


def test_the_account_is_not_locked_elsewhere_nor_are_colleagues(attempts: Attempts) -> None:
    fail(attempts, "anna", OFFICE)
    attempts.begin("anna", HOME)
    attempts.begin("ben", OFFICE)


def test_the_wait_ends_when_it_was_said_to(attempts: Attempts, clock: Clock) -> None:
    fail(attempts, "anna", OFFICE)
    clock.now += 100
    seconds = must_wait(attempts, "anna", OFFICE)
    clock.now += seconds - 2
    must_wait(attempts, "anna", OFFICE)
    clock.now += 2
    attempts.begin("anna", OFFICE)


def test_knocking_on_while_waiting_makes_the_wait_no_longer(attempts: Attempts, clock: Clock) -> None:
    fail(attempts, "anna", OFFICE)
    seconds = must_wait(attempts, "anna", OFFICE)
    for _ in range(10):
        clock.now += 1
        must_wait(attempts, "anna", OFFICE)
    assert must_wait(attempts, "anna", OFFICE) == seconds - 10


def test_success_forgives_the_accounts_failures(attempts: Attempts) -> None:
    for _ in range(5):
        fail(attempts, "anna", OFFICE, LIMIT - 1)
        attempts.begin("anna", OFFICE)
        attempts.succeeded("anna", OFFICE)


def test_one_address_trying_many_names_waits(attempts: Attempts) -> None:
    for number in range(5 * LIMIT):
        attempts.begin(f"guess {number}", OFFICE)
    must_wait(attempts, "another guess", OFFICE)
    attempts.begin("another guess", HOME)


def test_an_own_account_is_no_way_to_reset_an_addresss_count(attempts: Attempts) -> None:
    for number in range(5 * LIMIT):
        attempts.begin(f"guess {number}", OFFICE)
        if number < 5 * LIMIT - 1:
            attempts.begin("mallory", OFFICE)
            attempts.succeeded("mallory", OFFICE)
    must_wait(attempts, "another guess", OFFICE)


def test_an_office_signing_in_never_waits(attempts: Attempts) -> None:
    for number in range(100):
        attempts.begin(f"employee {number}", OFFICE)
        attempts.succeeded(f"employee {number}", OFFICE)
