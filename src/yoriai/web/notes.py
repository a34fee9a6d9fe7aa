"""What stands beside the words of an answer: citations and members as links, and marks on sentences that don't hold.

Both go through the renderer and the cleaning as plain placeholders, for a relative link would not pass, and are
written out last: from numbers and names of our own, never from what the model wrote. Called by `markdown`, `elements`
and `markdown_parser`; `sources` knows what they say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from markdown_it.rules_inline import StateInline

from yoriai.types import SentenceSupport

_CITED = re.compile(r"\[(\d{1,4})\]")
_REFERRED = re.compile(r"\[([A-Z](?:, ?[A-Z]){0,25})\](?!\()")
# Signs that no text has, of a category (Po) beside which emphasis closes as at the end of a line.
_SIGNS = {"weak": "\u2e0f", "unsupported": "\u2e10", "uncited": "\u2e11", "added": "\u2e0e"}
_NAMES = {sign: name for name, sign in _SIGNS.items()}
_SIGN = re.compile(f"[{''.join(_NAMES)}]")
_FOREIGN_SIGNS = {ord(sign): "\ufffd" for sign in _NAMES}
_NO_SIGNS = dict.fromkeys(map(ord, _NAMES))
_PLACEHOLDER = re.compile(r'<span class="y-(cite|member|verdict)">(\w{1,12})</span>')
_UNMARKED_LINE = re.compile(r"\s*(?:`{3}|~{3}|[-=*_ ]+$)")  # a sign would change what the line is


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where a citation leads, and what a screen reader says of it."""

    href: str
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """What a mark says, in short and at length."""

    short: str
    long: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Notes:
    """Of one answer: what its numbers and letters mean, and the words of its marks."""

    sources: Mapping[int, Source] = field(default_factory=dict)
    members: Mapping[str, str] = field(default_factory=dict)  # what a link to each one's answer says
    words: Mapping[str, Words] = field(default_factory=dict)


NONE = Notes()


def marked(answer: str, sentences: Sequence[SentenceSupport]) -> str:
    """The answer with a sign after each sentence that there is something to say of."""
    text = answer.translate(_FOREIGN_SIGNS)
    for sentence in sorted(sentences, key=lambda each: each.end, reverse=True):
        name = "added" if sentence.verdict == "supported" and sentence.is_added else sentence.verdict
        place = _place(text, sentence.end)
        if name in _SIGNS and place is not None:
            text = text[:place] + _SIGNS[name] + text[place:]
    return text


def citation(state: StateInline, silent: bool) -> bool:
    """Inline rule: `[1]` where the answer has such a source."""
    match = _CITED.match(state.src, state.pos, state.posMax)
    notes: Notes = state.env.get("notes", NONE)
    if not match or state.linkLevel or int(match[1]) not in notes.sources:
        return False
    if not silent:
        state.push("citation", "", 0).content = match[1]
    state.pos = match.end()
    return True


def reference(state: StateInline, silent: bool) -> bool:
    """Inline rule: `[A]` or `[A, B]` where all of them are members whose answers are shown."""
    match = _REFERRED.match(state.src, state.pos, state.posMax)
    notes: Notes = state.env.get("notes", NONE)
    if not match or state.linkLevel or not set(re.findall("[A-Z]", match[1])) <= set(notes.members):
        return False
    if not silent:
        state.push("reference", "", 0).content = match[1]
    state.pos = match.end()
    return True


def referred(content: str) -> str:
    """`A, B` with a placeholder for each letter."""
    return f"[{re.sub('[A-Z]', lambda letter: placeholder('member', letter[0]), content)}]"


def placeholder(kind: str, content: str) -> str:
    """`kind`: cite, member or verdict."""
    return f'<span class="y-{kind}">{content}</span>'


def with_placeholders(html: str, notes: Notes) -> str:
    """Signs in running text."""
    return _SIGN.sub(lambda sign: placeholder("verdict", _NAMES[sign[0]]), html) if notes.words else html


def without_signs(text: str, notes: Notes) -> str:
    """Where no mark can stand: in code and formulas."""
    return text.translate(_NO_SIGNS) if notes.words else text


def written(html: str, notes: Notes) -> str:
    """Clean HTML with its placeholders written out."""

    def write(match: re.Match[str]) -> str:
        if match[1] == "cite":
            return _link(match[2], notes.sources[int(match[2])])
        if match[1] == "member":
            return _to_member(match[2], notes.members[match[2]])
        return _mark(match[2], notes.words[match[2]])

    return _PLACEHOLDER.sub(write, html) if notes != NONE else html


def _link(number: str, source: Source) -> str:
    title, href = escape(source.title), escape(source.href)
    return (
        f'<a class="y-cite" href="{href}" target="_blank" rel="noopener" title="{title}" aria-label="{title}">'
        f"[{number}]</a>"
    )


def _to_member(letter: str, title: str) -> str:
    """The transcript opens the answer in the panel below."""
    said = escape(title)
    return (
        f'<a class="y-cite" href="#" data-member="{letter}" title="{said}" aria-label="{said}">{letter}</a>'
    )


def _mark(name: str, words: Words) -> str:
    sign = {"weak": "△", "unsupported": "✕", "uncited": "–", "added": "＋"}[name]
    return (
        f'<span class="y-verdict y-{name}" title="{escape(words.long)}"><span aria-hidden="true">{sign}</span> '
        f"{escape(words.short)}</span>"
    )


def _place(text: str, end: int) -> int | None:
    """Where the sign of a sentence that ends there may stand; None: nowhere."""
    if not 0 < end <= len(text):
        return None
    line_start = text.rfind("\n", 0, end) + 1
    line = text[line_start:end]
    if _UNMARKED_LINE.match(line):
        return None
    if line.lstrip().startswith("|"):  # a row of a table: within its last cell
        inside = line.rstrip().removesuffix("|").rstrip()
        return line_start + len(inside) if len(inside.strip("| ")) else None
    return end
