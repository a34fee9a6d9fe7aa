"""How surprised a model is: as its own server says, in windows, within the tokens that were allowed."""

from __future__ import annotations

import math
from pathlib import Path

import httpx2
import pytest

from yoriai.catalog.library import Library
from yoriai.engines.errand import Errands
from yoriai.engines.process import EngineProcess, ProcessOptions
from yoriai.errors import ModelFileError, UsageError
from yoriai.evaluation.perplexity import bundled_text, perplexity

ERRANDS = Errands(threads=1, environment={})
PROMPT = "The village keeps a list of what it owns: a mill, two boats, a bell, an orchard and a bridge. " * 3


async def score(path: Path, text: str, most: int = 256) -> list[float]:
    return await ERRANDS.score([str(path)], text, most, lambda _done, _total: None)


async def test_it_is_the_probability_that_the_server_gives(smollm2_path: Path, library: Library) -> None:
    options = ProcessOptions(
        context_size=512, parallel=1, threads=1, gpu_layers=-1, llama_server=None, start_timeout_s=60, environment={}
    )  # fmt: skip
    process = EngineProcess(library.get("one"), options)
    await process.start()
    try:
        async with httpx2.AsyncClient(base_url=process.url, trust_env=False, timeout=60) as client:
            answer = await client.post(
                "/completion",
                headers={"Authorization": f"Bearer {process.key}"},
                json={
                    "prompt": PROMPT.strip(),
                    "n_predict": 24,
                    "n_probs": 1,
                    "temperature": 0,
                    "ignore_eos": True,
                },
            )
    finally:
        await process.stop()
    said = answer.json()["completion_probabilities"]
    surprise = (await score(smollm2_path, PROMPT.strip() + answer.json()["content"]))[-len(said) :]
    # One reads in batches, the other token by token: kernels that round differently.
    assert surprise == pytest.approx([-each["logprob"] for each in said], abs=0.3)
    assert sum(surprise) == pytest.approx(-sum(each["logprob"] for each in said), abs=0.03 * len(said))


async def test_words_in_order_surprise_less_than_words_in_disorder(smollm2_path: Path) -> None:
    text = bundled_text("en")[:700]
    disorder = " ".join(sorted(text.split(), key=lambda word: sum(word.encode()) % 97))
    ordered, mixed = await score(smollm2_path, text), await score(smollm2_path, disorder)
    assert perplexity(ordered).value < perplexity(mixed).value / 3
    assert all(each >= 0 for each in ordered)


async def test_the_second_half_of_each_window_counts(smollm2_path: Path) -> None:
    said: list[tuple[int, int]] = []
    text = bundled_text("en")
    found = await ERRANDS.score(
        [str(smollm2_path)], text, 1100, lambda done, total: said.append((done, total))
    )
    assert len(found) == 2 * 255  # two windows of 512; what is left over isn't read
    assert said == [(1, 2), (2, 2)]
    first = await score(smollm2_path, text, 512)
    assert found[:255] == pytest.approx(first, abs=1e-4)  # a window doesn't know the one before
    assert math.exp(sum(first) / len(first)) > 1


async def test_a_text_that_is_too_short_is_refused(smollm2_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        await score(smollm2_path, "Good morning.")
    assert raised.value.key == "engines.text_too_short"


async def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "no.gguf"
    path.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ModelFileError):
        await score(path, PROMPT)
