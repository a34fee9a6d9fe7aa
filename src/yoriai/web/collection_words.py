"""What the pages on collections say: plain values and words for the browser. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yoriai.access import owners
from yoriai.i18n.catalogue import text
from yoriai.i18n.figures import size
from yoriai.knowledge.collections import Status
from yoriai.knowledge.passage import FoundPassage
from yoriai.knowledge.search import Found
from yoriai.knowledge.tokens import places, tokens
from yoriai.records import Group, Job, KnownDocument
from yoriai.types import User
from yoriai.web import sharing_words
from yoriai.web.places import collection_href, document_href, fingerprint
from yoriai.web.visitor import Visitor

Values = dict[str, Any]
_EXCERPT = 400  # characters of a hit
_BEFORE = 80  # of them before the first word that was looked for


def card(status: Status, user: User, visitor: Visitor) -> Values:
    """A collection in the list."""
    collection = status.collection
    failed = status.documents.get("failed", 0)
    return {
        "id": collection.id,
        "name": collection.name,
        "href": collection_href(collection.id),
        "sharing": sharing_words.tag(collection, user, visitor),
        "facts": _facts(status, visitor),
        "work": "; ".join(_job(job, visitor) for job in status.jobs),
        "failed": visitor.text("collections_failed", count=failed) if failed else "",
    }


def state(status: Status, user: User, visitor: Visitor, groups: Sequence[Group] = ()) -> Values:
    """A collection on its own page. `groups`: that the visitor may share with."""
    collection = status.collection
    return {
        "name": collection.name,
        "own": is_own(status, user),
        "sharing": collection.sharing,
        "groupIds": [group.id for group in collection.groups],
        "groups": sharing_words.offered(groups, collection),
        "sharingText": sharing_words.tag(collection, user, visitor),
        "seen": sharing_words.seen(collection, user, visitor),
        "unshared": sharing_words.unshared(collection, visitor),
        "facts": _facts(status, visitor),
        "index": _index(status, visitor),
        "jobs": [
            {"id": job.id, "text": _job(job, visitor), "share": job.done / job.total if job.total else None}
            for job in status.jobs
        ],
        "waiting": _waiting(status, visitor),
        "folders": status.folders,
        "missing": status.missing_folders,
        "count": sum(status.documents.values()),
    }


def _waiting(status: Status, visitor: Visitor) -> str:
    """What somebody may want to go on with; empty: nothing."""
    if status.jobs:
        return ""
    if status.documents.get("queued") or status.documents.get("stopped"):
        return visitor.text("collections_waiting")
    reasons = [
        text(job.error_key, visitor.language, **job.error_values)
        for job in status.failed_jobs
        if job.error_key
    ]
    return " ".join([visitor.text("collections_undone"), *reasons]) if status.failed_jobs else ""


def is_own(status: Status, user: User) -> bool:
    return status.collection.owner_id in owners(user)


def document(found: KnownDocument, jobs: Sequence[Job], visitor: Visitor) -> Values:
    """A document in the list."""
    is_read_now = found.status == "queued" and any(job.detail == found.name for job in jobs)
    name = "reading" if is_read_now else found.status
    message = text(found.error_key, visitor.language, **found.error_values) if found.error_key else ""
    return {
        "id": found.id,
        "name": found.name,
        "title": found.title if found.title != found.name else "",
        "href": document_href(found.id) if found.pages else "",
        "status": name,
        "statusText": visitor.text(f"collections_status_{name}"),
        "facts": _document_facts(found, visitor),
        "message": message,
        "warnings": [text(key, visitor.language) for key in found.warnings],
        "tags": list(found.tags),
    }


def hits(found: Found, query: str, visitor: Visitor) -> Values:
    """What a search found, its words marked."""
    wanted = set(tokens(query))
    method = visitor.text(f"collections_method_{found.method}")
    ms = f"{found.embedding_ms + found.search_ms + found.reranking_ms:,.0f}"
    summary = visitor.text("collections_found", count=len(found.passages), method=method, ms=ms)
    if found.fallback:
        summary += " " + visitor.text(f"collections_rerank_{found.fallback}")
    return {
        "query": query,
        "summary": summary,
        "items": [_hit(each, wanted, visitor) for each in found.passages],
    }


def marked(passage: str, wanted: set[str]) -> list[Values]:
    """A piece of `passage` around the first of the words that are `wanted`, in parts that are marked or not."""
    found = [(start, end) for word, start, end in places(passage) if word in wanted]
    first = max(0, found[0][0] - _BEFORE) if found and len(passage) > _EXCERPT else 0
    last = min(len(passage), first + _EXCERPT)
    parts = [{"text": "… ", "marked": False}] if first else []
    at = first
    for start, end in found:
        if start < at or end > last:
            continue
        parts += [{"text": passage[at:start], "marked": False}, {"text": passage[start:end], "marked": True}]
        at = end
    parts.append({"text": passage[at:last] + (" …" if last < len(passage) else ""), "marked": False})
    return [part for part in parts if part["text"]]


def _hit(found: FoundPassage, wanted: set[str], visitor: Visitor) -> Values:
    return {
        "id": found.passage_id,
        "href": document_href(
            found.document_id, found.page, found.start, found.end, seen=fingerprint(found.text)
        ),
        "document": found.document,
        "page": visitor.text("place_page", page=found.page),
        "headings": " › ".join(found.heading_path),
        "parts": marked(found.text, wanted),
        "scores": [
            {"name": visitor.text("collections_score"), "value": f"{found.score:.2f}"},
            {"name": visitor.text("collections_score_words"), "value": _score(found.lexical)},
            {"name": visitor.text("collections_score_meaning"), "value": _score(found.dense)},
            *_relevance(found, visitor),
        ],
    }


def _relevance(found: FoundPassage, visitor: Visitor) -> list[Values]:
    if found.relevance is None:
        return []
    return [{"name": visitor.text("collections_score_relevance"), "value": _score(found.relevance)}]


def _score(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _facts(status: Status, visitor: Visitor) -> str:
    return visitor.text(
        "collections_facts", documents=f"{sum(status.documents.values()):,}",
        passages=f"{status.passages:,}", size=size(status.size_bytes),
    )  # fmt: skip


def _index(status: Status, visitor: Visitor) -> str:
    """By what it can be searched now."""
    if not status.passages:
        return ""
    if status.vectors >= status.passages:
        return visitor.text("collections_index_whole", model=status.embedding_model)
    if not status.is_model_installed:
        return visitor.text("collections_index_no_model", model=status.embedding_model)
    return visitor.text(
        "collections_index_partly", vectors=f"{status.vectors:,}", passages=f"{status.passages:,}"
    )


def _job(job: Job, visitor: Visitor) -> str:
    values = {"done": f"{job.done:,}", "total": f"{job.total:,}", "detail": job.detail}
    if job.kind == "embed":
        return visitor.text("collections_job_embed", **values)
    return visitor.text("collections_job_ingest" if job.total else "collections_job_waiting", **values)


def _document_facts(found: KnownDocument, visitor: Visitor) -> str:
    parts = [size(found.size_bytes)] if found.size_bytes else []
    if found.status == "ready":
        parts.append(
            visitor.text("collections_pages", pages=f"{found.pages:,}", passages=f"{found.passages:,}")
        )
    if found.source:
        parts.append(found.source)
    return " · ".join(parts)
