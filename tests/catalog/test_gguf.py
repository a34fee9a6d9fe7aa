"""A GGUF header is believed only where every number in it holds."""

from __future__ import annotations

import os
import random
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np
import pytest

from yoriai.catalog.ggml_types import BLOCKS, FILE_TYPES
from yoriai.catalog.gguf import Header, read_header
from yoriai.errors import ModelFileError
from yoriai.i18n.catalogue import error_text

TEMPLATE = "{% for m in messages %}{{ m.content }}{% endfor %}"


def write(path: Path, extend: Callable[[gguf.GGUFWriter], None] = lambda writer: None) -> Path:
    """A small but whole file, written by the official library."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("Tiny")
    writer.add_context_length(2048)
    writer.add_block_count(2)
    writer.add_embedding_length(64)
    writer.add_head_count(4)
    writer.add_head_count_kv([2, 1])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_chat_template(TEMPLATE)
    writer.add_token_list([f"token{n}".encode() for n in range(2000)])
    writer.add_token_scores([0.5] * 2000)
    writer.add_float32("llama.rope.freq_base", 10000.0)
    writer.add_bool("tokenizer.ggml.add_bos_token", True)
    writer.add_tensor("token_embd.weight", np.zeros((10, 64), np.float32))
    quantized = gguf.quantize(np.ones((4, 64), np.float32), gguf.GGMLQuantizationType.Q8_0)
    writer.add_tensor("blk.0.attn_q.weight", quantized, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    extend(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def raw(n_tensors: int, n_values: int, body: bytes, version: int = 3) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, n_tensors, n_values) + body


def string(text: bytes) -> bytes:
    return struct.pack("<Q", len(text)) + text


def value(key: bytes, kind: int, content: bytes) -> bytes:
    return string(key) + struct.pack("<I", kind) + content


def tensor(name: bytes, dimensions: list[int], kind: int = 0, offset: int = 0) -> bytes:
    n = len(dimensions)
    return string(name) + struct.pack(f"<I{n}QIQ", n, *dimensions, kind, offset)


def test_everything_the_product_needs_is_read(tmp_path: Path) -> None:
    header = read_header(write(tmp_path / "a.gguf"))
    assert (header.architecture, header.name, header.quantization) == ("llama", "Tiny", "Q8_0")
    assert (header.context_length, header.n_layer, header.n_embd, header.n_vocab) == (2048, 2, 64, 2000)
    assert header.per_layer("attention.head_count") == (4, 4)
    assert header.per_layer("attention.head_count_kv") == (2, 1)
    assert header.chat_template == TEMPLATE
    assert header.metadata["tokenizer.ggml.tokens"] is None
    assert header.metadata["llama.rope.freq_base"] == 10000.0
    assert header.metadata["tokenizer.ggml.add_bos_token"] is True
    assert [(t.name, t.dimensions, t.type, t.size_bytes) for t in header.tensors] == [
        ("token_embd.weight", (64, 10), "F32", 2560),
        ("blk.0.attn_q.weight", (64, 4), "Q8_0", 272),
    ]
    assert header.parameters == 896


def test_the_real_model_reads_as_the_official_library_reads_it(smollm2_path: Path) -> None:
    header, official = read_header(smollm2_path), gguf.GGUFReader(smollm2_path)
    assert [(t.name, t.size_bytes) for t in header.tensors] == [(t.name, t.n_bytes) for t in official.tensors]
    assert header.data_offset == official.data_offset
    fields = {name for name in official.fields if not name.startswith("GGUF.")}
    assert set(header.metadata) == fields
    assert (header.architecture, header.n_layer, header.n_vocab) == ("llama", 30, 49152)
    assert (header.context_length, header.quantization) == (8192, "Q4_1")


def test_type_tables_equal_the_official_library() -> None:
    official = {int(t): (t.name, *size) for t, size in gguf.GGML_QUANT_SIZES.items()}
    assert official == BLOCKS
    assert set(FILE_TYPES) == {int(t) for t in gguf.LlamaFileType} - {gguf.LlamaFileType.GUESSED}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GGUF",
        b"GGUF" + bytes(19),
        b"PK\x03\x04" + bytes(100),
        raw(0, 0, b"", version=1),
        raw(0, 0, b"", version=4),
        b"GGUF" + struct.pack(">IQQ", 3, 0, 0),
        raw(2**63, 0, bytes(100)),
        raw(0, 2**64 - 1, bytes(100)),
        raw(0, 3, bytes(38)),
        raw(0, 1, value(b"k", 13, bytes(8))),
        raw(0, 1, struct.pack("<Q", 2**64 - 1) + bytes(100)),
        raw(0, 1, value(b"\xff\xfe", 4, bytes(4))),
        raw(0, 1, value(b"a\nb", 4, bytes(4))),
        raw(0, 1, value(b"k", 8, struct.pack("<Q", 2**40) + bytes(100))),
        raw(0, 1, value(b"k", 9, struct.pack("<IQ", 9, 1) + bytes(100))),
        raw(0, 1, value(b"k", 9, struct.pack("<IQ", 4, 2**62) + bytes(100))),
        raw(0, 1, value(b"k", 9, struct.pack("<IQ", 8, 2**61) + bytes(100))),
        raw(0, 1, value(b"k", 9, struct.pack("<IQ", 8, 2000) + bytes(15_999))),
        raw(0, 1, value(b"k", 9, struct.pack("<IQ", 8, 2000) + struct.pack("<Q", 2**63) + bytes(16_000))),
        raw(0, 2, value(b"k", 4, bytes(4)) + value(b"k", 4, bytes(4)) + bytes(100)),
        raw(0, 1, value(b"general.alignment", 4, struct.pack("<I", 0)) + bytes(100)),
        raw(0, 1, value(b"general.alignment", 4, struct.pack("<I", 33)) + bytes(100)),
        raw(0, 1, value(b"general.alignment", 7, b"\x01") + bytes(100)),
        raw(0, 1, value(b"general.alignment", 8, string(b"32")) + bytes(100)),
        raw(1, 0, tensor(b"t", []) + bytes(100)),
        raw(1, 0, tensor(b"t", [1, 1, 1, 1, 1]) + bytes(100)),
        raw(1, 0, tensor(b"t", [0]) + bytes(100)),
        raw(1, 0, tensor(b"t", [2**63]) + bytes(100)),
        raw(1, 0, tensor(b"t", [2**32, 2**32]) + bytes(100)),
        raw(1, 0, tensor(b"t", [2**40, 2**40, 2**40, 2**40]) + bytes(100)),
        raw(1, 0, tensor(b"t", [33], kind=2) + bytes(100)),
        raw(1, 0, tensor(b"t", [32], kind=4) + bytes(100)),
        raw(1, 0, tensor(b"t", [4], kind=2**32 - 1) + bytes(100)),
        raw(1, 0, tensor(b"t" * 64, [4]) + bytes(100)),
        raw(1, 0, tensor(b"t", [4], offset=32) + bytes(1000)),
        raw(1, 0, tensor(b"t", [4], offset=2**64 - 32) + bytes(1000)),
        raw(1, 0, tensor(b"t", [1000]) + bytes(1000)),
        raw(2, 0, tensor(b"t", [8]) + tensor(b"t", [8], offset=32) + bytes(1000)),
        raw(2, 0, tensor(b"a", [8]) + tensor(b"b", [8], offset=0) + bytes(1000)),
    ],
    ids=range(40),
)
def test_a_broken_or_hostile_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "hostile.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelFileError) as caught:
        read_header(path)
    assert caught.value.values["path"] == str(path)


@pytest.mark.parametrize(
    ("content", "key", "said"),
    [
        (raw(1, 1, struct.pack("<Q", 2**60)), "catalog.file_broken", f"a string of {2**60:,} bytes"),
        (raw(1, 0, bytes(8)), "catalog.file_broken", "ends inside its header"),
        (raw(0, 0, b"", version=9), "catalog.gguf_version", "version 9"),
        (raw(0, 0, b"", version=1), "catalog.gguf_version", "2 / 3"),
        (raw(0, 0, b"", version=2**20 + 1), "catalog.file_broken", "version 1,048,577"),
    ],
    ids=range(5),
)
def test_what_is_wrong_is_said_as_it_is(tmp_path: Path, content: bytes, key: str, said: str) -> None:
    path = tmp_path / "wrong.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelFileError) as caught:
        read_header(path)
    assert caught.value.key == key
    assert said in error_text(caught.value, "en")


def test_the_smallest_whole_file_is_accepted(tmp_path: Path) -> None:
    """The control of the test above: its building blocks make a good file."""
    path = tmp_path / "good.gguf"
    values = value(b"general.alignment", 4, struct.pack("<I", 64)) + value(
        b"k", 9, struct.pack("<IQ", 8, 1) + string(b"x")
    )
    tensors = tensor(b"a", [8]) + tensor(b"b", [32], kind=2, offset=64)
    head = raw(2, 2, values + tensors, version=2)
    path.write_bytes(head.ljust(-(-len(head) // 64) * 64, b"\0") + bytes(64 + 18))
    header = read_header(path)
    assert [t.size_bytes for t in header.tensors] == [32, 18]
    assert header.metadata["k"] == ("x",)


def test_one_byte_less_than_the_weights_need_is_a_truncated_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gguf")
    header = read_header(path)
    last = header.tensors[-1].size_bytes
    end = header.data_offset + 2560 + last
    os.truncate(path, end)
    read_header(path)
    os.truncate(path, end - 1)
    with pytest.raises(ModelFileError) as caught:
        read_header(path)
    assert caught.value.key == "catalog.file_truncated"
    assert caught.value.values["needed"] == f"{end:,}"


def test_what_cannot_be_read_is_a_model_file_error(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.gguf"):
        with pytest.raises(ModelFileError):
            read_header(path)


def test_a_hostile_file_costs_little_memory(tmp_path: Path) -> None:
    """100 GB of zeros that announce as many strings as may be: nothing is kept, reading ends early."""
    path = tmp_path / "sparse.gguf"
    path.write_bytes(
        raw(0, 2, b"".join(value(key, 9, struct.pack("<IQ", 8, 3_000_000)) for key in (b"a", b"b")))
    )
    os.truncate(path, 100 * 10**9)
    tracemalloc.start()
    with pytest.raises(ModelFileError):
        read_header(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * 2**20


def _fuzz(path: Path, length: int, rounds: int, seed: int) -> int:
    """Flip bytes in the first `length`, read, put them back. Returns how many files were still accepted."""
    rng = random.Random(seed)
    accepted = 0
    with path.open("r+b", buffering=0) as file:
        for _ in range(rounds):
            places = [rng.randrange(length) for _ in range(rng.choice((1, 1, 2, 8)))]
            before = []
            for place in places:
                file.seek(place)
                before.append(file.read(1))
                file.seek(place)
                file.write(bytes([rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))]))
            accepted += _reads(path)
            for place, byte in reversed(list(zip(places, before, strict=True))):
                file.seek(place)
                file.write(byte)
    return accepted


def _reads(path: Path) -> bool:
    try:
        header = read_header(path)
    except ModelFileError:
        return False
    assert isinstance(header, Header)
    end = header.data_offset + sum(t.size_bytes for t in header.tensors)
    assert end <= path.stat().st_size
    # Whatever it says, asking for it is safe.
    assert header.n_layer >= 0 or header.quantization is not None
    return True


def test_flipped_bytes_give_a_header_or_a_clear_error(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gguf")
    accepted = _fuzz(path, read_header(path).data_offset, rounds=3000, seed=1)
    assert 0 < accepted < 3000
    assert _reads(path)


def test_flipped_bytes_in_a_real_header_give_a_header_or_a_clear_error(
    tmp_path: Path, smollm2_path: Path
) -> None:
    """The weights themselves are left out as a hole: only the header matters, and it keeps the test quick."""
    header = read_header(smollm2_path)
    path = tmp_path / "real.gguf"
    with smollm2_path.open("rb") as source:
        path.write_bytes(source.read(header.data_offset))
    os.truncate(path, header.file_bytes)
    assert _reads(path)
    _fuzz(path, header.data_offset, rounds=60, seed=2)
    _fuzz(path, 1800, rounds=150, seed=3)  # before the vocabulary: every value there decides something


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.gguf").read_bytes()
    header = read_header(tmp_path / "a.gguf")
    end = header.data_offset + 2560 + header.tensors[-1].size_bytes
    rng = random.Random(4)
    for length in [*range(0, 200), *(rng.randrange(end) for _ in range(500)), end - 1]:
        path = tmp_path / "cut.gguf"
        path.write_bytes(whole[:length])
        assert not _reads(path)
