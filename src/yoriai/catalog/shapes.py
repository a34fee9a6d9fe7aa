"""The shape of a model by its name or path, from the best that there is: its header here, the catalogue, its size.

Reads files: call it from a thread. The CLI and the page call it, `catalog.plan` calculates with the result.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from yoriai.catalog import entry_shape, shape
from yoriai.catalog.catalogue import Entry
from yoriai.catalog.gguf import read_header
from yoriai.catalog.library import Library, read_model
from yoriai.catalog.shape import Shape
from yoriai.errors import ModelFileError, NotFoundError
from yoriai.models import InstalledModel

log = logging.getLogger("yoriai.catalog")


def all_shapes(library: Library, entries: Mapping[str, Entry]) -> list[Shape]:
    """Of everything that is installed or in the catalogue."""
    here = {model.name: model for model in library.list()}
    installed = [of_installed(model) for model in here.values()]
    return installed + [entry_shape.from_entry(entry) for name, entry in entries.items() if name not in here]


def of_name(name: str, library: Library, entries: Mapping[str, Entry]) -> Shape:
    """Of an installed model, a model of the catalogue, or a GGUF file of this machine.

    Raises:
        NotFoundError: nothing of this name.
        ModelFileError: the file is no whole model. UsageError: one part of several, renamed.
    """
    installed = next((model for model in library.list() if model.name == name), None)
    if installed:
        return of_installed(installed)
    if name in entries:
        return entry_shape.from_entry(entries[name])
    path = Path(name).expanduser()
    if path.is_file():
        return shape.from_headers(path.name, read_model(path)[1])
    raise NotFoundError("catalog.model_unknown", param="model", name=name[:200])


def of_installed(model: InstalledModel) -> Shape:
    """From its files; where they cannot be read, from what was written down when it came."""
    try:
        headers = [read_header(Path(path)) for path in model.paths]
        return shape.from_headers(model.name, headers, model.quantization, model.kind)
    except ModelFileError as error:
        log.warning("header not read model=%s error=%s", model.name, error.key)
        return shape.from_installed(model)
