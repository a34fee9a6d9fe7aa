"""MGSM: 250 problems of GSM8K in Japanese, translated by people; and the same in English. Zero-shot.

Data: github.com/google-research/url-nlp, mgsm/ (Shi et al. 2022, CC BY 4.0). One problem a line, a tab, the number.

    ジャネットのアヒルは1日に16個の卵を生みます。…彼女は毎日市場でいくら手に入れていますか？	18
"""

from __future__ import annotations

from yoriai.evaluation.scoring import same_answer
from yoriai.evaluation.solving import generate
from yoriai.evaluation.task import DataFile, Files, Sample, Task
from yoriai.responders.comparing import answer_line
from yoriai.types import Language, Message

_URL = (
    "https://raw.githubusercontent.com/google-research/url-nlp/452a21ad3dae5668c06ceeac21ff073e1e40f9be/mgsm"
)
_DIGESTS = {
    "ja": "59a2b50debe77981fd784cb3b2bef1505e3abf2a37116dc9d7a366ab029b4637",
    "en": "50021d0f28cc957edcb44e7806425b1c7fbd648ddcb9e0a8ec689d10e57d40fa",
}
_HOW = {"ja": "一歩ずつ、簡潔に考えてください。", "en": "Reason step by step, briefly."}


def _task(language: Language) -> Task:
    file = DataFile(
        folder="mgsm",
        name=f"mgsm_{language}.tsv",
        url=f"{_URL}/mgsm_{language}.tsv",
        sha256=_DIGESTS[language],
    )

    def samples(files: Files) -> list[Sample]:
        lines = files[file.name].read_text("utf8").splitlines()
        return [
            _sample(f"mgsm-{language}-{number}", line, language)
            for number, line in enumerate(lines) if line.strip()
        ]  # fmt: skip

    return Task(
        name=f"mgsm-{language}", kind="number", language=language, licence="CC BY 4.0", files=(file,),
        source="https://github.com/google-research/url-nlp/tree/main/mgsm", samples=samples, solver=generate(),
        scorer=same_answer, max_tokens=512,
    )  # fmt: skip


def _sample(name: str, line: str, language: Language) -> Sample:
    question, right = line.rsplit("\t", 1)
    content = f"{question}\n\n{_HOW[language]} {answer_line(question)}"
    return Sample(
        id=name, target=right.strip().replace(",", ""), input=(Message(role="user", content=content),)
    )


JAPANESE, ENGLISH = _task("ja"), _task("en")
