"""Who may do what to which thing. Pure: no I/O, no session. Every room that guards something asks here.

What belongs to another user is reported as not found, so that nobody learns that it exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from yoriai.errors import AuthenticationError, ForbiddenError, NotFoundError
from yoriai.types import Role, User


class Action(StrEnum):
    CHAT = "chat"  # ask any responder
    READ = "read"  # an owned thing
    CHANGE = "change"
    DELETE = "delete"
    MANAGE_USERS = "manage_users"
    MANAGE_MODELS = "manage_models"
    SEE_METRICS = "see_metrics"


@dataclass(frozen=True, kw_only=True, slots=True)
class Thing:
    """Something that belongs to a user: a conversation, a reply, a token."""

    owner_id: str


_OF_ADMINISTRATORS = {Action.MANAGE_USERS, Action.MANAGE_MODELS, Action.SEE_METRICS}
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
        return thing is not None and thing.owner_id == user.id
    return action is Action.CHAT


def require(user: User | None, action: Action, thing: Thing | None = None) -> None:
    """Raises: AuthenticationError, NotFoundError (another user's thing) or ForbiddenError, if `can` says no."""
    if can(user, action, thing):
        return
    if user is None or not user.active:
        raise AuthenticationError("access.not_signed_in")
    if action in _OF_OWNERS:
        raise NotFoundError("access.not_found")
    raise ForbiddenError("access.administrators_only")
