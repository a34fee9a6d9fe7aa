r"""LaTeX formulas in Markdown, `$…$`, `$$…$$`, `\(…\)`, `\[…\]`, as MathML.

A formula that can't be converted is shown as its source. Doesn't clean its output: `cleaning` does.
Called by `markdown_parser` (the rules) and `elements` (the conversion).
"""

from __future__ import annotations

import html
import re
from xml.etree.ElementTree import Element, tostring

from latex2mathml.converter import convert_to_element
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

MAX_CHARS = 3000
_MAX_NESTING = 30
# Macros can grow a short formula without end.
_MACROS = re.compile(
    r"\\(?:def|edef|gdef|let|(?:re)?newcommand|newenvironment|DeclareMathOperator)(?![a-zA-Z])"
)
_DELIMITERS = (("$$", "$$", True), (r"\[", r"\]", True), (r"\(", r"\)", False), ("$", "$", False))


def to_mathml(source: str, *, display: bool) -> str | None:
    """The formula as MathML, or None where it isn't one that can be shown."""
    if len(source) > MAX_CHARS or _MACROS.search(source) or _nesting(source) > _MAX_NESTING:
        return None
    try:
        formula = convert_to_element(source, display="block" if display else "inline")
        for element in formula.iter():
            # The library writes characters as entities and expects the whole markup to be unescaped at
            # the end, which would turn text into tags.
            element.text = html.unescape(element.text) if element.text else None
        formula.set("alttext", source)
        return _markup(formula)
    except Exception:  # a converter of hostile text: it raises whatever its parts raise
        return None


def _markup(formula: Element) -> str:
    return tostring(formula, encoding="unicode")


def _nesting(source: str) -> int:
    depth = deepest = 0
    for match in re.finditer(r"[{}]|\\left|\\right|\\begin|\\end", source):
        depth += 1 if match[0] in {"{", r"\left", r"\begin"} else -1
        deepest = max(deepest, depth)
    return deepest


def inline_formula(state: StateInline, silent: bool) -> bool:
    for opening, closing, display in _DELIMITERS:
        if not state.src.startswith(opening, state.pos):
            continue
        start = state.pos + len(opening)
        end = _closing(state.src, closing, start, state.posMax)
        if end < 0 or not state.src[start:end].strip():
            return False
        after = end + len(closing)
        if opening == "$" and not _is_formula_not_money(state.src, start, end):
            return False
        if not silent:
            token = state.push("formula", "", 0)
            token.content, token.meta = state.src[start:end].strip(), {"display": display}
        state.pos = after
        return True
    return False


def _closing(text: str, closing: str, start: int, limit: int) -> int:
    limit = min(limit, start + MAX_CHARS)
    end = text.find(closing, start, limit)
    while end > 0 and _is_escaped(text, start, end):
        end = text.find(closing, end + 1, limit)
    return end


def _is_escaped(text: str, start: int, position: int) -> bool:
    backslashes = position
    while backslashes > start and text[backslashes - 1] == "\\":
        backslashes -= 1
    return (position - backslashes) % 2 == 1


def _is_formula_not_money(text: str, start: int, end: int) -> bool:
    """Tells `$x$` from `$5 and $6`, `US$5` and `$HOME:$PATH`."""
    formula = text[start:end]
    outside = text[start - 2 : start - 1] + text[end + 1 : end + 2]
    return formula == formula.strip() and "\n" not in formula and not re.search("[A-Za-z0-9]", outside)


def formula_block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """Block rule: a formula whose delimiters begin and end lines, without an empty line between."""
    if state.is_code_block(start_line):
        return False
    start = state.bMarks[start_line] + state.tShift[start_line]
    closing = {"$$": "$$", r"\[": r"\]"}.get(state.src[start : start + 2])
    if closing is None:
        return False
    if silent:
        return True
    last_line = _closing_line(
        state, start_line, end_line, _closing(state.src, closing, start + 2, len(state.src))
    )
    if last_line is None:
        return False
    content = state.getLines(start_line, last_line + 1, state.blkIndent, False).strip()
    token = state.push("formula_block", "", 0)
    token.content, token.block = (
        content.removeprefix(state.src[start : start + 2]).removesuffix(closing).strip(),
        True,
    )
    token.map = [start_line, last_line + 1]
    state.line = last_line + 1
    return True


def _closing_line(state: StateBlock, start_line: int, end_line: int, closing: int) -> int | None:
    """The line that ends with the delimiter at `closing`, if the formula runs there unbroken."""
    if closing < 0:
        return None
    for line in range(start_line, end_line):
        if state.isEmpty(line) or (line > start_line and state.sCount[line] < state.blkIndent):
            return None
        if closing < state.eMarks[line]:
            is_last = not state.src[closing + 2 : state.eMarks[line]].strip()
            return line if is_last else None
    return None
