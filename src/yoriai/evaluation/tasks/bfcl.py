"""BFCL: which function is called with which arguments, by the syntax tree alone: simple, multiple, parallel.

Data and rules: github.com/ShishirPatil/gorilla, berkeley-function-call-leaderboard (v4, Apache-2.0),
bfcl_eval/eval_checker/ast_eval/ast_checker.py: each argument is one of several accepted values ("" means that it may
be left out), strings are compared without spaces, punctuation and case, calls in any order.

    {"id": "simple_python_0", "question": [[{"role": "user", "content": "Find the area of a triangle …"}]],
     "function": [{"name": "calculate_triangle_area", "parameters": {"type": "dict", "properties": {"base": …}}}]}
    {"id": "simple_python_0", "ground_truth": [{"calculate_triangle_area": {"base": [10], "unit": ["units", ""]}}]}
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from yoriai.evaluation.calls import matches
from yoriai.evaluation.solving import asked
from yoriai.evaluation.task import Bench, DataFile, Files, Output, Sample, Score, Task
from yoriai.types import Message

_GORILLA = "https://github.com/ShishirPatil/gorilla/tree/main/berkeley-function-call-leaderboard"
_URL = (
    "https://raw.githubusercontent.com/ShishirPatil/gorilla/6ea57973c7a6097fd7c5915698c54c17c5b1b6c8/"
    "berkeley-function-call-leaderboard/bfcl_eval/data"
)
_TYPES = {
    "dict": "object", "float": "number", "tuple": "array", "any": "string", "byte": "integer", "short": "integer",
    "long": "integer", "double": "number", "char": "string", "String": "string", "bigint": "integer",
    "Array": "array", "ArrayList": "array", "HashMap": "object", "Hashtable": "object", "Queue": "array",
    "Stack": "array", "Any": "string", "Bigint": "integer",
}  # fmt: skip
_KNOWN = {"type", "description", "properties", "required", "items", "enum", "default"}


def _file(name: str) -> DataFile:
    return DataFile(
        folder="bfcl_v4", name=name, url=f"{_URL}/{name}", package=("bfcl-eval", f"bfcl_eval/data/{name}")
    )


def _task(name: str, stem: str) -> Task:
    questions, answers = _file(f"BFCL_v4_{stem}.json"), _file(f"possible_answer/BFCL_v4_{stem}.json")

    def samples(files: Files) -> list[Sample]:
        right = {row["id"]: row["ground_truth"] for row in _rows(files[answers.name])}
        return [_sample(row, right[row["id"]]) for row in _rows(files[questions.name])]

    return Task(
        name=name, kind="functions", language="en", source=_GORILLA, licence="Apache-2.0", files=(questions, answers),
        samples=samples, solver=_solve, scorer=_score, max_tokens=512,
    )  # fmt: skip


async def _solve(sample: Sample, bench: Bench, seed: int) -> Output:
    return await asked(sample.input, bench, seed, {"tools": sample.metadata["tools"]})


async def _score(sample: Sample, output: Output, _bench: Bench) -> Score:
    calls = [(call.name, call.arguments) for call in output.tool_calls]
    wrong = matches(calls, sample.metadata["right"], sample.metadata["functions"])
    said = json.dumps([{name: arguments} for name, arguments in calls], ensure_ascii=False)
    return Score(values={"accuracy": float(not wrong)}, answer=said, explanation=wrong)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf8").splitlines() if line.strip()]


def _sample(row: dict[str, Any], right: list[dict[str, Any]]) -> Sample:
    functions = {wire_name(each["name"]): each for each in row["function"]}
    tools = [
        {"type": "function", "function": {
            "name": name, "description": each["description"], "parameters": schema(each["parameters"])}}
        for name, each in functions.items()
    ]  # fmt: skip
    renamed = [{wire_name(name): arguments for name, arguments in each.items()} for each in right]
    return Sample(
        id=row["id"], input=tuple(Message(**message) for message in row["question"][0]),
        target=json.dumps(right, ensure_ascii=False),
        metadata={"tools": tools, "right": renamed, "functions": functions},
    )  # fmt: skip


def wire_name(name: str) -> str:
    """As endpoints accept it: BFCL itself replaces dots for them."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)


def schema(found: dict[str, Any]) -> dict[str, Any]:
    """BFCL's types as JSON Schema has them."""
    plain = {key: value for key, value in found.items() if key in _KNOWN}
    if "type" in plain:
        plain["type"] = _TYPES.get(plain["type"], plain["type"])
    if "properties" in plain:
        plain["properties"] = {name: schema(each) for name, each in plain["properties"].items()}
    if isinstance(plain.get("items"), dict):
        plain["items"] = schema(plain["items"])
    return plain


SIMPLE, MULTIPLE, PARALLEL = (
    _task("bfcl-simple", "simple_python"), _task("bfcl-multiple", "multiple"), _task("bfcl-parallel", "parallel"),
)  # fmt: skip
