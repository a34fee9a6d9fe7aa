"""Questions of JSQuAD and XQuAD with the paragraph that answers them. The data is never kept.

`answers` and `support` call it. The data stands in ../shared/data or $YORIAI_DATA.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

SETS = {"ja": "jglue/jsquad-v1.3/valid-v1.3.json", "en": "xquad_en/xquad.en.json"}


@dataclass(frozen=True, kw_only=True)
class Item:
    language: str
    article: int
    title: str
    paragraph: int
    question: str
    answers: list[str]
    passage: str


def items(language: str) -> list[Item]:
    folder = Path(os.environ.get("YORIAI_DATA", Path(__file__).parents[2] / "shared/data"))
    found: list[Item] = []
    paragraph = 0
    for article, entry in enumerate(json.loads((folder / SETS[language]).read_text("utf8"))["data"]):
        for each in entry["paragraphs"]:
            paragraph += 1
            title, _, passage = each["context"].rpartition(" [SEP] ")
            found += [
                Item(
                    language=language, article=article, title=title or entry.get("title", f"article {article}"),
                    paragraph=paragraph, question=asked["question"].strip(), passage=passage,
                    answers=list(dict.fromkeys(answer["text"] for answer in asked["answers"])),
                )
                for asked in each["qas"]
            ]  # fmt: skip
    return found
