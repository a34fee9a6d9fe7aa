"""Outermost ASGI layer: which names this server answers to, which pages may use it, how much it reads.

Stops DNS rebinding (Host), cross-site requests and websockets (Origin), oversized bodies; sets the security
headers. Knows no users and no routes but their first folder. Pure ASGI, so that streams pass untouched.
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from yoriai.api.errors import language_of, plain_response
from yoriai.settings import ServerSettings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
API_FOLDERS = ("/v1/", "/api/")
API_POLICY = "default-src 'none'; frame-ancestors 'none'"
DOCS_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
)
_AROUND_A_FILE = 1_000_000  # bytes of a form beside its file
_WILDCARDS = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 — compared with, not listened on


class Guard:
    """Wraps the whole application.

    Args:
        page_policy: Content-Security-Policy of everything that isn't the API.
        largest_file_bytes: that may be uploaded.
    """

    def __init__(
        self, app: ASGIApp, settings: ServerSettings, page_policy: str, largest_file_bytes: int = 0
    ) -> None:
        self.app = app
        self._limit = settings.max_request_bytes
        self._upload_limit = max(self._limit, largest_file_bytes + _AROUND_A_FILE)
        self._hosts = Hosts(settings)
        self._page_policy = page_policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        send = self._with_headers(scope, send)
        if not self._hosts.knows(host):
            await _refuse("api.host_refused", scope, receive, send, host=host)
        elif _may_change(scope) and not is_same_origin(origin, host, headers.get("sec-fetch-site")):
            await _refuse("api.origin_refused", scope, receive, send, origin=origin or "?")
        elif scope["type"] == "websocket":
            await self.app(scope, receive, send)
        elif int_or_zero(headers.get("content-length")) > self._limit_of(scope):
            response = plain_response(413, "api.too_large", language_of(scope), "too_large")
            await response(scope, receive, send)
        else:
            await self.app(scope, self._limited(receive, self._limit_of(scope)), send)

    def _limit_of(self, scope: Scope) -> int:
        return self._upload_limit if takes_files(scope) else self._limit

    def _limited(self, receive: Receive, limit: int) -> Receive:
        """`receive` that stops a chunked body, which announces no length, at the limit."""
        seen = 0

        async def limited() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise HTTPException(413)
            return message

        return limited

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        path: str = scope["path"]
        is_api = path.startswith(API_FOLDERS) or path in {"/health", "/metrics", "/openapi.json"}
        is_docs = path.startswith("/docs")
        policy = API_POLICY if is_api else DOCS_POLICY if is_docs else self._page_policy

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", policy)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("X-Frame-Options", "DENY")
                headers.setdefault("Referrer-Policy", "same-origin")
                if is_api:
                    headers["Cache-Control"] = "no-store"
            await send(message)

        return with_headers


class Hosts:
    """The names under which this server may be asked: loopback, what the settings name, where it listens."""

    def __init__(self, settings: ServerSettings) -> None:
        self._names = {"localhost", settings.host.lower(), *(name.lower() for name in settings.allowed_hosts)}
        # Listening everywhere, any address may be used; an address can't be rebound, a name can.
        self._any_address = settings.host in _WILDCARDS
        if self._any_address:
            self._names.add(socket.gethostname().lower())

    def knows(self, host: str) -> bool:
        """Is the value of a Host header ours? The port is the client's business."""
        try:
            name = (urlsplit(f"//{host}").hostname or "").lower()
        except ValueError:
            return False
        if name in self._names and name not in _WILDCARDS:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return self._any_address or address.is_loopback


def is_same_origin(origin: str | None, host: str, fetch_site: str | None) -> bool:
    """Does a request come from our own page, or from no page at all?

    Browsers send Origin with every unsafe request and websocket; programs don't. Ports count. The scheme
    doesn't: behind a proxy that ends TLS the two sides see different ones.
    """
    if origin is None:
        return fetch_site in {None, "same-origin", "none"}
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and parts.netloc.lower() == host.lower()


def takes_files(scope: Scope) -> bool:
    """Is it a route whose body is a file? It is read only for those who are signed in, and never held in memory."""
    path: str = scope["path"]
    is_document = path.startswith("/api/collections/") and path.endswith("/documents")
    return scope["method"] == "POST" and (path in {"/v1/files", "/api/arena/votes"} or is_document)


def int_or_zero(value: str | None) -> int:
    return int(value) if value and value.isascii() and value.isdigit() else 0


def _may_change(scope: Scope) -> bool:
    return scope["type"] == "websocket" or scope["method"] not in SAFE_METHODS


async def _refuse(key: str, scope: Scope, receive: Receive, send: Send, **values: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})  # before accept: the handshake gets a 403
        return
    await plain_response(403, key, language_of(scope), key.removeprefix("api."), **values)(
        scope, receive, send
    )
