"""Bodies that look like JSON and can't be written out again are refused by every route, before anything is done."""

from __future__ import annotations

import codecs
import sys
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import UploadFile

from yoriai.api.reading import name_of

sys.path.insert(0, str(Path(__file__).parent))
from described import API, OPENAPI

ROUTES = [
    (method, path)
    for path, operations in OPENAPI["paths"].items()
    for method, operation in operations.items()
    if "application/json" in operation.get("requestBody", {}).get("content", {})
]
JSON = {"content-type": "application/json"}


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=API)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost", headers=JSON) as client:
        yield client


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
@pytest.mark.parametrize(
    "body",
    [
        rb'{"text": "\ud800"}',
        rb'{"text": ["\udfff\ud800"]}',
        rb'{"\ud800": 1}',
        b'{"text": "\xed\xa0\x80"}',
        b'{"text": NaN}',
        b"[" * 100_000,
    ],
    ids=["high", "low first", "name", "raw", "NaN", "deep"],
)
async def test_what_could_not_be_written_out_again_is_refused(
    client: httpx2.AsyncClient, route: tuple[str, str], body: bytes
) -> None:
    answer = await client.request(route[0].upper(), route[1], content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_json"


@pytest.mark.parametrize(("path", "body"), [
    ("/v1/chat/completions", {"messages": [{"role": "user", "content": "TEXT"}]}),
    ("/v1/completions", {"prompt": "TEXT"}),
    ("/v1/embeddings", {"input": "TEXT"}),
])  # fmt: skip
def test_a_running_server_refuses_lone_surrogates_and_takes_pairs(
    server: Any, path: str, body: dict[str, Any]
) -> None:
    def send(text: bytes) -> httpx2.Response:
        content = httpx2.Request("POST", "http://x", json=body | {"model": "smollm2-135m", "max_tokens": 1})
        headers = JSON | {"Authorization": f"Bearer {server.token}", "Accept-Language": "ja"}
        content_bytes = content.content.replace(b"TEXT", text)
        return httpx2.post(server.url + path, content=content_bytes, headers=headers, timeout=120)

    refused = send(rb"\ud800")
    assert refused.status_code == 400
    assert "JSON として読めません" in refused.json()["error"]["message"]
    assert send(rb"\ud83d\ude00").status_code == (400 if "embeddings" in path else 200)  # it makes no vectors


async def test_a_byte_order_mark_is_no_part_of_the_json(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/api/login", content=codecs.BOM_UTF8 + b"{}")
    assert answer.json()["error"]["code"] == "invalid_value"  # read; only the fields are missing


@pytest.mark.parametrize(
    ("sent", "name"),
    [("a%22b.txt", 'a"b.txt'), ("a%0D%0Ab.txt", "a\r\nb.txt"), ("100%.txt", "100%.txt"), ("", "")],
)
def test_an_uploaded_name_is_read_as_browsers_write_it(sent: str, name: str) -> None:
    assert name_of(UploadFile(BytesIO(), filename=sent)) == name


def test_our_own_routes_refuse_fields_that_they_do_not_know() -> None:
    schemas = API.openapi()["components"]["schemas"]
    lax = []
    for method, path in ROUTES:
        body = API.openapi()["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
        name = body.get("$ref", "").rpartition("/")[2]
        if path.startswith("/api/") and name and schemas[name].get("additionalProperties") is not False:
            lax.append(f"{method} {path}: {name}")
    assert not lax
