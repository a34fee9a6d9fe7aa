"""E-books: a page per chapter, in the order of reading. Source: EPUB 3.3 (W3C), OCF and package documents."""

from __future__ import annotations

import posixpath
import zipfile
from typing import BinaryIO
from urllib.parse import unquote

from yoriai.knowledge.parsing import html, ooxml
from yoriai.knowledge.parsing.encoding import decoded
from yoriai.knowledge.parsing.ooxml import Element, descendants
from yoriai.knowledge.parsing.page_text import Outcome, Pages, PageText
from yoriai.knowledge.parsing.zip_scan import opened, part
from yoriai.sandbox.jail import RefusedError

_CHAPTERS = {"application/xhtml+xml", "text/html", "application/x-dtbook+xml"}


def read(file: BinaryIO, outcome: Outcome) -> Pages:
    archive = opened(file)
    if _has_protection(archive):
        raise RefusedError("encrypted")
    package = _package_name(archive)
    root = ooxml.read(archive, package)
    if root is None:
        raise RefusedError("broken", detail="no package document")
    outcome.title = next((each.text or "" for each in descendants(root, "title")), "").strip()
    names = _chapters(root, posixpath.dirname(package))
    outcome.total = len(names)
    for number, name in enumerate(names, 1):
        text = PageText()
        label = html.write(decoded(part(archive, name), outcome, is_markup=True), text)
        yield text.page(number, label=label)


def _package_name(archive: zipfile.ZipFile) -> str:
    root = ooxml.read(archive, "META-INF/container.xml")
    found = next(descendants(root, "rootfile"), None) if root is not None else None
    if found is None:
        raise RefusedError("broken", detail="no package document")
    return str(found.get("full-path", ""))


def _chapters(root: Element, folder: str) -> list[str]:
    items = {each.get("id"): each for each in descendants(root, "item")}
    names = []
    for reference in descendants(root, "itemref"):
        item = items.get(reference.get("idref"))
        if (
            item is not None
            and item.get("media-type") in _CHAPTERS
            and "nav" not in item.get("properties", "")
        ):
            names.append(posixpath.normpath(posixpath.join(folder, unquote(item.get("href", "")))))
    return names


def _has_protection(archive: zipfile.ZipFile) -> bool:
    """Chapters under DRM; fonts alone may be obfuscated."""
    root = ooxml.read(archive, "META-INF/encryption.xml")
    return root is not None and any(
        each.get("URI", "").lower().endswith((".xhtml", ".html", ".htm"))
        for each in descendants(root, "CipherReference")
    )
