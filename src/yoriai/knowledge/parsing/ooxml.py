"""What docx, xlsx and pptx share: parts, their relations, and XML read without entities. Names without namespaces,
because the strict form of the standard has others.

Source: ECMA-376 part 2 (packages).
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from lxml import etree

from yoriai.knowledge.parsing.zip_scan import part
from yoriai.sandbox.jail import RefusedError

Element = Any


def parsed(data: bytes) -> Element:
    """The root of an XML part.

    Raises:
        RefusedError: not well-formed, or with a document type, which the standard forbids (XXE, billion laughs).
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        cause = "hostile_xml" if b"<!DOCTYPE" in data else "broken"  # libxml2 stops at laughs by itself
        raise RefusedError(cause, detail=str(error)[:200]) from None
    if root.getroottree().docinfo.doctype:
        raise RefusedError("hostile_xml")
    return root


def read(archive: zipfile.ZipFile, name: str) -> Element | None:
    data = part(archive, name)
    return parsed(data) if data else None


def relations(archive: zipfile.ZipFile, name: str = "") -> dict[str, tuple[str, str]]:
    """Of one part, or of the package: id -> (kind, name of the part)."""
    folder, base = posixpath.split(name)
    root = read(archive, posixpath.join(folder, "_rels", f"{base}.rels"))
    found = {}
    for relation in root if root is not None else ():
        if relation.get("TargetMode") == "External":
            continue
        target = posixpath.normpath(posixpath.join("/", folder, unquote(relation.get("Target", ""))))
        kind = relation.get("Type", "").rpartition("/")[2]
        found[relation.get("Id", "")] = (kind, target.lstrip("/"))
    return found


def related(archive: zipfile.ZipFile, name: str, kind: str) -> list[str]:
    """The parts that `name` refers to as `kind`, in order."""
    return [target for each, target in relations(archive, name).values() if each == kind]


def main_part(archive: zipfile.ZipFile) -> str:
    names = related(archive, "", "officeDocument")
    if not names or names[0] not in archive.namelist():
        raise RefusedError("broken", detail="no main part")
    return names[0]


def title(archive: zipfile.ZipFile) -> str:
    """The title in the document's properties."""
    for name in related(archive, "", "core-properties"):
        root = read(archive, name)
        for element in root if root is not None else ():
            if local(element) == "title":
                return (element.text or "").strip()
    return ""


def local(element: Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def attribute(element: Element | None, name: str, default: str = "") -> str:
    """An attribute by its name without namespace."""
    if element is not None:
        for key, value in element.attrib.items():
            if key.rpartition("}")[2] == name:
                return str(value)
    return default


def child(element: Element | None, *path: str) -> Element | None:
    """Down the path, each time the first child of that name."""
    for name in path:
        element = next(children(element, name), None) if element is not None else None
    return element


def children(element: Element, name: str) -> Iterator[Element]:
    return (each for each in element if local(each) == name)


def descendants(element: Element, name: str) -> Iterator[Element]:
    return (each for each in element.iter() if local(each) == name)
