"""How open a model is, on the terminal: the table of `model show`, and what consent to a pull is given to.

Used by `model` and `provision`. Knows the report's shape, not how it comes about.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from yoriai.cli.terminal import harmless, print_table, result, say

if TYPE_CHECKING:
    from yoriai.catalog.report import FindingShown, OpennessReport, ReasonShown


def print_openness(shown: OpennessReport) -> None:
    """Verdict, every question with its answer, the chain of parents, and where to read on."""
    result("")
    result(say("pull_openness", verdict=shown.verdict_text, meaning=shown.meaning))
    for step in shown.chain:
        result(harmless(say("openness_chain", step=step.text)))
    result("")
    rows = [(each.question, each.answer_text, _because(each)) for each in _findings(shown)]
    print_table(("question", "answer", "because"), rows)
    result("")
    links = dict.fromkeys(reason.link for each in _findings(shown) for reason in each.reasons if reason.link)
    for link in links:
        result(say("openness_source", link=link))
    result(shown.advice)


def conditions(shown: OpennessReport) -> list[str]:
    """What a person agrees to: the verdict, each limit with its clause, where it comes from."""
    lines = [say("pull_openness", verdict=shown.verdict_text, meaning=shown.meaning)]
    for each in (*shown.freedoms.values(), *shown.questions.values()):
        if each.limits:
            lines.append(f"- {each.question}: {each.answer_text}. {_because(each)}")
    lines += [say("openness_chain", step=step.text) for step in shown.chain]
    return [harmless(line) for line in (*lines, shown.advice)]


def _findings(shown: OpennessReport) -> Iterator[FindingShown]:
    yield from shown.freedoms.values()
    yield from shown.components.values()
    yield from shown.questions.values()


def _because(finding: FindingShown) -> str:
    """All reasons; what several sources say alike is said once."""
    sources: dict[str, list[ReasonShown]] = {}
    for reason in finding.reasons:
        sources.setdefault(reason.text, []).append(reason)
    return " / ".join(_words(words, reasons) for words, reasons in sources.items())


def _words(words: str, reasons: list[ReasonShown]) -> str:
    where = "; ".join(
        dict.fromkeys(_place(reason.source, reason.clause) for reason in reasons if reason.source)
    )
    verified = all(reason.verified for reason in reasons)
    parts = [words, f"[{where}]" if where else "", "" if verified else say("openness_unverified")]
    return " ".join(part for part in parts if part)


def _place(source: str, clause: str) -> str:
    return source if clause == "–" else f"{source} {clause}"
