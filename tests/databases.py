"""A new database, as the migrations make it: made once for a test process, then copied. Not a test itself."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from yoriai.store.database import Database


def lay_down(home: Path) -> Path:
    """The path of this data folder's database; a new one, where there is none yet."""
    path = home / "yoriai.db"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_new())
    return path


@functools.cache
def _new() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "yoriai.db"
        database = Database(f"sqlite:///{path}")
        database.migrate()
        database.close()
        return path.read_bytes()
