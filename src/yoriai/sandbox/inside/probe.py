# A program for a jail: leaves a file (the control), makes five attacks, says which of them went through.
# `targets` is put before it by `sandbox.levels`. Everything else that it needs it does without packages.
import json
import os
import socket


def goes_through(attack):
    try:
        return bool(attack())
    except OSError:
        return False


def read():
    with open(targets["secret"]) as file:
        return file.read()


def connect():
    with socket.create_connection(("127.0.0.1", targets["port"]), 2):
        return True


def environment():
    found = b""
    for process in (1, os.getppid(), targets["pid"]):
        try:
            with open(f"/proc/{process}/environ", "rb") as file:
                found += file.read()
        except OSError:
            continue
    return any(name.encode() in found for name in ("YORIAI_", "SSH_", "USER="))


def kernel():
    with open("/proc/sys/kernel/core_pattern", "r+"):
        return True


def namespace():
    import ctypes

    return ctypes.CDLL(None).unshare(0x10000000) == 0  # CLONE_NEWUSER


attacks = (read, connect, environment, kernel, namespace)
with open("control.txt", "w") as file:
    file.write("control")
print(json.dumps({attack.__name__: goes_through(attack) for attack in attacks}))
