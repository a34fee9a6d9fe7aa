"""Who may do what to which thing. Pure: no I/O, no session. Every room that guards something asks here.

What belongs to another user is reported as not found, so that nobody learns that it exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from yoriai.errors import AuthenticationError, ForbiddenError, NotFoundError
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
    MANAGE_USERS = "manage_users"
    MANAGE_MODELS = "manage_models"
    MANAGE_TOOLS = "manage_tools"  # MCP servers; which tools one uses is everybody's own
    SEE_METRICS = "see_metrics"


@dataclass(frozen=True, kw_only=True, slots=True)
class Thing:
    """Something that belongs to a user: a conversation, a reply, a token, a collection."""

    owner_id: str
    is_shared: bool = False  # everyone may read it


_OF_ADMINISTRATORS = {Action.MANAGE_USERS, Action.MANAGE_MODELS, Action.MANAGE_TOOLS, Action.SEE_METRICS}
_OF_MEMBERS = {
    Action.KEEP_DOCUMENTS, Action.KEEP_ASSISTANTS, Action.KEEP_COUNCILS, Action.BRING_VOTES, Action.KEEP_EXAMS,
}  # fmt: skip
_REFUSED = {
    Action.KEEP_DOCUMENTS: "access.not_for_guests",
    Action.KEEP_ASSISTANTS: "access.no_assistants_for_guests",
    Action.KEEP_COUNCILS: "access.no_councils_for_guests",
    Action.KEEP_EXAMS: "access.no_exams_for_guests",
    Action.BRING_VOTES: "access.no_votes_for_guests",
    Action.READ_FOLDERS: "access.terminal_only",
}
_OF_OWNERS = {Action.READ, Action.CHANGE, Action.DELETE}


def can(user: User | None, action: Action, thing: Thing | None = None) -> bool:
    """Whether `user` (None: nobody in particular) may. Everything that is not allowed here is refused.

    An administrator runs the server; that gives no right to read what others wrote.
    """
    if user is None or not user.active:
        return False
    if action in _OF_ADMINISTRATORS:
        return user.role is Role.ADMINISTRATOR
    if action in _OF_OWNERS:
        return thing is not None and (
            thing.owner_id in owners(user) or (action is Action.READ and thing.is_shared)
        )
    if action in _OF_MEMBERS:
        return user.role is not Role.GUEST
    if action is Action.READ_FOLDERS:
        return user.id == LOCAL_OPERATOR_ID
    return action is Action.CHAT


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
    if action in _OF_OWNERS:
        raise NotFoundError("access.not_found")
    raise ForbiddenError(_REFUSED.get(action, "access.administrators_only"))
