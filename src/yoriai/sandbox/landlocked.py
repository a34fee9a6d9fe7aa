"""Second choice: gives up rights from within, with Landlock and a filter of system calls, where namespaces are blocked.

Runs in the child before `inside.boot`. No other process can be started from then on; that alone keeps off fork bombs
and survivors. `sandbox.starting` makes the call.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

from yoriai.engines.confine import confine
from yoriai.sandbox.seccomp import forbid_for_code

TYPE_CHECKING = False  # `typing` takes 5 ms of each start
if TYPE_CHECKING:
    from typing import Any

_RUNTIME = ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime",
            "/etc/mime.types", "/usr/share", "/usr/local/share/fonts", "/proc/self", "/proc/cpuinfo", "/proc/meminfo",
            "/sys/devices/system/cpu")  # fmt: skip
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_EXIT_UNPROTECTED = 97


def enter(asked: dict[str, Any]) -> None:
    """Ends the process rather than go on with less than everything."""
    task = asked["landlock"]
    importlib.import_module(f"yoriai.sandbox.inside.{asked['mode']}")  # while it can still be read
    if task["uid"]:
        os.setgroups([])
        os.setresgid(task["uid"], task["uid"], task["uid"])
        os.setresuid(task["uid"], task["uid"], task["uid"])
    os.setsid()
    os.umask(0o077)
    held = confine(
        [Path(path) for path in task["readable"]],
        None,
        _RUNTIME,
        devices=_DEVICES,
        writable=[Path(path) for path in asked["folders"].values()],
    )
    if held != "landlock-tcp" or os.getuid() == 0 or not forbid_for_code():
        os._exit(_EXIT_UNPROTECTED)
    sys.path[:] = [path for path in sys.path if path != task["forget"]]
