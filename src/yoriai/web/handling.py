"""What a visitor does, carried out: failures are said on the page; without a session the page is over.

Used by the pages on collections.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from nicegui import Client, ui
from nicegui.events import GenericEventArguments

from yoriai.errors import AuthenticationError, YoriaiError
from yoriai.i18n.catalogue import error_text
from yoriai.web.visitor import Visitor

Handler = Callable[..., Awaitable[None]]


class Handling:
    """For one browser tab."""

    def __init__(self, visitor: Visitor, client: Client) -> None:
        self._visitor = visitor
        self._client = client

    def on(self, element: ui.element, event: str, handler: Handler, *names: str) -> None:
        """`handler` gets those fields of the browser's event that `names` lists, as text."""
        safe = self.safely(handler)

        async def handle(arguments: GenericEventArguments) -> None:
            fields = arguments.args if isinstance(arguments.args, dict) else {}
            await safe(**{name: str(fields.get(name, "")) for name in names})

        element.on(event, handle)

    def safely(self, handler: Handler) -> Callable[..., Coroutine[Any, Any, None]]:
        async def handle(**fields: str) -> None:
            try:
                await handler(**fields)
            except AuthenticationError:
                self.go("/login")
            except YoriaiError as error:
                self.say(error_text(error, self._visitor.language))

        return handle

    def go(self, address: str) -> None:
        with self._client:
            ui.navigate.to(address)

    def reload(self) -> None:
        with self._client:
            ui.navigate.reload()

    def say(self, words: str) -> None:
        with self._client:
            ui.notify(words, type="negative", multi_line=True, timeout=8000)
