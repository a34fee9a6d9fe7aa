"""The memory estimate against what real engine processes hold."""

from __future__ import annotations

from pathlib import Path

import httpx2
import psutil
import pytest

from yoriai.catalog.library import Library
from yoriai.catalog.memory import cells, memory_needed
from yoriai.engines.process import EngineProcess, ProcessOptions
from yoriai.models import InstalledModel, ModelKind

MIB = 2**20


def model(  # the facts that the estimate rests on, in the order of the table below
    kind: ModelKind, architecture: str, size: int, repacked: int, layers: int, heads_kv: int, head: int, embd: int,
    ff: int, vocab: int, tokenizer: str, train: int, window: int = 0, sliding: int = 0,
) -> InstalledModel:  # fmt: skip
    return InstalledModel(
        name="x", kind=kind, paths=(), digest="", architecture=architecture, size_bytes=size, repacked_bytes=repacked,
        n_layer=layers, n_head_kv=heads_kv, head_size_k=head, head_size_v=head, n_embd=embd, n_ff=ff, n_vocab=vocab,
        tokenizer=tokenizer, context_train=train, sliding_window=window, n_layer_sliding=sliding,
    )  # fmt: skip


SMOLLM2 = model("chat", "llama", 98362432, 0, 30, 3, 64, 576, 1536, 49152, "gpt2", 8192)
QWEN_05 = model("chat", "qwen2", 491400064, 29417472, 24, 2, 64, 896, 4864, 151936, "gpt2", 32768)
QWEN_15 = model("chat", "qwen2", 1117320768, 625508352, 28, 2, 128, 1536, 8960, 151936, "gpt2", 32768)
GEMMA = model(
    "completion", "gemma3", 253113024, 13271040, 18, 1, 256, 640, 2048, 262144, "llama", 32768, 512, 15
)
E5 = model("embedding", "bert", 73578944, 11943936, 12, 12, 32, 384, 1536, 250037, "t5", 512)

# Resident memory in MiB of the engine's child after each of its slots had read 700 tokens (or a full context).
# Measured 2026-11-24: Linux 6.18, AVX2 build, xllamacpp 2026.10.11549, one thread, prompt cache empty.
MEASURED = [
    ("smollm2-135m", SMOLLM2, 512, 1, 172),
    ("smollm2-135m", SMOLLM2, 4096, 4, 527),
    ("smollm2-135m", SMOLLM2, 8192, 8, 1613),
    ("qwen2.5-coder-0.5b", QWEN_05, 512, 1, 623),
    ("qwen2.5-coder-0.5b", QWEN_05, 4096, 4, 825),
    ("qwen2.5-coder-1.5b", QWEN_15, 4096, 1, 1934),
    ("qwen2.5-coder-1.5b", QWEN_15, 4096, 4, 2278),
    ("gemma-3-270m", GEMMA, 2048, 1, 388),
    ("gemma-3-270m", GEMMA, 4096, 4, 522),
    ("gemma-3-270m", GEMMA, 8192, 4, 570),
    ("multilingual-e5-small", E5, 128, 1, 360),
    ("multilingual-e5-small", E5, 512, 1, 733),
    ("multilingual-e5-small", E5, 512, 4, 733),
]


@pytest.mark.parametrize(
    ("facts", "context", "parallel", "measured"),
    [row[1:] for row in MEASURED],
    ids=[f"{row[0]}-{row[2]}x{row[3]}" for row in MEASURED],
)
def test_the_estimate_is_within_five_per_cent_of_what_was_measured(
    facts: InstalledModel, context: int, parallel: int, measured: int
) -> None:
    assert memory_needed(facts, context, parallel, batch=512) / MIB == pytest.approx(measured, rel=0.05)


def test_a_context_beyond_the_models_own_costs_nothing() -> None:
    assert memory_needed(E5, 100_000, 4) == memory_needed(E5, 512, 4)


def test_a_sliding_layer_keeps_its_window_and_a_batch_in_steps_of_256_and_two_states_to_go_back_to() -> None:
    assert cells(4096, 512, batch=512) == 1024
    assert cells(4096, 512, batch=64) == 768
    assert cells(600, 512, batch=64) == 600
    numbers = 15 * 2 * 256
    grown = memory_needed(GEMMA, 4096, 2) - memory_needed(GEMMA, 4096, 1)
    full = 3 * 2 * 256 * 4096
    assert grown == (full + numbers * (768 + 2 * 512)) * 2 + GEMMA.n_vocab * 4


def test_every_slot_has_a_context_of_its_own() -> None:
    grown = memory_needed(QWEN_05, 4096, 4) - memory_needed(QWEN_05, 4096, 3)
    keys_and_values = 24 * 2 * (64 + 64) * 2 * 4096
    assert keys_and_values <= grown <= keys_and_values * 1.1


async def test_a_real_engine_holds_what_was_estimated(smollm2_path: Path, tmp_path: Path) -> None:
    facts = Library(tmp_path).add(smollm2_path, "smollm2-135m", link=True)
    assert memory_needed(facts, 512, 1) == memory_needed(SMOLLM2, 512, 1)
    options = ProcessOptions(
        context_size=2048,
        parallel=2,
        threads=1,
        gpu_layers=0,
        llama_server=None,
        start_timeout_s=120,
        environment={},
    )
    process = EngineProcess(facts, options)
    await process.start()
    try:
        headers = {"authorization": f"Bearer {process.key}"}
        async with httpx2.AsyncClient(
            base_url=process.url, headers=headers, timeout=300, trust_env=False
        ) as client:
            body = {"prompt": "word " * 600, "max_tokens": 1}
            assert (await client.post("/v1/completions", json=body)).status_code == 200
        resident = psutil.Process(process.pid).memory_info().rss
    finally:
        await process.stop()
    assert memory_needed(facts, 2048, 2) == pytest.approx(resident, rel=0.05)
