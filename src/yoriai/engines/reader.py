"""A model opened by the library's own functions, and the probabilities that it gives to tokens. Runs in a child only.

Knows neither windows nor requests: `score_child` and `echo_child` use it.
"""

from __future__ import annotations

import ctypes
import math
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from yoriai.engines.errand_child import FailureError
from yoriai.engines.native import Native

if TYPE_CHECKING:
    import numpy as np

    Logits = np.ndarray[Any, Any]

AT_ONCE = 64  # tokens whose probabilities are held at once: 64 × 150,000 words × 4 bytes are 38 MB
_DECODE = 1  # LLAMA_PROCESS_TYPE_DECODE


class Reader:
    """A loaded model. `context`: tokens to hold; 0: the library's default."""

    def __init__(self, native: Native, path: str, threads: int, context: int = 0) -> None:
        self._native = native
        native.llama_backend_init()
        self._model = native.llama_model_load_from_file(
            os.fsencode(path), native.llama_model_default_params()
        )
        if not self._model:
            raise FailureError("broken", path)
        if native.llama_model_has_encoder(self._model):
            raise FailureError("encoder", path)
        self._context = native.llama_init_from_model(self._model, self._parameters(context))
        if not self._context:
            raise FailureError("memory", path)
        native.llama_set_n_threads(self._context, threads, threads)
        self.vocabulary = native.llama_model_get_vocab(self._model)
        self.n_vocabulary = native.llama_vocab_n_tokens(self.vocabulary)
        self._batch = native.llama_batch_ext_init(self._context)
        self.context = native.llama_n_ctx(self._context)
        self.at_once = native.llama_n_batch(self._context)
        if self.context < context:
            raise FailureError("missing", "n_ctx")

    def _parameters(self, context: int) -> Any:
        """`n_ctx` has always been the structure's first field; whether it took effect, the getter says."""
        parameters = self._native.llama_context_default_params()
        if context:
            ctypes.c_uint32.from_buffer(parameters).value = context
        return parameters

    def tokens(self, text: str, *, begins: bool = True) -> list[int]:
        """`begins`: with what this model wants before a text."""
        content = text.encode()
        room = len(content) + 8
        found = (ctypes.c_int32 * room)()
        count = self._native.llama_tokenize(
            self.vocabulary, content, len(content), found, room, begins, False
        )
        if count < 0:
            raise FailureError("broken", f"{-count} tokens")
        return list(found[:count])

    def forget(self) -> None:
        self._native.llama_memory_clear(self._native.llama_get_memory(self._context), True)

    def process(self, tokens: list[int], first: int, last: int, *, is_wanted: bool) -> None:
        """Read tokens `first` … `last` - 1; `is_wanted`: what follows each can be asked of `logits` then."""
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

    def each(
        self, tokens: list[int], first: int, last: int, use: Callable[[int, Logits, float], None]
    ) -> None:
        """Read tokens `first` … `last` - 1; `use`: position, logits of what follows it, log of their sum."""
        for start in range(first, last, AT_ONCE):
            end = min(start + AT_ONCE, last)
            self.process(tokens, start, end, is_wanted=True)
            for place in range(end - start):
                logits = self.logits(place)
                use(start + place, logits, log_sum(logits))

    def logits(self, place: int) -> Logits:
        import numpy as np

        pointer = self._native.llama_get_logits_ith(self._context, place)
        if not pointer:
            raise FailureError("broken", f"logits {place}")
        found: Logits = np.ctypeslib.as_array(pointer, (self.n_vocabulary,))
        return found


def log_sum(logits: Logits) -> float:
    """log Σ exp(logit), without overflow."""
    import numpy as np

    highest = float(logits.max())
    return highest + math.log(np.exp(logits - highest).sum(dtype=np.float64))
