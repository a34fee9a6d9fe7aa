"""Addresses of places in documents, as links of the page name them. Pure."""

from __future__ import annotations

from urllib.parse import quote, urlencode


def document_href(
    document_id: str, page: int = 1, start: int = 0, end: int = 0, *, part: int | None = None
) -> str:
    """The document viewer, at a page and a range of its text; `part`: of a long page."""
    place = {"page": page}
    if end:
        place |= {"start": start, "end": end}
    if part is not None:
        place["part"] = part
    return f"/documents/{quote(document_id, safe='')}?{urlencode(place)}"


def collection_href(collection_id: str) -> str:
    return f"/collections/{quote(collection_id, safe='')}"


def api_href(collection_id: str, document_id: str, rest: str) -> str:
    """What the API has of a document."""
    collection, document = quote(collection_id, safe=""), quote(document_id, safe="")
    return f"/api/collections/{collection}/documents/{document}/{rest}"
