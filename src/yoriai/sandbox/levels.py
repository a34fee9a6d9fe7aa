"""How well this machine can keep a stranger's code apart, found out by trying it; and what would mend it.

A profile is used only if a program in it works (the control) and each attack that the program makes fails.
"""

from __future__ import annotations

import json
import os
import platform
import socket
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from yoriai.engines.confine import landlock_version
from yoriai.sandbox import bubblewrap
from yoriai.sandbox.limits import CodeLimits
from yoriai.sandbox.running import CodeOutcome, Program, run_program
from yoriai.sandbox.runtime import INSIDE
from yoriai.sandbox.seccomp import is_known
from yoriai.sandbox.starting import Profile

Level = Literal["strong", "namespaces", "landlock", "off"]
ATTACKS = ("read", "connect", "environment", "kernel", "namespace")
_LEAST_LANDLOCK = 4  # TCP; what later versions add is forbidden by the filter of system calls
_LIMITS = CodeLimits(wall_s=30, output_bytes=65536, files=1, files_bytes=65536)


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """`reason` is a text of the catalogue: why it isn't better and how to mend it; None at level strong."""

    level: Level
    profile: Profile | None  # None: no code is run
    reason: str | None = None
    detail: str = ""  # what the system said


async def examine(isolation: str, uid: int | None) -> Standing:
    """Try the profiles that the settings allow, the stronger first. Never raises."""
    if isolation == "off":
        return Standing(level="off", profile=None, reason="sandbox.turned_off")
    if sys.platform != "linux":
        return Standing(level="off", profile=None, reason="sandbox.other_system", detail=platform.system())
    failure: tuple[str, str] | None = None
    for profile in _PROFILES[isolation]:
        found = _missing(profile) or await _try(profile, uid)
        if found is None:
            return _standing(profile, failure)
        failure = failure or found
    assert failure is not None
    return Standing(level="off", profile=None, reason=failure[0], detail=failure[1])


_PROFILES: dict[str, tuple[Profile, ...]] = {
    "auto": ("bubblewrap", "landlock"), "bubblewrap": ("bubblewrap",), "landlock": ("landlock",),
}  # fmt: skip


def _standing(profile: Profile, failure: tuple[str, str] | None) -> Standing:
    reason, detail = failure or (None, "")
    if profile == "landlock":
        return Standing(level="landlock", profile=profile, reason=reason or "sandbox.chosen", detail=detail)
    if not is_known():
        return Standing(
            level="namespaces", profile=profile, reason="sandbox.no_filter", detail=platform.machine()
        )
    return Standing(level="strong", profile=profile)


def _missing(profile: Profile) -> tuple[str, str] | None:
    if profile == "bubblewrap":
        return None if bubblewrap.program() else ("sandbox.no_bubblewrap", "")
    if landlock_version() < _LEAST_LANDLOCK or not is_known():
        return "sandbox.old_kernel", platform.release()
    return None


async def _try(profile: Profile, uid: int | None) -> tuple[str, str] | None:
    """None: the control works and every attack fails."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as server:
        secret = Path(folder) / "secret"
        secret.write_text("secret")
        targets = {"secret": str(secret), "port": server.getsockname()[1], "pid": os.getpid()}
        source = (INSIDE / "probe.py").read_text("utf8") + f"\nmain({targets!r})\n"
        try:
            outcome = await run_program(profile, uid, Program(source=source, files={}, limits=_LIMITS))
        except OSError as error:
            return _blocked(profile), error.strerror or str(error)
    return _judged(profile, outcome)


def _judged(profile: Profile, outcome: CodeOutcome) -> tuple[str, str] | None:
    try:
        found = json.loads(outcome.stdout)
        passed = [name for name in ATTACKS if found[name] is not False]
    except (ValueError, KeyError, TypeError):
        return _blocked(profile), _said(outcome)
    if [file.content for file in outcome.files] != [b"control"]:
        return "sandbox.no_files", _said(outcome)
    return ("sandbox.not_tight", ", ".join(passed)) if passed else None


def _said(outcome: CodeOutcome) -> str:
    lines = [line for line in outcome.stderr.splitlines() if line.strip()]
    return lines[-1][:200] if lines else outcome.killed or f"exit code {outcome.exit_code}"


def _blocked(profile: Profile) -> str:
    """Why a jail didn't start, as far as this machine's settings tell."""
    if profile == "landlock":
        return "sandbox.not_started"
    if _holds("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"):
        return "sandbox.apparmor"
    no_clone = _holds("/proc/sys/kernel/unprivileged_userns_clone", "0")
    if no_clone or _holds("/proc/sys/user/max_user_namespaces", "0"):
        return "sandbox.no_user_namespaces"
    is_container = Path("/.dockerenv").exists() or Path("/run/.containerenv").exists()
    return "sandbox.container" if is_container else "sandbox.not_started"


def _holds(path: str, value: str) -> bool:
    try:
        return Path(path).read_text("ascii").strip() == value
    except OSError:
        return False
