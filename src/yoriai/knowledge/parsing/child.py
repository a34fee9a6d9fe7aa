"""Entry point of the process that reads a file: `python -I -m yoriai.knowledge.parsing.child`. See `sandbox.jail`.

Says a line for each page, then the result. Imports only what the file's kind needs. `parse` is the other side.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any, BinaryIO

from yoriai.knowledge.parsing import kind as kinds
from yoriai.knowledge.parsing.page_text import Outcome
from yoriai.knowledge.parsing.parts import parts
from yoriai.sandbox.jail import RefusedError, run, say

_READERS = {
    kinds.PDF: "pdf",
    kinds.DOCX: "docx",
    kinds.XLSX: "xlsx",
    kinds.PPTX: "pptx",
    kinds.EPUB: "epub",
    kinds.HTML: "html",
    kinds.MARKDOWN: "markdown",
    kinds.CSV: "delimited",
    kinds.TEXT: "plain",
} | dict.fromkeys(kinds.PICTURES, "picture")


def main(specification: dict[str, Any], file: BinaryIO) -> dict[str, Any]:
    media_type = kinds.detect(file, suffix=specification["suffix"], media_type=specification["media_type"])
    if specification["wanted"] == "parse":
        return _parse(media_type, specification, file)
    if media_type not in {kinds.PDF, *kinds.PICTURES}:
        raise RefusedError("no_pictures")
    from yoriai.knowledge.parsing import pdf_view

    number = specification["page"]
    if specification["wanted"] == "picture":
        return {"picture": pdf_view.picture(file, media_type, number, specification["width_px"])}
    start, end = specification["range"]
    return {"boxes": pdf_view.boxes(file, media_type, number, start, end)}


def _parse(media_type: str, specification: dict[str, Any], file: BinaryIO) -> dict[str, Any]:
    outcome = Outcome(media_type=media_type)
    reader = import_module(f"yoriai.knowledge.parsing.{_READERS[media_type]}")
    if not kinds.suits(media_type, specification["suffix"]):
        outcome.warn("knowledge.warning_wrong_name")
    has_text = False
    pages = (part for page in reader.read(file, outcome) for part in parts(page))
    for done, page in enumerate(pages, 1):
        has_text = has_text or bool(page["text"])
        say({"page": page | {"number": done}, "done": done, "total": max(done, outcome.total)})
    if not has_text:
        outcome.warn("knowledge.warning_no_text")
    title = " ".join(outcome.title.split())[:300]
    return {"title": title, "media_type": media_type, "warnings": outcome.warnings}


if __name__ == "__main__":
    sys.setrecursionlimit(3000)
    run(main)
