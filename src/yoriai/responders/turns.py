"""A conversation with passages before its questions, as the inner responder is sent it, within its context.

`grounding` fills it with what was found, `whole_documents` with whole documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from yoriai.i18n.catalogue import text
from yoriai.knowledge.context import Chosen, quoted
from yoriai.knowledge.split import language_of, size_of
from yoriai.types import ChatRequest, Citation, Language, Message, Responder, Sources, TextPart

UNKNOWN_CONTEXT = 4096  # of a responder that doesn't say
_REPLY_TOKENS, _REPLY_SHARE = 1024, 4  # room for the reply, but never more than this part of the context


@dataclass(frozen=True, kw_only=True, slots=True)
class Grounded:
    """What the inner responder is asked, and what it may rest on."""

    request: ChatRequest
    sources: Sources
    question: str
    language: Language
    is_relevant: bool  # whether the passages have anything to do with the question


@dataclass(slots=True)
class Turns:
    """Messages after the system's, the passages before each question, and what the last one found."""

    head: list[Message]
    messages: list[Message]
    passages: dict[int, tuple[Citation, ...]] = field(default_factory=dict)  # by place of the question
    chosen: Chosen = field(default_factory=lambda: Chosen(new=(), found=0, left_out=0))
    is_relevant: bool = True
    query: str = ""
    last_number: int = 0  # of passages that earlier questions had and that are gone

    def known(self) -> list[Citation]:
        return [citation for place in sorted(self.passages) for citation in self.passages[place]]

    def before(self, until: int | None = None) -> list[Message]:
        """The messages before place `until`, each question with its passages before it."""
        return self.head + [
            message if message.role != "user" else _quoted_before(message, self.passages.get(place, ()))
            for place, message in enumerate(self.messages[:until])
        ]

    def drop(self) -> None:
        """The passages of the oldest question go, or the last passage of the only one that has some."""
        with_some = [place for place, passages in self.passages.items() if passages]
        oldest = min(with_some)
        if len(with_some) > 1:
            self.passages[oldest] = ()
            return
        self.passages[oldest] = self.passages[oldest][:-1]
        self.chosen = replace(self.chosen, left_out=self.chosen.left_out + 1)


def turns_of(request: ChatRequest, system: str) -> Turns:
    """`request` without passages yet. `system` takes the place of its own system messages."""
    messages = [each for each in request.messages if each.role not in {"system", "developer"}]
    return Turns(head=[Message(role="system", content=system)], messages=messages)


async def fitted(inner: Responder, request: ChatRequest, turns: Turns, language: Language) -> Grounded:
    """Passages leave, of the oldest question first, until everything has room beside the reply."""
    bare, size = await inner.count_tokens(asked(inner, request, [*turns.head, *turns.messages]))
    context = size or UNKNOWN_CONTEXT
    room = max(0, context - bare - reply_room(request, context))
    while True:
        sent = asked(inner, request, turns.before())
        tokens = (await inner.count_tokens(sent))[0] - bare if size else estimated(turns.known())
        if tokens <= room or not turns.known():
            break
        turns.drop()
    question = next((each.text() for each in reversed(turns.messages) if each.role == "user"), "")
    return Grounded(
        request=sent, question=question, language=language_in(question, language),
        is_relevant=turns.is_relevant and bool(turns.known()),
        sources=Sources(
            citations=tuple(turns.known()), found=turns.chosen.found, left_out=turns.chosen.left_out,
            tokens=tokens if turns.known() else 0, budget=room, query=turns.query,
        ),
    )  # fmt: skip


def asked(inner: Responder, request: ChatRequest, messages: list[Message]) -> ChatRequest:
    return request.model_copy(update={"model": inner.name, "messages": messages})


def _quoted_before(message: Message, passages: tuple[Citation, ...]) -> Message:
    if not passages:
        return message
    question = message.text()
    asked = text(
        "responders.ask_question", language_of(question), passages=quoted(passages), question=question
    )  # fmt: skip
    if isinstance(message.content, list):  # pictures stay
        rest = [part for part in message.content if not isinstance(part, TextPart)]
        return message.model_copy(update={"content": [TextPart(type="text", text=asked), *rest]})
    return message.model_copy(update={"content": asked})


def estimated(citations: Sequence[Citation]) -> int:
    return round(sum(size_of(each.text) for each in citations))


def reply_room(request: ChatRequest, size: int) -> int:
    wanted = request.max_completion_tokens or request.max_tokens or _REPLY_TOKENS
    return min(wanted, _REPLY_TOKENS, size // _REPLY_SHARE)


def language_in(question: str, otherwise: Language) -> Language:
    """Of the question, where it has letters enough to tell."""
    return language_of(question) if sum(character.isalpha() for character in question) > 3 else otherwise


def beside_prose(request: ChatRequest) -> str | None:
    """The field that asks for something else than one reply in prose."""
    if request.tools:
        return "tools"
    if request.response_format and request.response_format.type != "text":
        return "response_format"
    return "n" if request.n != 1 else None
