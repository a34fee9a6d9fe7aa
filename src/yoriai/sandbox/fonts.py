"""How matplotlib is set up inside: Japanese letters, no window, and the list of fonts that takes it seconds to make.

The list is made once, inside a jail, kept in the data folder, and made anew when fonts were added or removed.
"""

from __future__ import annotations

import hashlib
import os
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from yoriai.sandbox.leaving import CodeFile

_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts")
# In this order; the first that is there is taken, and it has Latin letters too.
JAPANESE = (
    "Noto Sans CJK JP",
    "Noto Sans JP",
    "IPAexGothic",
    "IPAGothic",
    "IPAPGothic",
    "TakaoGothic",
    "VL Gothic",
)
_SETTINGS = f"backend: Agg\nfont.family: sans-serif\nfont.sans-serif: {', '.join(JAPANESE)}, DejaVu Sans\n"
MAKE_LIST = """
import pathlib, shutil
import matplotlib
import matplotlib.font_manager
for path in pathlib.Path(matplotlib.get_cachedir()).glob("fontlist-*.json"):
    shutil.copyfile(path, path.name)
"""


_FILES = (
    "*NotoSansCJK*",
    "*NotoSansJP*",
    "ipaexg*",
    "ipag*",
    "*Takao*Gothic*",
    "VL-Gothic*",
)  # of `JAPANESE`


def has_japanese() -> bool:
    """Whether a font with Japanese letters is where a jail reads fonts."""
    return any(next(Path(folder).rglob(name), None) for folder in _FOLDERS for name in _FILES)


def settings_file() -> dict[str, bytes]:
    return {"matplotlib/matplotlibrc": _SETTINGS.encode()}


def is_installed() -> bool:
    """Whether there is a matplotlib at all."""
    return _version() is not None


def kept_list(folder: Path) -> Path:
    """Where the list lies that fits the fonts and the matplotlib of now."""
    state = hashlib.sha256(f"{_version()}".encode())
    for root in _FOLDERS:
        for place, folders, _ in os.walk(root):
            folders.sort()
            state.update(f"{place} {Path(place).stat().st_mtime_ns}".encode())
    return folder / f"fonts-{state.hexdigest()[:16]}.json"


def named(made: CodeFile) -> bytes:
    """As it is kept: the name that matplotlib looks for, then the list."""
    return made.name.encode() + b"\n" + made.content


def list_file(kept: bytes) -> dict[str, bytes]:
    name, _, content = kept.partition(b"\n")
    return {f"matplotlib/{name.decode()}": content}


def _version() -> str | None:
    try:
        return version("matplotlib")
    except PackageNotFoundError:
        return None
