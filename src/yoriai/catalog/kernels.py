"""How fast devices compute with each type of weights: constants of llama.cpp's kernels, with where they are from. Pure.

Owns the arithmetic path that a graphics card takes for a type. Knows no model; `catalog.speed` calculates with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from yoriai.catalog.hardware import Gpu

# ---- processors -----------------------------------------------------------------------------------------
# Picoseconds per weight on one core of an AMD EPYC (Zen 4, AVX2 build), for one token, then per token of a prompt.
# Q8_0, Q5_0, Q4_1, Q6_K and Q4_K: a profiler's share of each kernel in the bundled engine with real models; the
# others from models of random weights in the same engine, relative to Q8_0. Prompts: ggml_mul_mat of the same
# library, 256 tokens. docs/log.md, "Kernels on a CPU". Types that are missing cost what a neighbour of their size
# does.
CPU_PICOSECONDS: Mapping[str, tuple[float, float]] = {
    "F32": (175, 48),
    "F16": (85, 48),
    "BF16": (78, 46),
    "Q8_0": (66, 27),
    "Q6_K": (43, 18),
    "Q5_K": (55, 17),
    "Q5_0": (80, 37),
    "Q5_1": (85, 60),
    "Q4_K": (30, 19),
    "Q4_0": (38, 23),
    "Q4_1": (85, 45),
    "IQ4_NL": (38, 23),
    "IQ4_XS": (52, 20),
    "MXFP4": (60, 32),
    "Q3_K": (50, 18),
    "Q2_K": (36, 17),
}
CPU_OTHER = (60.0, 30.0)
# One head of one layer looking at one token: the call and the exponential, and each number of key and value. First
# for a token that is generated, then in a prompt, where many look at once. From SmolLM2-135M, Gemma 3 270M and
# Qwen2.5-Coder-0.5B at 200 and 1000 tokens of context.
CPU_LOOK_PICOSECONDS: tuple[float, float] = (16_000.0, 4_500.0)
CPU_LOOK_NUMBER_PICOSECONDS: tuple[float, float] = (45.0, 20.6)
# With a quantised cache, over that of a token that is generated with f16; in a prompt, too: many don't look at once
# then. SmolLM2-135M at 100 and 1000 tokens, docs/log.md, "Quantised cache".
CPU_QUANTISED_LOOK_TIMES: Mapping[str, float] = {"q8_0": 1.6, "q4_0": 2.9}
# What a layer takes besides: starting its operations, and for each number of its width norms, rotations, activation.
# For each entry of the vocabulary: choosing the token. From the same profiles; in prompts from the same models.
CPU_LAYER_S: tuple[float, float] = (45e-6, 28e-6)
CPU_WIDTH_S, CPU_VOCABULARY_S = 6e-9, 3e-9
# Threads wait for the slowest of them after every operation, and an operation of one token is short: what two threads
# take, over half of what one takes. docs/log.md, "Two threads".
CPU_UNEVEN = 1.3
RAM_SHARE = 0.85  # of the measured bandwidth that weights come with

# ---- graphics cards -------------------------------------------------------------------------------------
# Share of the bandwidth with which weights in plain floats come, one token at a time: RTX 3090 0.87 (8B BF16, 58.3
# tokens/s) and 0.84 (1B F32), RTX 4090 0.90 (8B BF16, 65.2). Source: ggml-org/llama.cpp pull requests 14262 and
# 15131.
MEMORY_SHARE = 0.88
# Unpacking a quantised weight and multiplying it, in steps of the card's fp32 rate, on top of bringing it. From what
# is left of a token's time beside memory: P40 9.4 (7B Q4_0, 56.8 tokens/s; pull request 4766), RTX 3090 8.4 (8B Q4_0,
# 156.6; 15802), RTX 3080 8.3 (8B Q4_K_M, 112; dmatora/LLM-inference-speed-benchmarks issue 12), RTX 6000 Ada 9.2 (8B
# Q4_0, 169; 19053).
UNPACK_STEPS = 9.0
LAYER_S = 20e-6  # starting the kernels of a layer
# Of the theoretical rates, what reading a prompt reaches. Quantised: P40 0.27 (7B Q4_0, 935 tokens/s; 4766), RTX 3090
# 0.18 (8B Q6_K, 3493; 7860). fp16 by matrix units: A100 0.36 (7B, 8381; 6017). fp32: P40 0.39 (7B, 339 tokens/s;
# 3816).
DP4A_SHARE, MATRIX_INT8_SHARE, MATRIX_FP16_SHARE, PLAIN_SHARE = 0.27, 0.18, 0.36, 0.39
# Half-precision arithmetic where it is slow, one token at a time: 34B at 1.19 tokens/s are 81 of a P40's 184 GFLOPS
# (turboderp-org/exllamav2 issue 40).
HALF_SHARE = 0.44
PCIE_SHARE = 0.8
FLOATS = frozenset({"F16", "BF16", "F32"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Path:
    """Seconds per weight: of one token that is generated (beside bringing the weight), of one of a prompt.

    The fast variants are those of an engine that avoids slow half precision.
    """

    generate_s: float
    generate_fast_s: float
    prompt_s: float
    is_slow_half: bool = False
    convert_bytes: float = (
        0.0  # per weight and batch of a prompt: written and read again in another precision
    )


def is_slow_half(gpu: Gpu) -> bool:
    """Half precision is there for storing only: 1/64 of fp32 on GeForce 10, P4 and P40."""
    return bool(gpu.fp16_flops and gpu.fp32_flops and gpu.fp16_flops < gpu.fp32_flops / 2)


def path(gpu: Gpu, kind: str) -> Path | None:
    """How this card computes with this type; None: its rates aren't known.

    Floats. With fast half precision both operations of a multiplication run at its rate. Where it is slow, an
    engine has two ways. It may compute in half precision all the same, as ExLlama does (a 34B model on a P40:
    1.19 tokens/s, turboderp-org/exllamav2 issue 40), and the CUDA backend of llama.cpp in builds with
    GGML_CUDA_F16 (removed by pull request 15433) and for some months by mistake (4682). Or it converts to single
    precision on the way, as that backend does today: nothing is lost for one token, but a prompt's matrices are
    written out in fp32 and multiplied without matrix units (8B F16 on a P40: 26 tokens/s in batches of 8, which is
    the time of 10 bytes per weight; 14262). The slow way is assumed, and the fast one is the range's upper end:
    the one published comparison of such a card with F16 weights that we know shows the slow way.
    """
    fp32 = gpu.fp32_flops
    if not fp32:
        return None
    if kind not in FLOATS:
        step = UNPACK_STEPS / fp32
        if gpu.int8_ops:
            share = MATRIX_INT8_SHARE if gpu.tensor_fp16_flops else DP4A_SHARE
            return Path(generate_s=step, generate_fast_s=step, prompt_s=2 / (gpu.int8_ops * share))
        return Path(generate_s=step, generate_fast_s=step, prompt_s=2 / (_float_rate(gpu)))
    if kind == "F16" and is_slow_half(gpu) and gpu.fp16_flops:
        slow = 2 / (gpu.fp16_flops * HALF_SHARE)
        return Path(
            generate_s=slow, generate_fast_s=0.0, prompt_s=2 / (fp32 * PLAIN_SHARE), is_slow_half=True,
            convert_bytes=8.0,
        )  # fmt: skip
    rate = fp32 * PLAIN_SHARE if kind == "F32" else _float_rate(gpu)
    return Path(generate_s=0.0, generate_fast_s=0.0, prompt_s=2 / rate)


def _float_rate(gpu: Gpu) -> float:
    """Operations per second that a prompt's float matrices reach."""
    if gpu.tensor_fp16_flops:
        return gpu.tensor_fp16_flops * MATRIX_FP16_SHARE
    return max(gpu.fp32_flops or 0.0, gpu.fp16_flops or 0.0) * PLAIN_SHARE
