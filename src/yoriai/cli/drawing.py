"""Writes charts for the command line, in the reader's language; a PNG in English where no font here has Japanese."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from yoriai.cli.terminal import note, say
from yoriai.errors import UsageError
from yoriai.i18n.terminal import terminal_language

if TYPE_CHECKING:
    from yoriai.evaluation.chart import Chart, Drawing
    from yoriai.types import Language

FORMS = (".svg", ".png")


def check_target(path: Path, forms: Sequence[str] = FORMS) -> None:
    """What is wrong is said before minutes of work. Raises: UsageError: no such form, or no folder to write to."""
    if path.suffix.lower() not in forms:
        raise UsageError("cli.bad_suffix", path=path, forms=", ".join(forms))
    if not os.access(path.absolute().parent, os.W_OK | os.X_OK) or path.is_dir():
        raise UsageError("cli.no_place", path=path)


def is_png(path: Path) -> bool:
    return path.suffix.lower() == ".png"


def language_of(path: Path) -> Language:
    from yoriai.evaluation.lettering import has_japanese

    return "en" if is_png(path) and not has_japanese() else terminal_language()


def write(path: Path, drawn: Chart | Drawing) -> None:
    from yoriai.catalog import files
    from yoriai.evaluation.chart import to_png, to_svg

    if language_of(path) != terminal_language():
        note(say("png_in_english"))
    files.write(path, to_png(drawn) if is_png(path) else to_svg(drawn).encode())
