"""What the documents say is what the code does."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_of_settings_is_the_code_s() -> None:
    page = (ROOT / "docs" / "settings.md").read_text("utf8")
    render = runpy.run_path(str(ROOT / "docs" / "generate_settings.py"))["render"]
    assert page == render(), "docs/settings.md is out of date: run `make docs`"


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_command_of_the_makefile_that_the_documents_name_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf8"), re.MULTILINE))
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        assert set(re.findall(r"`make ([a-z-]+)", path.read_text("utf8"))) <= targets, path
