"""Runs tests against a program that sits in another jail. What comes from there is plain data or a stand-in.

A stand-in has no equality, truth or order of its own, so nothing in the program decides whether an assert holds.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import json
import os
from typing import Any

from yoriai.sandbox.inside.candidate import LIBRARY
from yoriai.sandbox.inside.peer import LeftError, Peer

_LONGEST_DETAIL = 300


def main(asked: dict[str, Any]) -> None:
    peer = Peer(asked["listen"], asked["speak"], {"call": lambda function, both: function(*both[:-1])})
    peer.stand_in = lambda number: Remote(peer, number)
    with os.fdopen(asked["verdict"], "w") as verdict:
        try:
            peer.ask("hello")
            verdict.write(json.dumps({"ready": True}) + "\n")
            verdict.flush()
            _check(peer, asked["source"])
            said = {"cause": "passed", "detail": ""}
        except AssertionError as error:
            said = {"cause": "failed", "detail": f"{_place(error, asked['source'])} {error}".strip()}
        except LeftError as error:
            said = {"cause": "ended", "detail": str(error)}
        except BaseException as error:
            said = {
                "cause": "error",
                "detail": f"{type(error).__name__}: {error} {_place(error, asked['source'])}",
            }
        verdict.write(json.dumps({**said, "detail": said["detail"][:_LONGEST_DETAIL]}) + "\n")
    os._exit(0)


class Remote:
    """Stands for an object of the program. Two are equal only if they are the same."""

    __slots__ = ("_of_the_other_side", "_peer")

    def __init__(self, peer: Peer, number: int) -> None:
        object.__setattr__(self, "_peer", peer)
        object.__setattr__(self, "_of_the_other_side", number)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._peer.ask("call", self, (*arguments, named))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._peer.ask("attribute", self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._peer.ask("change", self, name, value)

    def __iter__(self) -> Any:
        return iter(_expect(self._peer.ask("items", self), list))

    def __len__(self) -> int:
        return int(_expect(self._peer.ask("length", self), int))

    def __getitem__(self, key: Any) -> Any:
        return self._peer.ask("item", self, key)

    def __str__(self) -> str:
        return str(_expect(self._peer.ask("text", self), str))

    def __repr__(self) -> str:
        return str(_expect(self._peer.ask("shown", self), str))

    def __bool__(self) -> bool:
        return True


def _check(peer: Peer, source: str) -> None:
    tree = ast.parse(source)
    space: dict[str, Any] = {"__name__": "tests", "__builtins__": builtins}
    peer.ask("begin")
    space.update(_names(peer, tree))
    exec(compile(tree, "tests.py", "exec", dont_inherit=True), space)


def _names(peer: Peer, tree: ast.AST) -> dict[str, Any]:
    """What the tests use and the program has. It may not replace a built-in beside the function that is tested."""
    used = sorted({node.id for node in ast.walk(tree) if isinstance(node, ast.Name)})
    own = [name for name in used if not hasattr(builtins, name)]
    found = _look(peer, own)
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    if not called & found.keys():
        found |= _look(peer, [name for name in used if name in called and hasattr(builtins, name)])
    return found


def _look(peer: Peer, names: list[str]) -> dict[str, Any]:
    found = {}
    for name, kind, value in _expect(peer.ask("look", names), list):
        if name not in names:
            continue
        if kind == "module":
            found[name] = importlib.import_module(_expect(value, str))
        elif kind == "library" and value in LIBRARY:
            found[name] = getattr(importlib.import_module(value), name)
        else:
            found[name] = value
    return found


def _expect(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise LeftError("it gave no value")
    return value


def _place(error: BaseException, source: str) -> str:
    trace, number = error.__traceback__, 0
    while trace:
        if trace.tb_frame.f_code.co_filename == "tests.py":
            number = trace.tb_lineno
        trace = trace.tb_next
    lines = source.splitlines()
    return lines[number - 1].strip() if 0 < number <= len(lines) else ""
