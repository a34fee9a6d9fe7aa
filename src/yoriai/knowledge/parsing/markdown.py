"""Markdown: the page's text is the source itself, and its blocks are what a Markdown parser finds in it."""

from __future__ import annotations

import re
from typing import BinaryIO

from markdown_it import MarkdownIt
from markdown_it.token import Token

from yoriai.knowledge.parsing.encoding import decoded
from yoriai.knowledge.parsing.page_text import Outcome, Pages, clean, page

_KINDS = {
    "heading_open": "heading",
    "paragraph_open": "paragraph",
    "bullet_list_open": "list",
    "ordered_list_open": "list",
    "table_open": "table",
    "fence": "code",
    "code_block": "code",
    "html_block": "paragraph",
    "blockquote_open": "paragraph",
}
_HEADING_MARKS = re.compile(r"\s*#{1,6}[ \t]+(?:<!--(?:(?!-->).)*-->[ \t]*)*")
_CLOSING_MARKS = re.compile(r"(?:^|[ \t]+)#+$")
_FRONT_MATTER = re.compile(r"\A---\n.*?\n(?:---|\.\.\.)\n", re.DOTALL)


def read(file: BinaryIO, outcome: Outcome) -> Pages:
    text = clean(decoded(file.read(), outcome))
    blocks = _blocks(text)
    outcome.title = next((text[start:end] for kind, start, end, _ in blocks if kind == "heading"), "")
    yield page(text, blocks, 1)


def _blocks(text: str) -> list[tuple[str, int, int, int]]:
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    skipped = _FRONT_MATTER.match(text)
    first = text.count("\n", 0, skipped.end()) if skipped else 0
    source = "\n" * first + text[starts[first] :]
    found = []
    for token in MarkdownIt("commonmark").enable("table").parse(source):
        if token.level == 0 and token.map and token.type in _KINDS:
            start, end = _span(token, starts, text)
            if start < end:
                level = int(token.tag[1]) if token.type == "heading_open" else 0
                found.append((_KINDS[token.type], start, end, level))
    return found


def _span(token: Token, starts: list[int], text: str) -> tuple[int, int]:
    """Where the block's words are: a heading without its marks."""
    assert token.map
    first, last = token.map
    start, end = starts[first], min(starts[last], len(text))
    if token.type == "heading_open":
        line = text[start : starts[first + 1] - 1]
        marks = _HEADING_MARKS.match(line)
        if marks:
            return start + marks.end(), start + marks.end() + len(_words(line[marks.end() :]))
        end = starts[max(first + 1, last - 1)]  # underlined: all but the last line
    raw = text[start:end]
    return start + len(raw) - len(raw.lstrip("\n")), start + len(raw.rstrip())


def _words(rest: str) -> str:
    """A heading's line from its first word on, without marks that close it and comments at its end."""
    words = _CLOSING_MARKS.sub("", rest.rstrip()).rstrip()
    while words.endswith("-->") and (at := words.rfind("<!--")) >= 0:
        words = words[:at].rstrip()
    return words
