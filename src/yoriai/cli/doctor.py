"""`yoriai doctor`: what is installed, what is missing, how to mend it. Looks, never changes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from yoriai.cli.terminal import print_json, result, say, size

if TYPE_CHECKING:
    from yoriai.settings import Settings

_SIGNS = {"ok": "✓", "warn": "!", "fail": "✗"}
_LOW_DISK, _LOW_MEMORY = 2_000_000_000, 3_000_000_000
# What a native build of llama.cpp uses and the bundled one, made for every x86-64 since 2013, does not.
_BETTER_FLAGS = ("avx512f", "avx512_vnni", "avx_vnni", "amx_int8")


Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    name: str
    level: Level
    message: str
    mend: str = ""


def doctor(as_json: Annotated[bool, typer.Option("--json", help=say("json"))] = False) -> None:
    from yoriai.settings import load

    findings = list(examine(load()))
    if as_json:
        print_json({"findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            result(f"{_SIGNS[finding.level]} {finding.message}")
            if finding.mend:
                result(f"    → {finding.mend}")
    if any(finding.level == "fail" for finding in findings):
        raise typer.Exit(1)


def examine(settings: Settings) -> Iterator[Finding]:
    """Everything that is looked at, in the order in which it is shown."""
    yield _versions()
    yield _engine(settings)
    yield from _processor()
    yield _memory()
    yield _disk(settings.home)
    yield _data_folder(settings.home)
    yield _models(settings)
    yield _reading(settings)
    yield _server(settings)
    yield from _sandbox(settings)


def _versions() -> Finding:
    import platform

    from yoriai import __version__

    message = say(
        "doctor_versions", yoriai=__version__, python=platform.python_version(), system=platform.platform()
    )
    supported = (3, 11) <= sys.version_info[:2] <= (3, 13)
    return Finding(
        name="versions",
        level="ok" if supported else "warn",
        message=message,
        mend="" if supported else say("doctor_python_mend"),
    )


def _engine(settings: Settings) -> Finding:
    from importlib.metadata import PackageNotFoundError, version

    if settings.engine.kind == "llama-server":
        binary = settings.engine.llama_server
        if binary and binary.is_file():
            return Finding(name="engine", level="ok", message=say("doctor_llama_server", path=binary))
        message = say("doctor_no_llama_server", path=binary or "–")
        return Finding(name="engine", level="fail", message=message, mend=say("doctor_llama_server_mend"))
    try:
        return Finding(name="engine", level="ok", message=say("doctor_engine", version=version("xllamacpp")))
    except PackageNotFoundError:
        return Finding(
            name="engine", level="fail", message=say("doctor_no_engine"), mend=say("doctor_engine_mend")
        )


def _processor() -> Iterator[Finding]:
    """Linux says what the processor can; elsewhere there is nothing to tell."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf8", "replace")
    except OSError:
        return
    line = next((line for line in text.splitlines() if line.startswith(("flags", "Features"))), "")
    flags = line.partition(":")[2].split()
    if "avx2" not in flags and "asimd" not in flags:
        yield Finding(name="processor", level="warn", message=say("doctor_no_avx2"))
        return
    better = [flag for flag in _BETTER_FLAGS if flag in flags]
    message = say("doctor_processor", flags=", ".join(better) or "AVX2")
    yield Finding(
        name="processor", level="ok", message=message, mend=say("doctor_native_mend") if better else ""
    )


def _memory() -> Finding:
    import psutil

    memory = psutil.virtual_memory()
    message = say("doctor_memory", free=size(memory.available), total=size(memory.total))
    if memory.available < _LOW_MEMORY:
        return Finding(name="memory", level="warn", message=message, mend=say("doctor_memory_mend"))
    return Finding(name="memory", level="ok", message=message)


def _disk(home: Path) -> Finding:
    import shutil

    existing = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    message = say("doctor_disk", free=size(free) or "0", path=existing)
    if free < _LOW_DISK:
        return Finding(name="disk", level="warn", message=message, mend=say("doctor_disk_mend"))
    return Finding(name="disk", level="ok", message=message)


def _data_folder(home: Path) -> Finding:
    import os

    if not home.exists():
        return Finding(name="data_folder", level="ok", message=say("doctor_no_data", path=home))
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        message = say("doctor_data_closed", path=home)
        return Finding(
            name="data_folder", level="fail", message=message, mend=say("doctor_data_mend", path=home)
        )
    database = home / "yoriai.db"
    if sys.platform != "win32" and database.exists() and database.stat().st_mode & 0o077:
        message = say("doctor_data_open", path=database)
        return Finding(name="data_folder", level="warn", message=message, mend=f"chmod 600 {database}")
    return Finding(name="data_folder", level="ok", message=say("doctor_data", path=home))


def _models(settings: Settings) -> Finding:
    from yoriai.catalog.library import Library, is_incomplete

    models = Library(settings.home / "models").list()
    if not models and not settings.remotes:
        return Finding(
            name="models", level="warn", message=say("doctor_no_models"), mend="yoriai model pull NAME"
        )
    broken = [model.name for model in models if is_incomplete(model)]
    if broken:
        message = say("doctor_models_broken", names=", ".join(broken))
        mend = "; ".join(f"yoriai model pull {name}" for name in broken)
        return Finding(name="models", level="fail", message=message, mend=mend)
    return Finding(
        name="models", level="ok", message=say("doctor_models", names=", ".join(m.name for m in models))
    )


def _reading(settings: Settings) -> Finding:
    """How the process that reads strangers' files is kept in: found out by starting one."""
    import asyncio

    from yoriai.i18n.terminal import terminal_language
    from yoriai.knowledge.jail_words import jail_words
    from yoriai.sandbox.confinement import tried

    language = terminal_language(settings.language)
    words = jail_words(asyncio.run(tried()), settings.knowledge.allow_unjailed_reading, language)
    level: Level = "fail" if not words.is_read else "ok" if words.is_safe else "warn"
    return Finding(name="reading", level=level, message=words.message, mend=words.mend)


def _server(settings: Settings) -> Finding:
    import socket

    from yoriai.cli.running import find

    running = find(settings.home)
    if running:
        return Finding(name="server", level="ok", message=say("doctor_running", url=running.url))
    port = settings.server.port
    with socket.socket() as probe:
        probe.settimeout(1)
        is_taken = port != 0 and probe.connect_ex(("127.0.0.1", port)) == 0
    if is_taken:
        message = say("doctor_port_taken", port=port)
        return Finding(name="server", level="warn", message=message, mend="yoriai serve --port 0")
    return Finding(name="server", level="ok", message=say("doctor_port_free", port=port))


def _sandbox(settings: Settings) -> Iterator[Finding]:
    """Tries it: a program that must work and five attacks that must not."""
    import asyncio

    from yoriai.i18n.catalogue import text
    from yoriai.i18n.terminal import terminal_language
    from yoriai.sandbox.fonts import has_japanese
    from yoriai.sandbox.sandbox import Sandbox

    language = terminal_language()
    standing = asyncio.run(Sandbox(settings.sandbox, settings.home).standing())
    yield Finding(
        name="sandbox",
        level="ok" if standing.level == "strong" else "warn",
        message=text(f"sandbox.level_{standing.level}", language),
        mend=text(standing.reason, language, detail=standing.detail) if standing.reason else "",
    )
    if standing.profile and not has_japanese():
        yield Finding(
            name="sandbox_font",
            level="warn",
            message=text("sandbox.no_japanese_font", language),
            mend="sudo apt install fonts-noto-cjk",
        )
