"""What the models page says of a model: plain values and words for the browser. Pure; used by `models_page`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yoriai.catalog import speed_words, verdict
from yoriai.catalog.catalogue import Entry
from yoriai.catalog.hardware import Machine
from yoriai.catalog.kept import DiskUse
from yoriai.catalog.openness import Openness
from yoriai.catalog.openness import verdict as openness_verdict
from yoriai.catalog.plan import Plan
from yoriai.catalog.pulls import Pull
from yoriai.catalog.speed import Rate
from yoriai.evaluation.outlook import Outlook
from yoriai.i18n.catalogue import error_text
from yoriai.i18n.figures import size
from yoriai.models import InstalledModel, ResponderInfo
from yoriai.web.visitor import Visitor

Card = dict[str, Any]


def card_of_entry(entry: Entry, openness: Openness, visitor: Visitor, *, is_allowed: bool) -> Card:
    """A model of the catalogue."""
    context = f"{entry.context:,}" if entry.context else ""
    return _card(entry, entry.estimated_bytes, context, openness, visitor) | {
        "description": getattr(entry.description, visitor.language),
        "sources": [source.kind for source in entry.sources],
        "allowed": is_allowed,
    }


def card_of_installed(model: InstalledModel, openness: Openness, visitor: Visitor) -> Card:
    """A model that only this machine knows."""
    context = f"{model.context_train:,}" if model.context_train else ""
    return _card(model, model.size_bytes, context, openness, visitor) | {
        "description": "",
        "sources": [],
        "allowed": True,
    }


def _card(
    model: Entry | InstalledModel, size_bytes: int, context: str, openness: Openness, visitor: Visitor
) -> Card:
    reached = openness_verdict(openness)
    return {
        "name": model.name,
        "family": model.family,
        "kind": model.kind,
        "kindText": visitor.text(f"models_kind_{model.kind}"),
        "parameters": count(model.parameters),
        "quantization": model.quantization,
        "bytes": size_bytes,
        "size": size(size_bytes),
        "languages": list(model.languages),
        "context": visitor.text("models_context_of", tokens=context) if context else "",
        "licence": openness.licence or model.licence,
        "verdict": reached,
        "verdictText": visitor.text(f"models_verdict_{reached}"),
    }


def fit(outlook: Outlook, visitor: Visitor) -> dict[str, Any]:
    """Does it fit, how much memory, how fast, and why."""
    made, found = outlook.plan, outlook.prediction
    rate = found.generation or found.prompt
    name = (
        f"models_speed{'_shared' if found.users > 1 else ''}" if found.generation else "models_speed_reading"
    )
    is_slow = made.verdict == "fits" and made.is_slow and found.generation is not None
    return {
        "verdict": made.verdict,
        "sign": verdict.SIGNS[made.verdict],
        "label": visitor.text("models_fit_slow" if is_slow else f"models_fit_{made.verdict}"),
        "memory": _memory(made, visitor),
        "speed": ""
        if made.verdict == "none" or not rate
        else visitor.text(name, range=_range(rate), users=found.users),
        "why": [verdict.words(made, visitor.language), *_speed_words(outlook, visitor)],
    }


def _memory(made: Plan, visitor: Visitor) -> str:
    """What must be there, and what is measured while nothing else wants the memory."""
    needed, resident = size(made.needed_bytes), size(made.resident_bytes)
    return visitor.text("models_memory", size=needed if needed == resident else f"{needed}–{resident}")


def _speed_words(outlook: Outlook, visitor: Visitor) -> list[str]:
    return [] if outlook.plan.verdict == "none" else [speed_words.words(outlook.prediction, visitor.language)]


def machine_words(machine: Machine, assumed: Sequence[str], visitor: Visitor) -> str:
    """Its parts, and what was assumed of it."""
    names = [gpu.name for gpu in machine.gpus]
    parts = [f"{names.count(name)} × {name}" for name in dict.fromkeys(names)]
    parts += [machine.cpu_name] if machine.cpu_name else []
    parts.append(visitor.text("models_ram_of", gib=round(machine.ram_bytes / 2**30)))
    if not machine.is_described:
        parts.append(visitor.text("models_ram_free", size=size(machine.ram_free_bytes)))
    return " · ".join([*parts, *(visitor.text(f"models_assumed_{what}") for what in assumed)])


def pull(found: Pull, visitor: Visitor) -> dict[str, Any]:
    """How far it is, in words and as a share."""
    now = found.progress
    parts = [visitor.text(f"models_phase_{now.phase}" if now else "models_phase_begin")]
    share = None
    if now and now.total_bytes:
        share = min(1.0, now.done_bytes / now.total_bytes)
        values = {"done": size(now.done_bytes), "total": size(now.total_bytes), "percent": f"{share:.0%}"}
        parts.append(visitor.text("models_progress", **values))
    if found.bytes_per_s:
        parts.append(f"{size(found.bytes_per_s)}/s")
    if found.remaining_s is not None:
        parts.append(visitor.text("models_remaining", time=duration(found.remaining_s)))
    return {
        "state": found.state,
        "share": share,
        "text": " · ".join(parts),
        "error": error_text(found.error, visitor.language) if found.error else "",
    }


def loaded(info: ResponderInfo, visitor: Visitor) -> dict[str, Any]:
    return {
        "name": info.name,
        "state": info.state,
        "text": f"{size(info.memory_bytes)} · {visitor.text('state_' + info.state)}",
    }


def disk(use: DiskUse, visitor: Visitor) -> str:
    values = {"models": size(use.models_bytes), "free": size(use.free_bytes)}
    words = visitor.text("models_disk", **values)
    if use.partial_bytes:
        words += " · " + visitor.text("models_disk_partial", size=size(use.partial_bytes))
    return words


def count(parameters: int | None) -> str:
    """1543714304 → "1.5B"; "" when unknown."""
    if not parameters:
        return ""
    amount, unit = (parameters / 1e9, "B") if parameters >= 1e9 else (parameters / 1e6, "M")
    return f"{amount:.1f}{unit}" if amount < 10 and unit == "B" else f"{amount:.0f}{unit}"


def duration(seconds: float) -> str:
    """75 → "1:15"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _range(rate: Rate) -> str:
    return f"{speed_words.rate(rate.low)}–{speed_words.rate(rate.high)}"
