"""How the process that reads files is kept in, as it is said to who runs the machine. `cli.doctor` and the page ask."""

from __future__ import annotations

from dataclasses import dataclass

from yoriai.i18n.catalogue import text
from yoriai.sandbox.confinement import Confinement
from yoriai.types import Language


@dataclass(frozen=True, kw_only=True, slots=True)
class JailWords:
    message: str
    mend: str
    is_safe: bool  # as far as this kind of system goes
    is_read: bool


def jail_words(confinement: Confinement, allows_unjailed: bool, language: Language) -> JailWords:
    level, missing = confinement.level, ", ".join(confinement.missing)
    is_unjailed = level == "unjailed"
    name = "refused" if is_unjailed and not allows_unjailed else level
    mends = {"unjailed": "knowledge.jail_unjailed_mend", "none": "knowledge.jail_none_mend"}
    return JailWords(
        message=text(f"knowledge.jail_{name}", language, missing=missing),
        mend=text(mends[level], language) if level in mends else "",
        is_safe=level == "jailed",
        is_read=name not in ("refused", "none"),
    )
