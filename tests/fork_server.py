"""Makes the product's imports once and forks a `yoriai` process for every order. Not a test; run by `forking`.

An order is one message on the socket whose descriptor is the argument: arguments, environment and folder as JSON, and
with it the descriptors of stdin, stdout, stderr and of a socket that is told the process' id and then its exit code.
What a process does with its terminal's language, `yoriai.cli` reads while it is imported: each imports that itself.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import signal
import socket
import sys
from typing import Any


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    _import()
    gc.freeze()  # what is there is never looked at again, so that its pages stay shared
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers are not waited for
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1 << 20, 4)
        if not message:
            return
        if os.fork() == 0:
            control.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            if _is_process(descriptors):
                break
        for descriptor in descriptors:
            os.close(descriptor)
    _become(json.loads(message))


def _import() -> None:
    import yoriai.api.app
    import yoriai.bootstrap
    import yoriai.cli.listening
    import yoriai.web.app  # noqa: F401


def _is_process(descriptors: list[int]) -> bool:
    """Fork once more; the parent keeps the process: tells its id and its exit code, and ends."""
    *streams, told = descriptors
    process = os.fork()
    if process == 0:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        for descriptor in descriptors:
            os.close(descriptor)
        return True
    for stream in streams:
        os.close(stream)
    with socket.socket(fileno=told) as report:
        report.send(b"%d" % process)
        report.send(b"%d" % os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
    os._exit(0)


def _become(order: dict[str, Any]) -> None:
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = ["yoriai", *order["arguments"]]
    from yoriai.cli.main import build, run

    code = run(build())
    atexit._run_exitfuncs()
    sys.stdout.flush()
    os._exit(code)  # taking the interpreter apart would touch, and so copy, all that is shared


if __name__ == "__main__":
    main()
