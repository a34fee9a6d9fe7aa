"""How well this machine can keep a stranger's code apart, and what would mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["strong", "namespaces", "landlock", "off"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Texts are keys of the message catalogue, `sandbox.…`."""

    level: Level
    reasons: tuple[str, ...] = ()  # why it is not better: `sandbox.reason_…`
    mends: tuple[str, ...] = ()  # what to do: `sandbox.mend_…`
    detail: str = ""  # what the system said
