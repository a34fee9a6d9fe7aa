"""Forbids system calls that reading a file never needs: sockets, programs, other processes. Runs in the child only.

Linux on x86-64 and aarch64. Source: linux/seccomp.h, linux/filter.h and the tables of system calls of both.
"""

from __future__ import annotations

import ctypes
import platform
import struct
import sys

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_ALLOW, _EPERM, _ENOSYS, _KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
_LOAD, _JUMP_IF_EQUAL, _JUMP_IF_AT_LEAST, _JUMP_IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_AT_NUMBER, _AT_ARCHITECTURE, _AT_FIRST_ARGUMENT = 0, 4, 16
_CLONE_THREAD = 0x10000
_CLONE3 = 435
_X32 = 0x40000000

# socket connect accept sendto bind listen socketpair, execve execveat, ptrace process_vm_readv process_vm_writev,
# kill tkill, unshare setns mount, bpf perf_event_open userfaultfd keyctl add_key request_key, io_uring_*, pidfd_*.
# What Landlock leaves open: tgkill rt_sigqueueinfo rt_tgsigqueueinfo, chmod chown utime setxattr removexattr in all
# their forms, truncate (before its third version).
_SAME_EVERYWHERE = (424, 425, 426, 427, 434, 438, 428, 429, 430, 431, 432, 442, 452, 463, 466)
_FORBIDDEN = {
    "x86_64": (0xC000003E, 56, 302, (
        41, 42, 43, 44, 49, 50, 53, 288, 57, 58, 59, 322, 101, 310, 311, 62, 200, 272, 308, 165,
        321, 298, 323, 250, 248, 249, 175, 313, 246, 161,
        234, 129, 297, 90, 91, 268, 92, 93, 94, 260, 132, 235, 261, 280, 188, 189, 190, 197, 198, 199, 76,
    )),
    "aarch64": (0xC00000B7, 220, 261, (
        198, 203, 202, 206, 200, 201, 199, 242, 221, 281, 117, 270, 271, 129, 130, 97, 268, 40,
        280, 241, 282, 219, 217, 218, 105, 273, 104, 51,
        131, 138, 240, 52, 53, 55, 54, 88, 5, 6, 7, 14, 15, 16, 45,
    )),
}  # fmt: skip


def forbid_system_calls() -> str:
    """Install the filter; needs no_new_privs. Returns "seccomp", or "no-seccomp" where there is none."""
    known = _FORBIDDEN.get(platform.machine())
    if sys.platform != "linux" or known is None:
        return "no-seccomp"
    program = _program(*known)
    filters = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(filters))
    failed = ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_SECCOMP, _MODE_FILTER, header, 0, 0)
    return "no-seccomp" if failed else "seccomp"


def _program(architecture: int, clone: int, prlimit: int, forbidden: tuple[int, ...]) -> bytes:
    """A filter: each instruction is (code, jump if true, jump if false, operand)."""
    steps = [
        (_LOAD, 0, 0, _AT_ARCHITECTURE),
        (_JUMP_IF_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _AT_NUMBER),
        (_JUMP_IF_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _KILL),
        # The C library falls back to clone, whose flags can be looked at: threads yes, processes no.
        (_JUMP_IF_EQUAL, 0, 1, _CLONE3),
        (_RETURN, 0, 0, _ENOSYS),
    ]
    for number in (*forbidden, *_SAME_EVERYWHERE):
        steps += [(_JUMP_IF_EQUAL, 0, 1, number), (_RETURN, 0, 0, _EPERM)]
    steps += [
        # Its own limits may be asked for, those of other processes neither asked nor set.
        (_JUMP_IF_EQUAL, 0, 3, prlimit),
        (_LOAD, 0, 0, _AT_FIRST_ARGUMENT),
        (_JUMP_IF_EQUAL, 1, 0, 0),
        (_RETURN, 0, 0, _EPERM),
        (_LOAD, 0, 0, _AT_NUMBER),
        (_JUMP_IF_EQUAL, 0, 3, clone),
        (_LOAD, 0, 0, _AT_FIRST_ARGUMENT),
        (_JUMP_IF_ANY_BIT, 1, 0, _CLONE_THREAD),
        (_RETURN, 0, 0, _EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("HBBI", *step) for step in steps)
