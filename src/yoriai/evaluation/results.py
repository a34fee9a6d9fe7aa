"""What was measured, kept in the database. The CLI and the page ask here; neither sees a table."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from yoriai.catalog.calibration import calibrate
from yoriai.catalog.hardware import Machine
from yoriai.catalog.measurement import Measurement, machine_id
from yoriai.catalog.speed import Efficiency
from yoriai.evaluation.exchange import from_json
from yoriai.store import measurements
from yoriai.store.database import Database


@dataclass(frozen=True, kw_only=True, slots=True)
class Results:
    database: Database

    async def keep(self, measurement: Measurement) -> None:
        await self.database.write(lambda connection: measurements.add(connection, measurement))

    async def everything(self) -> list[Measurement]:
        """Own and imported, oldest first."""
        return await self.database.read(measurements.everything)

    async def forget(self, ids: Collection[str]) -> int:
        """How many of them were there."""
        return await self.database.write(lambda connection: measurements.forget(connection, ids))

    async def take_in(self, content: bytes) -> int:
        """Another machine's export; how many measurements of it are new.

        Raises:
            UsageError: no such file, or an impossible value in it. Then nothing of it is kept.
        """
        found = from_json(content, datetime.now(UTC))
        return await self.database.write(lambda connection: measurements.add_unknown(connection, found))

    async def efficiencies(self, machine: Machine) -> dict[bool, Efficiency]:
        """What this machine was measured to reach of what is foreseen: of models that write (True), or that don't."""
        measured, identity = await self.everything(), machine_id(machine)
        return {writes: calibrate(measured, identity, writes=writes) for writes in (True, False)}
