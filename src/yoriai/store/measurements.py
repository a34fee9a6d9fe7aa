"""Rows of measurements, oldest first. They belong to the machine, not to a user."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from yoriai.catalog.measurement import Measurement, Spread
from yoriai.store.tables import measurements

_SPREADS = ("prompt_tokens_per_s", "generation_tokens_per_s", "first_token_s")
_NAMES = tuple(field.name for field in fields(Measurement))


def add(connection: Connection, measurement: Measurement) -> None:
    connection.execute(insert(measurements).values(**asdict(measurement)))


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


def _measurement(row: Row[Any]) -> Measurement:
    values = {name: getattr(row, name) for name in _NAMES}
    for name in _SPREADS:
        values[name] = Spread(**values[name]) if values[name] else None
    return Measurement(**values)
