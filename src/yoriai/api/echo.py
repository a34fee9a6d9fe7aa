"""Echo with log-probabilities in the shape of OpenAI's legacy completions, which `lm-eval` reads.

Tokens that are a part of a letter are named by their bytes ("bytes:\\xe6"), as OpenAI did. `openai_completions`
calls it.
"""

from __future__ import annotations

import codecs
import time
from collections.abc import Sequence
from typing import Any

from yoriai.api.chunks import FINGERPRINT, new_id
from yoriai.bootstrap import Services
from yoriai.errors import UnsupportedError
from yoriai.types import CompletionRequest

DEFAULT_TOKENS = 16  # OpenAI's


async def answer(request: CompletionRequest, services: Services) -> dict[str, Any]:
    """Raises: UnsupportedError: what can't be done together. As `Echoes.read` and `EngineClient.read`."""
    most = DEFAULT_TOKENS if request.max_tokens is None else request.max_tokens
    if request.stream or request.stop or request.n > 1 or (most and request.temperature != 0):
        raise UnsupportedError("api.echo_logprobs", param="echo")
    if services.router.is_remote(request.model):
        return await _remote(request, services)
    prompts = _prompts(request.prompt)
    found = await services.echoes.read(request.model, prompts, top=request.logprobs or 0, most=most)
    choices = [_choice(index, read) for index, read in enumerate(found)]
    given = sum(read.n_prompt for read in found)
    made = sum(len(read.rows) - read.n_prompt for read in found)
    return {
        "id": new_id("cmpl"), "object": "text_completion", "created": int(time.time()), "model": request.model,
        "system_fingerprint": FINGERPRINT, "choices": choices,
        "usage": {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made,
                  "prompt_tokens_details": {"cached_tokens": 0}},
    }  # fmt: skip


async def _remote(request: CompletionRequest, services: Services) -> dict[str, Any]:
    async with services.router.lease(request.model) as lease:
        client = await lease.ready()
        said = await client.read(request)
    try:
        is_echo = all(choice["logprobs"]["token_logprobs"][0] is None for choice in said["choices"])
    except (KeyError, TypeError, IndexError):
        is_echo = False
    if not is_echo or not said["choices"]:
        raise UnsupportedError("api.no_echo_remote", param="echo", name=request.model)
    return said | {"model": request.model}


def _prompts(prompt: Any) -> list[Any]:
    return [prompt] if isinstance(prompt, str) or isinstance(prompt[0], int) else prompt


def _choice(index: int, read: Any) -> dict[str, Any]:
    text, offsets = _spelled([row.piece for row in read.rows])
    tops = [{_named(piece): value for piece, value in reversed(row.top)} or None for row in read.rows]
    return {
        "index": index, "text": text, "finish_reason": "stop" if read.is_ended else "length",
        "logprobs": {
            "tokens": [_named(row.piece) for row in read.rows],
            "token_logprobs": [row.logprob for row in read.rows],
            "top_logprobs": [dict(reversed(top.items())) if top else None for top in tops],
            "text_offset": offsets,
        },
    }  # fmt: skip


def _named(piece: bytes) -> str:
    try:
        return piece.decode()
    except UnicodeDecodeError:
        return "bytes:" + "".join(f"\\x{each:02x}" for each in piece)


def _spelled(pieces: Sequence[bytes]) -> tuple[str, list[int]]:
    """The text, and at which of its letters each token begins."""
    decoder = codecs.getincrementaldecoder("utf8")("replace")
    text, offsets = "", []
    for piece in pieces:
        offsets.append(len(text))
        text += decoder.decode(piece)
    return text + decoder.decode(b"", final=True), offsets
