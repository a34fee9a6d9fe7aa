"""The code interpreter: a warm Python in the sandbox for each chat, with the files that were handed to it.

What it prints and shows comes back as Markdown, pictures and files as files of the conversation. Outside of the jail it
touches nothing, so it counts as a tool that reads.
"""

from __future__ import annotations

import secrets
from pathlib import PurePath
from typing import Any

from yoriai.i18n.catalogue import text
from yoriai.knowledge.context import harmless
from yoriai.sandbox.cells import CellOutcome, Table
from yoriai.sandbox.kernels import Kernels
from yoriai.sandbox.leaving import CodeFile
from yoriai.tools.files import ToolFiles
from yoriai.tools.tool import Result, Tool, parameters, text_of
from yoriai.types import Context

NAME = "python"
_LONGEST = 20_000
_TIMEOUT_S = 240.0  # its libraries have to load first, once in a chat
_HEAD = 20_000  # bytes of a table as text that tell its columns and encoding
_SEPARATORS = {".csv": ",", ".tsv": "\t"}
_RETRIES = 2  # of a program that failed
_TRACEBACK = 600  # characters of its end
_ENCODINGS = ("utf-8-sig", "cp932")
_DESCRIPTION = (
    "Runs Python 3 with numpy, pandas and matplotlib, without network. Variables stay. The last line's "
    "value is shown; print what you want to read; figures are shown to the user (call plt.show() or leave them "
    "open); files that are written to the working folder are offered for download. Japanese labels can be drawn."
)


def code_interpreter(kernels: Kernels, files: ToolFiles) -> Tool:
    handed: dict[str, set[str]] = {}  # chat -> ids of the files that its kernel has

    async def run(arguments: dict[str, Any], context: Context) -> Result:
        source = text_of(arguments, "code", _LONGEST)
        chat = f"{context.user.id}/{context.conversation_id or secrets.token_hex(8)}"
        try:
            kernel = await kernels.get(chat)
            has = handed.setdefault(chat, set())
            fresh = [
                each for each in await _uploads(files, context) if not kernel.is_alive or each[0] not in has
            ]
            await kernel.put([file for _, file in fresh])
            handed[chat] = has | {file_id for file_id, _ in fresh}
            outcome = await kernel.run_cell(source)
        finally:
            if not context.conversation_id:
                handed.pop(chat, None)
                await kernels.forget(chat)
        made = [(f"plot-{number}.png", png) for number, png in enumerate(outcome.plots, 1)]
        made += [(each.name, each.content) for each in outcome.files]
        is_error = bool(outcome.error or outcome.killed)
        told = f"{_told(outcome)}\n\n{await note(context)}" if is_error else _told(outcome)
        return Result(text=told.strip(), is_error=is_error, files=await files.keep(context, made))

    async def note(context: Context) -> str:
        there = await _uploads(files, context)
        if not there:
            return ""
        told = "Files in the working folder: " + " ".join(_about(file) for _, file in there)
        return f"{told} {text('tools.code_language', 'ja')}" if context.language == "ja" else told

    return Tool(
        name=NAME, description=_DESCRIPTION, is_foreign=True, timeout_s=_TIMEOUT_S, run=run, note=note,
        retries=_RETRIES,
        parameters=parameters(("code",), code={"type": "string", "maxLength": _LONGEST}),
    )  # fmt: skip


async def _uploads(files: ToolFiles, context: Context) -> list[tuple[str, CodeFile]]:
    if not context.conversation_id:
        return []
    found = []
    for each in await files.uploads(context.user, context.conversation_id):
        content = (await files.content(context.user, each.id))[1]
        found.append((each.id, CodeFile(name=each.name, content=content)))
    return found


def _about(file: CodeFile) -> str:
    """Its name and, of a table as text, how it is read and what its columns are, as a program writes them."""
    name = harmless(file.name)
    separator = _SEPARATORS.get(PurePath(file.name).suffix.lower())
    if separator is None:
        return f"{name!r}."
    for encoding in _ENCODINGS:
        try:
            head = file.content[:_HEAD].rpartition(b"\n")[0].decode(encoding).splitlines()
        except UnicodeDecodeError:
            continue
        columns = [harmless(each.strip().strip('"')) for each in head[0].split(separator)] if head else []
        options = ("" if encoding == "utf-8-sig" else f", encoding={encoding!r}") + (
            "" if separator == "," else ", sep='\\t'"
        )
        return f"df = pd.read_csv({name!r}{options}) gives the columns {columns!r}."
    return f"{name!r}."


def _told(outcome: CellOutcome) -> str:
    parts = [_fenced(outcome.text), _table(outcome.table) if outcome.table else _fenced(outcome.shown)]
    if outcome.error:
        parts.append(f"Error:\n{_fenced(outcome.error[-_TRACEBACK:])}")
    if outcome.killed:
        parts.append(f"Ended: too much {outcome.killed}. Its variables are gone.")
    elif not any(parts):
        parts.append("Nothing was printed: no number is known.")
    if outcome.plots:
        parts.append(f"[{len(outcome.plots)} figure(s) are shown to the user]")
    if outcome.files:
        parts.append("Files: " + ", ".join(each.name for each in outcome.files))
    if outcome.dropped:
        parts.append(f"[{outcome.dropped} files were too large, too many or of odd names, and are left out]")
    return "\n\n".join(filter(None, parts))


def _fenced(text: str) -> str:
    text = text.strip("\n")
    if not text:
        return ""
    fence = "`" * max(3, 1 + max((len(run) for run in _runs(text)), default=0))
    return f"{fence}\n{text}\n{fence}"


def _runs(text: str) -> list[str]:
    return [run for run in "".join(each if each == "`" else " " for each in text).split() if run]


def _table(table: Table) -> str:
    """As a Markdown table; cells can't end theirs."""
    lines = [table.columns, ("---",) * len(table.columns), *table.rows]
    drawn = "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)
    rest = table.total_rows - len(table.rows)
    return f"{drawn}\n\n({rest} more of {table.total_rows} rows)" if rest > 0 else drawn


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|")
