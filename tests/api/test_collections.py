"""What is asked of collections with odd values is refused in words, never by a failure."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

_PAGE = "/api/collections/c/documents/d/pages/"


@pytest.mark.parametrize("rest", ["", "/image", "/boxes?start=0&end=1"])
@pytest.mark.parametrize("number", [10**20, 2**31, 0, -1])
def test_no_document_has_such_a_page(server: Any, number: int, rest: str) -> None:
    refused = httpx2.get(
        f"{server.url}{_PAGE}{number}{rest}", headers={"Authorization": f"Bearer {server.token}"}
    )
    assert refused.status_code == 400
    assert refused.json()["error"]["param"] == "number"


@pytest.mark.parametrize("name", ["since", "until"])
def test_a_moment_that_no_clock_here_shows_is_refused(server: Any, name: str) -> None:
    wish = {"collections": ["c"], "query": "x", name: "0001-01-01T00:00:00"}
    refused = httpx2.post(
        f"{server.url}/api/collections/search", json=wish, headers={"Authorization": f"Bearer {server.token}"}
    )
    assert refused.status_code == 400
    assert refused.json()["error"]["param"] == name
