"""Runs one program in a process of its own where the jail allows processes, then gives back the files that it left."""

from __future__ import annotations

import os
import sys

from yoriai.sandbox.inside import frames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def main(asked: dict[str, Any]) -> None:
    folder, out, limits = asked["folders"]["work"], asked["out"], asked["limits"]
    if out is None:  # no processes here: the host looks into the folder itself
        run(asked["source"])
        return
    before = frames.state(folder)
    code = _in_a_child(asked["source"])
    names = frames.changed(folder, before)
    with open(out, "wb") as stream:
        for name, content in frames.contents(
            folder, names, most=limits["files"], most_bytes=limits["files_bytes"]
        ):
            frames.write(stream, name if content is not None else "", content or b"")
    os._exit(code)


def run(source: str) -> None:
    """As `python program.py` would."""
    module = type(sys)("__main__")
    module.__dict__.update(__file__="program.py", __builtins__=__builtins__)
    sys.modules["__main__"] = module
    try:
        exec(compile(source, "program.py", "exec", dont_inherit=True), module.__dict__)
    except Exception:
        import traceback

        _remember(source)
        kind, error, trace = sys.exc_info()
        while trace and trace.tb_frame.f_code.co_filename != "program.py":
            trace = trace.tb_next
        traceback.print_exception(kind, error, trace)
        sys.exit(1)


def _remember(source: str) -> None:
    """So that a traceback shows the lines."""
    import linecache

    linecache.cache["program.py"] = (len(source), None, source.splitlines(True), "program.py")


def _leave_quickly() -> None:
    """As the interpreter would, without taking everything apart first."""
    import atexit

    if "threading" in sys.modules:
        sys.exit(0)  # it has to wait for threads
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _in_a_child(source: str) -> int:
    child = os.fork()
    if child == 0:
        os.closerange(3, 256)
        run(source)
        _leave_quickly()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return 128 + os.WTERMSIG(status)
    return os.WEXITSTATUS(status)
