"""Members' answers as another model reads them: as data, under letters instead of names, as long as there is room.

`reviewing`, `claims`, `debate` and `chair` put them into their prompts with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from yoriai.deliberation import Contribution
from yoriai.errors import ContextOverflowError
from yoriai.knowledge.context import harmless
from yoriai.knowledge.split import size_of
from yoriai.responders.search.calls import Reply
from yoriai.responders.sitting import Sitting
from yoriai.responders.turns import UNKNOWN_CONTEXT
from yoriai.types import ChatRequest, Event, Responder

Build = Callable[[str], ChatRequest]  # of the quoted answers
_LABEL = re.compile(r"[\[［【]([A-Z])[\]］】]")
_SHRINK = (1.0, 0.5, 0.25)
_PROMPT_SHARE = 0.9  # of the room: sizes are estimates
_FEWEST = 60  # characters that are left of an answer


def quoted(answers: Sequence[tuple[str, str]], most: float = float("inf")) -> str:
    """(letter, text) of each. `most`: tokens, by estimate, of all together; what is longer loses its middle."""
    sizes = [size_of(words) for _, words in answers]
    share = min(1.0, most / max(1.0, sum(sizes)))
    return "\n\n".join(
        f"{letter}:\n<answer>\n{_harmless(_shortened(words, share))}\n</answer>" for letter, words in answers
    )


async def ask_about(
    sitting: Sitting, responder: Responder, answers: Sequence[tuple[str, str]], build: Build,
    follow: Callable[[Event], None] | None = None,
) -> Reply:  # fmt: skip
    """What `responder` says to a request with the answers in it, shortened until it has room.

    Raises: what the responder raises; TimeoutError.
    """
    room = _room(sitting, responder, build(""))
    for share in _SHRINK:
        try:
            return await sitting.ask(responder, build(quoted(answers, room * share)), follow)
        except ContextOverflowError:
            if share == _SHRINK[-1]:
                raise
    raise AssertionError


def letters(answers: Sequence[Contribution]) -> list[tuple[str, str]]:
    """Each answer under its member's own label."""
    return [(each.label, each.text) for each in answers]


def _room(sitting: Sitting, responder: Responder, bare: ChatRequest) -> float:
    """Tokens for the answers, by what is known of the responder from its own."""
    sizes = [
        reply.usage.context_size
        for contribution in sitting.answers()
        if contribution.name == responder.name
        and (reply := sitting.replies.get((contribution.label, contribution.round)))
        and reply.usage and reply.usage.context_size
    ]  # fmt: skip
    context = sizes[0] if sizes else UNKNOWN_CONTEXT
    taken = sum(size_of(each.text()) for each in bare.messages)
    return max(1.0, (context - min(bare.max_completion_tokens or 0, context // 3) - taken) * _PROMPT_SHARE)


def _shortened(words: str, share: float) -> str:
    """Its beginning and its end: a conclusion stands in either."""
    words = words.strip()
    keep = max(_FEWEST, int(len(words) * share))
    if share >= 1 or keep >= len(words):
        return words
    return f"{words[: keep // 2].rstrip()} […] {words[len(words) - keep // 2 :].lstrip()}"


def _harmless(words: str) -> str:
    """It can't end its bounds, speak as somebody else, or refer to members."""
    return _LABEL.sub(r"(\1)", harmless(words))
