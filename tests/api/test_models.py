"""Administering models over HTTP: a pull from a hub on this machine, unloading, removing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from catalog.sources import Hub
from offering import HELD_BYTES, TINY, hold, offer
from serving import MODEL, Served, server_with_model

Answer = dict[str, Any]


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    hub = Hub()
    yield hub
    hub.close()


@pytest.fixture(scope="module")
def served(smollm2_path: Path, hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("models")
    offer(home, hub, smollm2_path.read_bytes())
    with server_with_model(home, smollm2_path, YORIAI_DOWNLOAD__HUB_URL=hub.url) as served:
        yield served


@pytest.fixture
def anna(served: Served) -> Iterator[httpx2.Client]:
    headers = {"Authorization": f"Bearer {served.token}"}
    with httpx2.Client(base_url=served.url, headers=headers, timeout=60) as client:
        yield client


def offered(client: httpx2.Client, name: str = TINY) -> Answer:
    catalogue = client.get("/api/models").json()["catalogue"]
    return next(each for each in catalogue if each["name"] == name)


def until(client: httpx2.Client, holds: Callable[[Answer], bool]) -> Answer:
    deadline = time.monotonic() + 30
    while not holds(last := offered(client)):
        assert time.monotonic() < deadline, last
        time.sleep(0.1)
    return last


def test_a_pull_is_begun_watched_cancelled_and_gone_on_with(
    anna: httpx2.Client, hub: Hub, smollm2_path: Path
) -> None:
    store = next(path for path in hub.files if path.startswith("/store/"))
    size = smollm2_path.stat().st_size
    hold(hub, store)
    assert offered(anna)["pull"] is None
    assert anna.delete(f"/api/models/{TINY}/pull").status_code == 404
    begun = anna.post(f"/api/models/{TINY}/pull")
    assert begun.status_code == 202
    assert begun.json()["state"] == "running"
    half = until(anna, lambda told: told["pull"]["done_bytes"] >= HELD_BYTES // 2)["pull"]
    assert half["phase"] == "download"
    assert half["total_bytes"] == size
    assert anna.delete(f"/api/models/{TINY}/pull").status_code == 204
    assert offered(anna)["pull"]["state"] == "stopped"
    hub.go_on.set()
    anna.post(f"/api/models/{TINY}/pull")
    until(anna, lambda told: bool(told["installed"]) and told["pull"]["state"] == "done")
    assert (hub.starts(store)[-1] or 0) > 0
    said = anna.post(
        "/v1/chat/completions",
        json={"model": TINY, "max_tokens": 4, "messages": [{"role": "user", "content": "Hello"}]},
    )
    assert said.status_code == 200


def test_a_loaded_model_is_unloaded(anna: httpx2.Client) -> None:
    def state() -> str:
        found = anna.get("/api/models").json()["responders"]
        return str(next(each["state"] for each in found if each["name"] == MODEL))

    body = {"model": MODEL, "max_tokens": 2, "messages": [{"role": "user", "content": "Hello"}]}
    anna.post("/v1/chat/completions", json=body)
    assert state() == "ready"
    assert anna.post(f"/api/models/{MODEL}/unload").status_code == 202
    deadline = time.monotonic() + 20
    while state() != "stopped":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert anna.post(f"/api/models/{MODEL}/unload").status_code == 404


def test_a_removed_model_is_gone_at_once(anna: httpx2.Client, served: Served) -> None:
    assert anna.delete(f"/api/models/{TINY}").status_code == 204
    assert not offered(anna)["installed"]
    assert TINY not in [each["id"] for each in anna.get("/v1/models").json()["data"]]
    assert not [*(served.home / "models" / "blobs").glob("*")]
    assert anna.delete(f"/api/models/{TINY}").status_code == 404


def test_what_the_catalogue_cannot_give_is_not_found(anna: httpx2.Client) -> None:
    for name in ("nobody", "phi-3.5-mini"):  # unknown; there to be planned with only
        assert anna.post(f"/api/models/{name}/pull").status_code == 404


def test_a_described_machine_is_planned_for(anna: httpx2.Client) -> None:
    machine = {"gpu": ["GTX 1080 Ti 11GB x2"], "ram": 48}
    found = anna.get("/api/fit", params=machine).raise_for_status().json()
    verdicts = {row["model"]: row["verdict"] for row in found["models"]}
    assert [verdicts[name] for name in ("llama-3.1-70b", "gemma-2-27b", "gemma-2-9b")] == [
        "none",
        "partly",
        "fits",
    ]
    assert found["assumed"] == ["cpu"]


def test_named_models_are_planned_for_with_their_cache_and_together(anna: httpx2.Client) -> None:
    names = ["gemma-2-9b", "llama-3.1-8b"]
    asked = {"gpu": ["RTX 4060 Ti 16GB"], "ram": 48, "model": names, "context": 8192}

    def rows(**more: object) -> list[dict[str, object]]:
        found: list[dict[str, object]] = (
            anna.get("/api/fit", params=asked | more).raise_for_status().json()["models"]
        )
        assert [row["model"] for row in found] == names
        return found

    alone, small, together = rows(), rows(kv="q4_0"), rows(together=True)
    assert all(less["needed_bytes"] < more["needed_bytes"] for less, more in zip(small, alone, strict=True))  # type: ignore[operator]
    assert [row["verdict"] for row in alone] == ["fits", "fits"]
    assert [row["verdict"] for row in together] == ["fits", "partly"]
    assert anna.get("/api/fit", params={"model": "nobody"}).status_code == 404


def test_this_machine_is_planned_for_where_none_is_described(anna: httpx2.Client) -> None:
    found = anna.get("/api/fit", params={"users": 2}).raise_for_status().json()
    (row,) = [row for row in found["models"] if row["model"] == MODEL]
    assert row["verdict"] == "fits"
    assert row["installed"]
    assert row["users"] == 2


@pytest.mark.parametrize(
    "query", [{"gpu": "RTX 9999"}, {"ram": -1}, {"gpus": "RTX 4090"}, {"users": 0}, {"kv": "f8"}]
)
def test_an_impossible_machine_is_refused(anna: httpx2.Client, query: dict[str, str]) -> None:
    answer = anna.get("/api/fit", params=query)
    assert answer.status_code in {400, 422}
    assert answer.json()["error"]["message"]
