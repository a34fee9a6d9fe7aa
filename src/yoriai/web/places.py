"""Addresses of places in documents, as links of the page name them. Pure."""

from __future__ import annotations

from hashlib import sha256
from urllib.parse import quote, urlencode


def document_href(
    document_id: str, page: int = 1, start: int = 0, end: int = 0, *, seen: str = "", part: int | None = None
) -> str:
    """The document viewer, at a page and a range of its text.

    Args:
        seen: the fingerprint of what stood there, so that a document that has changed isn't taken for the old one.
        part: of a long page.
    """
    place: dict[str, int | str] = {"page": page}
    if end:
        place |= {"start": start, "end": end} | ({"seen": seen} if seen else {})
    if part is not None:
        place["part"] = part
    return f"/documents/{quote(document_id, safe='')}?{urlencode(place)}"


def fingerprint(text: str) -> str:
    """Of the letters and digits of a passage: how its lines are broken doesn't count."""
    letters = "".join(character for character in text if character.isalnum())
    return sha256(letters.encode("utf8", "replace")).hexdigest()[:12]


def collection_href(collection_id: str) -> str:
    return f"/collections/{quote(collection_id, safe='')}"


def api_href(collection_id: str, document_id: str, rest: str) -> str:
    """What the API has of a document."""
    collection, document = quote(collection_id, safe=""), quote(document_id, safe="")
    return f"/api/collections/{collection}/documents/{document}/{rest}"
