"""Embeds the texts of a retrieval benchmark once, with the catalogue's multilingual-e5-small, and keeps the vectors.

`benchmarks/retrieval.py` calls it. Knows nothing of search. One thread: the vectors take minutes, so they are made in
pieces that survive an interruption, and it waits while the file named by YORIAI_QUIET exists.
"""

from __future__ import annotations

import hashlib
import os
import time
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xllamacpp
from platformdirs import user_cache_path

Matrix = npt.NDArray[np.float32]
_PIECE = 64
_CONTEXT = 512
_DIMENSIONS = 384


class Embedder:
    """Vectors of unit length, from the cache where they are there."""

    def __init__(self, model: Path, cache: Path | None = None) -> None:
        self._model = model
        self._cache = cache or user_cache_path("yoriai-bench") / "vectors"
        self._server: Any = None
        self.texts, self.seconds = 0, 0.0

    def vectors(self, prefix: str, texts: Sequence[str]) -> Matrix:
        """[len(texts), 384]. `prefix` is "query: " or "passage: "."""
        self._cache.mkdir(parents=True, exist_ok=True)
        pieces = [texts[i : i + _PIECE] for i in range(0, len(texts), _PIECE)]
        rows = [
            self._piece([prefix + unicodedata.normalize("NFKC", text) for text in piece]) for piece in pieces
        ]
        return np.concatenate(rows) if rows else np.zeros((0, _DIMENSIONS), np.float32)

    def _piece(self, texts: Sequence[str]) -> Matrix:
        key = hashlib.sha256("\0".join([self._model.name, *texts]).encode()).hexdigest()
        path = self._cache / f"{key[:32]}.npy"
        if path.is_file():
            return np.asarray(np.load(path), np.float32)
        _wait_while_quiet()
        begin = time.process_time()
        rows = np.stack([self._one(text) for text in texts])
        self.seconds += time.process_time() - begin
        self.texts += len(texts)
        partial = path.with_suffix(".partial.npy")
        np.save(partial, rows)
        partial.replace(path)
        return rows

    def _one(self, text: str) -> Matrix:
        while True:
            answer = self._engine()({"input": text})
            if "data" in answer:
                row = np.asarray(answer["data"][0]["embedding"], np.float32)
                return row / np.linalg.norm(row)
            if len(text) < _CONTEXT:
                raise RuntimeError(f"the engine did not embed {text[:80]!r}: {answer}")
            text = text[: len(text) * 9 // 10]  # longer than the 512 tokens that the model reads

    def _engine(self) -> Callable[[dict[str, Any]], dict[str, Any]]:
        if self._server is None:
            parameters = xllamacpp.CommonParams()
            parameters.model.path = str(self._model)
            parameters.embedding = True
            parameters.n_ctx = parameters.n_batch = parameters.n_ubatch = _CONTEXT
            parameters.n_parallel = 1
            parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
            parameters.fit_params = False
            parameters.verbosity = 0
            self._server = xllamacpp.Server(parameters)
        return self._server.handle_embeddings  # type: ignore[no-any-return]


def _wait_while_quiet() -> None:
    signal = os.environ.get("YORIAI_QUIET", "")
    while signal and Path(signal).exists():
        time.sleep(5)
