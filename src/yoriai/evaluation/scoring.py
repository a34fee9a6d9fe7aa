"""Scorers that need nobody's opinion: an answer is compared with the target. Used by `evaluation.tasks`."""

from __future__ import annotations

import math

from yoriai.evaluation.answers import char_f1
from yoriai.evaluation.task import Bench, Output, Sample, Score
from yoriai.responders.comparing import answer_key
from yoriai.responders.options import chosen


async def same_answer(sample: Sample, output: Output, _bench: Bench) -> Score:
    """The number or choice that the reply states is the target, whatever its spelling."""
    found = answer_key(output.text, sample.input[-1].text())
    return Score(values={"accuracy": float(found == sample.target)}, answer=found)


async def letter(sample: Sample, output: Output, _bench: Bench) -> Score:
    """The letter of a choice; of likelihoods the greatest."""
    labels = "ABCDEFGHIJ"[: len(sample.choices)]
    if output.likelihoods:
        best = max(range(len(output.likelihoods)), key=output.likelihoods.__getitem__)
        said = ", ".join(
            f"{label} {value:.2f}" for label, value in zip(labels, output.likelihoods, strict=True)
        )
        answer = labels[best] if output.likelihoods[best] > -math.inf else ""
        return Score(values={"accuracy": float(answer == sample.target)}, answer=answer, explanation=said)
    options = dict(zip(labels, sample.choices, strict=True))
    found = answer_key(output.text, sample.input[-1].text()) or chosen(output.text, options)
    return Score(values={"accuracy": float(found == sample.target)}, answer=found)


async def span(sample: Sample, output: Output, _bench: Bench) -> Score:
    """Exact match and characters in common with the nearest answer, as JGLUE measures JSQuAD."""
    said = output.text.strip().partition("\n")[0].strip().removeprefix("答え:").removeprefix("答え：").strip()
    said = said.strip("「」。 ")
    answers = sample.metadata["answers"]
    exact = float(any(_bare(said) == _bare(answer) for answer in answers))
    return Score(
        values={"exact": exact, "char_f1": max(char_f1(said, answer) for answer in answers)}, answer=said
    )


def _bare(text: str) -> str:
    return "".join(text.split()).strip("「」。")
