"""The values of what is kept for people: collections, files, documents, assistants, long work. No behaviour.

`store` reads and writes them, `jobs`, `knowledge` and `responders` work with them, the surfaces show them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from yoriai.types import Sampling

Sharing = Literal["owner", "everyone"]
# duplicate: another document of the collection has this content; stopped: somebody wants it to be read later;
# excluded: removed, though its folder still has it.
DocumentStatus = Literal["queued", "ready", "failed", "duplicate", "stopped", "excluded"]
JobState = Literal["queued", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Collection:
    id: str
    owner_id: str
    name: str
    sharing: Sharing
    embedding_model: str  # whose vectors are searched now; empty: there are none yet
    revision: int
    vector_revision: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Assistant:
    """A model with a role, sampling and documents; `assistant:NAME` wherever a model's name is."""

    id: str
    owner_id: str
    name: str
    sharing: Sharing
    model: str  # empty: whoever answers by default
    system_prompt: str
    sampling: Sampling
    collection_ids: tuple[str, ...]
    mode: Literal[
        "passages", "whole"
    ]  # what is put before the model: passages that were found, or whole documents
    only_documents: bool  # "not in the documents" where they don't bear out an answer
    checks_support: bool
    judge: str = ""  # model that is asked about sentences afterwards; empty: none
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptFile:
    """What was handed in. Its copy in the data folder is named by `id`; `name` is only text."""

    id: str
    owner_id: str
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    is_kept: bool  # stays when no document uses it any more
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownDocument:
    """A file as a member of a collection, and what became of it."""

    id: str
    collection_id: str
    file_id: str | None
    name: str
    source: str  # path or address that it came from; empty: it was handed in
    sha256: str
    size_bytes: int
    status: DocumentStatus
    added_at: datetime
    media_type: str = ""
    title: str = ""
    error_key: str | None = None
    error_values: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()  # keys of the catalogue of messages
    tags: tuple[str, ...] = ()
    pages: int = 0
    passages: int = 0
    modified_at: datetime | None = None
    indexed_at: datetime | None = None
    wanted_revision: int = 0  # goes up when it is to be read anew: what was begun before is out of date


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """Work that outlives whoever asked for it, and the process that began it."""

    id: str
    kind: str
    owner_id: str
    subject_id: str
    state: JobState
    created_at: datetime
    updated_at: datetime
    done: int = 0
    total: int = 0
    detail: str = ""  # what it works on just now
    error_key: str | None = None
    error_values: dict[str, Any] = field(default_factory=dict)
