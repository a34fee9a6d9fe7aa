"""A prediction in words, and as a row for tables and programs. Pure; CLI, API and page show what it says."""

from __future__ import annotations

from typing import Any

from yoriai.catalog.plan import READING_TOKENS_PER_S
from yoriai.catalog.speed import Prediction, Rate, Reason
from yoriai.i18n.catalogue import text
from yoriai.types import Language

_WORTH_A_FACTOR = 1.05  # a smaller loss of generation speed is not worth its figure


def words(prediction: Prediction, language: Language) -> str:
    """How fast, between what, and what makes it so."""
    if prediction.generation is None and prediction.prompt is None:
        return text("catalog.speed_unknown", language)
    sentences = []
    if prediction.generation:
        sentences.append(_generation(prediction.generation, prediction.users, language))
    if prediction.prompt:
        sentences.append(text("catalog.speed_prompt", language, **_range(prediction.prompt)))
    sentences += reasons(prediction, language)
    return ("" if language == "ja" else " ").join(sentences)


def reasons(prediction: Prediction, language: Language) -> list[str]:
    """One sentence each, the weightiest first."""
    return [_reason(reason, language) for reason in prediction.reasons]


def row(prediction: Prediction, language: Language) -> dict[str, Any]:
    """Tokens per second and reasons, for programs."""
    return {
        "generation_tokens_per_s": _numbers(prediction.generation),
        "generation_tokens_per_s_per_user": _numbers(prediction.generation, prediction.users),
        "speed_users": prediction.users,
        "prompt_tokens_per_s": _numbers(prediction.prompt),
        "speed_reasons": reasons(prediction, language),
    }


def rate(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def _generation(found: Rate, users: int, language: Language) -> str:
    """Of all users together, where there are several: with what each of them gets, and whether that is enough."""
    if users == 1:
        return text("catalog.speed_generation", language, **_range(found))
    each = found.tokens_per_s / users
    values = _range(found) | {"users": users, "each": rate(each), "reading": round(READING_TOKENS_PER_S)}
    enough = "slow" if each < READING_TOKENS_PER_S else "enough"
    return text(f"catalog.speed_shared_{enough}", language, **values)


def _reason(reason: Reason, language: Language) -> str:
    if reason.name == "half_slow" and reason.factor < _WORTH_A_FACTOR:
        return text("catalog.speed_because_half_slow_prompt", language, device=reason.device)
    return text(
        f"catalog.speed_because_{reason.name}",
        language,
        device=reason.device,
        percent=reason.percent,
        factor=f"{reason.factor:.1f}",
    )


def _range(found: Rate) -> dict[str, str]:
    return {"rate": rate(found.tokens_per_s), "low": rate(found.low), "high": rate(found.high)}


def _numbers(found: Rate | None, users: int = 1) -> dict[str, float] | None:
    if found is None:
        return None
    return {"predicted": found.tokens_per_s / users, "low": found.low / users, "high": found.high / users}
