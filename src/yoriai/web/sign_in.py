"""The pages before the chat: signing in, and making the first administrator with the terminal's one-time link."""

from __future__ import annotations

from nicegui import ui

from yoriai.web import theme
from yoriai.web.visitor import Visitor


class SignInForm(ui.element, component="sign_in.js"):
    """`kind`: "login" or "setup", as the API calls them; `secret`: of the one-time link."""

    def __init__(self, visitor: Visitor, kind: str, secret: str = "") -> None:
        super().__init__()
        names = ("title", "explanation", "submit") if kind == "setup" else ("title", "submit")
        self.props["labels"] = {name: visitor.text(f"{kind}_{name}") for name in names} | {
            name: visitor.text(name) for name in ("name", "password", "repeat", "different", "unreachable")
        }
        self.props["path"] = f"/api/{kind}"
        self.props["secret"] = secret
        self.props["language"] = visitor.language
        self.props["is-new"] = kind == "setup"


def build(visitor: Visitor, kind: str, secret: str = "") -> None:
    """The page: brand, form, language."""
    theme.frame(visitor)
    with ui.element("main").classes("y-door"):
        theme.brand()
        SignInForm(visitor, kind, secret)
        theme.language_switch(visitor)
