"""Migrations lead to exactly the tables that code uses, and lose nothing on the way, whatever happens."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

import yoriai.store
from yoriai.errors import PrerequisiteError
from yoriai.store.database import Database
from yoriai.store.tables import REVISION, metadata

MIGRATIONS = Path(yoriai.store.__path__[0]) / "migrations"
NEXT = "9000"
HEADER = f"""
import sqlalchemy as sa
from alembic import op
revision = "{NEXT}"
down_revision = "{REVISION}"
def upgrade():
"""
REBUILDS_USERS = """
    with op.batch_alter_table("users") as users:
        users.alter_column("name", type_=sa.String(70))
        users.add_column(sa.Column("mail", sa.String(200)))
"""
FAILS_MIDWAY = """
    op.create_table("half_made", sa.Column("id", sa.Integer(), primary_key=True))
    op.execute("DELETE FROM users")
    raise RuntimeError("on purpose")
"""
DIES_MIDWAY = """
    import os, signal
    op.create_table("half_made", sa.Column("id", sa.Integer(), primary_key=True))
    op.execute("DELETE FROM users")
    os.kill(os.getpid(), signal.SIGKILL)
"""
ORPHANS = """
    op.execute("DELETE FROM users")
"""


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """The migrations, to which a test adds the next version's."""
    copy = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def add_next(scripts: Path, body: str) -> None:
    (scripts / "versions" / f"{NEXT}_next.py").write_text(HEADER + body)


def configured(scripts: Path = MIGRATIONS) -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts))
    return config


def ask(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def filled(path: Path, database: Database) -> Path:
    """A database in which a user has a token."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "INSERT INTO users VALUES ('anna', '花子', '花子', 'member', 'h', 1, '2026-04-01')"
        )
        connection.execute("INSERT INTO tokens VALUES ('t1', 'anna', 'script', 'h', '2026-04-01', NULL)")
        connection.commit()
    return path


def rows(path: Path) -> list[tuple[object, ...]]:
    return ask(path, "SELECT users.name, tokens.id FROM users JOIN tokens ON tokens.user_id = users.id")


def test_migrations_make_exactly_the_tables_of_the_code(database: Database) -> None:
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_code_names_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(configured()).get_heads() == [REVISION]


def test_indices_and_constraints_are_the_codes_too(tmp_path: Path, database: Database) -> None:
    by_code = Database(f"sqlite:///{tmp_path / 'by-code.db'}")
    with by_code.engine.begin() as connection:
        metadata.create_all(connection)
    try:
        made, wanted = inspect(database.engine), inspect(by_code.engine)
        for table in metadata.tables:
            assert made.get_foreign_keys(table) == wanted.get_foreign_keys(table)
            assert made.get_unique_constraints(table) == wanted.get_unique_constraints(table)
            assert made.get_pk_constraint(table) == wanted.get_pk_constraint(table)
            assert sorted(map(str, made.get_indexes(table))) == sorted(map(str, wanted.get_indexes(table)))
    finally:
        by_code.close()


def test_all_the_way_down_and_up_again(database: Database) -> None:
    config = configured()
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
        command.upgrade(config, "head")
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_second_start_changes_nothing(filled: Path, tmp_path: Path, database: Database) -> None:
    before = sorted(tmp_path.iterdir())
    database.migrate()
    assert sorted(tmp_path.iterdir()) == before
    assert rows(filled) == [("花子", "t1")]


def test_a_new_database_needs_no_snapshot(tmp_path: Path, database: Database) -> None:
    assert not list(tmp_path.glob("*.before-*"))


def test_the_data_is_copied_before_a_migration(filled: Path, database: Database, scripts: Path) -> None:
    add_next(scripts, REBUILDS_USERS)
    database.migrate(NEXT, scripts)
    (snapshot,) = filled.parent.glob("*.before-*")
    assert snapshot.name == f"yoriai.db.before-{NEXT}-from-{REVISION}"
    assert ask(snapshot, "SELECT version_num FROM alembic_version") == [(REVISION,)]
    assert rows(snapshot) == [("花子", "t1")]


def test_replacing_a_table_keeps_what_hangs_on_its_rows(
    filled: Path, database: Database, scripts: Path
) -> None:
    add_next(scripts, REBUILDS_USERS)
    database.migrate(NEXT, scripts)
    assert ask(filled, "SELECT version_num FROM alembic_version") == [(NEXT,)]
    assert ask(filled, "SELECT mail FROM users") == [(None,)]
    assert rows(filled) == [("花子", "t1")]
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


@pytest.mark.parametrize("body", [FAILS_MIDWAY, ORPHANS], ids=["fails", "leaves orphans"])
def test_a_migration_that_goes_wrong_leaves_everything_as_it_was(
    body: str, filled: Path, database: Database, scripts: Path
) -> None:
    add_next(scripts, body)
    with pytest.raises(RuntimeError):
        database.migrate(NEXT, scripts)
    assert_untouched(filled)
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_migration_that_is_killed_leaves_everything_as_it_was(
    filled: Path, database: Database, scripts: Path
) -> None:
    add_next(scripts, DIES_MIDWAY)
    program = (
        "from pathlib import Path\n"
        "from yoriai.store.database import Database\n"
        f"Database('sqlite:///{filled}').migrate('{NEXT}', Path('{scripts}'))\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    assert_untouched(filled)


def assert_untouched(path: Path) -> None:
    assert ask(path, "SELECT version_num FROM alembic_version") == [(REVISION,)]
    assert ask(path, "SELECT name FROM sqlite_master WHERE name LIKE '%half_made%'") == []
    assert rows(path) == [("花子", "t1")]


def test_a_newer_database_is_refused_and_left_alone(filled: Path, database: Database) -> None:
    with closing(sqlite3.connect(filled)) as connection:
        connection.execute(f"UPDATE alembic_version SET version_num = '{NEXT}'")
        connection.commit()
    with pytest.raises(PrerequisiteError) as caught:
        database.migrate()
    assert caught.value.values == {"path": str(filled), "revision": NEXT}
    assert rows(filled) == [("花子", "t1")]
    assert not list(filled.parent.glob("*.before-*"))


def test_several_processes_may_open_a_new_data_folder_at_once(path: Path) -> None:
    program = f"from yoriai.store.database import Database\nDatabase('sqlite:///{path}').migrate()\n"
    children = [
        subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]
    outcomes = [(child.communicate()[1], child.returncode) for child in children]
    assert outcomes == [("", 0)] * 4
    assert ask(path, "SELECT version_num FROM alembic_version") == [(REVISION,)]
