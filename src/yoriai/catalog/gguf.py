"""Reads and checks the header of a GGUF file without trusting one number in it.

Owns bounds: counts, lengths, types, dimensions, offsets, all against the file's size and fixed limits, so that time
and memory stay small whatever the file says. Knows neither names of models nor engines. `catalog.library` calls it
when a model comes in, `engines` again before native code opens the file. No mapping of the file into memory: a file
that shrinks while it is mapped would end the whole process.
Source: docs/gguf.md and ggml/src/gguf.cpp of ggml-org; limits stricter than there where real files allow it.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn

from yoriai.catalog.ggml_types import BLOCKS, FILE_TYPES
from yoriai.errors import ModelFileError

Value = int | float | bool | str | tuple[int | float | bool | str, ...] | None  # None: too long to keep

_MAX_HEADER_BYTES = 256 * 2**20  # the largest known, with 260,000 tokens, are below 20 MB
_MAX_VALUES = 65_536
_MAX_TENSORS = 65_536
_MAX_KEY_BYTES = 65_535  # the specification's
_MAX_NAME_BYTES = 63  # ggml's, for tensors
_MAX_STRING_BYTES = 2**20
_MAX_STRINGS = 4_000_000  # in all arrays together
_MAX_KEPT = 1024  # elements of an array that is kept
_MAX_DIMENSION = 2**40
_CHUNK = 2**18
_KNOWN_VERSIONS = (2, 3)
_MOST_VERSION = 255  # that one may believe: anything above is damage
_SCALARS = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
_STRING, _ARRAY, _UINT32 = 8, 9, 4
_LENGTH = struct.Struct("<Q")


@dataclass(frozen=True, kw_only=True, slots=True)
class Tensor:
    name: str
    dimensions: tuple[int, ...]
    type: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """What a whole, consistent file says of itself. `metadata` has every key; long arrays as None."""

    metadata: Mapping[str, Value]
    lengths: Mapping[str, int]  # of every array
    tensors: tuple[Tensor, ...]
    data_offset: int  # where the weights begin
    file_bytes: int

    @property
    def architecture(self) -> str:
        return self.text("general.architecture")

    @property
    def name(self) -> str:
        return self.text("general.name")

    @property
    def chat_template(self) -> str:
        return self.text("tokenizer.chat_template")

    @property
    def quantization(self) -> str:
        """As llama.cpp calls it ("Q4_K_M"); "" where the file doesn't say."""
        return FILE_TYPES.get(self.number("general.file_type", -1), "")

    @property
    def context_length(self) -> int:
        return self.of_architecture("context_length")

    @property
    def n_layer(self) -> int:
        return self.of_architecture("block_count")

    @property
    def n_embd(self) -> int:
        return self.of_architecture("embedding_length")

    @property
    def n_head(self) -> int:
        return max(self.per_layer("attention.head_count"), default=0)

    @property
    def n_vocab(self) -> int:
        return self.lengths.get("tokenizer.ggml.tokens", 0) or self.of_architecture("vocab_size")

    @property
    def parameters(self) -> int:
        return sum(_product(tensor.dimensions) for tensor in self.tensors)

    @property
    def needed_bytes(self) -> int:
        """Where the weights end, with the last one's padding: no more of a file is of any use."""
        alignment = self.number("general.alignment", 32)
        return self.data_offset + sum(-(-each.size_bytes // alignment) * alignment for each in self.tensors)

    @property
    def split_count(self) -> int:
        """Files that this model is cut into; 1: just this one."""
        return max(1, self.number("split.count", 1))

    def number(self, key: str, default: int = 0) -> int:
        value = self.metadata.get(key)
        return value if isinstance(value, int) else default

    def text(self, key: str) -> str:
        value = self.metadata.get(key)
        return value if isinstance(value, str) else ""

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.metadata.get(key)
        return tuple(v for v in value if isinstance(v, str)) if isinstance(value, tuple) else ()

    def of_architecture(self, key: str, default: int = 0) -> int:
        return self.number(f"{self.architecture}.{key}", default)

    def per_layer(self, key: str) -> tuple[int, ...]:
        """A number that is one for all layers or an array with one for each; () where it is missing."""
        value = self.metadata.get(f"{self.architecture}.{key}")
        if isinstance(value, tuple):
            return tuple(v for v in value if isinstance(v, int))
        return (value,) * self.n_layer if isinstance(value, int) and self.n_layer <= _MAX_KEPT else ()


def read_header(path: Path) -> Header:
    """Read the header, and check that the weights it announces are all there.

    Raises:
        ModelFileError: not GGUF, truncated, inconsistent, hostile, or unreadable.
    """
    try:
        with path.open("rb") as file:
            return read_from(file, str(path))
    except OSError as error:
        raise ModelFileError(
            "catalog.file_unreadable", path=str(path), detail=error.strerror or str(error)
        ) from error


def read_from(
    file: BinaryIO, name: str, most_bytes: int = _MAX_HEADER_BYTES, chunk_bytes: int = _CHUNK
) -> Header:
    """Read the header from anything that can be read and sought, whose size is found by seeking to its end.

    Args:
        name: for messages.
        most_bytes: a larger header is refused.
        chunk_bytes: read at once; so much may be read beyond the header.

    Raises:
        ModelFileError: as `read_header`.
    """
    return _Reader(file, name, most_bytes, chunk_bytes).header()


class _Reader:
    """A cursor over the file that never asks for a byte beyond its end or the header's limit."""

    def __init__(self, file: BinaryIO, name: str, most_bytes: int, chunk_bytes: int) -> None:
        self._file = file
        self._chunk_bytes = chunk_bytes
        self._name = name
        self._file_bytes = file.seek(0, 2)
        self._limit = min(self._file_bytes, most_bytes)
        self._data = b""
        self._at = 0  # in _data
        self._next = 0  # in the file, behind _data
        self._strings = 0
        file.seek(0)

    def header(self) -> Header:
        self._check_magic()
        n_tensors = self._count("tensors", _MAX_TENSORS)
        n_values = self._count("values", _MAX_VALUES)
        metadata: dict[str, Value] = {}
        lengths: dict[str, int] = {}
        for _ in range(n_values):
            key = self._text(_MAX_KEY_BYTES, strict=True)
            if key in metadata:
                self._refuse(f"key {key[:80]!r} stands there twice")
            metadata[key] = self._value(key, lengths)
        alignment = self._alignment(metadata)
        tensors = self._tensors(n_tensors, alignment)
        start = self._next - len(self._data) + self._at
        start = -(-start // alignment) * alignment
        self._check_end(tensors, start, alignment)
        return Header(
            metadata=metadata,
            lengths=lengths,
            tensors=tensors,
            data_offset=start,
            file_bytes=self._file_bytes,
        )

    def _check_magic(self) -> None:
        if self._file_bytes < 24:
            self._refuse(f"it has {self._file_bytes} bytes only")
        if self._take(4) != b"GGUF":
            raise ModelFileError("catalog.not_gguf", path=self._name)
        (version,) = struct.unpack("<I", self._take(4))
        if version in _KNOWN_VERSIONS:
            return
        if 0 < version <= _MOST_VERSION:
            known = " / ".join(map(str, _KNOWN_VERSIONS))
            raise ModelFileError("catalog.gguf_version", path=self._name, version=version, known=known)
        self._refuse("big-endian files do not work here" if version & 0xFFFF == 0 else f"version {version:,}")

    def _count(self, what: str, limit: int) -> int:
        count = self._length()
        if count > limit:
            self._refuse(f"it announces {count:,} {what}")
        return count

    def _value(self, key: str, lengths: dict[str, int]) -> Value:
        kind = self._u32()
        if kind == _STRING:
            return self._text(_MAX_STRING_BYTES)
        if kind == _ARRAY:
            return self._array(key, lengths)
        if kind not in _SCALARS:
            self._refuse(f"{key[:80]!r} has the unknown type {kind:,}")
        return self._scalar(_SCALARS[kind])

    def _array(self, key: str, lengths: dict[str, int]) -> Value:
        kind, count = self._u32(), self._length()
        lengths[key] = count
        if kind == _STRING:
            return self._strings_of(key, count)
        if kind not in _SCALARS:
            self._refuse(f"{key[:80]!r} is an array of the unknown type {kind:,}")
        form = _SCALARS[kind]
        n_bytes = count * struct.calcsize(form)
        if n_bytes > self._left():
            self._refuse(f"{key[:80]!r} announces {count:,} elements")
        if count > _MAX_KEPT:
            self._skip(n_bytes)
            return None
        return tuple(struct.unpack(f"<{count}{form[1]}", self._take(n_bytes)))

    def _strings_of(self, key: str, count: int) -> Value:
        self._strings += count
        if self._strings > _MAX_STRINGS or count * 8 > self._left():
            self._refuse(f"{key[:80]!r} announces {count:,} strings")
        if count <= _MAX_KEPT:
            return tuple(self._text(_MAX_STRING_BYTES) for _ in range(count))
        self._skip_strings(count)
        return None

    def _skip_strings(self, count: int) -> None:
        """The hot loop: a vocabulary has a quarter of a million strings."""
        while count:
            self._fill(8)
            data, at, end = self._data, self._at, len(self._data) - 8
            length_at = _LENGTH.unpack_from
            while count and at <= end:
                (length,) = length_at(data, at)
                at += 8 + length
                count -= 1
                if length > _MAX_STRING_BYTES:
                    self._refuse(f"a string of {length:,} bytes")
            beyond = max(0, at - len(data))
            self._at = at - beyond
            self._skip(beyond)

    def _alignment(self, metadata: Mapping[str, Value]) -> int:
        alignment = metadata.get("general.alignment", 32)
        is_right = isinstance(alignment, int) and 1 <= alignment <= 2**20 and alignment & (alignment - 1) == 0
        if not is_right or isinstance(alignment, bool):
            self._refuse("its alignment is not a power of two")
        assert isinstance(alignment, int)
        return alignment

    def _tensors(self, count: int, alignment: int) -> tuple[Tensor, ...]:
        tensors: list[Tensor] = []
        names: set[str] = set()
        expected = 0
        for _ in range(count):
            tensor, offset = self._tensor()
            if tensor.name in names:
                self._refuse(f"tensor {tensor.name!r} stands there twice")
            if offset != expected:
                self._refuse(f"tensor {tensor.name!r} begins at {offset:,} instead of {expected:,}")
            expected += -(-tensor.size_bytes // alignment) * alignment
            names.add(tensor.name)
            tensors.append(tensor)
        return tuple(tensors)

    def _tensor(self) -> tuple[Tensor, int]:
        name = self._text(_MAX_NAME_BYTES, strict=True)
        n_dimensions = self._u32()
        if not 1 <= n_dimensions <= 4:
            self._refuse(f"tensor {name!r} has {n_dimensions:,} dimensions")
        dimensions = tuple(self._length() for _ in range(n_dimensions))
        kind, offset = self._u32(), self._length()
        if kind not in BLOCKS:
            self._refuse(f"tensor {name!r} has the unknown type {kind:,}")
        type_name, block, block_bytes = BLOCKS[kind]
        if not all(1 <= n <= _MAX_DIMENSION for n in dimensions) or dimensions[0] % block:
            self._refuse(f"tensor {name!r} has the dimensions {' × '.join(f'{n:,}' for n in dimensions)}")
        size = _product(dimensions) // block * block_bytes
        if size > self._file_bytes:
            self._refuse(f"tensor {name!r} would be {size:,} bytes large")
        return Tensor(name=name, dimensions=dimensions, type=type_name, size_bytes=size), offset

    def _check_end(self, tensors: tuple[Tensor, ...], start: int, alignment: int) -> None:
        sizes = [tensor.size_bytes for tensor in tensors]
        end = start + sum(-(-size // alignment) * alignment for size in sizes[:-1]) + sum(sizes[-1:])
        if tensors and end > self._file_bytes:
            raise ModelFileError(
                "catalog.file_truncated",
                path=self._name,
                size=f"{self._file_bytes:,}",
                needed=f"{end:,}",
            )

    def _text(self, limit: int, *, strict: bool = False) -> str:
        length = self._length()
        if length > limit:
            self._refuse(f"a string of {length:,} bytes")
        raw = self._take(length)
        try:
            text = raw.decode("utf8", "strict" if strict else "replace")
        except UnicodeDecodeError:
            self._refuse("a name that is not text")
        if strict and not text.isprintable():
            self._refuse("a name that is not text")
        return text

    def _scalar(self, form: str) -> int | float | bool:
        value: int | float | bool = struct.unpack(form, self._take(struct.calcsize(form)))[0]
        return value

    def _u32(self) -> int:
        return int.from_bytes(self._take(4), "little")

    def _length(self) -> int:
        return int.from_bytes(self._take(8), "little")

    def _left(self) -> int:
        """Bytes of the header that may still come."""
        return self._limit - (self._next - len(self._data) + self._at)

    def _take(self, count: int) -> bytes:
        self._fill(count)
        self._at += count
        return self._data[self._at - count : self._at]

    def _fill(self, count: int) -> None:
        if len(self._data) - self._at >= count:
            return
        if count > self._left():
            self._refuse(f"it ends inside its header, at {self._file_bytes:,} bytes")
        more = min(max(count, self._chunk_bytes), self._limit - self._next)
        self._data = self._data[self._at :] + self._file.read(more)
        self._at = 0
        self._next = self._file.tell()
        if len(self._data) < count:  # it shrank since its size was taken
            self._refuse("it changes while it is read")

    def _skip(self, count: int) -> None:
        if count > self._left():
            self._refuse(f"it ends inside its header, at {self._file_bytes:,} bytes")
        self._at += count
        if self._at > len(self._data):
            self._next = self._file.seek(self._next + self._at - len(self._data))
            self._data, self._at = b"", 0

    def _refuse(self, detail: str) -> NoReturn:
        raise ModelFileError("catalog.file_broken", path=self._name, detail=detail)


def _product(dimensions: tuple[int, ...]) -> int:
    product = 1
    for n in dimensions:
        product *= n
    return product
