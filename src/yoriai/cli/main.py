"""The `yoriai` command: gathers the nouns, turns errors into one line and an exit code, never a traceback.

Imports nothing heavy: `yoriai --help` must answer in 0.4 s.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Mapping
from typing import Annotated

import typer

from yoriai import __version__, errors
from yoriai.cli import (
    arena,
    ask,
    assistant,
    bench,
    chat,
    council,
    doctor,
    exams,
    group,
    kb,
    mcp,
    model,
    serve,
    token,
    tool,
    user,
    wording,
)
from yoriai.cli.terminal import note, result, say
from yoriai.errors import YoriaiError
from yoriai.i18n.catalogue import error_text
from yoriai.i18n.terminal import terminal_language

# A class that isn't named takes its branch's code.
EXIT_CODES: Mapping[type[YoriaiError], int] = {
    YoriaiError: 1,
    errors.UsageError: 2,
    errors.NotFoundError: 3,
    errors.AccessError: 4,
    errors.ResourceError: 5,
    errors.ContextOverflowError: 5,
}
INTERRUPTED = 130


def main() -> None:
    """Entry point of the console script."""
    sys.exit(run(build()))


def run(app: typer.Typer) -> int:
    """Run the command line of this process; its exit code."""
    try:
        return _command(app)
    except KeyboardInterrupt:
        return INTERRUPTED
    except YoriaiError as error:
        note(_line(error))
        return exit_code(error)
    except Exception as error:
        return _bug(error)


def _command(app: typer.Typer) -> int:
    code: object
    try:
        # A command gives nothing back, unless it ends early with a code.
        code = app(prog_name="yoriai", standalone_mode=False)
    except typer.TyperException as error:
        return wording.explain(error)
    except typer.Abort:  # Ctrl-D where something was asked
        return 1
    except SystemExit as exit_:
        # Typer's and rich's way to end when the reader left (`| head`): nothing more to say
        code = 0 if isinstance(exit_.__context__, BrokenPipeError) else exit_.code
    return code if isinstance(code, int) else int(code is not None)


def exit_code(error: YoriaiError) -> int:
    """Exit code for an error: its own class's, else that of the nearest branch above."""
    return next(EXIT_CODES[cls] for cls in type(error).__mro__ if cls in EXIT_CODES)


def build() -> typer.Typer:
    """The command tree, its texts in the terminal's language."""
    wording.install()
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # its tables cut Japanese, which has no spaces to wrap at
        help=say("help"),
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    app.command("serve", help=say("serve_help"))(serve.serve)
    app.command("chat", help=say("chat_help"))(chat.chat)
    app.command("ask", help=say("ask_help"))(ask.ask)
    app.command("bench", help=say("bench_help"))(bench.bench)
    app.command("doctor", help=say("doctor_help"))(doctor.doctor)
    app.add_typer(kb.commands(), name="kb", help=say("kb_help"))
    app.add_typer(assistant.commands(), name="assistant", help=say("assistant_help"))
    app.add_typer(council.commands(), name="council", help=say("council_help"))
    app.add_typer(exams.commands(), name="eval", help=say("eval_help"))
    app.add_typer(arena.commands(), name="arena", help=say("arena_help"))
    app.add_typer(model.commands(), name="model", help=say("model_help"))
    app.add_typer(tool.commands(), name="tool", help=say("tool_help"))
    app.add_typer(mcp.commands(), name="mcp", help=say("mcp_help"))
    app.add_typer(user.commands(), name="user", help=say("user_help"))
    app.add_typer(group.commands(), name="group", help=say("group_help"))
    app.add_typer(token.commands(), name="token", help=say("token_help"))
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        result(f"yoriai {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help=say("version"))
    ] = False,
) -> None: ...


def _line(error: YoriaiError) -> str:
    return error_text(error, terminal_language())


def _bug(error: Exception) -> int:
    from yoriai.settings import data_folder

    path = data_folder() / "logs" / "crash.log"
    kind, detail = type(error).__name__, str(error).partition("\n")[0][:300]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(traceback.format_exception(error)), "utf8", "backslashreplace")
    except OSError:
        note(say("bug_unrecorded", kind=kind, detail=detail, path=path))
    else:
        note(say("bug", kind=kind, detail=detail, path=path))
    return 1
