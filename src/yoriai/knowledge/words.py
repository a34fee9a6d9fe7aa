"""The words of passages are made anew where an older version of the tokeniser made them: a query's would differ.

Once, before this process does any jobs. What was begun and not ended is begun again the next time.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from anyio import to_thread

from yoriai.knowledge.reading import words_to_index
from yoriai.knowledge.tokens import VERSION
from yoriai.store import collections, passages
from yoriai.store.database import Connection, Database
from yoriai.store.passages import Placed

_log = logging.getLogger("yoriai.knowledge")
_AT_ONCE = 200


async def renew_words(database: Database) -> None:
    """In every collection that needs it."""
    for collection_id in await database.read(lambda c: collections.of_other_words(c, VERSION)):
        _log.info("the words of a collection are made anew id=%s", collection_id)
        await _renew(database, collection_id)


async def _renew(database: Database, collection_id: str) -> None:
    place = passages.BEGINNING
    while found := await database.read(lambda c: passages.behind(c, collection_id, place, _AT_ONCE)):  # noqa: B023
        made = await to_thread.run_sync(_words, found)
        await database.write(lambda c: passages.set_tokens(c, made))  # noqa: B023
        place = found[-1].place

    def end(connection: Connection) -> None:
        collections.change(connection, collection_id, words_version=VERSION)
        collections.changed(connection, collection_id, datetime.now(UTC))

    await database.write(end)


def _words(found: list[Placed]) -> list[tuple[str, str]]:
    return [(each.id, words_to_index(each.text, each.heading_path)) for each in found]
