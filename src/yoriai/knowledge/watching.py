"""Watched folders: what changes in them is read again, what is deleted goes; and a model that is installed is noticed.
Work that failed is tried again.

One task of the process that runs jobs.
"""

from __future__ import annotations

import asyncio
import logging

from anyio import to_thread

from yoriai.jobs.retrying import Retrying
from yoriai.knowledge import folders
from yoriai.knowledge.adding import Adding
from yoriai.knowledge.vectors import Vectors
from yoriai.store import collections
from yoriai.store.database import Database

_log = logging.getLogger("yoriai.knowledge")
_LOOK_S = 5.0  # how soon another folder to watch is noticed, or one that was not there
_SETTLE_MS = 1000  # changes that come so close together are one


class Watching:
    """Follows the folders of every collection, from `start` on."""

    def __init__(self, database: Database, adding: Adding, vectors: Vectors, retrying: Retrying) -> None:
        self._database, self._adding, self._vectors, self._retrying = database, adding, vectors, retrying
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Whatever changed while nobody watched is noticed at once."""
        self._task = self._task or asyncio.create_task(self._run())

    async def aclose(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self._look()
            except Exception:
                _log.exception("folders could not be watched")
                await asyncio.sleep(_LOOK_S)

    async def _look(self) -> None:
        watched = await self._watched()
        for collection_id, folder in await self._database.read(collections.all_folders):
            await self._rescan(collection_id, folder)
        await self._until_something_else_is_watched(watched)

    async def _until_something_else_is_watched(self, watched: set[tuple[str, str]]) -> None:
        following = asyncio.create_task(self._follow(watched))
        try:
            while await self._watched() == watched and not following.done():
                await asyncio.sleep(_LOOK_S)
                await self._vectors.notice_model()
                await self._retrying.look()
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

    async def _follow(self, watched: set[tuple[str, str]]) -> None:
        import watchfiles

        paths = {folder: folders.path_of(folder) for _, folder in watched}
        if not paths:
            await asyncio.Event().wait()
        async for changes in watchfiles.awatch(*paths.values(), debounce=_SETTLE_MS, recursive=True):
            touched = [path for _, path in changes]
            for collection_id, folder in watched:
                if any(folders.is_under(path, folder) for path in touched):
                    await self._rescan(collection_id, folder)

    async def _watched(self) -> set[tuple[str, str]]:
        """(collection, folder) of the folders that are there now."""
        listed = await self._database.read(collections.all_folders)
        return await to_thread.run_sync(
            lambda: {(each, folder) for each, folder in listed if folders.path_of(folder).is_dir()}
        )

    async def _rescan(self, collection_id: str, folder: str) -> None:
        try:
            await self._adding.rescan(collection_id, folder)
        except Exception:
            _log.exception("a folder could not be looked through collection=%s", collection_id)
