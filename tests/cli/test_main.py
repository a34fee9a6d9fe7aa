"""Exit codes, languages, and what `yoriai --help` costs."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer

import serving
from yoriai import errors
from yoriai.cli.main import EXIT_CODES, exit_code, run
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
    return serving.yoriai(home, *arguments, **{"LC_ALL": "", "LANG": "C.UTF-8", **environment})


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
    variables = {"PATH": "/usr/bin:/bin", "YORIAI_HOME": str(tmp_path), "LANG": language}
    done = subprocess.run(
        [sys.executable, "-m", "yoriai", "--help"], env=variables, capture_output=True, text=True, check=True,
        timeout=60,
    )  # fmt: skip
    assert word in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--help"], "使い方: yoriai [OPTIONS]\nオプション:\nコマンド:\n-h, --help  この説明を表示します。"),
        (["ask", "--help"], "引数:"),
        (["nope"], "使い方:\n説明は yoriai -h で見られます。\nエラー: 'nope' というコマンドはありません。"),
        (["serv"], "'serv' というコマンドはありません。もしかして: 'serve'"),
        (["serve", "--nope"], "--nope というオプションはありません。"),
        (["serve", "--prot", "1"], "--prot というオプションはありません。もしかして: --host, --port"),
        (["serve", "--port"], "オプション '--port' には値が必要です。"),
        (["serve", "--open=3"], "オプション '--open' に値は付けられません。"),
        (["model", "show"], "引数 'name' を指定してください。"),
        (["token", "create", "x"], "オプション '--user' を指定してください。"),
        (["model", "show", "a", "b"], "余分な引数があります: b"),
        (["ask", "--temperature", "9"], "'--temperature' の値が正しくありません: "),
    ],
)
def test_what_the_command_line_itself_says_is_in_the_terminals_language(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = yoriai(*arguments, home=tmp_path, LANG="ja_JP.UTF-8")
    assert done.returncode == (0 if "--help" in arguments else 2)
    for words in said.split("\n"):
        assert words in done.stdout + done.stderr


def test_a_command_without_words_shows_its_help(tmp_path: Path) -> None:
    done = yoriai("model", home=tmp_path)
    assert done.returncode == 2
    assert "Usage: yoriai model" in done.stderr
    assert "Error" not in done.stderr


@pytest.mark.parametrize("language", ["ja_JP.UTF-8", "en_GB.UTF-8"])
@pytest.mark.parametrize("arguments", [["model", "list"], ["serve", "--yes"], ["ask", "hi"]])
@pytest.mark.parametrize("place", ["below a file", "a file"])
def test_a_data_folder_that_cannot_be_is_said_in_one_line(
    tmp_path: Path, arguments: list[str], place: str, language: str
) -> None:
    home = tmp_path / "file"
    home.touch()
    home = home / "x" if place == "below a file" else home
    done = yoriai(*arguments, home=home, LANG=language)
    assert done.returncode == 1
    assert str(home) in done.stderr
    assert "YORIAI_HOME" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_bug_whose_record_cannot_be_written_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").touch()  # a file where the folder should be
    monkeypatch.setenv("YORIAI_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["yoriai", "fail"])
    app = typer.Typer()
    app.callback()(lambda: None)

    @app.command("fail")
    def fail() -> None:
        raise RuntimeError("the reason")

    assert run(app) == 1
    said = capsys.readouterr().err
    assert "RuntimeError: the reason" in said
    assert len(said.splitlines()) == 1


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
