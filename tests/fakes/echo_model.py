"""An OpenAI endpoint whose models answer with the question itself: what a page shows can so be chosen exactly.

`echo` answers at once, `slow` at the pace of a person who reads, `broken` fails and says its name, `sure` has
one answer. `caller` calls the tools that the question names, a line `CALL name {…}` each, one round per line, and
then says what they gave.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PIECE = 4000  # characters of one delta
SURE = "It is simple.\n\nAnswer: 42"
SLOW_PIECE, SLOW_PAUSE_S = 10, 0.05


def _next_call(body: dict[str, Any]) -> dict[str, Any] | None:
    """The first of the question's calls that has no result yet; None where tools aren't offered, or all have."""
    messages = body["messages"]
    asked = max(place for place, message in enumerate(messages) if message["role"] == "user")
    done = sum(message["role"] == "tool" for message in messages[asked:])
    calls = [line[5:] for line in messages[asked]["content"].splitlines() if line.startswith("CALL ")]
    if not body.get("tools") or done >= len(calls):
        return None
    name, _, arguments = calls[done].partition(" ")
    return {"name": name, "arguments": arguments or "{}"}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        models = [{"id": name, "object": "model"} for name in ("echo", "slow", "broken", "sure", "caller")]
        self._send(json.dumps({"object": "list", "data": models}).encode())

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if body["model"] == "broken":
            self._send(b'{"error": {"message": "broken is broken"}}', status=400)
            return
        if body["model"] == "caller" and (call := _next_call(body)):
            self._stream(
                [{"tool_calls": [{"index": 0, "id": "call_0", "type": "function", "function": call}]}],
                "tool_calls",
            )
            return
        text = SURE if body["model"] == "sure" else body["messages"][-1]["content"]
        piece, pause_s = (SLOW_PIECE, SLOW_PAUSE_S) if body["model"] == "slow" else (PIECE, 0)
        deltas = [{"content": text[start : start + piece]} for start in range(0, len(text), piece)]
        self._stream(deltas, "stop", pause_s)

    def _stream(self, deltas: list[dict[str, Any]], reason: str, pause_s: float = 0) -> None:
        choices: list[dict[str, Any]] = [
            {"index": 0, "delta": delta, "finish_reason": None} for delta in deltas
        ]
        choices.append({"index": 0, "delta": {}, "finish_reason": reason})
        events = [json.dumps({"choices": [choice]}) for choice in choices] + ["[DONE]"]
        self._begin("text/event-stream")
        with suppress(ConnectionError):  # whoever asked has left
            for event in events:
                self.wfile.write(f"data: {event}\n\n".encode())
                time.sleep(pause_s)

    def _send(self, content: bytes, status: int = 200) -> None:
        self._begin("application/json", status)
        self.wfile.write(content)

    def _begin(self, kind: str, status: int = 200) -> None:
        """The answer ends with the connection (HTTP/1.0)."""
        self.send_response(status)
        self.send_header("content-type", kind)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Silence."""


@contextmanager
def echo_model() -> Iterator[str]:
    """Its address, ending in /v1."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
