"""`yoriai ask`, through a running server and without one: the same words, the same exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from serving import MODEL, environment, yoriai

CAPITAL = ("ask", "What is the capital of France?", "--temperature", "0", "--max-tokens", "24")


@pytest.fixture(scope="module")
def home(smollm2_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a model and without a server."""
    folder = tmp_path_factory.mktemp("alone")
    assert yoriai(folder, "model", "add", str(smollm2_path), "--name", MODEL, "--link").returncode == 0
    return folder


def test_with_and_without_a_server_the_answer_is_the_same(server: Any, home: Path) -> None:
    through = server.yoriai(*CAPITAL)
    alone = yoriai(home, *CAPITAL)
    assert through.returncode == alone.returncode == 0, through.stderr + alone.stderr
    assert len(through.stdout) > 10
    assert through.stdout == alone.stdout


def test_what_is_piped_in_is_read_before_the_question(server: Any) -> None:
    done = server.yoriai(
        "ask",
        "What is the code word?",
        "--temperature",
        "0",
        "--max-tokens",
        "30",
        stdin="The code word is banana.",
    )
    assert "banana" in done.stdout


def test_an_argument_that_is_no_unicode_is_read_as_far_as_it_is(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "yoriai", "ask", b"Hello \xff", "--max-tokens", "4", "--system", b"\xff"],
        env=environment(home), stdin=subprocess.DEVNULL, capture_output=True, timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_json_has_the_answer_and_what_it_took(server: Any) -> None:
    answer = json.loads(server.yoriai(*CAPITAL, "--json").stdout)
    assert answer["model"] == MODEL
    assert len(answer["content"]) > 10
    assert answer["usage"]["completion_tokens"] > 0


@pytest.mark.parametrize("way", ["server", "alone"])
def test_a_reader_that_leaves_is_a_quiet_end(way: str, server: Any, home: Path) -> None:
    folder = server.home if way == "server" else home
    arguments = ["ask", "Count to one hundred.", "--max-tokens", "60", "--temperature", "0"]
    with subprocess.Popen(
        [sys.executable, "-m", "yoriai", *arguments], env=environment(folder), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout
        assert process.stderr
        assert process.stdout.read(1)
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(60) == 0
    assert said == b""


@pytest.mark.parametrize("way", ["server", "alone"])
def test_an_unknown_model_is_exit_code_3(way: str, server: Any, home: Path) -> None:
    arguments = ("ask", "hi", "-m", "no-such-model")
    done = server.yoriai(*arguments) if way == "server" else yoriai(home, *arguments)
    assert done.returncode == 3
    assert "no-such-model" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("way", ["server", "alone"])
def test_a_document_over_the_context_is_exit_code_5(way: str, server: Any, home: Path) -> None:
    document = "word " * 30_000
    done = (
        server.yoriai("ask", "?", stdin=document)
        if way == "server"
        else yoriai(home, "ask", "?", stdin=document)
    )
    assert done.returncode == 5
    assert "4096" in done.stderr


def test_without_any_model_it_says_how_to_get_one(tmp_path: Path) -> None:
    done = yoriai(tmp_path, "ask", "hi")
    assert done.returncode == 3
    assert "yoriai model pull" in done.stderr
