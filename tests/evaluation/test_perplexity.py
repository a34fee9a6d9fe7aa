"""Perplexity by hand, and the texts that come along."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from yoriai.evaluation.perplexity import bundled_text, language_for, perplexity, ratio


def test_a_fair_coin_has_a_perplexity_of_two_and_no_error() -> None:
    found = perplexity([math.log(2)] * 10)
    assert found.value == pytest.approx(2.0)
    assert found.error == pytest.approx(0.0, abs=1e-6)


def test_the_standard_error_is_that_of_the_mean() -> None:
    found = perplexity([1.0, 3.0, 1.0, 3.0, 1.0])
    # mean 1.8, variance 0.96 over n; llama.cpp divides by n - 1 = 4.
    assert found.value == pytest.approx(math.exp(1.8))
    assert found.error == pytest.approx(math.exp(1.8) * math.sqrt(0.96 / 4))


def test_the_ratio_s_error_is_that_of_the_differences() -> None:
    before = [1.0, 5.0, 2.0, 8.0]
    found = ratio([value + 0.1 for value in before], before)
    assert found
    assert found.value == pytest.approx(math.exp(0.1))
    assert found.error == pytest.approx(0.0, abs=1e-6)
    assert ratio([1.0, 2.0], [1.0, 2.0, 3.0]) is None


@pytest.mark.parametrize(
    ("language", "word", "source"), [("en", "Rabbit", "Carroll"), ("ja", "吾輩", "夏目")]
)
def test_a_bundled_text_has_the_work_and_not_the_line_on_its_source(
    language: str, word: str, source: str
) -> None:
    text = bundled_text("ja" if language == "ja" else "en")
    assert word in text
    assert source not in text
    assert 6000 < len(text.encode()) < 10_000


def test_a_text_is_in_a_language_that_the_model_knows() -> None:
    from scoring import MODEL_FACTS

    assert language_for(replace(MODEL_FACTS, languages=("en", "ja")), "ja") == "ja"
    assert language_for(replace(MODEL_FACTS, languages=("en",)), "ja") == "en"
    assert language_for(MODEL_FACTS, "ja") == "en"
