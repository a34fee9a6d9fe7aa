"""First thing in a jail: sets the last limits and hands over to what was asked for. Knows no other file of Yoriai.

`sandbox.starting` makes the call. Standard input is what is asked for, one Python literal, then files. Each import
here is paid for at every start; `json`, `typing` and `pathlib` would take 20 ms.
"""

from __future__ import annotations

import builtins
import os
import sys
from _sitebuiltins import Quitter  # `site`, which would make these, takes 10 ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_ROOM_FOR_LIBRARIES = 2**30  # mapped, not used


def main(give_up_rights: Callable[[dict[str, Any]], None] | None = None) -> None:
    with open(0, "rb", closefd=False) as stream:
        asked = eval(stream.readline().decode("utf8", "surrogatepass"))  # the host's own words
        if give_up_rights:
            give_up_rights(asked)
        limit(asked["limits"])
        _place(stream, asked["folders"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    builtins.exit, builtins.quit = Quitter("exit", "Ctrl-D"), Quitter("quit", "Ctrl-D")
    sys.argv = [""]
    sys.path += [asked["packages"], os.path.join(os.path.dirname(__file__), "stubs")]
    os.chdir(asked["folders"]["work"])
    name = f"yoriai.sandbox.inside.{asked['mode']}"
    __import__(name)
    sys.modules[name].main(asked)


def _place(stream: Any, folders: dict[str, str]) -> None:
    from yoriai.sandbox.inside import frames

    for name, content in frames.read(stream):
        folder, _, rest = name.partition("/")
        os.makedirs(folders[folder], exist_ok=True)
        with open(os.path.join(folders[folder], rest), "wb") as file:
            file.write(content)


def limit(limits: dict[str, int]) -> None:
    """Counted within this user namespace: outside of it other processes of the user would count too."""
    import resource

    wanted = {
        resource.RLIMIT_AS: limits["memory_bytes"] + _ROOM_FOR_LIBRARIES,
        resource.RLIMIT_FSIZE: limits["work_bytes"],
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 65536,
    }
    if limits["processes"]:
        wanted[resource.RLIMIT_NPROC] = limits["processes"]
    if limits["cpu_s"]:
        wanted[resource.RLIMIT_CPU] = limits["cpu_s"]
    for kind, most in wanted.items():
        hard = resource.getrlimit(kind)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (least, least))
