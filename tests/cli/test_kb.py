"""kb: the same commands with a server and without one; rows for programs, exit codes for scripts, Ctrl-C and go on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, get_args

import pytest

from serving import Served, environment, yoriai
from yoriai.cli.kb import MethodName
from yoriai.cli.sharing import PLAIN
from yoriai.knowledge.search import SearchMethod
from yoriai.records import Sharing

LEAVE = "社員は年に二十日の有給休暇を取ることができる。"
PARTS = "Part-timers get ten days of paid leave."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "規程.txt").write_text(LEAVE)
    (folder / "handbook.md").write_text(f"# Leave\n\n{PARTS}\n")
    (folder / "broken.docx").write_bytes(b"PK\x03\x04" + bytes(200))
    return folder


def said(home: Path, *arguments: str, stdin: str = "") -> Any:
    done = yoriai(home, "kb", *arguments, "--json", stdin=stdin)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_with_a_server(server: Served, folder: Path) -> None:
    home = server.home
    added = said(home, "add", "規程集", str(folder), "--wait")
    assert (added["new"], added["documents"]) == (3, {"failed": 1, "ready": 2})
    assert [row["name"] for row in added["failed"]] == ["broken.docx"]
    assert added["failed"][0]["message"]
    assert said(home, "add", "規程集", str(folder / "規程.txt"), "--wait")["unchanged"] == 1

    rows = said(home, "search", "規程集", "part-timers")
    best = rows[0]
    assert {"document", "page", "start", "end", "text", "score", "lexical", "dense"} <= set(best)
    assert (best["document"], best["page"]) == ("handbook.md", 1)
    assert PARTS in best["text"]

    listed = {row["name"]: row for row in said(home, "ls", "規程集")["documents"]}
    assert {name: row["status"] for name, row in listed.items()} == {
        "規程.txt": "ready", "handbook.md": "ready", "broken.docx": "failed",
    }  # fmt: skip
    status = said(home, "status", "規程集")
    assert (status["ready"], status["failed"], status["queued"], status["passages"]) == (2, 1, 0, 2)
    assert [row["name"] for row in status["failures"]] == ["broken.docx"]
    assert status["folders"] == [str(folder)]
    assert said(home, "ls")["collections"][0]["documents"] == 3

    assert yoriai(home, "kb", "rm", "規程集", "規程.txt").returncode == 0
    assert [row["document"] for row in said(home, "search", "規程集", "有給休暇 leave")] == ["handbook.md"]
    assert yoriai(home, "kb", "rm", "規程集").returncode == 2  # nobody was there to ask
    assert yoriai(home, "kb", "rm", "規程集", "--yes").returncode == 0
    assert yoriai(home, "kb", "search", "規程集", "x").returncode == 3


def test_without_a_server(tmp_path: Path, folder: Path) -> None:
    home = tmp_path / "home"
    assert said(home, "add", "規程集", str(folder), "--wait")["documents"] == {"failed": 1, "ready": 2}
    assert said(home, "add", "規程集", "-", "--wait", stdin="Overtime is paid.")["documents"]["ready"] == 3
    assert [row["text"] for row in said(home, "search", "規程集", "有給休暇")] == [LEAVE]
    assert yoriai(home, "kb", "rm", "規程集", "--yes").returncode == 0
    assert said(home, "ls") == {"collections": []}


def test_questions_are_measured_by_every_method(tmp_path: Path, folder: Path) -> None:
    home = tmp_path / "home"
    said(home, "add", "rules", str(folder), "--wait")
    questions = [
        {"question": "有給休暇は何日?", "document": "規程.txt"},
        {"question": "paid leave of part-timers", "answer": "ten days"},
        {"question": "the moon", "text": "nowhere in here"},
    ]
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(json.dumps(question) for question in questions) + "\n")
    outcome = said(home, "eval", "rules", "--questions", str(path))
    assert (outcome["questions"], outcome["without_answer"]) == (2, ["the moon"])
    methods = {each["method"]: each for each in outcome["methods"]}
    assert set(methods) == {"lexical", "dense", "hybrid"}
    recall = methods["lexical"]["quality"]["recall"]
    assert recall["1"]["value"] == 1
    assert 0 < recall["1"]["low"] < 1
    assert methods["lexical"]["search_ms"] > 0
    path.write_text('{"question": "x", "answer": "y"}\nnot JSON\n')
    refused = yoriai(home, "kb", "eval", "rules", "--questions", str(path))
    assert refused.returncode == 2
    assert "line 2" in refused.stderr


@pytest.mark.parametrize(("path", "code"), [("/nowhere/at/all", 3), ("http://127.0.0.1:9/page", 4)])
def test_what_cannot_be_added_is_said_with_a_code(path: str, code: int, tmp_path: Path) -> None:
    done = yoriai(tmp_path, "kb", "add", "rules", path, "--wait")
    assert done.returncode == code
    assert done.stderr.count("\n") == 1


def test_ctrl_c_stops_and_the_same_command_goes_on(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "papers"
    folder.mkdir()
    for number in range(30):
        (folder / f"{number:02}.txt").write_text(f"第{number}章。{LEAVE}")
    command = [sys.executable, "-m", "yoriai", "kb", "add", "rules", str(folder), "--wait"]
    with subprocess.Popen(command, env=environment(home), stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr is not None
        while child.stderr.readline().strip().partition(" ")[0] != "reading:":
            pass
        time.sleep(0.2)
        child.send_signal(signal.SIGINT)
        complaints = child.stderr.read()
        assert child.wait(30) == 130
    assert "same command goes on" in complaints
    status = said(home, "status", "rules")
    assert status["stopped"] > 0
    assert status["jobs"] == []
    assert said(home, "add", "rules", str(folder), "--wait")["documents"] == {"ready": 30}


def test_the_names_of_the_command_line_are_those_of_the_product() -> None:
    assert {name.value for name in MethodName} == set(get_args(SearchMethod))
    assert {*PLAIN, "groups"} == set(get_args(Sharing))
