"""Whether others keep the processor at work: threads of an engine wait for each other, so figures would be too low."""

from __future__ import annotations

import psutil

_BUSY_PERCENT, _LOOK_S = 20.0, 1.0


def is_busy() -> bool:
    """Looks for a second, while this process does nothing."""
    return psutil.cpu_percent(interval=_LOOK_S) > _BUSY_PERCENT
