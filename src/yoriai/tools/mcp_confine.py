"""The command that starts an MCP server without rights: no network, no files but its own program, nothing to write.

Namespaces by bubblewrap. What the server may see is where its program and its Python are installed.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from yoriai.errors import PrerequisiteError, UsageError
from yoriai.sandbox import bubblewrap

_TEMPORARY = "/tmp"  # noqa: S108 — in the jail a file system of its own, here too wide to be shown to anybody
_SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/ssl",
)
_TOO_WIDE = frozenset(
    map(Path, ("/", "/home", "/root", "/etc", "/var", _TEMPORARY, "/srv", "/opt", "/usr/local/share"))
)
_ISOLATION = (
    "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-net", "--unshare-cgroup-try",
    "--disable-userns", "--uid", "1000", "--gid", "1000", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
    "--hostname", "sandbox", "--clearenv", "--setenv", "PATH", "/usr/bin:/bin", "--setenv", "HOME", _TEMPORARY,
    "--setenv", "LANG", "C.UTF-8", "--setenv", "PYTHONDONTWRITEBYTECODE", "1",
)  # fmt: skip
# Before what is bound, or it would hide a program that stands below /tmp. The host's kernel settings would be open to a
# server that was started by root.
_BEFORE = (
    "--size",
    "33554432",
    "--tmpfs",
    _TEMPORARY,
    "--proc",
    "/proc",
    "--tmpfs",
    "/proc/sys",
    "--dev",
    "/dev",
)
_AFTER = ("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", _TEMPORARY, "--")
_SYSRQ = Path("/proc/sysrq-trigger")
_LIMITS = ("--as=4294967296", "--nproc=128", "--core=0", "--fsize=33554432", "--nofile=512", "--")


def program_of(command: Sequence[str]) -> str:
    """The file that a command starts. Raises: UsageError: there is none."""
    found = shutil.which(command[0]) if command else None
    if found is None:
        raise UsageError("tools.mcp_no_program", program=command[0] if command else "")
    return found


def confined(command: Sequence[str]) -> list[str]:
    """The same command in a jail.

    Raises:
        UsageError: no such program. PrerequisiteError: this machine can't confine it, or its program lies beside
        other people's files.
    """
    wrapper = bubblewrap.program()
    if wrapper is None:
        raise PrerequisiteError("tools.mcp_no_confinement", program=command[0])
    program = program_of(command)
    binds = ["--ro-bind", "/dev/null", str(_SYSRQ)] if _SYSRQ.exists() else []
    for each in _SYSTEM:
        path = Path(each)
        if path.is_symlink():
            binds += ["--symlink", str(path.readlink()), each]
        elif path.exists():
            binds += ["--ro-bind", each, each]
    for folder in _installed(Path(program)):
        if folder in _TOO_WIDE or folder == Path.home():
            raise PrerequisiteError("tools.mcp_too_wide", program=program, folder=str(folder))
        binds += ["--ro-bind", str(folder), str(folder)]
    script = next((each for each in command[1:] if not each.startswith("-")), "")
    if (
        script.startswith("/") and Path(script).is_file()
    ):  # what an interpreter is to run, and nothing beside it
        binds += ["--ro-bind", script, script]
    limiter = shutil.which("prlimit", path="/usr/bin:/bin")
    limits = [limiter, *_LIMITS] if limiter else []
    return [wrapper, *_ISOLATION, *_BEFORE, *binds, *_AFTER, *limits, program, *command[1:]]


def _installed(program: Path) -> list[Path]:
    """Where the program stands, and the Python below its virtual environment."""
    found = [_prefix(program)]
    settings = found[0] / "pyvenv.cfg"
    if settings.is_file():
        lines = (line.partition("=") for line in settings.read_text("utf8").splitlines())
        home = next((value.strip() for key, _, value in lines if key.strip() == "home"), "")
        if home:
            found += [_prefix(Path(home) / "python"), _prefix((Path(home) / "python3").resolve())]
    if program.resolve() != program:
        found.append(_prefix(program.resolve()))
    return [
        each
        for each in dict.fromkeys(found)
        if not any(each.is_relative_to(known) for known in map(Path, _SYSTEM))
    ]


def _prefix(program: Path) -> Path:
    return program.parent.parent if program.parent.name in {"bin", "sbin"} else program.parent
