"""One real engine process: what it may do, what it sees, how it ends."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import anyio
import httpx2
import psutil
import pytest

from yoriai.catalog.library import Library
from yoriai.engines.process import EngineProcess, ProcessOptions
from yoriai.errors import EngineStartError
from yoriai.types import TextDelta

from .conftest import OpenRouter
from .test_router import ask, story

FAKES = Path(__file__).parents[1] / "fakes"


def process_of(library: Library, **changes: object) -> EngineProcess:
    options = {
        "context_size": 512, "parallel": 1, "threads": 1, "gpu_layers": -1, "llama_server": None,
        "start_timeout_s": 60, "environment": {},
    }  # fmt: skip
    return EngineProcess(library.get("one"), ProcessOptions(**{**options, **changes}))  # type: ignore[arg-type]


async def test_the_child_sees_no_environment_and_wants_its_key(library: Library) -> None:
    process = process_of(library)
    await process.start()
    try:
        child = psutil.Process(process.pid)
        inherited = set(child.environ()) - {"LC_CTYPE"}  # which Python sets for itself
        assert inherited == set()
        assert process.key not in " ".join(child.cmdline())
        async with httpx2.AsyncClient(base_url=process.url, trust_env=False) as stranger:
            assert (await stranger.post("/v1/completions", json={"prompt": "x"})).status_code == 401
    finally:
        await process.stop()
    assert not psutil.pid_exists(process.pid or 0) or psutil.Process(process.pid).status() == "zombie"


async def test_a_child_that_is_not_ready_in_time_is_an_error(library: Library) -> None:
    with pytest.raises(EngineStartError):
        await process_of(library, start_timeout_s=0.05).start()


@pytest.mark.skipif(sys.platform != "linux", reason="death signals and Landlock are Linux's")
def test_the_child_dies_with_a_killed_parent(library: Library, tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(tmp_path / "models")], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    child = psutil.Process(int(parent.stdout.readline()))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    _, alive = psutil.wait_procs([child], timeout=5)
    assert not alive


_PARENT = """
import asyncio, sys
from pathlib import Path
from yoriai.catalog.library import Library
from yoriai.engines.process import EngineProcess, ProcessOptions

async def main():
    options = ProcessOptions(context_size=512, parallel=1, threads=1, gpu_layers=-1, llama_server=None,
                             start_timeout_s=60, environment={})
    process = EngineProcess(Library(Path(sys.argv[1])).get("one"), options)
    await process.start()
    print(process.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""

_ATTEMPTS = """
import socket, sys
from pathlib import Path
from yoriai.engines.confine import confine

folder, secret, port, confined = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "yes"
if confined:
    print(confine([Path(sys.prefix), Path(sys.base_prefix), folder], port=0))

def attempt(name, action):
    try:
        action()
        print(name, "done")
    except OSError:
        print(name, "refused")

attempt("read own", lambda: (folder / "model.gguf").read_bytes())
attempt("read other", secret.read_bytes)
attempt("write", lambda: (folder / "new").write_text("x"))
attempt("connect", lambda: socket.create_connection(("127.0.0.1", port), 2))
attempt("listen", lambda: socket.create_server(("127.0.0.1", 0)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Landlock is Linux's")
def test_a_confined_process_reads_its_model_and_little_else(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.gguf").write_text("weights")
    secret = tmp_path / "yoriai.db"
    secret.write_text("conversations")

    def attempts(confined: str) -> dict[str, str]:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = str(server.getsockname()[1])
            command = [sys.executable, "-c", _ATTEMPTS, str(folder), str(secret), port, confined]
            printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        (folder / "new").unlink(missing_ok=True)
        lines = printed.splitlines()
        if confined == "yes" and lines.pop(0) != "landlock-tcp":
            pytest.skip("this kernel has no Landlock with TCP rules")
        return {line.rpartition(" ")[0]: line.rpartition(" ")[2] for line in lines}

    assert set(attempts("no").values()) == {"done"}, "the control: without confinement everything works"
    assert attempts("yes") == {
        "read own": "done", "read other": "refused", "write": "refused", "connect": "refused", "listen": "done",
    }  # fmt: skip


async def test_an_external_llama_server_answers(open_router: OpenRouter, tmp_path: Path) -> None:
    binary = tmp_path / "llama-server"
    binary.write_text(f"#!{sys.executable}\n{(FAKES / 'llama_server.py').read_text()}")
    binary.chmod(0o755)
    async with open_router(kind="llama-server", llama_server=binary) as router:
        assert await ask(router, "one", max_tokens=4)
        infos = await router.list()
        assert {info.engine for info in infos} == {"llama-server"}


async def test_many_questions_at_once_are_all_answered_whole(open_router: OpenRouter) -> None:
    """More than the engine has slots for: they queue, and none is cut."""
    async with open_router() as router:
        answers: list[str] = []

        async def one() -> None:
            async with router.lease("one") as lease:
                client = await lease.ready()
                parts = [e.text async for e in client.chat(story(max_tokens=5)) if isinstance(e, TextDelta)]
                answers.append("".join(parts))

        async with anyio.create_task_group() as tasks:
            for _ in range(8):
                tasks.start_soon(one)
        assert len(answers) == 8
        assert all(answers)
