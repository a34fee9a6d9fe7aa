"""What the tests of parsing share: blocks of a parsed file, and where the real documents are. Not a test itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from yoriai.knowledge.document import Page, ParsedDocument
from yoriai.knowledge.parsing.parse import parse

SHARED = Path("/work/shared/data")


def real(name: str) -> Path:
    """A document of the shared data; the test is skipped where it isn't."""
    found = sorted(SHARED.glob(name))
    if not found:
        pytest.skip(f"no {name} in {SHARED}")
    return found[0]


def blocks(page: Page) -> list[tuple[str, int, str]]:
    """(kind, level, text)"""
    return [(block.kind, block.level, page.text[block.start : block.end]) for block in page.blocks]


async def first(path: Path) -> list[tuple[str, int, str]]:
    return blocks((await parse(path)).pages[0])


def all_text(document: ParsedDocument) -> str:
    return "\n".join(page.text for page in document.pages)
