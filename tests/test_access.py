"""The whole table of who may do what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from yoriai.access import LOCAL_OPERATOR_ID, Action, Thing, can, group, require
from yoriai.errors import AuthenticationError, ForbiddenError, NotFoundError
from yoriai.types import Role, User

EVERYBODY = [User(id=role.value, name=role.value, role=role) for role in Role]
ADMINISTRATION = {
    Action.MANAGE_USERS,
    Action.MANAGE_GROUPS,
    Action.MANAGE_MODELS,
    Action.MANAGE_TOOLS,
    Action.SEE_METRICS,
}
OWNED = {Action.READ, Action.CHANGE, Action.DELETE}
OF_MEMBERS = {
    Action.KEEP_DOCUMENTS,
    Action.KEEP_ASSISTANTS,
    Action.KEEP_COUNCILS,
    Action.BRING_VOTES,
    Action.KEEP_EXAMS,
}
anyone = pytest.mark.parametrize("user", EVERYBODY, ids=lambda user: user.role)
every_action = pytest.mark.parametrize("action", Action)


def test_every_action_is_judged_here() -> None:
    assert set(Action) == ADMINISTRATION | OWNED | OF_MEMBERS | {
        Action.CHAT,
        Action.READ_FOLDERS,
        Action.SHARE_WITH,
    }


@every_action
def test_nobody_in_particular_may_nothing(action: Action) -> None:
    assert not can(None, action)
    assert not can(None, action, Thing(owner_id=""))
    with pytest.raises(AuthenticationError):
        require(None, action)


@anyone
@every_action
def test_a_disabled_account_may_nothing(user: User, action: Action) -> None:
    disabled = User(id=user.id, name=user.name, role=user.role, active=False)
    assert not can(disabled, action, Thing(owner_id=user.id))
    with pytest.raises(AuthenticationError):
        require(disabled, action, Thing(owner_id=user.id))


@anyone
@pytest.mark.parametrize("action", sorted(ADMINISTRATION))
def test_only_administrators_administer(user: User, action: Action) -> None:
    assert can(user, action) is (user.role is Role.ADMINISTRATOR)
    if user.role is not Role.ADMINISTRATOR:
        with pytest.raises(ForbiddenError):
            require(user, action)


@anyone
@pytest.mark.parametrize("action", sorted(OWNED))
def test_things_are_their_owners(user: User, action: Action) -> None:
    assert can(user, action, Thing(owner_id=user.id))
    require(user, action, Thing(owner_id=user.id))


@anyone
@pytest.mark.parametrize("action", sorted(OWNED))
def test_what_is_anothers_does_not_exist_even_for_administrators(user: User, action: Action) -> None:
    with pytest.raises(NotFoundError) as of_another:
        require(user, action, Thing(owner_id="somebody"))
    with pytest.raises(NotFoundError) as of_nobody:
        require(user, action)
    assert str(of_another.value) == str(of_nobody.value)


@anyone
def test_everybody_with_an_account_may_chat(user: User) -> None:
    assert can(user, Action.CHAT)


@anyone
@pytest.mark.parametrize("action", sorted(OWNED))
def test_what_is_shared_is_everyones_to_read_and_nobody_elses_to_change(user: User, action: Action) -> None:
    assert can(user, action, Thing(owner_id="somebody", sharing="everyone")) is (action is Action.READ)


@anyone
@pytest.mark.parametrize("action", sorted(OWNED))
def test_what_is_shared_with_a_group_is_its_members_to_read_and_nobody_elses(
    user: User, action: Action
) -> None:
    thing = Thing(owner_id="somebody", sharing="groups", group_ids=("law", "board"))
    inside, elsewhere = replace(user, group_ids=("law",)), replace(user, group_ids=("sales",))
    assert can(inside, action, thing) is (action is Action.READ)
    for outside in (user, elsewhere):
        assert not can(outside, action, thing)
        with pytest.raises(NotFoundError):
            require(outside, action, thing)
    assert not can(inside, action, replace(thing, sharing="owner"))
    assert not can(inside, action, replace(thing, group_ids=()))


@anyone
def test_things_are_shared_with_groups_that_one_is_in(user: User) -> None:
    inside = replace(user, group_ids=("law",))
    assert can(inside, Action.SHARE_WITH, group("law"))
    assert can(inside, Action.SHARE_WITH, group("sales")) is (user.role is Role.ADMINISTRATOR)
    assert not can(inside, Action.SHARE_WITH)


@anyone
@pytest.mark.parametrize("action", sorted(OWNED))
def test_what_was_made_on_the_terminal_is_the_administrators(user: User, action: Action) -> None:
    assert can(user, action, Thing(owner_id=LOCAL_OPERATOR_ID)) is (user.role is Role.ADMINISTRATOR)


@anyone
@pytest.mark.parametrize("action", sorted(OF_MEMBERS))
def test_guests_keep_nothing(user: User, action: Action) -> None:
    assert can(user, action) is (user.role is not Role.GUEST)


@anyone
def test_folders_of_the_machine_are_read_for_its_terminal_only(user: User) -> None:
    assert not can(user, Action.READ_FOLDERS)
    assert can(User(id=LOCAL_OPERATOR_ID, name="local", role=Role.ADMINISTRATOR), Action.READ_FOLDERS)
