"""Rows of versions, and the points that a chart has of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from scoring import chance_model
from yoriai.catalog.library import Library
from yoriai.engines.errand import Errands
from yoriai.evaluation.perplexity import Estimate
from yoriai.evaluation.versions import Comparison, Version, points
from yoriai.types import Context, Role, User

ASKER = Context(user=User(id="local", name="local", role=Role.ADMINISTRATOR), language="en")


def version(quantization: str, value: float, to_before: Estimate | None = None) -> Version:
    return Version(
        name="m", quantization=quantization, size_bytes=1, bits_per_weight=8.0,
        perplexity=Estimate(value=value, error=3.0), to_before=to_before,
    )  # fmt: skip


def test_a_point_s_error_is_that_of_the_difference_to_the_first() -> None:
    before, after = points([version("F16", 20.0), version("Q8_0", 22.0, Estimate(value=1.1, error=0.02))])
    assert (before.error, before.is_before) == (0.0, True)
    assert after.error == pytest.approx(0.4)  # 0.02 of 20
    assert not after.is_before


def test_what_was_not_scored_has_no_point() -> None:
    assert points([Version(name="m", quantization="F16", size_bytes=1, bits_per_weight=16.0)]) == []


async def test_unmeasured_a_row_has_size_and_bits(tmp_path: Path) -> None:
    model = Library(tmp_path / "models").add(chance_model(tmp_path / "chance.gguf"), name="chance")
    comparison = Comparison(errands=Errands(threads=1, environment={}), asked_by=ASKER)
    row = await comparison.add(model, lambda _done, _total: None)
    assert row.size_bytes == model.size_bytes
    assert row.bits_per_weight == pytest.approx(16.0, abs=0.1)  # norms are larger
    assert (row.perplexity, row.generation_tokens_per_s) == (None, None)
    assert comparison.rows == [row]
