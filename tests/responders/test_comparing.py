"""Which answers are the same: numbers, choices and short texts of replies in Japanese and English."""

from __future__ import annotations

import csv
import json
import time
from pathlib import Path

import pytest

from yoriai.responders.comparing import answer_key, answer_line, ballots, kind_of, stated_answer
from yoriai.responders.options import options_in

DATA = Path("/work/shared/data")
HOW_MANY = "How many apples are left?"
WHICH = "Which is red? A) a cat B) an apple C) the sky"


@pytest.mark.parametrize(
    ("reply", "key"),
    [
        (r"so \boxed{1{,}200}", "1200"),
        (r"\boxed{\frac{3}{4}} of it", "0.75"),
        (r"$\boxed{18\text{ apples}}$", "18"),
        ("The answer is **18**.", "18"),
        ("The final answer is 10 + 8 = 18. It is even.", "18"),
        ("She has 10 - 5 = 5 left", "5"),
        ("Final answer: -5 dollars", "-5"),
        ("16 - 3 - 4 = 9\n#### $1,234.50", "1234.5"),
        ("about 1.2 million people", "1200000"),
        ("Answer: 2 1/2", "2.5"),
        ("Answer: 18.00", "18"),
        ("The answer is eighteen.", "18"),
        ("First 7, then 12.\n\nAnswer: 12\n", "12"),
        ("答え：１８個です。", "18"),
        ("**答え**：\n１，２００円", "1200"),
        ("答えは三個です", "3"),
        ("答え：二十三", "23"),
        ("8万ドルなので、答えは8万です。", "80000"),
        ("答えはマイナス3です", "-3"),
        ("残りは5個です。", "5"),
        ("I do not know.", ""),
        ("", ""),
    ],
)
def test_the_number_of_an_answer_has_one_spelling(reply: str, key: str) -> None:
    assert answer_key(reply, HOW_MANY) == key


@pytest.mark.parametrize(
    ("reply", "label"),
    [
        ("B", "B"),
        ("b)", "B"),
        ("**B**", "B"),
        ("B) an apple", "B"),
        ("The correct answer is B.", "B"),
        ("An apple", "B"),
        ("A cat sat there. I think (B)", "B"),
        ("The answer is (C) the sky, not A.", "C"),
        (r"\boxed{\text{C}}", "C"),
        ("A cat and an apple.", ""),
        ("D", ""),
        ("None of these.", ""),
    ],
)
def test_a_choice_is_named_by_its_label(reply: str, label: str) -> None:
    assert answer_key(reply, WHICH) == label


@pytest.mark.parametrize(
    ("reply", "key"),
    [
        ("The answer is Paris.", "paris"),
        ("  ＰＡＲＩＳ  ", "paris"),
        ("答え：パリです。", "パリ"),
        ("Answer: the moon", "moon"),
        ("はい、そうです。", "yes"),
        ("No, it is not.", "no"),
        ("答え：1945年", "1945"),
        ("It depends on many things. " * 9, ""),
    ],
)
def test_short_words_are_compared_without_case_width_and_copula(reply: str, key: str) -> None:
    assert answer_key(reply, "Which one?") == key


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("What is 3 plus 4?", "number"), ("What is 12 divided by 3?", "number"), ("3に4を足すと？", "number"),
        ("12を3で割ると？", "number"), ("Who came in 2020?", "text"), ("2020年から2021年にかけて何が起きた？", "text"),
    ],
)  # fmt: skip
def test_operations_in_words_ask_for_numbers(question: str, kind: str) -> None:
    assert kind_of(question) == kind


def test_votes_are_counted_and_the_first_answer_wins_a_tie() -> None:
    counted = ballots([("A", "1"), ("B", "2"), ("C", "2"), ("D", ""), ("E", "1"), ("F", "7")])
    assert [(each.answer, each.labels, each.share) for each in counted] == [
        ("1", ("A", "E"), 0.4), ("2", ("B", "C"), 0.4), ("7", ("F",), 0.2),
    ]  # fmt: skip
    assert ballots([("A", ""), ("B", "")]) == ()


@pytest.mark.parametrize("question", [HOW_MANY, WHICH, "首都はどこ？", "合計は何個ですか？"])
def test_the_line_that_is_asked_for_is_read_back(question: str) -> None:
    line = answer_line(question)
    mark = line[max(line.rfind("Answer"), line.rfind("答え")) :].replace(
        "…", "B7"[kind_of(question) == "number"]
    )
    assert stated_answer(f"… 3 or A …\n{mark}") in {"B", "7"}


@pytest.mark.parametrize(
    "text", ["1 " * 50_000, "A. " * 40_000, "答え：" * 30_000, "\\boxed{" * 20_000, "1,/" * 40_000]
)
def test_a_hostile_reply_is_read_in_linear_time(text: str) -> None:
    began = time.process_time()
    for question in (HOW_MANY, WHICH, text[:20_000]):
        answer_key(text, question)
    assert time.process_time() - began < 3


def data(name: str) -> Path:
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"{path} is not here")
    return path


def test_the_answers_of_gsm8k_are_read() -> None:
    rows = [json.loads(line) for line in data("gsm8k/test.jsonl").read_text("utf8").splitlines()]
    gold = [row["answer"].rpartition("####")[2].strip().replace(",", "") for row in rows]
    assert [answer_key(row["answer"], row["question"]) for row in rows] == gold
    assert sum(kind_of(row["question"]) == "number" for row in rows) >= 0.97 * len(rows)


def test_japanese_arithmetic_asks_for_numbers() -> None:
    lines = data("mgsm/mgsm_ja.tsv").read_text("utf8").splitlines()
    questions, gold = zip(*(line.split("\t") for line in lines), strict=True)
    assert sum(kind_of(question) == "number" for question in questions) >= 0.97 * len(questions)
    assert [answer_key(f"考えます。\n答え：{each}です。", HOW_MANY) for each in gold] == [
        each.replace(",", "") for each in gold
    ]


@pytest.mark.parametrize(
    "marks", ["A. |B. |C. |D. |E. ", "(A) |(B) |(C) |(D) |(E) ", "ア：|イ：|ウ：|エ：|オ：", "①|②|③|④|⑤"]
)
def test_japanese_choices_are_read_by_label_and_by_words(marks: str) -> None:
    lines = data("jglue/jcommonsenseqa-v1.3/valid-v1.3.json").read_text("utf8").splitlines()
    for row in map(json.loads, lines[:300]):
        words = [row[f"choice{number}"] for number in range(5)]
        listed = [mark + word for mark, word in zip(marks.split("|"), words, strict=True)]
        question = row["question"] + "\n" + "\n".join(listed)
        options, right = options_in(question), row["label"]
        assert list(options.values()) == words
        label = list(options)[right]
        replies = (
            words[right],
            f"答えは「{words[right]}」です。",
            listed[right],
            f"考えると…\n答え：{label}",
        )
        assert [answer_key(reply, question) for reply in replies] == [label] * 4


def test_questions_without_choices_list_none() -> None:
    with data("jmmlu/astronomy.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.reader(file))[1:]
    assert not [row[0] for row in rows if options_in(row[0])]
    listed = ["{}\nA. {}\nB. {}\nC. {}\nD. {}".format(*row[:5]) for row in rows]
    assert all(len(options_in(each)) == 4 for each in listed)
