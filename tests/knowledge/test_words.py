"""What words a text has is kept in collections: another version of the tokeniser makes them anew."""

from __future__ import annotations

import hashlib
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import anyio
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from shelving import LOCAL, shelf

from yoriai.knowledge.tokens import VERSION, tokens

pytestmark = pytest.mark.anyio
SAMPLE = """第3条　社員は、年に二十日の有給休暇を取ることができる。
サーバー・コンピュータの打合せは1,200円、ヴァイオリンはＧＰＵ。
Employees running the models' tests (C++, C#) get 10.5 days; 見積り／ﾒｰﾙ・〇〇県〆切は㌖先。GPUを2枚使う。"""
# Of each version. Where this fails and the change is meant: raise `tokens.VERSION` and add the new one's.
DIGESTS = {1: "ab6be54253c8b07c"}


def test_other_words_are_another_version() -> None:
    words = "\n".join(tokens(SAMPLE))
    assert hashlib.sha256(words.encode()).hexdigest()[:16] == DIGESTS[VERSION]


async def test_words_of_an_older_version_are_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "yoriai.db"
    async with shelf(tmp_path) as kept:
        rules = await kept.knowledge.collections.create(LOCAL, "rules")
        await kept.upload(LOCAL, rules, "a.md", "# Leave\n\nTen days of leave.\n\n# Pay\n\nFriday.")
    with closing(sqlite3.connect(path)) as connection:
        before = connection.execute("SELECT id, tokens FROM passages ORDER BY id").fetchall()
        connection.execute("UPDATE passages SET tokens = 'old'")
        connection.execute("UPDATE collections SET words_version = 0")
        connection.commit()

    def now() -> tuple[list[tuple[str, str]], int]:
        with closing(sqlite3.connect(path)) as connection:
            rows = connection.execute("SELECT id, tokens FROM passages ORDER BY id").fetchall()
            return rows, connection.execute("SELECT words_version FROM collections").fetchone()[0]

    async with shelf(tmp_path) as kept:
        with anyio.fail_after(60):
            while now()[1] != VERSION:
                await anyio.sleep(0.02)
        assert now()[0] == before
        assert await kept.texts(rules, "leave")
