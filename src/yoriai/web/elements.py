"""How each Markdown element is written as HTML. Called by `markdown_parser`.

Doesn't clean its output: `cleaning` does. The words it needs come from the reader's language, in `Labels`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from markdown_it.common.utils import escapeHtml, unescapeAll
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from yoriai.web.code_blocks import code_block
from yoriai.web.formulas import to_mathml
from yoriai.web.links import linked_host
from yoriai.web.notes import placeholder, referred, with_placeholders, without_signs

_HEADINGS_BELOW_PAGE_TITLE = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Labels:
    """Words of the page within an answer, in the reader's language."""

    copy: str
    image: str


class AnswerRenderer(RendererHTML):
    """Its methods are named after the tokens they write, as the base class asks."""

    def heading_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f"<{_heading(tokens[idx])}>"

    def heading_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f"</{_heading(tokens[idx])}>\n"

    def list_item_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        checked = tokens[idx].meta.get("checked")
        return "<li>" if checked is None else f'<li class="y-task">{"☑" if checked else "☐"} '

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return '<div class="y-scroll"><table>\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return "</table></div>\n"

    def th_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return _cell(tokens[idx])

    td_open = th_open

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return _link_start(str(tokens[idx].attrGet("href")))

    def text(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return with_placeholders(escapeHtml(tokens[idx].content), env["notes"])

    def code_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f"<code>{escapeHtml(without_signs(tokens[idx].content, env['notes']))}</code>"

    def citation(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return placeholder("cite", tokens[idx].content)

    def reference(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return referred(tokens[idx].content)

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Never loaded: an address can carry what the answer knows to whoever serves the picture."""
        token = tokens[idx]
        alt = without_signs(self.renderInlineAsText(token.children, options, env), env["notes"])
        text = escape(f"[{env['labels'].image}: {alt}]" if alt else f"[{env['labels'].image}]")
        if token.meta.get("in_link"):
            return f'<span class="y-image">{text}</span>'
        return _link_start(str(token.attrGet("src")), css_class="y-image") + text + "</a>"

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[idx]
        language = unescapeAll(token.info).split(maxsplit=1)
        return code_block(
            without_signs(token.content, env["notes"]),
            language=language[0] if language else "",
            is_closed=_is_closed(token),
            copy_label=env["labels"].copy,
            colours=env["colours"],
        )

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[idx]
        content = without_signs(token.content, env["notes"])
        return code_block(
            content, language="", is_closed=True, copy_label=env["labels"].copy, colours=env["colours"]
        )

    def formula(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[idx]
        source = without_signs(token.content, env["notes"])
        formula = _formula(source, display=token.meta["display"])
        return f'<span class="y-formula">{formula}</span>' if token.meta["display"] else formula

    def formula_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        source = without_signs(tokens[idx].content, env["notes"])
        return f'<div class="y-formula">{_formula(source, display=True)}</div>\n'


def _heading(token: Token) -> str:
    return f"h{min(int(token.tag[1]) + _HEADINGS_BELOW_PAGE_TITLE, 6)}"


def _cell(token: Token) -> str:
    alignment = str(token.attrGet("style") or "").removeprefix("text-align:")
    return f'<{token.tag} class="y-{alignment}">' if alignment else f"<{token.tag}>"


def _link_start(href: str, *, css_class: str = "") -> str:
    attribute = f' class="{css_class}"' if css_class else ""
    return f'<a{attribute} href="{escape(href)}" title="{escape(linked_host(href) or "")}">'


def _formula(source: str, *, display: bool) -> str:
    return to_mathml(source, display=display) or f'<code class="y-formula-source">{escape(source)}</code>'


def _is_closed(fence: Token) -> bool:
    lines = fence.content.count("\n") + (not fence.content.endswith("\n") and fence.content != "")
    return fence.map is not None and fence.map[1] - fence.map[0] == lines + 2
