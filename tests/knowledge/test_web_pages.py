"""Pages of the web, from a real server: only from hosts that were opened, as text, and fetched again when asked."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from shelving import LOCAL, shelf

from yoriai.egress import Egress
from yoriai.errors import ForbiddenError
from yoriai.knowledge.web_pages import PURPOSE

PAGE = "<html><head><title>Rules</title><script>alert('no')</script></head><body><p>{}</p></body></html>"


class Site(BaseHTTPRequestHandler):
    words = "Leave is twenty days."
    is_away = False

    def do_GET(self) -> None:
        if self.path == "/away":
            self.send_response(302)
            self.send_header("location", "http://localhost:9/elsewhere")
            self.end_headers()
            return
        is_there = self.path == "/rules" and not Site.is_away
        body = PAGE.format(Site.words).encode() if is_there else b"nothing"
        self.send_response(200 if is_there else 404)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


async def test_a_page_is_a_document_and_fetched_again(tmp_path: Path, site: str) -> None:
    async with shelf(tmp_path, egress=Egress({PURPOSE: frozenset({"127.0.0.1"})})) as kept:
        rules = await kept.knowledge.collections.create(LOCAL, "rules")
        await kept.knowledge.adding.address(LOCAL, rules.id, f"{site}/rules")
        await kept.settled(rules)
        (document,) = (await kept.documents(rules)).values()
        assert (document.status, document.title, document.name) == ("ready", "Rules", "127.0.0.1/rules")
        assert "Leave is twenty days." in (await kept.texts(rules, "leave"))[0]
        assert await kept.texts(rules, "alert") == []
        Site.words = "Leave is thirty days."
        await kept.knowledge.adding.address(LOCAL, rules.id, f"{site}/rules")
        await kept.settled(rules)
        assert "thirty" in (await kept.texts(rules, "leave"))[0]
        assert len(await kept.documents(rules)) == 1


async def test_a_page_that_can_not_be_fetched_again_stays_as_it_was(tmp_path: Path, site: str) -> None:
    async with shelf(tmp_path, egress=Egress({PURPOSE: frozenset({"127.0.0.1"})})) as kept:
        rules = await kept.knowledge.collections.create(LOCAL, "rules")
        seen = []
        for Site.is_away in (False, True, False):
            await kept.knowledge.adding.address(LOCAL, rules.id, f"{site}/rules")
            await kept.settled(rules)
            (document,) = (await kept.documents(rules)).values()
            assert len(await kept.texts(rules, "leave")) == 1
            assert kept.copies() == [document.file_id]
            seen.append((document.status, document.error_key, document.warnings))
        stale = ("ready", "knowledge.page_failed", ("knowledge.warning_stale",))
        assert seen == [("ready", None, ()), stale, ("ready", None, ())]


async def test_what_is_not_there_or_leads_elsewhere_fails_with_a_reason(tmp_path: Path, site: str) -> None:
    async with shelf(tmp_path, egress=Egress({PURPOSE: frozenset({"127.0.0.1"})})) as kept:
        rules = await kept.knowledge.collections.create(LOCAL, "rules")
        for path in ("/nothing", "/away"):
            await kept.knowledge.adding.address(LOCAL, rules.id, site + path)
        await kept.settled(rules)
        errors = {
            name.partition("/")[2]: each.error_key for name, each in (await kept.documents(rules)).items()
        }
        assert errors == {"nothing": "knowledge.page_failed", "away": "egress.refused"}
        with pytest.raises(ForbiddenError):
            await kept.knowledge.adding.address(LOCAL, rules.id, "http://localhost:9/elsewhere")
