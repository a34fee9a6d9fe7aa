"""What an attacker tries in a jail, and the same outside: an attack that fails there too proves nothing.

Numbers are those of the list of attacks in docs/decisions/0022-sandbox.md.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from jailing import Jails, named
from yoriai.sandbox.limits import MIB

_SOURCE = (Path(__file__).parent / "attacks.py").read_text("utf8")
_SECRET = {"TEST_SECRET": "of a person"}
_IS_ROOT = os.geteuid() == 0
# What the machine that runs this test may not have, or only root may do there.
_NOT_EVERYWHERE = {
    "read_shadow", "write_usr", "write_etc", "write_root", "write_dev", "socket_raw", "socket_packet", "socket_vsock",
    "socket_alg", "socket_udp6", "trace_victim", "unshare_user", "unshare_mounts", "mount", "chroot", "set_namespace",
    "call_io_uring", "call_bpf", "call_perf_event_open", "call_userfaultfd", "call_init_module", "call_finit_module",
    "call_kexec_load", "call_fsopen", "call_open_tree", "call_keyctl", "call_add_key", "type_into_terminal",
    "secret_in_environment_of_others", "read_memory_of_victim",
}  # fmt: skip


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, object]]:
    folder = tmp_path_factory.mktemp("host")
    (folder / "yoriai.db").write_text("conversations")
    victim = subprocess.Popen(["sleep", "600"], env={**os.environ, **_SECRET})
    name = f"yoriai-test-{os.getpid()}"
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind(f"\0{name}")
        abstract.listen(8)
        yield {
            "secret": str(folder / "yoriai.db"), "victim": victim.pid, "name": name, "folder": str(folder),
            "port": server.getsockname()[1], "abstract": name, "product": os.getpid(),
        }  # fmt: skip
    victim.kill()
    victim.wait()


def _clean(name: str, folder: str) -> list[str]:
    """Remove what a control wrote. Returns where something was."""
    found = []
    for each in ("/usr", "/etc", "/var/tmp", "/", "/dev", folder):
        with suppress(OSError):
            (Path(each) / name).unlink()
            found.append(each)
    return found


@pytest.fixture(scope="module")
def control(targets: dict[str, object]) -> dict[str, str]:
    reading, writing = os.pipe()
    program = Path(str(targets["folder"])) / "attacks.py"
    program.write_text(f"targets = {targets!r}\n{_SOURCE}")
    done = subprocess.run(
        [sys.executable, str(program)], capture_output=True, check=True, env={**os.environ, **_SECRET},
        pass_fds=(reading,), timeout=60,
    )  # fmt: skip
    os.close(reading)
    os.close(writing)
    _clean(str(targets["name"]), str(targets["folder"]))
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def inside(jails: Jails, targets: dict[str, object], control: dict[str, str]) -> dict[str, str]:
    leaking, writing = os.pipe()
    os.set_inheritable(leaking, True)
    os.environ.update(_SECRET)
    outcome = jails.run(f"targets = {targets!r}\n{_SOURCE}")
    del os.environ["TEST_SECRET"]
    os.close(leaking)
    os.close(writing)
    assert outcome.exit_code == 0, outcome
    assert outcome.seconds < 10
    return dict(json.loads(outcome.stdout))


def test_outside_every_attack_goes_through(control: dict[str, str]) -> None:  # the control
    failed = {name: result for name, result in control.items() if result != "through"}
    needs_device = {name for name in failed if name.startswith("open_")}
    assert set(failed) - needs_device <= _NOT_EVERYWHERE, failed
    if _IS_ROOT:
        assert len(control) - len(failed) > 40, failed


def test_inside_none_goes_through(
    inside: dict[str, str], control: dict[str, str]
) -> None:  # 1 to 8, 14 to 18, 21, 22
    assert inside.keys() == control.keys()
    assert {name for name, result in inside.items() if result == "through"} == set()


def test_nothing_was_written_on_the_host(inside: dict[str, str], targets: dict[str, object]) -> None:  # 3
    assert _clean(str(targets["name"]), str(targets["folder"])) == []
    assert Path(str(targets["secret"])).read_text() == "conversations"


def test_no_address_of_the_internet_can_even_be_made(inside: dict[str, str]) -> None:  # 4, 6
    kinds = {
        name: result for name, result in inside.items() if name.startswith("socket_") or name == "connect_tcp"
    }
    assert set(kinds.values()) == {"EAFNOSUPPORT"}, kinds


def test_a_tool_of_the_kernel_is_refused_rather_than_missing(
    inside: dict[str, str], control: dict[str, str]
) -> None:  # 16
    calls = {name for name in inside if name.startswith("call_") and control[name] == "through"}
    assert calls
    assert {inside[name] for name in calls} == {"EPERM"}


def test_eight_children_share_one_limit(jails: Jails) -> None:  # 9
    source = """
import os, time
for _ in range(8):
    if os.fork() == 0:
        held = bytearray(b"x" * ({size} * 2**20)); time.sleep(5); os._exit(0)
{wait}
print("held")
"""
    if jails.profile == "landlock":
        outcome = jails.run(source.format(size=10, wait=""))
        assert "PermissionError" in outcome.stderr  # there are no children
        return
    waits = "for _ in range(8): os.wait()"
    start = time.monotonic()
    assert jails.run(source.format(size=400, wait=waits)).killed == "memory"
    assert time.monotonic() - start < 10
    control = jails.run(source.replace("sleep(5)", "sleep(0)").format(size=10, wait=waits))
    assert control.stdout == "held\n"


def test_no_folder_takes_more_than_its_room(jails: Jails) -> None:  # 10
    source = """
import os, tempfile
def fill(folder, most, files=1):
    written = 0
    try:
        for number in range(files):
            with open(os.path.join(folder, f"big{number}"), "wb", 0) as file:
                while file.tell() < most:
                    written += file.write(bytes(2**20))
    except OSError as error:
        print(folder, error.strerror, written // 2**20, flush=True)
        return written
    print(folder, "wrote all", written // 2**20, flush=True)
    for number in range(files):
        os.unlink(os.path.join(folder, f"big{number}"))
    return written
fill(".", 2**20)
assert fill(".", 700 * 2**20) < 200 * 2**20
for name in ("big0",):
    os.path.exists(name) and os.unlink(name)
assert fill(tempfile.gettempdir(), 700 * 2**20) < 200 * 2**20
os.path.isdir("/dev/shm") and fill("/dev/shm", 700 * 2**20)
fill(".", 50 * 2**20, files=20)
"""
    outcome = jails.run(source)
    assert "wrote all 1\n" in outcome.stdout, outcome  # the control: a little is fine
    assert "wrote all 1000" not in outcome.stdout
    assert "wrote all 700" not in outcome.stdout
    assert outcome.killed == "disk" or outcome.exit_code == 0, outcome
    assert outcome.seconds < 10
    assert sum(len(file.content) for file in outcome.files) <= 32 * MIB


@pytest.mark.parametrize(
    "source",
    [
        "while True: pass",  # 11
        "import signal, time\nfor each in (15, 2, 1): signal.signal(each, signal.SIG_IGN)\ntime.sleep(600)",  # 12
    ],
    ids=["spins", "ignores signals"],
)
def test_time_ends_it(jails: Jails, source: str) -> None:
    mark = f"y{os.getpid()}t"
    source = f"import ctypes; ctypes.CDLL(None).prctl(15, {mark.encode()!r})\n{source}"
    start = time.monotonic()
    outcome = jails.run(source, wall_s=1)
    assert (outcome.killed, outcome.exit_code) == ("timeout", None)
    assert time.monotonic() - start < 10
    assert named(mark) == []


_DAEMON = """
import ctypes, os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for each in range(3): os.close(each)
        ctypes.CDLL(None).prctl(15, {mark!r})
        time.sleep(600)
    os._exit(0)
os.wait()
time.sleep(0.3)
"""


def test_a_daemon_ends_with_its_jail(jails: Jails) -> None:  # 13
    mark = f"y{os.getpid()}d"
    source = _DAEMON.format(mark=mark.encode())
    subprocess.run([sys.executable, "-c", source], check=True, timeout=20)
    survivors = named(mark)
    assert len(survivors) == 1, "the control: outside it survives"
    survivors[0].kill()
    outcome = jails.run(source)
    assert outcome.exit_code == 0 or "PermissionError" in outcome.stderr
    time.sleep(0.2)
    assert named(mark) == []


def test_only_ordinary_files_come_back(jails: Jails) -> None:  # 19
    source = """
import contextlib, os
open("good.txt", "w").write("good")
for make in (lambda: os.symlink("/etc/passwd", "result.png"), lambda: os.mkfifo("pipe.csv"),
             lambda: os.mkdir("deep"), lambda: os.link("/etc/passwd", "hard.txt")):
    with contextlib.suppress(OSError):
        make()
"""
    outcome = jails.run(source)
    assert [(file.name, file.content) for file in outcome.files] == [("good.txt", b"good")]
    assert outcome.seconds < 10


def test_a_flood_of_output_ends_it(jails: Jails) -> None:  # 20
    assert jails.run("print('x' * 1000)").stdout == "x" * 1000 + "\n"
    outcome = jails.run("while True: print('x' * 10_000_000)", output_bytes=MIB)
    assert outcome.killed == "output"
    assert len(outcome.stdout) <= MIB
    assert outcome.seconds < 10


_SUPERVISED = """
import asyncio, pathlib, sys
from yoriai.sandbox.code import run_code
from yoriai.sandbox.sandbox import Sandbox
from yoriai.settings import SandboxSettings
source = "import ctypes, time; ctypes.CDLL(None).prctl(15, {mark!r}); time.sleep(600)"
sandbox = Sandbox(SandboxSettings(isolation={profile!r}), pathlib.Path({home!r}))
asyncio.run(run_code(sandbox, source))
"""


def test_a_jail_dies_with_whoever_started_it(jails: Jails, tmp_path: Path) -> None:  # 23
    mark = f"y{os.getpid()}s"
    source = _SUPERVISED.format(mark=mark.encode(), profile=jails.profile, home=str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", source]) as supervisor:
        deadline = time.monotonic() + 30
        while not named(mark):
            assert time.monotonic() < deadline, "the control: it runs"
            time.sleep(0.05)
        supervisor.send_signal(signal.SIGKILL)
    time.sleep(1)
    assert named(mark) == []


def test_two_jails_know_nothing_of_each_other(jails: Jails) -> None:  # 26
    import asyncio

    from yoriai.sandbox.code import run_code

    mark = f"y{os.getpid()}a"
    first = f"import ctypes, os, time; ctypes.CDLL(None).prctl(15, {mark.encode()!r}); print(os.getuid(), flush=True)"
    first += "\nopen('secret.txt', 'w').write('a')\ntime.sleep(3)\nprint('alive')"

    async def both(sandbox: object) -> tuple[str, str]:
        one = asyncio.create_task(run_code(sandbox, first))  # type: ignore[arg-type]
        while not (found := named(mark)):
            await asyncio.sleep(0.05)
        second = f"""
import glob, json, os
seen = [path for path in glob.glob("/proc/[0-9]*/comm") if open(path).read().strip() == {mark!r}]
seen += glob.glob("/tmp/yoriai-code-*/work/*") + [name for name in os.listdir(".") if name != "own.txt"]
open("own.txt", "w").write("b")
try:
    os.kill({found[0].pid}, 9)
    seen.append("killed")
except OSError:
    pass
print(json.dumps([seen, os.listdir(".")]))
"""
        two = await run_code(sandbox, second)  # type: ignore[arg-type]
        return (await one).stdout, two.stdout

    stdout, seen = jails.use(both)
    assert json.loads(seen) == [[], ["own.txt"]]
    assert stdout.endswith("alive\n")
