"""What the page says of the documents behind an answer, in the reader's language. Pure; used by `transcript`."""

from __future__ import annotations

from collections import Counter
from typing import Any

from yoriai.i18n.catalogue import text
from yoriai.types import Citation, Language, Sources, Support
from yoriai.web.cleaning import clean_text
from yoriai.web.notes import Notes, Source, Words
from yoriai.web.places import document_href, fingerprint

_EXCERPT = 400  # characters
_VERDICTS = ("supported", "weak", "unsupported", "uncited")


def notes(sources: Sources | None, support: Support | None, language: Language) -> Notes:
    """Links of an answer's citations, words of its marks."""
    words = {
        "weak": Words(short=text("web.support_weak", language), long=text("web.support_weak_help", language)),
        "unsupported": Words(
            short=text("web.support_unsupported", language), long=text("web.support_unsupported_help", language)
        ),
        "uncited": Words(
            short=text("web.support_uncited", language), long=text("web.support_uncited_help", language)
        ),
        "added": Words(short=text("web.support_added", language), long=text("web.support_added_help", language)),
    }  # fmt: skip
    citations = sources.citations if sources else ()
    return Notes(
        sources={each.number: _source(each, language) for each in citations}, words=words if support else {}
    )


def panel(sources: Sources | None, support: Support | None, language: Language) -> dict[str, Any] | None:
    """What was found, put in and left out, and each passage that was put in; None: no documents were asked."""
    if sources is None:
        return None
    cited = {number for each in (support.sentences if support else ()) for number in each.citations}
    return {
        "summary": _summary(sources, language),
        "query": text("web.sources_query", language, query=sources.query) if sources.query else "",
        "items": [_item(each, each.number in cited, language) for each in sources.citations],
    }


def verdicts(support: Support | None, language: Language) -> str:
    """How many sentences hold."""
    if support is None or not support.sentences:
        return ""
    counts: Counter[str] = Counter(each.verdict for each in support.sentences)
    return text("web.support_summary", language, **{name: counts[name] for name in _VERDICTS})


def _summary(sources: Sources, language: Language) -> str:
    if not sources.citations:
        return text("web.sources_none", language)
    return text(
        "web.sources_summary", language, used=len(sources.citations), found=sources.found,
        left_out=sources.left_out, tokens=f"{sources.tokens:,}", budget=f"{sources.budget:,}",
    )  # fmt: skip


def _item(citation: Citation, is_cited: bool, language: Language) -> dict[str, Any]:
    excerpt = clean_text(citation.text).strip()
    return {
        "number": citation.number,
        "href": _source(citation, language).href,
        "document": clean_text(citation.document),
        "page": text("web.place_page", language, page=citation.page),
        "text": excerpt if len(excerpt) <= _EXCERPT else f"{excerpt[:_EXCERPT]} …",
        "cited": text("web.sources_cited", language) if is_cited else "",
    }


def _source(citation: Citation, language: Language) -> Source:
    name = clean_text(citation.document)
    title = text("web.sources_open", language, number=citation.number, name=name, page=citation.page)
    href = document_href(
        citation.document_id, citation.page, citation.start, citation.end, seen=fingerprint(citation.text)
    )
    return Source(href=href, title=title)
