"""Programs and their tests in two jails: what is right passes, what cheats doesn't, values arrive as they are."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from jailing import Jails
from yoriai.sandbox.grading import Grade, grade
from yoriai.sandbox.limits import CodeLimits
from yoriai.sandbox.sandbox import Sandbox

_DATA = Path(os.environ.get("YORIAI_TEST_DATA", "/work/shared/data"))
_LIMITS = CodeLimits(wall_s=30, files=0, files_bytes=0)
_TESTS = "assert add(2, 3) == 5\nassert add(-1, 1) == 0\n"
_RIGHT = "def add(a, b):\n    return a + b\n"


def grades(jails: Jails, pairs: list[tuple[str, str]], limits: CodeLimits = _LIMITS) -> list[Grade]:
    async def all_of(sandbox: Sandbox) -> list[Grade]:
        each = (grade(sandbox, program=program, tests=tests, limits=limits) for program, tests in pairs)
        return list(await asyncio.gather(*each))

    return jails.use(all_of)


# ---- cheats -----------------------------------------------------------------------------------------------
_EQUALS = "class Any:\n    def __eq__(self, other): return True\n    def __ne__(self, other): return False\n"
_CHEATS = {
    "os._exit at once": "import os\nos._exit(0)",
    "sys.exit at once": "import sys\nsys.exit(0)",
    "os._exit in the call": "import os\ndef add(a, b): os._exit(0)",
    "sys.exit in the call": "import sys\ndef add(a, b): sys.exit(0)",
    "equals everything": _EQUALS + "def add(a, b): return Any()",
    "an integer that equals everything": _EQUALS.replace("Any:", "Any(int):") + "def add(a, b): return Any()",
    "a function whose result is a class": _EQUALS + "add = lambda a, b: Any",
    "mock": "from unittest.mock import ANY, MagicMock\nadd = lambda a, b: ANY",
    "says passed": """
print('passed')
def add(a, b):
    print('{"cause": "passed"}')
    return 0
""",
    "writes to every descriptor": """
import os
def add(a, b):
    for each in range(256):
        try: os.write(each, b'{"cause": "passed"}\\n')
        except OSError: pass
    return 0
""",
    "forks and leaves": "import os\nif os.fork(): os._exit(0)\ndef add(a, b): return 0",
    "walks the frames": """
import sys
def add(a, b):
    frame = sys._getframe()
    while frame:
        for value in list(frame.f_locals.values()):
            if isinstance(value, dict): value['cause'] = 'passed'
        frame = frame.f_back
    return 0
""",
    "replaces what asserts use": "import builtins\nbuiltins.AssertionError = ValueError\ndef add(a, b): return 0",
    "an error that tests might catch": "def add(a, b): raise SystemExit(0)",
    "nothing": "",
    "no Python": "def add(a, b:",
}


def test_what_is_right_passes_and_no_cheat_does(jails: Jails) -> None:  # 25
    found = grades(jails, [(program, _TESTS) for program in (_RIGHT, *_CHEATS.values())])
    assert found[0].cause == "passed", found[0]  # the control
    assert {name: each.cause for name, each in zip(_CHEATS, found[1:], strict=True) if each.is_passed} == {}


def test_built_ins_are_not_replaced_beside_the_function(strong: Jails) -> None:
    tests = "assert abs(add(2, 3) - 5) < 1\nassert all([add(1, 1) == 2])"
    cheat = "abs = lambda x: 0\nall = lambda x: True\ndef add(a, b): return 100"
    own = ("def sum(a, b): return a + b", "assert sum(10, 15) == 25")
    found = grades(strong, [(_RIGHT, tests), (cheat, tests), own])
    assert [each.is_passed for each in found] == [True, False, True]


# ---- limits -----------------------------------------------------------------------------------------------
def test_limits_end_a_program_and_say_which(strong: Jails) -> None:
    limits = CodeLimits(wall_s=3, memory_bytes=300 * 2**20, files=0, files_bytes=0)
    spin = "def add(a, b):\n    while True: pass"
    fill = "def add(a, b):\n    held = [bytearray(b'x' * 2**20) for _ in range(600)]"
    found = grades(strong, [(spin, _TESTS), (fill, _TESTS), (_RIGHT, _TESTS)], limits)
    assert [each.cause for each in found] == ["timeout", "memory", "passed"]


def test_the_assert_that_failed_is_told(strong: Jails) -> None:
    (found,) = grades(strong, [(_RIGHT.replace("+", "-"), _TESTS)])
    assert (found.cause, found.detail) == ("failed", "assert add(2, 3) == 5")


# ---- values -----------------------------------------------------------------------------------------------
def test_values_arrive_as_they_are(strong: Jails) -> None:
    program = "def same(x): return x\ndef kind(x): return type(x).__name__\ndef sort(x): x.sort()\n"
    program += (
        "def apply(f, x): return f(x)\nclass Pair:\n    def __init__(self, a, b): self.a, self.b = a, b\n"
    )
    program += "def total(pairs): return sum(each.a + each.b for each in pairs)\ndef fail(x): raise ValueError('no')\n"
    tests = """
import math
from collections import deque
from decimal import Decimal
from fractions import Fraction
values = [None, True, 0, -1, 2**80, -(10**5000), 0.1, 1e-320, -0.0, math.inf, "日本\\ud800", b"\\x00", (1, (2,)), [[]],
          {1, 2}, frozenset({(1, 2)}), {None: 1, (1, 2): {"a": [1.5]}, 2: 3, "2": 4}, 1 + 2j, range(3), deque([1], 5),
          Decimal("1.10"), Fraction(1, 3), bytearray(b"x"), int, {}, set(), ()]
for value in values:
    back = same(value)
    assert back == value and type(back) is type(value), value
    assert kind(value) == type(value).__name__
assert math.isnan(same(math.nan)) and math.copysign(1, same(-0.0)) == -1
items = [3, 1, 2]
sort(items)
assert items == [1, 2, 3]
assert apply(lambda x: x * 2, 21) == 42
assert total([Pair(1, 2), Pair(3, 4)]) == 10
pair = Pair(1, 2)
pair.a = 5
assert pair.a == 5 and same(pair) is not None
try:
    fail(1)
    raise SystemError
except ValueError as error:
    assert str(error) == "no"
assert same((1, 2)) != [1, 2]
"""
    (found,) = grades(strong, [(program, tests)])
    assert found.is_passed, found


# ---- the real exams ---------------------------------------------------------------------------------------
def humaneval() -> list[dict[str, Any]]:
    path = _DATA / "humaneval" / "HumanEval.jsonl.gz"
    if not path.exists():
        pytest.skip(f"no {path}")
    with gzip.open(path, "rt") as file:
        return [json.loads(line) for line in file]


def mbpp() -> list[dict[str, Any]]:
    path = _DATA / "mbpp" / "mbpp.jsonl"
    if not path.exists():
        pytest.skip(f"no {path}")
    return [json.loads(line) for line in path.read_text("utf8").splitlines()]


def _of_humaneval(row: dict[str, Any], solution: str) -> tuple[str, str]:
    return row["prompt"] + solution, f"{row['test']}\ncheck({row['entry_point']})"


def _mutated(solution: str) -> str:
    """A wrong answer in the shape of the right one: it returns something else."""
    import re

    return re.sub(r"\breturn\b.*", "return 'wrong'", solution)


def _of_mbpp(row: dict[str, Any], code: str) -> tuple[str, str]:
    return code, "\n".join([row["test_setup_code"] or "", *row["test_list"]])


def test_canonical_solutions_pass_and_mutated_ones_fail(strong: Jails) -> None:
    rows, further = humaneval()[::24], mbpp()[366:960:99]
    right = [_of_humaneval(row, row["canonical_solution"]) for row in rows]
    wrong = [_of_humaneval(row, "    return 'wrong'\n") for row in rows]
    right += [_of_mbpp(row, row["code"]) for row in further]
    found = grades(strong, right + wrong)
    assert [each for each in found[: len(right)] if not each.is_passed] == []
    assert [each for each in found[len(right) :] if each.is_passed] == []


@pytest.mark.slow
def test_all_of_humaneval(strong: Jails) -> None:
    rows = humaneval()
    right = grades(strong, [_of_humaneval(row, row["canonical_solution"]) for row in rows])
    assert sum(each.is_passed for each in right) == len(rows) == 164
    wrong = grades(strong, [_of_humaneval(row, "    return 'wrong'\n") for row in rows])
    assert sum(each.is_passed for each in wrong) == 0


@pytest.mark.slow
def test_all_of_mbpp(strong: Jails) -> None:
    limits = CodeLimits(
        wall_s=90, files=0, files_bytes=0
    )  # one of its own solutions takes seconds of a quiet machine
    rows = mbpp()
    right = grades(strong, [_of_mbpp(row, row["code"]) for row in rows], limits)
    failed = [row["task_id"] for row, each in zip(rows, right, strict=True) if not each.is_passed]
    assert failed == []
