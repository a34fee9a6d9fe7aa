"""llama.cpp as a reranker. No real one can be had here, so a head is put on an embedding model: its order is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np
import pytest

from yoriai.catalog.facts import Details
from yoriai.catalog.library import Library
from yoriai.egress import Egress
from yoriai.engines.router import Router
from yoriai.errors import EngineError, ModelFileError, UnsupportedError
from yoriai.responders.model import model_responder
from yoriai.settings import EngineSettings

TEXTS = ["猫は魚を好みます。", "The market fell by two percent.", "Cats sleep most of the day.", "a"]


@pytest.fixture
def library(tmp_path: Path, model_path: Callable[[str], Path]) -> Library:
    library = Library(tmp_path / "models")
    library.add(model_path("multilingual-e5-small"), name="e5", link=True)
    return library


@pytest.fixture
async def router(library: Library) -> Router:
    return Router(EngineSettings(threads=1, parallel=2, context_size=512), (), library, Egress({}))


async def reranked(router: Router, name: str) -> list[float]:
    async with router.lease(name) as lease:
        return await (await lease.ready()).rerank("What do cats eat?", TEXTS)


async def test_an_embedding_model_is_not_taken_for_a_reranker(
    tmp_path: Path, router: Router, model_path: Callable[[str], Path]
) -> None:
    """llama.cpp would start it, and answer with numbers that mean nothing."""
    claimed = Library(tmp_path / "models")
    claimed.add(
        model_path("multilingual-e5-small"), name="claimed", link=True, details=Details(kind="reranker")
    )
    with pytest.raises(ModelFileError) as refused:
        await reranked(router, "claimed")
    assert refused.value.key == "engines.no_ranking_head"
    with pytest.raises(EngineError) as without:  # nor is a model that runs for embeddings
        await reranked(router, "e5")
    assert without.value.values["name"] == "e5"
    await router.aclose()


@pytest.mark.slow
async def test_a_head_makes_a_reranker_and_decides_the_order(
    tmp_path: Path, library: Library, router: Router, model_path: Callable[[str], Path]
) -> None:
    head = np.random.default_rng(0).standard_normal((1, 384)).astype(np.float32)
    for name, weights in (("one", head), ("opposite", -head)):
        with_head(model_path("multilingual-e5-small"), tmp_path / f"{name}.gguf", weights)
        library.add(tmp_path / f"{name}.gguf", name=name, link=True)
        assert library.get(name).kind == "reranker"
    scores, opposite = await reranked(router, "one"), await reranked(router, "opposite")
    assert np.argsort(scores).tolist() == np.argsort(opposite)[::-1].tolist()
    assert all(0 <= score <= 1 for score in scores)
    assert len(set(scores)) == len(TEXTS)
    responder = await model_responder("one", router, library)
    with pytest.raises(UnsupportedError):
        responder.check_writes()
    await router.aclose()


def with_head(source: Path, target: Path, weights: np.ndarray) -> None:
    """A copy with a tensor that llama.cpp multiplies the pooled vector with."""
    reader = gguf.GGUFReader(source)
    architecture = str(reader.fields["general.architecture"].contents())
    writer = gguf.GGUFWriter(target, architecture)
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        kind, *inner = field.types
        writer.add_key_value(name, field.contents(), kind, sub_type=inner[-1] if inner else None)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.add_tensor("cls.output.weight", weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
