"""The outgoing door: who is let through, and what is never sent along. Real servers on this machine's loopback."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx2
import pytest

from yoriai.egress import MAX_REDIRECTS, Egress, is_public
from yoriai.errors import EgressError, PrerequisiteError

CERTIFICATES = Path(__file__).parent / "certificates"


class Site:
    """A web server that answers by table and remembers what it was asked."""

    def __init__(self, *, tls: bool = False) -> None:
        self.redirects: dict[str, str] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
                target = site.redirects.get(self.path)
                self.send_response(302 if target else 200)
                if target:
                    self.send_header("location", target)
                self.send_header("content-length", "5")
                self.end_headers()
                self.wfile.write(b"hello")

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATES / "localhost.pem", CERTIFICATES / "localhost.key")
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False
            )
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.server.shutdown()
    site.server.server_close()


@pytest.fixture
def tls_site() -> Iterator[Site]:
    site = Site(tls=True)
    yield site
    site.server.shutdown()
    site.server.server_close()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def allowing(*hosts: str) -> Egress:
    return Egress({"hub": frozenset(hosts)})


async def fetch(egress: Egress, url: str, **headers: str) -> httpx2.Response:
    async with egress.stream("hub", "GET", url, headers) as response:
        await response.aread()
        return response


async def test_a_listed_host_is_reached(site: Site) -> None:
    response = await fetch(allowing("127.0.0.1"), site.url + "/file")
    assert (response.status_code, response.content) == (200, b"hello")


async def test_a_host_that_nobody_listed_is_refused_before_a_packet_leaves(site: Site) -> None:
    with pytest.raises(EgressError) as caught:
        await fetch(allowing("example.org"), site.url)
    assert caught.value.values == {"host": "127.0.0.1", "purpose": "hub"}
    assert site.asked == []


async def test_a_host_is_allowed_for_its_purpose_only(site: Site) -> None:
    egress = Egress({"remote": frozenset({"127.0.0.1"}), "hub": frozenset()})
    with pytest.raises(EgressError):
        await fetch(egress, site.url)
    with pytest.raises(EgressError):
        egress.client("nothing", site.url)


@pytest.mark.parametrize("form", ["127.0.0.1", "127.1", "0x7f.1", "127.0.1"])
async def test_a_pattern_never_opens_a_private_address(site: Site, form: str) -> None:
    with pytest.raises(EgressError) as caught:
        await fetch(allowing("*.1"), f"http://{form}:{site.port}/")
    assert caught.value.key == "egress.private_address"
    assert site.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://2130706433:{port}/",
        "http://0x7f.1:{port}/",
        "http://127.1:{port}/",
        "http://[::ffff:7f00:1]:{port}/",
        "http://[::1]:{port}/",
        "http://localhost:{port}/",
        "http://example.com\\@127.0.0.1:{port}/",
        "http://example.com@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}\\.example.com/",
        "http://127.0.0.1:{port}#.example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "//example.com/",
        "",
    ],
)
async def test_no_spelling_of_an_address_gets_past_the_list(site: Site, url: str) -> None:
    with pytest.raises(EgressError):
        await fetch(allowing("example.com", "*.example.com"), url.format(port=site.port))
    assert site.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "::1", "::", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:7f00:1",
        "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2001::1",
    ],
)  # fmt: skip
def test_private_addresses_in_every_dress_are_known(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


async def test_patterns_match_below_a_name_and_nothing_else() -> None:
    egress = allowing("*.example.org", "EXAMPLE.net.", "日本.example")
    for url in (
        "https://a.example.org",
        "https://a.b.EXAMPLE.ORG.",
        "https://example.net",
        "https://xn--wgv71a.example",
    ):
        egress.check("hub", httpx2.URL(url))
    for url in (
        "https://example.org",
        "https://badexample.org",
        "https://a.example.net",
        "ftp://example.net",
    ):
        with pytest.raises(EgressError):
            egress.check("hub", httpx2.URL(url))


async def test_redirects_are_followed_and_kept(site: Site) -> None:
    site.redirects = {"/a": "/b", "/b": site.url + "/c"}
    response = await fetch(allowing("127.0.0.1"), site.url + "/a")
    assert response.content == b"hello"
    assert [past.headers["location"] for past in response.history] == ["/b", site.url + "/c"]


async def test_a_redirect_to_a_host_that_nobody_listed_is_refused(site: Site) -> None:
    site.redirects = {"/a": f"http://localhost:{site.port}/secret"}
    with pytest.raises(EgressError) as caught:
        await fetch(allowing("127.0.0.1"), site.url + "/a")
    assert caught.value.values["host"] == "localhost"
    assert site.paths() == ["/a"]


async def test_a_redirect_to_a_password_in_the_address_is_refused(site: Site) -> None:
    site.redirects = {"/a": f"http://user:pass@127.0.0.1:{site.port}/b"}
    with pytest.raises(EgressError):
        await fetch(allowing("127.0.0.1"), site.url + "/a")
    assert site.paths() == ["/a"]


async def test_endless_redirects_end(site: Site) -> None:
    site.redirects = {"/a": "/a"}
    with pytest.raises(EgressError) as caught:
        await fetch(allowing("127.0.0.1"), site.url + "/a")
    assert caught.value.key == "egress.too_many_redirects"
    assert len(site.asked) == MAX_REDIRECTS + 1


async def test_authorization_stays_with_its_host(site: Site) -> None:
    site.redirects = {"/a": "/b", "/b": f"http://localhost:{site.port}/c"}
    await fetch(
        allowing("127.0.0.1", "localhost"), site.url + "/a", authorization="Bearer secret", range="bytes=1-"
    )
    sent = {path: headers.get("authorization") for path, headers in site.asked}
    assert sent == {"/a": "Bearer secret", "/b": "Bearer secret", "/c": None}
    assert site.asked[-1][1]["range"] == "bytes=1-"


async def test_a_long_lived_client_follows_no_redirect_and_stays_with_its_hosts(site: Site) -> None:
    site.redirects = {"/a": f"http://localhost:{site.port}/b"}
    async with allowing("127.0.0.1").client("hub", site.url) as client:
        assert (await client.get("/a")).status_code == 302
        with pytest.raises(EgressError):
            await client.get(f"http://localhost:{site.port}/b")
    assert site.paths() == ["/a"]


async def test_a_server_that_is_not_there_is_a_connection_error() -> None:
    with pytest.raises(httpx2.ConnectError):
        await fetch(allowing("127.0.0.1"), "http://127.0.0.1:9/")
    with pytest.raises(httpx2.ConnectError):
        await fetch(allowing("name.invalid"), "http://name.invalid/")


async def test_a_certificate_that_nobody_trusts_ends_the_connection(tls_site: Site) -> None:
    with pytest.raises(httpx2.ConnectError, match="certificate verify failed"):
        await fetch(allowing("127.0.0.1"), tls_site.url)
    assert tls_site.asked == []


async def test_the_systems_certificates_are_trusted(tls_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / "localhost.pem"))
    assert (await fetch(allowing("127.0.0.1"), tls_site.url)).content == b"hello"


async def test_encryption_is_never_given_up_by_a_redirect(
    tls_site: Site, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / "localhost.pem"))
    tls_site.redirects = {"/a": site.url + "/b"}
    with pytest.raises(EgressError) as caught:
        await fetch(allowing("127.0.0.1"), tls_site.url + "/a")
    assert caught.value.key == "egress.bad_redirect"
    assert site.asked == []


async def test_wrong_settings_of_the_system_are_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "socks9://127.0.0.1:9")
    with pytest.raises(PrerequisiteError) as caught:
        await fetch(allowing("example.test"), "http://example.test/")
    assert caught.value.key == "egress.proxy"
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere.pem")
    with pytest.raises(PrerequisiteError) as caught:
        await fetch(allowing("127.0.0.1"), site.url)
    assert caught.value.key == "egress.certificates"


async def test_the_proxy_of_the_system_is_used(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", site.url)
    response = await fetch(allowing("example.test"), "http://example.test/file")
    assert response.content == b"hello"
    assert site.paths() == ["http://example.test/file"]
    with pytest.raises(EgressError):
        await fetch(allowing("example.test"), "http://other.test/file")
    assert len(site.asked) == 1


async def test_loopback_and_no_proxy_hosts_go_past_the_proxy(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert (await fetch(allowing("127.0.0.1"), site.url + "/here")).content == b"hello"
    monkeypatch.setenv("NO_PROXY", "name.invalid")
    with pytest.raises(httpx2.ConnectError, match=r"name\.invalid"):
        await fetch(allowing("name.invalid"), "http://name.invalid/")


async def test_every_attempt_is_logged_by_host_and_purpose_only(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "yoriai.egress")
    await fetch(allowing("127.0.0.1"), site.url + "/file?token=secret")
    with pytest.raises(EgressError):
        await fetch(allowing(), "https://example.org/secret")
    lines = [record.getMessage() for record in caplog.records if record.name == "yoriai.egress"]
    assert lines == [
        "outgoing host=127.0.0.1 purpose=hub allowed=True",
        "outgoing host=example.org purpose=hub allowed=False",
    ]
