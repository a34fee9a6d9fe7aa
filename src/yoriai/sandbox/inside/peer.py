"""Two processes that call each other's functions: a line of JSON there, a line back. Used by `candidate` and `checker`.

While one waits for its reply it answers calls of the other, so functions may be arguments.
"""

from __future__ import annotations

import builtins
import json
import os
from collections.abc import Callable
from typing import Any

from yoriai.sandbox.inside import encoding

_LONGEST_LINE = 64 * 2**20


class LeftError(BaseException):
    """The other side ended, or spoke no sense: no test may catch this as an error of its own."""


class Peer:
    def __init__(self, listen: int, speak: int, handlers: dict[str, Callable[..., Any]]) -> None:
        self._in = os.fdopen(listen, "rb")
        self._out = os.fdopen(speak, "wb")
        self._handlers = handlers
        self._kept: dict[int, Any] = {}
        self._numbers: dict[int, int] = {}
        self.stand_in: Callable[[int], Any] = lambda number: number

    def ask(self, what: str, *values: Any) -> Any:
        """Raises: what the other side raised, as the nearest built-in exception. LeftError."""
        self._say({"ask": what, "values": [self.encode(value) for value in values]})
        while True:
            said = self._heard()
            if said is None:
                raise LeftError("it ended")
            if "ask" in said:
                self._answer(said)
            elif "raise" in said:
                raise _exception(said["raise"])
            else:
                self._change(values, said.get("after"))
                return self._decoded(said.get("value"))

    def serve(self) -> None:
        """Answer until the other side ends."""
        while (said := self._heard()) is not None:
            self._answer(said)

    def encode(self, value: Any) -> Any:
        return encoding.encode(value, self._keep)

    def _answer(self, said: dict[str, Any]) -> None:
        try:
            values = [self._decoded(each) for each in said["values"]]
            result = self._handlers[said["ask"]](*values)
            answer = {"value": self.encode(result)}
            after = [self.encode(value) for value in values]
            if after != said["values"]:
                answer["after"] = after
        except Exception as error:
            answer = {"raise": _described(error)}
        except BaseException as error:  # sys.exit() in a function is its failure, not the end of its process
            answer = {"raise": ["", type(error).__name__]}
        self._say(answer)

    def _change(self, values: tuple[Any, ...], after: Any) -> None:
        """Arguments are changed here as they were there: `f(list)` may sort the list."""
        for value, said in zip(values, after or (), strict=False):
            new = self._decoded(said)
            for mine, theirs in zip(value, new, strict=False) if isinstance(value, tuple) else ():
                if type(mine) is list and type(theirs) is list:
                    mine[:] = theirs
                elif type(mine) in (dict, set) and type(theirs) is type(mine):
                    mine.clear()
                    mine.update(theirs)

    def _say(self, what: dict[str, Any]) -> None:
        try:
            self._out.write(json.dumps(what).encode() + b"\n")
            self._out.flush()
        except OSError:
            raise LeftError("it ended") from None

    def _heard(self) -> dict[str, Any] | None:
        line = self._in.readline(_LONGEST_LINE)
        if not line:
            return None
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            raise LeftError("it spoke no JSON") from None
        if not isinstance(said, dict):
            raise LeftError("it spoke no sense")
        return said

    def _decoded(self, said: Any) -> Any:
        try:
            return encoding.decode(said, self._find)
        except (ValueError, TypeError, KeyError, IndexError, RecursionError, OverflowError):
            raise LeftError("it gave no value") from None

    def _keep(self, value: Any) -> list[Any]:
        theirs = getattr(value, "_of_the_other_side", None) if type(value).__name__ == "Remote" else None
        if isinstance(theirs, int):
            return ["y", theirs]
        number = self._numbers.setdefault(id(value), len(self._kept))
        self._kept[number] = value  # held, so that its id stays its own
        return ["o", number]

    def _find(self, letter: str, number: int) -> Any:
        return self._kept[number] if letter == "y" else self.stand_in(number)


def _described(error: Exception) -> list[str]:
    names = (kind.__name__ for kind in type(error).__mro__)
    name = next((name for name in names if _is_builtin(name)), "Exception")
    try:
        return [name, str(error)[:500]]
    except Exception:
        return [name, ""]


def _is_builtin(name: object) -> bool:
    kind = getattr(builtins, name, None) if isinstance(name, str) else None
    return isinstance(kind, type) and issubclass(kind, Exception)


def _exception(said: Any) -> BaseException:
    if not (isinstance(said, list) and len(said) == 2 and isinstance(said[1], str)):
        return LeftError("it spoke no sense")
    name, words = said
    if not _is_builtin(name):
        return LeftError(f"it ended: {words[:100]}")
    try:
        return getattr(builtins, name)(words)  # type: ignore[no-any-return]
    except TypeError:  # UnicodeDecodeError and the like want more than words
        return ValueError(words)
