"""Runs of exams by the real SmolLM2: kept sample by sample, gone on with after kill -9, repeatable, their owner's."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from serving import MODEL, environment, yoriai

DATA = Path(__file__).parents[3] / "shared" / "data"
if not DATA.is_dir():
    DATA = Path("/work/shared/data")
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real data is not on this machine")


@pytest.fixture(scope="module")
def home(smollm2_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    assert yoriai(home, "model", "add", str(smollm2_path), "--name", MODEL, "--link").returncode == 0
    return home


def arguments(task: str, *more: str) -> list[str]:
    return ["eval", "run", task, "--model", MODEL, "--max-tokens", "8", "--data", str(DATA), "--json", *more]


def sat(home: Path, task: str, *more: str) -> dict[str, Any]:
    done = yoriai(home, *arguments(task, *more))
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def samples(home: Path, run_id: str) -> list[dict[str, Any]]:
    shown = yoriai(home, "eval", "show", run_id, "--samples", "--json")
    assert shown.returncode == 0, shown.stderr
    found: list[dict[str, Any]] = json.loads(shown.stdout)["samples"]
    return found


@pytest.mark.slow
def test_a_run_keeps_every_sample_and_the_same_seed_gives_the_same_again(home: Path) -> None:
    first = sat(home, "gsm8k", "--limit", "3", "--temperature", "0.9", "--seed", "7")
    again = sat(home, "gsm8k", "--limit", "3", "--temperature", "0.9", "--seed", "7")
    other = sat(home, "gsm8k", "--limit", "3", "--temperature", "0.9", "--seed", "8")
    assert (first["state"], first["done"], first["total"]) == ("done", 3, 3)
    assert first["id"] != again["id"]
    assert len(first["digest"]) == 64
    kept = samples(home, first["id"])
    assert all(each["prompt"][0]["content"] and each["completion_tokens"] and each["seed"] for each in kept)
    said = [each["output"] for each in kept]
    assert said == [each["output"] for each in samples(home, again["id"])]
    assert said != [each["output"] for each in samples(home, other["id"])]
    compared = yoriai(home, "eval", "compare", first["id"], again["id"], "--json")
    assert json.loads(compared.stdout)["paired"]["verdict"] == "no_difference"


def test_choices_are_weighed_by_the_models_own_probabilities(home: Path) -> None:
    run = sat(home, "jcommonsenseqa", "--limit", "3", "--likelihood")
    assert (run["state"], run["done"]) == ("done", 3)
    for each in samples(home, run["id"]):
        told = dict(part.split() for part in each["explanation"].split(", "))
        assert list(told) == list("ABCDE")
        assert max(told, key=lambda letter: float(told[letter])) == each["answer"]


def test_a_run_that_was_killed_goes_on_without_asking_anything_twice(home: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "yoriai", *arguments("mgsm-ja", "--limit", "5")],
        env=environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        before = _wait_for(home, 2)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    after = sat(home, "mgsm-ja", "--limit", "5")
    assert (after["state"], after["done"]) == ("done", 5)
    now = _ended(home)
    assert len(now) == 5
    assert before.items() <= now.items()  # asked again, a sample would have ended later


@pytest.mark.slow
def test_what_is_missing_is_said_with_the_way_to_it(home: Path, tmp_path: Path) -> None:
    nowhere = yoriai(home, "eval", "run", "gsm8k", "--model", MODEL, "--data", str(tmp_path))
    assert nowhere.returncode == 3
    assert "test.jsonl" in nowhere.stderr
    missing = yoriai(home, "eval", "run", "gsm8k", "--model", MODEL)
    assert missing.returncode == 1
    assert "https://" in missing.stderr
    assert "YORIAI_EVALUATION__DOWNLOAD" in missing.stderr
    assert yoriai(home, "eval", "run", "no-such-exam", "--model", MODEL).returncode == 3
    assert yoriai(home, "eval", "run", "gsm8k", "--model", "nobody", "--data", str(DATA)).returncode == 3
    judged = yoriai(home, "eval", "run", "elyza-tasks-100", "--model", MODEL, "--data", str(DATA))
    assert "--judge" in judged.stderr


def _wait_for(home: Path, count: int) -> dict[str, str]:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if len(found := _ended(home)) >= count:
            return found
        time.sleep(0.05)
    raise AssertionError("no sample was scored")


def _ended(home: Path) -> dict[str, str]:
    """When each sample of MGSM ended."""
    with closing(sqlite3.connect(home / "yoriai.db")) as database:
        query = "SELECT sample_id, ended_at FROM exam_samples WHERE sample_id LIKE 'mgsm%'"
        return dict(database.execute(query).fetchall())
