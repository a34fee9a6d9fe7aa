"""Starts the real `yoriai serve` with the real SmolLM2 for tests that speak HTTP. Not a test itself."""

from __future__ import annotations

import atexit
import functools
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from forking import Forked, start

MODEL = "smollm2-135m"
PASSWORD = "correct horse battery"


@dataclass(kw_only=True)
class Served:
    """A running server, and the tokens of two of its users."""

    url: str
    home: Path
    process: Forked
    stdout: IO[str]
    log: IO[str]  # its stderr
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def token(self) -> str:
        return self.tokens["anna"]

    def said(self) -> str:
        """What it has written to stderr so far."""
        self.log.seek(0)
        return self.log.read()

    def setup_link(self) -> str:
        """The one-time link that makes the first administrator."""
        return next(word for word in self.said().split() if "/setup?secret=" in word)

    def yoriai(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run the command line beside the server."""
        return yoriai(self.home, *arguments, stdin=stdin)


def environment(home: Path, **further: str) -> dict[str, str]:
    """What the product sees: its own folder, one thread (two would fight over this machine), English."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("YORIAI_")}
    own = {
        "YORIAI_HOME": str(home),
        "YORIAI_ENGINE__THREADS": "1",
        "YORIAI_ENGINE__PARALLEL": "2",
        "LC_ALL": "C.UTF-8",
    }
    return inherited | own | further


def yoriai(home: Path, *arguments: str, stdin: str = "", **further: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
        given.write(stdin.encode())
        given.seek(0)
        process = start(
            arguments,
            environment(home, **further),
            stdin=given.fileno(),
            stdout=out.fileno(),
            stderr=err.fileno(),
        )
        try:
            code = process.wait(180)
        finally:
            process.kill()
        return subprocess.CompletedProcess(arguments, code, _written(out), _written(err))


def _written(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


@contextmanager
def server(home: Path, *arguments: str, **further: str) -> Iterator[Served]:
    """`yoriai serve` until the end of the block; then SIGTERM, and its exit code must be 0."""
    command = ("serve", "--port", "0", *arguments)
    reading, writing = os.pipe()
    with TemporaryFile("w+") as log, open(reading) as stdout, Path(os.devnull).open() as nothing:  # noqa: PTH123
        process = start(
            command, environment(home, **further), stdin=nothing.fileno(), stdout=writing, stderr=log.fileno()
        )
        os.close(writing)
        try:
            yield Served(
                url=_address(process, stdout, log), home=home, process=process, stdout=stdout, log=log
            )
            if process.poll() is None:  # else the test has killed it
                process.terminate()
                assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait(30)


@contextmanager
def server_with_model(home: Path, model: Path, **further: str) -> Iterator[Served]:
    """A server with SmolLM2 and two users: anna, who administers, and ben."""
    template, tokens = _with_users(model)
    shutil.copytree(template, home, symlinks=True, dirs_exist_ok=True)
    with server(home, "--model", MODEL, "--yes", **further) as served:
        served.tokens = dict(tokens)
        yield served


@functools.cache
def _with_users(model: Path) -> tuple[Path, dict[str, str]]:
    """A data folder to be copied, and the tokens of its users; made once by the command line, as people do it."""
    home = Path(tempfile.mkdtemp(prefix="yoriai-template-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    _done(home, "model", "add", str(model), "--name", MODEL, "--link")
    tokens = {}
    for name, role in (("anna", "administrator"), ("ben", "member")):
        _done(home, "user", "create", name, "--role", role, "--password-stdin", stdin=PASSWORD)
        tokens[name] = json.loads(_done(home, "token", "create", "tests", "--user", name, "--json"))["token"]
    measure_once(home)
    return home, tokens


def measure_once(home: Path) -> None:
    """Measure this machine's memory. Beside other tests it is never quiet, and would be measured at every look."""
    _done(home, "model", "fit", MODEL, "--json")
    path = home / "hardware.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "quiet": True}))


def _done(home: Path, *arguments: str, stdin: str = "") -> str:
    done = yoriai(home, *arguments, stdin=stdin)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _address(process: Forked, stdout: IO[str], log: IO[str], patience_s: float = 120) -> str:
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline and process.poll() is None:
        if select.select([stdout], [], [], 0.5)[0]:
            line = stdout.readline()
            if "http" in line:
                return line[line.index("http") :].strip()
    log.seek(0)
    raise AssertionError(f"the server did not start:\n{log.read()}")
