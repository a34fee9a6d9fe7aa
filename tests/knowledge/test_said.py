"""What a child says in another form than its own is a crash of that file, and of nothing else."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from yoriai.errors import DocumentError
from yoriai.knowledge.parsing.said import BoxesSaid, DocumentSaid, PageLine, PictureSaid, checked

PAGE: dict[str, Any] = {"text": "words", "label": "", "is_scanned": False, "blocks": [["paragraph", 0, 5, 0]]}
RESULT: dict[str, Any] = {"title": "", "media_type": "text/plain", "warnings": ["knowledge.warning_garbled"]}


def test_what_a_child_says_in_good_order_is_taken() -> None:
    line = checked(PageLine, {"page": PAGE, "done": 1, "total": 2})
    assert (line.page.page(7).number, line.page.page(7).blocks[0].end) == (7, 5)
    assert checked(DocumentSaid, RESULT).warnings == RESULT["warnings"]
    assert checked(BoxesSaid, {"boxes": [[0, 0.5, 1, 1]]}).boxes == [(0, 0.5, 1, 1)]


@pytest.mark.parametrize(
    "page",
    [
        None, [], {}, PAGE | {"text": 5}, PAGE | {"blocks": [["paragraph", 0, 6, 0]]},
        PAGE | {"blocks": [["paragraph", 3, 2, 0]]}, PAGE | {"blocks": [["paragraph", -1, 2, 0]]},
        PAGE | {"blocks": [["script", 0, 2, 0]]}, PAGE | {"blocks": [["paragraph", 0]]},
    ],
)  # fmt: skip
def test_no_page(page: object) -> None:
    with pytest.raises(DocumentError, match="file_crash"):
        checked(PageLine, {"page": page, "done": 1, "total": 1}).page.page(1)


@pytest.mark.parametrize(
    "result", [None, [], {}, RESULT | {"warnings": ["access.not_found"]}, RESULT | {"media_type": "x" * 300}]
)
def test_no_document(result: object) -> None:
    with pytest.raises(DocumentError, match="file_crash"):
        checked(DocumentSaid, result)


def test_no_boxes_and_no_picture() -> None:
    for boxes in ([[0, 0, 1]], [[0, 0, 1, float("nan")]], [["a", 0, 1, 1]], 5):
        with pytest.raises(DocumentError, match="file_crash"):
            checked(BoxesSaid, {"boxes": boxes})
    for picture in ("%%%", base64.b64encode(b"<svg>").decode(), None):
        with pytest.raises(DocumentError, match="file_crash"):
            checked(PictureSaid, {"picture": picture}).png()
