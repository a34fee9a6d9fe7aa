"""Exit codes, languages, and what `yoriai --help` costs."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

from yoriai import errors
from yoriai.cli.main import EXIT_CODES, exit_code
from yoriai.cli.user import RoleName
from yoriai.errors import YoriaiError
from yoriai.types import Role

CLASSES = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, YoriaiError)]
HEAVY = {
    "pydantic",
    "pydantic_settings",
    "fastapi",
    "sqlalchemy",
    "nicegui",
    "xllamacpp",
    "uvicorn",
    "httpx2",
    "rich",
    "prompt_toolkit",
    "numpy",
    "asyncio",
}


def yoriai(*arguments: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {"PATH": "/usr/bin:/bin", "YORIAI_HOME": str(home), "LANG": "C.UTF-8", **environment}
    return subprocess.run(
        [sys.executable, "-m", "yoriai", *arguments], env=variables, capture_output=True, text=True,
        timeout=120, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_error_class_has_an_exit_code(cls: type[YoriaiError]) -> None:
    assert exit_code(cls("cli.bug")) in {1, 2, 3, 4, 5}


def test_exit_codes_are_the_promised_ones() -> None:
    assert set(EXIT_CODES) <= set(CLASSES)
    assert exit_code(errors.EngineLostError("x")) == 1
    assert exit_code(errors.UnsupportedError("x")) == 2
    assert exit_code(errors.NotFoundError("x")) == 3
    assert exit_code(errors.ForbiddenError("x")) == 4
    assert exit_code(errors.DiskFullError("x")) == 5


def test_roles_on_the_command_line_are_the_roles() -> None:
    assert [role.value for role in RoleName] == [role.value for role in Role]


@pytest.mark.parametrize("arguments", [["--help"], ["model", "--help"], ["serve", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    program = (
        "import sys, json\n"
        f"sys.argv = ['yoriai', *{arguments!r}]\n"
        "from yoriai.cli.main import main\n"
        "try:\n    main()\n"
        "except SystemExit:\n    print(json.dumps(sorted(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    modules = set(json.loads(done.stdout.splitlines()[-1]))
    allowed = {"pydantic"} if len(arguments) > 1 else set()  # Typer's own choice for checking options
    assert modules & HEAVY <= allowed


@pytest.mark.parametrize(
    ("language", "word"), [("ja_JP.UTF-8", "サーバーを起動"), ("en_GB.UTF-8", "Start the server")]
)
def test_help_speaks_the_terminals_language(tmp_path: Path, language: str, word: str) -> None:
    assert word in yoriai("--help", home=tmp_path, LANG=language).stdout


def test_a_misspelt_setting_is_wrong_usage_in_one_line(tmp_path: Path) -> None:
    done = yoriai("model", "list", home=tmp_path, YORIAI_MODLE="x")
    assert done.returncode == 2
    assert "YORIAI_MODLE" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_wrong_option_is_wrong_usage(tmp_path: Path) -> None:
    done = yoriai("serve", "--prot", "1", home=tmp_path)
    assert done.returncode == 2
    assert "--prot" in done.stderr


def test_listening_on_the_lan_in_clear_text_is_refused_with_the_reason(tmp_path: Path) -> None:
    done = yoriai("serve", "--host", "0.0.0.0", "--port", "0", home=tmp_path)
    assert done.returncode == 2
    assert "--insecure-lan" in done.stderr
    assert done.stdout == ""


def test_a_question_without_words_is_wrong_usage(tmp_path: Path) -> None:
    assert yoriai("ask", home=tmp_path).returncode == 2


def test_chat_without_a_terminal_says_what_to_use_instead(tmp_path: Path) -> None:
    done = yoriai("chat", home=tmp_path)
    assert done.returncode == 2
    assert "yoriai ask" in done.stderr
