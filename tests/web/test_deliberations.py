"""What the page says of a deliberation: in both languages, nothing lost, nothing that a model wrote as markup."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, get_args

import pytest

from deliberating import COUNCIL, TREE, VOTE
from yoriai.deliberation import Contribution, ContributionState, Cost, Deliberation, Method
from yoriai.types import Language, Stage
from yoriai.web import deliberations
from yoriai.web.transcript import deliberation_panel, stage_text
from yoriai.web.visitor import Visitor

LANGUAGES: tuple[Language, ...] = ("en", "ja")


def panel(found: Deliberation, language: Language = "en", *, running: bool = False) -> dict[str, Any]:
    shown = deliberation_panel(found, language, running=running)
    assert shown is not None
    json.dumps(shown)  # it goes to the browser
    return shown


def test_a_model_by_itself_has_no_panel() -> None:
    assert deliberation_panel(None, "en", running=False) is None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("method", get_args(Method))
def test_every_method_has_its_words(method: Method, language: Language) -> None:
    assert panel(Deliberation(method=method), language)["title"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", get_args(ContributionState))
def test_every_state_has_its_words(state: ContributionState, language: Language) -> None:
    found = Deliberation(method="vote", contributions=(Contribution(label="A", name="a", state=state),))
    (member,) = panel(found, language, running=True)["members"]
    assert (member["state"], bool(member["stateText"])) == (state, True)


def test_who_was_still_at_it_when_all_was_stopped_has_stopped() -> None:
    found = Deliberation(method="vote", contributions=(Contribution(label="A", name="a", state="running"),))
    assert panel(found)["members"][0]["state"] == "stopped"


def test_who_says_nothing_of_a_claim_is_silent_and_who_was_left_out_has_no_column() -> None:
    claims = panel(COUNCIL)["claims"]
    assert [head["label"] for head in claims["heads"]] == ["A", "B"]
    third = replace(COUNCIL, claims=(replace(COUNCIL.claims[0], differ=()),))
    assert [cell["name"] for cell in panel(third)["claims"]["rows"][0]["cells"]] == ["agree", "silent"]


def test_what_all_agree_on_is_counted_and_the_letters_are_explained() -> None:
    assert "all agree on 1 of 2 claims" in panel(COUNCIL)["summary"]
    assert [each["label"] for each in panel(COUNCIL)["legend"]] == ["A", "B", "C", "D"]
    assert panel(VOTE)["legend"] == []


def test_who_was_left_out_is_named_with_the_reason() -> None:
    first, second = panel(COUNCIL)["leftOut"]
    assert first.startswith("Left out: C · smollm2-135m. ")
    assert second.startswith("Left out: D · gemma-3-270m. ")


def test_texts_of_members_are_cleaned_as_answers_are() -> None:
    html = "".join(block for member in panel(COUNCIL)["members"] for block in member["blocks"])
    assert "<strong>Ten</strong>" in html
    assert "<table>" in html
    assert "<img" not in html


def test_names_do_not_turn_the_writing_direction() -> None:
    found = Deliberation(
        method="vote", contributions=(Contribution(label="A", name="a\u202eb"),), chair="c\u202ed"
    )
    assert "\u202e" not in json.dumps(panel(found), ensure_ascii=False)


def test_the_cost_stands_beside_the_single_members() -> None:
    shown = panel(COUNCIL)
    assert [row["tokens"] for row in shown["cost"]] == ["1,200", "52"]
    assert shown["ratio"] == "23.1× the tokens and 5.0× the time of qwen2.5-coder-1.5b alone"
    assert panel(replace(COUNCIL, single=Cost()))["ratio"] == ""


def test_votes_and_nodes_keep_their_numbers() -> None:
    assert [(each["answer"], each["votes"]) for each in panel(VOTE)["ballots"]] == [
        ("10", "votes: 2 (67%)"), ("9", "votes: 1 (33%)"),
    ]  # fmt: skip
    nodes = panel(TREE)["nodes"]
    assert [(each["id"], each["parent"]) for each in nodes] == [(0, None), (1, 0), (2, 0), (3, 1), (4, 1)]
    assert nodes[3]["figures"] == "value 1.00 · 3 visits · prior 0.90 · an answer · chosen"


def test_while_many_samples_run_their_texts_are_not_sent_again_and_again() -> None:
    many = replace(VOTE, contributions=VOTE.contributions * 4)
    assert not any(each["blocks"] for each in panel(many, running=True)["members"])
    assert all(each["blocks"] for each in panel(many)["members"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_stage_has_its_words(language: Language) -> None:
    visitor = Visitor(language=language, theme="auto", session="", accounts=None)  # type: ignore[arg-type]
    for name in get_args(Stage.__annotations__["name"]) or ("members", "reviewing", "settling", "sampling", "scoring",
                                                            "exploring", "repairing"):  # fmt: skip
        assert stage_text(Stage(name=name, detail="A"), visitor)


def test_words_that_never_change_are_there_in_both_languages() -> None:
    english, japanese = (deliberations.labels(language) for language in LANGUAGES)
    assert english.keys() == japanese.keys()
