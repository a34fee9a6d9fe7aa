"""What the errands of the engine's library share: how a child hears its task, says its progress and ends.

One JSON line on stdin; on stdout lines with `done` and `total`, then one with `result`, or with `failure` and `detail`.
Runs in the child only; `engines.errand` is its other side.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

from yoriai.engines.native import MissingFunctionError

Task = Callable[[dict[str, Any]], dict[str, Any]]


class FailureError(Exception):
    """Ends the errand; the first argument says to the parent what it was, the second is for people."""


def run(task: Task) -> None:
    """Hear what to do, do it, say what came of it."""
    specification = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _say(_outcome(task, specification))
    os._exit(0)  # the library's threads and its memory need no farewell


def serve(prepare: Callable[[dict[str, Any]], Task]) -> None:
    """`prepare` hears the first line and gives what each further line is a task for. Ends with its parent."""
    tasks: list[Task] = []

    def begin(specification: dict[str, Any]) -> dict[str, Any]:
        tasks.append(prepare(specification))
        return {}

    _say(_outcome(begin, json.loads(sys.stdin.readline())))
    for line in sys.stdin if tasks else ():
        _say(_outcome(tasks[0], json.loads(line)))
    os._exit(0)


def _outcome(task: Task, specification: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"result": task(specification)}
    except FailureError as failure:
        return {"failure": failure.args[0], "detail": failure.args[1]}
    except MissingFunctionError as missing:
        return {"failure": "missing", "detail": str(missing)}
    except OSError as error:
        kind = "disk" if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG} else "file"
        return {"failure": kind, "detail": error.strerror or str(error)}


def progress(done: int, total: int) -> None:
    _say({"done": done, "total": total})


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)
