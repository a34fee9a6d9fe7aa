"""The models page: which models there are, which fit, how fast and how open they are; for administrators what to do.

Puts its parts together and carries out what the visitor does, through the same services as the API. A pull belongs to
the server: it goes on without the page, and every page shows it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from anyio import to_thread
from nicegui import ui
from nicegui.events import GenericEventArguments

from yoriai.access import Action, can, require
from yoriai.bootstrap import Services
from yoriai.catalog import kept
from yoriai.catalog.report import report
from yoriai.errors import AuthenticationError, NotFoundError, YoriaiError
from yoriai.evaluation.versus import Versus, versus
from yoriai.i18n.catalogue import error_text
from yoriai.i18n.figures import size
from yoriai.models import InstalledModel
from yoriai.web import charts, layout, model_words
from yoriai.web.model_shelf import ModelShelf
from yoriai.web.plan_form import PlanForm
from yoriai.web.visitor import Visitor

_EVERY_S = 1.0  # how far pulls are, what is loaded
_LOADED = {"starting", "ready", "draining"}


class ModelsPage:
    """One browser tab."""

    def __init__(self, services: Services, visitor: Visitor) -> None:
        self._services = services
        self._visitor = visitor
        self._installed: dict[str, InstalledModel] = {}
        self._told: dict[str, Any] = {}
        self._is_ready = False
        self._client = ui.context.client

    async def build(self) -> None:
        """Lay the page out; what takes a moment to know is told when the browser is there."""
        user = await self._visitor.user()
        with layout.subpage(self._visitor, self._visitor.text("models")):
            self._form = PlanForm(
                self._visitor, self._services.settings.engine.context_size, self._safely(self._plan)
            )
            self._ratios = ui.expansion(self._visitor.text("models_ratio"), icon="bar_chart").classes(
                "y-plan"
            )
            self._ratios.set_visibility(False)
            measurements = ui.button(self._visitor.text("measurements_title"), icon="bar_chart")
            measurements.props("flat no-caps dense href=/measurements").classes("y-to-measurements")
            self._shelf = ModelShelf(self._visitor, manages=can(user, Action.MANAGE_MODELS))
        await self._look()
        self._shelf.set_cards(self._cards())
        self._listen()
        ui.timer(_EVERY_S, self._safely(self._refresh), immediate=False)

    def _listen(self) -> None:
        self._on("ready", self._ready)
        self._on("openness", self._openness)
        self._on("pull", self._pull)
        self._on("cancel", self._cancel)
        self._on("discard", self._discard)
        self._on("unload", self._unload)
        self._on("remove", self._remove)

    # ---- what is shown -------------------------------------------------------------------------------------
    async def _ready(self) -> None:
        """A browser is there, for the first time or again: it knows nothing yet."""
        self._is_ready, self._told = True, {}
        await self._refresh()
        await self._plan()

    async def _refresh(self) -> None:
        """What has changed since the last time."""
        await self._visitor.user()
        if not self._is_ready:
            return
        before = {name: model.digest for name, model in self._installed.items()}
        await self._look()
        has_changed = before != {name: model.digest for name, model in self._installed.items()}
        if has_changed:
            self._shelf.set_cards(self._cards())
        states = await self._states()
        if states != self._told:
            self._told = states
            self._shelf.tell_states(states)
        if has_changed:
            await self._plan()

    async def _plan(self) -> None:
        """What this machine and the described one can do with each model."""
        outlooks, use = self._services.outlooks, self._form.use()
        described = self._form.described()
        machine = await outlooks.machine()
        here = await outlooks.all(machine, use)
        there = await outlooks.all(described.machine, use) if described else {}
        words = [model_words.machine_words(machine, (), self._visitor)]
        if described:
            words.append(model_words.machine_words(described.machine, described.assumed, self._visitor))
        fits = [
            {name: model_words.fit(outlook, self._visitor) for name, outlook in found.items()}
            for found in (here, there)
        ]
        self._shelf.tell_fits(words, fits)
        self._show_ratios(versus(there, here))

    def _show_ratios(self, pairs: Sequence[Versus]) -> None:
        """How many times faster the described machine is, where both run a model."""
        held = [pair for pair in pairs if pair.ratio]
        self._ratios.clear()
        self._ratios.set_visibility(bool(held))
        with self._ratios:
            if held:
                ui.label(self._visitor.text("models_ratio_help")).classes("y-note")
            self._draw_ratios("models_ratio", [pair for pair in held if pair.writes])
            self._draw_ratios("models_ratio_reading", [pair for pair in held if not pair.writes])

    def _draw_ratios(self, title: str, pairs: Sequence[Versus]) -> None:
        if pairs:
            words = self._visitor.text(title)
            ui.label(words).classes("y-note")
            values = {words: [pair.ratio for pair in pairs]}
            charts.bars([pair.name for pair in pairs], values, label=words, line=1.0)

    async def _look(self) -> None:
        models = await to_thread.run_sync(self._services.library.list)
        self._installed = {model.name: model for model in models}

    def _cards(self) -> list[model_words.Card]:
        services, visitor = self._services, self._visitor
        own = [
            model_words.card_of_installed(
                model, services.policy.of_installed(model, services.catalogue), visitor
            )
            for name, model in self._installed.items()
            if name not in services.catalogue
        ]
        return own + [
            model_words.card_of_entry(
                entry, services.policy.of_entry(entry), visitor, is_allowed=services.policy.allows(entry)
            )
            for entry in services.catalogue.values()
        ]

    async def _states(self) -> dict[str, Any]:
        infos = await self._services.router.list()
        use, came = await to_thread.run_sync(self._disk)
        pulls = self._services.pulls.all()
        return {
            "installed": sorted(self._installed),
            "loaded": [
                model_words.loaded(info, self._visitor)
                for info in infos
                if info.name in self._installed and info.state in _LOADED
            ],
            "pulls": {name: model_words.pull(pull, self._visitor) for name, pull in pulls.items()},
            "kept": {name: size(count) for name, count in came.items() if count},
            "disk": model_words.disk(use, self._visitor),
            "free": use.free_bytes,
        }

    def _disk(self) -> tuple[kept.DiskUse, dict[str, int]]:
        library = self._services.library
        waiting = [entry for name, entry in self._services.catalogue.items() if name not in self._installed]
        return kept.disk_use(library), {entry.name: kept.kept_bytes(entry, library) for entry in waiting}

    async def _openness(self, name: str) -> None:
        services = self._services
        if name in self._installed:
            found = services.policy.of_installed(self._installed[name], services.catalogue)
        elif name in services.catalogue:
            found = services.policy.of_entry(services.catalogue[name])
        else:
            raise NotFoundError("catalog.model_unknown", name=name[:200])
        self._shelf.tell_openness(name, report(found, self._visitor.language).model_dump(mode="json"))

    # ---- what an administrator does ------------------------------------------------------------------------
    async def _pull(self, name: str) -> None:
        await self._allowed()
        self._services.pulls.start(name)
        await self._refresh()

    async def _cancel(self, name: str) -> None:
        await self._allowed()
        await self._services.pulls.cancel(name)
        await self._refresh()

    async def _discard(self, name: str) -> None:
        await self._allowed()
        await self._services.pulls.discard(name)
        await self._refresh()

    async def _unload(self, name: str) -> None:
        await self._allowed()
        self._services.router.unload(name)
        await self._refresh()

    async def _remove(self, name: str) -> None:
        await self._allowed()
        if await layout.confirm(self._visitor, self._visitor.text("models_remove_question", name=name)):
            await self._allowed()
            await self._services.registry.remove(name)
            await self._refresh()

    async def _allowed(self) -> None:
        """Raises: AuthenticationError, ForbiddenError."""
        require(await self._visitor.user(), Action.MANAGE_MODELS)

    # ---- inside --------------------------------------------------------------------------------------------
    def _on(self, event: str, handler: Callable[..., Awaitable[None]]) -> None:
        safe = self._safely(handler)

        async def handle(arguments: GenericEventArguments) -> None:
            fields = arguments.args if isinstance(arguments.args, dict) else {}
            await safe(**{key: str(value) for key, value in fields.items() if key == "name"})

        self._shelf.on(event, handle)

    def _safely(self, handler: Callable[..., Awaitable[None]]) -> Callable[..., Coroutine[Any, Any, None]]:
        """`handler`, whose failures are said on the page; without a session the page is over."""

        async def handle(**fields: str) -> None:
            try:
                await handler(**fields)
            except AuthenticationError:
                with self._client:
                    ui.navigate.to("/login")
            except YoriaiError as error:
                with self._client:
                    words = error_text(error, self._visitor.language)
                    ui.notify(words, type="negative", multi_line=True, timeout=8000)

        return handle
