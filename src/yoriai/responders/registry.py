"""Every responder by its name. The surfaces ask here, and only here, for something that answers.

`assistant:NAME` is an assistant, `collection:NAME` answers from one collection, `council:NAME` are several responders
together, `reasoner:METHOD(NAME)` searches over another responder; everything else is a model.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace

from yoriai.access import owners
from yoriai.catalog.library import Library
from yoriai.engines.router import Router
from yoriai.errors import NotFoundError, UsageError
from yoriai.models import POOLED, ResponderInfo
from yoriai.records import Assistant, Council
from yoriai.responders.assistants import Assistants
from yoriai.responders.council import CouncilResponder
from yoriai.responders.council_shelf import COUNCIL, CouncilShelf
from yoriai.responders.model import ModelResponder, model_responder
from yoriai.responders.naming import REASONER, Plan, around, parse
from yoriai.responders.sitting import Seat
from yoriai.responders.tool_user import ToolUser
from yoriai.sandbox.sandbox import Sandbox
from yoriai.store.collections import name_key
from yoriai.tools.toolbox import Toolbox
from yoriai.types import CompletionRequest, Context, EmbeddingRequest, Embeddings, Event, Responder, User

_log = logging.getLogger("yoriai.responders")
ASSISTANT, COLLECTION = "assistant:", "collection:"
_DEEPEST = 3  # composites inside each other


class Registry:
    """`default`: the model that answers where none is named; empty for the first that can chat.

    `answers`: makes a responder of an assistant, its model, and the model that judges it. `reasons`: of a reasoner's
    plan and the responder that it searches over; the judge is None where the settings name none.
    """

    def __init__(
        self, router: Router, library: Library, assistants: Assistants, councils: CouncilShelf, *,
        answers: Callable[[Assistant, Responder, Responder | None], Responder],
        reasons: Callable[[Plan, Responder, Responder | None], Responder], toolbox: Toolbox,
        sandbox: Sandbox, default: str = "", judge: str = "",
    ) -> None:  # fmt: skip
        self._router = router
        self._library = library
        self._assistants, self._councils = assistants, councils
        self._answers, self._reasons = answers, reasons
        self._reasoners_judge = judge
        self._default, self._sandbox = default, sandbox
        self.toolbox = toolbox

    async def models(self) -> list[ResponderInfo]:  # everyone may use every model so far
        return await self._router.list()

    async def list(self, user: User) -> list[ResponderInfo]:
        """Every model, and the assistants and councils that the user may use."""
        models = await self.models()
        default = await self.default_name(user) or ""
        by_name = {info.name: info for info in models}
        assistants = await self._assistants.usable(user)
        names = _names(user, assistants, ASSISTANT)
        found = models + [
            _info(name, by_name.get(assistant.model or default))
            for name, assistant in zip(names, assistants, strict=True)
        ]
        councils = await self._councils.usable(user)
        seated = zip(_names(user, councils, COUNCIL), councils, strict=True)
        return found + [_council_info(name, council, by_name) for name, council in seated]

    async def get(self, name: str, user: User, inside: tuple[str, ...] = ()) -> Responder:
        """`inside`: composites that ask for it, the outermost first.

        Raises:
            NotFoundError: nothing that this user may use answers to that name.
            UsageError: it says what a reasoner's name can be; composites go round in a circle, or too deep.
        """
        if name.startswith(REASONER):
            plan = parse(name)
            inner = await self.get(plan.inner, user, await self._within(name, inside, user))
            return self._reasons(plan, inner, await self._judge(self._reasoners_judge))
        if name.startswith(ASSISTANT):
            return await self.answering(
                await self._assistants.asked(user, name.removeprefix(ASSISTANT)), user
            )
        if name.startswith(COUNCIL):
            return await self._seated(
                await self._councils.named(user, name.removeprefix(COUNCIL)), user, inside
            )
        if name.startswith(COLLECTION):
            found = await self._assistants.of_collection(user, name.removeprefix(COLLECTION))
            return await self.answering(found, user)
        return await self._tool_user(name)

    async def lasting_name(self, name: str, user: User) -> str:
        """What still answers when an assistant or council has been renamed: its id. Raises: as `get`."""
        if name.startswith(ASSISTANT):
            return ASSISTANT + (await self._assistants.asked(user, name.removeprefix(ASSISTANT))).id
        if name.startswith(COUNCIL):
            return COUNCIL + (await self._councils.named(user, name.removeprefix(COUNCIL))).id
        await self.get(name, user)
        if name.startswith(REASONER):
            return around(name, await self.lasting_name(parse(name).inner, user))
        return name

    async def present_name(self, name: str, user: User) -> str:
        """What a person calls what `lasting_name` gave; itself where it is gone."""
        if name.startswith(REASONER):
            with suppress(UsageError):
                return around(name, await self.present_name(parse(name).inner, user))
        with suppress(NotFoundError):
            if name.startswith(ASSISTANT):
                found = await self._assistants.asked(user, name.removeprefix(ASSISTANT))
                if (await self._assistants.asked(user, found.name)).id == found.id:
                    return ASSISTANT + found.name
            if name.startswith(COUNCIL):
                council = await self._councils.named(user, name.removeprefix(COUNCIL))
                if (await self._councils.named(user, council.name)).id == council.id:
                    return COUNCIL + council.name
        return name

    async def lasting_member(self, name: str, user: User, council_id: str) -> str:
        """`lasting_name` of a member to be. Raises: as `get`; UnsupportedError: it writes nothing."""
        responder = await self.get(name, user, (COUNCIL + council_id,))
        if isinstance(responder, ToolUser):
            responder.model.check_writes()
        return await self.lasting_name(name, user)

    async def digest(self, name: str) -> str:
        """Of the weights of an installed model; empty: it isn't one."""
        with suppress(NotFoundError):
            return (await asyncio.to_thread(self._library.get, name)).digest
        return ""

    async def _seated(self, council: Council, user: User, inside: tuple[str, ...]) -> Responder:
        """With the members that this user may ask. Raises: UsageError: it is a member of itself, or too deep."""
        inside = await self._within(COUNCIL + council.id, inside, user)
        seats = [await self._seat(member, user, inside) for member in council.members]
        chair = await self._seat(council.chair, user, inside) if council.chair else seats[0]
        return CouncilResponder(council, seats, chair.responder, self._sandbox)

    async def _within(self, name: str, inside: tuple[str, ...], user: User) -> tuple[str, ...]:
        """What its parts are inside of. Raises: UsageError: it is inside itself, or too deep."""
        if name in inside:
            names = [await self.present_name(each, user) for each in (*inside, name)]
            raise UsageError("responders.circle", param="model", names=" → ".join(names))
        if len(inside) >= _DEEPEST:
            shown = await self.present_name(name, user)
            raise UsageError("responders.too_deep", param="model", name=shown, most=_DEEPEST)
        return (*inside, name)

    async def _seat(self, member: str, user: User, inside: tuple[str, ...]) -> Seat:
        name = await self.present_name(member, user)
        try:
            return Seat(name=name, responder=await self.get(member, user, inside))
        except NotFoundError as error:
            return Seat(name=name, error=error)

    async def answering(self, assistant: Assistant, user: User) -> Responder:
        """An assistant on its model, or on whoever answers by default. Raises: NotFoundError: there is none."""
        there = await self.toolbox.present() if assistant.tools else frozenset()
        assistant = replace(assistant, tools=tuple(each for each in assistant.tools if each in there))
        model = assistant.model or await self.default_name(user)
        if not model:
            raise NotFoundError("chat.no_model", param="model")
        return self._answers(assistant, await self._tool_user(model), await self._judge(assistant.judge))

    async def _judge(self, name: str) -> Responder | None:
        """None also where it is gone: an answer that is checked by words alone is better than none."""
        try:
            return await self._model(name) if name else None
        except NotFoundError:
            _log.warning("there is no judge %s", name)
            return None

    async def default_name(self, user: User) -> str | None:
        """Who answers where nobody was named: the setting, else the first installed; None when there is nobody."""
        kinds = {info.name: info.kind for info in await self.models() if info.kind not in POOLED}
        if self._default in kinds:
            return self._default
        installed = [name for name in await asyncio.to_thread(self._library.by_age) if name in kinds]
        names = [*installed, *(name for name in kinds if name not in installed)]
        return next((name for name in names if kinds[name] == "chat"), next(iter(names), None))

    async def embed(self, request: EmbeddingRequest, context: Context) -> Embeddings:
        """Raises: NotFoundError; UnsupportedError: the model doesn't make embeddings."""
        texts = [request.input] if isinstance(request.input, str) else list(request.input)
        return await (await self._model(request.model)).embed(texts)

    async def complete(self, request: CompletionRequest, context: Context) -> AsyncGenerator[Event, None]:
        """Continue a text, without roles or a template. Raises as `Responder.respond`."""
        responder = await self._model(request.model)
        async with aclosing(responder.complete(request)) as events:
            async for event in events:
                yield event

    async def remove(self, name: str) -> None:
        """Forget an installed model and delete its weights; requests that it is answering end first.

        Raises:
            NotFoundError: no such model. ConflictError: it is just being loaded.
        """
        with suppress(NotFoundError):
            self._router.unload(name)
        await asyncio.to_thread(self._library.remove, name)

    async def _tool_user(self, name: str) -> ToolUser:
        return ToolUser(await self._model(name), self.toolbox)

    async def _model(self, name: str) -> ModelResponder:
        return await model_responder(name, self._router, self._library)


def _names(user: User, things: Sequence[Assistant | Council], prefix: str) -> list[str]:
    """What `get` finds each by: its name, or its id where this user means another one by that name."""
    mine = owners(user)
    meant: dict[str, str] = {}
    for each in sorted(things, key=lambda each: (each.owner_id not in mine, each.created_at, each.id)):
        meant.setdefault(name_key(each.name), each.id)
    return [prefix + (each.name if meant[name_key(each.name)] == each.id else each.id) for each in things]


def _info(name: str, model: ResponderInfo | None) -> ResponderInfo:
    """Ready when its model is."""
    return ResponderInfo(
        name=name, kind="chat", engine="assistant", state=model.state if model else "failed",
        context_size=model.context_size if model else 0,
    )  # fmt: skip


def _council_info(name: str, council: Council, models: Mapping[str, ResponderInfo]) -> ResponderInfo:
    """Ready when all of its members that are models are; its context is its chair's."""
    states = {models[member].state for member in council.members if member in models}
    chair = models.get(council.chair or council.members[0])
    return ResponderInfo(
        name=name, kind="chat", engine="council", state="ready" if states == {"ready"} else "stopped",
        context_size=chair.context_size if chair else 0,
    )  # fmt: skip
