"""Who may do what to which thing. Pure: no I/O, no session. Every room that guards something asks here.

What belongs to another user is reported as not found, so that nobody learns that it exists. `store.shares.readable` is
the same rule inside of queries; a test holds them together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from yoriai.errors import AuthenticationError, ForbiddenError, NotFoundError
from yoriai.records import GroupName, Sharing
from yoriai.types import Role, User

LOCAL_OPERATOR_ID = "local"  # whoever runs Yoriai from this machine's terminal; has no account


class Action(StrEnum):
    CHAT = "chat"  # ask any responder
    READ = "read"  # an owned thing
    CHANGE = "change"
    DELETE = "delete"
    KEEP_DOCUMENTS = "keep_documents"  # files and collections of one's own
    KEEP_ASSISTANTS = "keep_assistants"
    KEEP_COUNCILS = "keep_councils"
    KEEP_EXAMS = "keep_exams"  # runs of exams and questions of one's own
    BRING_VOTES = "bring_votes"  # of elsewhere; to vote, one only has to chat
    READ_FOLDERS = "read_folders"  # of this machine
    SHARE_WITH = "share_with"  # a group
    MANAGE_USERS = "manage_users"
    MANAGE_GROUPS = "manage_groups"
    MANAGE_MODELS = "manage_models"
    MANAGE_TOOLS = "manage_tools"  # MCP servers; which tools one uses is everybody's own
    SEE_METRICS = "see_metrics"


@dataclass(frozen=True, kw_only=True, slots=True)
class Thing:
    """Something that belongs to a user: a conversation, a reply, a token, a collection."""

    owner_id: str
    sharing: Sharing = "owner"
    group_ids: tuple[str, ...] = ()  # of sharing "groups"


class Shared(Protocol):
    """What can be shared, as it is kept."""

    @property
    def owner_id(self) -> str: ...
    @property
    def sharing(self) -> Sharing: ...
    @property
    def groups(self) -> Sequence[GroupName]: ...


_OF_ADMINISTRATORS = {
    Action.MANAGE_USERS,
    Action.MANAGE_GROUPS,
    Action.MANAGE_MODELS,
    Action.MANAGE_TOOLS,
    Action.SEE_METRICS,
}
_OF_MEMBERS = {
    Action.KEEP_DOCUMENTS,
    Action.KEEP_ASSISTANTS,
    Action.KEEP_COUNCILS,
    Action.KEEP_EXAMS,
    Action.BRING_VOTES,
}
_REFUSED = {
    Action.KEEP_DOCUMENTS: "access.not_for_guests",
    Action.KEEP_ASSISTANTS: "access.no_assistants_for_guests",
    Action.KEEP_COUNCILS: "access.no_councils_for_guests",
    Action.KEEP_EXAMS: "access.no_exams_for_guests",
    Action.BRING_VOTES: "access.no_votes_for_guests",
    Action.READ_FOLDERS: "access.terminal_only",
}
_OF_OWNERS = {Action.READ, Action.CHANGE, Action.DELETE}
_WITH_THINGS = _OF_OWNERS | {Action.SHARE_WITH}  # who may not doesn't learn that there is something


def can(user: User | None, action: Action, thing: Thing | None = None) -> bool:
    """Whether `user` (None: nobody in particular) may. Everything that is not allowed here is refused.

    An administrator runs the server; that gives no right to read what others wrote. Reading gives no right to change.
    """
    if user is None or not user.active:
        return False
    if action in _OF_ADMINISTRATORS:
        return user.role is Role.ADMINISTRATOR
    if action in _WITH_THINGS:
        return thing is not None and _can_with(user, action, thing)
    if action in _OF_MEMBERS:
        return user.role is not Role.GUEST
    if action is Action.READ_FOLDERS:
        return user.id == LOCAL_OPERATOR_ID
    return action is Action.CHAT


def thing_of(shared: Shared) -> Thing:
    return Thing(
        owner_id=shared.owner_id, sharing=shared.sharing, group_ids=tuple(each.id for each in shared.groups)
    )


def group(group_id: str) -> Thing:
    """A group itself: it is nobody's own, and those who are in it may know of it."""
    return Thing(owner_id="", sharing="groups", group_ids=(group_id,))


def owners(user: User) -> frozenset[str]:
    """Whose things are this user's. What was made on the terminal belongs to the administrators of the server."""
    is_administrator = user.role is Role.ADMINISTRATOR
    return frozenset({user.id, LOCAL_OPERATOR_ID} if is_administrator else {user.id})


def require(user: User | None, action: Action, thing: Thing | None = None) -> None:
    """Raises: AuthenticationError, NotFoundError (another user's thing) or ForbiddenError, if `can` says no."""
    if can(user, action, thing):
        return
    if user is None or not user.active:
        raise AuthenticationError("access.not_signed_in")
    if action in _WITH_THINGS:
        raise NotFoundError("access.not_found")
    raise ForbiddenError(_REFUSED.get(action, "access.administrators_only"))


def _can_with(user: User, action: Action, thing: Thing) -> bool:
    if action is Action.SHARE_WITH:
        return user.role is Role.ADMINISTRATOR or _is_shared_with(user, thing)
    return thing.owner_id in owners(user) or (action is Action.READ and _is_shared_with(user, thing))


def _is_shared_with(user: User, thing: Thing) -> bool:
    if thing.sharing == "groups":
        return not set(user.group_ids).isdisjoint(thing.group_ids)
    return thing.sharing == "everyone"
