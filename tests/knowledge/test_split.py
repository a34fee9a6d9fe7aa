"""Passages: exact places, nothing lost, nothing too long, tables with their header."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yoriai.knowledge.document import Block, BlockKind, Page, ParsedDocument, Passage
from yoriai.knowledge.split import MOST, indexed_text, indexed_words, language_of, size_of, split


def _page(*blocks: tuple[BlockKind, str, int], number: int = 1, label: str = "") -> Page:
    parts, found, at = [], [], 0
    for kind, text, level in blocks:
        found.append(Block(kind=kind, start=at, end=at + len(text), level=level))
        parts.append(text)
        at += len(text) + 2
    return Page(number=number, text="\n\n".join(parts), blocks=tuple(found), label=label)


def _document(*pages: Page, title: str = "") -> ParsedDocument:
    return ParsedDocument(media_type="text/markdown", title=title, pages=pages)


def _check(document: ParsedDocument, passages: Sequence[Passage]) -> None:
    pages = {page.number: page for page in document.pages}
    covered = {number: [False] * len(page.text) for number, page in pages.items()}
    for ordinal, passage in enumerate(passages):
        assert passage.ordinal == ordinal
        assert passage.text == pages[passage.page].text[passage.start : passage.end]
        assert passage.text == passage.text.strip()
        assert size_of(passage.text) <= MOST
        for place in range(passage.start, passage.end):
            assert not covered[passage.page][place], "in two passages"
            covered[passage.page][place] = True
    for number, page in pages.items():
        lost = [
            c for c, is_in in zip(page.text, covered[number], strict=True) if not is_in and not c.isspace()
        ]
        assert not lost


_TEXTS = st.text(alphabet="あ漢。、「」 \nAb.|-1９ー\u0301", max_size=900)
_KINDS = st.sampled_from(["heading", "paragraph", "list", "table", "code"])
_BLOCKS = st.lists(st.tuples(_KINDS, _TEXTS, st.integers(0, 4)), max_size=6)


@given(st.lists(_BLOCKS, max_size=3), st.text(max_size=20))
@settings(max_examples=150, deadline=None)
def test_any_document_is_covered_once_with_exact_places(blocks: list, title: str) -> None:  # type: ignore[type-arg]
    document = _document(*(_page(*each, number=n) for n, each in enumerate(blocks, 1)), title=title)
    _check(document, split(document))


@given(_TEXTS, st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), max_size=5))
@settings(max_examples=100, deadline=None)
def test_overlapping_and_missing_blocks_lose_nothing(text: str, spans: list[tuple[int, int]]) -> None:
    blocks = tuple(Block(kind="list", start=min(span), end=max(span)) for span in spans)
    document = _document(Page(number=1, text=text, blocks=blocks))
    _check(document, split(document))


def test_a_heading_begins_a_passage_and_its_path_holds_those_above() -> None:
    page = _page(
        ("heading", "旅費規程", 1),
        ("paragraph", "この規程は出張に適用する。", 0),
        ("heading", "日当", 2),
        ("paragraph", "日当は二千円とする。", 0),
        ("heading", "宿泊", 2),
        ("paragraph", "上限は一万円とする。", 0),
    )
    passages = split(_document(page, _page(("paragraph", "続き。", 0), number=2), title="規程集"))
    assert [passage.heading_path for passage in passages] == [
        ("規程集", "旅費規程"),
        ("規程集", "旅費規程", "日当"),
        ("規程集", "旅費規程", "宿泊"),
        ("規程集", "旅費規程", "宿泊"),
    ]
    assert passages[1].text == "日当\n\n日当は二千円とする。"
    assert indexed_text(passages[1]) == "規程集\n旅費規程\n日当\n\n日当は二千円とする。"


def test_what_marks_a_heading_is_in_no_passage() -> None:
    text = (
        "# 旅費 <!-- omit in toc -->\n\n本文。 # 1\n\n## <!-- x --> 日当 ##\n\n二千円。\n\n"
        "宿泊\n----\n\n一万円。\n\n## "
    )
    kinds: list[tuple[BlockKind, str, int]] = [
        ("heading", "旅費", 1), ("paragraph", "本文。 # 1", 0), ("heading", "日当", 2),
        ("paragraph", "二千円。", 0), ("heading", "宿泊", 2), ("paragraph", "一万円。", 0),
    ]  # fmt: skip
    blocks = [
        Block(kind=kind, start=text.index(words), end=text.index(words) + len(words), level=level)
        for kind, words, level in kinds
    ]
    passages = split(_document(Page(number=1, text=text, blocks=tuple(blocks))))
    assert [passage.text.replace("\n", "") for passage in passages] == [
        "旅費 <!-- omit in toc -->本文。 # 1", "日当 ##二千円。", "宿泊----一万円。##",
    ]  # fmt: skip
    assert [passage.heading_path[-1] for passage in passages] == ["旅費", "日当", "宿泊"]


def test_a_comment_in_a_heading_is_not_in_the_path() -> None:
    [passage] = split(_document(_page(("heading", "旅費 <!-- omit --> 規程", 1), ("paragraph", "本文。", 0))))
    assert passage.heading_path == ("旅費 規程",)


def test_a_heading_s_words_count_twice() -> None:
    [passage] = split(
        _document(_page(("heading", "旅費", 1), ("paragraph", "出張に適用する。", 0)), title="規程集")
    )
    assert [indexed_words(passage).count(word) for word in ("旅費", "規程", "出張")] == [2, 2, 1]


def test_paragraphs_are_cut_between_sentences_only() -> None:
    sentence = "これは出張の費用を定める文であり、誰にでも当てはまる。"
    passages = split(_document(_page(("paragraph", sentence * 40, 0))))
    assert len(passages) > 3
    assert all(passage.text.endswith("。") and len(passage.text) % len(sentence) == 0 for passage in passages)


def test_a_table_that_fits_stays_whole_and_a_long_one_bears_its_header_in_every_part() -> None:
    head = "| 品目 | 単価 |\n| --- | --- |"
    small = head + "".join(f"\n| 品{n} | {n}円 |" for n in range(8))
    large = head + "".join(f"\n| 品番第{n}号の部品 | {n * 111}円 |" for n in range(120))
    passages = split(_document(_page(("paragraph", "前書き。" * 40, 0), ("table", small, 0))))
    assert any(passage.text.endswith(small) for passage in passages)
    parts = split(_document(_page(("heading", "価格表", 1), ("table", large, 0))))
    assert len(parts) > 3
    assert all("| 品目 | 単価 |" in indexed_text(part) for part in parts)
    assert all(part.text.rstrip().endswith("|") for part in parts)
    assert indexed_text(parts[2]).count("品目") == 1


def test_a_sheet_does_not_inherit_the_headings_of_the_one_before() -> None:
    first = _page(("heading", "売上", 1), ("paragraph", "増えた。", 0), label="四月")
    second = _page(("paragraph", "減った。", 0), number=2, label="五月")
    assert [passage.heading_path for passage in split(_document(first, second))] == [
        ("四月", "売上"),
        ("五月",),
    ]


@pytest.mark.parametrize(
    ("text", "language"),
    [("The quick fox", "en"), ("速い狐", "ja"), ("ｶﾀｶﾅ", "ja"), ("GPUのRAM", "ja"), ("123", "en"), ("", "en"),
     ("The word 東 appears once in this long English sentence about directions.", "en")],
)  # fmt: skip
def test_language_by_script(text: str, language: str) -> None:
    assert language_of(text) == language
