"""Every responder by its name. The surfaces ask here, and only here, for something that answers.

`assistant:NAME` is an assistant, `collection:NAME` answers from one collection, `reasoner:METHOD(NAME)` searches over
another responder; everything else is a model.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress

from yoriai.access import owners
from yoriai.catalog.library import Library
from yoriai.engines.router import Router
from yoriai.errors import NotFoundError, UsageError
from yoriai.records import Assistant
from yoriai.responders.assistants import Assistants
from yoriai.responders.model import ModelResponder, model_responder
from yoriai.responders.naming import REASONER, Plan, around, parse
from yoriai.store.collections import name_key
from yoriai.types import (
    POOLED,
    CompletionRequest,
    Context,
    EmbeddingRequest,
    Embeddings,
    Event,
    Responder,
    ResponderInfo,
    User,
)

_log = logging.getLogger("yoriai.responders")
ASSISTANT, COLLECTION = "assistant:", "collection:"
_DEEPEST = 3  # composites inside each other


class Registry:
    """`default`: the model that answers where none is named; empty for the first that can chat.

    `answers`: makes a responder of an assistant, its model, and the model that judges it. `reasons`: of a reasoner's
    plan and the responder that it searches over; the judge is None where the settings name none.
    """

    def __init__(
        self, router: Router, library: Library, assistants: Assistants, *,
        answers: Callable[[Assistant, Responder, Responder | None], Responder],
        reasons: Callable[[Plan, Responder, Responder | None], Responder], default: str = "", judge: str = "",
    ) -> None:  # fmt: skip
        self._router = router
        self._library = library
        self._assistants = assistants
        self._answers, self._reasons = answers, reasons
        self._reasoners_judge = judge
        self._default = default

    async def models(self) -> list[ResponderInfo]:  # everyone may use every model so far
        return await self._router.list()

    async def list(self, user: User) -> list[ResponderInfo]:
        """Every model, and the assistants that the user may use."""
        models = await self.models()
        default = await self.default_name(user) or ""
        by_name = {info.name: info for info in models}
        assistants = await self._assistants.usable(user)
        names = _names(user, assistants)
        return models + [
            _info(name, by_name.get(assistant.model or default))
            for name, assistant in zip(names, assistants, strict=True)
        ]

    async def get(self, name: str, user: User, inside: tuple[str, ...] = ()) -> Responder:
        """`inside`: composites that ask for it, the outermost first.

        Raises:
            NotFoundError: nothing that this user may use answers to that name.
            UsageError: it says what a reasoner's name can be; composites go round in a circle, or too deep.
        """
        if name.startswith(REASONER):
            plan = parse(name)
            inner = await self.get(plan.inner, user, within(name, inside))
            return self._reasons(plan, inner, await self._judge(self._reasoners_judge))
        if name.startswith(ASSISTANT):
            return await self.answering(
                await self._assistants.asked(user, name.removeprefix(ASSISTANT)), user
            )
        if name.startswith(COLLECTION):
            found = await self._assistants.of_collection(user, name.removeprefix(COLLECTION))
            return await self.answering(found, user)
        return await self._model(name)

    async def lasting_name(self, name: str, user: User) -> str:
        """What still answers when an assistant has been renamed: its id. Raises: NotFoundError, as `get`."""
        if name.startswith(ASSISTANT):
            return ASSISTANT + (await self._assistants.asked(user, name.removeprefix(ASSISTANT))).id
        await self.get(name, user)
        if name.startswith(REASONER):
            return around(name, await self.lasting_name(parse(name).inner, user))
        return name

    async def present_name(self, name: str, user: User) -> str:
        """What a person calls what `lasting_name` gave; itself where it is gone."""
        if name.startswith(REASONER):
            with suppress(UsageError):
                return around(name, await self.present_name(parse(name).inner, user))
        if not name.startswith(ASSISTANT):
            return name
        with suppress(NotFoundError):
            found = await self._assistants.asked(user, name.removeprefix(ASSISTANT))
            if (await self._assistants.asked(user, found.name)).id == found.id:
                return ASSISTANT + found.name
        return name

    async def answering(self, assistant: Assistant, user: User) -> Responder:
        """An assistant on its model, or on whoever answers by default. Raises: NotFoundError: there is none."""
        model = assistant.model or await self.default_name(user)
        if not model:
            raise NotFoundError("chat.no_model", param="model")
        return self._answers(assistant, await self._model(model), await self._judge(assistant.judge))

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

    async def _model(self, name: str) -> ModelResponder:
        return await model_responder(name, self._router, self._library)


def within(name: str, inside: tuple[str, ...]) -> tuple[str, ...]:
    """What its parts are inside of. Raises: UsageError: it is inside itself, or too deep."""
    if name in inside:
        raise UsageError("responders.circle", param="model", names=" → ".join([*inside, name]))
    if len(inside) >= _DEEPEST:
        raise UsageError("responders.too_deep", param="model", name=name, most=_DEEPEST)
    return (*inside, name)


def _names(user: User, assistants: list[Assistant]) -> list[str]:
    """What `get` finds each by: its name, or its id where this user means another one by that name."""
    mine = owners(user)
    meant: dict[str, str] = {}
    for each in sorted(assistants, key=lambda each: (each.owner_id not in mine, each.created_at, each.id)):
        meant.setdefault(name_key(each.name), each.id)
    return [
        ASSISTANT + (each.name if meant[name_key(each.name)] == each.id else each.id) for each in assistants
    ]


def _info(name: str, model: ResponderInfo | None) -> ResponderInfo:
    """Ready when its model is."""
    return ResponderInfo(
        name=name, kind="chat", engine="assistant", state=model.state if model else "failed",
        context_size=model.context_size if model else 0,
    )  # fmt: skip
