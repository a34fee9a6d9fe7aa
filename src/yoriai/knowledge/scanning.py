"""Compares what stands in a folder with the documents that came from it. `adding` calls it, in a transaction."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from yoriai.knowledge import folders
from yoriai.knowledge.folders import Found, Listing
from yoriai.knowledge.membership import forget
from yoriai.knowledge.web_pages import is_address
from yoriai.records import KnownDocument
from yoriai.store import documents
from yoriai.store.database import Connection
from yoriai.store.watched import Watched

_SETTLED = ("ready", "duplicate", "queued")


@dataclass(slots=True)
class Added:
    """What adding found to do."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    documents: list[str] = field(default_factory=list)  # ids of those that are to be read

    @property
    def is_work(self) -> bool:
        return bool(self.new or self.changed or self.removed)


@dataclass(slots=True)
class Scan:
    """Compares what stands in a folder with the documents that came from it."""

    connection: Connection
    collection_id: str
    added: Added
    is_asked_for: bool  # by a person: what failed is tried once more
    is_named: bool  # the file itself: it is wanted even if it was removed before
    tags: Sequence[str]

    def take(self, there: Iterable[Found]) -> None:
        known = {each.source: each for each in self._known()}
        for each in there:
            self._take(each, known.get(each.source))

    def remove_gone(self, folder: str, there: Listing, before: Watched) -> Watched:
        """Forget what stands in `folder` no longer; what only can't be seen stays. Returns what to remember.

        A drive that isn't mounted leaves an empty folder, so what was a drive before and is none now can't be seen,
        nor can anything where nothing at all is there.
        """
        seen = {each.source for each in there.files}
        unmounted = [each for each in before.mounts if each not in there.mounts]
        hidden = [folder] if not seen else [*there.unseen, *unmounted]
        kept: list[KnownDocument] = []
        going: list[KnownDocument] = []
        for each in self._known():
            if folders.is_under(each.source, folder) and each.source not in seen:
                (kept if _is_under_any(each, hidden) else going).append(each)
        if going:
            forget(self.connection, self.collection_id, going)
            self.added.removed += len(going)
        left = [where for where in unmounted if any(_is_under_any(each, [where]) for each in kept)]
        return Watched(is_missing=bool(kept), mounts=tuple(sorted({*there.mounts, *left})))

    def _known(self) -> list[KnownDocument]:
        """Documents that came from files of this machine."""
        listed = documents.of_collection(self.connection, self.collection_id, with_excluded=True)
        return [each for each in listed if each.source and not is_address(each.source)]

    def _take(self, each: Found, old: KnownDocument | None) -> None:
        if old is None:
            new = KnownDocument(
                id=new_id(), collection_id=self.collection_id, file_id=None, name=each.name, source=each.source,
                sha256="", size_bytes=each.size_bytes, status="queued", added_at=datetime.now(UTC),
                modified_at=each.modified_at, tags=tuple(self.tags),
            )  # fmt: skip
            documents.add(self.connection, new)
            self.added.new += 1
            self.added.documents.append(new.id)
            return
        if self._is_same(each, old):
            self.added.unchanged += 1
            return
        documents.want(self.connection, old.id, size_bytes=each.size_bytes, modified_at=each.modified_at)
        self.added.changed += 1
        self.added.documents.append(old.id)

    def _is_same(self, each: Found, old: KnownDocument) -> bool:
        if old.status == "excluded":
            return not self.is_named
        if old.status == "stopped":
            return not self.is_asked_for
        is_same = (each.size_bytes, each.modified_at) == (old.size_bytes, old.modified_at)
        return is_same and (old.status in _SETTLED or not self.is_asked_for)


def _is_under_any(document: KnownDocument, where: Iterable[str]) -> bool:
    return any(folders.is_under(document.source, each) for each in where)


def new_id() -> str:
    return f"doc_{secrets.token_hex(12)}"
