"""What a user can keep in collections, files, assistants and councils, and every route to it. Not a test itself."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

TEXT = "The merger with Yamada is announced on Friday."
Route = tuple[str, str, dict[str, Any] | None]
_C, _D = "/api/collections/{collection_id}", "/api/collections/{collection_id}/documents/{document_id}"
_V, _F = "/v1/vector_stores/{vector_store_id}", "/v1/vector_stores/{vector_store_id}/files/{file_id}"
_A, _K = "/api/assistants/{assistant_id}", "/api/councils/{council_id}"

# Everyone may read these of what is shared …
READING: list[Route] = [
    ("GET", _C, None),
    ("POST", _C + "/evaluation", {"questions": [{"question": "When?", "answer": "Friday"}]}),
    ("GET", _C + "/passages", None),
    ("GET", _C + "/documents", None),
    ("GET", _D, None),
    ("GET", _D + "/file", None),
    ("GET", _D + "/pages/{number}", None),
    ("GET", _D + "/pages/{number}/image", None),
    ("GET", _D + "/pages/{number}/boxes?start=0&end=5", None),
    ("GET", _V, None),
    ("GET", _V + "/files", None),
    ("GET", _F, None),
    ("GET", _F + "/content", None),
    ("POST", _V + "/search", {"query": "merger"}),
    ("GET", _A, None),
    ("GET", _K, None),
]
# … nobody else may change them …
CHANGING: list[Route] = [
    ("PATCH", _C, {"name": "mine"}),
    ("DELETE", _C, None),
    ("POST", _C + "/text", {"title": "x", "text": "x"}),
    ("POST", _C + "/documents", {}),
    ("DELETE", _C + "/folders?folder=/x", None),
    ("PATCH", _D, {"tags": ["mine"]}),
    ("POST", _D + "/retry", None),
    ("DELETE", _D, None),
    ("POST", _V, {"name": "mine"}),
    ("DELETE", _V, None),
    ("POST", _F, {"attributes": {"a": "b"}}),
    ("DELETE", _F, None),
    ("PATCH", _A, {"name": "mine"}),
    ("DELETE", _A, None),
    ("PATCH", _K, {"name": "mine"}),
    ("DELETE", _K, None),
]
# … and these are never shared.
PRIVATE: list[Route] = [
    ("GET", "/v1/files/{file_id}", None),
    ("GET", "/v1/files/{file_id}/content", None),
    ("DELETE", "/v1/files/{file_id}", None),
    ("GET", "/api/jobs/{job_id}", None),
    ("DELETE", "/api/jobs/{job_id}", None),
]
# Refused for another reason before the collection is looked for: only the terminal, only hosts that were opened.
REFUSED: list[Route] = [
    ("POST", _C + "/paths", {"paths": ["/etc/hostname"]}),
    ("POST", _C + "/web_pages", {"address": "https://example.org/"}),
    ("POST", _V + "/files", {"file_id": "{file_id}"}),
]
ALL = READING + CHANGING + PRIVATE + REFUSED


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """One user's things, as the paths name them."""

    ids: dict[str, str]
    name: str  # of the assistant, of the council and of the collection

    def send(self, client: httpx2.Client, route: Route) -> httpx2.Response:
        method, path, body = route
        if body == {}:
            return client.request(method, self._filled(path), files={"file": ("x.txt", b"x")})
        return client.request(
            method, self._filled(path), json=body and json.loads(self._filled(json.dumps(body)))
        )

    def _filled(self, text: str) -> str:
        for name, value in self.ids.items():
            text = text.replace("{" + name + "}", value)
        return text


@contextmanager
def kept(
    client: httpx2.Client, name: str, home: Path, *, sharing: str, group_ids: Sequence[str] = ()
) -> Iterator[Kept]:
    """A collection with a document of a file that was handed in, an assistant and a council; removed at the end."""
    shared: dict[str, Any] = {"sharing": sharing, "group_ids": list(group_ids)}
    file = client.post(
        "/v1/files", files={"file": ("merger.txt", TEXT.encode())}, data={"purpose": "assistants"}
    ).json()
    collection = client.post("/api/collections", json={"name": name, **shared}).json()["id"]
    client.post(f"/v1/vector_stores/{collection}/files", json={"file_id": file["id"]}).raise_for_status()
    _wait(client, collection)
    document = client.get(f"/api/collections/{collection}/documents").json()["documents"][0]["document"]
    wish = {"name": name, **shared, "collection_ids": [collection], "model": "smollm2-135m"}
    assistant = client.post("/api/assistants", json=wish).json()
    members = ["smollm2-135m", f"assistant:{assistant['id']}"]
    council = client.post("/api/councils", json={"name": name, **shared, "members": members}).json()
    ids = {
        "collection_id": collection, "vector_store_id": collection, "document_id": document["id"],
        "file_id": file["id"], "number": "1", "assistant_id": assistant["id"], "job_id": _job(home, collection),
        "council_id": council["id"],
    }  # fmt: skip
    yield Kept(ids=ids, name=name)
    for path in (
        f"/api/councils/{council['id']}",
        f"/api/assistants/{assistant['id']}",
        f"/api/collections/{collection}",
        f"/v1/files/{file['id']}",
    ):
        assert client.delete(path).is_success


def _wait(client: httpx2.Client, collection: str) -> None:
    deadline = time.monotonic() + 60
    while client.get(f"/v1/vector_stores/{collection}").json()["status"] != "completed":
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _job(home: Path, collection: str) -> str:
    with closing(sqlite3.connect(home / "yoriai.db")) as connection:
        found = connection.execute("SELECT id FROM jobs WHERE subject_id = ?", (collection,)).fetchone()
    return str(found[0])
