"""kill -9 of the whole server while a reply is being written."""

from __future__ import annotations

import json
import time
from pathlib import Path

import httpx2

from fakes.echo_model import echo_model
from serving import server, server_with_model


def test_nothing_acknowledged_is_lost(smollm2_path: Path, tmp_path: Path) -> None:
    question = {"text": "A long story goes on and on. " * 140}  # twenty seconds of the slow model
    with echo_model() as url:
        remotes = json.dumps([{"name": "fake", "url": url, "models": ["slow"]}])
        with server_with_model(tmp_path, smollm2_path, YORIAI_REMOTES=remotes) as served:
            headers = {"Authorization": f"Bearer {served.token}"}
            with httpx2.Client(base_url=served.url, headers=headers, timeout=60) as client:
                conversation = client.post("/api/conversations", json={"model": "fake/slow"}).json()["id"]
                asked = client.post(f"/api/conversations/{conversation}/messages", json=question).json()
                early = _said_in_the_first_second(client, asked["reply"]["id"])
            served.process.kill()
            served.process.wait()
        with server(tmp_path, "--yes", YORIAI_REMOTES=remotes) as served:
            tree = httpx2.get(f"{served.url}/api/conversations/{conversation}", headers=headers).json()
            asked_again, reply = tree["messages"]
            assert asked_again["content"] == question["text"]
            assert reply["status"] == "interrupted"
            assert reply["content"].startswith(early)
            again = httpx2.post(f"{served.url}/api/replies/{reply['id']}/regenerate", headers=headers)
            assert again.status_code == 202


def _said_in_the_first_second(client: httpx2.Client, reply_id: str) -> str:
    """Listens for three seconds; what was said in the first of them must have been saved since."""
    begun = time.monotonic()
    early = ""
    with client.stream("GET", f"/api/replies/{reply_id}/events") as response:
        for line in response.iter_lines():
            data = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
            if time.monotonic() - begun < 1:
                early += (data.get("message") or {}).get("content", "") + data.get("text", "")
            if time.monotonic() - begun > 3:
                break
    assert early
    return early
