"""Records of a file of JSON lines or of a JSON array, one after the other: never more than one of them in memory.

Knows nothing of votes; `exchange` does.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import BinaryIO

import orjson

from yoriai.errors import UsageError

_LONGEST = 16_000_000  # bytes of one record
_CHUNK = 1_000_000
_DECODER = json.JSONDecoder()
_SPACE = " \t\r\n"


def records(file: BinaryIO) -> Iterator[tuple[int, object]]:
    """Each with its place: the number of its line, or of its entry in the array, from 1.

    Raises:
        UsageError: it isn't JSON, or a record of it is too long.
    """
    file.seek(0)
    if file.read(3) != codecs.BOM_UTF8:
        file.seek(0)
    start = file.tell()
    while (first := file.read(1)) and first.isspace():
        pass
    file.seek(start)
    yield from _entries(file) if first == b"[" else _lines(file)


def _lines(file: BinaryIO) -> Iterator[tuple[int, object]]:
    place = 0
    while line := file.readline(_LONGEST + 1):
        place += 1
        if len(line) > _LONGEST:
            raise UsageError("arena.import_too_long", place=place, limit=_LONGEST)
        if not line.isspace():
            yield place, _parsed(line, place)


def _entries(file: BinaryIO) -> Iterator[tuple[int, object]]:
    text, place = _Text(file), 0
    text.skip("[")
    while not text.skip("]"):
        place += 1
        if place > 1 and not text.skip(","):
            raise UsageError("arena.import_not_json", place=place)
        yield place, _parsed(text.value(place).encode(), place)
    if text.rest():
        raise UsageError("arena.import_not_json", place=place + 1)


def _parsed(raw: bytes, place: int) -> object:
    """By the letter: no NaN, no lone surrogates, no endless depth."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise UsageError("arena.import_not_json", place=place) from None


class _Text:
    """A file's text, of which only what isn't read yet is in memory."""

    def __init__(self, file: BinaryIO) -> None:
        self._chunks = codecs.getreader("utf8")(file, "replace")
        self._text = ""
        self._at = 0

    def skip(self, sign: str) -> bool:
        """Step over white space, and over the sign if it is next."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text) or not self._more():
                break
        is_next = self._text.startswith(sign, self._at)
        self._at += len(sign) if is_next else 0
        return is_next

    def value(self, place: int) -> str:
        """The next object as it is written. Raises: UsageError."""
        self.skip("")
        while True:
            try:
                _, end = _DECODER.raw_decode(self._text, self._at)
            except (ValueError, RecursionError):
                if len(self._text) - self._at > _LONGEST:
                    raise UsageError("arena.import_too_long", place=place, limit=_LONGEST) from None
                if not self._more():
                    raise UsageError("arena.import_not_json", place=place) from None
                continue
            if end < len(self._text) or not self._more():  # a number may go on in the next chunk
                found, self._at = self._text[self._at : end], end
                return found

    def rest(self) -> bool:
        """Is there anything but white space left?"""
        self.skip("")
        return self._at < len(self._text)

    def _more(self) -> bool:
        chunk = self._chunks.read(_CHUNK)
        self._text, self._at = self._text[self._at :] + chunk, 0
        return bool(chunk)
