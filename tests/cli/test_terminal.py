"""Text that comes from a model can't command the terminal."""

from __future__ import annotations

import pytest

from yoriai.cli.terminal import harmless, size


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[2Jgone", "[2Jgone"),
        ("\x1b]0;title\x07", "]0;title"),
        ("\x1b]52;c;cm0gLXJm\x1b\\", "]52;c;cm0gLXJm\\"),
        ("\x9b31mred", "31mred"),
        ("a\rb\x08c\x7f", "abc"),
        ("safe\u202eexe.txt\u2066", "safeexe.txt"),
        ("two\nlines\tand 日本語 👩‍👩‍👧", "two\nlines\tand 日本語 👩‍👩‍👧"),
    ],
)
def test_control_characters_are_removed_and_text_stays(hostile: str, shown: str) -> None:
    assert harmless(hostile) == shown


@pytest.mark.parametrize(
    ("size_bytes", "shown"),
    [
        (None, ""),
        (0, ""),
        (999, "999 B"),
        (98_362_432, "98.4 MB"),
        (1_117_320_768, "1.1 GB"),
        (5e12, "5.0 TB"),
    ],
)
def test_sizes_are_short(size_bytes: float | None, shown: str) -> None:
    assert size(size_bytes) == shown
