from datetime import UTC, datetime
from typing import Any

import pytest

from yoriai.knowledge.split import size_of
from yoriai.knowledge.whole import PageOf, asked_for, parts, pieces, rewrites
from yoriai.records import KnownDocument


def document(name: str, title: str = "") -> KnownDocument:
    return KnownDocument(
        id=name, collection_id="c", file_id=None, name=name, source="", sha256="", size_bytes=1, status="ready",
        title=title, added_at=datetime.now(UTC),
    )  # fmt: skip


LONG = "\n\n".join(
    f"第{n}条　甲は乙に対し、第{n}号の書面を交付する。Section {n} is kept. " + "あ" * n for n in range(1, 90)
)


def test_pieces_hold_every_visible_character_once_and_are_found_on_their_page() -> None:
    page = PageOf(document=document("a.txt"), number=3, text=LONG)
    found = pieces([page], most=120)
    assert all(LONG[each.start : each.end] == each.text and each.page == 3 for each in found)
    assert "".join("".join(each.text for each in found).split()) == "".join(LONG.split())
    assert [each.number for each in found] == list(range(1, len(found) + 1))
    assert max(size_of(each.text) for each in found) <= 121


def test_a_sentence_without_end_is_cut_all_the_same() -> None:
    found = pieces([PageOf(document=document("a.txt"), number=1, text="字" * 5000)], most=100)
    assert sum(len(each.text) for each in found) == 5000
    assert len(found) >= 40


class Counted(str):
    """Counts the characters that are taken out of it."""

    taken = 0

    def __getitem__(self, place: Any) -> str:
        part = super().__getitem__(place)
        self.taken += len(part)
        return part


def test_a_text_is_not_measured_anew_for_every_sentence() -> None:
    text = Counted("甲は乙に書面を交付する。" * 3000)
    assert len(pieces([PageOf(document=document("a.txt"), number=1, text=text)])) > 40
    assert text.taken < 8 * len(text)


def test_parts_are_of_one_document_and_in_order() -> None:
    pages = [PageOf(document=document(name), number=1, text=LONG) for name in ("a.txt", "b.txt")]
    groups = parts(pieces(pages, most=100), 500)
    assert all(len({each.document_id for each in group}) == 1 for group in groups)
    assert [each.number for group in groups for each in group] == list(range(1, sum(map(len, groups)) + 1))
    assert max(sum(size_of(each.text) for each in group) for group in groups) <= 500


@pytest.mark.parametrize(
    ("question", "is_rewriting"),
    [
        ("この文書を英語に翻訳してください。", True),
        ("Translate the report into Japanese.", True),
        ("誤字を直してください。", True),
        ("Proofread this, please", True),
        ("この文書を要約してください。", False),
        ("What is the correct procedure?", False),
        ("誰が署名しましたか？", False),
        ("Please proofread this, and keep the headings.", True),
        ("Could you translate it into Japanese?", True),
        ("I need an English translation.", True),
        ("この文書の英訳", True),
        ("翻訳してもらえますか？", True),
        ("全文の校正をお願いします", True),
        ("誤字脱字を直してください", True),
        ("Summarise what the document says about translation", False),
        ("Proofread it, then give me a summary", False),
        ("Who translated it?", False),
        ("What does it say on how to rewrite a letter?", False),
        ("翻訳の担当者は誰ですか", False),
        ("校正した人は誰ですか", False),
        ("英訳して要点をまとめてください", False),
        ("書き直しが必要な点は？", False),
    ],
)
def test_what_is_written_anew_is_told_from_what_is_asked_about(question: str, is_rewriting: bool) -> None:
    assert rewrites(question) is is_rewriting


def test_documents_that_are_named_are_meant_alone() -> None:
    all_of_them = [
        document("rules 2026.docx"),
        document("就業規則.pdf"),
        document("x.pdf", title="Annual Report"),
    ]
    assert asked_for(all_of_them, ["Summarise Rules 2026.docx"]) == all_of_them[:1]
    assert asked_for(all_of_them, ["「就業規則」を要約して", "もっと短く"]) == all_of_them[1:2]
    assert asked_for(all_of_them, ["Shorten the annual report"]) == all_of_them[2:]
    assert asked_for(all_of_them, ["要約して"]) == all_of_them
