"""What a weight of each type costs one thread, and how several share it: measured on no model that people use.

Models of random weights, all of one type, write tokens in the bundled engine: wide ones, whose operations are long, and
narrow ones, whose threads meet often. Rounds of all are interleaved, one thread and several in turn. Tokens in which a
thread had to leave its core don't count, so a machine that others use now and then will do.

    make bench-kernel-threads                       8 types, 2 threads, about three minutes on a quiet machine
    make bench-kernel-threads ARGS="--types Q8_0,MXFP4 --rounds 20"
    make bench-kernel-threads ARGS="--files a.gguf,b.gguf"     models that exist, too: how much threads bring them

`catalog.kernels` has what was found. This is the only reader of the library's C functions outside `engines`.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import statistics
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from yoriai.catalog.ggml_types import BLOCKS
from yoriai.engines.native import QUANTIZING, SCORING, Native

TYPES = ("F16", "Q8_0", "Q6_K", "Q5_K", "Q5_0", "Q4_K", "Q4_0", "Q4_1")
_NUMBER = {name: (number, count, size) for number, (name, count, size) in BLOCKS.items()}
_VOCABULARY = 32_768
_ENOUGH = 8
# Threads that wait for each other spin: in a token that nobody disturbed, each of them had a core all the time.
_UNDISTURBED = 0.98
_PIECE = 2**20  # random numbers that are made once and repeated


@dataclass(frozen=True, kw_only=True)
class Build:
    name: str
    width: int
    inner: int
    layers: int

    @property
    def weights(self) -> int:
        return self.layers * self.width * (4 * self.width + 3 * self.inner) + self.width * _VOCABULARY


BUILDS = (
    Build(name="wide", width=2048, inner=5632, layers=1),
    Build(name="narrow", width=512, inner=1536, layers=20),
)


@dataclass(kw_only=True)
class Candidate:
    name: str
    context: Any
    batch: Any
    kind: str = ""
    build: Build | None = None
    position: int = 0
    token_s: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))  # by number of threads


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--types", default=",".join(TYPES))
    parser.add_argument("--files", default="", help="models that exist")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--tokens", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=1e9, help="end earlier")
    parser.add_argument("--folder", type=Path, help="keeps the models of random weights")
    parser.add_argument("--prepare", action="store_true", help="make them and end")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        native = Native({**QUANTIZING, **SCORING})
        kinds = [kind for kind in options.types.split(",") if kind]
        made = [(kind, build, written(native, folder, kind, build)) for kind in kinds for build in BUILDS]
        if options.prepare:
            return
        native.llama_backend_init()
        all_of_them = [opened(native, path, kind, build) for kind, build, path in made]
        all_of_them += [opened(native, Path(path)) for path in options.files.split(",") if path]
        measure(native, all_of_them, options)
    show(all_of_them, options)


def written(native: Any, folder: Path, kind: str, build: Build) -> Path:
    """A model of this type; one that is there already is taken."""
    path = folder / f"{build.name}-{kind}.gguf"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path.with_suffix(".part"), "llama")
    writer.add_tokenizer_model("none")
    writer.add_vocab_size(_VOCABULARY)
    writer.add_context_length(4096)
    writer.add_embedding_length(build.width)
    writer.add_block_count(build.layers)
    writer.add_feed_forward_length(build.inner)
    writer.add_head_count(build.width // 64)
    writer.add_head_count_kv(build.width // 64)
    writer.add_layer_norm_rms_eps(1e-5)
    piece = quantised(native, kind)
    for name, rows, columns in tensors(build):
        if rows == 1:
            writer.add_tensor(name, np.ones(columns, dtype=np.float32))
            continue
        number, count, size = _NUMBER[kind]
        content = np.resize(piece, (rows, columns // count * size))
        writer.add_tensor(name, content, raw_dtype=gguf.GGMLQuantizationType(number))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.with_suffix(".part").rename(path)


def quantised(native: Any, kind: str) -> np.ndarray[Any, Any]:
    """Random numbers of this type, as bytes."""
    number, count, size = _NUMBER[kind]
    numbers = np.random.default_rng(7).normal(0, 0.02, _PIECE).astype(np.float32)
    if kind == "F32":
        return numbers.view(np.uint8)
    if kind == "F16":
        return numbers.astype(np.float16).view(np.uint8)
    made = ctypes.create_string_buffer(_PIECE // count * size)
    native.ggml_quantize_chunk(
        number, numbers.ctypes.data_as(ctypes.c_void_p), made, 0, _PIECE // 1024, 1024, None
    )
    return np.frombuffer(made.raw, dtype=np.uint8)


def tensors(build: Build) -> list[tuple[str, int, int]]:
    """Name, rows, columns; one row: a norm."""
    width, inner = build.width, build.inner
    found = [("token_embd.weight", _VOCABULARY, width), ("output_norm.weight", 1, width)]
    for index in range(build.layers):
        block = f"blk.{index}."
        found += [
            (f"{block}{name}.weight", width, width) for name in ("attn_q", "attn_k", "attn_v", "attn_output")
        ]
        found += [(f"{block}{name}.weight", inner, width) for name in ("ffn_gate", "ffn_up")]
        found += [(f"{block}ffn_down.weight", width, inner)]
        found += [(f"{block}{name}.weight", 1, width) for name in ("attn_norm", "ffn_norm")]
    return found


def opened(native: Any, path: Path, kind: str = "", build: Build | None = None) -> Candidate:
    model = native.llama_model_load_from_file(os.fsencode(path), native.llama_model_default_params())
    context = native.llama_init_from_model(model, native.llama_context_default_params())
    if not context:
        raise SystemExit(f"not loaded: {path}")
    return Candidate(
        name=path.stem, context=context, batch=native.llama_batch_ext_init(context), kind=kind, build=build
    )


def measure(native: Any, candidates: list[Candidate], options: argparse.Namespace) -> None:
    end = time.monotonic() + options.seconds
    for number in range(options.rounds + 1):  # the first brings pages in and doesn't count
        for each in candidates:
            for threads in (1, options.threads):
                native.llama_set_n_threads(each.context, threads, threads)
                token_s(native, each)
                for _ in range(options.tokens if number else 0):
                    cpu = time.process_time()
                    taken = token_s(native, each)
                    if time.process_time() - cpu >= _UNDISTURBED * threads * taken:
                        each.token_s[threads].append(taken)
        if time.monotonic() > end:
            return


def token_s(native: Any, each: Candidate) -> float:
    """Seconds of one token; what is looked back on stays short."""
    if each.position >= 128:
        native.llama_memory_clear(native.llama_get_memory(each.context), True)
        each.position = 0
    native.llama_batch_ext_clear(each.batch)
    place = native.llama_batch_ext_add_token(each.batch, 0, 1000 + each.position)
    native.llama_batch_ext_set_pos(each.batch, place, ctypes.byref(ctypes.c_int32(each.position)))
    native.llama_batch_ext_set_output_logits(each.batch, place, True)
    start = time.perf_counter()
    if native.llama_process(each.context, 1, each.batch):
        raise SystemExit(f"failed: {each.name}")
    if not native.llama_get_logits_ith(each.context, place):
        raise SystemExit(f"no answer: {each.name}")
    taken = time.perf_counter() - start
    each.position += 1
    return taken


def show(candidates: list[Candidate], options: argparse.Namespace) -> None:
    many = options.threads
    print(f"{'model':28} {'1 thread':>9} {f'{many} threads':>10} times  itself  ps/weight, uneven, tokens")
    for each in candidates:
        one, several = each.token_s[1], each.token_s[many]
        if len(one) < _ENOUGH or len(several) < _ENOUGH:
            print(f"{each.name[:28]:28} too few undisturbed tokens: {len(one)}, {len(several)}")
            continue
        half = quickest(several[::2]) / quickest(several[1::2])
        one_s, several_s = quickest(one), quickest(several)
        picoseconds = f"{one_s / each.build.weights * 1e12:6.1f}" if each.build else ""
        print(
            f"{each.name[:28]:28} {one_s * 1e3:7.2f}ms {several_s * 1e3:8.2f}ms {one_s / several_s:5.2f}"
            f" {half - 1:+7.1%}  {picoseconds} {many * several_s / one_s:5.2f} {len(one)} {len(several)}"
        )
    if options.json:
        options.json.write_text(
            json.dumps([{"model": each.name, "token_s": each.token_s} for each in candidates])
        )


def quickest(values: list[float]) -> float:
    """The lower quartile: beside one thread, others may still have used the memory."""
    return statistics.quantiles(values, n=4)[0]


if __name__ == "__main__":
    main()
