"""What the support check tells apart: true statements about a passage, and ones that were changed.

    make bench-support         seconds, no model

A question of JSQuAD or XQuAD with its answer in place of what it asks for is a true statement about its passage; with
the answer to another question in that place, or beside another passage of the article, a wrong one; "made up" is an
answer to a question of another article with a value from this passage, as models give it. Thresholds are chosen on the
articles of odd number and reported on the even ones.
"""

from __future__ import annotations

import random
import re

from questions import SETS, Item, items
from yoriai.knowledge.numerals import numbers
from yoriai.knowledge.support import facts, score

_ASKS_JA = re.compile(
    r"(?:は)?(?:何|なに|どこ|誰|だれ|いつ|いくつ|いくら|どれ|どの\w{0,4}|どんな\w{0,4})(?:\w{0,2})?(?:です|でしょう)?か?[?？。]*$"
)
_ASKS_EN = re.compile(
    r"\b(?:who|whom|whose|what|which|where|when|why|how (?:many|much|long|old|far)|how)\b", re.IGNORECASE
)


def statement(item: Item, answer: str) -> str:
    """The question with `answer` in the place of what it asks for."""
    if item.language == "ja":
        bare = _ASKS_JA.sub("", item.question)
        return (
            f"{bare}{answer}です。"
            if bare != item.question
            else f"{item.question.rstrip('か?？。')}は{answer}です。"
        )
    bare = item.question.rstrip("?. ")
    return f"{_ASKS_EN.sub(answer, bare, count=1)}." if _ASKS_EN.search(bare) else f"{bare}: {answer}."


def cases(language: str, odd: bool) -> dict[str, list[float]]:
    """Scores of true statements and of three kinds of wrong ones."""
    chosen = [item for item in items(language) if item.article % 2 == odd]
    chance = random.Random(7)
    by_article: dict[int, list[Item]] = {}
    for item in chosen:
        by_article.setdefault(item.article, []).append(item)
    kinds = ("true", "other passage", "other answer", "other number", "made up")
    scores: dict[str, list[float]] = {kind: [] for kind in kinds}
    for item in chance.sample(chosen, min(400, len(chosen))):
        passage = facts(item.passage)
        asked = facts(item.question)
        said = facts(statement(item, item.answers[0]))
        scores["true"].append(score(said, passage, asked))
        others = [each for each in by_article[item.article] if each.paragraph != item.paragraph]
        if others:
            scores["other passage"].append(score(said, facts(chance.choice(others).passage), asked))
            wrong = [each.answers[0] for each in others if each.answers[0] not in item.passage]
            if wrong:
                scores["other answer"].append(
                    score(facts(statement(item, chance.choice(wrong))), passage, asked)
                )
        elsewhere = chance.choice(chosen)
        if elsewhere.article != item.article:
            asked_elsewhere = facts(elsewhere.question)
            scores["made up"].append(
                score(facts(statement(elsewhere, item.answers[0])), passage, asked_elsewhere)
            )
        if changed := _changed(item.answers[0], chance):
            scores["other number"].append(score(facts(statement(item, changed)), passage, asked))
    return scores


def _changed(answer: str, chance: random.Random) -> str:
    digits = re.search(r"\d+", answer)
    if not digits or not numbers(answer):
        return ""
    value = int(digits.group()) + chance.choice([1, 2, 10, -1])
    return answer[: digits.start()] + str(abs(value)) + answer[digits.end() :]


def main() -> None:
    for language in SETS:
        for odd in (True, False):
            scores = cases(language, odd)
            print(f"{language}, {'chosen on' if odd else 'reported on'}")
            for kind, values in scores.items():
                cuts = " ".join(
                    f">={cut}: {sum(v >= cut for v in values) / max(1, len(values)):.3f}"
                    for cut in (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
                )
                print(f"  {kind:14} n={len(values):4}  {cuts}")


if __name__ == "__main__":
    main()
