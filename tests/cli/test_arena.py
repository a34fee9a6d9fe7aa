"""`yoriai arena`: a file in, the board as a table and for programs, the same file out again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest

from serving import yoriai
from yoriai.cli.arena import TopicName, VotersName
from yoriai.records import Topic, Voters

KEYS = {"model", "rating", "low", "high", "rank_low", "rank_high", "votes"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def votes(home: Path) -> Path:
    """Qwen beats SmolLM2 150 times of 200, ten votes weren't blind."""
    file = home / "votes.jsonl"
    winners = ["model_a"] * 140 + ["model_b"] * 40 + ["tie"] * 10 + ["tie (bothbad)"] * 10 + ["model_b"] * 10
    lines = [
        json.dumps(
            {
                "question_id": str(n), "model_a": "qwen3.5-4b", "model_b": "smollm2-135m", "winner": winner,
                "judge": "j", "anony": n < 200, "language": "Japanese", "tstamp": 1.0 + n,
            }
        )
        for n, winner in enumerate(winners)
    ]  # fmt: skip
    file.write_text("\n".join(lines))
    return file


def test_votes_come_in_are_ranked_and_go_out(home: Path, votes: Path) -> None:
    first, second = (yoriai(home, "arena", "import", str(votes), "--json") for _ in range(2))
    assert json.loads(first.stdout) == {"votes": 210, "new": 210}, first.stderr
    assert json.loads(second.stdout) == {"votes": 210, "new": 0}

    board = yoriai(home, "arena", "board", "--json")
    rows = json.loads(board.stdout)
    assert [row["model"] for row in rows] == ["qwen3.5-4b", "smollm2-135m"]
    assert all(set(row) >= KEYS for row in rows)
    assert [(row["rank_low"], row["rank_high"], row["votes"]) for row in rows] == [(1, 1, 200), (2, 2, 200)]
    assert "10 votes that were not blind" in board.stderr

    table = yoriai(home, "arena", "board")
    assert "Alibaba" in table.stdout
    assert "China" in table.stdout
    assert "is ahead of all others" in table.stderr
    japanese = yoriai(home, "arena", "board", YORIAI_LANGUAGE="ja")
    assert "中国" in japanese.stdout
    assert "首位" in japanese.stderr

    out = home / "out.jsonl"
    assert yoriai(home, "arena", "export", str(out)).returncode == 0
    assert len(out.read_text("utf8").splitlines()) == 210
    assert json.loads(yoriai(home, "arena", "import", str(out), "--json").stdout)["new"] == 0


def test_an_empty_board_says_what_to_do(tmp_path: Path) -> None:
    board = yoriai(tmp_path, "arena", "board", "--json")
    assert json.loads(board.stdout) == []
    assert "No votes yet" in board.stderr


def test_a_wrong_file_is_refused_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "votes.jsonl"
    file.write_text(
        '{"model_a": "x", "model_b": "y", "winner": "tie"}\n{"model_a": "x", "model_b": "y", "winner": "Draw"}'
    )
    done = yoriai(tmp_path, "arena", "import", str(file))
    assert done.returncode == 2
    assert "Vote 2" in done.stderr
    assert "“Draw”" in done.stderr
    assert yoriai(tmp_path, "arena", "import", str(tmp_path / "none")).returncode == 2


def test_the_choices_are_those_of_the_records() -> None:
    assert {each.value for each in TopicName} == set(get_args(Topic))
    assert {each.value for each in VotersName} == set(get_args(Voters))
