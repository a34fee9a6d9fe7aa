"""Verdicts in words: both languages have the figures, and say what happens if it is tried anyway."""

from __future__ import annotations

import json

import pytest

from yoriai.catalog import catalogue, entry_shape
from yoriai.catalog.describe import describe
from yoriai.catalog.plan import plan
from yoriai.catalog.split import Load
from yoriai.catalog.verdict import row, words
from yoriai.i18n.catalogue import LANGUAGES

ENTRIES = catalogue.load()


def made_of(name: str, gpu: str = "", ram: float = 64, users: int = 1, context: int = 4096):  # type: ignore[no-untyped-def]
    machine = describe([gpu] if gpu else [], ram, "Ryzen 9 3950X").machine
    return plan(Load(shape=entry_shape.from_entry(ENTRIES[name]), context=context, users=users), machine)


@pytest.mark.parametrize(
    ("name", "gpu", "ram", "english", "japanese"),
    [
        ("llama-3.1-8b", "RTX 3090", 64, "All 32 layers fit into graphics memory", "GPU メモリに収まります"),
        ("llama-3.1-8b", "", 64, "It fits into RAM", "RAM に収まります"),
        ("llama-3.1-70b", "", 128, "slower than one reads", "読む速さ"),
        ("gemma-2-27b", "GTX 1080 Ti x2", 48, "slightly too large", "少しだけ収まりません"),
        ("gpt-oss-20b", "GTX 1060 6GB", 48, "stay in RAM", "RAM に残ります"),
        (
            "llama-3.1-70b",
            "GTX 1080 Ti x2",
            48,
            "Tried anyway, 42 of 80 layers stay in RAM",
            "それでも試すと",
        ),
        ("llama-3.1-70b", "GTX 1080 Ti", 16, "Tried anyway, loading fails", "読み込みに失敗"),
        ("sarashina2.2-3b", "RTX 3090", 64, "an estimate from its size", "概算"),
    ],
)
def test_a_verdict_is_said_in_both_languages(
    name: str, gpu: str, ram: float, english: str, japanese: str
) -> None:
    made = made_of(name, gpu, ram)
    assert english in words(made, "en")
    assert japanese in words(made, "ja")
    assert all("?" not in words(made, language) for language in LANGUAGES)


def test_words_tell_for_how_many_and_when_the_context_is_the_models_own() -> None:
    own = made_of("multilingual-e5-small", context=8192)
    assert "no more than 512 tokens of context, not 8,192" in words(own, "en")
    assert "512 トークンまで" in words(own, "ja")
    assert "no more than" not in words(made_of("llama-3.1-8b"), "en")
    many = made_of("llama-3.1-8b", users=3)
    assert "Memory is for 3 users at once, 4,096 tokens each" in words(many, "en")
    assert "同時 3 人" in words(many, "ja")


def test_words_and_row_have_what_is_needed_and_what_is_measured() -> None:
    made = made_of("qwen2.5-coder-1.5b")
    told = row(made, "en")
    assert told["resident_bytes"] - told["needed_bytes"] == made.host.evictable_bytes > 10**8
    assert f"takes {told['resident_bytes'] / 1e9:.1f} GB" in words(made, "en")
    assert f"{told['resident_bytes'] / 1e9:.1f} GB を占めます" in words(made, "ja")
    assert f"fits into RAM: {told['needed_bytes'] / 1e9:.1f} GB" in words(made, "en")


def test_a_rate_at_best_is_that_of_each_user() -> None:
    assert "tokens/s for each user at the very best" in words(
        made_of("gemma-2-27b", "GTX 1080 Ti x2", 48), "en"
    )


def test_a_row_has_the_bytes_behind_the_verdict_and_is_json() -> None:
    told = json.loads(json.dumps(row(made_of("gemma-2-27b", "GTX 1080 Ti x2", 48), "en")))
    assert (told["model"], told["quantization"], told["verdict"]) == ("gemma-2-27b", "Q6_K", "partly")
    assert sum(device["total_bytes"] for device in told["devices"]) == told["needed_bytes"]
    assert told["gpu_bytes"] + told["ram_bytes"] == told["needed_bytes"]
    assert sum(device["layers"] for device in told["devices"]) == told["layers"] == 46
