"""Best of N: samples, each scored as it comes; the best stands. Knows no scorer by itself: `reasoner` gives one."""

from __future__ import annotations

from dataclasses import replace

from yoriai.deliberation import Contribution
from yoriai.i18n.catalogue import text
from yoriai.responders.search import consistency
from yoriai.responders.search.orders import Shown
from yoriai.responders.search.samples import Search, draw
from yoriai.responders.search.scorers import Score
from yoriai.types import Stage

_PERFECT = 1 - 1e-9


async def best_of(search: Search, score: Score | None) -> Contribution | None:
    """`score` None: by agreement. None: no sample came to its end. Of equal ones the first stands."""
    if score is None:
        return await consistency.vote(search)

    async def judge(contribution: Contribution) -> None:
        search.emit(Stage(name="scoring", detail=contribution.label))
        value = await score(contribution.text, search.replies[contribution.label])
        search.put(replace(contribution, score=value))

    def settled() -> bool:
        """Nothing beats a perfect score."""
        return any((each.score or 0.0) >= _PERFECT for each in search.done())

    shown = Shown(request=search.request, question=search.question)
    await draw(search, lambda _: shown, settled=settled, judge=judge)
    return choose(search)


def choose(search: Search) -> Contribution | None:
    """By score; where nothing could be scored, by agreement."""
    scored = [each for each in search.done() if each.score is not None]
    if not scored:
        return consistency.choose(search)
    best = max(scored, key=lambda each: each.score or 0.0)
    reason = text(
        "responders.reason_score", search.language, label=best.label, score=f"{best.score:.2f}",
        total=len(scored), scorer=search.state.scorer,
    )  # fmt: skip
    search.tell(reason=reason)
    return best
