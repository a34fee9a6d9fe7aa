"""Questions with known answers for `many_minds`: GSM8K, MGSM in Japanese, JCommonsenseQA. Never tuned to."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from yoriai.responders.comparing import answer_line

Task = Literal["gsm8k", "mgsm-ja", "jcommonsenseqa"]
_ORDER = 20  # seed of the order that questions are taken in


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    id: str
    prompt: str  # question, and how to end the answer
    right: str  # as `comparing.answer_key` spells it


def items(task: Task, data: Path) -> list[Item]:
    """All of a task in a fixed random order, so that any beginning of it is a sample."""
    read, how = _TASKS[task]
    found = [
        Item(id=f"{task}-{number}", prompt=f"{question}\n\n{how} {answer_line(question)}", right=right)
        for number, (question, right) in enumerate(read(data))
    ]
    random.Random(_ORDER).shuffle(found)
    return found


def _gsm8k(data: Path) -> list[tuple[str, str]]:
    lines = (data / "gsm8k" / "test.jsonl").read_text("utf8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [(row["question"], row["answer"].rpartition("####")[2].strip().replace(",", "")) for row in rows]


def _mgsm_ja(data: Path) -> list[tuple[str, str]]:
    lines = (data / "mgsm" / "mgsm_ja.tsv").read_text("utf8").splitlines()
    rows = [line.rsplit("\t", 1) for line in lines if line.strip()]
    return [(question, right.strip().replace(",", "")) for question, right in rows]


def _jcommonsenseqa(data: Path) -> list[tuple[str, str]]:
    path = data / "jglue" / "jcommonsenseqa-v1.3" / "valid-v1.3.json"
    found = []
    for row in map(json.loads, path.read_text("utf8").splitlines()):
        options = "\n".join(f"{label}. {row[f'choice{number}']}" for number, label in enumerate("ABCDE"))
        found.append((f"{row['question']}\n{options}", "ABCDE"[row["label"]]))
    return found


# How to go about it. With the line that ends an answer, a reasoner adds nothing: all methods are asked alike.
_TASKS: dict[Task, tuple[Callable[[Path], list[tuple[str, str]]], str]] = {
    "gsm8k": (_gsm8k, "Reason step by step, briefly."),
    "mgsm-ja": (_mgsm_ja, "一歩ずつ、簡潔に考えてください。"),
    "jcommonsenseqa": (_jcommonsenseqa, "理由を短い一文で述べてください。"),
}
TASKS = tuple(_TASKS)
