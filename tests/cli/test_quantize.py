"""`yoriai model quantize` from the command line: made, measured, drawn, refused, stopped."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from serving import MODEL, environment, yoriai

QUICK = ("--text-tokens", "100")


@pytest.fixture(scope="module")
def home(smollm2_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quantize")
    assert yoriai(folder, "model", "add", str(smollm2_path), "--name", MODEL, "--link").returncode == 0
    return folder


@pytest.fixture(scope="module")
def chart(home: Path) -> Path:
    return home / "chart.svg"


@pytest.fixture(scope="module")
def made(home: Path, chart: Path) -> dict[str, Any]:
    """What the first run said."""
    done = yoriai(
        home, "model", "quantize", MODEL, "--to", "q8_0,q2_k", *QUICK, "--chart", str(chart), "--json"
    )
    assert done.returncode == 0, done.stderr
    assert "quantised already (Q4_1)" in done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_each_version_has_size_perplexity_and_speed(made: dict[str, Any]) -> None:
    before, large, small = made["versions"]
    assert [row["quantization"] for row in made["versions"]] == ["Q4_1", "Q8_0", "Q2_K"]
    assert small["size_bytes"] < before["size_bytes"] < large["size_bytes"]
    assert small["bits_per_weight"] < before["bits_per_weight"] < large["bits_per_weight"]
    assert small["perplexity"]["value"] > large["perplexity"]["value"] > 1
    assert small["to_before"]["value"] > 1.05
    assert before["to_before"] is None
    assert all(row["generation_tokens_per_s"]["median"] > 0 for row in made["versions"])
    assert "Alice" in made["text"]


def test_the_chart_has_a_point_for_each(made: dict[str, Any], chart: Path) -> None:
    svg = chart.read_text("utf8")
    for row in made["versions"]:
        assert f">{row['quantization']} " in svg


@pytest.mark.slow
def test_the_new_models_are_there_to_use(home: Path, made: dict[str, Any]) -> None:
    answer = yoriai(home, "ask", "-m", f"{MODEL}-q8_0", "Say hello.", YORIAI_ENGINE__THREADS="1")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip()
    shown = json.loads(yoriai(home, "model", "show", f"{MODEL}-q2_k", "--json").stdout)
    assert shown["origins"][0]["name"] == MODEL
    assert "quantised from it" in shown["openness"]["chain"][0]["text"]


def test_a_second_run_makes_nothing_twice(home: Path, made: dict[str, Any]) -> None:
    done = yoriai(home, "model", "quantize", MODEL, "--to", "Q8_0", "--no-measure", LC_ALL="ja_JP.UTF-8")
    assert done.returncode == 0, done.stderr
    assert "すでにある" in done.stderr
    assert "--force" in done.stderr
    assert "測定" not in done.stderr
    assert "重み当たりビット" in done.stdout


def test_a_text_of_one_s_own_is_read(home: Path, made: dict[str, Any], tmp_path: Path) -> None:
    text = tmp_path / "own.txt"
    text.write_text("one two three four five six seven eight nine ten " * 30, "utf8")
    done = yoriai(home, "model", "quantize", MODEL, "--to", "q8_0", "--text", str(text), *QUICK, "--json")
    answer = json.loads(done.stdout)
    assert answer["text"] == "own.txt"
    assert answer["versions"][0]["perplexity"]["value"] < 2
    assert not any(version["is_sound"] for version in answer["versions"])  # 50 tokens


def test_it_is_made_again_only_when_forced(home: Path, made: dict[str, Any]) -> None:
    weights = Path(json.loads(yoriai(home, "model", "show", f"{MODEL}-q2_k", "--json").stdout)["paths"][0])
    before = weights.stat().st_ino
    again = ("model", "quantize", MODEL, "--to", "q2_k", "--no-measure")
    assert yoriai(home, *again).returncode == 0
    assert weights.stat().st_ino == before
    forced = yoriai(home, *again, "--force")
    assert forced.returncode == 0, forced.stderr
    assert "quantising" in forced.stderr
    assert "measuring" not in forced.stderr
    assert weights.stat().st_ino != before


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--to", "q9_x"), 2),
        (("--to", "q4_1"), 2),
        (("--to", "q8_0,q4_0", "--name", "one"), 2),
        (("--to", "q8_0", "--text", "/nonexistent.txt"), 2),
        (("--to", "q8_0", "--chart", "chart.pdf"), 2),
        (("--to", "q8_0", "--chart", "chart.svg", "--no-measure"), 2),
        ((), 2),
    ],
)
def test_what_cannot_be_is_said_at_once(home: Path, arguments: tuple[str, ...], code: int) -> None:
    done = yoriai(home, "model", "quantize", MODEL, *arguments)
    assert done.returncode == code
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_a_model_that_is_not_there_is_said(home: Path) -> None:
    assert yoriai(home, "model", "quantize", "nobody", "--to", "q8_0").returncode == 3


def test_stopped_nothing_half_written_is_left(home: Path) -> None:
    command = [sys.executable, "-m", "yoriai", "model", "quantize", MODEL, "--to", "q3_k_m", "--no-measure"]
    process = subprocess.Popen(command, env=environment(home), stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list((home / "models" / "partial").glob("*.tmp")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130, said
    assert "nothing half-written" in said
    assert list((home / "models" / "partial").glob("*.tmp")) == []
    assert yoriai(home, "model", "show", f"{MODEL}-q3_k_m").returncode == 3
