"""`yoriai bench` from the command line: measured, kept, shown, exchanged between two machines, stopped."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from measuring import measurement
from serving import MODEL, environment, yoriai
from yoriai.errors import UsageError
from yoriai.evaluation.exchange import to_json

QUICK = ("--context", "128", "--tokens", "16", "--repeat", "1")


@pytest.fixture(scope="module")
def home(smollm2_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench")
    assert yoriai(folder, "model", "add", str(smollm2_path), "--name", MODEL, "--link").returncode == 0
    return folder


@pytest.fixture(scope="module")
def measured(home: Path) -> dict[str, Any]:
    """What the first run said."""
    done = yoriai(home, "bench", MODEL, *QUICK, "--machine", "desk", "--json")
    assert done.returncode == 0, done.stderr
    assert MODEL in done.stderr  # progress
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def shown(home: Path, *arguments: str) -> dict[str, Any]:
    done = yoriai(home, "bench", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_what_is_measured_is_said_and_kept(home: Path, measured: dict[str, Any]) -> None:
    (line,) = measured["measurements"]
    assert line["measurement"]["generation_tokens_per_s"]["median"] > 0
    assert line["generation_to_predicted"] > 0
    kept = [each["measurement"]["id"] for each in shown(home)["measurements"]]
    assert line["measurement"]["id"] in kept


def test_for_people_it_is_a_table(home: Path, measured: dict[str, Any]) -> None:
    table = yoriai(home, "bench").stdout
    assert MODEL in table
    assert "desk" in table
    japanese = yoriai(home, "bench", LC_ALL="ja_JP.UTF-8").stdout
    assert "予測" in japanese


def test_two_machines_are_compared(home: Path, measured: dict[str, Any], tmp_path: Path) -> None:
    assert "--import" in yoriai(home, "bench", "--compare").stdout  # there is no other yet
    ours = measured["measurements"][0]["measurement"]
    rate = ours["generation_tokens_per_s"]["median"]
    other = measurement(
        1, machine_id="b" * 16, machine_name="lab", model="their-name", digest=ours["digest"], context=128,
        prompt_tokens=ours["prompt_tokens"],
        rate=rate / 2,
    )  # fmt: skip
    (tmp_path / "lab.json").write_bytes(to_json([other]))
    answer = shown(home, "--import", str(tmp_path / "lab.json"), "--compare")
    (pair,) = answer["comparison"]
    assert pair["generation"] == pytest.approx(2.0)
    again = yoriai(
        home,
        "bench",
        "--import",
        str(tmp_path / "lab.json"),
        "--compare",
        "--export",
        str(tmp_path / "r.svg"),
    )
    assert again.returncode == 0
    assert again.stderr.startswith("0 ")
    assert "2.00" in again.stdout
    assert "lab" in (tmp_path / "r.svg").read_text()


def test_what_a_busy_machine_measured_is_marked_and_can_be_discarded(tmp_path: Path) -> None:
    path = tmp_path / "all.json"
    path.write_bytes(to_json([measurement(1), measurement(2, model="busy-one", rate=4.0, was_busy=True)]))
    table = yoriai(tmp_path, "bench", "--import", str(path)).stdout
    assert "4.00 (4.00–4.00) *" in table
    assert "--forget busy" in table
    for suffix in ("md", "svg", "csv"):
        yoriai(tmp_path, "bench", "--export", str(tmp_path / f"out.{suffix}"))
    assert "\\* : " in (tmp_path / "out.md").read_text()
    assert "busy-one Q8_0 · 2048 *" in (tmp_path / "out.svg").read_text()
    assert "True" in (tmp_path / "out.csv").read_text()
    unknown = yoriai(tmp_path, "bench", "--forget", "f" * 32, "--forget", "busy")
    assert (unknown.returncode, len(unknown.stderr.splitlines())) == (3, 1)
    left = shown(tmp_path, "--forget", "busy")["measurements"]
    assert [each["measurement"]["was_busy"] for each in left] == [False]
    assert shown(tmp_path, "--forget", left[0]["measurement"]["id"])["measurements"] == []


@pytest.mark.parametrize("suffix", ["md", "csv", "json", "svg"])
def test_what_is_shown_is_written(home: Path, measured: dict[str, Any], tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out.{suffix}"
    assert yoriai(home, "bench", "--export", str(path)).returncode == 0
    assert "desk" in path.read_text("utf8")


def test_only_others_were_measured(tmp_path: Path) -> None:
    (tmp_path / "lab.json").write_bytes(to_json([measurement()]))
    said = yoriai(tmp_path, "bench", "--import", str(tmp_path / "lab.json"), "--compare").stdout
    assert "this one first" in said


def test_a_png_in_english_is_said(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_bytes(to_json([measurement()]))
    command = ("bench", "--import", str(tmp_path / "one.json"), "--export", str(tmp_path / "one.png"))
    no_fonts = {"XDG_DATA_HOME": str(tmp_path), "XDG_DATA_DIRS": str(tmp_path)}
    assert "英語" in yoriai(tmp_path, *command, LC_ALL="ja_JP.UTF-8", **no_fonts).stderr
    assert "English" not in yoriai(tmp_path, *command, **no_fonts).stderr
    assert (tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")


def test_an_export_is_taken_in_elsewhere(home: Path, measured: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    yoriai(home, "bench", "--export", str(path))
    there = shown(tmp_path / "elsewhere", "--import", str(path))
    assert [each["measurement"]["is_imported"] for each in there["measurements"]] == [True] * len(
        there["measurements"]
    )
    assert there["measurements"]


@pytest.mark.parametrize(
    "content", ["", "{}", '{"format": "yoriai-measurements", "version": 9, "measurements": []}']
)
def test_a_bad_import_changes_nothing(
    home: Path, measured: dict[str, Any], tmp_path: Path, content: str
) -> None:
    (tmp_path / "bad.json").write_text(content)
    before = shown(home)
    done = yoriai(home, "bench", "--import", str(tmp_path / "bad.json"))
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert shown(home) == before


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("no-such-model",), 3),
        ((MODEL, "--context", "many"), 2),
        ((MODEL, "--context", "128,,256"), 2),
        ((MODEL, "--users", "0"), 2),
        ((MODEL, "--users", "65"), 2),
        ((MODEL, "--context", "128", "--tokens", "64"), 2),
        ((MODEL, "--export", "result.pdf"), 2),
        (("--import", "/no/such/file.json"), 2),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(home: Path, arguments: tuple[str, ...], code: int) -> None:
    done = yoriai(home, "bench", *arguments)
    assert done.returncode == code, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_beside_a_running_server_it_refuses_to_measure_and_shows_what_there_is(server: Any) -> None:
    done = server.yoriai("bench", MODEL, *QUICK)
    assert done.returncode == 1
    assert server.url in done.stderr
    assert server.yoriai("bench", "--json").returncode == 0


def test_nothing_measured_yet(tmp_path: Path) -> None:
    assert "yoriai bench" in yoriai(tmp_path, "bench").stdout


def test_ctrl_c_keeps_what_was_measured(smollm2_path: Path, tmp_path: Path) -> None:
    assert yoriai(tmp_path, "model", "add", str(smollm2_path), "--name", MODEL, "--link").returncode == 0
    command = [
        sys.executable,
        "-m",
        "yoriai",
        "bench",
        MODEL,
        "--context",
        "128,256",
        "--tokens",
        "16",
        "--repeat",
        "2",
    ]
    process = subprocess.Popen(
        command, env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr
    deadline = time.monotonic() + 120
    while "256" not in process.stderr.readline() and time.monotonic() < deadline:
        pass  # the first condition is done once the second is told of
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "kept" in err
    assert MODEL in out
    assert {each["measurement"]["context"] for each in shown(tmp_path)["measurements"]} >= {128}


def test_lists_of_numbers() -> None:
    from yoriai.cli.bench import numbers

    assert numbers("512, 2048", least=128, most=4096) == (512, 2048)
    assert numbers("1、4", least=1, most=64) == (1, 4)
    for text in ("", "٣", "1e3", "-5", "5" * 50):
        with pytest.raises(UsageError):
            numbers(text, least=1, most=64)
