"""Rows of measurements, oldest first. They belong to the machine, not to a user."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from yoriai.catalog.measurement import Measurement, Spread
from yoriai.store.tables import measurements

_SPREADS = ("prompt_tokens_per_s", "generation_tokens_per_s", "first_token_s")
_BUSY = "was_busy"  # has no column: it is kept beside the first token's time, and absent where it is false
_NAMES = tuple(field.name for field in fields(Measurement) if field.name != _BUSY)


def add(connection: Connection, measurement: Measurement) -> None:
    values = asdict(measurement)
    if values.pop(_BUSY):
        values["first_token_s"] = (values["first_token_s"] or {}) | {_BUSY: True}
    connection.execute(insert(measurements).values(**values))


def everything(connection: Connection) -> list[Measurement]:
    ordered = select(measurements).order_by(measurements.c.measured_at, measurements.c.id)
    return [_measurement(row) for row in connection.execute(ordered)]


def add_unknown(connection: Connection, found: list[Measurement]) -> int:
    """Keep those that aren't there yet; how many those were."""
    known = set(connection.scalars(select(measurements.c.id)))
    new = {each.id: each for each in found if each.id not in known}
    for each in new.values():
        add(connection, each)
    return len(new)


def forget(connection: Connection, ids: Collection[str]) -> int:
    """How many of them were there."""
    return connection.execute(delete(measurements).where(measurements.c.id.in_(ids))).rowcount


def _measurement(row: Row[Any]) -> Measurement:
    values = {name: getattr(row, name) for name in _NAMES}
    first = dict(values["first_token_s"] or {})
    values |= {_BUSY: first.pop(_BUSY, False), "first_token_s": first}
    for name in _SPREADS:
        values[name] = Spread(**values[name]) if values[name] else None
    return Measurement(**values)
