"""An export comes back as it went; what somebody else made is believed only where every value can be."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from measuring import measurement
from yoriai.errors import UsageError
from yoriai.evaluation.exchange import from_json, read_file, to_csv, to_json, to_markdown
from yoriai.i18n.catalogue import error_text
from yoriai.types import Language

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def document(**changes: Any) -> dict[str, Any]:
    """One good measurement, changed."""
    made: dict[str, Any] = json.loads(to_json([measurement()]))
    made["measurements"][0] |= changes
    return made


def refused(content: object) -> UsageError:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    with pytest.raises(UsageError) as caught:
        from_json(raw, NOW)
    return caught.value


def test_an_export_is_read_as_it_was_and_marked_as_imported() -> None:
    bare = measurement(2, first_token_s=None, generation_tokens_per_s=None, memory_bytes=None, digest="")
    sent = [measurement(1, model="花子のモデル"), bare, measurement(3, was_busy=True)]
    assert from_json(to_json(sent), NOW) == [replace(each, is_imported=True) for each in sent]


def test_only_a_busy_machine_is_told_of_so_that_older_versions_can_read_the_rest() -> None:
    assert b"was_busy" not in to_json([measurement()])
    assert b'"was_busy": true' in to_json([measurement(was_busy=True)])


def test_who_imported_what_is_not_passed_on() -> None:
    assert b"is_imported" not in to_json([measurement(is_imported=True)])


def test_a_clock_that_is_ahead_is_set_to_now() -> None:
    (found,) = from_json(to_json([measurement(measured_at=NOW + timedelta(days=900))]), NOW)
    assert found.measured_at == NOW


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"format":"yoriai-measurements"}',
        b"[" * 100_000,
        b"PK\x03\x04" * 99,
    ],
    ids=["empty", "cut", "list", "null", "no utf-8", "nothing in it", "deep", "zip"],
)
def test_what_is_no_export_is_refused(content: bytes) -> None:
    expected = "evaluation.import_other_version" if b"format" in content else "evaluation.import_not_ours"
    assert refused(content).key == expected


@pytest.mark.parametrize(
    "change",
    [
        {"id": "../../etc/passwd"},
        {"id": "0" * 33},
        {"machine_id": "A" * 16},
        {"machine_name": "a\x1b[2Jb"},
        {"machine_name": "a\u202eb"},
        {"model": "a\nb"},
        {"model": ""},
        {"model": "m" * 257},
        {"model": 7},
        {"users": 0},
        {"users": 1e30},
        {"context": -1},
        {"size_bytes": 2**63},
        {"rounds": True and "many"},
        {"measured_at": "2026-11-01T00:00:00"},
        {"measured_at": "yesterday"},
        {"generation_tokens_per_s": {"median": 0, "least": 0, "most": 0}},
        {"generation_tokens_per_s": {"median": -1, "least": -1, "most": -1}},
        {"generation_tokens_per_s": {"median": 1, "least": 2, "most": 3}},
        {"generation_tokens_per_s": {"median": 1e300, "least": 1, "most": 1e301}},
        {"generation_tokens_per_s": 40},
        {"foreseen_prompt_tokens_per_s": 0},
        {"is_imported": False},
        {"was_busy": "perhaps"},
        {"__class__": "x"},
    ],
    ids=str,
)
def test_an_impossible_value_is_refused_with_its_place(change: dict[str, Any]) -> None:
    error = refused(document(**change))
    expected = "unknown" if {"is_imported", "__class__"} & set(change) else "impossible"
    assert error.key == f"evaluation.import_{expected}"
    assert next(iter(change)).strip("_") in str(error.values["place"]).strip("_")


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999"])
def test_numbers_that_are_none_are_refused(number: bytes) -> None:
    content = to_json([measurement()]).replace(b'"median": 40.0', b'"median": ' + number)
    content = (
        content
        if number in content
        else to_json([measurement()]).replace(b'"median":40.0', b'"median":' + number)
    )
    assert number in content
    assert refused(content).key in {"evaluation.import_not_ours", "evaluation.import_impossible"}


def test_one_bad_measurement_spoils_all_and_a_double_one_too() -> None:
    made = document()
    made["measurements"].append(made["measurements"][0])
    assert refused(made).key == "evaluation.import_twice"
    made["measurements"][1] = made["measurements"][0] | {"id": "1" * 32, "users": 0}
    assert refused(made).values["place"] == "measurements.1.users"


def test_another_format_or_version_is_refused() -> None:
    assert refused(document() | {"format": "other"}).key == "evaluation.import_not_ours"
    assert refused(document() | {"version": 2}).key == "evaluation.import_other_version"


def test_what_is_missing_is_named() -> None:
    made = document()
    del made["measurements"][0]["users"]
    error = refused(made)
    assert (error.key, error.values["place"]) == ("evaluation.import_missing", "measurements.0.users")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_bad_file_is_told_of_without_a_word_of_the_library_that_found_it(language: Language) -> None:
    for bad in (b"{", document(users=0), document(id="x"), document(x=1), document(measured_at="now")):
        assert not re.search(r"(?i)input|valid|string|pattern|field", error_text(refused(bad), language))


def test_what_is_said_of_a_bad_file_cannot_move_the_cursor() -> None:
    made = document()
    made["measurements"][0]["\x1b[2J"] = 1
    assert all(str(value).isprintable() for value in refused(made).values.values())


def test_too_much_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with path.open("wb") as file:
        file.truncate(20_000_001)
    with pytest.raises(UsageError) as caught:
        read_file(path)
    assert caught.value.key == "evaluation.import_too_large"
    made = document()
    row = made["measurements"][0]
    made["measurements"] = [row | {"id": f"{n:032x}"} for n in range(10_001)]
    assert refused(made).key == "evaluation.import_too_many"


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(UsageError) as caught:
            read_file(path)
        assert caught.value.key == "evaluation.import_unreadable"


def test_csv_has_a_row_each_and_nothing_that_a_spreadsheet_would_calculate() -> None:
    rows = list(
        csv.DictReader(io.StringIO(to_csv([measurement(1, model="=1+1"), measurement(2, memory_bytes=None)])))
    )
    assert [row["model"] for row in rows] == ["'=1+1", "llama-3.1-8b"]
    assert rows[0]["generation_tokens_per_s_median"] == "40.0"
    assert rows[0]["measured_at"] == "2026-11-01T09:31:00+00:00"
    assert rows[1]["memory_bytes"] == ""


def test_csv_has_no_more_digits_than_were_measured() -> None:
    rate = 17.123456789
    table = to_csv([measurement(rate=rate, foreseen_generation_tokens_per_s=50 / 3)])
    assert "17.1235" in table and "16.6667" in table
    assert "17.12345" not in table and "16.66666" not in table


def test_markdown_holds_what_it_is_given_as_text() -> None:
    table = to_markdown(["a", "b"], [["x|y", "[z](http://w)\n<b>"]])
    assert table == "| a | b |\n|---|---|\n| x\\|y | \\[z](http://w) \\<b> |\n"
