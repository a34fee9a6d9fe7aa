"""Web pages: what is shown, as headings, paragraphs, lists, tables and code. `epub` reads its chapters with it.

Left out: scripts, styles, and what is hidden from the eye (a place for orders to a model). Nothing is fetched.
"""

from __future__ import annotations

from typing import Any, BinaryIO

from lxml import html as lxml_html
from lxml.etree import ParserError

from yoriai.knowledge.parsing.encoding import decoded
from yoriai.knowledge.parsing.page_text import Outcome, Pages, PageText, table
from yoriai.sandbox.jail import RefusedError

_DROPPED = {"script", "style", "template", "noscript", "head", "svg", "math", "iframe", "object", "select", "nav",
            "button", "textarea", "rp", "rt"}  # fmt: skip
_BLOCKS = {"address", "article", "aside", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt",
           "fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup", "hr", "html", "legend", "main",
           "p", "section", "summary"}  # fmt: skip
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_MOST_DEPTH = 250


def read(file: BinaryIO, outcome: Outcome) -> Pages:
    text = PageText()
    outcome.title = write(decoded(file.read(), outcome, is_markup=True), text)
    yield text.page(1)


def write(source: str, text: PageText) -> str:
    """Add what a page shows. Returns its title, or its first heading."""
    try:
        # Bytes in a known encoding: what a page declares was heard already and would be believed once more.
        parser = lxml_html.HTMLParser(
            encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=False
        )
        root = lxml_html.document_fromstring(source.encode("utf8", "replace"), parser=parser)
    except ParserError:
        return ""  # nothing but white space or comments
    writer = _Writer(text)
    writer.element(root, 0)
    writer.flush()
    return " ".join((root.findtext(".//title") or "").split()) or writer.first_heading


class _Writer:
    """Collects inline text until a block begins or ends."""

    def __init__(self, text: PageText) -> None:
        self._text = text
        self._inline: list[str] = []
        self.first_heading = ""

    def flush(self, kind: str = "paragraph", level: int = 0) -> None:
        words = folded("".join(self._inline))
        self._inline = []
        if kind == "heading":
            words = " ".join(words.split())
            self.first_heading = self.first_heading or words
        self._text.add(kind, words, level)

    def element(self, element: Any, depth: int) -> None:
        name = element.tag if isinstance(element.tag, str) else ""
        if depth > _MOST_DEPTH:
            raise RefusedError("broken", detail="nested too deeply")
        if name in _DROPPED or not name or _is_hidden(element):
            return
        if name in _HEADINGS or name in {"ul", "ol", "table", "pre"}:
            self.flush()
            self._whole(element, name, depth)
        elif name == "br":
            self._inline.append("\n")
        else:
            self._inside(element, name in _BLOCKS, depth)

    def _inside(self, element: Any, is_block: bool, depth: int) -> None:
        if is_block:
            self.flush()
        self._inline.append(_one_line(element.text))
        for child in element:
            self.element(child, depth + 1)
            self._inline.append(_one_line(child.tail))
        if is_block:
            self.flush()

    def _whole(self, element: Any, name: str, depth: int) -> None:
        if name in _HEADINGS:
            self._inline = [_visible(element)]
            self.flush("heading", _HEADINGS[name])
        elif name == "pre":
            self._text.add("code", element.text_content())
        elif name == "table" and not _is_layout(element):
            self._text.add("table", table(_rows(element)))
        elif name == "table":
            for cell in element.iter("td", "th"):
                self._inside(cell, True, depth + 1)
        else:
            self._text.add("list", "\n".join(_items(element, 0)))


def _items(element: Any, depth: int) -> list[str]:
    """The lines of a list; a list inside an item is indented."""
    lines = []
    for number, item in enumerate(element.iterchildren("li"), 1):
        inner = [each for each in item.iterdescendants("ul", "ol") if _nearest(each) is item]
        words = _visible(item, without=set(inner))
        if words:
            lines.append("  " * depth + (f"{number}. " if element.tag == "ol" else "- ") + words)
        for each in inner if depth < _MOST_DEPTH else ():
            lines += _items(each, depth + 1)
    return lines


def _nearest(element: Any) -> Any:
    return next(element.iterancestors("li"), None)


def _rows(element: Any) -> list[list[str]]:
    rows = []
    for row in element.iter("tr"):
        if next(row.iterancestors("table"), None) is element:
            cells: list[str] = []
            for cell in row.iterchildren("td", "th"):
                span = cell.get("colspan", "1")
                extra = min(int(span), 100) - 1 if span.isdecimal() and int(span) else 0
                cells += [_visible(cell)] + [""] * extra
            rows.append(cells)
    return rows


def _is_layout(element: Any) -> bool:
    """A table that only places things: it holds another table, or one cell."""
    return (
        element.find(".//table") is not None or len(element.findall(".//td") + element.findall(".//th")) <= 1
    )


def _is_hidden(element: Any) -> bool:
    style = "".join((element.get("style") or "").lower().split())
    return (
        "hidden" in element.attrib
        or element.get("aria-hidden") == "true"
        or any(each in style for each in ("display:none", "visibility:hidden", "font-size:0"))
    )


def _visible(element: Any, without: set[Any] | None = None) -> str:
    """The text inside, on one line."""
    parts: list[str] = []

    def collect(each: Any, depth: int) -> None:
        parts.append(each.text or "")
        for child in each:
            is_shown = isinstance(child.tag, str) and child.tag not in _DROPPED and not _is_hidden(child)
            if is_shown and not (without and child in without) and depth < _MOST_DEPTH:
                is_apart = child.tag in _BLOCKS or child.tag in {"br", "li", "td", "th"}
                parts.append(" " if is_apart else "")
                collect(child, depth + 1)
                parts.append(" " if is_apart else "")
            parts.append(child.tail or "")

    collect(element, 0)
    return " ".join("".join(parts).split())


def _one_line(text: str | None) -> str:
    return " ".join(f"[{text or ''}]".split())[1:-1] if text else ""


def folded(text: str) -> str:
    """White space as a browser shows it; line breaks stay."""
    return "\n".join(" ".join(line.split()) for line in text.split("\n")).strip()
