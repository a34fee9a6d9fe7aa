"""A reasoner's name, read; and what is said of one that can't be."""

from __future__ import annotations

import pytest

from yoriai.errors import UsageError
from yoriai.i18n.catalogue import error_text
from yoriai.responders.naming import around, parse


@pytest.mark.parametrize(
    ("name", "method", "size", "scorer", "inner"),
    [
        ("reasoner:best-of-8(qwen2.5-coder-0.5b)", "best_of", 8, "judge", "qwen2.5-coder-0.5b"),
        ("reasoner:best-of-4+citations(assistant:旅費規程)", "best_of", 4, "citations", "assistant:旅費規程"),
        ("reasoner:self-consistency-9(council:a (old))", "self_consistency", 9, "agreement", "council:a (old)"),
        ("reasoner:tree-32+judge(reasoner:repair-2(a/b))", "tree", 32, "judge", "reasoner:repair-2(a/b)"),
        ("reasoner:best-of-8+tests(a)", "best_of", 8, "tests", "a"),
        ("reasoner:repair-3+tests(a)", "repair", 3, "tests", "a"),
        ("reasoner:repair-3+checks( smollm2-135m )", "repair", 3, "checks", "smollm2-135m"),
    ],
)  # fmt: skip
def test_a_name_says_how_often_by_whom_and_of_whom(
    name: str, method: str, size: int, scorer: str, inner: str
) -> None:
    plan = parse(name)
    assert (plan.method, plan.size, plan.scorer, plan.inner, plan.name) == (method, size, scorer, inner, name)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("reasoner:", "best-of, self-consistency, tree, repair"),
        ("reasoner:best-of-8", "reasoner:METHOD-NUMBER(RESPONDER)"),
        ("reasoner:guess-8(a)", "best-of, self-consistency"),
        ("reasoner:best-of-8()", "reasoner:METHOD-NUMBER(RESPONDER)"),
        ("reasoner:best-of-1(a)", "from 2 to 64, not 1"),
        ("reasoner:tree-9999(a)", "from 2 to 128, not 9999"),
        ("reasoner:self-consistency-4+judge(a)", "agreement"),
        ("reasoner:tree-4+tests(a)", "agreement, judge, citations."),
        ("reasoner:best-of-4+luck(a)", "judge, pairs, agreement, citations, tests"),
    ],
)
def test_a_wrong_name_is_told_what_is_possible(name: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(name)
    assert said in error_text(caught.value, "en")
    assert caught.value.param == "model"


def test_the_responder_inside_can_be_called_by_another_name() -> None:
    assert around("reasoner:tree-4(a)", "assistant:1f") == "reasoner:tree-4(assistant:1f)"
    assert around("reasoner:best-of-2(best-of-2)", "b") == "reasoner:best-of-2(b)"
