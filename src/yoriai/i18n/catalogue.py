"""Looks a text up by key and language. Owns `messages/*.toml`, knows nobody who asks.

A key is "file.name": `text("web.send", "ja")` is the entry `[send]` of `messages/web.toml`. Both languages stand
beside each other in one entry, so that a missing one is seen where the text is written.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from yoriai.errors import YoriaiError

if TYPE_CHECKING:  # `yoriai --help` speaks through this module and must not pay for pydantic
    from yoriai.types import Language

LANGUAGES: tuple[Language, ...] = ("en", "ja")


@cache
def messages() -> dict[str, dict[str, str]]:
    """The whole catalogue: key -> language -> text with `{placeholders}`."""
    folder = files("yoriai.i18n") / "messages"
    catalogue: dict[str, dict[str, str]] = {}
    for file in folder.iterdir():
        room = file.name.removesuffix(".toml")
        for name, texts in tomllib.loads(file.read_text("utf8")).items():
            catalogue[f"{room}.{name}"] = texts
    return catalogue


def text(key: str, language: Language, /, **values: object) -> str:
    """The text of `key`, its placeholders filled.

    Raises:
        KeyError: no such key (a test finds every key that code names).
    """
    return messages()[key][language].format(**values)


def error_text(error: YoriaiError, language: Language) -> str:
    """What a person reads of an error."""
    return text(error.key, language, **error.values)


def negotiate(accept_language: str) -> Language:
    """The language for an `Accept-Language` header: the first of ours that it names, else English."""
    ranges = []
    for position, part in enumerate(accept_language.split(",")):
        tag, _, parameter = part.partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        ranges.append((-weight, position, tag.strip().lower().partition("-")[0]))
    for weight, _, tag in sorted(ranges):
        if tag in LANGUAGES and weight < 0:
            return "ja" if tag == "ja" else "en"
    return "en"
