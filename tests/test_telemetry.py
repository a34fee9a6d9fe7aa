"""What the metrics say after something happened."""

from __future__ import annotations

import os

import psutil
import pytest

from yoriai.models import ModelState, ResponderInfo
from yoriai.telemetry import Metrics
from yoriai.types import Usage


def loaded(name: str, *, state: ModelState = "ready", memory_bytes: int = 500) -> ResponderInfo:
    return ResponderInfo(name=name, kind="chat", engine="llama.cpp", state=state, memory_bytes=memory_bytes)


def lines(metrics: Metrics, *responders: ResponderInfo) -> dict[str, float]:
    text = metrics.exposition(responders).decode()
    samples = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in samples}


def test_requests_are_counted_by_method_route_and_status() -> None:
    metrics = Metrics()
    metrics.request("GET", "/v1/models", 200)
    metrics.request("GET", "/v1/models", 200)
    metrics.request("GET", "/v1/models", 401)
    counted = lines(metrics)
    assert counted['yoriai_requests_total{method="GET",route="/v1/models",status="200"}'] == 2
    assert counted['yoriai_requests_total{method="GET",route="/v1/models",status="401"}'] == 1


def test_tokens_are_counted_by_model() -> None:
    metrics = Metrics()
    metrics.usage("a", Usage(prompt_tokens=10, completion_tokens=3))
    metrics.usage("a", Usage(prompt_tokens=5, completion_tokens=4))
    metrics.usage("b", Usage(prompt_tokens=1, completion_tokens=1))
    counted = lines(metrics)
    assert counted['yoriai_prompt_tokens_total{model="a"}'] == 15
    assert counted['yoriai_generated_tokens_total{model="a"}'] == 7
    assert counted['yoriai_generated_tokens_total{model="b"}'] == 1


def test_the_wait_for_the_first_token_falls_into_its_bucket() -> None:
    metrics = Metrics()
    metrics.first_token("a", 0.3)
    counted = lines(metrics)
    assert counted['yoriai_time_to_first_token_seconds_bucket{le="0.2",model="a"}'] == 0
    assert counted['yoriai_time_to_first_token_seconds_bucket{le="0.5",model="a"}'] == 1
    assert counted['yoriai_time_to_first_token_seconds_sum{model="a"}'] == pytest.approx(0.3)


def test_only_models_in_memory_are_shown() -> None:
    counted = lines(
        Metrics(), loaded("a"), loaded("b", state="draining", memory_bytes=7), loaded("c", state="stopped")
    )
    assert counted["yoriai_loaded_models"] == 2
    assert counted['yoriai_model_memory_bytes{model="b"}'] == 7
    assert 'yoriai_model_memory_bytes{model="c"}' not in counted


def test_an_unloaded_model_disappears() -> None:
    metrics = Metrics()
    assert 'yoriai_model_memory_bytes{model="a"}' in lines(metrics, loaded("a"))
    assert 'yoriai_model_memory_bytes{model="a"}' not in lines(metrics)


def test_the_own_memory_is_what_the_system_says() -> None:
    own = lines(Metrics())["yoriai_process_resident_bytes"]
    assert own == pytest.approx(psutil.Process(os.getpid()).memory_info().rss, rel=0.2)


def test_two_servers_in_one_process_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.request("GET", "/health", 200)
    assert not [name for name in lines(other) if name.startswith("yoriai_requests_total{")]


def test_every_metric_is_explained() -> None:
    metrics = Metrics()
    metrics.request("GET", "/health", 200)
    text = metrics.exposition([loaded("a")]).decode()
    named = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    explained = {
        line.split()[2] for line in text.splitlines() if line.startswith("# HELP") and line.endswith(".")
    }
    assert {name for name in named if not name.endswith("_created")} <= explained


def test_names_that_people_gave_are_not_in_the_counters() -> None:
    metrics = Metrics()
    for name in ("assistant:merger with Yamada", "collection:merger with Yamada", "qwen:1b"):
        metrics.usage(name, Usage(prompt_tokens=2, completion_tokens=1))
        metrics.first_token(name, 0.1)
    counted = lines(metrics)
    assert not [name for name in counted if "Yamada" in name]
    assert counted['yoriai_prompt_tokens_total{model="assistant"}'] == 2
    assert counted['yoriai_prompt_tokens_total{model="qwen:1b"}'] == 2
