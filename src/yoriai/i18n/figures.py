"""Figures as people read them, the same in every language. Pure; terminal and pages show them."""

from __future__ import annotations


def size(size_bytes: float) -> str:
    """1117320768 → "1.1 GB", as download pages count."""
    amount = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit in {"B", "kB"} else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
