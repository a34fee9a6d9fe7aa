"""What a child in the jail can do, and the same tried outside of it: an attack that fails anyway proves nothing."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from yoriai.sandbox.limits import Limits

_ATTEMPTS = """
import ctypes, json, mmap, os, resource, socket, sys, threading
from yoriai.sandbox.jail import enter

secret, folder, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
held = enter(json.loads(sys.argv[4])) if len(sys.argv) > 4 else []

def attempt(action):
    try:
        action()
        return "done"
    except (OSError, MemoryError, RuntimeError) as error:
        return "refused"

NUMBERS = {"x86_64": {"tgkill": 234}, "aarch64": {"tgkill": 131}}
libc = ctypes.CDLL(None, use_errno=True)

def called(name, *arguments):
    if libc.syscall(NUMBERS[os.uname().machine][name], *arguments) < 0:
        raise OSError(ctypes.get_errno(), name)

def send():
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", port))

def thread():
    each = threading.Thread(target=print, args=("",), kwargs={"end": ""})
    each.start()
    each.join()

attempts = {
    "read a secret": lambda: open(secret).read(),
    "read the parent's environment": lambda: open(f"/proc/{os.getppid()}/environ", "rb").read(),
    "write": lambda: open(os.path.join(folder, "new"), "w").write("x"),
    "connect": lambda: socket.create_connection(("127.0.0.1", port), 2).close(),
    "send a datagram": send,
    "run a program": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    "become another process": lambda: os._exit(0) if os.fork() == 0 else os.wait(),
    "end the parent": lambda: os.kill(os.getppid(), 0),
    "end a thread of the parent": lambda: called("tgkill", os.getppid(), os.getppid(), 0),
    "limit the parent": lambda: resource.prlimit(os.getppid(), resource.RLIMIT_CORE),
    "open a file to everybody": lambda: os.chmod(secret, 0o666),
    "change a file's time": lambda: os.utime(secret, (0, 0)),
    "name a file's owner": lambda: os.chown(secret, os.getuid(), os.getgid()),
    "cut a file": lambda: os.truncate(secret, 3),
    "ask for its own limits": lambda: resource.getrlimit(resource.RLIMIT_CORE),
    "take 8 GiB": lambda: mmap.mmap(-1, 8 * 2**30).close(),
    "start a thread": thread,
    "read its own program": lambda: open(os.__file__).read(),
}
print(json.dumps({"held": held, "found": {name: attempt(action) for name, action in attempts.items()}}))
"""
ALLOWED = {"start a thread", "read its own program", "ask for its own limits"}


def attempts(folder: Path, *, jailed: bool) -> dict[str, str]:
    secret = folder / "yoriai.db"
    secret.write_text("conversations")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        command = [sys.executable, "-c", _ATTEMPTS, str(secret), str(folder), port]
        command += [json.dumps(asdict(Limits()))] if jailed else []
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    said = json.loads(done.stdout)
    if jailed and said["held"] != ["rlimits", "landlock-tcp", "seccomp"]:
        pytest.skip(f"this system can't jail fully: {said['held']}")
    return dict(said["found"])


def test_a_jailed_process_reads_its_program_and_little_else(tmp_path: Path) -> None:
    free = attempts(tmp_path, jailed=False)
    assert set(free.values()) == {"done"}, "the control: outside everything works"
    jailed = attempts(tmp_path, jailed=True)
    assert {name for name, result in jailed.items() if result == "done"} == ALLOWED
