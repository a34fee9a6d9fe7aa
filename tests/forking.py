"""`yoriai` processes without the second of imports at their start: `fork_server` has made them. Not a test itself.

Used by `serving`. A start from nothing is what `cli/test_main.py`, `cli/test_serve.py` and `cli/test_chat.py` try.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

_SERVER = Path(__file__).with_name("fork_server.py")


class Forked:
    """A process of the fork server's, used like a `subprocess.Popen`."""

    def __init__(self, report: socket.socket) -> None:
        self._report = report
        self.pid = int(report.recv(32))
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Raises: TimeoutExpired."""
        if self.returncode is None:
            self._report.settimeout(timeout)
            try:
                self.returncode = int(self._report.recv(32))
            except (TimeoutError, BlockingIOError) as error:
                raise subprocess.TimeoutExpired(["yoriai"], timeout or 0) from error
            self._report.close()
        return self.returncode

    def poll(self) -> int | None:
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def start(
    arguments: tuple[str, ...], environment: Mapping[str, str], *, stdin: int, stdout: int, stderr: int
) -> Forked:
    """A new `yoriai` process whose streams are these descriptors; the caller's own stay open."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    order = {"arguments": arguments, "environment": dict(environment), "folder": str(Path.cwd())}
    with theirs:
        socket.send_fds(_control(), [json.dumps(order).encode()], [stdin, stdout, stderr, theirs.fileno()])
    return Forked(ours)


@functools.cache
def _control() -> socket.socket:
    """To the fork server of this test process, which ends with it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        server = subprocess.Popen(
            [sys.executable, _SERVER, str(theirs.fileno())], pass_fds=[theirs.fileno()],
            env={name: value for name, value in os.environ.items() if not name.startswith("YORIAI_")},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def close() -> None:
        ours.close()
        server.wait(30)

    atexit.register(close)
    return ours
