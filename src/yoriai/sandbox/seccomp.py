"""Filters of system calls: for what reads a document, for code in namespaces, for code under Landlock alone.

Linux on x86-64 and aarch64. Source: linux/seccomp.h, linux/filter.h, linux/audit.h.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterable

from yoriai.sandbox.system_calls import number

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_EPERM, _ENOSYS, _EAFNOSUPPORT = 1, 38, 97
_LOAD, _AND, _RETURN = 0x20, 0x54, 0x06
_EQUAL, _AT_LEAST, _ANY_BIT = 0x15, 0x35, 0x45
_AT_NUMBER, _AT_ARCHITECTURE = 0, 4
_X32 = 0x40000000
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CLONE_THREAD, _CLONE_NEW_ANYTHING = 0x10000, 0x7E020000
_AF_UNIX, _SOCK_STREAM, _SOCK_TYPE = 1, 1, 0xF
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C

_KERNEL = (
    "ptrace", "process_vm_readv", "process_vm_writev", "unshare", "setns", "mount", "chroot", "bpf",
    "perf_event_open", "userfaultfd", "keyctl", "add_key", "request_key", "init_module", "finit_module",
    "kexec_load", "pidfd_send_signal", "io_uring_setup", "io_uring_enter", "io_uring_register", "pidfd_open",
    "pidfd_getfd", "open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "mount_setattr",
)  # fmt: skip
_RARE = (
    "umount2", "pivot_root", "fspick", "delete_module", "kexec_file_load", "acct", "swapon", "swapoff", "reboot",
    "syslog", "quotactl", "quotactl_fd", "open_by_handle_at", "name_to_handle_at", "kcmp", "move_pages",
    "migrate_pages", "iopl", "ioperm", "process_madvise", "process_mrelease",
)  # fmt: skip
_PROGRAMS = ("fork", "vfork", "execve", "execveat", "kill", "tkill")
_SOCKETS = ("socket", "connect", "accept", "sendto", "bind", "listen", "socketpair", "accept4")
# What Landlock leaves open of files: their modes, owners, times and attributes; `truncate` before its third version.
_ATTRIBUTES = (
    "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "lchown", "fchown", "fchownat", "setxattr", "lsetxattr",
    "fsetxattr", "setxattrat", "removexattr", "lremovexattr", "fremovexattr", "removexattrat", "utime", "utimes",
    "futimesat", "utimensat", "truncate",
)  # fmt: skip
_SIGNALS = ("rt_sigqueueinfo", "rt_tgsigqueueinfo")
# What only a namespace of its own would keep off other processes of the same user.
_SHARED = (
    "connect", "bind", "listen", "sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr",
    "setpriority", "ioprio_set", "shmget", "shmat", "shmctl", "msgget", "msgsnd", "msgrcv", "msgctl", "semget",
    "semop", "semctl", "semtimedop", "mq_open", "mq_unlink",
)  # fmt: skip

Step = tuple[int, int, int, int]  # code, jump if true, jump if false, operand


def forbid_system_calls() -> str:
    """For a process that reads a document: no sockets, no programs. Returns "seccomp", or "no-seccomp"."""
    if not is_known():
        return "no-seccomp"
    machine = _machine()
    steps = [
        *_refused((*_PROGRAMS, *_SOCKETS, *_KERNEL, *_ATTRIBUTES, *_SIGNALS, "tgkill"), machine),
        # Its own limits may be asked for, those of other processes neither asked nor set.
        *_when("prlimit64", machine, [(_EQUAL, 1, 0, 0)]),
        *_only_threads(machine),
    ]
    return "seccomp" if _install(_program(steps, machine)) else "no-seccomp"


def forbid_for_code() -> bool:
    """For code under Landlock alone: no processes but this one, no sockets but pairs, nothing that others share."""
    if not is_known():
        return False
    machine, own = _machine(), os.getpid()
    steps = [
        *_refused((*_PROGRAMS, *_SHARED, *_ATTRIBUTES, *_SIGNALS, *_KERNEL, *_RARE), machine),
        *_refused(("socket",), machine, _EAFNOSUPPORT),
        *_when("socketpair", machine, [(_AND, 0, 0, _SOCK_TYPE), (_EQUAL, 1, 0, _SOCK_STREAM)], argument=1),
        *_when("tgkill", machine, [(_EQUAL, 1, 0, own)]),
        *_when("prlimit64", machine, [(_EQUAL, 2, 0, 0), (_EQUAL, 1, 0, own)]),
        *_no_terminal_input(machine),
        *_only_threads(machine),
    ]
    return _install(_program(steps, machine))


def program_for_namespaces(machine: str) -> bytes:
    """For code that bubblewrap has put into namespaces of its own; bubblewrap installs it."""
    steps = [
        *_refused((*_KERNEL, *_RARE), machine),
        *_when("socket", machine, [(_EQUAL, 1, 0, _AF_UNIX)], error=_EAFNOSUPPORT),
        *_when("clone", machine, [(_ANY_BIT, 0, 1, _CLONE_NEW_ANYTHING)]),
        *_no_terminal_input(machine),
    ]
    return _program(steps, machine)


def is_known() -> bool:
    """Whether there are filters for this machine."""
    return sys.platform == "linux" and _machine() in _ARCHITECTURES


def _machine() -> str:
    return os.uname().machine if hasattr(os, "uname") else ""


def _program(steps: Iterable[Step], machine: str) -> bytes:
    head: list[Step] = [
        (_LOAD, 0, 0, _AT_ARCHITECTURE),
        (_EQUAL, 1, 0, _ARCHITECTURES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _AT_NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _KILL),
        # The C library falls back to clone, whose flags can be looked at.
        *_refused(("clone3",), machine, _ENOSYS),
    ]
    return b"".join(struct.pack("HBBI", *step) for step in (*head, *steps, (_RETURN, 0, 0, _ALLOW)))


def _refused(names: Iterable[str], machine: str, error: int = _EPERM) -> list[Step]:
    numbers = (number(name, machine) for name in names)
    return [
        step
        for each in numbers
        if each is not None
        for step in ((_EQUAL, 0, 1, each), (_RETURN, 0, 0, _ERRNO | error))
    ]


def _when(
    name: str, machine: str, tests: list[Step], *, argument: int = 0, error: int = _EPERM
) -> list[Step]:
    """One call is let through when its argument passes: the last test jumps over the refusal that follows it."""
    called = number(name, machine)
    assert called is not None
    inner: list[Step] = [
        (_LOAD, 0, 0, 16 + 8 * argument),
        *tests,
        (_RETURN, 0, 0, _ERRNO | error),
        (_LOAD, 0, 0, _AT_NUMBER),
    ]
    return [(_EQUAL, 0, len(inner), called), *inner]


def _only_threads(machine: str) -> list[Step]:
    return _when("clone", machine, [(_ANY_BIT, 1, 0, _CLONE_THREAD)])


def _no_terminal_input(machine: str) -> list[Step]:
    tests: list[Step] = [(_EQUAL, 1, 0, _TIOCSTI), (_EQUAL, 0, 1, _TIOCLINUX)]
    return _when("ioctl", machine, tests, argument=1)


def _install(program: bytes) -> bool:
    """Needs no_new_privs."""
    filters = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(filters))
    return not ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_SECCOMP, _MODE_FILTER, header, 0, 0)
