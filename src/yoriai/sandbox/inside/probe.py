"""A program for a jail: leaves a file (the control), makes five attacks, says which of them went through.

`sandbox.levels` calls `main` at its end, with what is to be attacked.
"""

import json
import os
import socket
from collections.abc import Callable
from typing import Any


def main(targets: dict[str, Any]) -> None:
    attacks: dict[str, Callable[[], bool]] = {
        "read": lambda: read(targets["secret"]),
        "connect": lambda: connect(targets["port"]),
        "environment": lambda: environment(targets["pid"]),
        "kernel": kernel,
        "namespace": namespace,
    }
    with open("control.txt", "w") as file:
        file.write("control")
    print(json.dumps({name: goes_through(attack) for name, attack in attacks.items()}))


def goes_through(attack: Callable[[], bool]) -> bool:
    try:
        return attack()
    except OSError:
        return False


def read(path: str) -> bool:
    with open(path) as file:
        return bool(file.read())


def connect(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), 2):
        return True


def environment(pid: int) -> bool:
    """Whether anything of a person's environment is seen, wherever it may be."""
    found = b""
    for process in (1, os.getppid(), pid):
        try:
            with open(f"/proc/{process}/environ", "rb") as file:
                found += file.read()
        except OSError:
            continue
    return any(name in found for name in (b"YORIAI_", b"SSH_", b"USER="))


def kernel() -> bool:
    """On another than the jail's behalf: it would run a program of the attacker's choice as root."""
    with open("/proc/sys/kernel/core_pattern", "r+"):
        return True


def namespace() -> bool:
    import ctypes

    return bool(ctypes.CDLL(None).unshare(0x10000000) == 0)  # CLONE_NEWUSER
