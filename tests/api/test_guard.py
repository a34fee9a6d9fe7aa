"""Which names, origins and sizes the guard lets through."""

from __future__ import annotations

import pytest

from yoriai.api.guard import Guard, Hosts, is_same_origin
from yoriai.settings import ServerSettings

HOST = "127.0.0.1:8642"


@pytest.mark.parametrize("host", ["localhost", "localhost:8642", "127.0.0.1:8642", "127.8.8.8", "[::1]:8642"])
def test_loopback_names_are_known(host: str) -> None:
    assert Hosts(ServerSettings()).knows(host)


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "[::1", "0.0.0.0"],
)
def test_other_names_are_refused(host: str) -> None:
    assert not Hosts(ServerSettings()).knows(host)


def test_a_configured_name_is_known() -> None:
    assert Hosts(ServerSettings(allowed_hosts=("ai.example",))).knows("AI.example:443")


def test_listening_everywhere_any_address_is_known_but_no_foreign_name() -> None:
    hosts = Hosts(ServerSettings(host="0.0.0.0", insecure_lan=True))
    assert hosts.knows("192.168.1.7:8642")
    assert not hosts.knows("evil.example")


@pytest.mark.parametrize(
    ("origin", "fetch_site", "allowed"),
    [
        (None, None, True),
        (None, "same-origin", True),
        (None, "cross-site", False),
        (f"http://{HOST}", "same-origin", True),
        ("http://127.0.0.1:9999", None, False),
        ("http://localhost:8642", None, False),
        ("http://evil.example", None, False),
        ("null", None, False),
        ("file://", None, False),
        ("http://[", None, False),
    ],
)
def test_only_our_own_pages_may_change_things(
    origin: str | None, fetch_site: str | None, allowed: bool
) -> None:
    assert is_same_origin(origin, HOST, fetch_site) is allowed


async def ask(
    method: str, headers: dict[str, str], parts: list[bytes], kind: str = "http"
) -> tuple[int, dict[str, str], int]:
    """Status, headers and bytes read by the application behind a guard whose limit is 1,000 bytes."""
    read = 0
    sent: list[dict[str, object]] = []

    async def application(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        nonlocal read
        more = kind == "http"
        while more:
            message = await receive()
            read += len(message["body"])
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {
        "type": kind,
        "method": method,
        "path": "/v1/models",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    guard = Guard(application, ServerSettings(max_request_bytes=1000), "default-src 'self'")
    await guard(scope, receive, send)  # type: ignore[arg-type]
    answer = {name.decode(): value.decode() for name, value in sent[0].get("headers", [])}  # type: ignore[attr-defined]
    return int(str(sent[0].get("status", 403))), answer, read


async def test_a_foreign_host_is_refused_before_the_application() -> None:
    status, headers, _ = await ask("GET", {"host": "evil.example"}, [b""])
    assert status == 403
    assert headers["x-content-type-options"] == "nosniff"


async def test_a_foreign_origin_may_read_nothing_and_change_nothing() -> None:
    status, _, _ = await ask("POST", {"host": HOST, "origin": "http://evil.example"}, [b""])
    assert status == 403


async def test_a_websocket_from_a_foreign_origin_is_refused() -> None:
    status, _, _ = await ask("GET", {"host": HOST, "origin": "http://evil.example"}, [b""], kind="websocket")
    assert status == 403


async def test_an_announced_body_over_the_limit_is_not_read() -> None:
    status, _, read = await ask("POST", {"host": HOST, "content-length": "1001"}, [b"x" * 1001])
    assert (status, read) == (413, 0)


async def test_a_chunked_body_is_cut_at_the_limit() -> None:
    from starlette.exceptions import HTTPException

    with pytest.raises(HTTPException) as caught:
        await ask("POST", {"host": HOST}, [b"x" * 600, b"x" * 600])
    assert caught.value.status_code == 413


async def test_answers_carry_the_security_headers() -> None:
    _, headers, _ = await ask("GET", {"host": HOST}, [b""])
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "same-origin"
