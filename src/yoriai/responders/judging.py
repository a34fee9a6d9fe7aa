"""A second model's word on the sentences of a reply: does the passage say that? It lowers verdicts and raises none.

So what a hostile passage may talk it into is no more than what words and numbers bear out already. A sentence that is
not in the passage is asked about twice, the second time the other way round, for small models lean to one order.
`assistant` calls it; what it costs is bounded in sentences and seconds.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Literal

from yoriai.errors import YoriaiError
from yoriai.i18n.catalogue import text
from yoriai.knowledge.support import CITED
from yoriai.types import (
    ChatRequest,
    Citation,
    Context,
    Message,
    Responder,
    ResponseFormat,
    SentenceSupport,
    Stage,
    Support,
    TextDelta,
)

_log = logging.getLogger("yoriai.responders")
_MOST_SENTENCES = 12
_MOST_S = 60.0
_LONGEST_PASSAGES = 6000  # characters
_ANSWER_TOKENS = 20
_SCHEMA = {
    "type": "object", "properties": {"answer": {"enum": ["yes", "no"]}}, "required": ["answer"],
    "additionalProperties": False,
}  # fmt: skip
Vote = Literal["", "yes", "no", "unsure"]


async def judged(
    answer: str, support: Support, citations: Sequence[Citation], judge: Responder, context: Context
) -> AsyncGenerator[Stage | Support, None]:
    """Stage("checking") before each sentence, then `support` with what the judge says of it.

    A judge that fails or takes too long leaves the rest as it was.
    """
    passages = {each.number: each.text for each in citations}
    sentences = list(support.sentences)
    doubtful = [n for n, each in enumerate(sentences) if each.verdict in {"supported", "weak"}]
    asked = [n for n in doubtful if sentences[n].citations][:_MOST_SENTENCES]
    until = asyncio.get_running_loop().time() + _MOST_S
    for done, number in enumerate(asked):
        yield Stage(name="checking", detail=judge.name, progress=done / len(asked))
        try:
            async with asyncio.timeout_at(until):
                vote = await _vote(answer, sentences[number], passages, judge, context)
        except TimeoutError:
            _log.warning("the judge %s took more than %g s", judge.name, _MOST_S)
            break
        except YoriaiError as error:
            _log.warning("the judge %s failed: %s", judge.name, error)
            break
        sentences[number] = _lowered(sentences[number], vote)
    yield Support(sentences=tuple(sentences))


def _lowered(sentence: SentenceSupport, vote: Vote) -> SentenceSupport:
    if vote == "no":
        return replace(sentence, judged=vote, verdict="unsupported")
    return replace(sentence, judged=vote, verdict="weak" if vote == "unsure" else sentence.verdict)


async def _vote(
    answer: str, sentence: SentenceSupport, passages: Mapping[int, str], judge: Responder, context: Context
) -> Vote:
    statement = CITED.sub("", answer[sentence.start : sentence.end]).strip()
    whole = "\n\n".join(passages[n] for n in sentence.citations if n in passages)[:_LONGEST_PASSAGES]
    votes: list[Vote] = []
    for key in ("judge_passage_first", "judge_statement_first"):
        question = text(f"responders.{key}", context.language, passage=whole, statement=statement)
        votes.append(await _answer(question, judge, context))
        if votes[0] == "yes":
            return "yes"
    if "" in votes:  # it didn't answer as it was told to: no vote
        return ""
    return "no" if votes == ["no", "no"] else "unsure"


async def _answer(question: str, judge: Responder, context: Context) -> Vote:
    request = ChatRequest.model_validate({
        "model": judge.name, "messages": [Message(role="user", content=question)], "temperature": 0, "seed": 1,
        "max_tokens": _ANSWER_TOKENS, "response_format": _format(),
    })  # fmt: skip
    parts = []
    async with aclosing(judge.respond(request, context)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                parts.append(event.text)
    try:
        said = json.loads("".join(parts))
    except ValueError:
        return ""
    word = said.get("answer") if isinstance(said, dict) else None
    return word if word in {"yes", "no"} else ""


def _format() -> ResponseFormat:
    return ResponseFormat.model_validate(
        {"type": "json_schema", "json_schema": {"name": "verdict", "schema": _SCHEMA, "strict": True}}
    )
