"""The shape of the code: who imports whom, how large a file and a function may get, what is never used."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import yoriai

ROOT = Path(__file__).parents[2]
SOURCES = Path(yoriai.__path__[0])
FILES = sorted(SOURCES.rglob("*.py"))
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 500, 60
# An own code path from data to running code; and formats that run code when they are read.
NEVER_CALLED = {"eval", "exec", "compile", "__import__"}
NEVER_IMPORTED = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
HEAVY = {
    "alembic",
    "asyncio",
    "fastapi",
    "gguf",
    "httpx2",
    "nicegui",
    "numpy",
    "prompt_toolkit",
    "pydantic",
    "rich",
    "sqlalchemy",
    "starlette",
    "uvicorn",
    "xllamacpp",
}

every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCES)))


def contracts() -> list[dict[str, list[str]]]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return list(tomllib.load(file)["tool"]["importlinter"]["contracts"])


def test_rooms_import_downwards_and_every_library_has_one_owner() -> None:
    command = [Path(sys.executable).parent / "lint-imports", "--no-cache", "--no-logo"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("library", "owners"),
    [
        ("sqlalchemy", {"store"}),
        ("fastapi", {"api"}),
        ("nicegui", {"web"}),
        ("xllamacpp", {"engines"}),
        # The command line speaks to the server beside it, metrics speak to nobody.
        ("httpx2", {"egress", "engines", "cli", "telemetry"}),
    ],
)
def test_no_room_is_forgotten_where_a_library_is_forbidden(library: str, owners: set[str]) -> None:
    rooms = {path.stem for path in SOURCES.iterdir() if path.suffix == ".py" or path.is_dir()}
    (contract,) = [c for c in contracts() if library in c.get("forbidden_modules", [])]
    named = {module.removeprefix("yoriai.") for module in contract["source_modules"]}
    assert named | owners == rooms - {"__init__", "__main__", "__pycache__"}


@every_file
def test_a_file_is_short(path: Path) -> None:
    assert len(path.read_text("utf8").splitlines()) <= MOST_LINES


@every_file
def test_a_function_is_short(path: Path) -> None:
    if path.parent.name == "versions":
        return  # a migration is a list of columns
    for node in ast.walk(ast.parse(path.read_text("utf8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            assert lines <= MOST_LINES_OF_A_FUNCTION, f"{node.name} has {lines} lines"


@every_file
def test_a_file_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf8")))


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if path.name == "__init__.py" and path.parent != SOURCES],
    ids=lambda path: path.parent.name,
)
def test_a_rooms_init_holds_a_docstring_only(path: Path) -> None:
    (docstring,) = ast.parse(path.read_text("utf8")).body
    assert isinstance(docstring, ast.Expr)


def test_every_room_is_a_package() -> None:
    folders = {path.parent for path in FILES if "migrations" not in path.parts}
    assert all((folder / "__init__.py").is_file() for folder in folders)


@every_file
def test_data_is_never_run_as_code(path: Path) -> None:
    if path.parent == SOURCES / "sandbox" / "inside":
        pytest.skip("runs in a jail, and running strangers' code is what it is for")
    for node in ast.walk(ast.parse(path.read_text("utf8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in NEVER_CALLED
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        assert not {name.partition(".")[0] for name in names} & NEVER_IMPORTED


@every_file
def test_only_settings_read_the_environment(path: Path) -> None:
    allowed = {
        "settings.py",
        "i18n/terminal.py",  # its module says why
        "engines/child.py",  # an engine's own process: it hands the key on
    }
    if str(path.relative_to(SOURCES)) in allowed:
        return
    for node in ast.walk(ast.parse(path.read_text("utf8"))):
        assert not (isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}), node.lineno


@pytest.mark.parametrize("module", ["yoriai.cli.main", "yoriai.errors", "yoriai.access"])
def test_starting_the_command_imports_nothing_heavy(module: str) -> None:
    program = f"import {module}, sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    allowed = {"pydantic"} if module == "yoriai.access" else set()  # `types` are its values
    assert loaded & HEAVY <= allowed


def test_importing_does_no_work() -> None:
    """Neither logging is set up, nor a thread or connection begun, by importing the whole server."""
    program = (
        "import logging, socket, threading\n"
        "opened = []\n"
        "import sys\n"
        "sys.addaudithook(lambda event, _: opened.append(event) if event.startswith('socket.connect') else None)\n"
        "import yoriai.bootstrap\n"
        "assert not opened\n"
        "assert threading.active_count() == 1\n"
        "assert not logging.getLogger().handlers\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
