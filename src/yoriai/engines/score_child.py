"""Entry point of a short-lived process that asks how surprised a model is by a text.

`engines.errand` starts it. The text is cut into windows; each begins anew, its first half is context,
and of every token of its second half the negative logarithm of the probability is taken.
Source: tools/perplexity/perplexity.cpp of ggml-org/llama.cpp, whose windows and halves these are.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

from yoriai.engines import errand_child
from yoriai.engines.confine import confine
from yoriai.engines.errand_child import FailureError
from yoriai.engines.native import SCORING, Native
from yoriai.engines.reader import Reader


def main() -> None:
    errand_child.run(score)


def score(task: dict[str, Any]) -> dict[str, Any]:
    """Keys of `task`: parts, text, threads; in tokens window, least, most. Result: `surprise`, in nats."""
    confine([Path(sys.prefix), Path(sys.base_prefix), *(Path(path) for path in task["parts"])], port=0)
    native = Native(SCORING)
    reader = Reader(native, task["parts"][0], task["threads"])
    tokens = reader.tokens(task["text"])[: task["most"]]
    window = min(task["window"], reader.context, reader.at_once, len(tokens))
    if window < task["least"]:
        raise FailureError("short", str(len(tokens)))
    starts = range(0, len(tokens) - window + 1, window)
    surprise: list[float] = []
    for number, start in enumerate(starts):
        surprise += _window(native, reader, tokens[start : start + window])
        errand_child.progress(number + 1, len(starts))
    if not all(math.isfinite(each) for each in surprise):
        raise FailureError("broken", "NaN")
    return {"surprise": surprise}


def _window(native: Native, reader: Reader, tokens: list[int]) -> list[float]:
    """Surprise at each token of the second half but its first, after what stands before it."""
    reader.forget()
    if native.llama_vocab_get_add_bos(reader.vocabulary):
        tokens = [native.llama_vocab_bos(reader.vocabulary), *tokens[1:]]
    half, end = len(tokens) // 2, len(tokens) - 1
    reader.process(tokens, 0, half, is_wanted=False)
    found: list[float] = []
    reader.each(
        tokens, half, end, lambda place, logits, total: found.append(total - float(logits[tokens[place + 1]]))
    )
    return found


if __name__ == "__main__":
    main()
