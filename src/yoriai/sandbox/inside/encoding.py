"""Python values as JSON and back, exactly: what JSON has no word for gets a letter. Decoding makes plain data alone.

["l", […]] list, t tuple, s set, z frozenset, d pairs of a dict, f float as hexadecimal text, i large integer,
c complex, b bytes, a bytearray, r range, q deque, D decimal, F fraction, T built-in type;
["o", n] is an object that stays with whoever sent it, ["y", n] one that the receiver sent before.
Subclasses go as what they are a kind of, so no method goes with them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_SMALL = 2**53
_DEEPEST = 400
_SEQUENCES = {"l": list, "t": tuple, "s": set, "z": frozenset}

Keep = Callable[[Any], list[Any]]
Find = Callable[[str, int], Any]


def encode(value: Any, keep: Keep, depth: int = 0) -> Any:
    """`keep` gives the stand-in of what can't be carried. Raises: RecursionError: it is too deep, or holds itself."""
    if depth > _DEEPEST:
        raise RecursionError("too deep to be carried")
    if value is None or value is True or value is False:
        said: Any = value
    elif isinstance(value, str):
        said = str.__str__(value)
    elif isinstance(value, int):
        number = int.__int__(value)
        said = number if -_SMALL < number < _SMALL else ["i", hex(number)]
    elif isinstance(value, float):
        said = ["f", float.hex(value)]
    elif isinstance(value, dict):
        pairs = dict.items(value)
        said = ["d", [[encode(key, keep, depth + 1), encode(each, keep, depth + 1)] for key, each in pairs]]
    else:
        said = _sequence(value, keep, depth) or _rare(value, keep, depth)
    return said


def _sequence(value: Any, keep: Keep, depth: int) -> Any:
    for letter, kind in _SEQUENCES.items():
        if isinstance(value, kind):
            return [letter, [encode(each, keep, depth + 1) for each in kind.__iter__(value)]]
    return None


def decode(said: Any, find: Find) -> Any:
    """Raises: ValueError, TypeError: it is no such value."""
    if said is None or isinstance(said, bool | str | int):
        return said
    letter, *rest = said
    if letter in _SEQUENCES:
        return _SEQUENCES[letter](decode(each, find) for each in rest[0])
    if letter == "d":
        return {decode(key, find): decode(each, find) for key, each in rest[0]}
    if letter in ("o", "y"):
        return find(letter, int(rest[0]))
    return _PLAIN[letter](*rest)


def _rare(value: Any, keep: Keep, depth: int) -> Any:
    for kind, words in _RARE:
        if isinstance(value, kind):
            return words(value)
    name = f"{type(value).__module__}.{type(value).__name__}"
    if name == "collections.deque":
        said: Any = ["q", [encode(each, keep, depth + 1) for each in value], value.maxlen]
    elif name == "decimal.Decimal":
        said = ["D", str(value)]
    elif name == "fractions.Fraction":
        said = ["F", hex(value.numerator), hex(value.denominator)]
    elif isinstance(value, type({}.keys())):
        said = encode(frozenset(value), keep, depth + 1)
    elif name.startswith("numpy.") and getattr(value, "shape", None) == () and hasattr(value, "item"):
        said = encode(value.item(), keep, depth + 1)
    elif isinstance(value, type) and value in _TYPES.values():
        said = ["T", value.__name__]
    else:
        said = keep(value)
    return said


_TYPES: dict[str, type] = {
    kind.__name__: kind
    for kind in (bool, int, float, complex, str, bytes, list, tuple, set, frozenset, dict, range, object)
}
_RARE: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (complex, lambda value: ["c", float.hex(value.real), float.hex(value.imag)]),
    (bytes, lambda value: ["b", bytes.hex(value)]),
    (bytearray, lambda value: ["a", bytearray.hex(value)]),
    (range, lambda value: ["r", value.start, value.stop, value.step]),
)


def _deque(items: list[Any], most: int | None) -> Any:
    from collections import deque

    return deque((decode(each, _nothing) for each in items), most)


def _nothing(letter: str, number: int) -> Any:
    raise ValueError(letter, number)


def _decimal(text: str) -> Any:
    from decimal import Decimal

    return Decimal(text)


def _fraction(numerator: str, denominator: str) -> Any:
    from fractions import Fraction

    return Fraction(int(numerator, 16), int(denominator, 16))


_PLAIN: dict[str, Callable[..., Any]] = {
    "f": float.fromhex,
    "i": lambda text: int(text, 16),
    "c": lambda real, imaginary: complex(float.fromhex(real), float.fromhex(imaginary)),
    "b": bytes.fromhex,
    "a": bytearray.fromhex,
    "r": range,
    "T": _TYPES.__getitem__,
    "q": _deque,
    "D": _decimal,
    "F": _fraction,
}
