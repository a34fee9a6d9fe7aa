"""Verdicts, and what is made from other models: never freer than any of them, whatever the order."""

from __future__ import annotations

import itertools
import random

import pytest

from yoriai.catalog import catalogue, licences
from yoriai.catalog.licences import ASPECTS, COMPONENTS, OF_LICENCE, Relation
from yoriai.catalog.openness import VERDICTS, Openness, assess, assess_file, inherit, is_free, verdict
from yoriai.catalog.policy import Policy
from yoriai.errors import ForbiddenError
from yoriai.i18n.catalogue import error_text

RECORDS = licences.load()
MODELS = [
    assess(RECORDS, family.name, licence)
    for family in RECORDS.families.values()
    for licence in family.licences
] + [assess(RECORDS, "Nobody knows it", "MIT"), assess(RECORDS, "OLMo", "nobody knows it")]
# From the freest to the strictest, told here a second time.
GRANTED, DEMANDED = ["yes", "unknown", "conditional", "no"], ["no", "unknown", "conditional", "yes"]
ALL_ON: Relation = "merging"


def strictness(openness: Openness, aspect: str) -> int:
    order = DEMANDED if aspect in {"user_limit", "attribution"} else GRANTED
    return order.index(openness.findings[aspect].value)


def facts(openness: Openness) -> object:
    return {aspect: set(found.reasons) for aspect, found in openness.findings.items()}


def merged(*parents: Openness) -> Openness:
    """Nothing but a merge: it adds no licence and no publication of its own."""
    return inherit(parents[0], [(parent, ALL_ON) for parent in parents[1:]])


# ---- verdicts ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("family", "licence", "expected"),
    [
        ("OLMo", "Apache-2.0", "open_source_ai"),
        ("SmolLM3", "Apache-2.0", "open_source_ai"),
        ("OLMo", "CC-BY-NC-4.0", "restricted"),
        ("OLMo 2 Instruct", "Apache-2.0", "restricted"),  # its card: additional terms, Gemma's
        ("OLMo 3 Instruct", "Apache-2.0", "open_weights"),
        ("DeepSeek-R1-Distill-Llama-70B", "MIT", "restricted"),
        ("SmolLM2", "Apache-2.0", "open_weights"),
        ("LLM-jp", "Apache-2.0", "open_weights"),
        ("Qwen2.5-Coder", "Apache-2.0", "open_weights"),
        ("Qwen2.5", "Qwen Research License", "restricted"),
        ("Gemma 3", "Gemma", "restricted"),
        ("Gemma 4", "Apache-2.0", "open_weights"),
        ("Llama 3.2", "Llama 3.2 Community License", "restricted"),
        ("Phi-4", "MIT", "open_weights"),
        ("gpt-oss", "Apache-2.0", "open_weights"),
        ("DeepSeek-R1", "MIT", "open_weights"),
        ("DeepSeek-V3", "DeepSeek Model License", "restricted"),
        ("Codestral", "Mistral Non-Production License", "restricted"),
        ("Mistral Small", "Apache-2.0", "open_weights"),
        ("LFM2.5", "LFM Open License v1.0", "restricted"),
        ("Sarashina2.2", "MIT", "open_weights"),
        ("Sarashina2.1", "Sarashina NonCommercial License", "restricted"),
        ("RakutenAI-7B", "Apache-2.0", "open_weights"),
        ("Nobody knows it", "MIT", "open_weights"),
        ("OLMo", "nobody knows it", "unknown"),
    ],
)
def test_the_verdict_on_a_model(family: str, licence: str, expected: str) -> None:
    assert verdict(assess(RECORDS, family, licence)) == expected


@pytest.mark.parametrize("openness", MODELS, ids=lambda each: f"{each.model}, {each.licence}")
def test_open_source_ai_is_said_only_where_everything_is_a_yes(openness: Openness) -> None:
    seven = [openness.findings[a].value for a in ("use", "study", "modify", "share", *COMPONENTS)]
    assert (verdict(openness) == "open_source_ai") == (seven == ["yes"] * 7)


def test_what_is_not_published_limits_the_freedom_to_study_and_says_so() -> None:
    study = assess(RECORDS, "Phi-4", "MIT").findings["study"]
    assert study.value == "conditional"
    assert {reason.source for reason in study.reasons} == {"Phi-4"}


def test_two_licences_that_hold_together_are_both_named() -> None:
    both = assess(RECORDS, "Llama 3.1 Swallow Instruct", "Llama 3.1 Community License and Gemma")
    assert {reason.source for reason in both.findings["share"].reasons} == {
        "Gemma Terms of Use",
        "Llama 3.1 Community License",
    }


# ---- made from others -------------------------------------------------------------------------------------
def test_a_permissive_label_does_not_free_a_model_from_its_parents() -> None:
    distilled = assess(RECORDS, "DeepSeek-R1-Distill-Llama-8B", "MIT")
    assert verdict(distilled) == "restricted"
    assert distilled.findings["user_limit"].value == "yes"
    assert [(step.parent, step.how) for step in distilled.chain] == [
        ("Llama 3.1", "training"),
        ("DeepSeek-R1", "outputs"),
    ]


@pytest.mark.parametrize(
    ("family", "parents"),
    [
        ("DeepSeek-R1-Distill-Llama-70B", ["Llama 3.3", "DeepSeek-R1"]),
        ("deepseek-r1-distill-llama", ["Llama 3.1", "Llama 3.3", "DeepSeek-R1"]),  # of which size isn't said
        ("OLMo-2-1124-7B-Instruct", ["OLMo", "Gemma"]),
        ("Olmo-3-7B-Think", ["OLMo"]),
    ],
)
def test_a_model_names_what_it_was_made_from(family: str, parents: list[str]) -> None:
    assert [step.parent for step in assess(RECORDS, family, "").chain] == parents


def test_a_model_trained_on_instructions_is_told_from_its_base() -> None:
    names = ["OLMo 2 1124 7B Instruct", "OLMo 2 1124 13B DPO", "OLMo 2 1124 7B", "Olmo 3 32B Think"]
    found = [family.name for name in names if (family := RECORDS.family_of_model(name))]
    assert found == ["OLMo 2 Instruct", "OLMo 2 Instruct", "OLMo", "OLMo 3 Instruct"]


def test_the_chain_goes_back_to_the_first_ancestor() -> None:
    swallow = assess(RECORDS, "Llama 3.1 Swallow Instruct", "Llama 3.1 Community License and Gemma")
    assert [(step.model, step.parent, step.how) for step in swallow.chain] == [
        ("Llama 3.1 Swallow Instruct", "Llama 3.1 Swallow", "training"),
        ("Llama 3.1 Swallow", "Llama 3.1", "training"),
        ("Llama 3.1 Swallow Instruct", "Gemma 2", "outputs"),
    ]
    assert swallow.chain[2].licence == "Gemma Terms of Use"


@pytest.mark.parametrize("how", ["training", "merging", "distillation", "outputs"])
def test_nothing_made_from_a_model_is_freer_than_its_licence(how: Relation) -> None:
    aspects = OF_LICENCE if how == "outputs" else ASPECTS
    for own, parent in itertools.product(MODELS, repeat=2):
        made = inherit(own, [(parent, how)])
        for aspect in ASPECTS:
            assert strictness(made, aspect) >= strictness(own, aspect)
        for aspect in aspects:
            if how != "outputs" or aspect != "study":
                assert strictness(made, aspect) >= strictness(parent, aspect)
        assert VERDICTS.index(verdict(made)) >= VERDICTS.index(verdict(own))
        if how != "outputs":
            assert VERDICTS.index(verdict(made)) >= VERDICTS.index(verdict(parent))


def test_the_strictest_parent_decides_and_no_more_than_it() -> None:
    for parents in itertools.product(MODELS[:12], repeat=2):
        made = merged(*parents)
        for aspect in ASPECTS:
            assert strictness(made, aspect) == max(strictness(each, aspect) for each in parents)


def test_the_order_and_the_grouping_of_parents_change_nothing() -> None:
    draw = random.Random(3)
    for _ in range(300):
        a, b, c = draw.choices(MODELS, k=3)
        expected = facts(merged(a, b, c))
        assert facts(merged(c, b, a)) == expected
        assert facts(merged(merged(a, b), c)) == expected
        assert facts(merged(a, merged(b, c))) == expected


def test_a_model_merged_with_itself_stays_what_it_is() -> None:
    for each in MODELS:
        assert facts(merged(each, each)) == facts(each)


def test_training_on_outputs_does_not_hide_the_data_of_the_trained_model() -> None:
    made = inherit(
        assess(RECORDS, "OLMo", "Apache-2.0"), [(assess(RECORDS, "Qwen3", "Apache-2.0"), "outputs")]
    )
    assert verdict(made) == "open_source_ai"
    assert [step.parent for step in made.chain] == ["Qwen3"]


# ---- files of one's own -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("family", "licence", "expected"),
    [
        ("llama", "", "unknown"),  # an architecture is no family
        ("My own", "apache-2.0", "open_weights"),
        ("SmolLM3", "apache-2.0", "open_weights"),  # what was made from it need not be published like it
        ("Gemma 3", "mit", "restricted"),  # it may derive from Gemma: then Gemma's terms hold
        ("My own", "llama3.2", "restricted"),
        ("My own", "other", "unknown"),
    ],
)
def test_a_local_file_is_judged_by_its_metadata(family: str, licence: str, expected: str) -> None:
    assert verdict(assess_file(RECORDS, family, licence)) == expected


@pytest.mark.parametrize(
    ("base", "expected", "licence"),
    [
        ("Llama 3.1 8B Instruct", "restricted", "Llama 3.1"),
        ("gemma-2-9b-it", "restricted", "Gemma"),
        ("Mistral 7B v0.3", "open_weights", "Apache"),
        ("Model X that nobody knows", "unknown", ""),
    ],
)
def test_a_file_inherits_from_the_models_that_it_names(base: str, expected: str, licence: str) -> None:
    found = assess_file(RECORDS, "my-tune", "apache-2.0", [base])
    assert verdict(found) == expected
    assert found.chain[0].parent == base
    assert licence in found.chain[0].licence


# ---- what an administrator allows -------------------------------------------------------------------------
def test_only_allowed_verdicts_pass() -> None:
    entries = catalogue.load()
    strict = Policy(RECORDS, ("open_source_ai", "open_weights"))
    strict.check(entries["smollm3-3b"])
    strict.check(entries["qwen3.5-4b"])
    with pytest.raises(ForbiddenError) as caught:
        strict.check(entries["gemma-3-270m"])
    for language in ("en", "ja"):
        said = error_text(caught.value, language)
        assert "restricted" in said
        assert "open_source_ai, open_weights" in said
        assert "YORIAI_CATALOG__ALLOWED_VERDICTS" in said


def test_without_a_choice_everything_passes() -> None:
    assert all(Policy(RECORDS).allows(entry) for entry in catalogue.load().values())


def test_every_answer_of_the_freest_kind_is_known_as_such() -> None:
    assert is_free("share", "yes")
    assert is_free("attribution", "no")
    assert not is_free("attribution", "yes")
