"""Emphasis beside Japanese, Chinese and Korean characters: `**「重要」**です` is bold.

CommonMark looks for spaces between words to tell an opening `**` from a closing one; these scripts
have none. Follows the CJK-friendly amendment to CommonMark, section 6.2.
Source: https://github.com/tats-u/markdown-cjk-friendly/blob/main/specification.md
Called by `markdown_parser`.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_inline.state_inline import Scanned, StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType


@lru_cache(maxsize=4096)
def _is_cjk(char: str) -> bool:
    code = ord(char)
    if 0x1100 <= code <= 0x11FF or 0xE0100 <= code <= 0xE01EF:  # Hangul jamo; ideographic variation selectors
        return True
    if unicodedata.east_asian_width(char) not in {"W", "F", "H"}:
        return False
    is_emoji = unicodedata.category(char) == "So" and (code < 0x2E80 or code >= 0x1F000)
    return not is_emoji


def _is_punctuation(char: str) -> bool:
    return isMdAsciiPunct(ord(char)) or isPunctChar(char)


class _State(StateInline):
    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:  # noqa: N802, N803
        end = start
        while end < self.posMax and self.src[end] == self.src[start]:
            end += 1
        before, after = self._before(start), self.src[end] if end < self.posMax else " "
        space_before, space_after = isWhiteSpace(ord(before)), isWhiteSpace(ord(after))
        cjk_before, cjk_after = _is_cjk(before), _is_cjk(after)
        mark_before = _is_punctuation(before) and not cjk_before
        mark_after = _is_punctuation(after) and not cjk_after
        left = not space_after and (not mark_after or space_before or mark_before or cjk_before)
        right = not space_before and (not mark_before or space_after or mark_after or cjk_after)
        return Scanned(
            left and (canSplitWord or not right or _is_punctuation(before)),
            right and (canSplitWord or not left or _is_punctuation(after)),
            end - start,
        )

    def _before(self, start: int) -> str:
        """The character before `start`, past a variation selector; the beginning counts as a space."""
        if start > 1 and 0xFE00 <= ord(self.src[start - 1]) <= 0xFE0E:
            return self.src[start - 2]
        return self.src[start - 1] if start else " "


class _Parser(ParserInline):
    def parse(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> list[Token]:
        state = _State(src, md, env, tokens)
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


def cjk_inline_parser() -> ParserInline:
    return _Parser()
