"""Runs cells one after another in one space of names, tells what each showed. `sandbox.kernel` is the other side."""

from __future__ import annotations

import ast
import base64
import builtins
import importlib
import json
import linecache
import os
import re
import sys
import tempfile
import types
from typing import Any

from yoriai.sandbox.inside import frames, shown

_WARM = ("numpy", "pandas", "matplotlib.pyplot")
_NOTEBOOK_ONLY = re.compile(r"^(\s*)([%!])", re.MULTILINE)  # %matplotlib inline, !pip install


def main(asked: dict[str, Any]) -> None:
    folder, limits = asked["folders"]["work"], asked["limits"]
    printed = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - as long as the process
    os.dup2(printed.fileno(), 1)
    os.dup2(printed.fileno(), 2)
    module = types.ModuleType("__main__")
    module.__dict__["__builtins__"] = builtins
    sys.modules["__main__"] = module
    builtins.display = print  # type: ignore[attr-defined]
    _warm_up()
    with os.fdopen(asked["listen"], "rb") as requests, os.fdopen(asked["speak"], "wb") as replies:
        _say(replies, {"ready": True})
        for number, line in enumerate(requests):
            request = json.loads(line)
            for name, content in request["files"].items():
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(base64.b64decode(content))
            before = frames.state(folder)
            said = _run(request["cell"], f"<cell {number + 1}>", module.__dict__)
            said["text"] = _printed(printed, request["output_bytes"])
            _say(replies, {**said, "plots": shown.plots(), "files": _files(folder, before, limits)})


def _warm_up() -> None:
    for name in _WARM:
        try:
            importlib.import_module(name)
        except ImportError:
            continue
    shown.prepare_plots()


def _run(source: str, name: str, space: dict[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {"error": None, "shown": "", "table": None}
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    try:
        tree = ast.parse(_NOTEBOOK_ONLY.sub(r"\1pass  # \2", source), name)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, name, "exec", dont_inherit=True), space)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), name, "eval", dont_inherit=True), space)
            if not source.rstrip().endswith(";"):
                said |= shown.value(value)
    except BaseException as error:
        said["error"] = shown.error(error, name)
    return said


def _printed(file: Any, most_bytes: int) -> str:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
    file.seek(0)
    text = file.read(most_bytes + 1)
    file.seek(0)
    file.truncate()
    cut = "\n…" if len(text) > most_bytes else ""
    return str(text[:most_bytes].decode("utf8", "replace")) + cut


def _files(folder: str, before: dict[str, tuple[int, int, int]], limits: dict[str, int]) -> list[Any]:
    names = frames.changed(folder, before)
    pairs = frames.contents(folder, names, most=limits["files"], most_bytes=limits["files_bytes"])
    return [
        (name, None if content is None else base64.b64encode(content).decode()) for name, content in pairs
    ]


def _say(replies: Any, what: dict[str, Any]) -> None:
    replies.write(json.dumps(what).encode() + b"\n")
    replies.flush()
