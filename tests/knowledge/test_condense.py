import pytest

from yoriai.knowledge.condense import by_rule, condensed, joined, needs_model


@pytest.mark.parametrize(
    ("before", "last"),
    [
        ("How many days of leave do full-time employees get?", "And for part-timers?"),
        ("正社員の有給休暇は何日ですか？", "パートタイマーは？"),
        ("正社員の有給休暇は何日ですか？", "では、契約社員の場合は？"),
        ("What does a ticket cost?", "What about children under six?"),
    ],
)
def test_a_question_that_goes_on_is_also_searched_with_the_one_before(before: str, last: str) -> None:
    assert by_rule([before, last]) == (last, f"{before} {last}")


def test_a_chain_of_short_questions_keeps_its_subject() -> None:
    queries = by_rule(["正社員の有給休暇は何日ですか？", "パートタイマーは？", "契約社員は？"])
    assert "有給休暇" in queries[-1]


def test_a_conversation_of_any_length_is_no_chain_without_end() -> None:
    questions = ["正社員の有給休暇は何日ですか？", *["そして？"] * 1200, "契約社員は？"]
    assert by_rule(questions)[0] == "契約社員は？"


@pytest.mark.parametrize(
    "last", ["Where is the head office of the Yamada company?", "本社の所在地と電話番号を教えてください。"]
)
def test_a_question_that_stands_alone_is_searched_alone(last: str) -> None:
    assert by_rule(["How many days of leave do employees get?", last]) == (last,)


@pytest.mark.parametrize(
    "last", ["When was it founded?", "それはいつ設立されましたか？", "その会社の社長は誰ですか？"]
)
async def test_a_word_that_points_back_is_put_into_words_by_the_model(last: str) -> None:
    async def ask() -> str:
        return "Question: When was the Yamada company founded?\nbecause it …"

    questions = ["Who makes the bridge?", last]
    assert needs_model(questions)
    assert (await condensed(questions, ask))[0] == "When was the Yamada company founded?"


async def test_the_model_is_not_asked_where_a_rule_does() -> None:
    async def ask() -> str:
        raise AssertionError

    assert await condensed(["What does a ticket cost?", "And for children?"], ask)
    assert await condensed(["Was it so?"], ask) == ("Was it so?",)


@pytest.mark.parametrize("nonsense", ["", "\n\n", "…", "blah " * 200])
def test_what_is_no_question_is_not_searched(nonsense: str) -> None:
    questions = ["Who makes the bridge?", "When was it built?"]
    assert joined(questions, nonsense) == by_rule(questions)
