"""Whom a visitor asks about a collection: an assistant of their own for it, made the first time. Used by its page."""

from __future__ import annotations

from dataclasses import dataclass

from yoriai.access import Action, can, owners
from yoriai.bootstrap import Services
from yoriai.errors import NotFoundError
from yoriai.knowledge.naming import LONGEST_NAME
from yoriai.records import Assistant, Collection
from yoriai.responders.assistants import Assistants, Draft, Mode
from yoriai.responders.registry import ASSISTANT, COLLECTION
from yoriai.types import User


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """How a collection is asked; `name`: of the assistant, if one has to be made."""

    name: str
    mode: Mode
    only_documents: bool


async def assistant_for(services: Services, user: User, collection: Collection, way: Way) -> str:
    """The name of the responder that answers from `collection` alone, in this way."""
    if not can(user, Action.KEEP_ASSISTANTS):
        return COLLECTION + collection.id
    assistants = services.assistants
    mine = await _own(services, user)
    found = next((each for each in mine if is_for(each, collection, way.mode)), None)
    if found is None:
        taken = {each.name.casefold() for each in mine}
        draft = Draft(
            name=_free(way.name, taken), collection_ids=(collection.id,), mode=way.mode,
            only_documents=way.only_documents,
        )  # fmt: skip
        found = await assistants.create(user, draft)
    elif found.only_documents != way.only_documents:
        await assistants.change(user, found.id, only_documents=way.only_documents)
    return ASSISTANT + await _unmistakable(assistants, user, found)


async def only_documents(services: Services, user: User, collection: Collection) -> dict[Mode, bool]:
    """By mode: whether the user's assistant keeps to the documents; so it does where there is none yet."""
    found: dict[Mode, bool] = {"passages": True, "whole": True}
    for each in reversed(await _own(services, user)):
        if is_for(each, collection, each.mode):
            found[each.mode] = each.only_documents
    return found


async def _own(services: Services, user: User) -> list[Assistant]:
    return [each for each in await services.assistants.usable(user) if each.owner_id in owners(user)]


def is_for(assistant: Assistant, collection: Collection, mode: Mode) -> bool:
    """One that asks this collection and does nothing else: what somebody has set up for other ends is left alone."""
    is_plain = (
        not (assistant.system_prompt or assistant.model or assistant.judge) and assistant.sharing == "owner"
    )
    return is_plain and assistant.collection_ids == (collection.id,) and assistant.mode == mode


async def _unmistakable(assistants: Assistants, user: User, assistant: Assistant) -> str:
    """Its name, or its id where the name means another."""
    try:
        named = await assistants.named(user, assistant.name)
    except NotFoundError:  # removed meanwhile
        return assistant.id
    return assistant.name if named.id == assistant.id else assistant.id


def _free(name: str, taken: set[str]) -> str:
    number, free = 1, name[:LONGEST_NAME]
    while free.casefold() in taken:
        number += 1
        free = f"{name[: LONGEST_NAME - 8]} ({number})"
    return free
