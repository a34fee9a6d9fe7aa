"""Documents as tools: find passages in the asker's collections, read a document's pages. Rights are the asker's.

What they give are words of strangers, bounded and defused like passages before a question.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from yoriai.errors import NotFoundError
from yoriai.knowledge.context import harmless
from yoriai.knowledge.knowledge import Knowledge
from yoriai.knowledge.passage import FoundPassage
from yoriai.records import Collection, KnownDocument
from yoriai.tools.tool import Result, Tool, ToolError, parameters, text_of
from yoriai.types import Context

_LONGEST = 500
_HITS = 5
_LISTED = 30  # names that are told where one isn't found
_PAGES = 20  # at once
_TEXT = {"type": "string", "maxLength": _LONGEST}


def search_documents(knowledge: Knowledge) -> Tool:
    async def run(arguments: dict[str, Any], context: Context) -> Result:
        query = text_of(arguments, "query", _LONGEST)
        collections = await _collections(knowledge, context, text_of(arguments, "collection", _LONGEST, ""))
        found = await knowledge.search.search(
            context.user, [each.id for each in collections], query, limit=_HITS
        )
        return Result(text="\n\n".join(map(_passage, found.passages)) or "Nothing was found.")

    return Tool(
        name="search_documents",
        description="Searches the user's own documents and gives the passages that fit best.",
        parameters=parameters(
            ("query",), query=_TEXT | {"description": "what to look for, in the words of the documents"},
            collection=_TEXT | {"description": "name of a collection; leave it out to search all"},
        ),
        run=run, is_foreign=True,
    )  # fmt: skip


def read_document(knowledge: Knowledge) -> Tool:
    async def run(arguments: dict[str, Any], context: Context) -> Result:
        document = await _document(knowledge, context, text_of(arguments, "document", _LONGEST))
        first = arguments.get("first_page", 1)
        last = arguments.get("last_page", first)
        if (
            not all(isinstance(each, int) and not isinstance(each, bool) for each in (first, last))
            or first < 1
        ):
            raise ToolError("first_page and last_page are whole numbers from 1.")
        pages = await knowledge.collections.pages(context.user, document.collection_id, document.id)
        wanted = [each for each in pages if first <= each.number <= min(last, first + _PAGES - 1)]
        if not wanted:
            raise ToolError(f"{document.name} has pages 1 to {len(pages)}.")
        text = "\n\n".join(f"Page {each.number} of {len(pages)}:\n{harmless(each.text)}" for each in wanted)
        return Result(text=f"{harmless(document.name)}\n<document>\n{text}\n</document>")

    number = {"type": "integer", "minimum": 1}
    return Tool(
        name="read_document",
        description="Reads pages of one of the user's documents, by its name or id.",
        parameters=parameters(
            ("document",), document=_TEXT | {"description": "name of the document"}, first_page=number, last_page=number
        ),
        run=run, is_foreign=True,
    )  # fmt: skip


async def _collections(knowledge: Knowledge, context: Context, name: str) -> list[Collection]:
    readable = await knowledge.collections.readable(context.user)
    if not readable:
        raise ToolError("The user has no documents here. Answer without them.")
    if not name.strip():
        return readable
    found = [each for each in readable if _key(name) in {_key(each.name), _key(each.id)}]
    if not found:
        names = ", ".join(each.name for each in readable[:_LISTED])
        raise ToolError(f"There is no collection {name}. There are: {names}.")
    return found


async def _document(knowledge: Knowledge, context: Context, name: str) -> KnownDocument:
    """The one that is called so, else the only one whose name contains it. Raises: ToolError."""
    try:
        return await knowledge.collections.whereabouts(context.user, name)
    except NotFoundError:
        pass
    documents: list[KnownDocument] = []
    for collection in await knowledge.collections.readable(context.user):
        documents += await knowledge.collections.documents(context.user, collection.id)
    ready = [each for each in documents if each.status == "ready"]
    exact = [each for each in ready if _key(name) in {_key(each.name), _key(each.title)}]
    found = exact or [each for each in ready if _key(name) in _key(each.name)]
    if len(found) == 1 or exact:
        return found[0]
    names = ", ".join(each.name for each in (found or ready)[:_LISTED])
    raise ToolError(
        f"{'Several documents are' if found else 'No document is'} called {name}. There are: {names}."
    )


def _passage(each: FoundPassage) -> str:
    return f"{harmless(each.document)}, page {each.page}\n<passage>\n{harmless(each.text)}\n</passage>"


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold()
