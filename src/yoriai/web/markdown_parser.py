"""Which Markdown an answer may use. Builds the parser; called by `markdown`.

CommonMark with tables, strikethrough, task lists, formulas and plain addresses; no HTML (it stays
text) and no link definitions: so every block means the same whatever comes after it, which streaming
needs, and an address is always written where it is used.
"""

from __future__ import annotations

from functools import cache

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline, image, link

from yoriai.web.elements import AnswerRenderer
from yoriai.web.emphasis import cjk_inline_parser
from yoriai.web.formulas import formula_block, inline_formula
from yoriai.web.links import bare_link, is_allowed
from yoriai.web.notes import citation, reference

MAX_NESTING = 24
_MAX_IMAGES_IN_IMAGES = 2
_MAX_LABEL_CHARS = 4_000
_MAX_BRACKETS_IN_LABEL = 4
_ENDED_BY_FORMULA = ["paragraph", "blockquote", "list"]


class _AnswerMarkdown(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802
        return is_allowed(url)


@cache
def parser() -> MarkdownIt:
    markdown = _AnswerMarkdown("zero", renderer_cls=AnswerRenderer)
    markdown.inline = cjk_inline_parser()
    options = {"html": False, "maxNesting": MAX_NESTING, "tasklists": True, "breaks": True}
    markdown.configure("commonmark", options_update=options)
    markdown.enable(["table", "strikethrough"])
    markdown.disable(["html_block", "html_inline", "reference"])
    markdown.block.ruler.before("fence", "formula_block", formula_block, {"alt": _ENDED_BY_FORMULA})
    markdown.inline.ruler.before("escape", "formula", inline_formula)
    markdown.inline.ruler.before("newline", "bare_link", bare_link)
    markdown.inline.ruler.at("link", _link)
    markdown.inline.ruler.at("image", _image)
    markdown.inline.ruler.after("link", "citation", citation)
    markdown.inline.ruler.after("citation", "reference", reference)
    return markdown


def _link(state: StateInline, silent: bool) -> bool:
    return state.src[state.pos] == "[" and _may_be_link(state) and link(state, silent)


def _may_be_link(state: StateInline) -> bool:
    """Spares the search for the end of a label, which is dear where brackets nest."""
    end = state.src.find("](", state.pos, state.pos + _MAX_LABEL_CHARS)
    return end >= 0 and state.src.count("[", state.pos, end) <= _MAX_BRACKETS_IN_LABEL


def _image(state: StateInline, silent: bool) -> bool:
    """Notes that an image stands in a link, and bounds images within images (each is parsed apart)."""
    depth = state.env.get("image_depth", 0)
    if state.src[state.pos] != "!" or depth > _MAX_IMAGES_IN_IMAGES or not _may_be_link(state):
        return False
    state.env["image_depth"] = depth + 1
    found = image(state, silent)
    state.env["image_depth"] = depth
    if found and not silent and state.linkLevel:
        state.tokens[-1].meta = {"in_link": True}
    return found
