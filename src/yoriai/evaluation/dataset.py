"""Where an exam's data is found: what the user names, the settings' folder, the data folder, a package, an address.

Nothing is downloaded unless the settings allow it; what is downloaded is what its digest says. Knows no exam.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from yoriai.catalog import files
from yoriai.egress import Egress, HTTPError
from yoriai.errors import DownloadError, NotFoundError, PrerequisiteError
from yoriai.evaluation.task import DataFile
from yoriai.settings import EvaluationSettings

PURPOSE = "exams"  # of connections
_MOST_BYTES = 200_000_000


class Datasets:
    """`home`: the folder of what was downloaded."""

    def __init__(self, settings: EvaluationSettings, home: Path, egress: Egress) -> None:
        self._settings, self._home, self._egress = settings, home, egress

    async def find(self, task: str, wanted: Sequence[DataFile], named: str = "") -> dict[str, Path]:
        """Every file of an exam by its name.

        Args:
            named: a file or folder that is used and no other.

        Raises:
            NotFoundError: what was named isn't there. PrerequisiteError: a file is nowhere; it says how to get it.
            DownloadError.
        """
        found = {}
        for each in wanted:
            path = self._local(each, named)
            if path is None and not named and self._settings.download and each.url:
                path = await self._downloaded(each)
            if path is None:
                raise self._missing(task, each, named)
            found[each.name] = path
        return found

    def has(self, wanted: Sequence[DataFile]) -> bool:
        return all(self._local(each, "") for each in wanted)

    def _local(self, wanted: DataFile, named: str) -> Path | None:
        if named:
            return _below(Path(named).expanduser(), wanted)
        folders = [folder for folder in (self._settings.data, self._home) if folder]
        places = [_below(folder, wanted) for folder in folders]
        return next((path for path in [*places, _packaged(wanted)] if path), None)

    async def _downloaded(self, wanted: DataFile) -> Path:
        """Raises: DownloadError: it can't be had, or isn't what its digest says. EgressError."""
        content = bytearray()
        try:
            async with self._egress.stream(PURPOSE, "GET", wanted.url) as response:
                response.raise_for_status()
                async for part in response.aiter_bytes():
                    content += part
                    if len(content) > _MOST_BYTES:
                        raise DownloadError("evaluation.data_changed", url=wanted.url)
        except HTTPError as error:
            raise DownloadError("evaluation.data_unreachable", url=wanted.url, detail=str(error)) from None
        if wanted.sha256 and hashlib.sha256(content).hexdigest() != wanted.sha256:
            raise DownloadError("evaluation.data_changed", url=wanted.url)
        path = self._home / wanted.folder / wanted.name
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, bytes(content))
        return path

    def _missing(self, task: str, wanted: DataFile, named: str) -> NotFoundError | PrerequisiteError:
        if named:
            return NotFoundError("evaluation.data_not_there", path=named, name=wanted.name)
        key = "evaluation.data_missing_package" if wanted.package else "evaluation.data_missing"
        package = wanted.package[0] if wanted.package else ""
        folder = self._settings.data or self._home
        return PrerequisiteError(
            key, task=task, name=wanted.name, url=wanted.url or "-", package=package,
            path=folder / wanted.folder / wanted.name,
        )  # fmt: skip


def _below(place: Path, wanted: DataFile) -> Path | None:
    """The file itself, or in a folder: in its own subfolder, or right there."""
    if place.is_file():
        return place if place.name == Path(wanted.name).name else None
    candidates = (place / wanted.folder / wanted.name, place / wanted.name, place / Path(wanted.name).name)
    return next((path for path in candidates if path.is_file()), None)


def _packaged(wanted: DataFile) -> Path | None:
    """Its file list tells: the package itself is never imported."""
    if not wanted.package:
        return None
    name, inside = wanted.package
    try:
        path = Path(str(metadata.distribution(name).locate_file(inside)))
    except metadata.PackageNotFoundError:
        return None
    return path if path.is_file() else None
