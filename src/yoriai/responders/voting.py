"""The vote of a council: the answer that most members give. Only for answers that can be compared.

A tie goes to the answer that the reviewers rank higher, without reviews to that of the member who comes first.
"""

from __future__ import annotations

from yoriai.deliberation import Contribution
from yoriai.i18n.catalogue import text
from yoriai.responders.comparing import ballots
from yoriai.responders.sitting import Sitting, mean_ranks


def vote(sitting: Sitting) -> tuple[Contribution, str] | None:
    """Whose answer stands, and why; None: no answer can be compared."""
    ranks = mean_ranks(sitting.state.reviews)
    voters = sorted(sitting.answers(), key=lambda each: ranks.get(each.label, 0.0))
    counted = ballots((each.label, each.key) for each in voters)
    if not counted:
        return None
    sitting.tell(ballots=counted)
    first, *others = counted
    total = sum(len(each.labels) for each in counted)
    reason = text(
        "responders.reason_votes", sitting.language, votes=len(first.labels), total=total, answer=first.answer
    )
    if others and len(others[0].labels) == len(first.labels):
        key = "reason_tie_reviews" if ranks else "reason_tie"
        reason += " " + text(f"responders.{key}", sitting.language, label=first.labels[0])
    lines = "\n".join(f"- {each.answer}: {', '.join(each.labels)} ({each.share:.0%})" for each in counted)
    sitting.say(text("responders.votes_heading", sitting.language), lines)
    return next(each for each in voters if each.label == first.labels[0]), reason
