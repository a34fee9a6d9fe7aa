"""Content-Security-Policy of the page: scripts run only with the nonce of this very response.

NiceGUI starts its page with inline scripts, so each of them gets the nonce while the page passes; whatever a
model's answer might smuggle in has none. Pure ASGI; only whole HTML pages are touched.
"""

from __future__ import annotations

import secrets

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def policy(script_source: str = "") -> str:
    """`'unsafe-eval'`: Vue compiles NiceGUI's templates in the browser; without it the page stays blank."""
    return (
        f"default-src 'none'; script-src 'self' 'unsafe-eval' {script_source}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


def strict_policy() -> str:
    """Of pages of plain HTML: no script but our files', whatever stands in the page."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


class Nonce:
    """Wraps the page's application. A page that brings a policy of its own keeps it, and gets no nonce."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start: Message | None = None
        parts: list[bytes] = []

        async def with_nonce(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _wants_nonce(message):
                start = message
            elif start is None or message["type"] != "http.response.body":
                await send(message)
            else:
                parts.append(message.get("body", b""))
                if not message.get("more_body"):
                    await _send_page(send, start, b"".join(parts))

        await self.app(scope, receive, with_nonce)


def _wants_nonce(message: Message) -> bool:
    headers = MutableHeaders(scope=message)
    has_own = "content-security-policy" in headers
    return headers.get("content-type", "").startswith("text/html") and not has_own


async def _send_page(send: Send, start: Message, page: bytes) -> None:
    """NiceGUI escapes `<` in everything that isn't its own markup: each `<script` here is one of its scripts."""
    nonce = secrets.token_urlsafe(16)
    page = page.replace(b"<script", f'<script nonce="{nonce}"'.encode())
    headers = MutableHeaders(scope=start)
    headers["Content-Length"] = str(len(page))
    headers["Content-Security-Policy"] = policy(f"'nonce-{nonce}'")
    await send(start)
    await send({"type": "http.response.body", "body": page})
