"""Japanese MT-Bench: 80 open questions of eight kinds, two turns each, graded 1–10 by a model.

Data, references and the judge's prompts: github.com/Stability-AI/FastChat (jp-stable),
fastchat/llm_judge/data/japanese_mt_bench and judge_ja_prompts.jsonl ("single-v1"; "single-math-v1" with a reference
for mathematics, reasoning and code, as llm_judge does). Each turn is graded; the second one with the first before it.
A grade is scaled to 0..1. It says what this judge thinks: see how well it agrees with people.

    {"question_id": 1, "category": "coding", "turns": ["ディレクトリ内の全てのテキスト…", "それを並列化…"]}
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from yoriai.errors import PrerequisiteError
from yoriai.evaluation.judges import graded
from yoriai.evaluation.solving import turns
from yoriai.evaluation.task import Bench, DataFile, Files, Output, Sample, Score, Task
from yoriai.types import Message

_REPOSITORY = (
    "https://raw.githubusercontent.com/Stability-AI/FastChat/e37eb28ee490480f6f4989274ed47c55f7dfce82/"
)
_FOLDER = f"{_REPOSITORY}fastchat/llm_judge/data/"
_QUESTIONS = DataFile(
    folder="japanese_mt_bench", name="question_full.jsonl", url=f"{_FOLDER}japanese_mt_bench/question_full.jsonl",
    sha256="8f56c8bd5ff93d2120409bc8f77f0020e673c74548c9637f2aace12a323834e5",
)  # fmt: skip
_REFERENCES = DataFile(
    folder="japanese_mt_bench", name="reference_answer_gpt4o_human.jsonl",
    url=f"{_FOLDER}japanese_mt_bench/reference_answer/base-gpt4o-with-human-annotation.jsonl",
    sha256="8ea6c0b82073908f94b57f67918de5f11286e1dd7334b366ecf47a2c9b774996",
)  # fmt: skip
_PROMPTS = DataFile(
    folder="japanese_mt_bench", name="judge_ja_prompts.jsonl", url=f"{_FOLDER}judge_ja_prompts.jsonl",
    sha256="a3ef723f4e282ced514c8919773549675f0c0f87a61e5a5f46c320b048803b40",
)  # fmt: skip
_WITH_REFERENCE = frozenset({"math", "reasoning", "coding"})


def samples(files: Files) -> list[Sample]:
    references = {row["question_id"]: row["choices"][0]["turns"] for row in _rows(files[_REFERENCES.name])}
    prompts = {row["name"]: row for row in _rows(files[_PROMPTS.name])}
    return [
        _sample(row, references.get(row["question_id"], []), prompts) for row in _rows(files[_QUESTIONS.name])
    ]


async def score(sample: Sample, output: Output, bench: Bench) -> Score:
    """The mean over turns; a turn without a readable grade counts as the lowest, and is told."""
    if bench.judge is None:
        raise PrerequisiteError("evaluation.needs_judge", task=TASK.name)
    prompt, references = sample.metadata["prompt"], sample.metadata["references"]
    grades, said = [], []
    for number, answer in enumerate(output.turns):
        filled = prompt["prompt_template"].format(
            question=_asked(sample, output, number), answer=answer,
            ref_answer_1=references[number] if number < len(references) else "",
        )  # fmt: skip
        grade, words = await graded(
            filled, bench.judge, bench.context, most=10, system=prompt["system_prompt"]
        )
        grades.append(grade or 0.0)
        said.append(words if grade is not None else f"(?) {words}")
    return Score(
        values={"grade": sum(grades) / len(grades)}, answer=" / ".join(f"{1 + 9 * each:g}" for each in grades),
        explanation="\n\n———\n\n".join(said),
    )  # fmt: skip


def _asked(sample: Sample, output: Output, number: int) -> str:
    """The turn's question, with what was said before it."""
    before = zip(sample.input[:number], output.turns[:number], strict=True)
    earlier = "".join(f"{question.text()}\n\n{answer}\n\n" for question, answer in before)
    return earlier + sample.input[number].text()


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf8").splitlines() if line.strip()]


def _sample(row: dict[str, Any], references: list[str], prompts: dict[str, Any]) -> Sample:
    needs = row["category"] in _WITH_REFERENCE and bool(references)
    return Sample(
        id=f"{row['category']}-{row['question_id']}",
        input=tuple(Message(role="user", content=turn) for turn in row["turns"]),
        target=references[0] if needs else "",
        metadata={
            "references": references if needs else [], "prompt": prompts["single-math-v1" if needs else "single-v1"]
        },
    )  # fmt: skip


TASK = Task(
    name="japanese-mt-bench", kind="judge", language="ja", licence="Apache-2.0",
    source="https://github.com/Stability-AI/FastChat/tree/jp-stable/fastchat/llm_judge", samples=samples,
    files=(_QUESTIONS, _REFERENCES, _PROMPTS), solver=turns(), scorer=score, measures=("grade",), max_tokens=1024,
    needs=frozenset({"judge"}),
)  # fmt: skip
