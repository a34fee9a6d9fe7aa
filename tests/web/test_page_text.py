"""A stranger's text on the viewer's page: all of it, escaped, its passage marked at exactly its place."""

from __future__ import annotations

import re
from html import unescape

import pytest

from yoriai.web.page_text import PART_CHARS, html, part, part_with

TEXT = "# Title\n\nOne <b>bold</b> word.\n\n| a | b\\|c |\n| --- | --- |\n| 1 | 2 |\n\nThe end."
BLOCKS = [
    ["heading", 2, 7, 1],
    ["paragraph", 9, 30, 0],
    ["table", 32, 69, 0],
    ["paragraph", 71, 79, 0],
]


def shown(start: int = 0, end: int = 0) -> str:
    return html(TEXT, BLOCKS, part(TEXT, 0), start, end)


def test_blocks_become_their_elements_and_markup_stays_text() -> None:
    assert shown().startswith("<h2>Title</h2>")
    assert "<p>One &lt;b&gt;bold&lt;/b&gt; word.</p>" in shown()
    assert "<th> b\\|c </th>" in shown()
    assert "<td> 2 </td>" in shown()
    assert "---" not in shown()
    assert "#" not in shown()


@pytest.mark.parametrize(
    ("passage", "marks"),
    [
        ("<b>bold</b>", ["<b>bold</b>"]),
        ("word.\n\n| a |", ["word.", " a "]),
        ("c |\n| --- | --- |\n| 1", ["c ", " 1"]),
        ("Title\n\nOne", ["Title", "One"]),
        ("end.", ["end."]),
        ("# ", []),
    ],
)
def test_the_passage_is_marked_wherever_it_stands(passage: str, marks: list[str]) -> None:
    start = TEXT.index(passage)
    found = shown(start, start + len(passage))
    assert [unescape(each) for each in re.findall(r"<mark[^>]*>(.*?)</mark>", found)] == marks
    assert found.count('id="passage"') == min(1, len(marks))


def test_a_long_page_comes_in_parts_that_together_are_the_page() -> None:
    line = "A line of a very long page. " * 3 + "\n"
    text = line * (3 * PART_CHARS // len(line))
    first = part(text, 0)
    parts = [part(text, number) for number in range(first.count)]
    assert "".join(text[each.start : each.end] for each in parts) == text
    assert all(text[each.start : each.end].endswith("\n") for each in parts)
    assert part(text, 99).number == first.count - 1
    assert part_with(PART_CHARS + 5) == 1


def test_a_passage_without_blocks_or_with_overlapping_ones_loses_no_word() -> None:
    blocks = [["paragraph", 0, 20, 0], ["list", 10, 40, 0], ["code", 40, 60, 0]]
    for some in ([], blocks):
        inside = unescape(re.sub(r"<[^>]*>", "", html(TEXT, some, part(TEXT, 0), 3, 50)))
        assert inside.replace("\n", "") == TEXT.replace("\n", "")


def test_a_text_that_turns_its_direction_is_shown_without_that() -> None:
    assert "\u202e" not in html("safe \u202eexe.txt", [], part("safe \u202eexe.txt", 0))
