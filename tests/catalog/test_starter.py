"""The first model: the best that this machine holds and that can be had from here."""

from __future__ import annotations

from pathlib import Path

import pytest

from yoriai.catalog import catalogue, starter
from yoriai.catalog.catalogue import Entry
from yoriai.errors import DoesNotFitError
from yoriai.i18n.catalogue import error_text

from .sources import make_wheel

GB = 10**9
LARGE_DISK = 1000 * GB
HUB = {"kind": "hub", "repo": "someone/model", "file": "a.gguf"}
WHEELS = {"kind": "wheels", "wheels": [make_wheel("tiny", b"x")[0].model_dump()]}


def entry(name: str, starter: int, size_gb: float, *sources: dict[str, object]) -> Entry:
    return Entry.model_validate(
        {
            "name": name,
            "family": "Tiny",
            "licence": "MIT",
            "starter": starter,
            "size_bytes": round(size_gb * GB),
            "sources": sources or (HUB,),
            "description": {"en": "Tiny.", "ja": "小さなモデルです。"},
        }
    )


def choose(*entries: Entry, hub: bool = True, disk_gb: float = 1000, ram_gb: float = 1000) -> str:
    by_name = {entry.name: entry for entry in entries}
    return starter.choose(by_name, hub, round(disk_gb * GB), round(ram_gb * GB)).name


def test_the_best_is_chosen_and_what_is_no_starter_never_is() -> None:
    models = [entry("good", 20, 1), entry("best", 30, 2), entry("poor", 10, 1), entry("never", 0, 1)]
    assert choose(*models) == "best"
    with pytest.raises(DoesNotFitError):
        choose(models[3])


def test_without_the_hub_only_what_comes_otherwise_counts(tmp_path: Path) -> None:
    (tmp_path / "a.gguf").touch()
    here = {"kind": "path", "path": str(tmp_path / "a.gguf")}
    gone = {"kind": "path", "path": str(tmp_path / "b.gguf")}
    models = [entry("hub", 30, 1), entry("gone", 25, 1, gone, HUB), entry("wheels", 20, 1, HUB, WHEELS)]
    assert choose(*models, hub=True) == "hub"
    assert choose(*models, hub=False) == "wheels"
    assert choose(*models, entry("here", 22, 1, here), hub=False) == "here"


def test_a_small_disk_gets_a_smaller_model() -> None:
    models = [entry("large", 30, 5), entry("small", 20, 1)]
    assert choose(*models, disk_gb=8) == "large"
    assert choose(*models, disk_gb=6) == "small"
    with pytest.raises(DoesNotFitError):
        choose(*models, disk_gb=1.5)


def test_wheels_want_more_of_the_disk_than_the_hub() -> None:
    assert choose(entry("a", 30, 1, HUB), entry("b", 20, 0.1), disk_gb=3.5) == "a"
    assert choose(entry("a", 30, 1, WHEELS), entry("b", 20, 0.1), disk_gb=3.5) == "b"


def test_a_small_memory_gets_a_smaller_model() -> None:
    models = [entry("large", 30, 5), entry("small", 20, 1)]
    assert choose(*models, ram_gb=16) == "large"
    assert choose(*models, ram_gb=8) == "small"
    with pytest.raises(DoesNotFitError) as caught:
        choose(*models, ram_gb=1)
    for language in ("en", "ja"):
        text = error_text(caught.value, language)
        assert "small" in text
        assert "1.0 GB" in text


def test_an_empty_catalogue_is_told_as_well() -> None:
    with pytest.raises(DoesNotFitError) as caught:
        choose()
    assert error_text(caught.value, "en")


@pytest.mark.parametrize(
    ("hub", "disk_gb", "ram_gb", "expected"),
    [
        (False, 100, 16, "qwen2.5-coder-1.5b"),
        (False, 3.6, 16, "qwen2.5-coder-0.5b"),
        (False, 100, 2, "qwen2.5-coder-0.5b"),
    ],
)
def test_the_packages_catalogue_has_a_model_for_machines_without_a_hub(
    hub: bool, disk_gb: float, ram_gb: float, expected: str
) -> None:
    entries = catalogue.load()
    chosen = starter.choose(entries, hub, round(disk_gb * GB), round(ram_gb * GB))
    assert chosen.name == expected


def test_with_a_hub_every_common_machine_gets_a_chat_model_that_grows_with_it() -> None:
    entries = catalogue.load()
    chosen = [starter.choose(entries, True, LARGE_DISK, ram * GB) for ram in (4, 8, 16, 32, 64)]
    sizes = [model.estimated_bytes for model in chosen]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]
    assert {model.kind for model in chosen} == {"chat"}
    assert all("ja" in model.languages for model in chosen)
