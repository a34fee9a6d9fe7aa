"""What the running server counts, for Prometheus. Owns names and units; sends nothing anywhere.

`api` counts requests and tokens here and serves `exposition()`; loaded models are asked for at that moment.
"""

from __future__ import annotations

from collections.abc import Iterable

import psutil
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from yoriai.models import ResponderInfo
from yoriai.types import Usage

_SECONDS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)


class Metrics:
    """The counters of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "yoriai_requests", "Requests answered.", ("method", "route", "status"), registry=self._registry
        )
        self._prompt = Counter(
            "yoriai_prompt_tokens", "Prompt tokens read.", ("model",), registry=self._registry
        )
        self._generated = Counter(
            "yoriai_generated_tokens", "Tokens generated.", ("model",), registry=self._registry
        )
        self._first_token = Histogram(
            "yoriai_time_to_first_token_seconds",
            "From a request's arrival to its first token.",
            ("model",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._models = Gauge("yoriai_loaded_models", "Models that are loaded.", registry=self._registry)
        self._model_memory = Gauge(
            "yoriai_model_memory_bytes", "Memory of a loaded model.", ("model",), registry=self._registry
        )
        self._own_memory = Gauge(
            "yoriai_process_resident_bytes", "Resident memory of this process.", registry=self._registry
        )

    def request(self, method: str, route: str, status: int) -> None:
        self._requests.labels(method, route, str(status)).inc()

    def usage(self, model: str, usage: Usage) -> None:
        self._prompt.labels(_label(model)).inc(usage.prompt_tokens)
        self._generated.labels(_label(model)).inc(usage.completion_tokens)

    def first_token(self, model: str, seconds: float) -> None:
        self._first_token.labels(_label(model)).observe(seconds)

    def exposition(self, responders: Iterable[ResponderInfo]) -> bytes:
        """Everything in Prometheus' text format."""
        loaded = [info for info in responders if info.state in {"ready", "draining"}]
        self._models.set(len(loaded))
        self._model_memory.clear()
        for info in loaded:
            self._model_memory.labels(info.name).set(info.memory_bytes)
        self._own_memory.set(psutil.Process().memory_info().rss)
        return generate_latest(self._registry)


def _label(responder: str) -> str:
    """How somebody called an assistant or a collection is not the administrator's to read: they count together."""
    kind, colon, _ = responder.partition(":")
    return kind if colon and kind in {"assistant", "collection"} else responder
