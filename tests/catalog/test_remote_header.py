"""A header is read where it lies, with less than 2 % of the file, from good servers, poor ones and hostile ones."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

from yoriai.catalog.catalogue import Description, Entry
from yoriai.catalog.fetch import Remote
from yoriai.catalog.gguf import Header, read_header
from yoriai.catalog.remote_header import Transferred, read_headers
from yoriai.catalog.remote_header import read_header as read_remote
from yoriai.egress import Egress
from yoriai.errors import DownloadError, EgressError, ModelFileError, NotFoundError
from yoriai.i18n.catalogue import LANGUAGES, error_text
from yoriai.settings import DownloadSettings

RANGE = re.compile(r"bytes=(\d+)-(\d+)")
SIZE = 40 * 10**9
ROWS = (SIZE - 20 * 10**6) // 256


@dataclass
class Server:
    """One file, made up where its beginning ends. What is wrong with the server is set by the test."""

    beginning: bytes = b""
    size: int = SIZE
    ranges: bool = True
    extra: int = 0  # bytes that follow what was asked for
    short: int = 0  # bytes that are missing from it
    statuses: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    moves: bool = False  # its size changes with each answer
    redirect: str = ""
    sent: int = 0
    asked: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"server_": self}))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/model.gguf"
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def part(self, start: int, end: int) -> bytes:
        return self.beginning[start:end].ljust(max(0, end - start), b"\0")


class _Handler(BaseHTTPRequestHandler):
    server_: ClassVar[Server]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = self.server_
        self.close_connection = True
        if server.redirect and self.path == "/model.gguf":
            self._answer(302, {"location": server.redirect, "content-length": "0"}, b"")
            return
        matched = RANGE.fullmatch(self.headers.get("range", ""))
        assert matched, "never all of it"
        start, last = int(matched[1]), min(int(matched[2]), server.size - 1)
        server.asked.append((start, last + 1 - start))
        status = server.statuses.pop(0) if server.statuses else 0
        if status:
            self._answer(status, {"content-length": "0"}, b"")
        elif not server.ranges:
            self._stream()
        else:
            self._range(start, last)

    def _range(self, start: int, last: int) -> None:
        server = self.server_
        total = server.size + (len(server.asked) if server.moves else 0)
        body = server.part(start, last + 1 + server.extra - server.short)
        headers = {"content-range": f"bytes {start}-{last}/{total}", "content-length": str(len(body))}
        self._answer(206, headers | server.headers, body)

    def _stream(self) -> None:
        server = self.server_
        self._answer(200, {"content-length": str(server.size)} | server.headers, b"")
        for at in range(0, server.size, 65_536):
            try:
                self.wfile.write(server.part(at, min(at + 65_536, server.size)))
            except OSError:
                return
            server.sent += 65_536

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            return
        self.server_.sent += len(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


async def read(server: Server, told: Transferred | None = None) -> Header:
    egress = Egress({"url": frozenset({"127.0.0.1"})})
    return await read_remote(egress, Remote(purpose="url", url=server.url), 5, told)


def text(content: bytes) -> bytes:
    return struct.pack("<Q", len(content)) + content


def large(tokens: int = 120_000, rows: int = ROWS) -> bytes:
    """A header with a vocabulary, as long as that of a real model; its one tensor all but fills the file."""

    def value(key: bytes, kind: int, content: bytes) -> bytes:
        return text(key) + struct.pack("<I", kind) + content

    words = b"".join(text(b"%06d" % n) for n in range(tokens))
    values = [
        value(b"general.architecture", 8, text(b"llama")),
        value(b"llama.block_count", 4, struct.pack("<I", 1)),
        value(b"tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, tokens) + words),
        value(b"tokenizer.ggml.scores", 9, struct.pack("<IQ", 6, tokens) + bytes(4 * tokens)),
        value(b"tokenizer.ggml.token_type", 9, struct.pack("<IQ", 5, tokens) + bytes(4 * tokens)),
        value(b"llama.embedding_length", 4, struct.pack("<I", 64)),
    ]  # fmt: skip
    tensor = text(b"blk.0.attn_q.weight") + struct.pack("<IQQIQ", 2, 64, rows, 0, 0)
    return b"GGUF" + struct.pack("<IQQ", 3, 1, len(values)) + b"".join(values) + tensor


async def test_a_real_header_takes_less_than_two_per_cent_of_its_file(
    server: Server, smollm2_path: Path
) -> None:
    server.beginning, server.size = smollm2_path.read_bytes(), smollm2_path.stat().st_size
    told = Transferred()
    header = await read(server, told)
    assert header == read_header(smollm2_path)
    assert server.sent < server.size * 0.02
    assert told.bytes == server.sent
    assert told.requests == len(server.asked) <= 12


async def test_of_a_large_file_a_few_requests_bring_a_thousandth(server: Server) -> None:
    server.beginning = large()
    header = await read(server)
    assert (header.n_layer, header.n_embd, header.n_vocab) == (1, 64, 120_000)
    assert SIZE - 20 * 10**6 < header.file_bytes < SIZE
    assert server.sent < len(large()) + 5 * 2**20 < SIZE / 1000
    assert len(server.asked) <= 6


async def test_lists_of_numbers_are_jumped_over(server: Server) -> None:
    server.beginning, server.size = large(400_000, 1000), 10**8
    await read(server)
    assert server.sent < len(server.beginning) - 2 * 4 * 400_000 + 10 * 65_536


async def test_a_size_that_the_tensors_do_not_need_is_not_believed(server: Server) -> None:
    server.beginning, server.size = large(1000, 1000), 10**18
    header = await read(server)
    assert header.data_offset + 256_000 == header.file_bytes


@pytest.mark.parametrize(
    ("fault", "key", "detail"),
    [
        ({"headers": {"content-range": "bytes 100-200/300"}}, "catalog.header_odd", "bytes 100-200/300"),
        ({"headers": {"content-encoding": "gzip"}}, "catalog.header_odd", "gzip"),
        ({"short": 1000}, "catalog.header_not_read", "64,536 / 65,536"),
        ({"statuses": [404]}, "catalog.source_refused", ""),
    ],
    ids=str,
)
async def test_what_went_wrong_is_said(
    server: Server, fault: dict[str, object], key: str, detail: str
) -> None:
    server.beginning = large()
    for name, wrong in fault.items():
        setattr(server, name, wrong)
    with pytest.raises(DownloadError) as caught:
        await read(server)
    assert caught.value.key == key
    assert detail in str(caught.value.values.get("detail", ""))
    for language in LANGUAGES:
        said = error_text(caught.value, language)
        assert "kept" not in said
        assert "残って" not in said


async def test_a_server_without_ranges_is_left_once_the_header_is_whole(server: Server) -> None:
    server.beginning, server.ranges = large(), False
    told = Transferred()
    assert (await read(server, told)).n_vocab == 120_000
    assert told.requests == len(server.asked) == 1
    assert told.bytes < len(large()) + 3 * 65_536
    assert server.sent < 100 * 10**6  # what was under way when it was left


async def test_a_redirect_is_followed_to_an_allowed_host_only(server: Server) -> None:
    server.beginning = large()
    server.redirect = server.url + "?signed"
    assert (await read(server)).n_vocab == 120_000
    server.redirect = server.url.replace("127.0.0.1", "127.0.0.2")
    with pytest.raises(EgressError):
        await read(server)


async def test_more_than_was_asked_for_is_not_read(server: Server) -> None:
    server.beginning, server.extra = large(1000), 30 * 10**6
    told = Transferred()
    assert (await read(server, told)).n_vocab == 1000
    assert told.bytes < 3 * 10**6


@pytest.mark.parametrize(
    "fault",
    [
        {"short": 1000},
        {"statuses": [404]},
        {"statuses": [0, 500]},
        {"statuses": [416]},
        {"moves": True},
        {"headers": {"content-encoding": "gzip"}},
        {"headers": {"content-range": "bytes 100-200/300"}},
        {"headers": {"content-range": "bytes */300"}},
        {"headers": {"content-range": ""}},
        {"ranges": False, "headers": {"content-length": "-1"}},
        {"ranges": False, "size": 10_000},
    ],
    ids=str,
)
async def test_a_server_that_does_not_keep_to_its_word_is_a_clear_error(
    server: Server, fault: dict[str, object]
) -> None:
    server.beginning = large()
    for name, wrong in fault.items():
        setattr(server, name, wrong)
    with pytest.raises((DownloadError, ModelFileError)):
        await read(server)


@pytest.mark.parametrize(
    "content",
    [
        b"<html>sign in</html>" + bytes(100),
        b"GGUF" + struct.pack("<IQQ", 3, 2**63, 0),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 2**40),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text(b"k") + struct.pack("<IIQ", 9, 8, 2**50),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text(b"k") + struct.pack("<IIQ", 9, 4, 10**9),
        b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + text(b"t") + struct.pack("<IQQIQ", 2, 2**32, 2**32, 0, 0),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 2**60),
    ],
    ids=range(7),
)
async def test_a_hostile_header_is_refused_after_little(server: Server, content: bytes) -> None:
    server.beginning = content
    with pytest.raises(ModelFileError) as caught:
        await read(server)
    assert caught.value.values["path"] == "model.gguf"
    assert server.sent < 3 * 2**20


async def test_a_header_without_end_is_left(server: Server) -> None:
    """Strings that never end: zeros are strings of no length."""
    server.beginning = b"GGUF" + struct.pack("<IQQ", 3, 0, 60_000) + b"".join(
        text(b"%d" % n) + struct.pack("<IIQ", 9, 8, 60) for n in range(60_000)
    )  # fmt: skip
    with pytest.raises(ModelFileError):
        await read(server)
    assert server.sent < 70 * 2**20


async def test_an_entry_is_read_from_its_first_source_on_the_net(server: Server, tmp_path: Path) -> None:
    server.beginning = large(100)
    fields = {
        "name": "x",
        "family": "X",
        "licence": "MIT",
        "description": Description(en="X.", ja="エックス。"),
    }
    egress, settings = Egress({"url": frozenset({"127.0.0.1"})}), DownloadSettings(timeout_s=5)
    here = {"kind": "path", "path": str(tmp_path / "x.gguf")}
    entry = Entry.model_validate({**fields, "sources": [here, {"kind": "url", "url": server.url}]})
    (header,) = await read_headers(egress, settings, entry)
    assert header.n_vocab == 100
    with pytest.raises(NotFoundError):
        await read_headers(egress, settings, Entry.model_validate({**fields, "sources": [here]}))
