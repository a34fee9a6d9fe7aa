"""Workbooks: a page per sheet; rows that stand together are a table, a lone cell is a paragraph.

A formula shows its cached value, or itself where there is none. Read as a stream: a sheet of a million rows is never
a tree. Source: ECMA-376 part 1, 18.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import BinaryIO

from lxml import etree

from yoriai.knowledge.parsing import ooxml
from yoriai.knowledge.parsing.ooxml import Element, attribute, child, children, descendants, local
from yoriai.knowledge.parsing.page_text import Outcome, Pages, PageText, table
from yoriai.knowledge.parsing.zip_scan import opened
from yoriai.sandbox.jail import RefusedError

_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}  # built-in formats, 18.8.30
_PERCENTS = {9, 10}
_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.')
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_MOST_COLUMNS = 16_384

Show = Callable[[str], str]  # a number's text -> what the sheet shows


def read(file: BinaryIO, outcome: Outcome) -> Pages:
    archive = opened(file)
    main = ooxml.main_part(archive)
    book = ooxml.read(archive, main)
    parts = ooxml.relations(archive, main)
    strings, shows = _strings(archive, main), _formats(archive, main, _has_1904(book))
    listed = child(book, "sheets")
    sheets = list(children(listed, "sheet")) if listed is not None else []
    outcome.title, outcome.total = ooxml.title(archive), len(sheets)
    for number, sheet in enumerate(sheets, 1):
        _, name = parts.get(_relation_id(sheet), ("", ""))
        text = PageText()
        for rows in _regions(_rows(archive, name, strings, shows)):
            _write(rows, text)
        yield text.page(number, label=sheet.get("name", ""))


def _relation_id(sheet: Element) -> str:
    return next((str(value) for key, value in sheet.attrib.items() if key.endswith("}id")), "")


def _write(rows: list[dict[int, str]], text: PageText) -> None:
    """Rows without a gap. Lone cells at their beginning are what stands over a table."""
    while rows and len(rows[0]) == 1:
        text.add("paragraph", next(iter(rows.pop(0).values())))
    columns = sorted({column for row in rows for column in row})
    text.add("table", table([[row.get(column, "") for column in columns] for row in rows]))


def _regions(rows: Iterator[tuple[int, dict[int, str]]]) -> Iterator[list[dict[int, str]]]:
    region: list[dict[int, str]] = []
    last = 0
    for number, row in rows:
        if region and number > last + 1:
            yield region
            region = []
        region.append(row)
        last = number
    if region:
        yield region


def _rows(
    archive: zipfile.ZipFile, name: str, strings: list[str], shows: list[Show]
) -> Iterator[tuple[int, dict[int, str]]]:
    """Rows that have text: number, and column -> text."""
    if not name or name not in archive.namelist():
        return
    number = 0
    with archive.open(name) as stream:
        for element in _elements(stream, "row"):
            said = element.get("r", "")
            number = int(said) if said.isdecimal() and int(said) > number else number + 1
            row: dict[int, str] = {}
            for cell in children(element, "c"):
                column = _column(cell.get("r", ""), max(row, default=-1) + 1)
                words = _value(cell, strings, shows)
                if words and column < _MOST_COLUMNS:
                    row[column] = words
            if row:
                yield number, row


def _elements(stream: object, name: str) -> Iterator[Element]:
    """Elements of one name, each forgotten before the next."""
    events = etree.iterparse(
        stream, events=("end",), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        for _, element in events:
            if element.getroottree().docinfo.doctype:
                raise RefusedError("hostile_xml")
            if local(element) == name:
                yield element
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
    except (etree.XMLSyntaxError, zipfile.BadZipFile, EOFError) as error:
        raise RefusedError("broken", detail=str(error)[:200]) from None


def _value(cell: Element, strings: list[str], shows: list[Show]) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return _text(child(cell, "is"))
    value = child(cell, "v")
    raw = (value.text or "") if value is not None else ""
    if not raw:
        formula = child(cell, "f")
        return f"={formula.text}" if formula is not None and formula.text else ""
    if kind == "s":
        return strings[int(raw)] if raw.isdecimal() and int(raw) < len(strings) else ""
    if kind == "b":
        return "TRUE" if raw == "1" else "FALSE"
    style = cell.get("s", "0")
    if kind == "n" and style.isdecimal() and int(style) < len(shows):
        return shows[int(style)](raw)
    return raw


def _column(reference: str, default: int) -> int:
    found = _REFERENCE.fullmatch(reference)
    if not found:
        return default
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return column - 1


def _strings(archive: zipfile.ZipFile, main: str) -> list[str]:
    names = ooxml.related(archive, main, "sharedStrings")
    if not names or names[0] not in archive.namelist():
        return []
    with archive.open(names[0]) as stream:
        return [_text(each) for each in _elements(stream, "si")]


def _text(element: Element | None) -> str:
    """A string's runs without their readings (rPh)."""
    if element is None:
        return ""
    found = descendants(element, "t")
    return "".join(each.text or "" for each in found if local(each.getparent()) != "rPh").strip()


def _has_1904(book: Element) -> bool:
    return attribute(child(book, "workbookPr"), "date1904") in {"1", "true"}


def _formats(archive: zipfile.ZipFile, main: str, has_1904: bool) -> list[Show]:
    names = ooxml.related(archive, main, "styles")
    root = ooxml.read(archive, names[0]) if names else None
    if root is None:
        return []
    own = {attribute(each, "numFmtId"): attribute(each, "formatCode") for each in descendants(root, "numFmt")}
    shows: list[Show] = []
    listed = child(root, "cellXfs")
    for style in children(listed, "xf") if listed is not None else ():
        identity = attribute(style, "numFmtId", "0")
        code = _LITERAL.sub("", own.get(identity, "")).lower()
        number = int(identity) if identity.isdecimal() else 0
        if number in _DATES or re.search("[ymdhs]|ge", code.replace("general", "")):
            shows.append(_date_1904 if has_1904 else _date)
        else:
            shows.append(_percent if number in _PERCENTS or "%" in code else _number)
    return shows


def _number(raw: str) -> str:
    """Without the tail of binary fractions: 0.30000000000000004 is 0.3.

    >>> _number("0.30000000000000004"), _number("12"), _number("x")
    ('0.3', '12', 'x')
    """
    try:
        return raw if raw.isdecimal() else format(float(raw), ".15g")
    except ValueError:
        return raw


def _percent(raw: str) -> str:
    try:
        return format(float(raw) * 100, ".12g") + "%"
    except (ValueError, OverflowError):
        return raw


def _date(raw: str, epoch: datetime = datetime(1899, 12, 30)) -> str:
    """
    >>> _date("45292"), _date("45292.5"), _date("0.25")
    ('2024-01-01', '2024-01-01 12:00', '06:00')
    """
    try:
        days = float(raw)
        moment = epoch + timedelta(seconds=round(days * 86400))
    except (ValueError, OverflowError):
        return raw
    if 0 <= days < 1:
        return f"{moment:%H:%M}"
    return f"{moment:%Y-%m-%d}" if not (moment.hour or moment.minute) else f"{moment:%Y-%m-%d %H:%M}"


def _date_1904(raw: str) -> str:
    return _date(raw, datetime(1904, 1, 1))
