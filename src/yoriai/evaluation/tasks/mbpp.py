"""MBPP: 500 small Python functions of the test split (ids 11–510), each with three asserts.

Data: google-research/google-research, mbpp/mbpp.jsonl (Austin et al. 2021, CC BY 4.0). Zero-shot, with the asserts
shown, as the paper's prompt shows them ("You are an expert Python programmer, and here is your task: …").

    {"text": "Write a function to find the minimum cost path …", "code": "R = 3\r\n…", "task_id": 1,
     "test_setup_code": "", "test_list": ["assert min_cost([[1, 2, 3], [4, 8, 2], [1, 5, 3]], 2, 2) == 8", …]}
"""

from __future__ import annotations

import json
from typing import Any

from yoriai.evaluation.coding import BEGIN, STOPS, code_of, graded
from yoriai.evaluation.solving import generate
from yoriai.evaluation.task import Bench, DataFile, Files, Output, Sample, Score, Task
from yoriai.types import Message

_FILE = DataFile(
    folder="mbpp", name="mbpp.jsonl",
    url="https://raw.githubusercontent.com/google-research/google-research/master/mbpp/mbpp.jsonl",
    sha256="ccf64ceae9c5403bf50a044cb6d505bfd2a2963ee58338ba268fd65beab92a9f",
)  # fmt: skip
_FIRST, _LAST = 11, 510  # of the test split
_ASK = (
    "You are an expert Python programmer, and here is your task: {text} "
    "Your code should pass these tests:\n\n{tests}"
)


def samples(files: Files) -> list[Sample]:
    lines = files[_FILE.name].read_text("utf8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    return [_sample(row) for row in rows if _FIRST <= row["task_id"] <= _LAST]


async def score(sample: Sample, output: Output, bench: Bench) -> Score:
    return await graded(bench, code_of(output), {"accuracy": sample.metadata["tests"]})


def _sample(row: dict[str, Any]) -> Sample:
    tests = "\n".join(row["test_list"])
    return Sample(
        id=f"mbpp/{row['task_id']}", target=row["code"],
        input=(Message(role="user", content=_ASK.format(text=row["text"], tests=tests)),),
        metadata={"tests": f"{row['test_setup_code']}\n{tests}\n"},
    )  # fmt: skip


TASK = Task(
    name="mbpp", kind="code", language="en", licence="CC BY 4.0", files=(_FILE,), samples=samples,
    source="https://github.com/google-research/google-research/tree/master/mbpp", metric="pass_at_k", max_tokens=768,
    solver=generate(begin=BEGIN, stop=STOPS), scorer=score, needs=frozenset({"sandbox"}),
)  # fmt: skip
