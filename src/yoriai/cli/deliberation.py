"""How a council or a reasoner came to its answer, for the terminal: who agrees, who was left out, what it cost.

`ask` and `chat` print it under an answer. Says it in the page's words. Knows types only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from yoriai.cli.terminal import harmless, result
from yoriai.i18n.catalogue import text
from yoriai.i18n.terminal import terminal_language

if TYPE_CHECKING:
    from yoriai.deliberation import Ballot, Claim, Contribution, Cost, Deliberation
    from yoriai.types import Stage

_BAR = 20  # characters of all votes
_STAGES = frozenset(
    {"parts", "members", "reviewing", "settling", "sampling", "scoring", "exploring", "repairing"}
)


def stage_line(stage: Stage) -> str:
    """What a composite is doing, or a long document's part; empty: what is soon over."""
    if stage.name not in _STAGES:
        return ""
    return text(f"web.stage_{stage.name}", terminal_language(), name=_line(stage.detail)).rstrip()


def print_deliberation(found: Deliberation) -> None:
    """Agreement, votes, who was left out and what it cost; the answers themselves came as reasoning."""
    result("\n" + " · ".join([_say(found.method), *_summary(found)]))
    for each in found.contributions:
        if each.state in {"failed", "late"}:
            result(f"  {_left_out(each)}")
    labels = [each.label for each in found.contributions if each.state == "done"]
    for claim in found.claims:
        result(f"  {_stances(claim, list(dict.fromkeys(labels)))}  {_line(claim.text)}")
    for ballot in found.ballots:
        result(f"  {_ballot(ballot)}")
    if found.reason:
        result(f"  {_say('reason')} {_line(found.reason)}")
    for line in _costs(found):
        result(f"  {line}")


def _summary(found: Deliberation) -> list[str]:
    parts = []
    answered_by = {each.label for each in found.contributions if each.state == "done"}
    if found.contributions:
        answered = sum(each.state == "done" for each in found.contributions)
        parts.append(_say("answered", answered=answered, asked=len(found.contributions)))
    if found.chair:
        parts.append(_say("chair", name=_line(found.chair)))
    if found.claims:
        agreed = sum(answered_by <= set(claim.agree) for claim in found.claims)
        parts.append(_say("agreed", agreed=agreed, claims=len(found.claims)))
    if found.stopped:
        parts.append(_say(f"stopped_{found.stopped}"))
    return parts


def _left_out(of: Contribution) -> str:
    language = terminal_language()
    why = text(of.error_key, language, **of.error_values) if of.error_key else _say(f"state_{of.state}")
    return _say("left_out", label=of.label, name=_line(of.name), why=_line(why))


def _stances(claim: Claim, labels: list[str]) -> str:
    """ "✓A ✕B –C": agrees, differs, says nothing of it."""
    signs = ["✓" if each in claim.agree else "✕" if each in claim.differ else "–" for each in labels]
    return " ".join(sign + label for sign, label in zip(signs, labels, strict=True))


def _ballot(ballot: Ballot) -> str:
    bar = "█" * round(_BAR * ballot.share)
    votes = _say("votes", count=len(ballot.labels), share=f"{ballot.share:.0%}")
    return f"{_line(ballot.answer)}  {bar} {votes}"


def _costs(found: Deliberation) -> list[str]:
    lines = [f"{_say('cost')}: {_cost(found.cost)}"]
    if found.single is not None:
        lines.append(f"{_say('cost_single', name=_line(found.single_name))}: {_cost(found.single)}")
    return lines


def _cost(cost: Cost) -> str:
    tokens = cost.prompt_tokens + cost.completion_tokens
    line = _say("cost_line", calls=cost.calls, tokens=f"{tokens:,}", seconds=f"{cost.seconds:.1f}")
    return line + (f" · {_say('swaps')}: {cost.swaps}" if cost.swaps else "")


def _say(name: str, /, **values: object) -> str:
    return text(f"web.deliberation_{name}", terminal_language(), **values)


def _line(untrusted: str) -> str:
    return " ".join(harmless(untrusted).split())
