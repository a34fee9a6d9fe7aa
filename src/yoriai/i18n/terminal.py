"""The language of the terminal. Apart from `settings`, which costs `yoriai --help` more time than it has.

With `settings` the only reader of environment variables; only the command line asks.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yoriai.types import Language


def terminal_language(setting: str = "auto") -> Language:
    """`setting` if it names a language, else the first that the environment names, else English."""
    variables = ("YORIAI_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    for value in (setting, *(os.environ.get(variable, "") for variable in variables)):
        if value and value != "auto":
            return "ja" if value.lower().startswith("ja") else "en"
    return "en"
