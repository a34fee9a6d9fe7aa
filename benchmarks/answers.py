"""What a small model's citations are worth: real answers to questions of JSQuAD and XQuAD, with their citations.

    make bench-answers ARGS="ask --questions 40 --out F"    minutes to hours: answers are kept in F as they come
    make bench-answers ARGS="show F"                        figures of F; what a person has to judge is printed

A citation holds without doubt where its sentence and its passage both have the words of the right answer. With
--only-documents questions without an answer are asked too. Waits while the file $YORIAI_QUIET exists.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from questions import SETS, Item, items
from recorded import add_rows, rows_of, wait_while_quiet
from yoriai.access import LOCAL_OPERATOR_ID
from yoriai.catalog.library import Library
from yoriai.egress import Egress
from yoriai.engines.router import Router
from yoriai.jobs.jobs import Jobs
from yoriai.knowledge.knowledge import Knowledge
from yoriai.knowledge.measure import share
from yoriai.knowledge.support import CITED
from yoriai.records import Assistant
from yoriai.responders.assistant import AssistantResponder
from yoriai.responders.cited_reply import is_refusal
from yoriai.responders.model import ModelResponder
from yoriai.settings import EngineSettings, Settings
from yoriai.store.database import Database
from yoriai.types import (
    ChatRequest,
    Context,
    Message,
    Role,
    Sampling,
    Sources,
    Support,
    TextDelta,
    Usage,
    User,
)

USER = User(id=LOCAL_OPERATOR_ID, name="local", role=Role.ADMINISTRATOR)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["ask", "show"])
    parser.add_argument("file", nargs="?")
    parser.add_argument("--questions", type=int, default=40)
    parser.add_argument("--model", default="qwen2.5-coder-1.5b")
    parser.add_argument("--models", default=str(user_cache_path("yoriai-test") / "models"))
    parser.add_argument("--language", choices=list(SETS), action="append")
    parser.add_argument("--only-documents", action="store_true")
    parser.add_argument("--out", default="answers.jsonl")
    arguments = parser.parse_args()
    if arguments.what == "ask":
        asyncio.run(ask(arguments))
    else:
        show(rows_of(Path(arguments.file)))


async def ask(arguments: argparse.Namespace) -> None:
    """Ask an assistant of a quarter of the articles; every fourth question is followed by another of its passage.

    With --only-documents as many questions of other articles are asked, which have no answer there.
    """
    out = Path(arguments.out)
    done = {turn["question"] for turn in rows_of(out)}
    with tempfile.TemporaryDirectory() as folder:
        async with _services(Path(folder), Path(arguments.models)) as (knowledge, inner_of):
            for language in arguments.language or SETS:
                every = items(language)
                chosen = [item for item in every if item.article % 4 == 0]
                collection_id = await _collection(knowledge, language, chosen, Path(folder))
                assistant = _assistant(collection_id, only_documents=arguments.only_documents)
                responder = AssistantResponder(assistant, inner_of(arguments.model), knowledge)
                picked = _spread(chosen, arguments.questions)
                if arguments.only_documents:
                    picked += _spread([item for item in every if item.article % 4], arguments.questions)
                for number, item in enumerate(picked):
                    if item.question not in done:
                        add_rows(
                            out, await _conversation(responder, item, chosen, is_followed=number % 4 == 0)
                        )


def _spread(chosen: Sequence[Item], count: int) -> list[Item]:
    return list(chosen[:: max(1, len(chosen) // count)][:count])


async def _conversation(
    responder: AssistantResponder, item: Item, chosen: Sequence[Item], *, is_followed: bool
) -> list[dict[str, Any]]:
    turns = [await _asked(responder, [], item)]
    same = [each for each in chosen if each.paragraph == item.paragraph and each.question != item.question]
    if is_followed and same:
        turns.append(await _asked(responder, turns, same[0]))
    return turns


async def _asked(
    responder: AssistantResponder, before: Sequence[dict[str, Any]], item: Item
) -> dict[str, Any]:
    await asyncio.to_thread(wait_while_quiet)
    messages = [
        Message(role=role, content=turn[part])
        for turn in before for role, part in (("user", "question"), ("assistant", "answer"))
    ]  # fmt: skip
    messages.append(Message(role="user", content=item.question))
    turn: dict[str, Any] = {**asdict(item), "answer": "", "is_follow_up": bool(before)}
    turn["is_answerable"] = item.article % 4 == 0
    request = ChatRequest(model="assistant", messages=messages, temperature=0, seed=1, max_tokens=120)
    begun = time.perf_counter()
    async for event in responder.respond(request, Context(user=USER, language=item.language)):
        if isinstance(event, TextDelta):
            turn["answer"] += event.text
        elif isinstance(event, Sources | Support | Usage):
            turn[type(event).__name__.lower()] = asdict(event)
    turn["seconds"] = time.perf_counter() - begun
    return turn


def show(turns: Sequence[dict[str, Any]]) -> None:
    for language in SETS:
        for is_answerable in (True, False):
            mine = [
                turn for turn in turns
                if turn["language"] == language and turn.get("is_answerable", True) is is_answerable
            ]  # fmt: skip
            if mine:
                print(f"{language}, {'the answer is there' if is_answerable else 'no answer is there'}")
                _show(mine)


def _show(mine: Sequence[dict[str, Any]]) -> None:
    shown = [
        (turn, sentence, number)
        for turn in mine for sentence in turn["support"]["sentences"] for number in sentence["citations"]
    ]  # fmt: skip
    held = [_holds(*each) for each in shown]
    for each, holds in zip(shown, held, strict=True):
        if not holds:
            _print_doubtful(*each)
    print(f"  right words {_percent(sum(_is_right(turn) for turn in mine), len(mine))}")
    print(f'  "not in the documents" {_percent(sum(is_refusal(turn["answer"]) for turn in mine), len(mine))}')
    print(
        f"  with a citation {_percent(sum(bool(CITED.search(turn['answer'])) for turn in mine), len(mine))}"
    )
    print(f"  citations shown {len(shown)}, holding without doubt {_percent(sum(held), len(held))}")
    for verdict in ("supported", "weak", "unsupported", "uncited"):
        said = [
            turn for turn in mine for sentence in turn["support"]["sentences"] if sentence["verdict"] == verdict
        ]  # fmt: skip
        right = sum(_is_right(turn) for turn in said)
        print(f"  {verdict:11} {len(said):3} sentences, in right answers {_percent(right, len(said))}")
    for turn in mine:
        if turn["is_follow_up"]:
            usage = turn["usage"]
            print(f"  follow-up: {usage['prompt_tokens']} tokens, {usage['cached_tokens']} of them cached")


def _print_doubtful(turn: dict[str, Any], sentence: dict[str, Any], number: int) -> None:
    passage = next(each["text"] for each in turn["sources"]["citations"] if each["number"] == number)
    said = turn["answer"][sentence["start"] : sentence["end"]]
    print(f"? {turn['question']}\n  said: {said} ({sentence['verdict']}, {sentence['score']})")
    print(f"  right: {turn['answers']}\n  cited: {passage[:600]!r}\n")


def _is_right(turn: dict[str, Any]) -> bool:
    said = _letters(turn["answer"])
    return any(_letters(answer) in said for answer in turn["answers"])


def _holds(turn: dict[str, Any], sentence: dict[str, Any], number: int) -> bool:
    """The passage has the right answer's words, and the sentence says them."""
    passage = next(each["text"] for each in turn["sources"]["citations"] if each["number"] == number)
    said = _letters(turn["answer"][sentence["start"] : sentence["end"]])
    return any(
        _letters(answer) in _letters(passage) and _letters(answer) in said for answer in turn["answers"]
    )


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _percent(part: int, whole: int) -> str:
    found = share(part, whole)
    return f"{part}/{whole} = {found.value:.1%} [{found.low:.1%}, {found.high:.1%}]"


def _assistant(collection_id: str, *, only_documents: bool) -> Assistant:
    now = datetime.now(UTC)
    return Assistant(
        id="a", owner_id=USER.id, name="benchmark", sharing="owner", model="", system_prompt="", sampling=Sampling(),
        collection_ids=(collection_id,), mode="passages", only_documents=only_documents, checks_support=True,
        created_at=now, updated_at=now,
    )  # fmt: skip


async def _collection(knowledge: Knowledge, language: str, chosen: Sequence[Item], folder: Path) -> str:
    texts: dict[str, dict[int, str]] = {}
    for item in chosen:
        texts.setdefault(item.title, {})[item.paragraph] = item.passage
    place = folder / language
    place.mkdir()
    for title, passages in texts.items():
        (place / f"{title.replace('/', '_')}.md").write_text(
            f"# {title}\n\n" + "\n\n".join(passages.values()), "utf8"
        )
    collection = await knowledge.collections.create(USER, language)
    await knowledge.adding.paths(USER, collection.id, [place], watch=False)
    while (await knowledge.collections.status(USER, collection.id)).jobs:  # noqa: ASYNC110
        await asyncio.sleep(1)  # a job of the same process; it tells nobody
    return collection.id


@asynccontextmanager
async def _services(home: Path, models: Path) -> AsyncIterator[tuple[Knowledge, Any]]:
    (home / "models").symlink_to(models)
    (home / "run").mkdir()
    settings = Settings(home=home, engine=EngineSettings(threads=1, parallel=1))
    egress, library = Egress({}), Library(home / "models")
    async with AsyncExitStack() as ending:
        database = Database(f"sqlite:///{home / 'yoriai.db'}")
        ending.callback(database.close)
        database.migrate()
        router = Router(settings.engine, (), library, egress)
        ending.push_async_callback(router.aclose)
        jobs = Jobs(database, home / "run" / "jobs.lock")
        ending.push_async_callback(jobs.aclose)
        knowledge = Knowledge(
            database=database, jobs=jobs, router=router, library=library, egress=egress, settings=settings.knowledge,
            folder=home / "documents",
        )  # fmt: skip
        ending.push_async_callback(knowledge.aclose)
        knowledge.start(watch=False)
        yield knowledge, lambda name: ModelResponder(name, router, library.get(name))


if __name__ == "__main__":
    main()
