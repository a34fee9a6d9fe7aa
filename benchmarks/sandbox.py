"""How long a jail takes to start, as a ratio to plain Python's start in the same run, and a cell of a warm kernel.

    python benchmarks/sandbox.py [--runs 20]

Runs are interleaved, medians are told: on a busy machine compare ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from yoriai.sandbox.code import run_code
from yoriai.sandbox.kernel import Kernel
from yoriai.sandbox.sandbox import Sandbox
from yoriai.settings import SandboxSettings


def plain() -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "print(1)"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


async def jailed(sandbox: Sandbox) -> float:
    start = time.perf_counter()
    outcome = await run_code(sandbox, "print(1)")
    assert outcome.stdout == "1\n", outcome
    return time.perf_counter() - start


async def cells(sandbox: Sandbox, runs: int) -> list[float]:
    took = []
    async with Kernel(sandbox) as kernel:
        await kernel.run_cell("import pandas as pd\ntable = pd.DataFrame({'a': range(1000)})")
        for _ in range(runs):
            start = time.perf_counter()
            outcome = await kernel.run_cell("table.describe()")
            took.append(time.perf_counter() - start)
            assert outcome.table, outcome
    return took


async def measure(profile: str, runs: int, home: Path) -> None:
    sandbox = Sandbox(SandboxSettings.model_validate({"isolation": profile}), home)
    standing = await sandbox.standing()
    if standing.profile is None:
        print(f"{profile}: not on this machine ({standing.reason} {standing.detail})")
        return
    await jailed(sandbox)
    starts, jails = [], []
    for _ in range(runs):
        starts.append(await asyncio.to_thread(plain))
        jails.append(await jailed(sandbox))
    warm = await cells(sandbox, runs)
    base, jail, cell = (1000 * statistics.median(each) for each in (starts, jails, warm))
    print(
        f"{profile}: plain Python {base:.0f} ms, jail {jail:.0f} ms, ratio {jail / base:.2f}; warm cell {cell:.1f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        for profile in ("bubblewrap", "landlock"):
            asyncio.run(measure(profile, runs, Path(folder)))


if __name__ == "__main__":
    main()
