"""How bubblewrap is called: namespaces of its own for files, processes, network, users; a filter of system calls.

Order matters: a tmpfs after a bind below it would hide that.
"""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

from yoriai.sandbox.limits import MIB, CodeLimits
from yoriai.sandbox.runtime import Runtime
from yoriai.sandbox.seccomp import is_known, program_for_namespaces

WORK = "/work"
TEMPORARY = "/tmp"  # noqa: S108 - a file system of the jail's own
_NAMESPACES = (
    "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-net", "--unshare-cgroup-try",
    "--disable-userns", "--uid", "1000", "--gid", "1000", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
    "--hostname", "sandbox", "--clearenv",
)  # fmt: skip
_SYSTEM = ("/lib", "/lib64", "/lib32", "/bin", "/sbin")
_FURTHER = ("/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/alternatives")
_SHARED = "/dev/shm"  # noqa: S108 - a file system of the jail's own
_SHARED_MEMORY_BYTES = 16 * MIB


def program() -> str | None:
    return shutil.which("bwrap", path="/usr/bin:/usr/local/bin:/bin")


def call(
    path: str,
    runtime: Runtime,
    limits: CodeLimits,
    environment: dict[str, str],
    *,
    info: int,
    seccomp: int | None,
) -> list[str]:
    """All before the command. `info` is written to: whom to kill; from `seccomp` the filter is read."""
    command = [path, *_NAMESPACES, "--info-fd", str(info)]
    for name, value in environment.items():
        command += ["--setenv", name, value]
    command += ["--ro-bind", "/usr", "/usr", *_system()]
    for each in _FURTHER:
        command += ["--ro-bind-try", each, each]
    command += [
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--size",
        str(_SHARED_MEMORY_BYTES),
        "--tmpfs",
        _SHARED,
    ]
    command += ["--size", str(limits.temporary_bytes), "--tmpfs", TEMPORARY]
    command += ["--size", str(limits.work_bytes), "--tmpfs", WORK]
    for part in runtime.parts():
        if not part.inside.is_relative_to("/usr"):
            command += ["--ro-bind", str(part.source), str(part.inside)]
    command += ["--chdir", WORK, "--remount-ro", "/dev", "--remount-ro", "/"]
    if seccomp is not None:
        command += ["--seccomp", str(seccomp)]
    return [*command, "--"]


def filter_program() -> bytes | None:
    """None: there is no filter for this kind of machine."""
    return program_for_namespaces(platform.machine()) if is_known() else None


def _system() -> Iterator[str]:
    """Links into /usr as they are on this machine, folders where they still are folders."""
    for name in _SYSTEM:
        path = Path(name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), name)
        elif path.is_dir():
            yield from ("--ro-bind", name, name)
