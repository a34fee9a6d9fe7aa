"""What licences say and what makers publish: the package's `licences.yaml` and `families.yaml`, as records.

Owns the files' format and how a name is found. Knows no verdict: `catalog.openness` draws it. `bootstrap` loads once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from yoriai.catalog import package_files

Value = Literal["yes", "conditional", "no", "unknown"]
Relation = Literal["training", "merging", "distillation", "outputs", "quantization"]

# Source: The Open Source AI Definition 1.0, opensource.org/ai/open-source-ai-definition.
FREEDOMS = ("use", "study", "modify", "share")
COMPONENTS = ("data_information", "code", "parameters")
# What people ask besides.
QUESTIONS = ("commercial_use", "user_limit", "outputs_train", "attribution", "redistribution")
OF_LICENCE = (*FREEDOMS, *QUESTIONS)
ASPECTS = (*FREEDOMS, *COMPONENTS, *QUESTIONS)


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(_Record):
    """One answer, the clause that decides it, and why, in own words."""

    answer: Value
    clause: str
    en: str
    ja: str
    verified: bool = True  # compared with the text that it speaks of

    @field_validator("answer", mode="before")
    @classmethod
    def _not_a_boolean(cls, value: object) -> object:
        """YAML reads a bare yes or no as true or false."""
        return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value


class Licence(_Record):
    name: str
    title: str
    link: str
    aliases: tuple[str, ...] = ()
    all_of: tuple[str, ...] = ()  # licences that hold together; then it has no answers of its own
    answers: Mapping[str, Answer] = Field(default_factory=dict)


class Parent(_Record):
    """A model that another was made from, and how."""

    family: str
    licence: str
    how: Relation


class Family(_Record):
    name: str
    link: str
    licences: tuple[str, ...] = Field(min_length=1)
    aliases: tuple[str, ...] = ()
    parents: tuple[Parent, ...] = ()
    answers: Mapping[str, Answer]


@dataclass(frozen=True, kw_only=True, slots=True)
class Records:
    """All records by name, and by every other name they go under."""

    licences: Mapping[str, Licence]
    families: Mapping[str, Family]
    licence_names: Mapping[str, str]
    family_names: Mapping[str, str]

    def licence(self, name: str) -> Licence | None:
        return self.licences.get(self.licence_names.get(_folded(name), ""))

    def family(self, name: str) -> Family | None:
        return self.families.get(self.family_names.get(_folded(name), ""))

    def family_of_model(self, name: str) -> Family | None:
        """Of a model's full name, such as "Llama 3.1 8B Instruct": the longest family name that it begins with."""
        words = f"{_spaced(name)} "
        found = [key for key in self.family_names if words.startswith(f"{_spaced(key)} ")]
        return self.families[self.family_names[max(found, key=len)]] if found else None


def load() -> Records:
    """Raises: ValueError: the package's own files aren't right (a test reads them)."""
    licences = {
        name: _licence(name, entries)
        for name, entries in _merged(package_files.read("licences.yaml")).items()
    }
    document = package_files.read("families.yaml")
    merged = _merged({**document["families"], **document["templates"]})
    families = {name: _family(name, merged[name]) for name in document["families"]}
    return Records(
        licences=licences,
        families=families,
        licence_names=_names(licences),
        family_names=_names(families),
    )


def _merged(entries: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Every entry with what it takes over by `like`, which names an entry or template of the same file."""

    def whole(name: str) -> dict[str, Any]:
        own = dict(entries[name])
        base = own.pop("like", None)
        inherited = whole(base) if base else {}
        return {key: value for key, value in inherited.items() if key in ASPECTS} | own

    return {name: whole(name) for name in entries}


def _licence(name: str, fields: dict[str, Any]) -> Licence:
    record = Licence.model_validate({"name": name, **_with_answers(fields)})
    wanted = () if record.all_of else OF_LICENCE
    if tuple(key for key in OF_LICENCE if key in record.answers) != wanted:
        raise ValueError(f"{name}: answers are missing, or too many")
    return record


def _family(name: str, fields: dict[str, Any]) -> Family:
    record = Family.model_validate({"name": name, **_with_answers(fields)})
    if missing := set(COMPONENTS) - record.answers.keys():
        raise ValueError(f"{name}: {missing} missing")
    return record


def _with_answers(fields: dict[str, Any]) -> dict[str, Any]:
    answers = {key: fields[key] for key in ASPECTS if key in fields}
    return {key: value for key, value in fields.items() if key not in ASPECTS} | {"answers": answers}


def _names(records: Mapping[str, Licence] | Mapping[str, Family]) -> dict[str, str]:
    names: dict[str, str] = {}
    for record in records.values():
        for name in (record.name, *record.aliases):
            if names.setdefault(_folded(name), record.name) != record.name:
                raise ValueError(f"{name}: two records have this name")
    return names


def _spaced(name: str) -> str:
    return _folded(name.replace("-", " ").replace("_", " "))


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())
