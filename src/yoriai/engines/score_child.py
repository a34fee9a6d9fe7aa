"""Entry point of a short-lived process that asks how surprised a model is by a text.

`engines.errand` starts it. The text is cut into windows; each begins anew, its first half is context,
and of every token of its second half the negative logarithm of the probability is taken.
Source: tools/perplexity/perplexity.cpp of ggml-org/llama.cpp, whose windows and halves these are.
"""

from __future__ import annotations

import ctypes
import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yoriai.engines import errand_child
from yoriai.engines.confine import confine
from yoriai.engines.errand_child import FailureError
from yoriai.engines.native import SCORING, Native

if TYPE_CHECKING:
    import numpy as np

_AT_ONCE = 64  # tokens whose probabilities are held at once: 64 × 150,000 words × 4 bytes are 38 MB
_DECODE = 1  # LLAMA_PROCESS_TYPE_DECODE


def main() -> None:
    errand_child.run(score)


def score(task: dict[str, Any]) -> dict[str, Any]:
    """Keys of `task`: parts, text, threads; in tokens window, least, most. Result: `surprise`, in nats."""
    confine([Path(sys.prefix), Path(sys.base_prefix), *(Path(path) for path in task["parts"])], port=0)
    reader = _Reader(Native(SCORING), task["parts"][0], task["threads"])
    tokens = reader.tokens(task["text"])[: task["most"]]
    window = min(task["window"], reader.context, len(tokens))
    if window < task["least"]:
        raise FailureError("short", str(len(tokens)))
    starts = range(0, len(tokens) - window + 1, window)
    surprise: list[float] = []
    for number, start in enumerate(starts):
        surprise += reader.window(tokens[start : start + window])
        errand_child.progress(number + 1, len(starts))
    if not all(math.isfinite(each) for each in surprise):
        raise FailureError("broken", "NaN")
    return {"surprise": surprise}


class _Reader:
    """A loaded model."""

    def __init__(self, native: Native, path: str, threads: int) -> None:
        self._native = native
        native.llama_backend_init()
        self._model = native.llama_model_load_from_file(
            os.fsencode(path), native.llama_model_default_params()
        )
        if not self._model:
            raise FailureError("broken", path)
        if native.llama_model_has_encoder(self._model):
            raise FailureError("encoder", path)
        self._context = native.llama_init_from_model(self._model, native.llama_context_default_params())
        if not self._context:
            raise FailureError("memory", path)
        native.llama_set_n_threads(self._context, threads, threads)
        self._vocabulary = native.llama_model_get_vocab(self._model)
        self._n_vocabulary = native.llama_vocab_n_tokens(self._vocabulary)
        self._batch = native.llama_batch_ext_init(self._context)
        self.context = min(native.llama_n_ctx(self._context), native.llama_n_batch(self._context))

    def tokens(self, text: str) -> list[int]:
        content = text.encode()
        room = len(content) + 8
        found = (ctypes.c_int32 * room)()
        count = self._native.llama_tokenize(self._vocabulary, content, len(content), found, room, True, False)
        if count < 0:
            raise FailureError("broken", f"{-count} tokens")
        return list(found[:count])

    def window(self, tokens: list[int]) -> list[float]:
        """Surprise at each token of the second half but its first, after what stands before it."""
        native = self._native
        native.llama_memory_clear(native.llama_get_memory(self._context), True)
        if native.llama_vocab_get_add_bos(self._vocabulary):
            tokens = [native.llama_vocab_bos(self._vocabulary), *tokens[1:]]
        half, end = len(tokens) // 2, len(tokens) - 1
        self._process(tokens, 0, half, is_wanted=False)
        found: list[float] = []
        for first in range(half, end, _AT_ONCE):
            last = min(first + _AT_ONCE, end)
            self._process(tokens, first, last, is_wanted=True)
            for place in range(last - first):
                found.append(self._surprise(place, tokens[first + place + 1]))
        return found

    def _process(self, tokens: list[int], first: int, last: int, *, is_wanted: bool) -> None:
        native = self._native
        native.llama_batch_ext_clear(self._batch)
        for position in range(first, last):
            place = native.llama_batch_ext_add_token(self._batch, 0, tokens[position])
            is_right = place >= 0 and native.llama_batch_ext_set_pos(
                self._batch, place, ctypes.byref(ctypes.c_int32(position))
            )
            if not is_right:
                raise FailureError("broken", f"token {position}")
            native.llama_batch_ext_set_output_logits(self._batch, place, is_wanted)
        status = native.llama_process(self._context, _DECODE, self._batch)
        if status:
            raise FailureError("broken", f"llama_process {status}")

    def _surprise(self, place: int, token: int) -> float:
        import numpy as np

        pointer = self._native.llama_get_logits_ith(self._context, place)
        if not pointer:
            raise FailureError("broken", f"logits {place}")
        logits: np.ndarray[Any, Any] = np.ctypeslib.as_array(pointer, (self._n_vocabulary,))
        highest = logits.max()
        return float(highest - logits[token]) + math.log(np.exp(logits - highest).sum(dtype=np.float64))


if __name__ == "__main__":
    main()
