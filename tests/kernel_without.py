"""Source of `deny`: a kernel that lacks a thing, made with a filter that answers "no such call". Not a test itself.

The filter is real and stays with the process and its children, so it is for a process of its own.
"""

from __future__ import annotations

DENY = """
import ctypes, os, struct

def deny(what):
    prctl = {"x86_64": 157, "aarch64": 167}[os.uname().machine]
    number, first_argument = {"landlock": (444, None), "seccomp": (prctl, 22)}[what]
    steps = [(0x20, 0, 0, 0), (0x15, 0, 3 if first_argument else 1, number)]
    steps += [(0x20, 0, 0, 16), (0x15, 0, 1, first_argument)] if first_argument else []
    steps += [(0x06, 0, 0, 0x00050026), (0x06, 0, 0, 0x7FFF0000)]
    program = b"".join(struct.pack("HBBI", *step) for step in steps)
    kept = ctypes.create_string_buffer(program, len(program))
    libc = ctypes.CDLL(None)
    libc.prctl(38, 1, 0, 0, 0)
    assert not libc.prctl(22, 2, struct.pack("HxxxxxxP", len(steps), ctypes.addressof(kept)), 0, 0)
"""
