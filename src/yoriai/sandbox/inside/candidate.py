"""The program under test as a server of its functions. It never sees its tests, only the arguments of each call."""

from __future__ import annotations

import os
import types
from typing import Any

from yoriai.sandbox.inside.peer import Peer

# What a test may take from here as the program imported it, so that it is the library's and not the program's.
LIBRARY = (
    "math", "typing", "collections", "itertools", "functools", "re", "string", "copy", "random", "heapq", "bisect",
    "statistics", "operator", "decimal", "fractions", "datetime", "json", "_bisect", "_heapq", "_operator",
    "_functools",
)  # fmt: skip
_MOST_ITEMS = 1_000_000


def main(asked: dict[str, Any]) -> None:
    import random

    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    random.seed(0)
    space: dict[str, Any] = {"__name__": "candidate", "__builtins__": __builtins__}

    def begin() -> None:
        exec(compile(asked["source"], "candidate.py", "exec", dont_inherit=True), space)

    def look(names: list[str]) -> list[Any]:
        return [(name, *_kind(name, space[name])) for name in names if name in space]

    def call(function: Any, arguments: Any, named: Any) -> Any:
        return function(*arguments, **named)

    def attribute(thing: Any, name: str) -> Any:
        return getattr(thing, name)

    def items(thing: Any) -> list[Any]:
        return [each for each, _ in zip(thing, range(_MOST_ITEMS))]  # noqa: B905 - the shorter ends it

    handlers: dict[str, Any] = {
        "hello": lambda: True, "begin": begin, "look": look, "items": items, "attribute": attribute, "change": setattr,
        "call": lambda function, both: call(function, both[:-1], both[-1]),
        "length": len, "item": lambda thing, key: thing[key], "text": str, "shown": repr,
    }  # fmt: skip
    peer = Peer(asked["listen"], asked["speak"], handlers)
    peer.stand_in = lambda number: Remote(peer, number)
    peer.serve()
    os._exit(0)


class Remote:
    """A function of the tests, given as an argument."""

    def __init__(self, peer: Peer, number: int) -> None:
        self._peer, self._of_the_other_side = peer, number

    def __call__(self, *arguments: Any) -> Any:
        return self._peer.ask("call", self, (*arguments, {}))


def _kind(name: str, value: Any) -> tuple[Any, ...]:
    if isinstance(value, types.ModuleType):
        return ("module", value.__name__)
    home = getattr(value, "__module__", None)
    if home in LIBRARY and getattr(value, "__name__", None) == name:
        return ("library", home)
    return ("value", value)
