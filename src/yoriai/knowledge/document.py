"""What a document is after parsing: pages of text, blocks of structure, and the passages that search finds.

Every position is a range of code points in the text of a page, so that a citation leads back to the very words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from yoriai.types import Language

BlockKind = Literal["heading", "paragraph", "list", "table", "code"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A piece of structure: `page.text[start:end]` is its text."""

    kind: BlockKind
    start: int
    end: int
    level: int = 0  # of a heading: 1 is the highest


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A page of a PDF, a slide, a sheet, or all of a document that has no pages."""

    number: int  # from 1
    text: str
    blocks: tuple[Block, ...]
    label: str = ""  # the name of a sheet, the title of a chapter
    is_scanned: bool = False  # the text was read from the picture


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedDocument:
    media_type: str
    title: str
    pages: tuple[Page, ...]
    warnings: tuple[str, ...] = ()  # keys of the catalogue of messages


@dataclass(frozen=True, kw_only=True, slots=True)
class Passage:
    """What is indexed, found and cited: `page.text[start:end]` of page number `page`."""

    ordinal: int  # from 0, in the order of the document
    page: int
    start: int
    end: int
    text: str
    heading_path: tuple[str, ...]
    language: Language
