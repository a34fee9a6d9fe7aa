"""What the library writes down of a model: its facts and the blobs it uses. One JSON file per model.

Paths inside the models folder are kept relative to it, so that the data folder can be moved as a whole.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from yoriai.models import InstalledModel


class Manifest(BaseModel):
    """Owned blobs by name ("sha256-…"); a linked model has none, and absolute paths."""

    model_config = ConfigDict(frozen=True)

    version: Literal[1] = 1
    blobs: tuple[str, ...] = ()
    model: InstalledModel

    def relative_to(self, folder: Path) -> Self:
        paths = tuple(_relative(Path(path), folder) for path in self.model.paths)
        return self.model_copy(update={"model": replace(self.model, paths=paths)})


def load(path: Path) -> Manifest:
    """Raises: FileNotFoundError. ValueError: damaged, or from a later Yoriai. OSError."""
    return Manifest.model_validate_json(path.read_bytes())


def resolve(manifest: Manifest, folder: Path) -> InstalledModel:
    """The model with absolute paths."""
    return replace(manifest.model, paths=tuple(str(folder / path) for path in manifest.model.paths))


def _relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
