"""A code block with its language, a copy button and colours.

The language is the one named, never guessed. Doesn't clean its output: `cleaning` does.
Called by `elements`; the page takes `code_css` once.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from functools import cache
from html import escape

from pygments import format as write
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import _TokenType

from yoriai.web.cleaning import CODE_CLASS_PREFIX

# The lexers are backtracking expressions and hold the interpreter while they match. Five thousand empty
# lines keep the one for C busy for seconds, a row of backslashes the one for Scala for ever. So: only
# languages that stood a trial with hostile input, only code shaped like code, and a time limit between tokens.
_LANGUAGES = """
    asm bash bat c c# c++ clojure console cpp cs csharp css dart diff docker dockerfile elixir erlang go
    golang graphql groovy haskell html ini java javascript js json jsx julia kotlin latex lisp lua make
    makefile markdown matlab md nasm nginx nim objective-c ocaml perl php postgresql powershell proto protobuf
    py pycon python python3 r rb rs ruby rust scheme sh shell sql swift tex toml ts tsx typescript vb.net
    verilog vhdl vim xml yaml yml zig zsh
"""
_UNLIKE_CODE = re.compile(r"[^\n]{1000}|[\w\s]{500}|\s{100}|\n{20}")
_MAX_CHARS = 50_000
# While a block is being written it is coloured again with every update.
_MAX_OPEN_CHARS = 4_000
_MAX_SECONDS = 0.5  # of CPU
_MAX_REMEMBERED = 200
_MAX_LANGUAGE_CHARS = 30
_ERROR = f".{CODE_CLASS_PREFIX}err "  # code that is still being written is full of them
_SCHEMES = (("body:not(.body--dark) .y-code", "default"), ("body.body--dark .y-code", "github-dark"))


class Colours:
    """Colours the code of one answer. Remembers what it coloured: a list is rendered again while it grows."""

    def __init__(self) -> None:
        self._until = 0.0
        self._coloured: dict[tuple[str, str], str | None] = {}

    def begin(self) -> None:
        """Starts one rendering, whose blocks share the time limit."""
        self._until = time.thread_time() + _MAX_SECONDS
        if len(self._coloured) > _MAX_REMEMBERED:
            self._coloured.clear()

    def html(self, code: str, language: str) -> str | None:
        """The code with colours, or None where it has to stay plain."""
        if language not in _LANGUAGES.split() or _UNLIKE_CODE.search(code):
            return None
        if (code, language) not in self._coloured:
            self._coloured[code, language] = self._colour(code, language)
        return self._coloured[code, language]

    def _colour(self, code: str, language: str) -> str | None:
        try:
            return write(self._in_time(_lexer(language).get_tokens(code)), _formatter())
        except TimeoutError:
            return None

    def _in_time(self, tokens: Iterator[tuple[_TokenType, str]]) -> Iterator[tuple[_TokenType, str]]:
        for token in tokens:
            if time.thread_time() > self._until:
                raise TimeoutError
            yield token


def code_block(code: str, *, language: str, is_closed: bool, copy_label: str, colours: Colours) -> str:
    limit = _MAX_CHARS if is_closed else _MAX_OPEN_CHARS
    coloured = colours.html(code, language.lower()) if len(code) <= limit else None
    return (
        '<div class="y-code"><div class="y-code-head">'
        f'<span class="y-code-language">{escape(language[:_MAX_LANGUAGE_CHARS])}</span>'
        f'<button class="y-copy" type="button" data-copy="">{escape(copy_label)}</button></div>'
        f"<pre><code>{escape(code) if coloured is None else coloured}</code></pre></div>\n"
    )


@cache
def _lexer(language: str) -> Lexer:
    return get_lexer_by_name(language, stripnl=False, ensurenl=False)


@cache
def _formatter(style: str = "default") -> HtmlFormatter[str]:
    return HtmlFormatter(nowrap=True, style=style, classprefix=CODE_CLASS_PREFIX)


def code_css() -> str:
    """Rules for the colours, light and dark (`body--dark` is the class that Quasar sets)."""
    return "\n".join(
        line
        for selector, style in _SCHEMES
        for line in _formatter(style).get_style_defs(selector).splitlines()  # type: ignore[no-untyped-call]
        if line.startswith(f"{selector} .{CODE_CLASS_PREFIX}") and not line.startswith(f"{selector} {_ERROR}")
    )
