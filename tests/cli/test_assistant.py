"""Assistants on the terminal, with a running server and without one; what an answer rests on is printed under it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from serving import MODEL, yoriai
from yoriai.cli.assistant import ModeName
from yoriai.responders.assistants import Mode

RULES = "The daily allowance for a business trip is 3,000 yen."
QUESTION = "How much is the daily allowance for a business trip?"
UNRELATED = "Zebras graze?"


@pytest.fixture(scope="module")
def home(server: Any) -> Path:
    """A server with a collection."""
    folder: Path = server.home
    kept(folder)
    return folder


def kept(folder: Path) -> None:
    added = yoriai(folder, "kb", "add", "travel rules", "-", "--wait", stdin=RULES)
    assert added.returncode == 0, added.stderr


def said(home: Path, *arguments: str) -> Any:
    done = yoriai(home, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_assistant_is_made_shown_changed_asked_and_removed(home: Path) -> None:
    made = said(
        home, "assistant", "add", "旅費", "--collection", "travel rules", "--model", MODEL, "--system", "Be brief.",
        "--beyond-documents", "--temperature", "0", "--max-tokens", "40",
    )  # fmt: skip
    assert (made["collections"], made["only_documents"], made["sampling"]["temperature"]) == (
        ["travel rules"], False, 0,
    )  # fmt: skip
    assert said(home, "assistant", "show", "旅費") == made
    assert [each["name"] for each in said(home, "assistant", "list")["assistants"]] == ["旅費"]
    assert "旅費" in yoriai(home, "assistant", "list").stdout

    answer = yoriai(home, "ask", "-m", "assistant:旅費", QUESTION)
    assert answer.returncode == 0, answer.stderr
    assert "1 passages found, 1 put before the model, 0 left out" in answer.stderr
    if "[1]" in answer.stdout.partition("Sources:")[0]:
        assert "\n  [1] " in answer.stdout
        assert ", page 1" in answer.stdout

    changed = said(
        home, "assistant", "set", "旅費", "--name", "旅費規程", "--only-documents", "--share", "everyone",
        "--judge", MODEL,
    )  # fmt: skip
    assert changed["judge"] == MODEL
    assert (changed["name"], changed["only_documents"], changed["sharing"]) == ("旅費規程", True, "everyone")
    assert changed["sampling"] == made["sampling"]
    assert changed["collections"] == ["travel rules"]
    assert yoriai(home, "ask", "-m", "assistant:旅費", "hi").returncode == 3
    assert yoriai(home, "assistant", "rm", "旅費規程").returncode == 2  # nobody to ask
    assert yoriai(home, "assistant", "rm", "旅費規程", "--yes").returncode == 0
    assert yoriai(home, "assistant", "show", "旅費規程").returncode == 3


def test_a_collection_is_asked_without_an_assistant(home: Path) -> None:
    answer = said(home, "ask", "--collection", "travel rules", QUESTION, "--max-tokens", "20")
    assert [each["text"] for each in answer["sources"]["citations"]] == [RULES]
    assert answer["support"] is not None


def test_without_a_server_too(smollm2_path: Path, tmp_path: Path) -> None:
    assert yoriai(tmp_path, "model", "add", str(smollm2_path), "--name", MODEL, "--link").returncode == 0
    kept(tmp_path)
    said(tmp_path, "assistant", "add", "rules", "-c", "travel rules", "-m", MODEL)
    nothing = said(tmp_path, "ask", "-m", "assistant:rules", UNRELATED)
    assert nothing["content"] == "The documents do not contain an answer to this."
    assert nothing["support"] == {"sentences": []}


def test_a_plain_answer_rests_on_nothing(home: Path) -> None:
    answer = said(home, "ask", "hi", "-m", MODEL, "--max-tokens", "2")
    assert (answer["sources"], answer["support"]) == (None, None)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("ask", "-c", "no such", "hi"), 3),
        (("ask", "-c", "travel rules", "-m", MODEL, "hi"), 2),
        (("assistant", "show", "no such"), 3),
        (("assistant", "add", "x", "--collection", "no such"), 3),
        (("assistant", "add", "x", "--mode", "no such"), 2),
        (("assistant", "add", "x", "--judge", "no such"), 3),
    ],
)
def test_what_can_not_be_has_its_exit_code(arguments: tuple[str, ...], code: int, home: Path) -> None:
    done = yoriai(home, *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert "Traceback" not in done.stderr


def test_the_answers_of_a_collection_are_measured(home: Path, tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    lines: list[dict[str, Any]] = [
        {"question": QUESTION, "answers": ["3,000 yen"]},
        {"question": UNRELATED, "unanswerable": True},
    ]
    questions.write_text("\n".join(json.dumps(line) for line in lines))
    measured = said(home, "kb", "eval", "travel rules", "--questions", str(questions), "--answers")
    figures = measured["answers"]
    assert (measured["questions"], figures["questions"], figures["unanswerable"]) == (1, 2, 1)
    assert figures["abstained"]["value"] == 1
    assert [each["question"] for each in figures["replies"]] == [line["question"] for line in lines]


def test_the_modes_are_the_services() -> None:
    assert {mode.value for mode in ModeName} == set(get_args(Mode))
