"""How fast this machine's cores read its RAM together: a test of one second, kept in the data folder.

Owns the measurement and its file; `catalog.detect` calls it. Reading decides how fast a CPU generates, so reading is
measured: the C library's search for a byte that isn't there, in one thread per core, which ctypes runs without the GIL.
"""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import json
import logging
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from yoriai.catalog import files

log = logging.getLogger("yoriai.catalog")

FILE = "hardware.json"
_MOST_THREADS = 16  # enough to fill the channels of any board
_BUFFER_BYTES = 64 * 2**20  # of each thread; together several times what caches hold
_LEAST_BYTES = 256 * 2**20
_DURATION_S = 1.0
_QUIET = 0.5  # a measurement beside more programs per core than this is repeated the next time; the better one counts
_PLAUSIBLE_BYTES_PER_S = (1e8, 5e12)


def read_bandwidth(
    home: Path,
    key: str,
    cores: int,
    free_bytes: int,
    *,
    measure: Callable[[int, int], float] | None = None,
    load: Callable[[], float] | None = None,
) -> float | None:
    """Bytes per second, from the last time if this is still the same machine and it was quiet then.

    Args:
        key: what identifies the machine: with another processor or other memory it is measured anew.
        measure: threads and bytes of each -> bytes per second; tests give their own.
        load: how many programs want to run; tests give their own.

    Returns:
        None: it cannot be measured here.
    """
    kept, was_quiet = _load(home / FILE, key)
    if kept is not None and was_quiet:
        return kept
    threads = max(1, min(cores, _MOST_THREADS))
    each = max(_BUFFER_BYTES, _LEAST_BYTES // threads)
    if each * threads * 2 > free_bytes:
        return kept
    is_quiet = (load or _programs)() <= _QUIET * cores
    try:
        found = max(kept or 0.0, (measure or _measure)(threads, each))
    except (OSError, AttributeError, MemoryError) as error:
        log.warning("memory bandwidth not measured error=%s", type(error).__name__)
        return kept
    log.info(
        "memory bandwidth measured gigabytes_per_s=%.1f threads=%d quiet=%s", found / 1e9, threads, is_quiet
    )
    content = {"machine": key, "bytes_per_s": found, "quiet": is_quiet}
    with contextlib.suppress(OSError):  # a full disk or a foreign folder: then it is measured again next time
        files.write(home / FILE, json.dumps(content).encode())
    return found


def _load(path: Path, key: str) -> tuple[float | None, bool]:
    """What is kept for this machine, and whether nothing else ran when it was measured."""
    try:
        kept = json.loads(path.read_bytes()[:10_000])
        found, is_quiet = (
            (float(kept["bytes_per_s"]), kept["quiet"] is True) if kept["machine"] == key else (0.0, False)
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None, False
    low, high = _PLAUSIBLE_BYTES_PER_S
    return (found, is_quiet) if low <= found <= high else (None, False)


def _programs() -> float:
    """The load of the last minute. It isn't known at first on Windows: then it counts as quiet."""
    return psutil.getloadavg()[0]


def _measure(threads: int, each: int) -> float:
    """The best of several passes of all threads at once."""
    library = ctypes.CDLL("msvcrt" if os.name == "nt" else None)
    library.memchr.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
    library.memchr.restype = ctypes.c_void_p
    buffers = [ctypes.create_string_buffer(each) for _ in range(threads)]
    for buffer in buffers:
        ctypes.memset(buffer, 1, each)  # pages that were never written to are all the same one

    def read(buffer: ctypes.Array[ctypes.c_char]) -> None:
        library.memchr(buffer, 0, each)

    best, end = 0.0, time.perf_counter() + _DURATION_S
    with ThreadPoolExecutor(threads) as pool:
        while time.perf_counter() < end:
            start = time.perf_counter()
            list(pool.map(read, buffers))
            best = max(best, threads * each / (time.perf_counter() - start))
    return best
