"""Presentations: a page per slide, its title first, then shapes from top to bottom, tables, and the speaker's notes.

Source: ECMA-376 part 1, 19 and 21.
"""

from __future__ import annotations

import zipfile
from typing import BinaryIO

from yoriai.knowledge.parsing import ooxml
from yoriai.knowledge.parsing.ooxml import Element, attribute, child, children, descendants, local
from yoriai.knowledge.parsing.page_text import Outcome, Pages, PageText, table
from yoriai.knowledge.parsing.zip_scan import opened

_TITLES = {"title", "ctrTitle"}
_NOT_CONTENT = {"sldNum", "dt", "ftr", "hdr", "sldImg"}
_BAND = 200_000  # shapes whose tops differ less (about 5 mm, in EMU) stand on one line
_FAR = 10**9


def read(file: BinaryIO, outcome: Outcome) -> Pages:
    archive = opened(file)
    main = ooxml.main_part(archive)
    parts = ooxml.relations(archive, main)
    listed = child(ooxml.read(archive, main), "sldIdLst")
    names = []
    for slide in children(listed, "sldId") if listed is not None else ():
        identity = next((str(value) for key, value in slide.attrib.items() if key.endswith("}id")), "")
        names.append(parts.get(identity, ("", ""))[1])
    outcome.title, outcome.total = ooxml.title(archive), len(names)
    for number, name in enumerate(names, 1):
        text = PageText()
        title = _slide(archive, name, text)
        outcome.title = outcome.title or title
        yield text.page(number, label=title)


def _slide(archive: zipfile.ZipFile, name: str, text: PageText) -> str:
    root = ooxml.read(archive, name)
    if root is None:
        return ""
    shapes = sorted(_shapes(child(root, "cSld", "spTree")), key=_place)
    titles = [shape for shape in shapes if _placeholder(shape) in _TITLES]
    title = " ".join(" ".join(_paragraphs(shape)) for shape in titles).strip()
    text.add("heading", title, 1)
    for shape in shapes:
        if shape not in titles:
            _shape(archive, name, shape, text)
    for notes in ooxml.related(archive, name, "notesSlide"):
        _notes(ooxml.read(archive, notes), text)
    return title


def _shapes(tree: Element | None) -> list[Element]:
    found = []
    for element in tree if tree is not None else ():
        kind = local(element)
        if kind in {"sp", "graphicFrame", "cxnSp"}:
            found.append(element)
        elif kind in {"grpSp", "AlternateContent", "Choice"}:
            found += _shapes(element)
    return found


def _place(shape: Element) -> tuple[int, int]:
    """Band from the top, then from the left. A placeholder without a place of its own stands where it is written."""
    offset = next(descendants(shape, "off"), None)
    x, y = attribute(offset, "x", str(-_FAR)), attribute(offset, "y", str(-_FAR))
    return (_whole(y) // _BAND, _whole(x))


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return 0


def _placeholder(shape: Element) -> str:
    found = next(descendants(shape, "ph"), None)
    return attribute(found, "type", "body") if found is not None else ""


def _shape(archive: zipfile.ZipFile, slide: str, shape: Element, text: PageText) -> None:
    grid = next(descendants(shape, "tbl"), None)
    if grid is not None:
        rows = [[" ".join(_paragraphs(cell)) for cell in children(row, "tc")] for row in children(grid, "tr")]
        text.add("table", table(rows))
    elif local(shape) == "graphicFrame":
        _diagram(archive, slide, shape, text)
    elif _placeholder(shape) not in _NOT_CONTENT:
        _words(shape, text)


def _words(shape: Element, text: PageText) -> None:
    lines = _paragraphs(shape)
    is_list = _placeholder(shape) == "body" and len(lines) > 1
    text.add(
        "list" if is_list else "paragraph", "\n".join(f"- {line}" if is_list else line for line in lines)
    )


def _paragraphs(shape: Element) -> list[str]:
    found = []
    for paragraph in descendants(shape, "p"):
        parts = [
            "\n" if local(each) == "br" else each.text or ""
            for each in paragraph.iter()
            if local(each) in {"t", "br"}
        ]
        found.append("".join(parts).strip())
    return [words for words in found if words]


def _diagram(archive: zipfile.ZipFile, slide: str, frame: Element, text: PageText) -> None:
    """A chart's or SmartArt's words, kept in parts of their own."""
    parts = ooxml.relations(archive, slide)
    for element in frame.iter():
        if local(element) not in {"chart", "relIds"}:
            continue
        name = "dm" if local(element) == "relIds" else "id"
        kind, target = parts.get(attribute(element, name), ("", ""))
        root = ooxml.read(archive, target) if kind in {"chart", "diagramData"} else None
        if root is not None:
            words = _paragraphs(root) + [
                each.text or "" for each in descendants(root, "v") if kind == "chart"
            ]
            text.add("paragraph", "\n".join(dict.fromkeys(word for word in words if word)))


def _notes(root: Element | None, text: PageText) -> None:
    for shape in _shapes(child(root, "cSld", "spTree")):
        if _placeholder(shape) not in _NOT_CONTENT:
            text.add("paragraph", "\n".join(_paragraphs(shape)))
