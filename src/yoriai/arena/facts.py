"""What is known of the models on a board: how open, how large, whose, from where, how fast here.

Brings together the catalogue, the library, the records of licences and makers, and what was measured on this machine.
A council or a reasoner has none of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from anyio import to_thread

from yoriai.catalog.catalogue import Entry
from yoriai.catalog.library import Library
from yoriai.catalog.makers import load, maker_of
from yoriai.catalog.measurement import Measurement
from yoriai.catalog.openness import verdict
from yoriai.catalog.policy import Policy
from yoriai.evaluation.results import Results
from yoriai.models import InstalledModel, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelFacts:
    """None, or empty: not known."""

    openness: Verdict | None = None
    parameters: int | None = None
    size_bytes: int | None = None
    maker: str = ""
    country: str = ""  # of the maker, ISO 3166-1
    tokens_per_s: float | None = None  # generated for one user, as measured here last


class Facts:
    """Asked anew at each call."""

    def __init__(
        self, entries: Mapping[str, Entry], library: Library, policy: Policy, results: Results
    ) -> None:
        self._entries = entries
        self._library = library
        self._policy = policy
        self._results = results

    async def of(self, names: Sequence[str]) -> dict[str, ModelFacts]:
        """Of each name."""
        installed = {model.name: model for model in await to_thread.run_sync(self._library.list)}
        speeds = _speeds(await self._results.everything())
        return {name: self._of(name, installed.get(name), speeds.get(name)) for name in names}

    def _of(self, name: str, installed: InstalledModel | None, speed: float | None) -> ModelFacts:
        entry = self._entries.get(name)
        if ":" in name:
            return ModelFacts()
        family = installed.family if installed else entry.family if entry else ""
        maker = maker_of(load(), family, name.rpartition("/")[2])
        openness = self._verdict(installed, entry)
        return ModelFacts(
            openness=openness,
            parameters=(installed.parameters if installed else entry.parameters if entry else None) or None,
            size_bytes=(installed.size_bytes if installed else entry.estimated_bytes if entry else None)
            or None,
            maker=maker.name if maker else "",
            country=maker.country if maker else "",
            tokens_per_s=speed,
        )

    def _verdict(self, installed: InstalledModel | None, entry: Entry | None) -> Verdict | None:
        if installed:
            return verdict(self._policy.of_installed(installed, self._entries))
        return verdict(self._policy.of_entry(entry)) if entry else None


def _speeds(measured: Sequence[Measurement]) -> dict[str, float]:
    """Of each model, the newest measurement of this machine for one user."""
    return {
        each.model: each.generation_tokens_per_s.median
        for each in measured
        if each.users == 1 and not each.is_imported and each.generation_tokens_per_s
    }
