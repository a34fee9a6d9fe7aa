"""Which Python runs strangers' code, and what of this machine it reads: all of it read-only.

It is the interpreter that Yoriai runs on, with the packages beside it; our own code is hidden but for `inside`.
"""

from __future__ import annotations

import ctypes
import os
import sys
import sysconfig
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

INSIDE = Path(__file__).parent / "inside"
ROOT = Path("/opt/yoriai")  # inside: there is nothing of Yoriai below it but `sandbox/inside`
_CLONE_NEWNS, _MS_BIND, _MS_REC, _MS_SLAVE, _MS_RDONLY, _MS_REMOUNT = 0x20000, 4096, 16384, 1 << 19, 1, 32


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A folder: where it lies for whoever starts the jail, and where code inside finds it."""

    source: Path
    inside: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Runtime:
    python: Path  # as inside
    base: Part
    packages: Part
    code: Part

    def parts(self) -> tuple[Part, ...]:
        return self.base, self.packages, self.code


def own_runtime() -> Runtime:
    """Blocks for a moment: follows links."""
    base = Path(sys.base_prefix).resolve()
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    python = next(
        (path for name in (version, "python3", "python") if (path := base / "bin" / name).is_file()),
        Path(sys.executable).resolve(),
    )
    packages = Path(sysconfig.get_path("purelib")).resolve()
    return Runtime(
        python=python.resolve(),
        base=Part(source=base, inside=base),
        packages=Part(source=packages, inside=packages),
        code=Part(source=INSIDE, inside=ROOT / "yoriai" / "sandbox" / "inside"),
    )


def staged(runtime: Runtime) -> tuple[Runtime, Path]:
    """The same, from places that any user id reaches, and the folder of these places.

    For root, in a thread that lives as long as its jails.

    Folders such as /root are closed to the user ids that jails get. In a mount namespace of the calling thread alone,
    their parts appear in a folder of their own; nothing of it is seen elsewhere, and it ends with the thread.

    Raises:
        OSError: not allowed here, as in a container without CAP_SYS_ADMIN.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    _done(libc.unshare(_CLONE_NEWNS))
    _done(libc.mount(b"none", b"/", None, _MS_REC | _MS_SLAVE, None))
    stage = Path(tempfile.mkdtemp(prefix="yoriai-sandbox-"))
    stage.chmod(0o755)
    _done(libc.mount(b"tmpfs", os.fsencode(stage), b"tmpfs", 0, b"mode=755,size=64k"))
    parts = []
    for number, part in enumerate(runtime.parts()):
        place = stage / str(number)
        place.mkdir()
        _done(libc.mount(os.fsencode(part.source), os.fsencode(place), None, _MS_BIND, None))
        _done(libc.mount(None, os.fsencode(place), None, _MS_BIND | _MS_REMOUNT | _MS_RDONLY, None))
        parts.append(replace(part, source=place))
    return replace(runtime, base=parts[0], packages=parts[1], code=parts[2]), stage


def _done(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
