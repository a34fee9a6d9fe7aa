"""JSQuAD: 4,442 questions on paragraphs of the Japanese Wikipedia; the answer is a span (validation set, v1.3).

Data: github.com/yahoojapan/JGLUE (Kurihara et al. 2022, CC BY-SA 4.0). Exact match and F1 over characters, as there;
people reach 87.1 / 94.4 by that repository's README. Zero-shot; the answer is copied from the paragraph.

    {"title": "梅雨", "paragraphs": [{"context": "梅雨 [SEP] 梅雨（つゆ、ばいう）は、…", "qas": [{"id": "a10336p0q0",
     "question": "日本で梅雨がないのは北海道とどこか。", "answers": [{"text": "小笠原諸島", …}, …]}]}]}
"""

from __future__ import annotations

import json

from yoriai.evaluation.scoring import span
from yoriai.evaluation.solving import generate
from yoriai.evaluation.task import DataFile, Files, HumanBaseline, Sample, Task
from yoriai.types import Message

_JGLUE = "https://github.com/yahoojapan/JGLUE"
_FILE = DataFile(
    folder="jglue", name="jsquad-v1.3/valid-v1.3.json",
    url="https://raw.githubusercontent.com/yahoojapan/JGLUE/6f071c09316baae89c3d083a90985b4b1cb9968c/datasets/jsquad-v1.3/valid-v1.3.json",
    sha256="fb0a57a35281ff03bbe7f0e878cff5b577985fbe6fcb242e7e8ddb63d1c0ab11",
)  # fmt: skip
_ASK = (
    "次の文章を読んで質問に答えてください。答えは文章から一字一句そのまま、できるだけ短く抜き出し、答えだけを書いてください。\n\n"
    "文章：{context}\n\n質問：{question}"
)


def samples(files: Files) -> list[Sample]:
    found = []
    for article in json.loads(files[_FILE.name].read_text("utf8"))["data"]:
        for paragraph in article["paragraphs"]:
            context = paragraph["context"].partition("[SEP]")[2].strip() or paragraph["context"]
            for each in paragraph["qas"]:
                answers = list(dict.fromkeys(answer["text"] for answer in each["answers"]))
                content = _ASK.format(context=context, question=each["question"])
                found.append(
                    Sample(
                        id=each["id"], input=(Message(role="user", content=content),), target=answers[0],
                        metadata={"answers": answers},
                    )
                )  # fmt: skip
    return found


TASK = Task(
    name="jsquad", kind="reading", language="ja", source=_JGLUE, licence="CC BY-SA 4.0", files=(_FILE,),
    samples=samples, solver=generate(), scorer=span, measures=("exact", "char_f1"), max_tokens=128,
    human=HumanBaseline(value=0.871, source=f"{_JGLUE}#baseline-scores"),
)  # fmt: skip
