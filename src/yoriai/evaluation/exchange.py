"""Measurements as files: JSON that another Yoriai can read, CSV and Markdown for people. What comes in is not believed.

Knows no database; `evaluation.results` keeps what was read.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from yoriai.catalog.measurement import Measurement, Spread
from yoriai.errors import UsageError

_FORMAT = "yoriai-measurements"
_LARGEST_BYTES = 20_000_000
_MOST = 10_000
_COLUMNS = (
    "measured_at", "machine_name", "machine", "engine", "model", "quantization", "size_bytes", "threads", "context",
    "users", "prompt_tokens", "generated_tokens", "rounds", "memory_bytes", "foreseen_prompt_tokens_per_s",
    "foreseen_generation_tokens_per_s", "was_busy",
)  # fmt: skip
_WRONG = {
    "missing": "evaluation.import_missing",
    "extra_forbidden": "evaluation.import_unknown",
    "too_long": "evaluation.import_too_many",
}
_SPREADS = ("prompt_tokens_per_s", "generation_tokens_per_s", "first_token_s")


def _one_line(text: str) -> str:
    """Raises: ValueError: characters that move a cursor, end a line or turn the direction of writing."""
    if any(unicodedata.category(each) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for each in text):
        raise ValueError("control characters")
    return text


_Rate = Annotated[float, Field(gt=0, lt=1e12, allow_inf_nan=False)]
_Count = Annotated[int, Field(ge=0, lt=2**50)]
_Small = Annotated[int, Field(ge=0, lt=2**31)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Spread(_Strict):
    median: _Rate
    least: _Rate
    most: _Rate

    @model_validator(mode="after")
    def _in_order(self) -> _Spread:
        if not self.least <= self.median <= self.most:
            raise ValueError("least, median and most are not in order")
        return self


class _Row(_Strict):
    id: str = Field(pattern=r"^[0-9a-f]{32}$")
    measured_at: AwareDatetime
    machine_id: str = Field(pattern=r"^[0-9a-f]{16}$")
    machine_name: Annotated[str, Field(max_length=200), AfterValidator(_one_line)]
    machine: Annotated[str, Field(max_length=1000), AfterValidator(_one_line)]
    engine: Annotated[str, Field(max_length=200), AfterValidator(_one_line)]
    model: Annotated[str, Field(min_length=1, max_length=256), AfterValidator(_one_line)]
    digest: str = Field(pattern=r"^([0-9a-f]{64})?$")
    quantization: Annotated[str, Field(max_length=64), AfterValidator(_one_line)]
    size_bytes: _Count
    threads: _Small
    context: _Small
    users: Annotated[int, Field(ge=1, lt=100_000)]
    prompt_tokens: _Small
    generated_tokens: _Small
    rounds: Annotated[int, Field(ge=1, lt=100_000)]
    prompt_tokens_per_s: _Spread | None
    generation_tokens_per_s: _Spread | None
    first_token_s: _Spread | None
    memory_bytes: _Count | None
    foreseen_prompt_tokens_per_s: _Rate | None = None
    foreseen_generation_tokens_per_s: _Rate | None = None
    was_busy: bool = False

    def measurement(self) -> Measurement:
        values = {name: getattr(self, name) for name in type(self).model_fields}
        for name in _SPREADS:
            values[name] = Spread(**values[name].model_dump()) if values[name] else None
        return Measurement(**values, is_imported=True)


class _Document(_Strict):
    format: Literal["yoriai-measurements"]
    version: Literal[1]
    measurements: list[_Row] = Field(max_length=_MOST)


_JSON = TypeAdapter(dict[str, object])


def to_json(measurements: Sequence[Measurement]) -> bytes:
    """What `from_json` reads. Not in it: who imported what."""
    rows = [_exported(each) for each in measurements]
    document: dict[str, object] = {"format": _FORMAT, "version": 1, "measurements": rows}
    return _JSON.dump_json(document, indent=1) + b"\n"


def _exported(measurement: Measurement) -> dict[str, object]:
    """A quiet machine goes without saying: so a Yoriai that doesn't know the word can read it."""
    left_out = {"is_imported"} if measurement.was_busy else {"is_imported", "was_busy"}
    return {key: value for key, value in asdict(measurement).items() if key not in left_out}


def read_file(path: Path) -> bytes:
    """Never more of it than an export may have.

    Raises:
        UsageError: there is no such file, or it is too large.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_BYTES + 1)
    except OSError as error:
        raise UsageError("evaluation.import_unreadable", path=path, detail=error.strerror or "") from None
    if len(content) > _LARGEST_BYTES:
        raise UsageError("evaluation.import_too_large", limit=_LARGEST_BYTES)
    return content


def from_json(content: bytes, now: datetime) -> list[Measurement]:
    """Measurements of another machine.

    Raises:
        UsageError: not such a file, or an impossible value in it, with its place.
    """
    if len(content) > _LARGEST_BYTES:
        raise UsageError("evaluation.import_too_large", limit=_LARGEST_BYTES)
    try:
        found = _Document.model_validate_json(content)
    except ValidationError as error:
        raise _refused(error) from None
    if len({row.id for row in found.measurements}) < len(found.measurements):
        raise UsageError("evaluation.import_twice")
    rows = [row.measurement() for row in found.measurements]
    # A clock that is ahead elsewhere must not make a run "the newest" for ever.
    return [replace(row, measured_at=min(row.measured_at, now)) for row in rows]


def _refused(error: ValidationError) -> UsageError:
    """In words, with the place of the first thing that is wrong."""
    first = error.errors(include_input=False, include_url=False)[0]
    place = _shown(".".join(str(part) for part in first["loc"])) or "-"
    if place == "version":
        return UsageError("evaluation.import_other_version")
    if not first["loc"] or place == "format":
        return UsageError("evaluation.import_not_ours")
    return UsageError(_WRONG.get(first["type"], "evaluation.import_impossible"), place=place, limit=_MOST)


def to_csv(measurements: Sequence[Measurement]) -> str:
    """One row each. A cell that a spreadsheet would calculate is quoted as text."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(
        [*_COLUMNS, *(f"{name}_{part}" for name in _SPREADS for part in ("median", "least", "most"))]
    )
    for each in measurements:
        spreads = [getattr(each, name) for name in _SPREADS]
        cells = [_cell(getattr(each, name)) for name in _COLUMNS]
        parts = [
            _cell(getattr(spread, part)) if spread else ""
            for spread in spreads
            for part in ("median", "least", "most")
        ]
        writer.writerow([*cells, *parts])
    return buffer.getvalue()


def to_markdown(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table; nothing in it can become a link, an element or another cell."""
    head = [f"| {' | '.join(_escaped(title) for title in titles)} |", "|" + "---|" * len(titles)]
    body = [f"| {' | '.join(_escaped(str(cell)) for cell in row)} |" for row in rows]
    return "\n".join([*head, *body]) + "\n"


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float):
        return float(f"{value:.6g}")  # no measurement is more exact
    text = "" if value is None else value
    return f"'{text}" if isinstance(text, str) and text[:1] in "=+-@\t\r" and text else text


def _escaped(cell: str) -> str:
    for sign in ("\\", "|", "`", "<", "[", "*", "_"):
        cell = cell.replace(sign, f"\\{sign}")
    return cell.replace("\n", " ")


def _shown(text: str) -> str:
    return "".join(each if each.isprintable() else "?" for each in text)[:200]
