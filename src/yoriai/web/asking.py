"""Whom a visitor asks about a collection: an assistant of their own for it, made the first time. Used by its page."""

from __future__ import annotations

from yoriai.access import Action, can, owners
from yoriai.bootstrap import Services
from yoriai.errors import NotFoundError
from yoriai.records import Assistant, Collection
from yoriai.responders.assistants import LONGEST_NAME, Assistants, Draft
from yoriai.responders.registry import ASSISTANT, COLLECTION
from yoriai.types import User


async def assistant_for(services: Services, user: User, collection: Collection) -> str:
    """The name of the responder that answers from `collection` alone."""
    if not can(user, Action.KEEP_ASSISTANTS):
        return COLLECTION + collection.id
    assistants = services.assistants
    mine = [each for each in await assistants.usable(user) if each.owner_id in owners(user)]
    found = next((each for each in mine if each.collection_ids == (collection.id,)), None)
    if found is None:
        taken = {each.name.casefold() for each in mine}
        draft = Draft(name=_free(collection.name, taken), collection_ids=(collection.id,))
        found = await assistants.create(user, draft)
    return ASSISTANT + await _unmistakable(assistants, user, found)


async def _unmistakable(assistants: Assistants, user: User, assistant: Assistant) -> str:
    """Its name, or its id where the name means another."""
    try:
        named = await assistants.named(user, assistant.name)
    except NotFoundError:  # removed meanwhile
        return assistant.id
    return assistant.name if named.id == assistant.id else assistant.id


def _free(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free.casefold() in taken:
        number += 1
        free = f"{name[: LONGEST_NAME - 8]} ({number})"
    return free
