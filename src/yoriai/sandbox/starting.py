"""Starts jails: which command, with which user id, from which thread. Knows nothing of what they are asked.

Both profiles take the same arguments and give the same thing: a process whose standard input is what was asked for.
A jail dies with the *thread* that started it (PR_SET_PDEATHSIG), so all are started by one that lives as long as we do.
"""

from __future__ import annotations

import atexit
import compileall
import contextlib
import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from yoriai.sandbox import bubblewrap
from yoriai.sandbox.inside import frames
from yoriai.sandbox.limits import CodeLimits
from yoriai.sandbox.runtime import INSIDE, ROOT, Runtime, own_runtime, staged

Profile = Literal["bubblewrap", "landlock"]
_SOURCES = str(Path(__file__).parents[2])
_OPTIONS = ("-s", "-S", "-P", "-B", "-X", "utf8", "-c")  # no site, no current folder, no byte code
_BOOT = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from yoriai.sandbox.inside import boot; boot.main()"
_BOOT_LANDLOCKED = (
    f"import sys; sys.path.insert(0, {_SOURCES!r}); from yoriai.sandbox.inside import boot; "
    "from yoriai.sandbox.landlocked import enter; boot.main(enter)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What a jail is to do, and the descriptors it gets under the same numbers inside."""

    profile: Profile
    limits: CodeLimits
    uid: int | None  # None: our own, which is not root's
    asked: dict[str, Any]
    files: dict[str, bytes] = field(default_factory=dict)  # "work/NAME" or "matplotlib/NAME"
    descriptors: tuple[int, ...] = ()
    cpu_s: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    process: subprocess.Popen[bytes]
    info: int | None  # bubblewrap tells there who is the first process inside
    folder: Path | None  # Landlock: what it writes lies here


@functools.cache
def thread() -> ThreadPoolExecutor:
    """The one that starts every jail. It ends with this process."""
    return ThreadPoolExecutor(1, thread_name_prefix="sandbox")


@functools.cache
def runtime() -> Runtime:
    """Only from `thread`. As root its parts are put where every user id reaches them, if the system lets us."""
    own = own_runtime()
    compileall.compile_dir(
        str(INSIDE), quiet=2
    )  # a jail can't keep byte code; where we can't, it starts slower
    if os.geteuid() != 0:
        return own
    try:
        found, stage = staged(own)
    except OSError:
        return own
    atexit.register(_remove, stage)
    return found


def start(order: Order, stdout: int, stderr: int) -> Started:
    """Only from `thread`. Raises: OSError: it could not be started."""
    return (
        _bubblewrapped(order, stdout, stderr)
        if order.profile == "bubblewrap"
        else _landlocked(order, stdout, stderr)
    )


def _bubblewrapped(order: Order, stdout: int, stderr: int) -> Started:
    path = bubblewrap.program()
    if path is None:
        raise FileNotFoundError("bwrap")
    folders = {"work": bubblewrap.WORK, "matplotlib": f"{bubblewrap.TEMPORARY}/matplotlib"}
    program = bubblewrap.filter_program()
    told, tell = os.pipe()
    with _held(tell, _memory(program or b""), _memory(_input(order, folders, {}))) as (info, rules, asked):
        command = bubblewrap.call(
            path,
            runtime(),
            order.limits,
            _environment(folders),
            info=info,
            seccomp=rules if program else None,
        )
        process = _run(
            [*command, str(runtime().python), *_OPTIONS, _BOOT], order, asked, stdout, stderr, info, rules
        )
    return Started(process=process, info=told, folder=None)


def _landlocked(order: Order, stdout: int, stderr: int) -> Started:
    root = Path(tempfile.mkdtemp(prefix="yoriai-code-"))
    folders = {name: str(root / name) for name in ("work", "matplotlib", "temporary")}
    for each in (root, *map(Path, folders.values())):
        each.mkdir(exist_ok=True)
        if order.uid is not None:
            os.chown(each, order.uid, order.uid)
    parts = runtime().parts()
    python = parts[0].source / runtime().python.relative_to(parts[0].inside)
    task = {
        "uid": order.uid,
        "readable": [*(str(part.source) for part in parts), str(INSIDE)],
        "forget": _SOURCES,
    }
    with _held(_memory(_input(order, folders, {"landlock": task}))) as (asked,):
        process = _run(
            [str(python), *_OPTIONS, _BOOT_LANDLOCKED],
            order,
            asked,
            stdout,
            stderr,
            env=_environment(folders),
        )
    return Started(process=process, info=None, folder=root)


def _run(
    command: list[str], order: Order, asked: int, stdout: int, stderr: int, *further: int,
    env: dict[str, str] | None = None,
) -> subprocess.Popen[bytes]:  # fmt: skip
    drop = order.uid is not None and order.profile == "bubblewrap"  # under Landlock the child drops it itself
    return subprocess.Popen(  # noqa: S603 - a fixed command
        command, stdin=asked, stdout=stdout, stderr=stderr, pass_fds=(*order.descriptors, *further), cwd="/",
        env=env or {},  # bwrap's own environment is seen inside, in /proc/1/environ
        user=order.uid if drop else None, group=order.uid if drop else None, extra_groups=[] if drop else None,
    )  # fmt: skip


def _input(order: Order, folders: dict[str, str], further: dict[str, Any]) -> bytes:
    limits = order.limits
    is_shared = order.profile == "landlock"  # there the limit would count all processes of this user
    asked = {
        **order.asked, **further, "folders": folders,
        "packages": str(runtime().packages.source if is_shared else runtime().packages.inside),
        "limits": {
            "memory_bytes": limits.memory_bytes, "processes": 0 if is_shared else limits.processes,
            "work_bytes": limits.work_bytes, "cpu_s": order.cpu_s, "files": limits.files,
            "files_bytes": limits.files_bytes,
        },
    }  # fmt: skip
    content = [repr(asked).encode("utf8", "surrogatepass") + b"\n"]
    for name, each in order.files.items():
        content += [frames.header(name, len(each)), each]
    return b"".join(content)


def _environment(folders: dict[str, str]) -> dict[str, str]:
    return {
        "HOME": folders["work"], "TMPDIR": folders.get("temporary", bubblewrap.TEMPORARY), "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8", "PYTHONHASHSEED": "0", "MPLBACKEND": "Agg", "MPLCONFIGDIR": folders["matplotlib"],
        **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"),
    }  # fmt: skip


def _memory(content: bytes) -> int:
    """A descriptor at the beginning of what a child is to read; nothing of it is on disk."""
    descriptor = os.memfd_create("sandbox")
    with open(descriptor, "wb", closefd=False) as file:
        file.write(content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


@contextlib.contextmanager
def _held(*descriptors: int) -> Iterator[tuple[int, ...]]:
    try:
        yield descriptors
    finally:
        for each in descriptors:
            os.close(each)


def _remove(stage: Path) -> None:
    with contextlib.suppress(OSError):
        stage.rmdir()


def discard(folder: Path | None) -> None:
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
