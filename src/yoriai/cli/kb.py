"""`yoriai kb add|ls|search|rm|status|eval|draft|approve`: collections of documents, with a server or without one."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from yoriai.cli import kb_answers, kb_questions, kb_report, sharing
from yoriai.cli.kb_finding import documents_of, ids_of, named
from yoriai.cli.terminal import confirm, note, print_json, result, say, show
from yoriai.errors import UsageError
from yoriai.i18n.terminal import terminal_language

if TYPE_CHECKING:
    from yoriai.cli.shelf import Shelf

Result = TypeVar("Result")
Collection = Annotated[str, typer.Argument(metavar="COLLECTION", help=say("kb_collection"))]
AsJson = Annotated[bool, typer.Option("--json", help=say("json"))]


class MethodName(StrEnum):
    """`knowledge.search.SearchMethod`, without what importing it costs on every `--help`; a test keeps them equal."""

    HYBRID = "hybrid"
    LEXICAL = "lexical"
    DENSE = "dense"
    RERANKED = "reranked"


def commands() -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    app.command("add", help=say("kb_add"))(add)
    app.command("ls", help=say("kb_ls"))(ls)
    app.command("search", help=say("kb_search"))(search)
    app.command("rm", help=say("kb_rm"))(rm)
    app.command("status", help=say("kb_status"))(status)
    app.command("eval", help=say("kb_eval"))(evaluate)
    app.command("draft", help=say("kb_draft"))(draft)
    app.command("approve", help=say("kb_approve"))(approve)
    return app


def add(
    collection: Collection,
    paths: Annotated[list[str], typer.Argument(metavar="PATH…", help=say("kb_paths"))],
    *,
    wait: Annotated[bool, typer.Option("--wait", help=say("kb_wait"))] = False,
    watch: Annotated[bool, typer.Option("--watch/--no-watch", help=say("kb_watch"))] = True,
    tag: Annotated[list[str] | None, typer.Option("--tag", help=say("kb_tag"))] = None,
    share: Annotated[list[str] | None, typer.Option("--share", help=say("kb_share"))] = None,
    as_json: AsJson = False,
) -> None:
    from yoriai.cli import kb_adding

    _check_paths(paths)
    sharing.check(share)
    wish = kb_adding.Wish(
        collection=collection, paths=paths, wait=wait, watch=watch, tags=tag or [],
        share=share or [],
    )  # fmt: skip
    outcome = with_shelf(lambda shelf: kb_adding.run(shelf, wish), works=True)
    if as_json:
        print_json(outcome)
    else:
        kb_report.print_added(outcome)
    if outcome["failed"] and not outcome["documents"].get("ready"):
        raise typer.Exit(1)


def ls(
    collection: Annotated[str, typer.Argument(metavar="[COLLECTION]", help=say("kb_collection"))] = "",
    as_json: AsJson = False,
) -> None:
    if not collection:
        listed = with_shelf(lambda shelf: shelf.ask("GET", "/api/collections"))["collections"]
        rows = [kb_report.collection(each) for each in listed]
        show(
            as_json, {"collections": rows}, kb_report.COLLECTION_COLUMNS, lambda: kb_report.collection_cells(rows)
        )  # fmt: skip
        return
    documents = [
        kb_report.document(each) for each in with_shelf(lambda shelf: documents_of(shelf, collection))
    ]
    show(
        as_json, {"collection": collection, "documents": documents}, kb_report.DOCUMENT_COLUMNS,
        lambda: kb_report.document_cells(documents),
    )  # fmt: skip


def search(
    collection: Collection,
    query: Annotated[str, typer.Argument(metavar="QUERY", help=say("kb_query"))],
    *,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=200, help=say("kb_limit"))] = 10,
    method: Annotated[MethodName | None, typer.Option("--method", help=say("kb_method"))] = None,
    document: Annotated[list[str] | None, typer.Option("--document", help=say("kb_document"))] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", help=say("kb_only_tag"))] = None,
    as_json: AsJson = False,
) -> None:
    async def work(shelf: Shelf) -> Any:
        found = await named(shelf, collection)
        wish = {
            "collections": [found["id"]], "query": query, "limit": limit, "tags": tag or [],
            "method": method and method.value, "documents": await ids_of(shelf, found["id"], document or []),
        }  # fmt: skip
        return await shelf.ask("POST", "/api/collections/search", json=wish)

    found = with_shelf(work)
    if found["fallback"]:
        note(say("kb_rerank_" + found["fallback"]))
    elif found["method"] == "lexical" and method != MethodName.LEXICAL:
        note(say("kb_words_only"))
    if as_json:
        print_json([kb_report.hit(each) for each in found["passages"]])
    else:
        kb_report.print_hits(found["passages"])


def rm(
    collection: Collection,
    documents: Annotated[
        list[str] | None, typer.Argument(metavar="[DOCUMENT…]", help=say("kb_document"))
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help=say("yes"))] = False,
) -> None:
    wanted = documents or []
    if not wanted and not yes and not confirm(say("kb_rm_question", name=collection)):
        raise UsageError("cli.kb_rm_needs_yes")

    async def work(shelf: Shelf) -> None:
        found = await named(shelf, collection)
        for document_id in await ids_of(shelf, found["id"], wanted):
            await shelf.ask("DELETE", f"/api/collections/{found['id']}/documents/{document_id}")
        if not wanted:
            await shelf.ask("DELETE", f"/api/collections/{found['id']}")

    with_shelf(work)
    result(
        say("kb_removed", count=len(wanted), name=collection) if wanted else say("kb_gone", name=collection)
    )


def status(
    collection: Annotated[str, typer.Argument(metavar="[COLLECTION]", help=say("kb_collection"))] = "",
    as_json: AsJson = False,
) -> None:
    async def work(shelf: Shelf) -> list[Any]:
        parameters = {"name": collection} if collection else {}
        listed = (await shelf.ask("GET", "/api/collections", params=parameters))["collections"]
        for each in listed:
            path = f"/api/collections/{each['collection']['id']}/documents"
            each["listed"] = (await shelf.ask("GET", path))["documents"]
        return list(listed)

    reports = [kb_report.status(each) for each in with_shelf(work)]
    if as_json:
        print_json(reports[0] if collection else {"collections": reports})
    else:
        kb_report.print_status(reports)


def evaluate(
    collection: Collection,
    questions: Annotated[Path, typer.Option("--questions", help=say("kb_questions"))],
    *,
    answers: Annotated[bool, typer.Option("--answers", help=say("kb_eval_answers"))] = False,
    model: Annotated[str, typer.Option("--model", "-m", help=say("kb_eval_model"))] = "",
    as_json: AsJson = False,
) -> None:
    asked, unapproved = kb_questions.read(questions)
    searched = [each for each in asked if not each.get("unanswerable")]

    async def work(shelf: Shelf) -> Any:
        found = await named(shelf, collection)
        path = f"/api/collections/{found['id']}/evaluation"
        outcome = await shelf.ask("POST", path, json={"questions": searched})
        if answers or model:
            responder = model or f"collection:{found['id']}"
            judged = [each for each in asked if each.get("unanswerable") or kb_answers.right_of(each)]
            outcome["answers"] = await kb_answers.measured(shelf, responder, judged)
        return outcome | {"unapproved": unapproved}

    outcome = with_shelf(work)
    if unapproved:
        note(say("kb_eval_unapproved", count=unapproved))
    if outcome["without_answer"]:
        note(say("kb_eval_left_out", count=len(outcome["without_answer"])))
    if fallbacks := sum(each["fallbacks"] for each in outcome["methods"]):
        note(say("kb_eval_fell_back", count=fallbacks))
    show(as_json, outcome, kb_report.EVALUATION_COLUMNS, lambda: kb_report.evaluation_cells(outcome))
    if "answers" in outcome and not as_json:
        result("")
        show(False, None, kb_answers.COLUMNS, lambda: kb_answers.cells(outcome["answers"]))


def draft(
    collection: Collection,
    *,
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=2500, help=say("kb_draft_count"))] = 50,
    out: Annotated[Path, typer.Option("--out", "-o", help=say("kb_draft_out"))],
    model: Annotated[str, typer.Option("--model", "-m", help=say("kb_draft_model"))] = "",
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**31, help=say("kb_draft_seed"))] = 0,
    as_json: AsJson = False,
) -> None:
    from yoriai.cli import kb_drafting

    wish = kb_drafting.Wish(collection=collection, count=count, model=model, out=out, seed=seed)
    outcome = with_shelf(lambda shelf: kb_drafting.run(shelf, wish))
    if as_json:
        print_json(outcome)
    else:
        kb_drafting.print_drafted(outcome)


def approve(file: Annotated[Path, typer.Argument(metavar="FILE", help=say("kb_approve_file"))]) -> None:
    from yoriai.cli import kb_approving

    result(say("kb_approved", **kb_approving.run(file), file=file))


def with_shelf(work: Callable[[Shelf], Awaitable[Result]], *, works: bool = False) -> Result:
    """Run `work` with whatever keeps the collections of this data folder."""
    import asyncio

    from yoriai.settings import load

    settings = load()
    from yoriai.cli.shelf import open_shelf

    async def run() -> Result:
        language = terminal_language(settings.language)
        async with open_shelf(settings, language, works=works) as shelf:
            return await work(shelf)

    return asyncio.run(run())


def _check_paths(paths: list[str]) -> None:
    if "-" in paths and sys.stdin.isatty():
        raise UsageError("cli.kb_nothing_piped")
