"""Nothing is ever half: kill -9 while documents are read leaves what an undisturbed run leaves, once it has gone on."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from shelving import E5, LOCAL, shelf

SOURCES = str(Path(__file__).parent)
# Adds a folder and waits for it, as `yoriai kb add --wait` does.
PROGRAM = """
import sys
import anyio
from pathlib import Path
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/.."]
from shelving import LOCAL, shelf
from yoriai.errors import NotFoundError

async def main(home, folder):
    async with shelf(Path(home)) as kept:
        try:
            rules = await kept.knowledge.collections.named(LOCAL, "rules")
        except NotFoundError:
            rules = await kept.knowledge.collections.create(LOCAL, "rules")
        await kept.add(rules, Path(folder))

anyio.run(main, sys.argv[2], sys.argv[3])
"""
SAME = """
SELECT d.name, d.status, d.sha256, d.pages, d.passages, d.error_key, p.ordinal, p.page, p.start, p.end, p.text, p.tokens
FROM documents d LEFT JOIN passages p ON p.document_id = d.id ORDER BY 1, 7
"""
HALF = """
SELECT d.name FROM documents d WHERE
    (d.status = 'ready' AND d.passages != (SELECT count(*) FROM passages p WHERE p.document_id = d.id))
    OR (d.status = 'ready' AND d.pages != (SELECT count(*) FROM pages g WHERE g.document_id = d.id))
    OR (d.status != 'ready' AND EXISTS (SELECT 1 FROM passages p WHERE p.document_id = d.id))
    OR (d.file_id IS NULL AND d.status = 'ready')
"""


def command(home: Path, folder: Path) -> list[str]:
    return [sys.executable, "-c", PROGRAM, SOURCES, str(home), str(folder)]


def ask(home: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(home / "yoriai.db")) as connection:
        return connection.execute(query).fetchall()


def count(home: Path, status: str) -> int:
    try:
        return int(ask(home, f"SELECT count(*) FROM documents WHERE status = '{status}'")[0][0])
    except sqlite3.OperationalError:  # not made yet
        return 0


def papers(folder: Path, number: int) -> Path:
    folder.mkdir()
    for each in range(number):
        lines = "\n\n".join(f"第{each}章の{line}。社員の休暇と賃金を定める。" for line in range(60))
        (folder / f"{each:02}.txt").write_text(lines)
    (folder / "broken.docx").write_bytes(b"PK\x03\x04" + bytes(200))
    (folder / "copy.txt").write_bytes((folder / "00.txt").read_bytes())
    return folder


def killed_while_reading(home: Path, folder: Path, kills: int) -> None:
    """Kill the reader at a random moment after each further document; look at what is there every time."""
    chance = random.Random(4)
    for _ in range(kills):
        before = count(home, "ready")
        with subprocess.Popen(command(home, folder)) as child:
            deadline = time.monotonic() + 30
            while count(home, "ready") <= before and child.poll() is None and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(chance.random() * 0.3)
            os.kill(child.pid, signal.SIGKILL)
        assert ask(home, HALF) == []
        assert count(home, "ready") > before or count(home, "queued") == 0


@pytest.mark.parametrize("kills", [3, pytest.param(10, marks=pytest.mark.slow)])
def test_after_kill_9_the_end_is_that_of_an_undisturbed_run(kills: int, tmp_path: Path) -> None:
    folder = papers(tmp_path / "papers", 3 * kills)
    homes = [tmp_path / "undisturbed", tmp_path / "disturbed"]
    for home in homes:
        home.mkdir()
    killed_while_reading(homes[1], folder, kills)
    for home in homes:
        subprocess.run(command(home, folder), check=True, timeout=120)
    undisturbed, disturbed = [ask(home, SAME) for home in homes]
    assert disturbed == undisturbed
    assert len(undisturbed) > 3 * kills
    for home in homes:
        kept = {path.name for path in (home / "documents").iterdir() if path.is_file()}
        rows = {row[0] for row in ask(home, "SELECT id FROM files")}
        assert rows <= kept
        assert len(kept - rows) <= kills  # at most one that the kill met between its name and its row
        assert list((home / "documents" / "incoming").iterdir()) == []


async def test_ids_of_passages_follow_from_document_content_and_place(tmp_path: Path) -> None:
    folder = papers(tmp_path / "papers", 1)
    async with shelf(tmp_path) as kept:
        rules = await kept.knowledge.collections.create(LOCAL, "rules")
        document = (await kept.add(rules, folder))["00.txt"]
        first = await kept.knowledge.collections.passages(LOCAL, rules.id, document.id)
        (folder / "00.txt").write_text("something else")
        await kept.add(rules, folder)
        assert (await kept.knowledge.collections.passages(LOCAL, rules.id, document.id))[0].id not in {
            passage.id for passage in first
        }
        (folder / "00.txt").write_bytes((folder / "copy.txt").read_bytes())
        (folder / "copy.txt").unlink()
        await kept.knowledge.collections.remove_documents(
            LOCAL, rules.id, [(await kept.documents(rules))["copy.txt"].id]
        )
        await kept.add(rules, folder)
        assert await kept.knowledge.collections.passages(LOCAL, rules.id, document.id) == first


async def test_vectors_are_made_behind_go_on_after_a_stop_and_another_model_takes_over(
    tmp_path: Path, model_path: Any
) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "leave.txt").write_text("社員は年に二十日の有給休暇を取ることができる。")
    (folder / "pay.txt").write_text("賃金は毎月二十五日に支払う。")
    async with shelf(tmp_path) as kept:
        rules = await kept.knowledge.collections.create(LOCAL, "rules")
        await kept.add(rules, folder)  # there is no model yet
        found = await kept.search(rules, "休暇")
        assert (found.method, found.passages[0].dense) == ("lexical", None)
    async with shelf(tmp_path) as kept:
        kept.library.add(model_path(E5), E5, True)
        await kept.knowledge.vectors.want(rules.id)
        await kept.settled(rules)
        status = await kept.knowledge.collections.status(LOCAL, rules.id)
        assert (status.vectors, status.passages, status.collection.embedding_model) == (2, 2, E5)
        found = await kept.search(rules, "When is the salary paid?")  # not a word in common
        assert found.method == "hybrid"
        assert found.passages[0].document == "pay.txt"
        assert found.passages[0].dense is not None
        (folder / "pay.txt").write_text("賃金は毎月末日に支払う。")
        await kept.add(rules, folder)
        assert (await kept.search(rules, "賃金")).passages[0].text == "賃金は毎月末日に支払う。"
    kept.library.add(model_path(E5), "e5-again", True)
    async with shelf(tmp_path, embedding_model="e5-again") as kept:
        before = await kept.search(rules, "When is the salary paid?")
        assert before.method == "hybrid"  # the old vectors serve
        await kept.settled(rules)
        status = await kept.knowledge.collections.status(LOCAL, rules.id)
        assert (status.vectors, status.collection.embedding_model) == (2, "e5-again")
        assert ask(tmp_path, "SELECT DISTINCT model FROM vectors") == [("e5-again",)]
        assert (await kept.search(rules, "When is the salary paid?")).passages[0].document == "pay.txt"
