"""How much a child may take. Values only; `process` (the parent) and `jail` (the child) hold to them."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 2**20


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What one file may cost before it is given up.

    A step is what lies between two lines that the child says: a page, or the whole of a file without pages.
    """

    file_bytes: int = 200 * MIB
    memory_bytes: int = 1536 * MIB  # resident; reading a page's picture takes about 800 MiB
    output_bytes: int = 256 * MIB  # all lines that the child says
    step_s: float = 120  # wall clock
    total_s: float = 3600  # wall clock, and also CPU time
    unjailed: bool = False  # read it even where Linux lacks what a jail is made of
