"""JMMLU: 7,097 Japanese questions of 53 subjects with four choices. Zero-shot.

Data: github.com/nlp-waseda/JMMLU (CC BY-SA 4.0): one CSV a subject without a header, question, A, B, C, D, answer.

    マーケティングの歴史において、生産期間が終わったのはいつ?,1800年代後半。,1900年代初頭。,1920年代。,第二次世界大戦終結後。,C
"""

from __future__ import annotations

import csv
from pathlib import Path

from yoriai.evaluation.choosing import LETTERS, choose, question
from yoriai.evaluation.scoring import letter
from yoriai.evaluation.task import DataFile, Files, Sample, Task

_URL = "https://raw.githubusercontent.com/nlp-waseda/JMMLU/762cbf192c9e4588b574d718f95afd64c96fcbf4/JMMLU"
_SUBJECTS = [
    "abstract_algebra",
    "anatomy",
    "astronomy",
    "business_ethics",
    "clinical_knowledge",
    "college_biology",
    "college_chemistry",
    "college_computer_science",
    "college_mathematics",
    "college_medicine",
    "college_physics",
    "computer_security",
    "conceptual_physics",
    "econometrics",
    "electrical_engineering",
    "elementary_mathematics",
    "formal_logic",
    "global_facts",
    "high_school_biology",
    "high_school_chemistry",
    "high_school_computer_science",
    "high_school_european_history",
    "high_school_geography",
    "high_school_macroeconomics",
    "high_school_mathematics",
    "high_school_microeconomics",
    "high_school_physics",
    "high_school_psychology",
    "high_school_statistics",
    "human_aging",
    "human_sexuality",
    "international_law",
    "japanese_history",
    "jurisprudence",
    "logical_fallacies",
    "machine_learning",
    "management",
    "marketing",
    "medical_genetics",
    "miscellaneous",
    "moral_disputes",
    "nutrition",
    "philosophy",
    "prehistory",
    "professional_accounting",
    "professional_medicine",
    "professional_psychology",
    "public_relations",
    "security_studies",
    "sociology",
    "virology",
    "world_history",
    "world_religions",
]


def samples(files: Files) -> list[Sample]:
    return [sample for subject in _SUBJECTS for sample in _read(subject, files[f"{subject}.csv"])]


def _read(subject: str, path: Path) -> list[Sample]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file) if len(row) == 6]
    return [
        question(f"{subject}-{number}", row[0], row[1:5], LETTERS.index(row[5].strip()), "ja")
        for number, row in enumerate(rows)
        if row[5].strip() in LETTERS[:4]
    ]


TASK = Task(
    name="jmmlu", kind="choice", language="ja", source="https://github.com/nlp-waseda/JMMLU", licence="CC BY-SA 4.0",
    files=tuple(DataFile(folder="jmmlu", name=f"{each}.csv", url=f"{_URL}/{each}.csv") for each in _SUBJECTS),
    samples=samples, solver=choose(), scorer=letter, max_tokens=256,
)  # fmt: skip
