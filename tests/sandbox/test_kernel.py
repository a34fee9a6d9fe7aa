"""A kernel keeps what cells made, shows it, is quick when warm, and comes back after it was ended."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from io import BytesIO

import pytest
from PIL import Image

from jailing import Jails
from yoriai.errors import UsageError
from yoriai.sandbox.cells import CellOutcome
from yoriai.sandbox.code import run_code
from yoriai.sandbox.inside.frames import write
from yoriai.sandbox.kernel import Kernel
from yoriai.sandbox.kernels import Kernels
from yoriai.sandbox.leaving import CodeFile, files_of
from yoriai.sandbox.limits import CodeLimits
from yoriai.sandbox.sandbox import Sandbox

_SALES = CodeFile(name="売上.csv", content="月,売上\n1,10\n2,20\n3,25\n".encode())
_CELLS = (
    "import pandas as pd\ntable = pd.read_csv('売上.csv')\nprint('rows', len(table))\ntable",
    "round(table['月'].corr(table['売上']), 3)",
    "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.rcParams['font.family'] = 'Meiryo'\n"
    "plt.scatter(table['月'], table['売上'])\nplt.title('売上の散布図')\nplt.show()\n"
    "table.to_excel('out.xlsx', index=False)",
    "import japanize_matplotlib\n1 / 0",
    "x = 41",
    "while True: pass",
    "x",
    "import os; os._exit(4)",
    "sorted(os.listdir('.')) if 'os' in globals() else 'fresh'",
    "print('x' * 3_000_000)",
)  # fmt: skip


def test_a_chat_with_a_kernel(jails: Jails) -> None:
    async def talk(sandbox: Sandbox) -> tuple[list[CellOutcome], float]:
        async with Kernel(sandbox, limits=CodeLimits(wall_s=4)) as kernel:
            await kernel.put([_SALES])
            with pytest.raises(UsageError):
                await kernel.put([CodeFile(name="../escape", content=b"")])
            said = [await kernel.run_cell(source) for source in _CELLS[:5]]
            took = []
            for _ in range(20):
                start = time.monotonic()
                await kernel.run_cell("x + 1")
                took.append(time.monotonic() - start)
            said += [await kernel.run_cell(source) for source in _CELLS[5:]]
        return said, statistics.median(took)

    said, median_s = jails.use(talk)
    table, number, plot, error, _, spun, lost, left, fresh, long = said
    assert (table.text, table.is_fresh) == ("rows 3\n", True)
    assert table.table
    assert table.table.columns == ("", "月", "売上")
    assert table.table.rows[1] == ("1", "2", "20")
    assert number.shown.endswith("0.982") or "0.982" in number.shown
    assert not number.is_fresh
    assert len(plot.plots) == 1
    assert Image.open(BytesIO(plot.plots[0])).size[0] > 300
    assert "Glyph" not in plot.text, "a letter is missing from the font"
    assert [(file.name, file.content[:2]) for file in plot.files] == [("out.xlsx", b"PK")]
    assert error.error
    assert error.error.rstrip().endswith("ZeroDivisionError: division by zero")
    assert "yoriai" not in error.error
    assert (spun.killed, spun.is_fresh) == ("timeout", False)
    assert lost.is_fresh
    assert lost.error
    assert "NameError" in lost.error
    assert left.killed is None
    assert left.error
    assert "exit code 4" in left.error
    assert (fresh.is_fresh, fresh.shown) == (True, "'fresh'")
    assert len(long.text) < 1_100_000
    assert median_s < 0.05


def test_japanese_letters_are_drawn(strong: Jails) -> None:
    """Two letters that a font without them would draw as the same box."""

    async def draw(sandbox: Sandbox) -> list[bytes]:
        async with Kernel(sandbox) as kernel:
            cell = "import matplotlib.pyplot as plt\nplt.figure(figsize=(1, 1)); plt.text(0.3, 0.3, '{}', fontsize=40)"
            return [(await kernel.run_cell(cell.format(letter))).plots[0] for letter in "山川"]

    first, second = strong.use(draw)
    assert first != second


def test_the_kernel_that_waited_longest_makes_room(strong: Jails) -> None:
    async def fill(sandbox: Sandbox) -> list[bool]:
        kernels = Kernels(sandbox)
        mine = [await kernels.get(f"chat {number}") for number in range(2)]
        for each in mine:
            await each.start()
        for number in range(2, 5):
            await kernels.get(f"chat {number}")
        alive = [each.is_alive for each in mine]
        same = await kernels.get("chat 1")
        assert same is mine[1]
        await kernels.close()
        return [*alive, mine[1].is_alive]

    assert strong.use(fill) == [False, True, False]


def test_odd_names_and_too_much_are_not_taken() -> None:  # 24
    stream = BytesIO()
    names = [
        "../../x",
        "a\nb",
        "/etc/passwd",
        "..",
        ".hidden",
        "a\\b",
        "\u202etxt.exe",
        "",
        " ",
        "x" * 300,
        "good.csv",
    ]
    for name in [*names, "good.csv"]:
        write(stream, name, b"1")
    files, dropped = files_of(stream.getvalue(), CodeLimits())
    assert ([file.name for file in files], dropped) == (["good.csv"], len(names))
    many = BytesIO()
    for number in range(10_000):
        write(many, f"{number}.txt", b"1")
    files, dropped = files_of(many.getvalue(), CodeLimits(files=32))
    assert (len(files), dropped) == (32, 9_968)
    large = BytesIO()
    write(large, "a", b"x" * 600)
    write(large, "b", b"x" * 600)
    assert [file.name for file in files_of(large.getvalue(), CodeLimits(files_bytes=1000))[0]] == ["a"]
    for broken in (b"[]\n", b"-1 61\n", b"9 61\nx", b"\xff\n", b"1 6\nx", b"1 2 3\n", b"9" * 5000 + b" 61\n"):
        assert files_of(broken, CodeLimits()) == ((), 1)


@pytest.mark.slow
def test_a_jail_starts_in_three_and_a_half_times_plain_python(strong: Jails) -> None:
    async def starts(sandbox: Sandbox) -> list[tuple[float, float]]:
        pairs = []
        await run_code(sandbox, "")
        for _ in range(12):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", "print(1)"], check=True, stdout=subprocess.DEVNULL)  # noqa: ASYNC221
            between = time.perf_counter()
            await run_code(sandbox, "print(1)")
            pairs.append((between - start, time.perf_counter() - between))
        return pairs

    pairs = strong.use(starts)
    assert statistics.median(jail for _, jail in pairs) <= 3.5 * statistics.median(
        plain for plain, _ in pairs
    )
