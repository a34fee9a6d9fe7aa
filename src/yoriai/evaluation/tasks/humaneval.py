"""HumanEval: 164 functions to write from signature and docstring; and with EvalPlus' extended tests.

Data and tests: github.com/openai/human-eval (Chen et al. 2021). Prompt, stops and extended tests as in
github.com/evalplus/evalplus, evalplus/provider/utility.py and evalplus/eval/__init__.py (v0.3.1), which the makers'
figures for chat models follow: the answer's beginning is put into the mouth of whoever can go on from there.

    {"task_id": "HumanEval/0", "prompt": "from typing import List\n\n\ndef has_close_elements(…", "entry_point":
     "has_close_elements", "canonical_solution": "    for idx, elem in enumerate(numbers):\n…", "test": "…def check(…"}
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from yoriai.evaluation.coding import BEGIN, STOPS, code_of, graded
from yoriai.evaluation.solving import generate
from yoriai.evaluation.task import Bench, DataFile, Files, Output, Sample, Score, Task
from yoriai.types import Message

_FILE = DataFile(
    folder="humaneval", name="HumanEval.jsonl.gz", package=("human-eval", "human_eval/data/HumanEval.jsonl.gz"),
    url="https://raw.githubusercontent.com/openai/human-eval/6d43fb980f9fee3c892a914eda09951f772ad10d/data/HumanEval.jsonl.gz",
    sha256="b796127e635a67f93fb35c04f4cb03cf06f38c8072ee7cee8833d7bee06979ef",
)  # fmt: skip
_PLUS = DataFile(
    folder="humanevalplus", name="HumanEvalPlus.jsonl.gz",
    url="https://raw.githubusercontent.com/evalplus/humanevalplus_release/200defce9e3429d28ca215b6dd061c0f7f31c18b/HumanEvalPlus.jsonl.gz",
    sha256="272720b90ac375502c8ed23cd791c2a93dfb22a911641a494da74a426c09f101",
)  # fmt: skip
_ASK = "Please provide a self-contained Python script that solves the following problem in a markdown code block:"
_EXTENDED = """
import copy as _copy, json as _json, math as _math
_space = {{}}
exec({solution!r}, _space)
_right = _space[{entry!r}]
def _floats(value):
    return isinstance(value, float) or (isinstance(value, (list, tuple)) and bool(value) and all(map(_floats, value)))
def _close(ours, theirs, most):
    if isinstance(theirs, (list, tuple)):
        return isinstance(ours, type(theirs)) and len(ours) == len(theirs) and all(
            _close(a, b, most) for a, b in zip(ours, theirs))
    return _math.isclose(ours, theirs, rel_tol=1e-07, abs_tol=most) or ours == theirs
for _args in _json.loads({inputs!r}):
    _given = {entry}(*_copy.deepcopy(_args))
    if {entry!r} == "find_zero":
        assert abs(_space["poly"](*_args, _given)) <= {atol!r}, _args
        continue
    _wanted = _right(*_copy.deepcopy(_args))
    _most = {atol!r} or (1e-6 if _floats(_wanted) else 0)
    assert _given == _wanted or (_most and _close(_given, _wanted, _most)), _args
"""


def samples(files: Files) -> list[Sample]:
    return [_sample(row) for row in _rows(files[_FILE.name])]


def plus_samples(files: Files) -> list[Sample]:
    return [_sample(row) for row in _rows(files[_PLUS.name])]


async def score(sample: Sample, output: Output, bench: Bench) -> Score:
    code = _program(sample, output)
    return await graded(bench, code, {"accuracy": sample.metadata["tests"]})


async def score_plus(sample: Sample, output: Output, bench: Bench) -> Score:
    code = _program(sample, output)
    tests = {"base": sample.metadata["tests"], "accuracy": sample.metadata["extended"]}
    return await graded(bench, code, tests)


def extended_tests(row: dict[str, Any]) -> str:
    """Asserts that hold the candidate against the reference on every input; its own inputs come along."""
    return _EXTENDED.format(
        solution=row["prompt"] + row["canonical_solution"], entry=row["entry_point"], atol=row["atol"],
        inputs=json.dumps(row["base_input"] + row["plus_input"]),
    )  # fmt: skip


def _program(sample: Sample, output: Output) -> str:
    """A reply that gives only the body goes on from the prompt, as base models do."""
    return code_of(output, sample.metadata["entry_point"], sample.metadata["prompt"])


def _rows(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def _sample(row: dict[str, Any]) -> Sample:
    question = f"{_ASK}\n```python\n{row['prompt'].strip()}\n```"
    extended = {"extended": extended_tests(row)} if "plus_input" in row else {}
    return Sample(
        id=row["task_id"], input=(Message(role="user", content=question),), target=row["canonical_solution"],
        metadata={
            "prompt": row["prompt"], "entry_point": row["entry_point"],
            "tests": f"{row['test']}\ncheck({row['entry_point']})\n", **extended,
        },
    )  # fmt: skip


TASK = Task(
    name="humaneval", kind="code", language="en", source="https://github.com/openai/human-eval", licence="MIT",
    files=(_FILE,), samples=samples, solver=generate(begin=BEGIN, stop=STOPS), scorer=score, metric="pass_at_k",
    max_tokens=768, needs=frozenset({"sandbox"}),
)  # fmt: skip
PLUS = Task(
    name="humaneval-plus", kind="code", language="en", source="https://github.com/evalplus/humanevalplus_release",
    licence="Apache-2.0", files=(_PLUS,), samples=plus_samples, solver=generate(begin=BEGIN, stop=STOPS),
    scorer=score_plus, measures=("accuracy", "base"), metric="pass_at_k", max_tokens=768, needs=frozenset({"sandbox"}),
)  # fmt: skip
