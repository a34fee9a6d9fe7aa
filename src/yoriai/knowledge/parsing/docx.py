"""Word documents: headings by style, numbers as shown, lists, tables, text boxes, notes, headers and footers.

Left out: deleted and hidden text, comments, tables of contents. Source: ECMA-376 part 1, 17.
"""

from __future__ import annotations

import re
import zipfile
from typing import BinaryIO

from yoriai.knowledge.parsing import ooxml
from yoriai.knowledge.parsing.docx_styles import Styles, styles
from yoriai.knowledge.parsing.numbering import Numbering, numbering
from yoriai.knowledge.parsing.ooxml import Element, attribute, child, children, descendants, local
from yoriai.knowledge.parsing.page_text import Outcome, Pages, PageText, table
from yoriai.knowledge.parsing.zip_scan import opened

_SKIPPED = {"del", "moveFrom", "Fallback", "rt", "pPr", "rPr", "instrText", "delText", "txbxContent"}
_WRITTEN = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_THROUGH = {"sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo"}
_MOST_COLUMNS = 1000
_ONLY_A_NUMBER = re.compile(r"[\s\d/\-–ー―・ページpPagef]*")


def read(file: BinaryIO, outcome: Outcome) -> Pages:
    archive = opened(file)
    main = ooxml.main_part(archive)
    root = ooxml.read(archive, main)
    writer = _Writer(styles(archive, main), numbering(archive, main))
    _margin(archive, main, "header", writer)
    writer.blocks(child(root, "body"))
    for kind in ("footnotes", "endnotes"):
        _notes(archive, main, kind, writer)
    _margin(archive, main, "footer", writer)
    writer.end_list()
    outcome.title = ooxml.title(archive) or writer.first_heading
    yield writer.text.page(1)


class _Writer:
    """Goes through paragraphs and tables; items of one list become one block."""

    def __init__(self, styles: Styles, numbers: Numbering) -> None:
        self.text = PageText()
        self.first_heading = ""
        self._styles, self._numbers = styles, numbers
        self._items: list[str] = []

    def blocks(self, parent: Element | None) -> None:
        for element in parent if parent is not None else ():
            name = local(element)
            if name == "p":
                self._paragraph(element)
            elif name == "tbl":
                self._table(element)
            elif name in _THROUGH:
                self.blocks(element)

    def end_list(self) -> None:
        self.text.add("list", "\n".join(self._items))
        self._items = []

    def _paragraph(self, paragraph: Element) -> None:
        style = self._styles.of(paragraph)
        words = text_of(paragraph)
        if words and not style.is_contents:
            label = self._numbers.next_label(style.list_id, style.depth) if style.list_id else ""
            if style.heading:
                self.end_list()
                self.first_heading = self.first_heading or words
                shown = words if label == "-" else f"{label} {words}".strip()
                self.text.add("heading", " ".join(shown.split()), style.heading)
            elif label:
                self._items.append("  " * style.depth + f"{label} {words}")
            else:
                self.end_list()
                self.text.add("paragraph", words)
        for box in _boxes(paragraph):
            self.blocks(box)

    def _table(self, element: Element) -> None:
        rows = rows_of(element)
        self.end_list()
        if len(rows) == 1 and len(rows[0]) == 1:  # a frame around text
            for cell in descendants(element, "tc"):
                self.blocks(cell)
                return
        self.text.add("table", table(rows))


def rows_of(element: Element) -> list[list[str]]:
    """A table's cells; what is merged downwards stands in each of its rows."""
    rows: list[list[str]] = []
    for row in _through(element, "tr"):
        cells: list[str] = []
        for cell in _through(row, "tc"):
            properties = child(cell, "tcPr")
            merge = child(properties, "vMerge")
            words = _cell(cell)
            if merge is not None and attribute(merge, "val") != "restart" and rows:
                above = rows[-1]
                words = words or (above[len(cells)] if len(cells) < len(above) else "")
            span = attribute(child(properties, "gridSpan"), "val", "1")
            cells += [words] + [""] * (min(int(span), _MOST_COLUMNS) - 1 if span.isdecimal() else 0)
        rows.append(cells[:_MOST_COLUMNS])
    return rows


def _through(parent: Element, name: str) -> list[Element]:
    found = []
    for element in parent:
        if local(element) == name:
            found.append(element)
        elif local(element) in _THROUGH:
            found += _through(element, name)
    return found


def _cell(cell: Element) -> str:
    parts = [text_of(paragraph) for paragraph in descendants(cell, "p") if not _is_fallback(paragraph)]
    return " ".join(part for part in parts if part)


def _is_fallback(element: Element) -> bool:
    return any(local(above) == "Fallback" for above in element.iterancestors())


def text_of(element: Element) -> str:
    """What a reader sees of a paragraph, without its text boxes."""
    parts: list[str] = []
    _collect(element, parts)
    return "".join(parts).strip()


def _collect(element: Element, parts: list[str]) -> None:
    for each in element:
        name = local(each)
        if name == "t":
            parts.append(each.text or "")
        elif name in _WRITTEN:
            parts.append(_WRITTEN[name])
        elif name in _SKIPPED or (name == "r" and _is_hidden(each)):
            continue
        else:
            _collect(each, parts)


def _is_hidden(run: Element) -> bool:
    vanish = child(run, "rPr", "vanish")
    return vanish is not None and attribute(vanish, "val", "true") not in {"0", "false", "off"}


def _boxes(paragraph: Element) -> list[Element]:
    found = [box for box in descendants(paragraph, "txbxContent") if not _is_fallback(box)]
    return [box for box in found if not any(above in found for above in box.iterancestors())]


def _margin(archive: zipfile.ZipFile, main: str, kind: str, writer: _Writer) -> None:
    """Headers or footers: each text once, page numbers not at all."""
    seen: set[str] = set()
    for name in ooxml.related(archive, main, kind):
        root = ooxml.read(archive, name)
        for paragraph in descendants(root, "p") if root is not None else ():
            words = "" if _is_fallback(paragraph) else text_of(paragraph)
            if words not in seen and not _ONLY_A_NUMBER.fullmatch(words):
                seen.add(words)
                writer.end_list()
                writer.text.add("paragraph", words)


def _notes(archive: zipfile.ZipFile, main: str, kind: str, writer: _Writer) -> None:
    for name in ooxml.related(archive, main, kind):
        root = ooxml.read(archive, name)
        for note in children(root, kind.removesuffix("s")) if root is not None else ():
            words = "\n".join(text_of(paragraph) for paragraph in children(note, "p")).strip()
            if words and not attribute(note, "type"):  # a separator has a type
                writer.end_list()
                writer.text.add("paragraph", f"[{attribute(note, 'id')}] {words}")
