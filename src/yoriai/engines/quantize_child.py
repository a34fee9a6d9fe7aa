"""Entry point of a short-lived process that quantises one model: `engines.errand` starts it.

Knows the types that were chosen (`catalog.mixture`), reads the old files and writes the new one, a slice at a time, so
that memory stays small whatever a tensor's size. Rights are taken away once the new file is open: it can be written,
and nothing else. Header and blocks are made by the engine's library itself.
"""

from __future__ import annotations

import ctypes
import math
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

from yoriai.catalog.ggml_types import BLOCKS
from yoriai.engines import errand_child
from yoriai.engines.confine import confine
from yoriai.engines.errand_child import FailureError
from yoriai.engines.native import QUANTIZING, GgufParameters, Native

_SLICE = 2**22  # numbers that a thread has in hand at once: 16 MiB as 32-bit numbers
_QUANTIZATION_VERSION = 2  # GGML_QNT_VERSION
_DROPPED = (b"split.no", b"split.count", b"split.tensors.count", b"general.alignment")
_BLOCK_OF = {name: (number, elements, size) for number, (name, elements, size) in BLOCKS.items()}
_EVERY_S = 0.1


def main() -> None:
    errand_child.run(quantize)


def quantize(task: dict[str, Any]) -> dict[str, Any]:
    """Write `target`. Keys of `task`: parts, target, steps ([name, type, new type, dimensions]), file_type, threads."""
    parts = [Path(path) for path in task["parts"]]
    with Path(task["target"]).open("xb") as file:
        confine([Path(sys.prefix), Path(sys.base_prefix), *parts], port=0)
        native = Native(QUANTIZING)
        with ThreadPoolExecutor(task["threads"]) as pool:
            _Writer(native, parts, task, file, pool).write()
        file.flush()
        os.fsync(file.fileno())
    return {}


class _Writer:
    """The new file, from header to last tensor."""

    def __init__(
        self,
        native: Native,
        parts: list[Path],
        task: dict[str, Any],
        file: BinaryIO,
        pool: ThreadPoolExecutor,
    ) -> None:
        self._native, self._file, self._pool = native, file, pool
        self._sources = [_Source(native, path) for path in parts]
        self._steps = [(name, old, new, tuple(shape)) for name, old, new, shape in task["steps"]]
        self._file_type, self._threads = task["file_type"], task["threads"]
        self._total = sum(_size(old, shape) for _, old, _, shape in self._steps)
        self._done = 0
        self._said_s = 0.0

    def write(self) -> None:
        alignment = self._header()
        for name, old, new, shape in self._steps:
            source = next(each for each in self._sources if name.encode() in each.tensors)
            written = 0
            for piece in self._pieces(source, name, old, new, shape):
                written += self._file.write(piece)
            if written != _size(new, shape):
                raise FailureError("broken", f"{name}: {written:,} bytes")
            self._file.write(bytes(-written % alignment))

    def _header(self) -> int:
        native = self._native
        made = native.gguf_init_empty()
        native.gguf_set_kv(made, self._sources[0].context)
        native.gguf_set_val_u32(made, b"general.quantization_version", _QUANTIZATION_VERSION)
        native.gguf_set_val_u32(made, b"general.file_type", self._file_type)
        for key in _DROPPED:
            native.gguf_remove_key(made, key)
        for name, _, new, _ in self._steps:
            tensor = next(
                each.tensors[name.encode()] for each in self._sources if name.encode() in each.tensors
            )
            native.gguf_add_tensor(made, tensor)
            native.gguf_set_tensor_type(made, name.encode(), _BLOCK_OF[new][0])
        content = ctypes.create_string_buffer(native.gguf_get_meta_size(made))
        native.gguf_get_meta_data(made, content)
        self._file.write(content)
        return int(native.gguf_get_alignment(made))

    def _pieces(
        self, source: _Source, name: str, old: str, new: str, shape: tuple[int, ...]
    ) -> Iterator[bytes]:
        """What the new file has of a tensor, in order."""
        row, n_rows = shape[0], math.prod(shape[1:])
        at, row_bytes = source.begin(name), _size(old, (row,))
        rows = max(1, _SLICE // row)
        pending = [(first, min(rows, n_rows - first)) for first in range(0, n_rows, rows)]
        while pending:
            now, pending = pending[: self._threads], pending[self._threads :]
            read = [source.read(at + first * row_bytes, count * row_bytes) for first, count in now]
            if old == new:
                yield from read
            else:
                convert = _Converter(self._native, old, new, row)
                yield from self._pool.map(convert, read, [count for _, count in now])
            self._tell(sum(len(each) for each in read))

    def _tell(self, more: int) -> None:
        self._done += more
        if self._done == self._total or time.monotonic() - self._said_s > _EVERY_S:
            self._said_s = time.monotonic()
            errand_child.progress(self._done, self._total)


class _Source:
    """One of the old files."""

    def __init__(self, native: Native, path: Path) -> None:
        self._native = native
        self._file = path.open("rb")
        pointer = ctypes.c_void_p()
        self.context = native.gguf_init_from_file(
            os.fsencode(path), GgufParameters(no_alloc=True, context=ctypes.pointer(pointer))
        )
        if not self.context:
            raise FailureError("broken", str(path))
        self.tensors: dict[bytes, int] = {}
        tensor = native.ggml_get_first_tensor(pointer)
        while tensor:
            self.tensors[native.ggml_get_name(tensor)] = tensor
            tensor = native.ggml_get_next_tensor(pointer, tensor)
        self._data = native.gguf_get_data_offset(self.context)

    def begin(self, name: str) -> int:
        number = self._native.gguf_find_tensor(self.context, name.encode())
        return int(self._data + self._native.gguf_get_tensor_offset(self.context, number))

    def read(self, at: int, size: int) -> bytes:
        self._file.seek(at)
        content = self._file.read(size)
        if len(content) != size:
            raise FailureError("broken", f"{self._file.name}: {at + len(content):,} bytes")
        return content


class _Converter:
    """From one type to another by way of 32-bit numbers. ctypes lets other threads run meanwhile."""

    def __init__(self, native: Native, old: str, new: str, row: int) -> None:
        self._native, self._old, self._row = native, old, row
        self._read = None if old == "F32" else native.reader(old)
        self._old_number, self._number, self._new = _BLOCK_OF[old][0], _BLOCK_OF[new][0], new

    def __call__(self, content: bytes, n_rows: int) -> bytes:
        n = n_rows * self._row
        if not self._native.ggml_validate_row_data(self._old_number, content, len(content)):
            raise FailureError("broken", "NaN")
        numbers = (ctypes.c_float * n)()
        if self._read is None:
            ctypes.memmove(numbers, content, len(content))
        else:
            self._read(content, numbers, n)
        made = ctypes.create_string_buffer(_size(self._new, (self._row,)) * n_rows)
        size = self._native.ggml_quantize_chunk(self._number, numbers, made, 0, n_rows, self._row, None)
        if size != len(made) or not self._native.ggml_validate_row_data(self._number, made, size):
            raise FailureError("broken", "NaN")
        return made.raw


def _size(type_name: str, shape: tuple[int, ...]) -> int:
    _, elements, block_bytes = _BLOCK_OF[type_name]
    return math.prod(shape) // elements * block_bytes


if __name__ == "__main__":
    main()
