"""The server process from outside: what it prints, what it refuses, how it ends."""

from __future__ import annotations

import json
import re
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import psutil

from serving import MODEL, environment, server, yoriai


def test_stdout_gets_exactly_one_line_with_the_address(server: Any) -> None:
    assert httpx2.get(f"{server.url}/health").json()["status"] == "ok"
    assert not select.select([server.stdout], [], [], 0.5)[0]


def test_a_second_server_is_refused_with_the_address_of_the_first(server: Any) -> None:
    second = server.yoriai("serve", "--port", "0", "--yes")
    assert second.returncode == 1
    assert server.url in second.stderr
    assert second.stdout == ""


def test_a_port_in_use_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = yoriai(tmp_path, "serve", "--port", port)
    assert done.returncode == 1
    assert port in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_consent_it_starts_without_a_model_and_says_how_to_get_one(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "yoriai", "serve", "--port", "0", "--model", MODEL]
    process = subprocess.Popen(
        command, env=environment(tmp_path), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert "http" in process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    _, notes = process.communicate(timeout=30)
    assert process.returncode == 0
    assert f"yoriai model pull {MODEL}" in notes


def test_the_one_time_link_makes_the_first_administrator(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "yoriai", "serve", "--port", "0"], env=environment(tmp_path),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    url = process.stdout.readline().split()[-1]
    with httpx2.Client(base_url=url) as browser:
        body = {"secret": "guess", "name": "anna", "password": "correct horse battery"}
        assert 400 <= browser.post("/api/setup", json=body).status_code < 500
        process.send_signal(signal.SIGTERM)
    _, notes = process.communicate(timeout=30)
    found = re.search(r"/setup\S*?([A-Za-z0-9_\-]{16,})\s", notes)
    assert found, notes


def test_the_setup_secret_works_once(tmp_path: Path) -> None:
    notes_path = tmp_path / "notes"
    with notes_path.open("w") as notes:
        process = subprocess.Popen(
            [sys.executable, "-m", "yoriai", "serve", "--port", "0"], env=environment(tmp_path / "home"),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=notes, text=True,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        secret = re.findall(r"/setup\S*?([A-Za-z0-9_\-]{16,})\s", notes_path.read_text())[0]
        body = {"secret": secret, "name": "anna", "password": "correct horse battery"}
        with httpx2.Client(base_url=url) as browser:
            assert browser.post("/api/setup", json=body).json()["role"] == "administrator"
            assert browser.get("/api/me").json()["name"] == "anna"
            again = browser.post("/api/setup", json=body | {"name": "mallory"})
            assert 400 <= again.status_code < 500
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_sigterm_ends_the_server_and_its_engines(smollm2_path: Path, tmp_path: Path) -> None:
    yoriai(tmp_path, "model", "add", str(smollm2_path), "--name", MODEL, "--link")
    with server(tmp_path, "--model", MODEL, "--yes") as served:
        key = json.loads((tmp_path / "run" / "server.json").read_text())["key"]
        body = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 2}
        headers = {"Authorization": f"Bearer {key}"}
        answer = httpx2.post(f"{served.url}/v1/chat/completions", json=body, headers=headers, timeout=60)
        assert answer.status_code == 200
        children = psutil.Process(served.process.pid).children(recursive=True)
        assert children
    _, alive = psutil.wait_procs(children, timeout=5)
    assert not alive
    assert not (tmp_path / "run" / "server.json").exists()


def test_after_a_crash_the_next_start_is_clean(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "yoriai", "serve", "--port", "0"], env=environment(tmp_path),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    process.kill()
    process.communicate()
    with server(tmp_path) as served:
        assert httpx2.get(f"{served.url}/health").status_code == 200
