"""A heading's words without what marks it, in texts that are their own source (Markdown). `split` calls it."""

from __future__ import annotations

import re

from yoriai.knowledge.document import Block
from yoriai.knowledge.sentences import Span

# What marks a heading in a source that is its own text: before it, after it on its line, or as a line below it.
_NOTE = r"<!--(?:(?!-->).)*-->[ \t]*"
_MARK_BEFORE = re.compile(rf"(?:\A|(?<=\n))[ \t]*#{{1,6}}[ \t]+(?:{_NOTE})*\Z")
_MARK_AFTER = re.compile(rf"[ \t]*(?:{_NOTE})*(?:#+[ \t]*)?(?:\n[ \t]*(?:=+|-+)[ \t]*)?(?=\n|\Z)")
_COMMENT = re.compile(_NOTE, re.DOTALL)
_LONGEST_HEADING = 2000  # characters that are looked through for comments


def heading_name(heading: str) -> str:
    """What a path shows of it."""
    shown = _COMMENT.sub("", heading) if len(heading) <= _LONGEST_HEADING else heading
    return " ".join(shown.split())


def between(text: str, span: Span, before: Block | None, after: Block | None) -> Span:
    """What stands between two blocks, without the marks of the headings."""
    start, end = span
    if before and before.kind == "heading" and (mark := _MARK_AFTER.match(text[start:end])):
        start += mark.end()
    if after and after.kind == "heading" and (mark := _MARK_BEFORE.search(text[start:end])):
        end = start + mark.start()
    return start, end
