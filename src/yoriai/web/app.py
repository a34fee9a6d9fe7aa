"""Adds the page to the server's application: its routes, its policy, NiceGUI's settings. Called by `cli.serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nicegui import ui
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from yoriai.bootstrap import Services
from yoriai.errors import AuthenticationError, NotFoundError
from yoriai.web import account_page, document_page, exam_pages, plain_page, sign_in, theme
from yoriai.web.arena_page import ArenaPage
from yoriai.web.board_page import BoardPage
from yoriai.web.chat_page import ChatPage
from yoriai.web.collection_page import CollectionPage
from yoriai.web.collections_page import CollectionsPage
from yoriai.web.compare_page import ComparePage
from yoriai.web.councils_page import CouncilsPage
from yoriai.web.door import Door
from yoriai.web.measurements_page import MeasurementsPage
from yoriai.web.models_page import ModelsPage
from yoriai.web.nonce import Nonce, policy
from yoriai.web.visitor import visitor_of

Page = (
    ModelsPage
    | MeasurementsPage
    | CollectionsPage
    | CollectionPage
    | ComparePage
    | ArenaPage
    | BoardPage
    | CouncilsPage
)
_ICON = Path(__file__).with_name("yoriai.svg")
# that elements import
_SCRIPTS = (
    "uploads.js", "deliberation.js", "search_tree.js", "sharing_picker.js", "tool_calls.js", "attachments.js",
)  # fmt: skip
_RECONNECT_S = 30.0  # a phone that slept, a network that went away: the same page goes on
_HISTORY = 100  # messages kept for a page that reconnects


def content_security_policy() -> str:
    """Of everything that the page's application serves but its HTML, which has a nonce in addition."""
    return policy()


def mount(app: Starlette, services: Services) -> None:
    """Add the page to `app`, at its root."""
    _add_pages(services)
    exam_pages.add(services)
    theme.install()
    for page in (sign_in, account_page):  # before NiceGUI, which takes every path
        app.router.routes.extend(page.routes(services.accounts))
    app.router.routes.extend([*document_page.routes(services), *map(plain_page.file, _SCRIPTS)])
    application: Any = app  # FastAPI's, which only `api` may name
    ui.run_with(
        application,
        title="Yoriai",
        favicon=_ICON,
        dark=None,
        language="en-US",
        tailwind=False,
        reconnect_timeout=_RECONNECT_S,
        message_history_length=_HISTORY,
        gzip_middleware_factory=None,
        show_welcome_message=False,
    )
    app.add_middleware(Nonce)
    app.add_middleware(Door, accounts=services.accounts)
    app.add_middleware(GZipMiddleware)


def _add_pages(services: Services) -> None:
    async def chat(request: Request, conversation_id: str = "") -> Response | None:
        visitor = visitor_of(request, services.accounts)
        try:
            await ChatPage(services, visitor, conversation_id).build()
        except AuthenticationError:
            return RedirectResponse("/login")
        return None

    async def beside(page: Page, otherwise: str = "/collections") -> Response | None:
        try:
            await page.build()
        except AuthenticationError:
            return RedirectResponse("/login")
        except NotFoundError:
            return RedirectResponse(otherwise)
        return None

    async def compare(request: Request, comparison_id: str = "") -> Response | None:
        visitor = visitor_of(request, services.accounts)
        return await beside(ComparePage(services, visitor, comparison_id), "/compare")

    async def councils(request: Request) -> Response | None:
        return await beside(CouncilsPage(services, visitor_of(request, services.accounts)))

    async def arena(request: Request, battle_id: str = "") -> Response | None:
        return await beside(ArenaPage(services, visitor_of(request, services.accounts), battle_id), "/arena")

    async def board(request: Request) -> Response | None:
        return await beside(BoardPage(services, visitor_of(request, services.accounts)))

    async def models(request: Request) -> Response | None:
        return await beside(ModelsPage(services, visitor_of(request, services.accounts)))

    async def measurements(request: Request) -> Response | None:
        return await beside(MeasurementsPage(services, visitor_of(request, services.accounts)))

    async def collections(request: Request) -> Response | None:
        return await beside(CollectionsPage(services, visitor_of(request, services.accounts)))

    async def collection(request: Request, collection_id: str) -> Response | None:
        return await beside(CollectionPage(services, visitor_of(request, services.accounts), collection_id))

    ui.page("/")(chat)
    ui.page("/c/{conversation_id}")(chat)
    ui.page("/compare")(compare)
    ui.page("/compare/{comparison_id}")(compare)
    ui.page("/councils")(councils)
    ui.page("/arena")(arena)
    ui.page("/arena/battles/{battle_id}")(arena)
    ui.page("/arena/board")(board)
    ui.page("/models")(models)
    ui.page("/measurements")(measurements)
    ui.page("/collections")(collections)
    ui.page("/collections/{collection_id}")(collection)
