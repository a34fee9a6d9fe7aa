"""`yoriai arena board|import|export`: the votes of this data folder, with a running server or without one."""

from __future__ import annotations

from contextlib import aclosing
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yoriai.cli.local import with_services
from yoriai.cli.terminal import note, print_json, print_table, result, say, size
from yoriai.errors import UsageError
from yoriai.i18n.catalogue import text
from yoriai.i18n.terminal import terminal_language

if TYPE_CHECKING:
    from yoriai.arena.arena import TakenIn
    from yoriai.arena.board import Board
    from yoriai.bootstrap import Services


class TopicName(StrEnum):
    """`records.Topic`, without what importing it costs on every `--help`; a test keeps them equal."""

    CODE = "code"
    ARITHMETIC = "arithmetic"
    DOCUMENTS = "documents"
    WRITING = "writing"
    OTHER = "other"


class VotersName(StrEnum):
    """`records.Voters`."""

    EVERYONE = "everyone"
    MINE = "mine"
    HERE = "here"
    IMPORTED = "imported"


Votes = Annotated[Path, typer.Argument(metavar="FILE", help=say("arena_file"))]
AsJson = Annotated[bool, typer.Option("--json", help=say("json"))]
_COLUMNS = (
    "model", "rank", "rating", "interval", "votes", "both_bad", "openness", "size", "maker", "country", "speed",
)  # fmt: skip


def commands() -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    app.command("board", help=say("arena_board"))(board)
    app.command("import", help=say("arena_import"))(import_votes)
    app.command("export", help=say("arena_export"))(export)
    return app


def board(
    *,
    language: Annotated[str, typer.Option("--language", help=say("arena_language"))] = "",
    topic: Annotated[TopicName | None, typer.Option("--topic", help=say("arena_topic"))] = None,
    voters: Annotated[VotersName, typer.Option("--voters", help=say("arena_voters"))] = VotersName.EVERYONE,
    judge: Annotated[str, typer.Option("--judge", help=say("arena_judge"))] = "",
    group: Annotated[str, typer.Option("--group", help=say("arena_group"))] = "",
    style: Annotated[bool, typer.Option("--style", help=say("arena_style"))] = False,
    named: Annotated[bool, typer.Option("--with-named", help=say("arena_named"))] = False,
    leaks: Annotated[bool, typer.Option("--with-leaks", help=say("arena_leaks"))] = False,
    as_json: AsJson = False,
) -> None:
    wish = {
        "language": language, "topic": topic.value if topic else "", "voters": voters.value, "judge": judge,
        "group": group,
        "with_named": named, "with_leaks": leaks,
    }  # fmt: skip
    _show(with_services(lambda services: _board(services, wish, style)), as_json)


async def _board(services: Services, wish: dict[str, Any], style: bool) -> Board:
    from yoriai.bootstrap import LOCAL_OPERATOR
    from yoriai.records import VoteFilter

    if wish["group"]:
        wish["group"] = (await services.groups.named(LOCAL_OPERATOR, wish["group"])).id
    return await services.arena.board(LOCAL_OPERATOR, VoteFilter(**wish), with_style=style)


def import_votes(file: Votes, as_json: AsJson = False) -> None:
    with _opened(file, "rb") as opened:
        taken = with_services(lambda services: _take_in(services, opened))
    if as_json:
        print_json(taken)
    else:
        result(say("arena_imported", votes=taken.votes, new=taken.new))


async def _take_in(services: Services, file: Any) -> TakenIn:
    from yoriai.bootstrap import LOCAL_OPERATOR

    return await services.arena.take_in(LOCAL_OPERATOR, file)


def export(file: Votes) -> None:
    with _opened(file, "wb") as opened:
        count = with_services(lambda services: _export(services, opened))
    result(say("arena_exported", count=count, file=file))


async def _export(services: Services, file: Any) -> int:
    from yoriai.bootstrap import LOCAL_OPERATOR

    count = 0
    async with aclosing(services.arena.export(LOCAL_OPERATOR)) as lines:
        async for line in lines:
            file.write(line)
            count += 1
    return count


def _opened(path: Path, mode: str) -> Any:
    try:
        return path.open(mode)
    except OSError as error:
        raise UsageError("arena.import_unreadable", path=path, detail=error.strerror or "") from None


def _show(board: Board, as_json: bool) -> None:
    from yoriai.arena import words

    language = terminal_language()
    rows = [words.row(row) for row in board.rows]
    if as_json:
        print_json(rows)
    elif rows:
        print_table(_COLUMNS, [_cells(row) for row in rows], is_tight=True)
    for sentence in words.summary(board, language):
        note(sentence)


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    from yoriai.arena import words

    language = terminal_language()
    low, high = row["rank_low"], row["rank_high"]
    return (
        row["model"], str(low) if low == high else f"{low}–{high}", f"{row['rating']:.0f}", _interval(row),
        str(row["votes"]), str(row["both_bad"]),
        text(f"catalog.verdict_{row['openness']}", language) if row["openness"] else "",
        size(row["size_bytes"]), row["maker"], words.country(row["country"], language),
        f"{row['tokens_per_s']:.1f}" if row["tokens_per_s"] else "",
    )  # fmt: skip


def _interval(row: dict[str, Any]) -> str:
    """Open where the votes set no limit."""
    low = "…" if row["unbounded"] in {"below", "both"} else f"{row['low']:.0f}"
    high = "…" if row["unbounded"] in {"above", "both"} else f"{row['high']:.0f}"
    return f"{low}–{high}"
