"""Typer's own words in the terminal's language: headings of the help, and what it says of wrong usage.

Typer keeps them in English; those that are listed here are recognised and replaced, others stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from typer import TyperException
from typer._click.core import Context  # Typer gives no public way to the formatter of its help
from typer._click.exceptions import NoArgsIsHelpError
from typer._click.formatting import HelpFormatter

from yoriai.cli.terminal import note, say
from yoriai.i18n.catalogue import messages

# The most particular first: a pattern takes whatever stands in its placeholders.
_WORDS = (
    "arguments", "options", "commands", "help_option", "no_command_but", "no_command", "no_option_but", "no_option",
    "missing_command", "missing_argument", "missing_option", "extra_arguments", "needs_value", "takes_no_value",
    "invalid_value",
)  # fmt: skip


class Formatter(HelpFormatter):
    """Writes a command's help."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, prefix or f"{say('typer_usage')}: ")

    def write_heading(self, heading: str) -> None:
        super().write_heading(translated(heading))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        super().write_dl([(first, translated(second)) for first, second in rows], col_max, col_spacing)


def install() -> None:
    """Let every command's help be written by `Formatter`."""
    Context.formatter_class = Formatter


def translated(words: str) -> str:
    """Words of Typer's in the terminal's language."""
    texts = messages()
    for word in _WORDS:
        template = re.escape(texts["cli." + f"typer_{word}"]["en"])
        matched = re.fullmatch(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", template), words, re.DOTALL)
        if matched:
            return say(f"typer_{word}", **matched.groupdict())
    return words


def explain(error: TyperException) -> int:
    """Say what is wrong with a command line; the exit code."""
    context = getattr(error, "ctx", None)
    if isinstance(error, NoArgsIsHelpError):
        note(error.format_message())
        return error.exit_code
    if context:
        note(context.get_usage())
        note(say("typer_try", command=f"{context.command_path} {context.help_option_names[0]}") + "\n")
    note(f"{say('typer_error')}: {translated(error.format_message())}")
    return error.exit_code
