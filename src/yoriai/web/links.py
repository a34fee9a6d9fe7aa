"""Which addresses a model's answer may link to, and plain addresses in text made into links.

Only whole http, https and mail addresses: a relative one would lead into this page itself, and one
with a user name shows another host than it opens. Called by `markdown_parser` and `elements`.
"""

from __future__ import annotations

import re

from markdown_it.rules_inline import StateInline

_HOST = r"(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?"
_WEB = re.compile(rf"https?://({_HOST})(?:[/?#][\x21-\x7e]*)?", re.IGNORECASE)
_MAIL = re.compile(r"mailto:[^\s@<>/\\]+@([a-z0-9.-]+)(?:\?[\x21-\x7e]*)?", re.IGNORECASE)
_MAX_CHARS = 2000

# In a path, letters of other scripts belong to the address; hiragana, which begins Japanese grammar
# (https://example.jp/を見る), and full-width punctuation end it.
_PATH_CHARS = r"\w\-.~:/?#\[\]@!$&'()*+,;=%"
_NOT_PATH = "\u2000-\u206f\u3000-\u3004\u3006-\u30a0\u30fb\uff00-\uffef"
_BARE = re.compile(
    rf"https?://{_HOST}(?:[/?#](?:(?![{_NOT_PATH}])[{_PATH_CHARS}]){{0,1900}})?", re.IGNORECASE
)
_SCHEME_BEFORE = re.compile(r"(?<![a-z0-9])https?", re.IGNORECASE)


def linked_host(href: str) -> str | None:
    """The host that a normalised address opens, or None where it may not be linked."""
    match = len(href) <= _MAX_CHARS and (_WEB.fullmatch(href) or _MAIL.fullmatch(href))
    return match[1] if match else None


def is_allowed(href: str) -> bool:
    return linked_host(href) is not None


def bare_link(state: StateInline, silent: bool) -> bool:
    """Inline rule, at the colon of an address in running text."""
    if not state.src.startswith("://", state.pos) or state.linkLevel:
        return False
    scheme = _SCHEME_BEFORE.search(state.src, max(0, state.pos - 5), state.pos)
    if not scheme or scheme.end() != state.pos:
        return False
    match = _BARE.match(state.src, scheme.start(), state.posMax)
    if not match or state.src[match.end() : match.end() + 1] in {"@", "\\"}:
        return False
    if not silent and not state.pending.endswith(scheme[0]):
        return False
    address = _without_closing_marks(match[0])
    href = state.md.normalizeLink(address)
    if len(address) <= len(scheme[0]) + 3 or not is_allowed(href):
        return False
    if not silent:
        state.pending = state.pending[: -len(scheme[0])]
        state.push("link_open", "a", 1).attrs = {"href": href}
        state.push("text", "", 0).content = address
        state.push("link_close", "a", -1)
    state.pos = scheme.start() + len(address)
    return True


def _without_closing_marks(address: str) -> str:
    while True:
        shorter = address.rstrip(".,:;!?'*_~")
        for opening, closing in ("()", "[]"):
            if shorter.endswith(closing) and shorter.count(closing) > shorter.count(opening):
                shorter = shorter[:-1]
        if shorter == address:
            return address
        address = shorter
