"""Takes rights away from a process before it opens a weights file or a document. Runs in the child only.

Linux: dies with its parent, no new privileges, and Landlock: reads the runtime and the model's folder, writes
nowhere but devices, opens no outgoing TCP connection, listens on one port that the kernel picks. Elsewhere, or on
an older kernel, what is missing is reported and the child still runs with an empty environment and no secrets.
Source of the system-call numbers and structures: linux/landlock.h, Documentation/userspace-api/landlock.rst.
"""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_RULE_PATH, _RULE_PORT = 1, 2
_FS_EXECUTE, _FS_READ_FILE, _FS_READ_DIR, _FS_WRITE_FILE, _FS_IOCTL_DEV = (
    1 << 0,
    1 << 2,
    1 << 3,
    1 << 1,
    1 << 15,
)
_FS_REMOVE_DIR, _FS_REMOVE_FILE, _FS_MAKE_DIR, _FS_MAKE_REG, _FS_REFER, _FS_TRUNCATE = (
    1 << 4,
    1 << 5,
    1 << 7,
    1 << 8,
    1 << 13,
    1 << 14,
)
_NET_BIND, _NET_CONNECT = 1 << 0, 1 << 1
_SCOPE_ABSTRACT_SOCKETS, _SCOPE_SIGNALS = 1 << 0, 1 << 1
_RUNTIME = ("/usr", "/lib", "/lib64", "/bin", "/opt", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/OpenCL",
            "/etc/vulkan", "/proc", "/sys")  # fmt: skip


_Rules = dict[str, list[Path]]  # readable, devices, writable: what is allowed in each


def landlock_version() -> int:
    """Of this kernel's interface; 0: it has none."""
    if sys.platform != "linux":
        return 0
    return max(0, int(ctypes.CDLL(None, use_errno=True).syscall(_CREATE_RULESET, None, 0, 1)))


def confine(
    readable: Iterable[Path],
    port: int | None,
    runtime: Iterable[str] = _RUNTIME,
    *,
    devices: Iterable[str] = ("/dev",),
    writable: Iterable[Path] = (),
) -> str:
    """Drop rights.

    Args:
        readable: further folders or files to read.
        port: the port to listen on, 0 for any free one, None for none at all.
        runtime: what of the system can be read.
        devices: what of /dev can be read and written.
        writable: folders in which ordinary files and folders can be made, changed and removed.

    Returns what holds: "landlock-tcp", "landlock" (files only) or "none".
    """
    _no_core_dump()
    if sys.platform != "linux":
        return "none"
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    rules = {
        "readable": [Path(p) for p in runtime] + list(readable),
        "devices": [Path(p) for p in devices],
        "writable": list(writable),
    }
    return _landlock(libc, rules, port)


def _no_core_dump() -> None:
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _landlock(libc: ctypes.CDLL, rules: _Rules, port: int | None) -> str:
    version = landlock_version()
    if version < 1:
        return "none"
    # Bits 0…12 exist since version 1, REFER since 2, TRUNCATE since 3, IOCTL_DEV since 5; TCP since 4, scopes since 6.
    handled = (1 << 13) - 1
    handled |= _FS_REFER if version >= 2 else 0
    handled |= _FS_TRUNCATE if version >= 3 else 0
    handled |= _FS_IOCTL_DEV if version >= 5 else 0
    network = _NET_BIND | _NET_CONNECT if version >= 4 else 0
    scoped = _SCOPE_ABSTRACT_SOCKETS | _SCOPE_SIGNALS if version >= 6 else 0
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = libc.syscall(
        _CREATE_RULESET, struct.pack("QQQ", handled, network, scoped)[:size], ctypes.c_size_t(size), 0
    )
    if ruleset < 0:
        return "none"
    _allow_paths(libc, ruleset, rules, handled)
    if network and port is not None:
        libc.syscall(_ADD_RULE, ruleset, _RULE_PORT, struct.pack("QQ", _NET_BIND, port), 0)
    failed = libc.syscall(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
    if failed:
        return "none"
    return "landlock-tcp" if network else "landlock"


def _allow_paths(libc: ctypes.CDLL, ruleset: int, rules: _Rules, handled: int) -> None:
    read = _FS_EXECUTE | _FS_READ_FILE | _FS_READ_DIR
    for path in rules["readable"]:
        _allow_path(libc, ruleset, path, read if path.is_dir() else read & ~_FS_READ_DIR)
    for path in rules["devices"]:
        use = read | _FS_WRITE_FILE | (handled & _FS_IOCTL_DEV)
        _allow_path(libc, ruleset, path, use if path.is_dir() else use & ~_FS_READ_DIR)
    change = _FS_WRITE_FILE | _FS_REMOVE_DIR | _FS_REMOVE_FILE | _FS_MAKE_DIR | _FS_MAKE_REG
    change |= handled & (_FS_REFER | _FS_TRUNCATE)
    for path in rules["writable"]:
        _allow_path(libc, ruleset, path, (read & ~_FS_EXECUTE) | change)


def _allow_path(libc: ctypes.CDLL, ruleset: int, path: Path, access: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    libc.syscall(_ADD_RULE, ruleset, _RULE_PATH, struct.pack("=Qi", access, descriptor), 0)
    os.close(descriptor)
