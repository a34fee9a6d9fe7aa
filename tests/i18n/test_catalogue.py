"""Every text is there in both languages, says the same, and is used; every text that code names is there."""

from __future__ import annotations

import re
import string
import sys
from pathlib import Path

import pytest

from yoriai.errors import NotFoundError
from yoriai.i18n.catalogue import LANGUAGES, error_text, messages, negotiate, text
from yoriai.i18n.terminal import terminal_language

sys.path.insert(0, str(Path(__file__).parent))
from sources import ROOMS, SOURCES, Named, named

JAPANESE = re.compile(r"[\u3001-\u303f\u3040-\u30ff\u4e00-\u9fff]")
NAMED = named()
every_key = pytest.mark.parametrize("key", messages())
every_file = pytest.mark.parametrize("source", NAMED, ids=lambda source: source.file)


def placeholders(template: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(template) if name is not None)


# ---- the texts --------------------------------------------------------------------------------------------
@every_key
def test_a_text_is_there_in_both_languages(key: str) -> None:
    assert set(messages()[key]) == set(LANGUAGES)
    assert all(words.strip() for words in messages()[key].values())


@every_key
def test_both_languages_have_the_same_placeholders(key: str) -> None:
    english, japanese = (placeholders(messages()[key][language]) for language in LANGUAGES)
    assert set(english) == set(japanese)
    assert all(name.isidentifier() for name in english)  # neither positions nor a way into an object


@every_key
def test_each_language_is_written_in_itself(key: str) -> None:
    english, japanese = messages()[key]["en"], messages()[key]["ja"]
    assert not JAPANESE.search(english) or key in {"web.language_ja", "cli.help"}
    assert JAPANESE.search(japanese) or english == japanese  # a name or a sign is the same in both


def test_every_file_of_texts_belongs_to_a_room() -> None:
    rooms = {path.stem for path in SOURCES.iterdir()}
    assert rooms >= ROOMS


# ---- the sources ------------------------------------------------------------------------------------------
@every_file
def test_every_text_that_code_names_is_there(source: Named) -> None:
    assert source.keys - set(messages()) == set()
    for pattern in source.patterns:
        assert any(re.fullmatch(pattern, key) for key in messages()), pattern


@every_file
def test_every_placeholder_gets_its_value(source: Named) -> None:
    for key, given in source.values:
        if key in messages():
            missing = set(placeholders(messages()[key]["en"])) - given
            assert not missing, f"{key} wants {missing}"


@every_key
def test_every_text_is_used(key: str) -> None:
    used = set().union(*(source.keys | source.possible for source in NAMED))
    patterns = set().union(*(source.patterns for source in NAMED))
    assert key in used or any(re.fullmatch(pattern, key) for pattern in patterns)


# ---- looking up -------------------------------------------------------------------------------------------
def test_a_text_is_looked_up_and_filled() -> None:
    assert text("accounts.user_unknown", "en", name="花子") == "There is no user named 花子."
    assert text("accounts.user_unknown", "ja", name="花子") == "花子 という利用者はいません。"


def test_an_error_is_worded_in_the_language_of_whoever_reads_it() -> None:
    error = NotFoundError("accounts.user_unknown", name="花子")
    assert [error_text(error, language) for language in LANGUAGES] == [
        "There is no user named 花子.",
        "花子 という利用者はいません。",
    ]


def test_braces_in_a_value_are_only_characters() -> None:
    assert "{0.__class__}" in text("accounts.user_unknown", "en", name="{0.__class__}")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("ja", "ja"),
        ("JA-jp", "ja"),
        ("ja,en;q=0.8", "ja"),
        ("en-GB,en;q=0.9,ja;q=0.8", "en"),
        ("en;q=0.5,ja;q=0.9", "ja"),
        ("en;q=0.5, ja; q=0.9", "ja"),
        ("fr-FR,fr;q=0.9,ja;q=0.3", "ja"),
        ("fr", "en"),
        ("*", "en"),
        ("ja;q=0", "en"),
        ("ja;q=0,en;q=0.1", "en"),
        ("jam,jav", "en"),  # Jamaican Creole, Javanese
        ("ja;q=many", "en"),
        (",;=,,", "en"),
        ("ja;q=nan,en", "en"),
    ],
)
def test_the_browsers_wish_decides_the_language(header: str, language: str) -> None:
    assert negotiate(header) == language


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({}, "en"),
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "C", "LC_MESSAGES": "ja_JP"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "YORIAI_LANGUAGE": "en"}, "en"),
        ({"LANG": "ja_JP.UTF-8", "YORIAI_LANGUAGE": "auto"}, "ja"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_the_terminals_environment_decides_the_language(
    variables: dict[str, str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("YORIAI_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert terminal_language() == language
    assert terminal_language("ja") == "ja"
