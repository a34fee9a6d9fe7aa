"""Reads the package's own YAML files. Knows nothing of what stands in them.

With libyaml, where PyYAML was built with it: the same values in a tenth of the time, and every command reads them. A
user's file is read by `catalogue` itself, which refuses more.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import yaml

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(name: str) -> Any:
    """Raises: YAMLError: the package's own file isn't right (a test reads it)."""
    return yaml.load((files("yoriai.catalog") / name).read_text("utf8"), Loader=_LOADER)  # noqa: S506 — a SafeLoader
