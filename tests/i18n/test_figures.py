"""Figures as people read them."""

from __future__ import annotations

import pytest

from yoriai.i18n.figures import size


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 B"), (999, "999 B"), (98_362_432, "98.4 MB"), (4.2e10, "42.0 GB"), (2e12, "2.0 TB")],
)
def test_sizes(count: float, words: str) -> None:
    assert size(count) == words
