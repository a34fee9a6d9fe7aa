"""A code block with its language, a copy button and colours.

The language is the one named, never guessed. Doesn't clean its output: `cleaning` does.
Called by `elements`; the page takes `code_css` once.
"""

from __future__ import annotations

from html import escape

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from yoriai.web.cleaning import CODE_CLASS_PREFIX

_MAX_COLOURED_CHARS = 100_000
# While a block is being written it is coloured again with every update.
_MAX_COLOURED_OPEN_CHARS = 8_000
_MAX_LANGUAGE_CHARS = 30
_ERROR = f".{CODE_CLASS_PREFIX}err "  # code that is still being written is full of them
_SCHEMES = (("body:not(.body--dark) .y-code", "default"), ("body.body--dark .y-code", "github-dark"))


def code_block(code: str, *, language: str, is_closed: bool, copy_label: str) -> str:
    limit = _MAX_COLOURED_CHARS if is_closed else _MAX_COLOURED_OPEN_CHARS
    coloured = _coloured(code, language) if language and len(code) <= limit else None
    return (
        '<div class="y-code"><div class="y-code-head">'
        f'<span class="y-code-language">{escape(language[:_MAX_LANGUAGE_CHARS])}</span>'
        f'<button class="y-copy" type="button" data-copy="">{escape(copy_label)}</button></div>'
        f"<pre><code>{escape(code) if coloured is None else coloured}</code></pre></div>\n"
    )


def _coloured(code: str, language: str) -> str | None:
    try:
        lexer = get_lexer_by_name(language.lower(), stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
    return highlight(code, lexer, _formatter())


def code_css() -> str:
    """Rules for the colours, light and dark (`body--dark` is the class that Quasar sets)."""
    return "\n".join(
        line
        for selector, style in _SCHEMES
        for line in _formatter(style).get_style_defs(selector).splitlines()  # type: ignore[no-untyped-call]
        if line.startswith(f"{selector} .{CODE_CLASS_PREFIX}") and not line.startswith(f"{selector} {_ERROR}")
    )


def _formatter(style: str = "default") -> HtmlFormatter[str]:
    return HtmlFormatter(nowrap=True, style=style, classprefix=CODE_CLASS_PREFIX)
