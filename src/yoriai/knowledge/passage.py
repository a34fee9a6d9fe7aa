"""A passage as a search found it. `search` makes them, `reranking` orders them, responders and surfaces show them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundPassage:
    """A passage that answers a query: `page text[start:end]` is `text`."""

    passage_id: str
    collection_id: str
    document_id: str
    file_id: str | None
    document: str  # its name
    page: int
    start: int
    end: int
    text: str
    heading_path: tuple[str, ...]
    language: str
    score: float
    lexical: float | None  # share of the most that a passage could reach for this query: 0..1
    dense: float | None  # cosine; None: no vector
    relevance: float | None = None  # that a reranker gave: 0..1
    attributes: dict[str, str | float | bool] = field(default_factory=dict)  # of the document
