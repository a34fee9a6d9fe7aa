"""What a machine can do is tried; where nothing is left, nothing runs, and the reason is told in both languages."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jailing import Jails
from yoriai.errors import PrerequisiteError
from yoriai.i18n.catalogue import error_text
from yoriai.sandbox.code import run_code
from yoriai.sandbox.levels import ATTACKS, Standing, _judged
from yoriai.sandbox.running import CodeOutcome
from yoriai.sandbox.sandbox import Sandbox
from yoriai.settings import SandboxSettings

_SYSTEM_PYTHON = "/usr/bin/python3"
_AS_SOMEBODY = """
import asyncio, pathlib, sys, tempfile
from yoriai.sandbox.code import run_code
from yoriai.sandbox.sandbox import Sandbox
from yoriai.settings import SandboxSettings

async def main():
    sandbox = Sandbox(SandboxSettings(isolation=sys.argv[1]), pathlib.Path(tempfile.mkdtemp()))
    print((await sandbox.standing()))
    print((await run_code(sandbox, "import os; print('uid', os.getuid(), os.listdir('.'))")))

asyncio.run(main())
"""


def test_a_machine_that_can_is_used(jails: Jails) -> None:
    async def stand(sandbox: Sandbox) -> Standing:
        return await sandbox.standing()

    assert jails.use(stand).level == {"bubblewrap": "strong", "landlock": "landlock"}[jails.profile]


def test_turned_off_nothing_runs_and_the_reason_is_told(tmp_path: Path) -> None:
    async def go() -> None:
        await run_code(Sandbox(SandboxSettings(isolation="off"), tmp_path), "print(1)")

    with pytest.raises(PrerequisiteError) as caught:
        asyncio.run(go())
    assert "sandbox.isolation" in error_text(caught.value, "en")
    assert "実行は止めて" in error_text(caught.value, "ja")


@pytest.mark.parametrize("through", ATTACKS)
def test_a_profile_in_which_an_attack_goes_through_is_not_used(through: str) -> None:
    said = "{" + ", ".join(f'"{name}": {str(name == through).lower()}' for name in ATTACKS) + "}"
    outcome = CodeOutcome(stdout=said, stderr="", exit_code=0, killed=None, files=(), dropped=0, seconds=0)
    assert _judged("bubblewrap", outcome) is not None  # without its file
    from yoriai.sandbox.leaving import CodeFile

    control = CodeFile(name="control.txt", content=b"control")
    outcome = CodeOutcome(
        stdout=said, stderr="", exit_code=0, killed=None, files=(control,), dropped=0, seconds=0
    )
    assert _judged("bubblewrap", outcome) == ("sandbox.not_tight", through)


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv"), reason="these tests run as such a user anyway"
)
@pytest.mark.parametrize("profile", ["bubblewrap", "landlock"])
def test_an_ordinary_user_has_jails_too(profile: str, tmp_path: Path) -> None:  # 27, the other way
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if not Path(f"/usr/bin/python{version}").exists():
        pytest.skip("no Python that another user can read")
    sources = Path(sys.modules["yoriai"].__path__[0]).parent
    paths = f"{sources}:{Path(pytest.__file__).parents[1]}"
    if not all(folder.stat().st_mode & 0o005 == 0o005 for folder in (sources, *sources.parents)):
        pytest.skip("the sources are closed to other users")
    done = subprocess.run(
        ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", f"/usr/bin/python{version}", "-c",
         _AS_SOMEBODY, profile],
        check=False, capture_output=True, text=True, timeout=60, cwd="/",
        env={"PYTHONPATH": paths, "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/tmp"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    expected = "uid 1000 []" if profile == "bubblewrap" else "uid 65534 []"
    assert expected in done.stdout, done.stdout
