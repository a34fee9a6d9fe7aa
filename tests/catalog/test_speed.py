"""Predicted speed: worked by hand, the published comparison in order, and what must hold for every machine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from yoriai.catalog import catalogue, entry_shape, kernels, work
from yoriai.catalog.caches import Cache
from yoriai.catalog.describe import describe
from yoriai.catalog.forecast import USUAL, forecast
from yoriai.catalog.hardware import Gpu, Machine
from yoriai.catalog.memory import KvType
from yoriai.catalog.plan import plan
from yoriai.catalog.shape import Layer, Shape
from yoriai.catalog.speed import Ask, Efficiency, Factor, Prediction, predict
from yoriai.catalog.speed_words import row, words
from yoriai.catalog.split import Load
from yoriai.catalog.work import Work
from yoriai.models import POOLED

GIB = 2**30
ENTRIES = catalogue.load()
PC1 = describe(["RTX 4060 Ti 16GB x3"], 64, "Ryzen 9 5950X").machine
PC2 = describe(["GTX 1080 Ti 11GB x2"], 48, "Ryzen 9 3950X").machine
NOTHING_SEEN = Ask(depth=0, prompt_tokens=512)


def of(name: str) -> Work:
    return work.from_shape(entry_shape.from_entry(ENTRIES[name]))


def simple(kind: str, weights: int = 10**9, layers: int = 4, vocabulary: int = 0, cache: int = 0) -> Work:
    """So many weights of one type, evenly over the layers; no output."""
    each = round(weights * work.BYTES_PER_WEIGHT[kind] / layers)
    layer = Layer(weight_bytes=each, active_bytes=each, cache=Cache(keys=cache // 2, values=cache // 2))
    shape = Shape(
        name="x", architecture="llama", kind="chat", quantization=kind, origin="header", size_bytes=each * layers,
        layers=(layer,) * layers, input_bytes=0, output_bytes=0, n_embd=1024, n_ff=4096, n_head=8,
        n_vocab=vocabulary, context_train=131072,
    )  # fmt: skip
    return Work(shape=shape, layers=({kind: weights // layers},) * layers, output={})


def pascal(memory_gib: int = 24, **changes: object) -> Gpu:
    card = Gpu(
        name="P", backend="cuda", memory_bytes=memory_gib * GIB, free_bytes=memory_gib * GIB,
        bandwidth_bytes_per_s=500e9, fp32_flops=10e12, fp16_flops=10e12 / 64, int8_ops=40e12,
        pcie_bytes_per_s=16e9,
    )  # fmt: skip
    return replace(card, **changes)  # type: ignore[arg-type]


def machine(*gpus: Gpu, bandwidth: float | None = 50e9, cores: int = 8) -> Machine:
    return Machine(
        cpu_name="C", physical_cores=cores, ram_bytes=64 * GIB, ram_free_bytes=64 * GIB, gpus=gpus,
        memory_bandwidth_bytes_per_s=bandwidth,
    )  # fmt: skip


def generation(found: Work, on: Machine, ask: Ask = NOTHING_SEEN, **options: object) -> float:
    _, predicted = forecast(found, on, 2048, ask, **options)  # type: ignore[arg-type]
    assert predicted.generation
    return predicted.generation.tokens_per_s


def prompt(found: Work, on: Machine, ask: Ask = NOTHING_SEEN, **options: object) -> float:
    _, predicted = forecast(found, on, 2048, ask, **options)  # type: ignore[arg-type]
    assert predicted.prompt
    return predicted.prompt.tokens_per_s


# ---- by hand ----------------------------------------------------------------------------------------------
def test_a_quantised_token_on_a_card_is_memory_and_unpacking() -> None:
    """1e9 weights of 34/32 bytes at 0.88 × 500 GB/s: 2.4148 ms; 4 layers of 20 µs; 9 steps at 10 TFLOPS: 0.9 ms."""
    assert generation(simple("Q8_0"), machine(pascal())) == pytest.approx(1 / 3.39477e-3, rel=1e-3)


def test_half_precision_at_a_64th_takes_as_long_as_its_arithmetic() -> None:
    """2e9 operations at 0.44 of 156.25 GFLOPS: 29.09 ms, behind which 4.5 ms of memory hide; and 80 µs."""
    _, predicted = forecast(simple("F16"), machine(pascal()), 2048, NOTHING_SEEN)
    assert predicted.generation
    assert predicted.generation.tokens_per_s == pytest.approx(1 / 29.171e-3, rel=1e-3)
    # An engine that converts first is as fast as memory: 2e9 bytes at 440 GB/s and 80 µs; 1.3 for what isn't known.
    assert predicted.generation.high == pytest.approx(1.3 / 4.6255e-3, rel=1e-3)


def test_half_precision_where_it_is_fast_takes_as_long_as_memory() -> None:
    card = pascal(fp16_flops=10e12, tensor_fp16_flops=40e12)
    assert generation(simple("F16"), machine(card)) == pytest.approx(1 / 4.6255e-3, rel=1e-3)


def test_a_prompt_on_a_card_is_arithmetic() -> None:
    """2 operations for each of 1e9 weights at 0.27 × 40 TOPS."""
    assert prompt(simple("Q8_0"), machine(pascal())) == pytest.approx(0.27 * 40e12 / 2e9, rel=1e-3)


def test_a_prompt_in_slow_half_precision_is_converted_and_read_without_matrix_units() -> None:
    """Per token 2e9 operations at 0.39 × 10 TFLOPS, and for each 512 of them 10e9 bytes at 440 GB/s."""
    by_hand = 2e9 / 3.9e12 + 10e9 / 440e9 / 512
    assert prompt(simple("F16"), machine(pascal())) == pytest.approx(1 / by_hand, rel=1e-3)


def test_a_token_on_one_core_is_its_kernels() -> None:
    """1e9 weights at 66 ps, 4 layers of 45 µs and 5120 × 6 ns, 10,000 words of 3 ns; 25 ms of memory hide behind it."""
    compute, memory = 66e-3 + 4 * (45e-6 + 5120 * 6e-9) + 10_000 * 3e-9, 1.0625e9 / (0.85 * 50e9)
    by_hand = (compute**8 + memory**8) ** 0.125
    found = generation(simple("Q8_0", vocabulary=10_000), machine(), threads=1)
    assert found == pytest.approx(1 / by_hand, rel=1e-3)


def test_many_cores_wait_for_memory() -> None:
    """1.0625e9 bytes at 0.85 × 50 GB/s are 25 ms; the cores would be done in 4."""
    assert generation(simple("Q8_0"), machine(cores=16)) == pytest.approx(1 / 25e-3, rel=1e-2)


def test_looking_back_takes_time() -> None:
    """1000 tokens, 4 layers, 8 heads of 2 × 128 numbers: 32,000 looks of 16 ns + 256 × 45 ps."""
    found = simple("Q8_0", cache=256)
    near, far = (
        1 / generation(found, machine(bandwidth=1e12), Ask(depth=depth, prompt_tokens=512), threads=1)
        for depth in (0, 1000)
    )
    assert far - near == pytest.approx(32_000 * (16e-9 + 256 * 45e-12), rel=1e-2)


# ---- published runs ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("card", "kind", "weights", "measured"),
    [
        # ggml-org/llama.cpp pull requests 4766 and 4682; vllm 4290; LLM-inference-speed-benchmarks issue 12
        ("Tesla P40", "Q4_0", 6.61e9, 56.8),
        ("Tesla P40", "Q8_0", 6.61e9, 34.6),
        ("Tesla P40", "Q8_0", 7.50e9, 31.2),
        ("RTX 3080 10GB", "Q4_K", 7.50e9, 112.0),
    ],
)
def test_published_runs_of_single_cards_come_out(
    card: str, kind: str, weights: float, measured: float
) -> None:
    """Llama 2 7B and Llama 3 8B without their embeddings; the two of Q8_0 were not used for any constant."""
    on = describe([card], 64).machine
    found = generation(simple(kind, weights=int(weights), layers=32), on, NOTHING_SEEN)
    assert found == pytest.approx(measured, rel=0.12)


# ---- the published comparison -----------------------------------------------------------------------------
def ratio(name: str) -> float:
    return generation(of(name), PC1, USUAL) / generation(of(name), PC2, USUAL)


def test_the_ratios_of_the_published_comparison_come_out_in_order() -> None:
    """Large where a part is in RAM, near one where all is on the cards, unexpectedly large for half precision."""
    partly, near_one, half = (
        ratio("gemma-2-27b"),
        [ratio("gemma-2-9b"), ratio("llama-3.1-8b")],
        ratio("phi-3.5-mini"),
    )
    assert all(2 / 3 < each < 3 / 2 for each in near_one)
    assert partly > 1.4 * max(near_one)
    assert half > 1.4 * max(near_one)
    assert half > 1.4


def test_the_last_row_is_explained_in_words() -> None:
    _, slow = forecast(of("phi-3.5-mini"), PC2, 2048)
    _, fine = forecast(of("phi-3.5-mini"), PC1, 2048)
    english, japanese = words(slow, "en"), words(slow, "ja")
    assert "fp16" in english and "1/64" in english and "GTX 1080 Ti" in english
    assert "半精度" in japanese and "1/64" in japanese
    assert "1/64" not in words(fine, "en")
    assert "1/64" not in words(forecast(of("llama-3.1-8b"), PC2, 2048)[1], "en")


def test_layers_in_ram_are_explained_with_their_share_of_the_time() -> None:
    _, found = forecast(of("gemma-2-27b"), PC2, 2048)
    (in_ram,) = [reason for reason in found.reasons if reason.name == "in_ram"]
    assert 20 < in_ram.percent < 80  # 6 of 46 layers
    assert f"{in_ram.percent} %" in words(found, "en")
    assert not [
        reason for reason in forecast(of("gemma-2-27b"), PC1, 2048)[1].reasons if reason.name == "in_ram"
    ]


# ---- for every machine ------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", sorted(ENTRIES))
@pytest.mark.parametrize("on", [PC1, PC2, machine()], ids=["PC1", "PC2", "no card"])
def test_everything_of_the_catalogue_has_a_speed_and_a_reason(name: str, on: Machine) -> None:
    _, found = forecast(of(name), on, 4096)
    assert found.prompt
    assert found.prompt.low < found.prompt.tokens_per_s < found.prompt.high
    assert (found.generation is None) == (ENTRIES[name].kind in POOLED)
    assert found.reasons
    assert words(found, "ja") and words(found, "en")


def test_nothing_is_guessed_where_a_bandwidth_is_unknown() -> None:
    unknown = pascal(bandwidth_bytes_per_s=None)
    _, found = forecast(simple("Q8_0"), machine(unknown), 2048)
    assert found == Prediction(generation=None, prompt=None)
    assert "yoriai bench" in words(found, "en")
    assert row(found, "en")["generation_tokens_per_s"] is None


def test_more_people_together_get_more_tokens_but_each_fewer() -> None:
    one, four = (
        generation(of("llama-3.1-8b"), PC1, Ask(depth=512, prompt_tokens=512, users=users))
        for users in (1, 4)
    )
    assert one < four < 4 * one


def test_half_of_the_layers_in_ram_lies_between_all_and_none() -> None:
    found = simple("Q8_0", weights=16 * 10**9, layers=32)  # 17 GB
    card, ram = generation(found, machine(pascal(24))), generation(found, machine())
    assert ram < generation(found, machine(pascal(10))) < card


def test_weights_in_ram_visit_a_card_for_a_long_prompt_only() -> None:
    found = simple("Q8_0", weights=16 * 10**9, layers=32)
    on = machine(pascal(10))
    long, short = (forecast(found, on, 2048, Ask(depth=512, prompt_tokens=n))[1] for n in (512, 2))
    assert "transfer" in [reason.name for reason in long.reasons]
    assert "transfer" not in [reason.name for reason in short.reasons]


def test_what_the_machine_was_measured_to_reach_moves_and_narrows_the_prediction() -> None:
    known = Efficiency(generation=Factor(value=0.8, spread=1.1, models=2))
    _, plain = forecast(simple("Q8_0"), machine(), 2048)
    _, learnt = forecast(simple("Q8_0"), machine(), 2048, efficiency=known)
    assert plain.generation and learnt.generation and plain.prompt and learnt.prompt
    assert learnt.generation.tokens_per_s == pytest.approx(0.8 * plain.generation.tokens_per_s)
    assert learnt.generation.high / learnt.generation.low == pytest.approx(1.21)
    assert plain.generation.high / plain.generation.low == pytest.approx(1.6**2)
    assert learnt.prompt == plain.prompt


@pytest.mark.parametrize(
    ("card", "is_slow"),
    [("GTX 1080 Ti", True), ("Tesla P40", True), ("Tesla P100 16GB", False), ("RTX 4060 Ti 16GB", False)],
)
def test_which_cards_are_slow_in_half_precision(card: str, is_slow: bool) -> None:
    (gpu,) = describe([card], 32).machine.gpus
    assert kernels.is_slow_half(gpu) == is_slow


# ---- several users ----------------------------------------------------------------------------------------
def test_a_rate_of_several_users_is_told_together_and_for_each_and_never_beats_what_is_possible_at_best() -> (
    None
):
    alone = describe(["RTX 3090"], 32, "").machine
    for users in (1, 2, 8, 64):
        made, predicted = forecast(of("llama-3.1-8b"), alone, 8192, replace(USUAL, users=users))
        told = row(predicted, "en")
        together, each = (told[f"generation_tokens_per_s{of_each}"] for of_each in ("", "_per_user"))
        assert told["speed_users"] == users
        assert together["predicted"] == pytest.approx(users * each["predicted"])
        assert each["predicted"] < (made.ceiling_tokens_per_s or 0)
    assert "for all 64 users together" in words(predicted, "en")
    assert "slower than one reads (5)" in words(predicted, "en")
    assert "64 人合わせて" in words(predicted, "ja")
    assert "users" not in words(forecast(of("llama-3.1-8b"), alone, 8192)[1], "en")


def test_several_users_who_are_all_answered_at_reading_speed_are_not_told_that_it_is_slow() -> None:
    _, predicted = forecast(of("llama-3.1-8b"), PC1, 4096, replace(USUAL, users=2))
    assert "for all 2 users together" in words(predicted, "en")
    assert "slower" not in words(predicted, "en")


# ---- a quantised cache ------------------------------------------------------------------------------------
def with_cache(kv: KvType, on: Machine) -> Prediction:
    """1e9 weights, four layers that cache 2048 numbers of each token, 16,000 tokens looked back on."""
    found = simple("Q8_0", cache=2048)
    made = plan(Load(shape=found.shape, context=32_768, kv=kv), on)
    return predict(found, made, on, Ask(depth=16_000, prompt_tokens=512), threads=1)


def test_a_quantised_cache_is_read_faster_on_a_card() -> None:
    """4 layers × 16,000 × 2048 numbers: 2 bytes each, or 34/32; 2.4148 ms of weights, 0.9 of unpacking, 80 µs."""
    for kv, each in (("f16", 2), ("q8_0", 34 / 32), ("q4_0", 18 / 32)):
        found = with_cache(kv, machine(pascal())).generation  # type: ignore[arg-type]
        cache_s = 4 * 16_000 * 2048 * each / (0.88 * 500e9)
        assert found
        assert 1 / found.tokens_per_s == pytest.approx(3.39477e-3 + cache_s, rel=1e-3)


def test_a_quantised_cache_costs_a_processor_more_than_it_saves() -> None:
    """A look takes 1.6 or 2.9 times as long; in prompts they aren't taken together any more."""
    f16, q8_0, q4_0 = (with_cache(kv, machine(bandwidth=1e12)) for kv in ("f16", "q8_0", "q4_0"))
    assert f16.generation and q8_0.generation and q4_0.generation
    look_s = 4 * 8 * 16_000 * (16_000 + 256 * 45) * 1e-12
    longer = 1 / q8_0.generation.tokens_per_s - 1 / f16.generation.tokens_per_s
    assert longer == pytest.approx(0.6 * look_s, rel=0.01)
    longer = 1 / q4_0.generation.tokens_per_s - 1 / f16.generation.tokens_per_s
    assert longer == pytest.approx(1.9 * look_s, rel=0.01)
    assert f16.prompt and q8_0.prompt
    assert f16.prompt.tokens_per_s > q8_0.prompt.tokens_per_s
