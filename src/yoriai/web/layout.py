"""The frame of the chat page: drawers, header, footer, menus, dialogs. Knows no conversation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from nicegui import ui

from yoriai.types import User
from yoriai.web import theme
from yoriai.web.visitor import Theme, Visitor

_THEMES: tuple[Theme, ...] = ("auto", "light", "dark")
_SUGGESTIONS = ("suggestion_summarise", "suggestion_letter", "suggestion_explain", "suggestion_table")
_PLACES = (
    ("compare", "view_column"),
    ("arena", "how_to_vote"),
    ("exams", "school"),
    ("councils", "groups"),
    ("collections", "folder_open"),
    ("models", "inventory_2"),
)
_BACK = {
    "/": "back",
    "/models": "models",
    "/collections": "collections",
    "/arena": "arena",
    "/exams": "exams",
}
_PHONE = "window.innerWidth < 1024"  # Quasar's breakpoint of a drawer


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """Where the page's own elements go."""

    left: ui.left_drawer
    left_content: ui.element
    header: ui.element
    settings_button: ui.button
    main: ui.element
    footer: ui.element


def build(visitor: Visitor, user: User, on_new: Callable[[], Awaitable[None]]) -> Parts:
    """The empty frame."""
    theme.frame(visitor)
    with ui.left_drawer(value=None, bordered=True, top_corner=True, bottom_corner=True).classes(
        "y-drawer"
    ) as left:
        left.props("width=290 breakpoint=1023")
        theme.brand()
        ui.button(visitor.text("new_chat"), icon="add", on_click=on_new).props("outline no-caps").classes(
            "y-new"
        )
        left_content = ui.element("div").classes("y-drawer-content")
        for name, icon in _PLACES:
            ui.button(visitor.text(name), icon=icon).props(f"flat no-caps align=left dense href=/{name}")
        _account_menu(visitor, user)
    with ui.header(bordered=True, wrap=False).classes("y-header") as header:
        _icon_button("menu", visitor.text("conversations"), left.toggle)
        picker = ui.element("div").classes("y-header-middle")
        settings_button = _icon_button("tune", visitor.text("settings"), None)
    header.props("role=banner")
    main = ui.element("div").classes("y-main")
    with ui.footer(bordered=False).classes("y-footer") as footer:
        pass
    return Parts(
        left=left,
        left_content=left_content,
        header=picker,
        settings_button=settings_button,
        main=main,
        footer=footer,
    )


def subpage(visitor: Visitor, title: str, back: str = "/") -> ui.element:
    """A page beside the chat: its title and the way `back`, one of `_BACK`. What it returns is to be filled."""
    theme.frame(visitor)
    ui.page_title(f"{title} · Yoriai")
    with ui.header(bordered=True, wrap=False).classes("y-header") as header:
        words = visitor.text(_BACK[back])
        button = ui.button(icon="arrow_back").props(f'flat round dense href={back} aria-label="{words}"')
        with button:
            ui.tooltip(words)
        ui.label(title).classes("y-heading").props("role=heading aria-level=1")
        ui.space()
        theme.language_switch(visitor)
    header.props("role=banner")
    return ui.element("main").classes("y-main y-wide")


def welcome(visitor: Visitor, on_suggestion: Callable[[str], None]) -> ui.element:
    """What an empty conversation shows."""
    with ui.element("section").classes("y-welcome") as section:
        ui.element("span").classes("y-roof y-large").props("aria-hidden=true")
        ui.label(visitor.text("welcome")).classes("y-welcome-title").props("role=heading aria-level=1")
        ui.label(visitor.text("welcome_private"))
        with ui.element("div").classes("y-suggestions"):
            for name in _SUGGESTIONS:
                text = visitor.text(name)
                ui.button(text, on_click=lambda text=text: on_suggestion(text)).props("outline no-caps")
    return section


async def confirm(visitor: Visitor, question: str, yes: str = "remove") -> bool:
    """Ask before something that can't be undone; `yes`: the name of what the button says."""
    with ui.dialog() as dialog, ui.card():
        ui.label(question)
        with ui.row():
            ui.button(visitor.text("cancel"), on_click=lambda: dialog.submit(False)).props("flat no-caps")
            ui.button(visitor.text(yes), on_click=lambda: dialog.submit(True)).props(
                "unelevated no-caps color=negative"
            )
    answer = await dialog
    dialog.delete()
    return bool(answer)


def close_on_phone(drawer: ui.left_drawer) -> None:
    """A drawer that covers the page goes away once something was chosen in it."""
    ui.run_javascript(
        f"if ({_PHONE}) getElement({drawer.id}).$refs?.qRef?.hide?.() ?? getElement({drawer.id}).hide?.()"
    )


def _account_menu(visitor: Visitor, user: User) -> None:
    account = (
        ui.button(user.name, icon="account_circle")
        .props("flat no-caps align=left dense")
        .classes("y-account")
    )
    with account, ui.menu().props("anchor='top left' self='bottom left'"):
        for name in _THEMES:
            with ui.menu_item(on_click=lambda name=name: theme.set_theme(name)):
                _icon_and_text(theme.THEME_ICONS[name], visitor.text(f"theme_{name}"))
        ui.separator()
        ui.menu_item(visitor.text("account"), on_click=lambda: ui.navigate.to("/account"))
        ui.menu_item("API", on_click=lambda: ui.navigate.to("/docs", new_tab=True))
        ui.menu_item(visitor.text("sign_out"), on_click=_sign_out)
    theme.language_switch(visitor)


def _icon_and_text(icon: str, text: str) -> None:
    with ui.row().classes("y-menu-row"):
        ui.icon(icon)
        ui.label(text)


def _icon_button(icon: str, label: str, on_click: Callable[[], object] | None) -> ui.button:
    button = ui.button(icon=icon, on_click=on_click).props(f'flat round dense aria-label="{label}"')
    with button:
        ui.tooltip(label)
    return button


def _sign_out() -> None:
    """Drafts go too: whoever signs in next in this tab is somebody else."""
    ui.run_javascript(
        "sessionStorage.clear();"
        "fetch('/api/logout', { method: 'POST' }).finally(() => location.replace('/login'))"
    )
