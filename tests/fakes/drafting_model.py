"""An OpenAI endpoint that drafts questions as its passages tell it to: what stands between ⟦ and ⟧ is its reply."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(kw_only=True)
class DraftingModel:
    url: str = ""  # ending in /v1
    bodies: list[dict[str, Any]] = field(default_factory=list)  # that it was sent


@contextmanager
def drafting_model() -> Iterator[DraftingModel]:
    model = DraftingModel()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send("application/json", json.dumps({"object": "list", "data": [{"id": "drafter"}]}))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            model.bodies.append(body)
            reply = body["messages"][-1]["content"].partition("⟦")[2].partition("⟧")[0]
            chunks = [{"delta": {"content": reply}}, {"delta": {}, "finish_reason": "stop"}]
            events = [json.dumps({"choices": [{"index": 0, **chunk}]}) for chunk in chunks]
            self._send("text/event-stream", "".join(f"data: {each}\n\n" for each in [*events, "[DONE]"]))

        def _send(self, kind: str, content: str) -> None:
            self.send_response(200)
            self.send_header("content-type", kind)
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, format: str, *arguments: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    model.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield model
    finally:
        server.shutdown()
        server.server_close()
