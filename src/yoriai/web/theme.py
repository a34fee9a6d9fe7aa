"""How every page looks: colours, style sheet, language, brand. `frame` is called first by each page."""

from __future__ import annotations

import copy
import json
from pathlib import Path

from nicegui import ui

from yoriai.web import markdown
from yoriai.web.visitor import LANGUAGE_COOKIE, THEME_COOKIE, Theme, Visitor

_STYLE = Path(__file__).with_name("yoriai.css")
_DARK: dict[Theme, bool | None] = {"auto": None, "light": False, "dark": True}
THEME_ICONS: dict[Theme, str] = {"auto": "brightness_auto", "light": "light_mode", "dark": "dark_mode"}


def install() -> None:
    """Once per server: the style sheets of all pages."""
    ui.add_css(_STYLE.read_text("utf8"), shared=True)
    ui.add_css(markdown.code_css(), shared=True)


def frame(visitor: Visitor) -> None:
    """Language and colours of this page."""
    client = ui.context.client
    # NiceGUI has one language per route; ours is the visitor's.
    client.page = copy.copy(client.page)
    client.page.language = "ja" if visitor.language == "ja" else "en-US"
    client.page.dark = _DARK[visitor.theme]
    ui.colors(primary="#3a5a8c", secondary="#6b7a90", accent="#b5651d", negative="#b3261e")


def brand() -> None:
    """The name of the house."""
    with ui.element("div").classes("y-brand"):
        ui.element("span").classes("y-roof").props("aria-hidden=true")
        ui.label("Yoriai").classes("y-name")


def language_switch(visitor: Visitor) -> None:
    """A button that shows the page in the other language."""
    other, label = ("en", "English") if visitor.language == "ja" else ("ja", "日本語")
    ui.button(label, icon="translate", on_click=lambda: remember(LANGUAGE_COOKIE, other)).props(
        "flat no-caps dense align=left"
    )


def set_theme(theme: Theme) -> None:
    """Show the page in other colours, and keep them."""
    remember(THEME_COOKIE, theme)


def remember(cookie: str, value: str) -> None:
    """Keep a preference in this browser, and show the page with it."""
    words = json.dumps(f"{cookie}={value}; path=/; max-age=31536000; samesite=lax")
    ui.run_javascript(f"document.cookie = {words}; location.reload()")
