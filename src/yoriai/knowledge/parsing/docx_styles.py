"""What the style of a Word paragraph makes of it: a heading of some level, an item of a list. `docx` asks."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, replace

from yoriai.knowledge.parsing.ooxml import Element, attribute, child, children, read, related

_HEADING = re.compile(r"(?:heading|見出し)\s*([1-9])", re.IGNORECASE)
_CONTENTS = re.compile(r"(?:toc|目次)\s*[1-9]|table of figures", re.IGNORECASE)
_BODY_LEVEL = 9  # "outline level: body text"
_MOST_ANCESTORS = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    heading: int = 0  # level, 0: none
    list_id: str = ""
    depth: int = 0
    is_contents: bool = False


class Styles:
    """The styles of one document by id."""

    def __init__(self, known: dict[str, Style], default: str) -> None:
        self._known, self._default = known, default

    def of(self, paragraph: Element) -> Style:
        """Its style, with what the paragraph itself says on top."""
        properties = child(paragraph, "pPr")
        name = attribute(child(properties, "pStyle"), "val", self._default)
        return _with(self._known.get(name, Style()), properties)


def styles(archive: zipfile.ZipFile, main: str) -> Styles:
    names = related(archive, main, "styles")
    root = read(archive, names[0]) if names else None
    elements = {
        attribute(each, "styleId"): each for each in (children(root, "style") if root is not None else ())
    }
    default = next((name for name, each in elements.items() if _is_default(each)), "")
    return Styles({name: _resolved(name, elements) for name in elements}, default)


def _is_default(style: Element) -> bool:
    return attribute(style, "type") == "paragraph" and attribute(style, "default") in {"1", "true"}


def _resolved(name: str, elements: dict[str, Element]) -> Style:
    """A style over those that it is based on; a chain that bites its tail ends."""
    chain: list[Element] = []
    while name in elements and len(chain) < _MOST_ANCESTORS:
        chain.append(elements[name])
        name = attribute(child(elements[name], "basedOn"), "val")
    style = Style()
    for element in reversed(chain):
        style = _named(_with(style, child(element, "pPr")), attribute(child(element, "name"), "val"))
    return style


def _named(style: Style, name: str) -> Style:
    heading = _HEADING.fullmatch(name.strip())
    if heading:
        return replace(style, heading=int(heading[1]))
    if name.strip().lower() in {"title", "表題"}:
        return replace(style, heading=1)
    return replace(style, is_contents=True) if _CONTENTS.fullmatch(name.strip()) else style


def _with(style: Style, properties: Element | None) -> Style:
    if properties is None:
        return style
    outline = attribute(child(properties, "outlineLvl"), "val")
    if outline.isdecimal() and not style.is_contents:
        style = replace(style, heading=0 if int(outline) >= _BODY_LEVEL else int(outline) + 1)
    list_id = attribute(child(properties, "numPr", "numId"), "val")
    depth = attribute(child(properties, "numPr", "ilvl"), "val")
    if list_id:
        style = replace(style, list_id="" if list_id == "0" else list_id)
    return replace(style, depth=min(int(depth), 8)) if depth.isdecimal() else style
