"""Endpoints that rerank by a rule that a test can foretell: the shorter a text, the better it answers.

Each model of it has its own manners: `jina` (probabilities, best first), `logits` (as llama.cpp for BERT), `broken`
(fails), `slow` (never in time), `short` (leaves one text out). `/tei/rerank` is Text Embeddings Inference's.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SLOW_S = 30.0


@dataclass(kw_only=True)
class FakeReranker:
    url: str
    asked: list[dict[str, Any]] = field(default_factory=list)  # bodies


class _Handler(BaseHTTPRequestHandler):
    fake: FakeReranker

    def do_GET(self) -> None:
        self._send(200, {"object": "list", "data": []})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.fake.asked.append(body)
        if self.path == "/tei/rerank":
            rows = [{"index": i, "score": 1 / len(text)} for i, text in enumerate(body["texts"])]
            self._send(200, sorted(rows, key=lambda row: -row["score"]))
        elif self.path == "/v1/rerank":
            self._rerank(body)
        else:
            self._send(404, {"error": {"message": "no such path"}})

    def _rerank(self, body: dict[str, Any]) -> None:
        model = body["model"]
        if model == "broken":
            self._send(500, {"error": {"message": "out of memory"}})
            return
        if model == "slow":
            time.sleep(SLOW_S)
        scores = [(5.0 - len(text)) if model == "logits" else 1 / len(text) for text in body["documents"]]
        rows = [{"index": index, "relevance_score": score} for index, score in enumerate(scores)]
        rows.sort(key=lambda row: -row["relevance_score"])
        self._send(200, {"model": model, "object": "list", "results": rows[1:] if model == "short" else rows})

    def _send(self, status: int, answer: object) -> None:
        with suppress(ConnectionError):  # whoever asked has left
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

    def log_message(self, format: str, *arguments: object) -> None:
        """Silence."""


@contextmanager
def fake_reranker() -> Iterator[FakeReranker]:
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.block_on_close = False
    fake = FakeReranker(url=f"http://127.0.0.1:{server.server_port}")
    handler.fake = fake  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
