"""`yoriai chat` on a real pseudo-terminal: Ctrl-C stops the reply, Ctrl-D leaves."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serving import MODEL, environment


class Terminal:
    """A program on a pseudo-terminal, and what it has shown."""

    def __init__(self, *arguments: str, home: Path) -> None:
        ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "yoriai", *arguments], stdin=theirs, stdout=theirs, stderr=theirs,
            env=environment(home, TERM="xterm", PROMPT_TOOLKIT_NO_CPR="1"), start_new_session=True,
            preexec_fn=lambda: _control(theirs),  # noqa: PLW1509 — one system call, which takes no lock
        )  # fmt: skip
        os.close(theirs)
        self._ours = ours
        self.shown = ""
        self._unread = ""

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def until(self, words: str, patience_s: float = 60) -> str:
        """Wait until `words` are shown after what was looked for before."""
        deadline = time.monotonic() + patience_s
        while words not in self._unread:
            assert time.monotonic() < deadline, f"{words!r} did not come: {self.shown[-500:]!r}"
            if select.select([self._ours], [], [], 0.2)[0]:
                try:
                    part = os.read(self._ours, 65536).decode("utf8", "replace")
                except OSError:
                    part = ""
                self._unread += part
                self.shown += part
        seen, _, self._unread = self._unread.partition(words)
        return seen + words

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


def _control(terminal: int) -> None:
    """Make it the terminal of the process' own session, so that Ctrl-C reaches the process."""
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


@pytest.fixture
def terminal(server: Any) -> Iterator[Terminal]:
    terminal = Terminal("chat", home=server.home)
    yield terminal
    terminal.close()


def test_a_conversation_with_commands_and_an_interrupted_reply(terminal: Terminal) -> None:
    terminal.until(MODEL)
    terminal.until(">")
    terminal.type("/help\r")
    terminal.until("/clear")
    terminal.type("What is the capital of France?\r")
    terminal.until("tokens/s")
    terminal.type("/clear\r")
    terminal.until("new conversation")
    terminal.until(">")
    terminal.type("Write a long story about a cat and a dog.\r")
    terminal.until(".\x1b[", patience_s=30)  # the line that was typed
    terminal.until(" the ", patience_s=30)  # and the reply has begun
    terminal.type("\x03")
    terminal.until("(stopped)")
    assert terminal.process.poll() is None
    terminal.type("/clear\r")
    terminal.until("new conversation")
    terminal.until(">")
    terminal.type("\x04")
    assert terminal.process.wait(20) == 0
    assert "Traceback" not in terminal.shown


def test_the_model_is_named_as_for_ask(server: Any) -> None:
    terminal = Terminal("chat", "-m", "no-such-model", home=server.home)
    try:
        terminal.until("no-such-model is listening")
    finally:
        terminal.close()


def test_two_models_cannot_both_be_meant(server: Any) -> None:
    terminal = Terminal("chat", "one", "--model", "two", home=server.home)
    try:
        terminal.until("Name one model")
        assert terminal.process.wait(30) == 2
    finally:
        terminal.close()
