"""A described machine: spelling is forgiven, figures are not guessed."""

from __future__ import annotations

from typing import Any

import pytest

from yoriai.catalog import cards
from yoriai.catalog.describe import describe
from yoriai.errors import UsageError
from yoriai.i18n.catalogue import error_text

GIB = 2**30


@pytest.mark.parametrize(
    "text",
    [
        "RTX 4060 Ti 16GB x3",
        "3x RTX4060Ti 16GB",
        "3 × NVIDIA GeForce RTX 4060 Ti 16 GB",
        "ＧｅＦｏｒｃｅ　ＲＴＸ　４０６０　Ｔｉ　１６ＧＢ　×３",
        "rtx-4060-ti-16gb*3",
        "RTX 4060 Ti 16GBx3",
        "GeForce RTX 4060 Ti (16GB) 3枚",
        "RTX 4060 Ti 16GB, RTX 4060 Ti 16GB x2",
        "RTX 4060 Ti 16GB、RTX 4060 Ti 16GB と RTX 4060 Ti 16GB",
    ],
)
def test_a_card_is_understood_however_it_is_written(text: str) -> None:
    gpus = describe([text], 64).machine.gpus
    assert [gpu.name for gpu in gpus] == ["GeForce RTX 4060 Ti"] * 3
    assert {gpu.memory_bytes for gpu in gpus} == {16 * GIB}
    assert {gpu.bandwidth_bytes_per_s for gpu in gpus} == {288.0e9}
    assert {gpu.fp32_flops for gpu in gpus} == {22.06e12}


def test_the_option_may_be_repeated_with_different_cards() -> None:
    machine = describe(["RTX 3090", "2x Tesla P40", "RX 7900 XTX"], 128).machine
    assert [gpu.backend for gpu in machine.gpus] == ["cuda", "cuda", "cuda", "rocm"]
    assert [gpu.memory_bytes for gpu in machine.gpus] == [24 * GIB] * 4
    assert machine.is_described


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("4090", "GeForce RTX 4090"),
        ("2080 ti", "GeForce RTX 2080 Ti"),
        ("1080ti 11GB", "GeForce GTX 1080 Ti"),
        ("RTX 6000 Ada", "RTX 6000 Ada"),
        ("Tesla P40", "Tesla P40"),
        ("A100 SXM4 80GB", "A100 SXM"),
        ("RTX 4060 Laptop GPU", "GeForce RTX 4060 Laptop"),
        ("MI300X", "Instinct MI300X"),
        ("Arc A770", "Arc A770"),
    ],
)
def test_a_short_name_is_enough_where_it_is_unambiguous(text: str, name: str) -> None:
    assert [gpu.name for gpu in describe([text]).machine.gpus] == [name]


@pytest.mark.parametrize(
    ("text", "key", "told"),
    [
        ("RTX 4O90", "catalog.card_unknown", "GeForce RTX 4090"),
        ("GTX 4060 Ti", "catalog.card_unknown", "GeForce RTX 4060 Ti"),
        ("A100 80GB", "catalog.card_unknown", "A100 SXM"),
        ("", "catalog.card_empty", ""),
        ("RTX 4060 Ti", "catalog.card_ambiguous", "GeForce RTX 4060 Ti 16GB"),
        ("RTX 3090 48GB", "catalog.card_memory", "GeForce RTX 3090 24GB"),
        ("RTX 4090 x0", "catalog.card_count", ""),
        ("RTX 4090 x100000", "catalog.card_count", ""),
        ("RTX 4090 x60, RTX 3090 x60", "catalog.card_count", ""),
    ],
)
def test_what_is_not_known_is_refused_with_what_comes_near(text: str, key: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        describe([text], 64)
    assert caught.value.key == key
    assert told in " ".join(str(value) for value in caught.value.values.values())


def test_a_long_hostile_name_costs_no_time_and_is_cut() -> None:
    with pytest.raises(UsageError) as caught:
        describe(["x3 " * 2000], 64)
    assert len(str(caught.value.values["name"])) <= 60


@pytest.mark.parametrize(
    ("cpu", "cores", "bandwidth"),
    [
        ("Ryzen 9 5950X", 16, 51.2e9),
        ("AMD Ryzen 9 3950X 16-Core Processor", 16, 51.2e9),
        ("i9-14900K", 24, 89.6e9),
        ("12 cores DDR5-5600", 12, 89.6e9),
        ("Ryzen 9 7950X DDR5-6000", 16, 96e9),
        ("32コア DDR5-4800 12ch", 32, 460.8e9),
    ],
)
def test_a_processor_brings_cores_and_bandwidth(cpu: str, cores: int, bandwidth: float) -> None:
    described = describe(["RTX 4090"], 64, cpu)
    assert (described.machine.physical_cores, described.machine.memory_bandwidth_bytes_per_s) == (
        cores,
        bandwidth,
    )
    assert not described.assumed


def test_an_unknown_processor_is_refused_with_what_comes_near() -> None:
    with pytest.raises(UsageError) as caught:
        describe([], 64, "Ryzen 9 9950")
    assert "Ryzen 9 9950X" in str(caught.value.values["nearest"])


@pytest.mark.parametrize("ram", [0, -1, float("nan"), float("inf"), 10**9])
def test_impossible_ram_is_refused(ram: float) -> None:
    with pytest.raises(UsageError):
        describe([], ram)


def test_what_nobody_said_is_assumed_and_told() -> None:
    assert describe(["RTX 4090"]).assumed == ("ram", "cpu")
    assert describe(["RTX 4090"], 64).assumed == ("cpu",)
    assert describe([], 64, "Ryzen 9 5950X").assumed == ()


def test_apples_memory_is_one_for_cpu_and_gpu() -> None:
    described = describe(["M3 Max 64GB"])
    (gpu,) = described.machine.gpus
    assert (described.machine.ram_bytes, gpu.memory_bytes, gpu.is_unified) == (64 * GIB, 64 * GIB, True)
    assert gpu.free_bytes == 48 * GIB
    assert gpu.bandwidth_bytes_per_s == described.machine.memory_bandwidth_bytes_per_s == 400e9
    assert described.assumed == ()


def test_pascal_calculates_in_half_precision_at_a_sixty_fourth() -> None:
    (gpu,) = describe(["GTX 1080 Ti"]).machine.gpus
    assert gpu.fp32_flops and gpu.fp16_flops
    assert gpu.fp32_flops / gpu.fp16_flops == 64
    assert gpu.tensor_fp16_flops is None


@pytest.mark.parametrize(
    ("reported", "memory_mib", "fp32"),
    [  # as NVML and its kin report them
        ("NVIDIA GeForce GTX 1080 Ti", 11264, 11.34),
        ("NVIDIA A100-SXM4-80GB", 81920, 19.49),
        ("Tesla V100-PCIE-16GB", 16160, 14.13),
        ("Tesla T4", 15360, 8.14),
        ("NVIDIA L4", 23034, 30.29),
        ("NVIDIA GeForce RTX 4060 Laptop GPU", 8188, 11.61),
        ("NVIDIA RTX 6000 Ada Generation", 49140, 91.06),
        ("AMD Radeon RX 7900 XTX", 24560, 61.39),
    ],
)
def test_a_card_that_a_driver_names_is_recognised(reported: str, memory_mib: int, fp32: float) -> None:
    card = cards.recognised(reported, memory_mib * 2**20)
    assert card
    assert card.fp32 == fp32


def test_a_card_that_nobody_knows_stays_unknown() -> None:
    assert cards.recognised("Quadro T2000", 4 * GIB) is None
    assert cards.recognised("", 4 * GIB) is None
    assert cards.recognised("NVIDIA GeForce RTX 4090", 48 * GIB) is None  # not as its maker made it


def test_every_card_of_the_file_is_whole_and_can_be_named() -> None:
    known = cards.load()
    assert len(known.cards) > 130
    assert {card.family for variants in known.cards.values() for card in variants} == set(known.families)
    for name, variants in known.cards.items():
        for variant in variants:
            for size in variant.sizes:
                assert cards.card(f"{name} {size}GB") == (name, variant, size)
                assert 40 <= variant.bandwidth <= 10_000 or variant.memory in (2, 4)
    assert len({cards.normal(name) for name in known.cards}) == len(known.cards)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"cpu": "0 cores"}, "1,024"),
        ({"cpu": "1025 cores DDR5-5600"}, "1,024"),
        ({"cpu": "-4 cores"}, "-4 cores"),
        ({"cpu": "2000コア"}, "1,024"),
        ({"cpu": "16 cores DDR4-99"}, "400 to 20,000"),
        ({"cpu": "16 cores DDR5-20001"}, "400 to 20,000"),
        ({"cpu": "DDR5-99999999"}, "400 to 20,000"),
        ({"gpus": [""]}, "No graphics card is named"),
        ({"gpus": ["RTX 3090", " "]}, "No graphics card is named"),
    ],
)
def test_impossible_figures_are_refused_with_their_limits(words: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError) as caught:
        describe(ram_gb=16, **words)
    assert told in error_text(caught.value, "en")
    assert error_text(caught.value, "ja") != error_text(caught.value, "en")


@pytest.mark.parametrize(
    ("words", "cores", "bandwidth"),
    [
        ("1024 cores DDR4-400", 1024, 6.4e9),
        ("1 core DDR5-20000", 1, 320e9),
        ("16 cores DDR5 64GB", 16, 51.2e9),  # a size, no speed
        ("Xeon-16 cores DDR4-3200MT/s 8ch", 16, 204.8e9),
    ],
)
def test_figures_at_the_limits_count(words: str, cores: int, bandwidth: float) -> None:
    machine = describe(ram_gb=16, cpu=words).machine
    assert (machine.physical_cores, machine.memory_bandwidth_bytes_per_s) == (cores, bandwidth)
