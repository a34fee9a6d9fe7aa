"""What is said of how files are read on this machine, and on others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kernel_without import DENY
from yoriai.knowledge.jail_words import jail_words
from yoriai.sandbox.confinement import Confinement, Level, tried
from yoriai.sandbox.jail import lacking

_PARSE = f"""{DENY}
import asyncio, pathlib, sys
from yoriai.errors import DocumentError
from yoriai.knowledge.parsing.parse import ParseLimits, parse
from yoriai.sandbox.confinement import tried

deny("landlock")
print(asyncio.run(tried()))
for unjailed in (False, True):
    try:
        read = asyncio.run(parse(pathlib.Path(sys.argv[1]), limits=ParseLimits(unjailed=unjailed)))
        print(read.pages[0].text)
    except DocumentError as error:
        print(error.key, error.values)
"""


@pytest.mark.anyio
@pytest.mark.skipif(sys.platform != "linux", reason="the jail is Linux's")
async def test_this_machine_jails_or_says_what_is_missing() -> None:
    confinement = await tried()
    assert (confinement.level == "jailed") == (not confinement.missing)


@pytest.mark.skipif(sys.platform != "linux", reason="the jail is Linux's")
def test_where_the_jail_is_missing_a_document_is_refused_with_the_reason(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("A heron.")
    done = subprocess.run(
        [sys.executable, "-c", _PARSE, str(file)], check=False, capture_output=True, text=True, timeout=60
    )
    said = done.stdout.splitlines()
    assert said == [
        "Confinement(level='unjailed', missing=('Landlock',))",
        "knowledge.file_unjailed {'missing': 'Landlock'}",
        "A heron.",
    ], done.stderr


@pytest.mark.parametrize(
    ("level", "allows", "is_safe", "is_read", "says"),
    [
        ("jailed", False, True, True, "Landlock, seccomp, rlimits"),
        ("unjailed", False, False, False, "not read"),
        ("unjailed", True, False, True, "WITHOUT a jail (seccomp is missing"),
        ("limited", False, False, True, "has no jail"),
        ("watched", False, False, True, "watched for memory and time"),
        ("none", False, False, False, "doesn't start"),
    ],
)
def test_who_runs_the_server_reads_what_holds(
    level: Level, allows: bool, is_safe: bool, is_read: bool, says: str
) -> None:
    missing = ("seccomp",) if level == "unjailed" else ()
    words = jail_words(Confinement(level=level, missing=missing), allows, "en")
    assert (words.is_safe, words.is_read) == (is_safe, is_read)
    assert says in words.message
    assert bool(words.mend) == (level in {"unjailed", "none"})


def test_only_linux_has_a_jail_that_can_be_asked_for() -> None:
    assert lacking(["rlimits", "none", "no-seccomp"], "linux") == ("Landlock", "seccomp")
    assert lacking(["rlimits", "landlock", "seccomp"], "linux") == ()
    assert lacking([], "darwin") == lacking([], "win32") == ()
