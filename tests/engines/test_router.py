"""The router with real processes of the real engine."""

from __future__ import annotations

import os
import shutil
import signal
import time
from contextlib import aclosing
from pathlib import Path
from typing import Any

import anyio
import httpx2
import psutil
import pytest
from anyio.abc import TaskStatus

from yoriai.catalog.library import Library
from yoriai.catalog.memory import CPU_BATCH, memory_needed
from yoriai.engines.router import Router
from yoriai.errors import (
    ConflictError,
    DoesNotFitError,
    EngineError,
    EngineLostError,
    ModelFileError,
    NotFoundError,
    PrerequisiteError,
)
from yoriai.models import ModelState
from yoriai.types import ChatRequest, Finish, Stage, TextDelta, Usage

from .conftest import OpenRouter


def story(**fields: Any) -> ChatRequest:
    message = {"role": "user", "content": "Tell a long story about a village."}
    return ChatRequest.model_validate({"model": "m", "messages": [message], **fields})


async def ask(router: Router, name: str, **fields: Any) -> str:
    async with router.lease(name) as lease:
        client = await lease.ready()
        return "".join([e.text async for e in client.chat(story(**fields)) if isinstance(e, TextDelta)])


async def state_of(router: Router, name: str) -> ModelState:
    return next(info.state for info in await router.list() if info.name == name)


async def until(router: Router, name: str, state: ModelState) -> None:
    with anyio.fail_after(20):
        while await state_of(router, name) != state:
            await anyio.sleep(0.05)


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "yoriai.engines.child" in child.cmdline()]


def budget_for(library: Library, models: int) -> int:
    """Memory for that many of the test's models, and a little."""
    return int(memory_needed(library.get("one"), 2048, 2) * (models + 0.5))


async def test_a_model_is_loaded_once_for_everyone_who_waits(open_router: OpenRouter) -> None:
    async with open_router() as router, anyio.create_task_group() as tasks:
        assert await state_of(router, "one") == "stopped"
        for _ in range(4):
            tasks.start_soon(lambda: ask(router, "one", max_tokens=4))
        await until(router, "one", "ready")
        assert len(children()) == 1


async def test_the_stages_of_the_wait_are_told(open_router: OpenRouter) -> None:
    async with open_router() as router, router.lease("one") as lease:
        stages = [stage.name async for stage in lease.progress()]
        assert "loading" in stages
        assert [stage async for stage in lease.progress()] == []


async def test_a_second_question_reuses_the_prompt(open_router: OpenRouter) -> None:
    async with open_router() as router, router.lease("one") as lease:
        client = await lease.ready()
        usages = []
        for _ in range(2):
            events = [event async for event in client.chat(story(max_tokens=2))]
            usages.append(events[-1])
        assert [usage.cached_tokens > 10 for usage in usages] == [False, True]  # type: ignore[union-attr]


async def test_a_client_that_leaves_frees_its_slot_within_a_second(open_router: OpenRouter) -> None:
    async with open_router() as router, router.lease("one") as lease:
        client = await lease.ready()
        async with aclosing(client.chat(story(max_tokens=1500))) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    break
            assert any(slot["is_processing"] for slot in await slots(client.http))
        left = time.monotonic()
        while any(slot["is_processing"] for slot in await slots(client.http)):
            assert time.monotonic() - left < 1, "the slot is still busy"


async def test_a_long_prompt_is_read_in_small_steps(open_router: OpenRouter) -> None:
    """Only between two steps the engine notices that a client has left, or serves somebody else."""
    numbers = " ".join(str(number) for number in range(100, 500))  # well over a thousand tokens
    message = {"role": "user", "content": numbers}
    async with open_router() as router, router.lease("one") as lease:
        client = await lease.ready()
        request = ChatRequest.model_validate({"model": "m", "messages": [message], "max_tokens": 1})
        events = [event async for event in client.chat(request)]
    steps = [event for event in events if isinstance(event, Stage) and event.name == "prompt"]
    usage = events[-1]
    assert isinstance(usage, Usage)
    assert usage.prompt_tokens > 1000
    assert len(steps) >= usage.prompt_tokens // CPU_BATCH


async def slots(http: httpx2.AsyncClient) -> list[dict[str, Any]]:
    return list((await http.get("/slots")).json())


async def test_two_models_answer_at_the_same_time(open_router: OpenRouter) -> None:
    async with open_router() as router:
        answers: dict[str, str] = {}

        async def keep(name: str) -> None:
            answers[name] = await ask(router, name, max_tokens=12, temperature=0)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(keep, "one")
            tasks.start_soon(keep, "two")
        assert answers["one"] == answers["two"] != ""
        assert len(children()) == 2


async def test_a_third_model_evicts_the_least_recently_used(
    open_router: OpenRouter, library: Library
) -> None:
    async with open_router(memory_bytes=budget_for(library, 2)) as router:
        for name in ("one", "two", "one", "three"):
            await ask(router, name, max_tokens=1)
        assert [await state_of(router, name) for name in ("one", "two", "three")] == [
            "ready",
            "stopped",
            "ready",
        ]


async def test_where_one_model_fits_a_question_for_the_loaded_one_goes_first(
    open_router: OpenRouter, library: Library
) -> None:
    """Both are asked together, the other one first: two loads in all, and the stages say who waits."""
    async with open_router(memory_bytes=budget_for(library, 1)) as router:
        await ask(router, "one", max_tokens=1)
        ended: list[str] = []
        stages: list[Stage] = []

        async def keep(name: str) -> None:
            async with router.lease(name) as lease:
                stages.extend([stage async for stage in lease.progress()])
                _ = [event async for event in lease.client.chat(story(max_tokens=30))]
            ended.append(name)

        before = {child.pid for child in children()}
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(keep, "two")
            await anyio.sleep(0.1)
            tasks.start_soon(keep, "one")
        assert ended == ["one", "two"]
        assert [(each.name, each.detail) for each in stages] == [("queued", "two"), ("loading", "two")]
        assert len(before) == len(children()) == 1


async def test_a_model_in_use_is_not_evicted(open_router: OpenRouter, library: Library) -> None:
    async with open_router(memory_bytes=budget_for(library, 1)) as router:
        async with router.lease("one") as held:
            await held.ready()
            with anyio.move_on_after(2) as waited:
                await ask(router, "two", max_tokens=1)
            assert waited.cancelled_caught
            assert await state_of(router, "one") == "ready"
        await ask(router, "two", max_tokens=1)
        assert await state_of(router, "one") == "stopped"


async def test_a_model_larger_than_the_budget_is_refused_with_the_numbers(open_router: OpenRouter) -> None:
    async with open_router(memory_bytes=1_000_000) as router:
        with pytest.raises(DoesNotFitError) as refused:
            await ask(router, "one")
        assert {"needed", "budget"} <= set(refused.value.values)


async def test_an_idle_model_is_unloaded(open_router: OpenRouter) -> None:
    async with open_router(idle_unload_s=0.5) as router:
        await ask(router, "one", max_tokens=1)
        await until(router, "one", "stopped")
        assert children() == []


async def test_a_killed_engine_is_an_error_for_its_client_and_works_again_at_the_next_request(
    open_router: OpenRouter,
) -> None:
    async with open_router() as router:
        with pytest.raises(EngineLostError):
            async with router.lease("one") as lease:
                client = await lease.ready()
                async for event in client.chat(story(max_tokens=1500)):
                    if isinstance(event, TextDelta):
                        children()[0].send_signal(signal.SIGKILL)
        await until(router, "one", "failed")
        assert await ask(router, "one", max_tokens=4)


async def test_closing_ends_every_process_and_everyone_who_waits(open_router: OpenRouter) -> None:
    async def wait(router: Router, *, task_status: TaskStatus[None]) -> None:
        with pytest.raises(EngineLostError):
            async with router.lease("one") as lease:
                task_status.started()
                await lease.ready()

    async with anyio.create_task_group() as tasks, open_router() as router:
        await tasks.start(wait, router)
    assert children() == []


async def test_an_unknown_model_is_not_found(open_router: OpenRouter) -> None:
    async with open_router() as router:
        with pytest.raises(NotFoundError):
            await ask(router, "nobody")


async def test_a_file_that_was_cut_after_it_was_added_is_refused_before_native_code_sees_it(
    open_router: OpenRouter, library: Library, smollm2_path: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.gguf"
    shutil.copy(smollm2_path, copy)
    library.add(copy, name="copy", link=True)
    os.truncate(copy, copy.stat().st_size // 2)
    async with open_router() as router:
        with pytest.raises(ModelFileError):
            await ask(router, "copy")
        assert await state_of(router, "copy") == "failed"
        assert await ask(router, "one", max_tokens=1)


async def test_corrupt_weights_behind_a_good_header_never_take_the_router_down(
    open_router: OpenRouter, library: Library, smollm2_path: Path, tmp_path: Path
) -> None:
    """The header passes; what native code makes of the rest stays in the child."""
    data = bytearray(smollm2_path.read_bytes())
    place = data.index(b"tokenizer.ggml.tokens") + 40
    data[place : place + 2000] = b"\xff" * 2000
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(data)
    async with open_router() as router:
        with pytest.raises((ModelFileError, EngineError)):
            library.add(broken, name="broken")
            await ask(router, "broken", max_tokens=1)
        assert await ask(router, "one", max_tokens=1)


async def test_a_missing_llama_server_says_which_setting_to_mend(
    open_router: OpenRouter, tmp_path: Path
) -> None:
    async with open_router(kind="llama-server", llama_server=tmp_path / "none") as router:
        with pytest.raises(PrerequisiteError):
            await ask(router, "one")


async def test_every_choice_of_several_is_finished(open_router: OpenRouter) -> None:
    async with open_router() as router, router.lease("one") as lease:
        client = await lease.ready()
        events = [event async for event in client.chat(story(n=2, max_tokens=3))]
        assert sorted(event.index for event in events if isinstance(event, Finish)) == [0, 1]
        assert events[-1].completion_tokens == 6  # type: ignore[union-attr]


async def test_an_unloaded_model_finishes_what_it_is_doing_first(open_router: OpenRouter) -> None:
    async with open_router() as router:
        with pytest.raises(NotFoundError):
            router.unload("one")
        async with router.lease("one") as lease:
            client = await lease.ready()
            assert router.private_bytes() > 0
            router.unload("one")
            assert await state_of(router, "one") == "draining"
            words = [e async for e in client.chat(story(max_tokens=8)) if isinstance(e, TextDelta)]
            assert words
            assert len(children()) == 1
        await until(router, "one", "stopped")
        assert children() == []
        assert router.private_bytes() == 0
        assert await ask(router, "one", max_tokens=2)  # and it may come back


async def test_a_model_that_is_being_loaded_is_not_unloaded(open_router: OpenRouter) -> None:
    async with open_router() as router, router.lease("one") as lease:
        assert await state_of(router, "one") == "starting"
        with pytest.raises(ConflictError):
            router.unload("one")
        await lease.ready()


async def test_a_model_that_is_replaced_while_it_is_being_loaded_is_loaded_anew_and_leaves_no_process(
    open_router: OpenRouter, library: Library, smollm2_path: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.gguf"
    shutil.copy(smollm2_path, other)
    with other.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    async with open_router() as router, router.lease("one") as early:
        assert await state_of(router, "one") == "starting"
        library.remove("one")
        library.add(other, name="one", link=True)
        async with router.lease("one") as late:
            assert (await late.ready()) is (await early.ready())
            with anyio.fail_after(10):
                while len(children()) != 1:
                    await anyio.sleep(0.05)
            (child,) = children()
            assert str(other) in {file.path for file in child.memory_maps()}
    assert children() == []
