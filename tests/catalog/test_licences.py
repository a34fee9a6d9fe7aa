"""The records: complete, in both languages, with a clause and a link; spot checks against the licences' own words."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from yoriai.catalog import catalogue, licences
from yoriai.catalog.catalogue import Entry
from yoriai.catalog.licences import ASPECTS, COMPONENTS, FREEDOMS, OF_LICENCE, Answer, Family, Licence

RECORDS = licences.load()
# Families that people ask for.
EXPECTED = [
    "Llama 2", "Llama 3", "Llama 3.1", "Llama 3.2", "Llama 3.3", "Llama 4", "Gemma", "Gemma 2", "Gemma 3", "Gemma 4",
    "Phi-2", "Phi-3.5", "Phi-4", "Qwen2.5", "Qwen3", "Qwen3.5", "DeepSeek-V3", "DeepSeek-R1", "Mistral", "Codestral",
    "Mistral Large", "gpt-oss", "OLMo", "SmolLM2", "SmolLM3", "LLM-jp", "Swallow", "Llama 3.1 Swallow Instruct",
    "TinySwallow", "ELYZA Llama 3", "Sarashina2.1", "Sarashina2.2", "PLaMo 2 8B", "PLaMo 2 1B", "RakutenAI-7B",
]  # fmt: skip

every_licence = pytest.mark.parametrize("licence", RECORDS.licences.values(), ids=lambda each: each.name)
every_family = pytest.mark.parametrize("family", RECORDS.families.values(), ids=lambda each: each.name)
every_entry = pytest.mark.parametrize("entry", catalogue.load().values(), ids=lambda entry: entry.name)


def check(answer: Answer) -> None:
    assert answer.en.isascii() or "“" in answer.en
    assert answer.en.endswith(".")
    assert not answer.ja.isascii()
    assert answer.ja.endswith(("。", "）。"))
    assert answer.clause


# ---- complete ---------------------------------------------------------------------------------------------
@every_licence
def test_a_licence_answers_everything_in_both_languages_with_its_clause_and_a_link(licence: Licence) -> None:
    assert urlsplit(licence.link).scheme == "https"
    assert licence.title
    if licence.all_of:
        assert set(licence.all_of) <= RECORDS.licences.keys()
        return
    assert tuple(licence.answers) == OF_LICENCE
    for answer in licence.answers.values():
        check(answer)


@every_licence
def test_an_unknown_answer_is_never_called_verified(licence: Licence) -> None:
    assert not [
        answer for answer in licence.answers.values() if answer.answer == "unknown" and answer.verified
    ]


@every_family
def test_a_family_says_what_is_published_and_what_it_was_made_from(family: Family) -> None:
    assert urlsplit(family.link).scheme == "https"
    assert set(COMPONENTS) <= family.answers.keys() <= set(ASPECTS)
    for answer in family.answers.values():
        check(answer)
    assert set(family.licences) <= RECORDS.licences.keys()
    for parent in family.parents:
        assert parent.licence in RECORDS.families[parent.family].licences


@every_family
def test_no_family_descends_from_itself(family: Family) -> None:
    def ancestors(name: str, depth: int = 0) -> set[str]:
        assert depth < 10
        parents = {parent.family for parent in RECORDS.families[name].parents}
        return parents.union(*(ancestors(parent, depth + 1) for parent in parents))

    assert family.name not in ancestors(family.name)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_families_that_people_ask_for_are_there(name: str) -> None:
    assert name in RECORDS.families


@every_entry
def test_every_entry_of_the_catalogue_has_a_licence_and_a_family(entry: Entry) -> None:
    family = RECORDS.family(entry.family)
    assert entry.licence in RECORDS.licences  # by its own name: that is what people read in the list
    assert family is not None
    assert entry.licence in family.licences


# ---- names ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("apache-2.0", "Apache-2.0"),
        ("Apache  License 2.0", "Apache-2.0"),
        ("MIT", "MIT"),
        ("llama3.2", "Llama 3.2 Community License"),
        ("gemma", "Gemma"),
        ("qwen-research", "Qwen Research License"),
        ("cc-by-nc-4.0", "CC-BY-NC-4.0"),
    ],
)
def test_a_licence_is_found_as_files_write_it(name: str, expected: str) -> None:
    found = RECORDS.licence(name)
    assert found is not None
    assert found.name == expected


@pytest.mark.parametrize("name", ["", "other", "unknown", "Apache", "llama"])
def test_a_name_that_says_too_little_finds_nothing(name: str) -> None:
    assert RECORDS.licence(name) is None


# ---- spot checks by clause --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("licence", "aspect", "answer", "clause"),
    [
        ("Apache-2.0", "attribution", "yes", "4(d)"),
        ("Apache-2.0", "use", "yes", "2"),
        ("MIT", "attribution", "yes", "second paragraph"),
        ("CC-BY-4.0", "attribution", "yes", "3(a)"),
        ("CC-BY-SA-4.0", "share", "yes", "3(b)"),
        ("CC-BY-NC-4.0", "commercial_use", "no", "1(i)"),
        ("Llama 2 Community License", "outputs_train", "no", "1.b.v"),
        ("Llama 2 Community License", "user_limit", "yes", "2"),
        ("Llama 3 Community License", "outputs_train", "no", "1.b.v"),
        ("Llama 3.1 Community License", "outputs_train", "conditional", "1.b.i"),
        ("Llama 3.2 Community License", "use", "conditional", "use policy"),
        ("Llama 3.3 Community License", "attribution", "yes", "1.b.iii"),
        ("Llama 4 Community License", "user_limit", "yes", "2"),
        ("Gemma", "use", "conditional", "3.2"),
        ("Gemma", "share", "conditional", "3.1"),
        ("Gemma", "outputs_train", "conditional", "1.1(e)(iii)"),
        ("Microsoft Research License", "share", "no", "1(c)"),
        ("Qwen License", "user_limit", "yes", "4"),
        ("Qwen License", "outputs_train", "conditional", "5.b"),
        ("Qwen Research License", "commercial_use", "no", "2.b"),
        ("Qwen Research License", "redistribution", "conditional", "3"),
        ("Qwen Research License", "attribution", "yes", "3.c"),
        ("Llama 3.2 Community License", "redistribution", "conditional", "use policy"),
        ("Llama 4 Community License", "commercial_use", "conditional", "use policy"),
        ("Tongyi Qianwen License", "outputs_train", "no", "5.b"),
        ("DeepSeek Model License", "use", "conditional", "Attachment A"),
        ("DeepSeek Model License", "commercial_use", "yes", "4"),
        ("Mistral Research License", "use", "conditional", "3.2"),
        ("Mistral Research License", "outputs_train", "conditional", "4.2"),
        ("Mistral Non-Production License", "commercial_use", "no", "3.2"),
        ("LFM Open License v1.0", "attribution", "yes", "4(a)"),
        ("PLaMo Community License", "use", "conditional", "3(3)"),
    ],
)
def test_an_answer_stands_on_its_clause(licence: str, aspect: str, answer: str, clause: str) -> None:
    found = RECORDS.licences[licence].answers[aspect]
    assert found.answer == answer
    assert clause in found.clause
    assert found.verified


@pytest.mark.parametrize(
    ("licence", "number"), [("Llama 4 Community License", "700 million"), ("Qwen License", "100 million")]
)
def test_a_limit_of_users_says_its_number(licence: str, number: str) -> None:
    assert number in RECORDS.licences[licence].answers["user_limit"].en


@pytest.mark.parametrize("licence", ["Llama 3.2 Community License", "Llama 4 Community License"])
def test_what_meta_does_not_license_in_the_eu_is_said(licence: str) -> None:
    answers = RECORDS.licences[licence].answers
    for aspect in ("use", "modify", "share", "commercial_use", "redistribution"):
        assert "EU" in answers[aspect].en
        assert "EU" in answers[aspect].ja
    assert "end users" in answers["use"].en
    assert "エンドユーザー" in answers["use"].ja
    assert "EU" not in RECORDS.licences["Llama 3.1 Community License"].answers["use"].en


def test_the_qwen_research_license_is_for_non_commercial_purposes_in_every_answer() -> None:
    answers = RECORDS.licences["Qwen Research License"].answers
    for aspect in ("modify", "share", "redistribution", "outputs_train"):
        assert "non-commercial" in answers[aspect].en
        assert "非営利" in answers[aspect].ja
    assert "Research License" in answers["attribution"].en


def test_a_licence_like_another_takes_over_answers_but_neither_name_nor_link() -> None:
    newer, older = (RECORDS.licences[f"Llama {version} Community License"] for version in ("3.3", "3.1"))
    assert newer.answers == older.answers
    assert newer.link != older.link
    assert not set(newer.aliases) & set(older.aliases)


def test_bare_yes_and_no_are_words_here() -> None:
    answers = {answer.answer for record in RECORDS.licences.values() for answer in record.answers.values()}
    assert answers == {"yes", "conditional", "no", "unknown"}
    assert set(FREEDOMS) <= set(OF_LICENCE)
