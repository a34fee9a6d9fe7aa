"""How well a model foretells a text, and how much of that another version of it lost. Pure.

Source: tools/perplexity/perplexity.cpp of ggml-org/llama.cpp for value and standard error; the ratio's error is that of
paired differences, as both versions read the same tokens.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from yoriai.models import InstalledModel
from yoriai.types import Language

LEAST_SOUND = 500  # tokens; of fewer a chance sentence decides, and the standard error is itself a guess


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """A value and its standard error. The error speaks of other tokens of the same kind of text, not of other texts."""

    value: float
    error: float


def perplexity(surprise: Sequence[float]) -> Estimate:
    """exp(mean) of at least two surprises in nats, with exp(mean) × the standard error of the mean."""
    return _exponential(surprise)


def ratio(after: Sequence[float], before: Sequence[float]) -> Estimate | None:
    """Perplexity after over before; None where they didn't read the same tokens."""
    if len(after) != len(before):
        return None
    return _exponential([new - old for new, old in zip(after, before, strict=True)])


def bundled_text(language: Language) -> str:
    """A text in the public domain; its first lines, which name the source, are left out."""
    content = (files("yoriai.evaluation") / "texts" / f"{language}.txt").read_text("utf8")
    return content.partition("\n\n")[2]


def language_for(model: InstalledModel, wanted: Language) -> Language:
    """The wanted one if the model says it knows it, else English."""
    return wanted if wanted in model.languages else "en"


def _exponential(values: Sequence[float]) -> Estimate:
    n = len(values)
    mean = math.fsum(values) / n
    variance = max(0.0, math.fsum(value * value for value in values) / n - mean * mean)
    return Estimate(value=math.exp(mean), error=math.exp(mean) * math.sqrt(variance / (n - 1)))
