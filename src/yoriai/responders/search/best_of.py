"""Best of N: samples, each scored as it comes, or held against the best so far; the best stands.

Knows no scorer by itself: `reasoner` gives one.
"""

from __future__ import annotations

from dataclasses import replace

from yoriai.deliberation import Contribution
from yoriai.i18n.catalogue import text
from yoriai.responders.search import consistency
from yoriai.responders.search.orders import Shown
from yoriai.responders.search.samples import Search, draw, finish
from yoriai.responders.search.scorers import Prefer, Score
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


async def by_pairs(search: Search, prefer: Prefer) -> Contribution | None:
    """All samples are drawn; each that says something new is held against the best so far, in their order.

    So N samples take N - 1 comparisons. A sample's score is how surely it was better than the one it met. None: no
    sample came to its end.
    """
    shown = Shown(request=search.request, question=search.question)
    await draw(search, lambda _: shown, settled=lambda: False)
    best, met = None, 0
    for each in search.done():
        if best is None or search.calls.ended:
            best = best or each
            continue
        if each.text.strip() == best.text.strip():
            continue
        search.emit(Stage(name="scoring", detail=f"{best.label}, {each.label}"))
        share = await prefer(best.text, each.text)
        if share is None:
            continue
        met += 1
        search.put(replace(best, score=share))
        search.put(replace(each, score=1 - share))
        best = best if share >= 0.5 else each
    return _stands(search, best, met)


def _stands(search: Search, best: Contribution | None, met: int) -> Contribution | None:
    """By comparisons; where there was none, by agreement."""
    finish(search, is_decided=False)
    if best is None or not met:
        return consistency.choose(search)
    reason = text(
        "responders.reason_pairs", search.language, label=best.label, total=len(search.done()), met=met
    )
    search.tell(reason=reason)
    return best


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
