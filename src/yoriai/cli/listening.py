"""Where the server listens and how it stops: exposure check, socket, uvicorn. Used by `serve` only."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import secrets
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from yoriai.cli.running import Running
from yoriai.errors import ConflictError, UsageError, YoriaiError
from yoriai.settings import ServerSettings

_DRAIN_S = 5  # what a shutdown waits for answers that are being sent


def check_exposure(settings: ServerSettings) -> None:
    """Raises: UsageError: clear text beyond this machine, and nobody said that it's meant; or unusable TLS files."""
    if bool(settings.tls_certificate) != bool(settings.tls_key):
        raise UsageError("cli.tls_incomplete")
    for path in (settings.tls_certificate, settings.tls_key):
        if path and not path.is_file():
            raise UsageError("cli.tls_missing", path=path)
    if not (is_loopback(settings.host) or settings.tls_certificate or settings.insecure_lan):
        raise UsageError("cli.insecure_lan_needed", host=settings.host)
    if settings.tls_certificate and settings.tls_key:
        try:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            # With a password that is surely wrong: else a locked key is asked for on the terminal.
            context.load_cert_chain(settings.tls_certificate, settings.tls_key, password="")
        except OSError as error:  # ssl.SSLError is one
            raise UsageError(
                "cli.tls_unusable",
                certificate=settings.tls_certificate,
                private_key=settings.tls_key,
                detail=str(error) or type(error).__name__,
            ) from error


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listen(settings: ServerSettings) -> socket.socket:
    """Bind the socket first: a port in use is said before anything is loaded.

    Raises:
        ConflictError: the port is taken. UsageError: the address isn't one of this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _refused(settings, error) from error
    try:
        # Not on Windows, where it would let two servers share the port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(os.name == "posix"))
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise _refused(settings, error) from error
    return listener


def _refused(settings: ServerSettings, error: OSError) -> YoriaiError:
    host, port = settings.host, settings.port
    if error.errno == errno.EADDRINUSE:
        return ConflictError("cli.port_in_use", host=host, port=port)
    return UsageError("cli.cannot_listen", detail=error.strerror or str(error), host=host, port=port)


def describe(settings: ServerSettings, listener: socket.socket) -> Running:
    """How this machine reaches the server, with a fresh key for its operator."""
    host, port = listener.getsockname()[:2]
    # Who listens everywhere is reached on this machine by loopback.
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104
    host = everywhere.get(host, f"[{host}]" if ":" in host else host)
    certificate = settings.tls_certificate
    return Running(
        url=f"{'https' if certificate else 'http'}://{host}:{port}",
        key=f"local_{secrets.token_urlsafe(32)}",
        pid=os.getpid(),
        certificate=str(certificate.absolute()) if certificate else "",
    )


class Server(uvicorn.Server):
    """uvicorn that says when it is ready, and after a signal ends in good order with exit code 0."""

    def __init__(self, app: Any, settings: ServerSettings) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                date_header=False,
                lifespan="on",
                timeout_graceful_shutdown=_DRAIN_S,
                ssl_certfile=settings.tls_certificate,
                ssl_keyfile=settings.tls_key,
            )
        )
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's, but the signal isn't raised again afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where there is one."""
    return uvicorn.Config(lambda: None, log_config=None).get_loop_factory()
