"""Quality against size as a drawing."""

from __future__ import annotations

import re
from itertools import pairwise

from yoriai.evaluation.chart import ORANGE, to_svg
from yoriai.evaluation.scatter import Point, quality_against_size

POINTS = [
    Point(label="F16", size_bytes=16_000_000_000, perplexity=6.0, error=0.1, is_before=True),
    Point(label="Q8_0", size_bytes=8_500_000_000, perplexity=6.01, error=0.1),
    Point(label="Q2_K", size_bytes=3_200_000_000, perplexity=8.4, error=0.2),
]


def places(svg: str) -> dict[str, tuple[float, float]]:
    found = re.findall(r'<text x="([\d.]+)" y="([\d.]+)"[^>]*>((?:F16|Q\S+) [\d.]+)<', svg)
    return {label: (float(x), float(y)) for x, y, label in found}


def test_what_is_larger_stands_further_right_and_what_is_worse_higher() -> None:
    shown = places(to_svg(quality_against_size("m & m", "note", POINTS, "en")))
    assert set(shown) == {"F16 6.00", "Q8_0 6.01", "Q2_K 8.40"}
    assert shown["Q2_K 8.40"][0] < shown["Q8_0 6.01"][0] < shown["F16 6.00"][0]
    assert shown["Q2_K 8.40"][1] < shown["Q8_0 6.01"][1]


def test_the_version_before_has_a_colour_of_its_own() -> None:
    svg = to_svg(quality_against_size("m & m", "note", POINTS, "en"))
    assert svg.count(ORANGE) == 1
    assert "m &amp; m" in svg


def test_labels_do_not_lie_on_each_other() -> None:
    near = [Point(label=f"Q{n}_K", size_bytes=4_000_000_000 + n, perplexity=6.0, error=0.1) for n in range(5)]
    heights = sorted(y for _, y in places(to_svg(quality_against_size("t", "n", near, "en"))).values())
    assert len(heights) == 5
    assert all(later - earlier >= 15 for earlier, later in pairwise(heights))


def test_a_single_point_is_a_chart() -> None:
    assert "F16 6.00" in to_svg(quality_against_size("t", "n", POINTS[:1], "en"))
