"""Runs every attack that is over at once and prints, as JSON, what became of each: "through", or how it was refused.

The same program runs outside as the control. `targets` is put before it by `test_attacks`; standard library only.
"""

import ctypes
import errno
import json
import mmap
import os
import signal
import socket
import struct

targets = globals().get("targets", {})
libc = ctypes.CDLL(None, use_errno=True)
ATTACKS = {}


def attack(function):
    ATTACKS[function.__name__] = function
    return function


def opened(path, mode=os.O_RDONLY):
    os.close(os.open(path, mode))


def called(result):
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def refused_only_by_arguments(number, *arguments):
    """Through if the kernel looks at the arguments at all."""
    try:
        result = called(libc.syscall(number, *arguments))
        if result > 2:
            os.close(result)
    except OSError as error:
        if error.errno in (errno.EPERM, errno.ENOSYS, errno.EACCES, errno.ESRCH):
            raise


@attack
def read_secret():
    opened(targets["secret"])


@attack
def read_shadow():
    opened("/etc/shadow")


@attack
def secret_in_own_environment():
    assert "TEST_SECRET" in os.environ


@attack
def secret_in_environment_of_others():
    found = b""
    for pid in (1, os.getppid(), targets["victim"]):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                found += file.read()
        except OSError:
            continue
    assert b"TEST_SECRET" in found


def written(folder):
    path = os.path.join(folder, targets["name"])
    with open(path, "w") as file:
        file.write("x")


@attack
def write_usr():
    written("/usr")


@attack
def write_etc():
    written("/etc")


@attack
def write_var_tmp():
    written("/var/tmp")


@attack
def write_host_folder():
    written(targets["folder"])


@attack
def write_root():
    written("/")


@attack
def write_dev():
    written("/dev")


@attack
def change_mode_outside():
    os.chmod(targets["secret"], 0o600)


@attack
def connect_tcp():
    socket.create_connection(("127.0.0.1", targets["port"]), 2).close()


@attack
def connect_abstract_socket():
    with socket.socket(socket.AF_UNIX) as end:
        end.connect("\0" + targets["abstract"])


@attack
def socket_netlink():
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close()


@attack
def socket_raw():
    socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()


@attack
def socket_packet():
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()


@attack
def socket_vsock():
    socket.socket(40, socket.SOCK_STREAM).close()


@attack
def socket_alg():
    socket.socket(38, socket.SOCK_SEQPACKET).close()


@attack
def socket_udp6():
    socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).close()


@attack
def take_four_gib():
    mmap.mmap(-1, 4 * 2**30).close()


@attack
def fork_bomb():
    """Through at a hundred: the limit is 64."""
    children = []
    try:
        for _ in range(100):
            child = os.fork()
            if child == 0:
                signal.pause()
            children.append(child)
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


@attack
def signal_victim():
    os.kill(targets["victim"], 0)


@attack
def signal_product():
    os.kill(targets["product"], 0)


@attack
def trace_victim():
    called(libc.ptrace(0x4206, targets["victim"], 0, 0))  # PTRACE_SEIZE


@attack
def read_memory_of_victim():
    local, remote = ctypes.create_string_buffer(8), struct.pack("QQ", 0, 8)
    vector = struct.pack("QQ", ctypes.addressof(local), 8)
    refused_only_by_arguments(310, targets["victim"], vector, 1, remote, 1, 0)


@attack
def limit_victim():
    refused_only_by_arguments(302, targets["victim"], 7, None, ctypes.create_string_buffer(16))


@attack
def unshare_user():
    in_a_child(lambda: called(libc.unshare(0x10000000)))


@attack
def unshare_mounts():
    in_a_child(lambda: called(libc.unshare(0x00020000)))


@attack
def mount():
    def go():
        called(libc.unshare(0x00020000))
        called(libc.mount(b"none", b"/", None, 0x4000 | (1 << 18), None))

    in_a_child(go)


@attack
def chroot():
    in_a_child(lambda: called(libc.chroot(b"/usr")))


@attack
def set_namespace():
    in_a_child(lambda: called(libc.setns(os.open("/proc/self/ns/uts", os.O_RDONLY), 0)))


def in_a_child(function):
    """What it does to itself must not stay."""
    child = os.fork()
    if child == 0:
        try:
            function()
            os._exit(0)
        except OSError as error:
            os._exit(error.errno or 1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:
        raise OSError(code, os.strerror(code))


def kernel_call(name, number, *arguments):
    ATTACKS[f"call_{name}"] = lambda: refused_only_by_arguments(number, *arguments)


kernel_call("io_uring", 425, 1, None)
kernel_call("bpf", 321, 0, None, 0)
kernel_call("perf_event_open", 298, None, 0, -1, -1, 0)
kernel_call("userfaultfd", 323, 0)
kernel_call("keyctl", 250, 0, -3, 0)
kernel_call("add_key", 248, None, None, None, 0, 0)
kernel_call("init_module", 175, None, 0, None)
kernel_call("finit_module", 313, -1, None, 0)
kernel_call("kexec_load", 246, 0, 0, None, 0xFFFF)
kernel_call("fsopen", 430, b"tmpfs", 0)
kernel_call("open_tree", 428, -100, b"/", 1)
kernel_call("pidfd_open", 434, targets.get("victim", 1), 0)
for device, way in [
    ("/proc/sys/kernel/core_pattern", os.O_WRONLY), ("/proc/sys/vm/overcommit_memory", os.O_WRONLY),
    ("/proc/sysrq-trigger", os.O_WRONLY), ("/sys/fs/cgroup/cgroup.procs", os.O_WRONLY),
    ("/sys/fs/cgroup/unified/cgroup.procs", os.O_WRONLY), ("/dev/kvm", os.O_RDONLY), ("/dev/mem", os.O_RDONLY),
    ("/dev/vda", os.O_RDONLY), ("/dev/sda", os.O_RDONLY),
]:  # fmt: skip
    ATTACKS[f"open_{device}"] = lambda device=device, way=way: opened(device, way)


@attack
def find_open_descriptors():
    found = []
    for number in range(3, 256):
        try:
            os.fstat(number)
            found.append(number)
        except OSError:
            continue
    assert found, "none"


@attack
def gain_privileges():
    with open("/proc/self/status") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    assert status["NoNewPrivs"] == "0" or int(status["CapEff"], 16)


@attack
def type_into_terminal():
    import fcntl

    ours, theirs = os.openpty()
    try:
        fcntl.ioctl(theirs, 0x5412, b"x")  # TIOCSTI
    except OSError as error:
        if error.errno != errno.EIO:  # not its own terminal: the kernel looked
            raise
    finally:
        os.close(ours)
        os.close(theirs)


def outcome(function):
    try:
        function()
        return "through"
    except (OSError, MemoryError, AssertionError) as error:
        return errno.errorcode.get(getattr(error, "errno", None) or 0, type(error).__name__)


print(json.dumps({name: outcome(function) for name, function in ATTACKS.items()}))
