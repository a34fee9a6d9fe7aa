"""Sentences against passages, by hand and on real questions whose answers are changed."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from yoriai.knowledge.nearness import units
from yoriai.knowledge.support import SUPPORTED, WEAK, Checker, claims, facts, score
from yoriai.types import Citation

DATA = Path(__file__).parents[3] / "shared/data"
DATA = DATA if DATA.is_dir() else Path("/work/shared/data")
RULES = (
    "勤続6か月の正社員には、年10日の有給休暇を与える。担当は鈴木花子である。通勤手当は月額5万円を上限とする。"
)
TICKETS = "A ticket costs 12 euros. Children under 6 pay nothing. Anna Berg sells them at the northern gate."


def citation(number: int, text: str) -> Citation:
    return Citation(
        number=number, document_id="d", document="d.txt", page=1, start=0, end=len(text), text=text,
        collection_id="c", score=1.0, file_id=None,
    )  # fmt: skip


async def nowhere(texts: Sequence[str]) -> npt.NDArray[np.float32] | None:
    return None


async def verdicts(answer: str, *passages: str, question: str = "") -> list[str]:
    checker = Checker([citation(n, text) for n, text in enumerate(passages, 1)], question)
    return [each.verdict for each in (await checker.check(answer, nowhere)).sentences]


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("正社員は年10日の有給休暇があります[1]。", "supported"),
        ("正社員は年12日の有給休暇があります[1]。", "unsupported"),
        ("正社員は年十日の有給休暇があります[1]。", "supported"),
        ("通勤手当の上限は月額50,000円です[1]。", "supported"),
        ("担当は田中太郎です[1]。", "unsupported"),
        ("担当は鈴木花子です。", "uncited"),
        ("A ticket costs 12 euros [2].", "supported"),
        ("A ticket costs twelve euros [2].", "supported"),
        ("A ticket costs 15 euros [2].", "unsupported"),
        ("A ticket costs 12 euros [1].", "unsupported"),
        ("Tickets are sold by Carl Berg [2].", "unsupported"),
        ("Tickets are sold at the northern gate [1][2].", "supported"),
        ("[2]", "unsupported"),
        ("Yes [2].", "weak"),
    ],
)
async def test_a_sentence_stands_or_falls_with_its_passage(answer: str, verdict: str) -> None:
    assert await verdicts(answer, RULES, TICKETS) == [verdict]


async def test_a_number_of_the_question_may_be_repeated() -> None:
    answer = "In 2026 a ticket costs 12 euros [1]."
    assert await verdicts(answer, TICKETS, question="What does a ticket cost in 2026?") == ["supported"]
    assert await verdicts(answer, TICKETS) == ["unsupported"]


async def test_a_value_of_the_document_is_no_answer_about_what_it_does_not_speak_of() -> None:
    assert await verdicts("社長の給料は月額5万円です[1]。", RULES, question="社長の給料はいくらですか？") == [
        "unsupported"
    ]
    assert await verdicts(
        "A grey parrot costs 12 euros [1].", TICKETS, question="What does a grey parrot cost?"
    ) == ["unsupported"]
    asked = "通勤手当の上限はいくらですか？"
    assert await verdicts("通勤手当の上限は月額5万円です[1]。", RULES, question=asked) == ["supported"]


PARTS = """number,name,supplier,price
KX-204,hinge left,Nakata Metal,420
MR-118,door seal,Ito Rubber,1250"""
PUMP = "# Filter\nClean it every 250 hours.\n# Pressure\nIt is 3.2 bar.\nThe pump is stored dry."


@pytest.mark.parametrize(
    ("question", "answer", "passage", "verdict"),
    [
        ("Who supplies the door seal?", "Ito Rubber supplies the door seal [1].", PARTS, "supported"),
        ("Who supplies the door seal?", "Nakata Metal supplies the door seal [1].", PARTS, "weak"),
        ("What is the pressure of the pump?", "The pressure of the pump is 3.2 bar [1].", PUMP, "supported"),
        (
            "How long is the guarantee of the pump?",
            "The guarantee of the pump is 250 hours [1].",
            PUMP,
            "weak",
        ),
    ],
)
async def test_a_value_is_doubted_that_stands_beside_nothing_that_it_is_said_of(
    question: str, answer: str, passage: str, verdict: str
) -> None:
    assert await verdicts(answer, passage, question=question) == [verdict]


async def test_what_the_question_is_about_may_stand_in_another_passage_of_the_document() -> None:
    checker = Checker(
        [citation(1, "It costs 12 euros."), citation(2, "Admission of parrots.")], "What do parrots cost?"
    )
    support = await checker.check("Parrots cost 12 euros [1].", nowhere)
    assert [each.verdict for each in support.sentences] != ["unsupported"]


async def test_across_languages_meaning_makes_it_weak_and_a_number_still_breaks_it() -> None:
    async def alike(texts: Sequence[str]) -> npt.NDArray[np.float32] | None:
        return np.ones((len(texts), 1), np.float32)

    checker = Checker([citation(1, TICKETS)], "")
    support = await checker.check("入場券の値段は12ユーロです[1]。入場券の値段は15ユーロです[1]。", alike)
    assert [each.verdict for each in support.sentences] == ["weak", "unsupported"]


def test_sentences_take_their_citations_with_them_and_code_is_none() -> None:
    answer = "# Title\nOne is so. [1] Two is so [2].\n\n[3]\n```\nx = [1]\n```\n- 三つ目です。[1][2]\n2. 四つ目です。"
    assert [answer[start:end] for start, end in claims(answer)] == [
        "One is so. [1]",
        "Two is so [2].\n\n[3]",
        "- 三つ目です。[1][2]",
        "2. 四つ目です。",
    ]


def test_real_answers_are_told_from_changed_ones() -> None:
    """JSQuAD, articles of even number (thresholds were chosen on the others)."""
    file = DATA / "jglue/jsquad-v1.3/valid-v1.3.json"
    if not file.is_file():
        pytest.skip(f"no data at {file}")
    chance = random.Random(1)
    true, elsewhere, changed, made_up, swapped = [], [], [], [], []
    unrelated = "昔話に出てくる鬼の名前"
    for article in json.loads(file.read_text("utf8"))["data"][0:60:2]:
        texts = [each["context"].rpartition(" [SEP] ")[2] for each in article["paragraphs"]]
        for text, paragraph in zip(texts, article["paragraphs"], strict=True):
            asked = paragraph["qas"][0]
            answer = asked["answers"][0]["text"]
            question, said = (
                facts(asked["question"]),
                facts(f"{asked['question'].rstrip('か?？。')}は{answer}です。"),
            )
            passage = replace(facts(text), units=units(text))
            true.append(score(said, passage, question))
            others = [each["answers"][0]["text"] for each in paragraph["qas"][1:]]
            for other_answer in [each for each in others if each != answer][:1]:
                swapped.append(
                    score(
                        facts(f"{asked['question'].rstrip('か?？。')}は{other_answer}です。"),
                        passage,
                        question,
                    )
                )
            made_up.append(score(facts(f"{unrelated}は{answer}です。"), facts(text), facts(unrelated)))
            if len(texts) > 1:
                other = chance.choice([each for each in texts if each != text])
                elsewhere.append(score(said, facts(other), question))
            if answer[:-1].isdecimal():
                wrong = facts(
                    f"{asked['question'].rstrip('か?？。')}は{int(answer[:-1]) + 1}{answer[-1]}です。"
                )
                changed.append(score(wrong, facts(text), question))
    assert share(true, WEAK) > 0.9
    assert share(true, SUPPORTED) > 0.9
    assert share(swapped, SUPPORTED) < 0.8  # another answer of the same passage
    assert share(elsewhere, SUPPORTED) < 0.05
    assert share(changed, WEAK) < 0.15
    assert share(made_up, WEAK) < 0.05


def share(scores: Sequence[float], least: float) -> float:
    assert len(scores) > 5
    return sum(each >= least for each in scores) / len(scores)
