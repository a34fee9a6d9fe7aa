"""The hub: whether it is there, where a file of it lies, and what it says of the file."""

from __future__ import annotations

import time

import pytest

from yoriai.catalog import hub as hubs
from yoriai.catalog.catalogue import HubSource
from yoriai.egress import Egress
from yoriai.errors import DownloadError, EgressError
from yoriai.settings import DownloadSettings

from .sources import Hub, sha256

EGRESS = Egress({"hub": frozenset({"127.0.0.1"})})


def at(url: str, timeout_s: float = 5) -> DownloadSettings:
    return DownloadSettings(hub_url=url, timeout_s=timeout_s)


def source(file: str = "tiny.gguf", revision: str = "main") -> HubSource:
    return HubSource(kind="hub", repo="someone/model-GGUF", file=file, revision=revision)


async def test_a_hub_that_answers_is_reachable(hub: Hub) -> None:
    hub.files["/"] = b"welcome"
    assert await hubs.is_reachable(EGRESS, at(hub.url))
    hub.files.clear()  # 404 is an answer too
    assert await hubs.is_reachable(EGRESS, at(hub.url))


async def test_a_hub_that_is_broken_refused_or_not_there_is_not_reachable(hub: Hub) -> None:
    hub.statuses = [502]
    assert not await hubs.is_reachable(EGRESS, at(hub.url))
    assert not await hubs.is_reachable(EGRESS, at("http://127.0.0.1:9"))
    assert not await hubs.is_reachable(EGRESS, at("http://name.invalid"))
    assert not await hubs.is_reachable(Egress({"hub": frozenset()}), at(hub.url))


async def test_a_hub_that_keeps_silent_is_given_up_soon(hub: Hub) -> None:
    hub.silence_s = 3.0
    began = time.monotonic()
    assert not await hubs.is_reachable(EGRESS, at(hub.url, timeout_s=0.2))
    assert time.monotonic() - began < 2


async def test_size_and_digest_are_the_hubs_own_though_its_store_refuses_to_tell(hub: Hub) -> None:
    hub.add("tiny.gguf", b"weights")
    (located,) = await hubs.locate(EGRESS, at(hub.url + "/"), source())
    assert located.remote.url == f"{hub.url}/someone/model-GGUF/resolve/main/tiny.gguf"
    assert (located.remote.size_bytes, located.sha256) == (7, sha256(b"weights"))
    assert hub.fetched() == []


async def test_a_mirror_that_says_nothing_of_the_file_still_has_it(hub: Hub) -> None:
    hub.add("tiny.gguf", b"weights")
    hub.tells_digest = False
    (located,) = await hubs.locate(EGRESS, at(hub.url), source())
    assert located.sha256 is None


async def test_names_and_revisions_reach_the_hub_as_they_are(hub: Hub) -> None:
    hub.add("q4%20%E6%97%A5%23/a%3Fb.gguf", b"weights", revision="v1.0-rc")
    (located,) = await hubs.locate(EGRESS, at(hub.url), source("q4 日#/a?b.gguf", "v1.0-rc"))
    assert located.sha256 == sha256(b"weights")


async def test_a_file_that_the_hub_does_not_have_is_an_error_with_the_status(hub: Hub) -> None:
    with pytest.raises(DownloadError) as caught:
        await hubs.locate(EGRESS, at(hub.url), source())
    assert (caught.value.key, caught.value.values["status"]) == ("catalog.source_refused", 404)


async def test_no_answer_and_no_permission_are_errors_of_their_own(hub: Hub) -> None:
    with pytest.raises(DownloadError) as caught:
        await hubs.locate(EGRESS, at("http://127.0.0.1:9"), source())
    assert caught.value.key == "catalog.source_silent"
    with pytest.raises(EgressError):
        await hubs.locate(EGRESS, at("http://elsewhere.invalid"), source())
    with pytest.raises(EgressError):  # where the hub sends us must be allowed as well
        hub.redirects["/someone/model-GGUF/resolve/main/tiny.gguf"] = "http://elsewhere.invalid/store"
        await hubs.locate(EGRESS, at(hub.url), source())


def test_the_first_of_several_files_names_all_of_them() -> None:
    assert hubs.names(source("q4/big-00001-of-00003.gguf")) == [
        f"q4/big-0000{n}-of-00003.gguf" for n in (1, 2, 3)
    ]
    assert hubs.names(source("big-00002-of-00003.gguf")) == ["big-00002-of-00003.gguf"]
    assert len(hubs.names(source("big-00001-of-99999.gguf"))) == 1000
