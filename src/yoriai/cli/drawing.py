"""Writes charts for the command line: in the reader's language, a PNG in English, whose font has no other letters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from yoriai.i18n.terminal import terminal_language

if TYPE_CHECKING:
    from yoriai.evaluation.chart import Chart, Drawing
    from yoriai.types import Language

FORMS = (".svg", ".png")


def is_png(path: Path) -> bool:
    return path.suffix.lower() == ".png"


def language_of(path: Path) -> Language:
    return "en" if is_png(path) else terminal_language()


def write(path: Path, drawn: Chart | Drawing) -> None:
    from yoriai.catalog import files
    from yoriai.evaluation.chart import to_png, to_svg

    files.write(path, to_png(drawn) if is_png(path) else to_svg(drawn).encode())
