"""What fits where: the published comparison, the engine's own figures, and what must hold for every machine."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from yoriai.catalog import catalogue, entry_shape
from yoriai.catalog.caches import Cache
from yoriai.catalog.describe import describe
from yoriai.catalog.hardware import Gpu, Machine
from yoriai.catalog.memory import CPU_BATCH, cells, memory_needed
from yoriai.catalog.plan import Plan, plan, plan_together
from yoriai.catalog.shape import Layer, Shape
from yoriai.catalog.split import Load, split

GIB, MIB = 2**30, 2**20
ENTRIES = catalogue.load()
PC1 = describe(["RTX 4060 Ti 16GB x3"], 64, "Ryzen 9 5950X").machine
PC2 = describe(["GTX 1080 Ti 11GB x2"], 48, "Ryzen 9 3950X").machine
RANK = {"none": 0, "partly": 1, "fits": 2}


def of(name: str, context: int = 4096, users: int = 1) -> Load:
    return Load(shape=entry_shape.from_entry(ENTRIES[name]), context=context, users=users)


def shape(
    layers: int = 32, layer_bytes: int = 200 * 10**6, vocabulary: int = 32_000, cache: int = 2048
) -> Shape:
    each = Layer(
        weight_bytes=layer_bytes, active_bytes=layer_bytes, cache=Cache(keys=cache // 2, values=cache // 2)
    )
    return Shape(
        name="x", architecture="llama", kind="chat", quantization="Q4_K_M", origin="header",
        size_bytes=layers * layer_bytes + 300 * 10**6, layers=(each,) * layers, input_bytes=100 * 10**6,
        output_bytes=200 * 10**6, n_embd=4096, n_ff=14336, n_head=32, n_vocab=vocabulary, context_train=131072,
    )  # fmt: skip


def gpu(gigabytes: float, bandwidth: float | None = 400e9) -> Gpu:
    size = int(gigabytes * GIB)
    return Gpu(name="G", backend="cuda", memory_bytes=size, free_bytes=size, bandwidth_bytes_per_s=bandwidth)


def machine(*gpus: Gpu, ram: float = 64, bandwidth: float | None = 50e9) -> Machine:
    size = int(ram * GIB)
    return Machine(
        cpu_name="C", physical_cores=8, ram_bytes=size, ram_free_bytes=size, gpus=gpus,
        memory_bandwidth_bytes_per_s=bandwidth,
    )  # fmt: skip


# ---- the published comparison -----------------------------------------------------------------------------
@pytest.mark.parametrize("users", [1, 4])
@pytest.mark.parametrize(
    ("name", "pc1", "pc2"),
    [
        ("llama-3.1-70b", "fits", "none"),
        ("gemma-2-27b", "fits", "partly"),
        ("gemma-2-9b", "fits", "fits"),
        ("llama-3.1-8b", "fits", "fits"),
        ("phi-3.5-mini", "fits", "fits"),
    ],
)
def test_the_ten_verdicts_of_the_published_comparison(name: str, pc1: str, pc2: str, users: int) -> None:
    assert (plan(of(name, users=users), PC1).verdict, plan(of(name, users=users), PC2).verdict) == (pc1, pc2)


@pytest.mark.parametrize(
    ("name", "gigabytes", "parameters"),
    [
        ("llama-3.1-70b", 42, 70e9),
        ("gemma-2-27b", 22, 27e9),
        ("gemma-2-9b", 9.8, 9e9),
        ("llama-3.1-8b", 8.5, 8e9),
        ("phi-3.5-mini", 7.6, 3.8e9),
    ],
)
def test_sizes_are_those_of_the_published_comparison(name: str, gigabytes: float, parameters: float) -> None:
    known = entry_shape.from_entry(ENTRIES[name])
    assert known.origin == "catalogue"
    assert known.size_bytes / 1e9 == pytest.approx(gigabytes, rel=0.025)
    assert known.parameters == pytest.approx(parameters, rel=0.03)


def test_the_ceiling_is_that_of_each_user() -> None:
    """A step reads the weights once and gives every user a token: with room for all, it is the same for each."""
    one, many = plan(of("llama-3.1-8b"), PC1), plan(of("llama-3.1-8b", users=8), PC1)
    assert many.verdict == "fits"
    assert one.ceiling_tokens_per_s == pytest.approx(many.ceiling_tokens_per_s, rel=0.05)


def test_what_does_not_fit_says_what_would_happen() -> None:
    large, slightly = plan(of("llama-3.1-70b"), PC2), plan(of("gemma-2-27b"), PC2)
    assert (large.reason, slightly.reason) == ("speed", "room")
    assert large.ceiling_tokens_per_s and slightly.ceiling_tokens_per_s
    assert large.ceiling_tokens_per_s < 3 < 5 < slightly.ceiling_tokens_per_s
    assert large.n_layer_gpu < 45
    assert slightly.n_layer_gpu > 35
    assert 1e9 < slightly.missing_bytes < 4e9 < large.missing_bytes


# ---- the engine's own figures -----------------------------------------------------------------------------
def test_the_cache_of_llama_3_8b_is_what_the_engine_prints() -> None:
    """llama.cpp: "KV self size = 1024.00 MiB" at 8192 tokens, in half precision."""
    made = plan(replace(of("llama-3.1-8b"), context=8192), machine(gpu(24)))
    assert made.gpus[0].cache_bytes == 1024 * MIB
    quantised = plan(replace(of("llama-3.1-8b"), context=8192, kv="q8_0"), machine(gpu(24)))
    assert quantised.gpus[0].cache_bytes == 544 * MIB


@pytest.mark.parametrize(("name", "printed"), [("llama-3.1-8b", 258.5), ("gemma-2-9b", 507.0)])
def test_buffers_for_calculating_are_near_what_the_engine_prints(name: str, printed: float) -> None:
    """ "CUDA0 compute buffer size" at 8192 tokens; ours has the mask besides."""
    made = plan(replace(of(name), context=8192), machine(gpu(24)))
    assert printed <= made.gpus[0].compute_bytes / MIB <= printed + 40


def test_without_a_card_a_plan_is_the_memory_estimate_and_its_cache_follows_the_small_batch() -> None:
    load = of("gemma-2-9b", 8192, users=2)
    bare = plan(load, machine(ram=64))
    window = next(layer.cache.window for layer in load.shape.layers if layer.cache.window)
    kept = sum(
        layer.cache.elements * (cells(8192, window, CPU_BATCH) + 2 * window if layer.cache.window else 8192)
        for layer in load.shape.layers
    )
    assert bare.host.cache_bytes == 2 * 2 * kept
    assert bare.resident_bytes == memory_needed(load.shape, 8192, 2)
    assert bare.needed_bytes == bare.resident_bytes - load.shape.repacked_bytes
    assert bare.host.compute_bytes > 0


def test_a_sliding_window_bounds_the_cache() -> None:
    """Gemma 3 270M, 8192 tokens: 3 layers keep all, 15 keep 512 + 512. llama.cpp prints 24 and 15 MiB."""
    made = plan(replace(of("gemma-3-270m"), context=8192), machine(gpu(8)))
    assert made.gpus[0].cache_bytes == (24 + 15) * MIB


def test_layers_go_to_devices_in_proportion_to_free_memory() -> None:
    """The engine's rule by hand: 33 places over 16, 16 and 8 GB free end at 0.4, 0.8 and 1."""
    chosen = split(Load(shape=shape(), context=512), [gpu(16), gpu(16), gpu(8)], 64 * GIB, 33)
    assert [share.n_layer for share in chosen.gpus] == [14, 13, 5]
    assert chosen.gpus[2].weight_bytes == 5 * 200 * 10**6 + 200 * 10**6
    assert chosen.host.n_layer == 0
    assert chosen.host.weight_bytes == 100 * 10**6  # embeddings are looked up by the CPU


def test_the_first_layers_stay_in_ram() -> None:
    chosen = split(Load(shape=shape(), context=512), [gpu(16), gpu(16)], 64 * GIB, 11)
    assert [share.n_layer for share in chosen.gpus] == [6, 4]
    assert chosen.host.n_layer == 22


def test_of_a_mixture_only_the_chosen_experts_are_read() -> None:
    mixture = entry_shape.from_entry(ENTRIES["gpt-oss-20b"])
    assert mixture.active_bytes < mixture.weight_bytes / 4
    # Therefore a large one is of use although most of it stays in RAM.
    made = plan(of("gpt-oss-20b"), machine(gpu(6)))
    assert made.verdict == "partly"
    assert made.n_layer_gpu < made.n_layer / 2


def test_hybrid_layers_keep_a_state_instead_of_a_cache() -> None:
    made = [plan(of("qwen3.5-9b", context), machine(gpu(24))) for context in (4096, 8192)]
    grown = made[1].gpus[0].cache_bytes - made[0].gpus[0].cache_bytes
    assert grown == 8 * 2 * 4 * 256 * 2 * 4096  # 8 of 32 layers


# ---- machines without cards, and with memory that is shared -------------------------------------------------
def test_without_cards_a_model_fits_into_ram_or_not() -> None:
    assert plan(of("llama-3.1-8b"), machine(ram=16)).verdict == "fits"
    small = plan(of("llama-3.1-8b"), machine(ram=8))
    assert (small.verdict, small.reason) == ("none", "memory")
    assert small.missing_bytes == small.needed_bytes - 8 * GIB


def test_pages_that_the_system_may_take_back_are_resident_but_not_needed() -> None:
    load = Load(shape=replace(shape(), repacked_bytes=6 * 10**9), context=512)
    roomy = plan(load, machine(ram=64))
    assert roomy.resident_bytes == memory_needed(load.shape, 512, 1) == roomy.needed_bytes + 6 * 10**9
    exact = roomy.needed_bytes / GIB
    assert plan(load, machine(ram=exact + 1e-6)).verdict == "fits"
    short = plan(load, machine(ram=exact - 1e-3))
    assert (short.verdict, short.reason) == ("none", "memory")
    first, second = plan_together([load, load], machine(ram=2 * exact + 1e-6))
    assert (first.verdict, second.verdict) == ("fits", "fits")


def test_without_cards_a_large_model_fits_but_is_told_to_be_slow() -> None:
    made = plan(of("llama-3.1-70b"), machine(ram=128))
    assert made.verdict == "fits"
    assert made.is_slow


def test_apples_memory_is_counted_once() -> None:
    assert plan(of("llama-3.1-70b"), describe(["M3 Max 64GB"]).machine).verdict == "fits"
    small = plan(of("llama-3.1-70b"), describe(["M3 Max 36GB"]).machine)
    assert (small.verdict, small.reason) == ("none", "memory")
    assert small.missing_bytes > 10e9


def test_what_neither_cards_nor_ram_hold_does_not_run() -> None:
    made = plan(of("llama-3.1-70b"), machine(gpu(8), ram=16))
    assert (made.verdict, made.reason) == ("none", "memory")
    assert made.largest_context == 0
    assert made.missing_bytes > 10e9


def test_without_known_bandwidths_the_larger_half_must_be_on_the_cards() -> None:
    load = Load(shape=shape(), context=512)
    unknown = machine(gpu(5, None), bandwidth=None)
    assert plan(load, unknown).verdict == "partly"
    assert plan(load, unknown).ceiling_tokens_per_s is None
    assert plan(load, machine(gpu(3, None), bandwidth=None)).verdict == "none"


# ---- several at once ----------------------------------------------------------------------------------------
def test_models_that_are_loaded_together_share_the_memory() -> None:
    alone = plan(of("gemma-2-9b"), machine(gpu(16)))
    assert alone.verdict == "fits"
    chat, embedding, second = plan_together(
        [of("gemma-2-9b"), of("multilingual-e5-small"), of("gemma-2-9b")], machine(gpu(16))
    )
    assert (chat.verdict, embedding.verdict, second.verdict) == ("fits", "fits", "partly")
    assert (
        second.gpus[0].capacity_bytes == 16 * GIB - chat.gpus[0].total_bytes - embedding.gpus[0].total_bytes
    )
    assert second.host.capacity_bytes == 64 * GIB - chat.host.total_bytes - embedding.host.total_bytes


# ---- what holds everywhere ----------------------------------------------------------------------------------
def _any_load(rng: random.Random) -> Load:
    made = shape(rng.choice([8, 32, 80]), rng.randrange(10, 900) * 10**6, rng.choice([32_000, 256_000]), 2048)
    return Load(shape=made, context=rng.choice([512, 4096, 32768]), users=rng.choice([1, 4, 16]))


def _any_machine(rng: random.Random) -> Machine:
    size = rng.choice([4, 8, 11, 16, 24])
    return machine(*[gpu(size)] * rng.randrange(1, 4), ram=rng.choice([8, 16, 64, 256]))


def _larger(had: Machine, rng: random.Random) -> Machine:
    factor = rng.choice([1.1, 1.5, 3])
    if rng.random() < 0.5:
        return replace(had, ram_free_bytes=int(had.ram_free_bytes * factor))
    return replace(
        had, gpus=tuple(replace(each, free_bytes=int(each.free_bytes * factor)) for each in had.gpus)
    )


@pytest.mark.parametrize("seed", range(150))
def test_more_memory_never_makes_it_worse_and_more_work_never_better(seed: int) -> None:
    rng = random.Random(seed)
    load, had = _any_load(rng), _any_machine(rng)
    before = plan(load, had)
    assert _order(plan(load, _larger(had, rng))) >= _order(before)
    assert _order(plan(replace(load, users=load.users * 2), had)) <= _order(before)
    assert _order(plan(replace(load, context=load.context * 4), had)) <= _order(before)
    assert _order(plan(replace(load, kv="q4_0"), had)) >= _order(before)


@pytest.mark.parametrize("seed", range(100))
def test_the_largest_context_holds_and_the_next_one_does_not(seed: int) -> None:
    rng = random.Random(seed)
    load, had = _any_load(rng), _any_machine(rng)
    made = plan(load, had)
    if made.verdict == "none":
        assert made.largest_context == 0
        return
    assert made.largest_context >= load.tokens
    assert plan(replace(load, context=made.largest_context), had).verdict == made.verdict
    if made.largest_context < load.shape.context_train:
        assert plan(replace(load, context=made.largest_context + 256), had).verdict != made.verdict


@pytest.mark.parametrize("seed", range(100))
def test_no_device_is_asked_for_more_than_it_has_and_no_weight_is_lost(seed: int) -> None:
    rng = random.Random(seed)
    load, had = _any_load(rng), _any_machine(rng)
    made = plan(load, had)
    assert all(share.fits for share in made.gpus)
    assert made.host.fits or made.verdict == "none"
    weights = sum(share.weight_bytes for share in (*made.gpus, made.host))
    assert weights == load.shape.weight_bytes + load.shape.input_bytes
    assert made.n_layer_gpu + made.host.n_layer == made.n_layer


def _order(made: Plan) -> tuple[int, int]:
    return RANK[made.verdict], made.n_layer_gpu if made.verdict == "partly" else 0
