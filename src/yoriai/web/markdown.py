"""A model's answer, hostile until proven otherwise, from Markdown to clean HTML, block by block.

Owns the division into blocks: what is finished is rendered once, only the open end again. Doesn't
know how an element looks (`elements`) or what is safe (`cleaning`). Called by the chat page.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import takewhile
from typing import Any

from markdown_it.token import Token

from yoriai.web.cleaning import clean_html, clean_text
from yoriai.web.code_blocks import Colours, code_css
from yoriai.web.elements import Labels
from yoriai.web.markdown_parser import MAX_NESTING, parser
from yoriai.web.notes import NONE, Notes, without_signs, written

__all__ = ["Labels", "StreamingMarkdown", "code_css", "render"]

# About 50 printed pages; what comes after is shown as plain text.
_MAX_MARKDOWN_CHARS = 100_000
_PLAIN_BLOCK_CHARS = 10_000


def render(text: str, labels: Labels, notes: Notes = NONE) -> list[str]:
    """The blocks of a whole answer as HTML, ready for `innerHTML`."""
    return StreamingMarkdown(labels, notes).update(text)[1]


class StreamingMarkdown:
    """For one answer. Give `update` the whole text so far, each time it has grown.

    `notes` may be set before the first word that they are about.
    """

    def __init__(self, labels: Labels, notes: Notes = NONE) -> None:
        self._labels = labels
        self.notes = notes
        self._blocks: list[str] = []
        self._begin()

    def _begin(self) -> None:
        self._text = ""
        self._finished = 0  # blocks that can't change any more
        self._open = ""  # the clean text of the others
        self._markdown_left = _MAX_MARKDOWN_CHARS
        self._colours = Colours()

    def update(self, text: str) -> tuple[int, list[str]]:
        """Renders what is new in `text`.

        Returns:
            The index of the first block that changed, and the HTML of all blocks from there on. They
            take the place of every block from that index on; there may be fewer than before.
        """
        if not text.startswith(self._text):
            self._begin()
        self._open += clean_text(text[len(self._text) :])
        self._text = text
        self._colours.begin()
        start = self._finished
        before, after = self._blocks[start:], self._render_open()
        unchanged = sum(
            1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False))
        )
        self._blocks[start + unchanged :] = after[unchanged:]
        return start + unchanged, after[unchanged:]

    def _render_open(self) -> list[str]:
        """The blocks of the open text, from which the finished ones are taken."""
        blocks: list[str] = []
        if 0 < self._markdown_left < len(self._open):
            last = self._markdown(self._open[: self._markdown_left])
            blocks += last.blocks
            self._finish(blocks=len(last.blocks), chars=self._markdown_left)
        part = self._markdown(self._open) if self._markdown_left else _plain(self._open)
        self._finish(blocks=part.finished_blocks, chars=part.finished_chars)
        return blocks + part.blocks

    def _markdown(self, text: str) -> _Part:
        return _markdown(text, {"labels": self._labels, "colours": self._colours, "notes": self.notes})

    def _finish(self, *, blocks: int, chars: int) -> None:
        self._finished += blocks
        self._open = self._open[chars:]
        self._markdown_left = max(0, self._markdown_left - chars)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    blocks: list[str]
    finished_blocks: int
    finished_chars: int


def _markdown(text: str, env: dict[str, Any]) -> _Part:
    lines = text.split("\n")
    groups = _top_level(parser().parse(text, env))
    blocks = [_block(group, lines, env) for group in groups]
    for index in range(len(groups) - 1, 0, -1):
        line, _ = _lines(groups[index])
        if line < len(lines) - 1 and not lines[line - 1].strip(" \t"):
            finished_chars = sum(len(line) + 1 for line in lines[:line])
            return _Part(blocks=blocks, finished_blocks=index, finished_chars=finished_chars)
    return _Part(blocks=blocks, finished_blocks=0, finished_chars=0)


def _block(tokens: list[Token], lines: list[str], env: dict[str, Any]) -> str:
    if max(token.level for token in tokens) >= MAX_NESTING - 1:  # the parser leaves out what is deeper
        start, end = _lines(tokens)
        return _plain_block(without_signs("\n".join(lines[start:end]), env["notes"]))
    markdown = parser()
    return written(clean_html(markdown.renderer.render(tokens, markdown.options, env)), env["notes"])


def _top_level(tokens: list[Token]) -> list[list[Token]]:
    groups: list[list[Token]] = []
    level = 0
    for token in tokens:
        if level == 0:
            groups.append([])
        groups[-1].append(token)
        level += token.nesting
    return groups


def _lines(tokens: list[Token]) -> tuple[int, int]:
    start, end = tokens[0].map or (0, 0)
    return start, end


def _plain(text: str) -> _Part:
    size = _PLAIN_BLOCK_CHARS
    blocks = [_plain_block(text[start : start + size]) for start in range(0, len(text), size)]
    finished = len(text) // size
    return _Part(blocks=blocks, finished_blocks=finished, finished_chars=finished * size)


def _plain_block(text: str) -> str:
    return clean_html(f'<div class="y-plain">{escape(text)}</div>')
