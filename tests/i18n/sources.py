"""Which texts the sources name, read from their syntax trees. Not a test itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yoriai
from yoriai import errors
from yoriai.errors import YoriaiError
from yoriai.i18n.catalogue import messages

SOURCES = Path(yoriai.__path__[0])
ERRORS = {
    name for name, cls in vars(errors).items() if isinstance(cls, type) and issubclass(cls, YoriaiError)
}
ROOMS = {key.partition(".")[0] for key in messages()}
LOOK_ALIKE = {"chat.completion", "chat.md"}  # OpenAI's name of an object, and a file's name
_WHOLE_KEY = re.compile(
    rf"({'|'.join(sorted(ROOMS))})\.[a-z][a-z0-9_]*(?<!_)"
)  # "room.part_" only begins one


@dataclass(kw_only=True)
class Named:
    """What one file names."""

    file: str
    keys: set[str] = field(default_factory=set)  # spelt out
    patterns: set[str] = field(default_factory=set)  # put together, like say(f"column_{name}")
    possible: set[str] = field(default_factory=set)  # every word of a file in which a variable holds the name
    values: list[tuple[str, set[str]]] = field(default_factory=list)  # key, and what its call gives it


def named() -> list[Named]:
    return [_named_in(path) for path in sorted(SOURCES.rglob("*.py"))]


def _named_in(path: Path) -> Named:
    tree = ast.parse(path.read_text("utf8"))
    found = Named(file=str(path.relative_to(SOURCES)))
    room = path.relative_to(SOURCES).parts[0]
    words = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    found.keys |= {word for word in words if _WHOLE_KEY.fullmatch(word)} - LOOK_ALIKE
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args):
        prefix = _prefix(call.func, room)
        if prefix is None:
            continue
        for argument in _alternatives(call.args[0]):
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                key = prefix + argument.value
                found.keys.add(key)
                if all(keyword.arg for keyword in call.keywords):  # no `**values`
                    found.values.append((key, {str(keyword.arg) for keyword in call.keywords}))
            elif isinstance(argument, ast.JoinedStr | ast.BinOp):
                found.patterns.add(re.escape(prefix) + _pattern(argument))
            elif prefix:
                found.possible |= {prefix + word for word in words}
    return found


def _prefix(function: ast.expr, room: str) -> str | None:
    """What the function puts before the name it is given; None: it doesn't speak.

    `text("room.name")` and errors take whole keys, the terminal's `say("name")` and the page's
    `visitor.text("name")` names of their own room.
    """
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if isinstance(function, ast.Attribute) and name == "text":
        return "web." if room == "web" else None
    if name == "say":
        return "cli."
    return "" if name == "text" or name in ERRORS else None


def _alternatives(argument: ast.expr) -> Iterator[ast.expr]:
    if isinstance(argument, ast.IfExp):
        yield from _alternatives(argument.body)
        yield from _alternatives(argument.orelse)
    else:
        yield argument


def _pattern(argument: ast.expr) -> str:
    if isinstance(argument, ast.Constant):
        return re.escape(str(argument.value))
    if isinstance(argument, ast.JoinedStr):
        return "".join(_pattern(part) for part in argument.values)
    if isinstance(argument, ast.BinOp):
        return _pattern(argument.left) + _pattern(argument.right)
    return "[a-z0-9_.]+"
