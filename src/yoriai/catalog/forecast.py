"""How fast a model will be on a machine: brings together shape, work, plan and speed.

`work_of_installed` reads headers of files: call it from a thread. The CLI and `evaluation` call it.
"""

from __future__ import annotations

import logging
from pathlib import Path

from yoriai.catalog import work
from yoriai.catalog.gguf import read_header
from yoriai.catalog.hardware import Machine
from yoriai.catalog.plan import Plan, plan
from yoriai.catalog.shapes import of_installed
from yoriai.catalog.speed import Ask, Efficiency, Prediction, predict
from yoriai.catalog.split import Load
from yoriai.catalog.work import Work
from yoriai.errors import ModelFileError
from yoriai.models import InstalledModel

log = logging.getLogger("yoriai.catalog")

# A question and an answer of usual length, for tables with one figure per model.
USUAL = Ask(depth=512, prompt_tokens=512)


def work_of_installed(model: InstalledModel) -> Work:
    """From its files; where they cannot be read, from what was written down when it came."""
    shape = of_installed(model)
    try:
        return work.from_headers(shape, [read_header(Path(path)) for path in model.paths])
    except ModelFileError as error:
        log.warning("header not read model=%s error=%s", model.name, error.key)
        return work.from_shape(shape)


def forecast(
    found: Work,
    machine: Machine,
    context: int,
    ask: Ask = USUAL,
    *,
    threads: int = 0,
    efficiency: Efficiency | None = None,
) -> tuple[Plan, Prediction]:
    """Where its layers go, and how fast that is."""
    made = plan(Load(shape=found.shape, context=context, users=ask.users), machine)
    return made, predict(found, made, machine, ask, threads=threads, efficiency=efficiency)
