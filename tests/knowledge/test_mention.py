"""Whether documents speak of what a question names, by hand and on real questions."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from yoriai.knowledge.mention import mentioning
from yoriai.types import Citation

DATA = Path(__file__).parents[3] / "shared/data"
DATA = DATA if DATA.is_dir() else Path("/work/shared/data")
SETS = {"ja": "jglue/jsquad-v1.3/valid-v1.3.json", "en": "xquad_en/xquad.en.json"}
TOKYO = "東京支店の受付は9時に始まる。"
BERLIN = "The office in Berlin opens at 9. Ms Novak keeps the keys."


def citation(number: int, text: str, document: str = "") -> Citation:
    return Citation(
        number=number, document_id=document or f"d{number}", document=document or f"d{number}.txt", page=1, start=0,
        end=len(text), text=text, collection_id="c", score=1.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("question", "numbers"),
    [
        ("東京支店の受付は何時からですか？", {1, 2}),
        ("大阪支店の受付は何時からですか？", {2}),  # the other is in another language: it can't be told
        ("受付は何時からですか？", {1, 2}),
        ("When does the office in Berlin open?", {1, 2}),
        ("When does the office in Osaka open?", {1}),
        ("Who is it that Novak gave keys of Berlin to?", {1, 2}),
        ("My name is Carl Brandt from Hamburg. When does the office open?", {1, 2}),
    ],
)
def test_a_document_without_the_names_of_a_question_has_no_answer(question: str, numbers: set[int]) -> None:
    assert mentioning(question, [citation(1, TOKYO), citation(2, BERLIN)]) == numbers


def test_a_name_may_stand_in_another_passage_of_the_document_or_in_its_title() -> None:
    passages = [
        citation(1, "It opens at 9.", "rules of Berlin.txt"),
        citation(2, "The branch in Bremen.", "b"),
        citation(3, "Bremen again.", "b"),
    ]
    assert mentioning("When does the branch of Berlin open?", passages) == {1}
    assert mentioning("When does the branch of Bremen open?", passages) == {2, 3}


@pytest.mark.parametrize("language", ["ja", "en"])
def test_real_questions_are_held_by_their_own_passages_only(language: str) -> None:
    if not (DATA / SETS[language]).is_file():
        pytest.skip(f"no {SETS[language]}: see shared/data/README.md")
    asked = [
        (number, f"{entry.get('title', '')}\n{paragraph['context']}", question["question"])
        for number, entry in enumerate(json.loads((DATA / SETS[language]).read_text("utf8"))["data"])
        for paragraph in entry["paragraphs"] for question in paragraph["qas"]
    ]  # fmt: skip
    random.Random(3).shuffle(asked)
    own = other = told = 0
    for (one, passage, question), (two, elsewhere, _) in zip(asked[:200], asked[200:400], strict=True):
        if one == two:
            continue
        own += bool(mentioning(question, [citation(1, passage)]))
        other += bool(mentioning(question, [citation(1, elsewhere)]))
        told += 1
    assert own >= 0.97 * told
    assert other <= 0.75 * told  # the rest names nothing
