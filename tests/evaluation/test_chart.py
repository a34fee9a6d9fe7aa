"""Bars as SVG and PNG: whole files, to scale, and nothing in a label becomes markup."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from yoriai.evaluation.chart import Bar, Chart, figure, to_png, to_svg
from yoriai.evaluation.lettering import has_japanese

CHART = Chart(
    title="Tokens per second",
    note="Bar: median",
    bars=(Bar(label="one", value=40, low=30, high=50, mark=45), Bar(label="two", value=80)),
)
SVG = "{http://www.w3.org/2000/svg}"


def rectangles(chart: Chart, colour: str) -> list[dict[str, str]]:
    # Written by us a line above; entities and outside references cannot be in it.
    root = ElementTree.fromstring(to_svg(chart))
    return [each.attrib for each in root.iter(f"{SVG}rect") if each.get("fill") == colour]


def test_bars_are_to_scale() -> None:
    one, two = rectangles(CHART, "#3b6fb6")
    assert float(two["width"]) == pytest.approx(2 * float(one["width"]), rel=1e-3)


def test_spread_and_prediction_lie_where_they_belong() -> None:
    (bar, _), (line,), (mark,) = (rectangles(CHART, colour) for colour in ("#3b6fb6", "#1f2430", "#d9822b"))
    unit = float(bar["width"]) / 40
    assert float(line["x"]) - float(bar["x"]) == pytest.approx(30 * unit, abs=0.2)
    assert float(line["width"]) == pytest.approx(20 * unit, abs=0.2)
    assert float(mark["x"]) + 2 - float(bar["x"]) == pytest.approx(45 * unit, abs=0.2)


def test_ratios_are_held_against_one() -> None:
    (line,) = rectangles(replace(CHART, bars=(Bar(label="x", value=2.0),), line=1.0), "#d9822b")
    (bar,) = rectangles(replace(CHART, bars=(Bar(label="x", value=2.0),), line=1.0), "#3b6fb6")
    assert float(line["x"]) + 1 - float(bar["x"]) == pytest.approx(float(bar["width"]) / 2, abs=0.2)


@pytest.mark.parametrize("label", ["<script>alert(1)</script>", '" onload="x', "a & b", "]]>"])
def test_a_label_is_text(label: str) -> None:
    root = ElementTree.fromstring(to_svg(replace(CHART, title=label, bars=(Bar(label=label, value=1),))))
    assert {each.tag for each in root.iter()} <= {f"{SVG}{tag}" for tag in ("svg", "title", "rect", "text")}
    assert label in [each.text for each in root.iter(f"{SVG}text")]
    assert not [each for each in root.iter() if "onload" in each.attrib]


@pytest.mark.parametrize(
    "bars", [(), (Bar(label="", value=0.0),), tuple(Bar(label="x", value=1) for _ in range(5000))]
)
def test_none_and_very_many_bars(bars: tuple[Bar, ...]) -> None:
    assert len(rectangles(replace(CHART, bars=bars), "#3b6fb6")) == min(len(bars), 200)


@pytest.mark.parametrize(
    ("value", "shown"), [(1234.4, "1,234"), (100, "100"), (12.34, "12.3"), (1.234, "1.23"), (0, "0")]
)
def test_figures_have_three_digits(value: float, shown: str) -> None:
    assert figure(value) == shown


def test_the_measured_value_says_which_the_predicted_one_is() -> None:
    bars = (Bar(label="one", value=17.7, mark=64, mark_words="predicted 64"), Bar(label="two", value=5))
    root = ElementTree.fromstring(to_svg(replace(CHART, bars=bars)))
    words = {each.text: each for each in root.iter(f"{SVG}text")}
    assert "5.00" in words
    assert float(words["17.7 (predicted 64)"].attrib["x"]) < 960 - 150  # which leaves room for it


@pytest.mark.skipif(not has_japanese(), reason="no font with Japanese letters")
def test_a_png_shows_japanese_where_a_font_is_there() -> None:
    one, other = (to_png(replace(CHART, title=title)) for title in ("日本語", "漢字文"))
    assert one != other  # each would be ???, or three empty boxes


def test_a_png_is_whole() -> None:
    content = to_png(replace(CHART, title="日本語", bars=(Bar(label="ラベル", value=1),)))
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", content[16:24])[0] == 1920
    end = content[-12:]
    assert end[4:8] == b"IEND"
    assert zlib.crc32(end[4:8]) == struct.unpack(">I", end[8:])[0]
