"""Which models may come here: the one place where an administrator's choice of verdicts is enforced.

Knows entries and installed models; how open each is, is `catalog.openness`' matter. `catalog.download` asks before the
first byte, the CLI before it asks a person, takes in a file or quantises, the API when it lists offers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from yoriai.catalog.catalogue import Entry
from yoriai.catalog.licences import Records
from yoriai.catalog.openness import Openness, assess, assess_file, inherit, verdict
from yoriai.errors import ForbiddenError
from yoriai.models import InstalledModel, Verdict


class Policy:
    """Verdicts that are allowed; none named: all of them."""

    def __init__(self, records: Records, allowed: Sequence[Verdict] = ()) -> None:
        self._records = records
        self._allowed = allowed

    def of_entry(self, entry: Entry) -> Openness:
        return assess(self._records, entry.family, entry.licence)

    def of_installed(self, model: InstalledModel, catalogue: Mapping[str, Entry]) -> Openness:
        """A model of the catalogue as the catalogue has it, any other as its own file says; one that was quantised here
        like what it was made from, with the chain.
        """
        names = [model.name, *(origin.name for origin in model.origins)]
        entry = catalogue.get(names[-1])
        is_known = entry is not None and (entry.family, entry.licence) == (model.family, model.licence)
        found = (
            self.of_entry(entry)
            if entry is not None and is_known
            else assess_file(self._records, model.family, model.licence, model.base_models)
        )
        for name, parent in reversed(list(pairwise(names))):
            found = inherit(
                replace(found, model=name, chain=()), [(replace(found, model=parent), "quantization")]
            )
        return found

    def allows(self, entry: Entry) -> bool:
        return not self._allowed or verdict(self.of_entry(entry)) in self._allowed

    def check(self, entry: Entry) -> None:
        """Raises: ForbiddenError: models with this verdict may not be pulled here."""
        self._check(entry.name, self.of_entry(entry))

    def check_installed(self, model: InstalledModel, catalogue: Mapping[str, Entry]) -> None:
        """Raises: ForbiddenError: a file with this verdict may not be added, and nothing be made from it."""
        self._check(model.name, self.of_installed(model, catalogue))

    def _check(self, name: str, openness: Openness) -> None:
        found = verdict(openness)
        if self._allowed and found not in self._allowed:
            allowed = ", ".join(self._allowed)
            raise ForbiddenError("catalog.verdict_not_allowed", name=name, verdict=found, allowed=allowed)
