"""Pages of plain HTML, which cost the server neither memory nor a websocket. Used by `sign_in`,
`account_page` and `document_page`."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from string import Template

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from yoriai.web.nonce import strict_policy
from yoriai.web.visitor import Visitor

_FOLDER = Path(__file__).parent


def file(name: str) -> Route:
    """Serves a style sheet or script of this folder. The browser asks each time whether it has changed."""

    def send(_: Request) -> Response:
        return FileResponse(_FOLDER / name, headers={"Cache-Control": "no-cache"})

    return Route(f"/{name}", send)


def render(
    page: str,
    visitor: Visitor,
    values: Mapping[str, str],
    *,
    markup: Mapping[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:
    """The body `page`.html and its script `page`.js, with `title` and other values: they are text, never markup.

    Args:
        markup: values that are HTML, whose writer has escaped what it didn't write itself.
    """
    is_japanese = visitor.language == "ja"
    everywhere = {
        "page": page,
        "language": visitor.language,
        "theme": visitor.theme,
        "unreachable": visitor.text("unreachable"),
        "other": "en" if is_japanese else "ja",
        "other_name": "English" if is_japanese else "日本語",
    }
    frame, body = ((_FOLDER / f"{name}.html").read_text("utf8") for name in ("plain_page", page))
    source = Template(frame.replace("$body", body))
    escaped = {name: escape(value) for name, value in {**everywhere, **values}.items()}
    content = source.substitute(escaped | dict(markup or {}))
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": strict_policy()}
    return HTMLResponse(content, status, headers=headers)
