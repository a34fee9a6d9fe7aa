"""A plan in words, and as a row for tables and programs. Pure; the CLI, the API and the page show what it says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yoriai.catalog.plan import READING_TOKENS_PER_S, Plan, Verdict
from yoriai.catalog.split import Share
from yoriai.i18n.catalogue import text
from yoriai.types import Language

SIGNS: dict[Verdict, str] = {"fits": "◯", "partly": "△", "none": "✕"}
_NOTABLE_BYTES = 50_000_000  # less is told as "0.0 GB"
_SLIGHTLY = 0.2  # of what the cards hold


def words(made: Plan, language: Language) -> str:
    """What the verdict means, with its figures, and what happens if it is tried against it."""
    sentences = [_verdict(made, language), *_memory(made, language)]
    if made.verdict == "fits" and made.is_slow:
        values = {"rate": _rate(made), "reading": round(READING_TOKENS_PER_S)}
        sentences.append(text("catalog.fit_slow", language, **values))
    sentences += _use(made, language)
    if made.load.shape.origin == "estimate":
        sentences.append(text("catalog.fit_estimate", language))
    return ("" if language == "ja" else " ").join(sentences)


def _memory(made: Plan, language: Language) -> list[str]:
    """Where more is measured than must be there."""
    if made.host.evictable_bytes < _NOTABLE_BYTES or made.verdict == "none":
        return []
    values = {"resident": _gigabytes(made.resident_bytes), "pages": _gigabytes(made.host.evictable_bytes)}
    return [text("catalog.fit_evictable", language, **values)]


def _use(made: Plan, language: Language) -> list[str]:
    """For how many it was planned, and with how much context, where that isn't what was asked for."""
    load, sentences = made.load, []
    if load.tokens < load.context:
        values = {"asked": f"{load.context:,}", "own": f"{load.tokens:,}"}
        sentences.append(text("catalog.fit_own_context", language, **values))
    if load.users > 1:
        values = {"users": f"{load.users:,}", "tokens": f"{load.tokens:,}"}
        sentences.append(text("catalog.fit_users", language, **values))
    return sentences


def row(made: Plan, language: Language, *, installed: bool = False) -> dict[str, Any]:
    """Everything that a table or a program may want to know of a plan; sizes in bytes."""
    load, shape = made.load, made.load.shape
    return {
        "model": shape.name,
        "quantization": shape.quantization,
        "verdict": made.verdict,
        "reason": made.reason,
        "words": words(made, language),
        "parameters": shape.parameters,
        "size_bytes": shape.size_bytes,
        "needed_bytes": made.needed_bytes,
        "resident_bytes": made.resident_bytes,
        "gpu_bytes": sum(share.total_bytes for share in made.gpus),
        "ram_bytes": made.host.total_bytes,
        "missing_bytes": made.missing_bytes,
        "layers": made.n_layer,
        "layers_gpu": made.n_layer_gpu,
        "n_gpu_layers": made.n_gpu_layers,
        "context": load.tokens,
        "users": load.users,
        "kv": load.kv,
        "largest_context": made.largest_context,
        "ceiling_tokens_per_s_per_user": made.ceiling_tokens_per_s,
        "origin": shape.origin,
        "installed": installed,
        "devices": [_device(share) for share in (*made.gpus, made.host)],
    }


def _verdict(made: Plan, language: Language) -> str:
    values = {
        "layers": made.n_layer,
        "in_ram": made.host.n_layer,
        "missing": _gigabytes(made.missing_bytes),
        "rate": _rate(made),
        "reading": round(READING_TOKENS_PER_S),
        "used": _gigabytes(sum(share.total_bytes for share in made.gpus) or made.host.total_bytes),
        "free": _gigabytes(_free(made.gpus or (made.host,))),
        "needed": _gigabytes(made.needed_bytes),
        "all": _gigabytes(made.needed_bytes - made.missing_bytes),
    }
    return text(f"catalog.fit_{_case(made)}", language, **values)


def _case(made: Plan) -> str:
    if made.verdict == "fits":
        return "fits" if made.gpus else "fits_ram"
    if made.verdict == "none":
        return f"none_{made.reason}"
    return "partly_slightly" if made.missing_bytes <= _SLIGHTLY * _free(made.gpus) else "partly_largely"


def _device(share: Share) -> dict[str, Any]:
    return {
        "name": share.name,
        "capacity_bytes": share.capacity_bytes,
        "layers": share.n_layer,
        "weight_bytes": share.weight_bytes,
        "cache_bytes": share.cache_bytes,
        "compute_bytes": share.compute_bytes,
        "overhead_bytes": share.overhead_bytes,
        "total_bytes": share.total_bytes,
        "evictable_bytes": share.evictable_bytes,
    }


def _free(shares: Sequence[Share]) -> int:
    return sum(share.capacity_bytes for share in shares)


def _rate(made: Plan) -> str:
    rate = made.ceiling_tokens_per_s
    return "?" if rate is None else f"{rate:.1f}" if rate < 10 else f"{rate:.0f}"


def _gigabytes(count: float) -> str:
    return f"{count / 1e9:.1f} GB"
