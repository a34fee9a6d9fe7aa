"""Measurements for tests to start from. Not a test itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from yoriai.catalog.measurement import Measurement, Spread

START = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
ONE = Measurement(
    id="0" * 32, measured_at=START, machine_id="a" * 16, machine_name="desk", machine="2 × GeForce GTX 1080 Ti, 48 GiB",
    engine="xllamacpp 1", model="llama-3.1-8b", digest="d" * 64, quantization="Q8_0", size_bytes=8_500_000_000,
    threads=8, context=2048, users=1, prompt_tokens=1900, generated_tokens=64, rounds=3,
    prompt_tokens_per_s=Spread(median=800.0, least=790.5, most=812.25),
    generation_tokens_per_s=Spread(median=40.0, least=38.0, most=41.0),
    first_token_s=Spread(median=2.4, least=2.3, most=2.5), memory_bytes=9_000_000_000,
    foreseen_prompt_tokens_per_s=1000.0, foreseen_generation_tokens_per_s=50.0,
)  # fmt: skip


def measurement(number: int = 0, **changes: Any) -> Measurement:
    """The `number`th, a minute after the one before it."""
    plain = replace(ONE, id=f"{number:032x}", measured_at=START + timedelta(minutes=number))
    rate = changes.pop("rate", None)
    if rate:
        changes["generation_tokens_per_s"] = Spread(median=rate, least=rate, most=rate)
    return replace(plain, **changes)
