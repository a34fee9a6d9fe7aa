"""Councils on the terminal, with a running server and without one; how they came to an answer is printed under it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

from serving import MODEL, yoriai
from yoriai.cli.council import CouncilMode
from yoriai.responders.councils import Mode

QUESTION = "How many apples are 3 apples and 4 apples?"


def said(home: Path, *arguments: str) -> Any:
    done = yoriai(home, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_council_is_made_shown_changed_asked_and_removed(server: Any) -> None:
    home = server.home
    made = said(
        home, "council", "add", "三人", "--member", MODEL, "--member", MODEL, "--mode", "vote", "--member-tokens", "40",
    )  # fmt: skip
    assert (made["members"], made["mode"], made["chair"], made["reviews"]) == ([MODEL] * 2, "vote", "", False)
    assert said(home, "council", "show", "三人") == made
    assert [each["name"] for each in said(home, "council", "list")["councils"]] == ["三人"]
    assert "(first member)" in yoriai(home, "council", "list").stdout

    answer = said(home, "ask", "-m", "council:三人", "--seed", "3", QUESTION)
    assert answer["content"]
    assert [each["name"] for each in answer["deliberation"]["contributions"]] == [MODEL, MODEL]
    assert answer["deliberation"]["cost"]["calls"] >= 2
    printed = yoriai(home, "ask", "-m", "council:三人", "--seed", "3", QUESTION)
    assert printed.returncode == 0, printed.stderr
    assert printed.stdout.startswith(answer["content"].split("\n")[0])

    changed = said(
        home, "council", "set", "三人", "--name", "二人", "--mode", "debate", "--rounds", "2", "--share", "everyone",
        "--reviews", "--chair", MODEL, "--member-seconds", "90",
    )  # fmt: skip
    expected = {
        "name": "二人", "mode": "debate", "rounds": 2, "sharing": "everyone", "reviews": True, "chair": MODEL,
        "member_seconds": 90, "member_tokens": 40,
    }  # fmt: skip
    assert {key: changed[key] for key in expected} == expected
    assert yoriai(home, "ask", "-m", "council:三人", "hi").returncode == 3
    assert yoriai(home, "council", "rm", "二人").returncode == 2  # nobody to ask
    assert yoriai(home, "council", "rm", "二人", "--yes").returncode == 0
    assert yoriai(home, "council", "show", "二人").returncode == 3


def test_too_few_members_are_wrong_usage(server: Any) -> None:
    one = yoriai(server.home, "council", "add", "alone", "--member", MODEL)
    assert one.returncode == 2
    assert "--member" in one.stderr
    unknown = yoriai(server.home, "council", "add", "x", "--member", MODEL, "--member", "nobody")
    assert unknown.returncode == 3


def test_without_a_server_too(smollm2_path: Path, tmp_path: Path) -> None:
    assert yoriai(tmp_path, "model", "add", str(smollm2_path), "--name", MODEL, "--link").returncode == 0
    said(
        tmp_path,
        "council",
        "add",
        "two",
        "--member",
        MODEL,
        "--member",
        MODEL,
        "--member-tokens",
        "20",
        "--mode",
        "vote",
    )
    answer = said(tmp_path, "ask", "-m", "council:two", QUESTION)
    assert answer["deliberation"]["method"] == "vote"


def test_the_modes_are_those_of_the_service() -> None:
    assert tuple(CouncilMode) == get_args(Mode)
