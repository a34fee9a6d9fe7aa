"""JCommonsenseQA: 1,119 Japanese questions of common sense with five choices (validation set, v1.3). Zero-shot.

Data: github.com/yahoojapan/JGLUE (Kurihara et al. 2022, CC BY-SA 4.0); people reach 98.6 % by that repository's README.

    {"q_id": 8939, "question": "田んぼが広がる風景を何という？", "choice0": "畑", …, "label": 2}
"""

from __future__ import annotations

import json

from yoriai.evaluation.choosing import choose, question
from yoriai.evaluation.scoring import letter
from yoriai.evaluation.task import DataFile, Files, HumanBaseline, Sample, Task

JGLUE = "https://github.com/yahoojapan/JGLUE"
_FILE = DataFile(
    folder="jglue", name="jcommonsenseqa-v1.3/valid-v1.3.json",
    url="https://raw.githubusercontent.com/yahoojapan/JGLUE/6f071c09316baae89c3d083a90985b4b1cb9968c/datasets/jcommonsenseqa-v1.3/valid-v1.3.json",
    sha256="0d8d76f3bfa0d174866939882faccdd01fbc2bcd5a76c43748ba0c40a7b3b8d4",
)  # fmt: skip


def samples(files: Files) -> list[Sample]:
    rows = [json.loads(line) for line in files[_FILE.name].read_text("utf8").splitlines() if line.strip()]
    return [
        question(
            f"jcommonsenseqa-{row['q_id']}", row["question"], [row[f"choice{n}"] for n in range(5)], row["label"], "ja"
        )
        for row in rows
    ]  # fmt: skip


TASK = Task(
    name="jcommonsenseqa", kind="choice", language="ja", source=JGLUE, licence="CC BY-SA 4.0", files=(_FILE,),
    samples=samples, solver=choose(), scorer=letter, max_tokens=256,
    human=HumanBaseline(value=0.986, source=f"{JGLUE}#baseline-scores"),
)  # fmt: skip
