"""The catalogue file: what it must hold, and what is refused with its place."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from yoriai.catalog import catalogue
from yoriai.catalog.catalogue import Entry, HubSource, WheelSource
from yoriai.errors import UsageError
from yoriai.i18n.catalogue import error_text

MINE = """
my-model:
  family: Mine
  licence: MIT
  sources:
    - {kind: url, url: "https://example.org/my.gguf"}
  description: {en: My own., ja: 自分のモデルです。}
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "catalogue.yaml"
    path.write_text(text, encoding="utf8")
    return path


def refused(tmp_path: Path, text: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        catalogue.load(write(tmp_path, text))
    assert str(tmp_path) in error_text(caught.value, "en")
    assert error_text(caught.value, "ja")
    return caught.value


def test_the_packages_own_file_passes_what_a_users_file_has_to(tmp_path: Path) -> None:
    text = (files("yoriai.catalog") / "catalogue.yaml").read_text("utf8")
    assert catalogue.load(write(tmp_path, text)) == catalogue.load()


def test_names_that_scripts_rely_on_are_there() -> None:
    entries = catalogue.load()
    expected = {
        "qwen2.5-coder-1.5b", "qwen2.5-coder-0.5b", "smollm2-135m", "gemma-3-270m", "multilingual-e5-small",
    }  # fmt: skip
    assert expected <= entries.keys()
    assert entries["gemma-3-270m"].kind == "completion"
    assert entries["multilingual-e5-small"].kind == "embedding"
    assert sum(entry.kind == "chat" for entry in entries.values()) >= 12


@pytest.mark.parametrize("entry", catalogue.load().values(), ids=lambda entry: entry.name)
def test_every_entry_can_be_verified_and_is_described_in_both_languages(entry: Entry) -> None:
    assert entry.description.en.isascii()
    assert not entry.description.ja.isascii()
    assert entry.estimated_bytes > 50_000_000
    for source in entry.sources:
        if isinstance(source, WheelSource):
            assert entry.sha256, "wheels say nothing of the whole"
            if source.convert == "none":
                assert sum(wheel.member_bytes for wheel in source.wheels) == entry.size_bytes
        if isinstance(source, HubSource):
            assert source.file.endswith(".gguf")
            assert entry.sha256 or source.revision == "main", (
                "a fixed revision has a digest that can be known"
            )


def test_users_entries_are_added_and_replace_by_name(tmp_path: Path) -> None:
    replaced = MINE + MINE.replace("my-model", "smollm2-135m")
    entries = catalogue.load(write(tmp_path, replaced))
    assert entries["my-model"].sources[0].kind == "url"
    assert entries["smollm2-135m"].family == "Mine"
    assert "qwen2.5-coder-1.5b" in entries


def test_no_file_and_an_empty_file_change_nothing(tmp_path: Path) -> None:
    assert catalogue.load(tmp_path / "none.yaml") == catalogue.load(write(tmp_path, "# nothing yet\n"))


def test_a_size_that_is_not_stated_is_estimated_from_the_parameters() -> None:
    stated = catalogue.load()["smollm3-3b"]
    estimated = stated.model_copy(update={"size_bytes": None}).estimated_bytes
    assert stated.size_bytes is not None
    assert stated.size_bytes * 0.9 < estimated < stated.size_bytes * 1.2


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("family: Mine", "familly: Mine", "my-model.familly"),
        ("licence: MIT", "licence: [MIT]", "my-model.licence"),
        ("my-model:", "My Model:", "My Model.name"),
        ("my-model:", "../up:", "../up.name"),
        ("kind: url", "kind: ftp", "my-model.sources.0"),
        ("https://example.org/my.gguf", "file:///etc/passwd", "my-model.sources.0.url.url"),
        ("https://example.org/my.gguf", "https://me:secret@example.org/my.gguf", "my-model.sources.0.url.url"),
        ('{kind: url, url: "https://example.org/my.gguf"}', "{kind: hub, repo: a/b, file: ../x.gguf}",
         "my-model.sources.0.hub.file"),
        ('{kind: url, url: "https://example.org/my.gguf"}', "{kind: hub, repo: a, file: x.gguf}",
         "my-model.sources.0.hub.repo"),
        ("licence: MIT", "licence: MIT\n  sampling: {temprature: 1}", "my-model.sampling"),
        ("licence: MIT", "licence: MIT\n  sha256: abc", "my-model.sha256"),
        ("licence: MIT", "licence: MIT\n  size_bytes: -5", "my-model.size_bytes"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(tmp_path: Path, old: str, new: str, place: str) -> None:
    error = refused(tmp_path, MINE.replace(old, new))
    assert str(error.values["place"]).startswith(place)
    assert "secret" not in error_text(error, "en")


@pytest.mark.parametrize(
    "text",
    [
        "my-model: [unclosed",
        "- a list",
        "my-model: text",
        "a: &x {}\nb: *x",
        MINE + MINE,
        "x: !!python/object/apply:os.system [true]",
        "x: " + "[" * 5000,
        "# " + "x" * 1_000_001,
        "x: \x00",
    ],
    ids=["syntax", "list", "scalar", "alias", "twice", "object", "depth", "size", "control"],
)
def test_what_is_no_catalogue_is_refused(tmp_path: Path, text: str) -> None:
    refused(tmp_path, text)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(UsageError):
        catalogue.load(path)


def test_descriptions_leave_memory_to_the_plan() -> None:
    """What a model takes depends on context, users and machine: a figure here would contradict the card's."""
    for entry in catalogue.load().values():
        told = f"{entry.description.en} {entry.description.ja}"
        assert not re.search(r"\d\s*Gi?B", told), entry.name
