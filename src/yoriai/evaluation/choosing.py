"""What exams of multiple choice share: a question with lettered choices, answered by letter or by likelihood.

By likelihood: the choice of which each letter is most probable right after the question, without a chat template, as
MMLU's own evaluation does (github.com/hendrycks/test, evaluate.py). By letter: the reply names one.
"""

from __future__ import annotations

from collections.abc import Sequence

from yoriai.evaluation.solving import asked
from yoriai.evaluation.task import Bench, Output, Sample, Solver
from yoriai.types import Language, Message

LETTERS = "ABCDEFGHIJ"
_ASK = {
    "ja": "次の問題に、最も適切な選択肢の記号だけで答えてください。\n\n{question}\n{choices}",
    "en": "Answer the following question with the letter of the best choice alone.\n\n{question}\n{choices}",
}
_LEAD = {"ja": "\n答え：", "en": "\nAnswer:"}


def question(name: str, text: str, choices: Sequence[str], right: int, language: Language) -> Sample:
    """A sample whose target is the letter of `choices[right]`."""
    listed = "\n".join(f"{letter}. {choice}" for letter, choice in zip(LETTERS, choices, strict=False))
    content = _ASK[language].format(question=text, choices=listed)
    return Sample(
        id=name, input=(Message(role="user", content=content),), target=LETTERS[right], choices=tuple(choices),
        metadata={"plain": f"{text}\n{listed}{_LEAD[language]}"},
    )  # fmt: skip


def choose() -> Solver:
    async def solve(sample: Sample, bench: Bench, seed: int) -> Output:
        if bench.options.method != "likelihood":
            return await asked(sample.input, bench, seed, {})
        plain = sample.metadata["plain"]
        found = await bench.likelihood(plain, LETTERS[: len(sample.choices)])
        return Output(prompt=(Message(role="user", content=plain),), text="", likelihoods=tuple(found))

    return solve
