"""Entry point of a process that reads texts and says how likely each of their tokens was. `engines.echo` starts it.

It keeps its model between requests. A text is read from its beginning each time, and continued greedily. Pieces are
sent as hexadecimal bytes: a token may be a part of a letter.
"""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yoriai.engines import errand_child
from yoriai.engines.confine import confine
from yoriai.engines.errand_child import FailureError
from yoriai.engines.native import ECHOING, Native
from yoriai.engines.reader import AT_ONCE, Reader, log_sum

if TYPE_CHECKING:
    from yoriai.engines.reader import Logits

_MOST_PIECE_BYTES = 1024


def main() -> None:
    errand_child.serve(_prepare)


def _prepare(task: dict[str, Any]) -> errand_child.Task:
    """Keys of `task`: parts, threads, context."""
    confine([Path(sys.prefix), Path(sys.base_prefix), *(Path(path) for path in task["parts"])], port=0)
    native = Native(ECHOING)
    return _Echo(native, Reader(native, task["parts"][0], task["threads"], task["context"])).read


class _Echo:
    def __init__(self, native: Native, reader: Reader) -> None:
        self._native, self._reader = native, reader
        self._buffer = ctypes.create_string_buffer(_MOST_PIECE_BYTES)

    def read(self, task: dict[str, Any]) -> dict[str, Any]:
        """Keys of `task`: prompt (text or token ids), top, most (to generate), size.

        Result: `rows` of [piece, log-probability or null, [[piece, log-probability], …]], prompt, how many of them
        are of the prompt, and `is_ended`: the model itself made an end.
        """
        tokens, hidden = self._tokens(task["prompt"])
        if len(tokens) + task["most"] > task["size"]:
            raise FailureError("long", str(len(tokens) + task["most"]))
        self._reader.forget()
        rows: list[list[Any]] = [] if hidden else [[self._piece(tokens[0]), None, []]]

        def add(place: int, logits: Logits, total: float) -> None:
            if place + 1 < len(tokens):  # what follows the last is generated
                rows.append(self._row(tokens[place + 1], logits, total, task["top"]))

        self._reader.each(tokens, 0, len(tokens) if task["most"] else len(tokens) - 1, add)
        if hidden and rows:
            rows[0][1:] = None, []
        prompt = len(rows)
        is_ended = self._go_on(tokens, (len(tokens) - 1) % AT_ONCE, rows, task)
        return {"rows": rows, "prompt": prompt, "is_ended": is_ended}

    def _tokens(self, prompt: str | list[int]) -> tuple[list[int], int]:
        """With how many before the text that aren't of it; at least one token of the text itself."""
        own = self._reader.tokens(prompt, begins=False) if isinstance(prompt, str) else prompt
        if not own:
            raise FailureError("empty", "")
        if not all(0 <= each < self._reader.n_vocabulary for each in own):
            raise FailureError("token", str(self._reader.n_vocabulary - 1))
        whole = self._reader.tokens(prompt) if isinstance(prompt, str) else own
        if whole[-len(own) :] != own or len(whole) - len(own) > 1:  # ends with a mark, too
            whole = own
        return whole, len(whole) - len(own)

    def _go_on(self, tokens: list[int], place: int, rows: list[list[Any]], task: dict[str, Any]) -> bool:
        for made in range(task["most"]):
            if made:
                self._reader.process(tokens, len(tokens) - 1, len(tokens), is_wanted=True)
                place = 0
            logits = self._reader.logits(place)
            token = int(logits.argmax())
            rows.append(self._row(token, logits, log_sum(logits), task["top"]))
            if self._native.llama_vocab_is_eog(self._reader.vocabulary, token):
                return True
            tokens = [*tokens, token]
        return False

    def _row(self, token: int, logits: Logits, total: float, top: int) -> list[Any]:
        import numpy as np

        likely = np.argpartition(-logits, top)[:top].tolist() if top else []
        best = sorted(likely, key=lambda each: -float(logits[each]))
        named = [*best, *([] if token in best else [token])]
        return [
            self._piece(token), float(logits[token]) - total,
            [[self._piece(each), float(logits[each]) - total] for each in named],
        ]  # fmt: skip

    def _piece(self, token: int) -> str:
        size = self._native.llama_token_to_piece(
            self._reader.vocabulary, token, self._buffer, _MOST_PIECE_BYTES, 0, True
        )
        if size < 0:
            raise FailureError("broken", f"token {token}")
        return self._buffer.raw[:size].hex()


if __name__ == "__main__":
    main()
