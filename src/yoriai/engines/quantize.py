"""A model of the library in a smaller type, as a new model of the library. Whole or not at all.

Plans by `catalog.mixture`, works by `engines.errand`, hands the file to `catalog.library`. The CLI calls it.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from anyio import to_thread

from yoriai.catalog import files
from yoriai.catalog.facts import Details
from yoriai.catalog.gguf import Header, read_header
from yoriai.catalog.library import Library, checked_name
from yoriai.catalog.mixture import TARGETS, Mixture, mixture, unchanged
from yoriai.engines.errand import Errands, Show
from yoriai.errors import ConflictError, ModelFileError, NotFoundError, UnsupportedError, UsageError
from yoriai.models import InstalledModel, Origin

_SUFFIX = re.compile(r"[-._](" + "|".join([*TARGETS, "fp16", "f32", "fp32"]) + r")$", re.IGNORECASE)


def target_named(text: str) -> str:
    """ "q4_k_m" → "Q4_K_M". Raises: KeyError: no such type."""
    name = text.strip().upper().replace("-", "_")
    if name not in TARGETS:
        raise KeyError(text)
    return name


def name_for(model: InstalledModel, target: str) -> str:
    """ "qwen" → "qwen-q4_k_m", "llama-f16" → "llama-q4_k_m"."""
    return f"{_SUFFIX.sub('', model.name)}-{target.lower()}"


def headers_of(model: InstalledModel) -> list[Header]:
    """Raises: ModelFileError."""
    return [read_header(Path(path)) for path in model.paths]


def plan_for(model: InstalledModel, target: str) -> Mixture:
    """What would be done.

    Raises:
        UsageError: nothing. UnsupportedError: some of its weights cannot be read. ModelFileError.
    """
    plan = mixture(headers_of(model), target)
    if unchanged(plan):
        raise UsageError("engines.quantize_same", name=model.name, target=target)
    if plan.unreadable:
        raise UnsupportedError(
            "engines.quantize_unreadable", name=model.name, types=", ".join(plan.unreadable)
        )
    return plan


def already(library: Library, model: InstalledModel, target: str, name: str) -> InstalledModel | None:
    """The model of this name, where it is just what would be made.

    Raises:
        ConflictError: another model has this name.
    """
    with suppress(NotFoundError, ModelFileError):
        there = library.get(checked_name(name))
        is_it = there.quantization == target and there.origins and there.origins[0].digest == model.digest
        if not is_it:
            raise ConflictError("engines.quantize_name_taken", name=name)
        return there
    return None


def check_space(library: Library, plans: list[Mixture], model: InstalledModel) -> None:
    """Raises: DiskFullError: no room for all of them."""
    header_bytes = max(each.data_offset for each in headers_of(model))
    library.partial.mkdir(parents=True, exist_ok=True)
    files.check_space(library.partial, sum(plan.size_bytes + header_bytes for plan in plans))


async def quantize(
    library: Library,
    model: InstalledModel,
    plan: Mixture,
    *,
    name: str,
    errands: Errands,
    show: Show,
    replace: bool = False,
) -> InstalledModel:
    """Make it. Cancelled, or killed, nothing of it is left but a temporary file that the library sweeps away.

    Args:
        replace: another model of this name gives way.

    Raises:
        ConflictError: another model has this name. DiskFullError, ModelFileError, PrerequisiteError, EngineError.
    """
    await to_thread.run_sync(check_space, library, [plan], model)
    target = files.temporary(library.partial)
    try:
        await errands.quantize(model.paths, target, plan, show)
        digest = await to_thread.run_sync(files.sha256, target)
        return await to_thread.run_sync(
            lambda: library.adopt([(target, digest)], name, _details(model, plan), replace=replace)
        )
    finally:
        target.unlink(missing_ok=True)


def _details(model: InstalledModel, plan: Mixture) -> Details:
    """All that quantising leaves as it was."""
    return Details(
        kind=model.kind,
        family=model.family,
        licence=model.licence,
        quantization=plan.target,
        languages=model.languages,
        tool_calls=model.tool_calls,
        sampling=model.sampling,
        origins=(Origin(name=model.name, digest=model.digest), *model.origins),
    )
