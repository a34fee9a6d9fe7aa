"""GSM8K: 1,319 word problems of school arithmetic. Zero-shot, the number in a last line of its own.

Data: github.com/openai/grade-school-math (Cobbe et al. 2021); an answer is right where its number is the one behind
"####", as in that repository's dataset.py.

    {"question": "Janet’s ducks lay 16 eggs per day. …", "answer": "Janet sells 16 - 3 - 4 = <<16-3-4=9>>9 …\n#### 18"}
"""

from __future__ import annotations

import json

from yoriai.evaluation.scoring import same_answer
from yoriai.evaluation.solving import generate
from yoriai.evaluation.task import DataFile, Files, Sample, Task
from yoriai.responders.comparing import answer_line
from yoriai.types import Message

_FILE = DataFile(
    folder="gsm8k", name="test.jsonl",
    url="https://raw.githubusercontent.com/openai/grade-school-math/3101c7d5072418e28b9008a6636bde82a006892c/grade_school_math/data/test.jsonl",
    sha256="3730d312f6e3440559ace48831e51066acaca737f6eabec99bccb9e4b3c39d14",
)  # fmt: skip


def samples(files: Files) -> list[Sample]:
    rows = [json.loads(line) for line in files[_FILE.name].read_text("utf8").splitlines() if line.strip()]
    return [
        Sample(
            id=f"gsm8k-{number}", target=row["answer"].rpartition("####")[2].strip().replace(",", ""),
            input=(Message(role="user", content=f"{row['question']}\n\nReason step by step, briefly. "
                           f"{answer_line(row['question'])}"),),
        )
        for number, row in enumerate(rows)
    ]  # fmt: skip


TASK = Task(
    name="gsm8k", kind="number", language="en", source="https://github.com/openai/grade-school-math", licence="MIT",
    files=(_FILE,), samples=samples, solver=generate(), scorer=same_answer, max_tokens=512,
)  # fmt: skip
