"""`kb draft`: has a model write questions that passages answer, one line of a file each. Nothing counts unapproved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yoriai.cli import kb_questions
from yoriai.cli.kb_adding import progress
from yoriai.cli.kb_finding import named
from yoriai.cli.terminal import result, say
from yoriai.errors import NotFoundError

if TYPE_CHECKING:
    from yoriai.cli.shelf import Shelf

_TRIES = 4  # passages for each question that is wanted
_MOST_PASSAGES = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What was asked for on the command line."""

    collection: str
    count: int
    model: str
    out: Path
    seed: int


async def run(shelf: Shelf, wish: Wish) -> dict[str, Any]:
    """Append to the file until it has as many questions as wanted, or no passage is left.

    Raises: UsageError: the file can't be read; and whatever the server says.
    """
    lines = kb_questions.begun(wish.out)
    known = {line.get("passage") for line in lines}
    written, dropped = len(lines), 0
    collection = await named(shelf, wish.collection)
    model = wish.model or await _default_model(shelf)
    parameters = {"limit": min(_MOST_PASSAGES, _TRIES * wish.count + len(known)), "seed": wish.seed}
    path = f"/api/collections/{collection['id']}/passages"
    passages = (await shelf.ask("GET", path, params=parameters))["passages"]
    with progress(wish.collection) as show:
        for passage in passages:
            if written >= wish.count:
                break
            if passage["id"] in known:
                continue
            show({"kind": "draft", "done": written, "total": wish.count, "detail": passage["document"]})
            line = await _drafted(shelf, model, passage)
            if line:
                kb_questions.append(wish.out, line)
            written, dropped = written + bool(line), dropped + (not line)
        show({"kind": "draft", "done": written, "total": wish.count, "detail": ""})
    return {
        "file": str(wish.out),
        "questions": written,
        "wanted": wish.count,
        "dropped": dropped,
        "model": model,
    }


def print_drafted(outcome: dict[str, Any]) -> None:
    result(say("kb_drafted", **{name: outcome[name] for name in ("questions", "file", "dropped")}))
    if outcome["questions"] < outcome["wanted"]:
        result(say("kb_drafted_fewer", wanted=outcome["wanted"]))
    if outcome["questions"]:
        result(say("kb_draft_next", file=outcome["file"]))


async def _drafted(shelf: Shelf, model: str, passage: dict[str, Any]) -> dict[str, Any] | None:
    from yoriai.evaluation import drafting

    text, language = passage["text"], passage["language"]
    body = drafting.request(model, passage["document"], text, language)
    reply = (await shelf.ask("POST", "/v1/chat/completions", json=body))["choices"][0]["message"]["content"]
    draft = drafting.draft_of(reply or "", text, language)
    if draft is None:
        return None
    return {
        "question": draft.question, "answer": draft.answer, "answers": [draft.answer], "document": passage["document"],
        "page": passage["page"], "text": text, "passage": passage["id"], "drafted_by": model, "approved": False,
    }  # fmt: skip


async def _default_model(shelf: Shelf) -> str:
    name = (await shelf.ask("GET", "/api/models"))["default"]
    if not name:
        raise NotFoundError("cli.no_model")
    return str(name)
