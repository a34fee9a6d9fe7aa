"""What the models page says of sizes, times and verdicts."""

from __future__ import annotations

from typing import Any

import pytest

from yoriai.catalog import catalogue
from yoriai.catalog.describe import describe
from yoriai.catalog.download import Progress
from yoriai.catalog.entry_shape import from_entry
from yoriai.catalog.forecast import forecast
from yoriai.catalog.pulls import Pull
from yoriai.catalog.work import from_shape
from yoriai.errors import DownloadError
from yoriai.evaluation.outlook import Outlook
from yoriai.i18n.catalogue import text
from yoriai.web import model_words


class Reader:
    """A visitor, as far as words go."""

    language = "en"

    def text(self, name: str, /, **values: object) -> str:
        return text(f"web.{name}", "en", **values)


READER: Any = Reader()


@pytest.mark.parametrize(
    ("count", "words"), [(None, ""), (134_515_008, "135M"), (1_543_714_304, "1.5B"), (70_553_706_496, "71B")]
)
def test_parameters(count: int | None, words: str) -> None:
    assert model_words.count(count) == words


@pytest.mark.parametrize(("seconds", "words"), [(5, "0:05"), (75, "1:15"), (3675, "1:01:15")])
def test_durations(seconds: float, words: str) -> None:
    assert model_words.duration(seconds) == words


def test_a_pull_tells_share_speed_and_time_left() -> None:
    now = Progress(phase="download", done_bytes=25_000_000, total_bytes=100_000_000, source="hub")
    told = model_words.pull(Pull(name="m", progress=now, bytes_per_s=5e6), READER)
    assert told["share"] == 0.25
    assert told["text"] == "Downloading · 25%, 25.0 MB of 100.0 MB · 5.0 MB/s · 0:15 left"
    failed = Pull(name="m", state="failed", error=DownloadError("catalog.pull_broke", name="m"))
    assert "fault in Yoriai" in model_words.pull(failed, READER)["error"]


@pytest.mark.parametrize(
    ("gpu", "model", "label"),
    [
        ("RTX 4090", "llama-3.1-8b", "fits"),
        ("", "llama-3.1-8b", "fits, but generates slower than one reads"),
        ("GTX 1080 Ti 11GB x2", "llama-3.1-70b", "does not run"),
    ],
)
def test_a_verdict_says_when_it_is_of_little_use(gpu: str, model: str, label: str) -> None:
    entries = catalogue.load()
    machine = describe([gpu] if gpu else [], 48, "" if gpu else "4 cores DDR4-2133").machine
    plan, prediction = forecast(from_shape(from_entry(entries[model])), machine, 4096)
    told = model_words.fit(Outlook(plan=plan, prediction=prediction), READER)
    assert told["label"] == label
    assert bool(told["speed"]) == (label != "does not run")
