"""`yoriai model fit` as people and programs call it."""

from __future__ import annotations

import json
import re
import subprocess
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from serving import measure_once, yoriai

PC1 = ("--gpu", "RTX 4060 Ti 16GB x3", "--ram", "64")
PC2 = ("--gpu", "GTX 1080 Ti 11GB x2", "--ram", "48")
REFERENCE = ("llama-3.1-70b", "gemma-2-27b", "gemma-2-9b", "llama-3.1-8b", "phi-3.5-mini")


def run(home: Path, *arguments: str, lang: str = "C.UTF-8") -> subprocess.CompletedProcess[str]:
    machine = {"YORIAI_ENGINE__PARALLEL": "4", "YORIAI_ENGINE__THREADS": "0"}
    return yoriai(home, "model", "fit", *arguments, LC_ALL=lang, **machine)


def rows(home: Path, *arguments: str) -> list[dict[str, Any]]:
    done = run(home, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def test_the_published_comparison_comes_out_of_described_hardware_alone(tmp_path: Path) -> None:
    verdicts = {pc: {row["model"]: row["verdict"] for row in rows(tmp_path, *pc)} for pc in (PC1, PC2)}
    assert [verdicts[PC1][name] for name in REFERENCE] == ["fits"] * 5
    assert [verdicts[PC2][name] for name in REFERENCE] == ["none", "partly", "fits", "fits", "fits"]


def test_a_table_says_verdicts_in_the_readers_language(tmp_path: Path) -> None:
    english, japanese = (run(tmp_path, *REFERENCE, *PC2, lang=lang) for lang in ("C.UTF-8", "ja_JP.UTF-8"))
    for done in (english, japanese):
        assert done.returncode == 0, done.stderr
        assert [line[0] for line in done.stdout.splitlines() if line and line[0] in "◯△✕"] == list("✕△◯◯◯")
    assert "2 × GeForce GTX 1080 Ti 11 GB" in english.stdout
    assert "slightly too large" in english.stdout
    assert "8 cores with two channels" in english.stdout  # what was assumed
    assert "それでも試すと" in japanese.stdout


def test_models_that_are_loaded_together_find_less_room(tmp_path: Path) -> None:
    models, gpu = (
        ("gemma-2-9b", "multilingual-e5-small", "llama-3.1-8b"),
        ("--gpu", "RTX 4090", "--ram", "64"),
    )
    alone = rows(tmp_path, *models, *gpu)
    together = rows(tmp_path, *models, *gpu, "--together", "--users", "4", "--context", "8192")
    assert [row["verdict"] for row in alone] == ["fits"] * 3
    assert [row["verdict"] for row in together] == ["fits", "fits", "partly"]
    smaller = rows(tmp_path, *models, *gpu, "--together", "--users", "4", "--context", "8192", "--kv", "q4_0")
    assert smaller[2]["layers_gpu"] > together[2]["layers_gpu"]


def test_this_machine_is_looked_at_where_none_is_described(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, "smollm2-135m")
    assert row["verdict"] == "fits"
    assert json.loads((tmp_path / "hardware.json").read_bytes())["bytes_per_s"] > 0


def test_without_a_number_of_users_memory_is_that_of_the_engine_and_speed_that_of_one(tmp_path: Path) -> None:
    measure_once(tmp_path)
    (unsaid,), (one,), (four,) = (
        rows(tmp_path, "smollm2-135m", *more) for more in ((), ("--users", "1"), ("--users", "4"))
    )
    assert unsaid["users"] == 4
    assert unsaid["needed_bytes"] == four["needed_bytes"] > one["needed_bytes"]
    speeds = [row["generation_tokens_per_s"]["predicted"] for row in (unsaid, one)]
    assert speeds[0] == pytest.approx(speeds[1], rel=0.01)
    assert rows(tmp_path, "smollm2-135m", *PC1)[0]["users"] == 1


def test_a_model_that_is_loaded_twice_is_told_twice(tmp_path: Path) -> None:
    both = rows(tmp_path, "llama-3.1-8b", "llama-3.1-8b", "--gpu", "RTX 4060 Ti 16GB", "--together")
    assert [row["model"] for row in both] == ["llama-3.1-8b"] * 2
    assert [row["verdict"] for row in both] == ["fits", "partly"]


def test_what_memory_cannot_hold_has_no_speed(tmp_path: Path) -> None:
    done = run(tmp_path, "llama-3.1-70b", "--ram", "16", "--gpu", "RTX 4060 Ti 8GB")
    lines = done.stdout.splitlines()
    assert next(line for line in lines if line.startswith("✕")).endswith("–")
    words = next(line for line in lines if line.startswith("llama-3.1-70b: "))
    assert "It does not run" in words
    assert "decides" not in words
    assert "tokens/s" not in words


def _width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in line)


@pytest.mark.parametrize("lang", ["C.UTF-8", "ja_JP.UTF-8"])
@pytest.mark.parametrize("more", [(), ("--against-gpu", "RTX 3090")])
def test_the_table_fits_into_80_columns_and_sentences_come_when_asked_for(
    tmp_path: Path, lang: str, more: tuple[str, ...]
) -> None:
    done = run(tmp_path, *PC2, *more, lang=lang)
    lines = done.stdout.splitlines()
    assert sum(line.startswith(("◯", "△", "✕")) for line in lines) > 20
    assert max(_width(line) for line in lines if "gemma" in line or "smollm2" in line) <= 80
    assert not [line for line in lines if line != line.rstrip()]
    assert not [line for line in lines if line.startswith("gemma-2-9b")]
    asked = run(tmp_path, *PC2, *more, "--why", lang=lang).stdout.splitlines()
    assert len([line for line in asked if re.match(r"gemma-2-9b(, [^:]+)?: ", line)]) == (2 if more else 1)


def test_all_together_have_one_verdict_and_a_sum_for_each_device(tmp_path: Path) -> None:
    gpu, models = ("--gpu", "RTX 4090", "--ram", "64"), ("gemma-2-9b", "llama-3.1-8b")
    last = [
        next(
            line
            for line in run(tmp_path, *names, *gpu, "--together").stdout.splitlines()
            if "together" in line
        )
        for names in (models, (*models, "gemma-2-9b"), (*models, "llama-3.1-70b"))
    ]
    alone = rows(tmp_path, *models, *gpu, "--together")
    card = sum(row["gpu_bytes"] for row in alone) / 1e9
    assert f"RTX 4090 {card:.1f} GB of" in last[0]
    assert "All of them fit" in last[0]
    assert "partly in RAM: gemma-2-9b" in last[1]
    assert "left out: llama-3.1-70b" in last[2]


def test_a_speed_that_cannot_be_predicted_has_a_reason(tmp_path: Path) -> None:
    done = run(tmp_path, "llama-3.1-8b", "--gpu", "Apple M3 Max 64GB")
    assert next(line for line in done.stdout.splitlines() if line.startswith("◯")).endswith("?")
    assert "cannot be predicted" in done.stdout


def test_many_users_are_told_what_each_of_them_gets(tmp_path: Path) -> None:
    done = run(tmp_path, "llama-3.1-8b", "--users", "64", "--gpu", "RTX 3090", "--ram", "32")
    assert "Tokens/s: of all 64 users together" in done.stdout
    assert "for each of them, slower than one reads" in done.stdout
    assert "tokens/s for each user at the very best" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("nope",), 3, "nope"),
        (("--gpu", "RTX 9999"), 2, "Did you mean"),
        (("--gpu", "RTX 4060 Ti"), 2, "16GB"),
        (("--ram", "0"), 2, "RAM"),
        (("--gpu", ""), 2, "No graphics card is named"),
        (("--cpu", "5000 cores"), 2, "1,024"),
        (("--context", "1"), 2, "256"),
        (("--kv", "q2"), 2, "q8_0"),
        (("--chart", "ratio.svg"), 2, "--against-gpu"),
        (("--against-ram", "8", "--chart", "ratio.gif"), 2, ".svg"),
        (("--against-ram", "8", "--chart", "/nowhere/ratio.svg"), 2, "/nowhere/ratio.svg"),
    ],
)
def test_what_cannot_be_is_one_line_and_an_exit_code(
    tmp_path: Path, arguments: tuple[str, ...], code: int, told: str
) -> None:
    done = run(tmp_path, *arguments)
    assert done.returncode == code
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_model_for_planning_only_is_listed_as_such_and_cannot_be_pulled(tmp_path: Path) -> None:
    listed = yoriai(tmp_path, "model", "list", "--json")
    states = {row["name"]: row["state"] for row in json.loads(listed.stdout)["models"]}
    assert states["phi-3.5-mini"] == "plan_only"
    assert "planning only" in yoriai(tmp_path, "model", "list").stdout
    done = yoriai(tmp_path, "model", "pull", "phi-3.5-mini", "--yes")
    assert done.returncode == 3
    assert "no source is known" in done.stderr


def test_speeds_are_told_with_their_range_and_what_makes_them_so(tmp_path: Path) -> None:
    arguments = ("model", "fit", "phi-3.5-mini", "llama-3.1-8b", "--gpu", "GTX 1080 Ti x2", "--ram", "48")
    done = yoriai(tmp_path, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    half, quantised = json.loads(done.stdout)
    speed = half["generation_tokens_per_s"]
    assert speed["low"] < speed["predicted"] < speed["high"]
    assert (
        speed["predicted"] < quantised["generation_tokens_per_s"]["predicted"]
    )  # although it is the smaller model
    assert "1/64" in " ".join(half["speed_reasons"])
    assert "1/64" not in " ".join(quantised["speed_reasons"])
    assert "1/64" in yoriai(tmp_path, *arguments).stdout


def test_two_described_machines_are_held_against_each_other(tmp_path: Path) -> None:
    against = [text.replace("--", "--against-") for text in PC2]
    chart = tmp_path / "ratio.svg"
    done = run(tmp_path, *REFERENCE, *PC1, *against, "--chart", str(chart), "--json")
    assert done.returncode == 0, done.stderr
    found = {row["model"]: row for row in json.loads(done.stdout)}
    ratios = {name: found[name]["ratio"] for name in REFERENCE}
    assert ratios["gemma-2-27b"] > 1.4
    assert 0.6 < ratios["gemma-2-9b"] < 1.1
    assert 0.6 < ratios["llama-3.1-8b"] < 1.1
    assert ratios["phi-3.5-mini"] > 2
    assert "half precision" in " ".join(found["phi-3.5-mini"]["against"]["speed_reasons"])
    drawn = chart.read_text()
    assert all(name in drawn for name in REFERENCE)
    assert "partly" in drawn


def test_a_chart_of_the_ratio_is_in_the_readers_language(tmp_path: Path) -> None:
    against = [text.replace("--", "--against-") for text in PC2]
    chart = tmp_path / "比.svg"
    done = run(tmp_path, "gemma-2-9b", *PC1, *against, "--chart", str(chart), lang="ja_JP.UTF-8")
    assert done.returncode == 0, done.stderr
    assert "予測速度の比" in chart.read_text()
    assert "1 台目" in done.stdout
    cores = run(tmp_path, "gemma-2-9b", "--ram", "16", *against, "--chart", str(chart), lang="ja_JP.UTF-8")
    assert cores.returncode == 0, cores.stderr
    assert "8 コア ÷" in chart.read_text()
