"""Tree search over the steps of an answer: the tree as it is shown, when it is over, which end stands."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from yoriai.deliberation import Contribution, Node
from yoriai.i18n.catalogue import text
from yoriai.responders.comparing import ballots
from yoriai.responders.search.consistency import is_decided
from yoriai.responders.search.samples import Search, finish
from yoriai.responders.search.scorers import Score
from yoriai.responders.search.steps import Answers
from yoriai.responders.search.tree_search import Tree, explore
from yoriai.types import Stage

_LONGEST = 4000  # characters of a step that is shown


async def search_tree(search: Search, score: Score | None) -> Contribution | None:
    """None: no play came to its end."""
    total = search.plan.size
    game = Answers(search, search.request.model_copy(update={"logprobs": True, "top_logprobs": 1}), score)
    ended: list[Contribution] = []
    decided = False

    def is_over(tree: Tree, left: int) -> bool:
        nonlocal decided
        search.emit(
            Stage(name="exploring", detail=f"{total - left}/{total}", progress=(total - left) / total)
        )
        search.tell(nodes=nodes_of(tree))
        decided = score is None and is_decided([each.key for each in game.ends], left)
        return decided or bool(search.calls.ended)

    tree = await explore(game, total, is_over)
    values = list(await game.values())
    finish(search, is_decided=decided)
    for contribution, value in zip(game.ends, values, strict=True):
        ended.append(_scored(search, contribution, value))
    return _chosen(search, tree, ended)


def nodes_of(tree: Tree, chosen: int | None = None) -> tuple[Node, ...]:
    """`chosen`: which play's answer was given."""
    ends = [place for place in tree.places if chosen is not None and chosen in place.ends]
    on_way = {place.id for end in ends for place in tree.way(end)} | ({0} if ends else set())
    return tuple(
        Node(
            id=place.id, parent=place.parent, text=place.text[:_LONGEST], value=round(place.value, 4),
            visits=place.visits, prior=round(tree.prior(place), 4), is_end=bool(place.ends),
            is_chosen=place.id in on_way,
        )
        for place in tree.places
    )  # fmt: skip


def _scored(search: Search, contribution: Contribution, value: float) -> Contribution:
    scored = replace(contribution, score=round(value, 4))
    search.put(scored)
    return scored


def _chosen(search: Search, tree: Tree, ended: list[Contribution]) -> Contribution | None:
    """Of the answer whose ends are worth most together, the best end; without answers to compare, the best end."""
    if not ended:
        return None
    worth: dict[str, float] = defaultdict(float)
    for each in ended:
        worth[each.key] += each.score or 0.0
    keys = {key: value for key, value in worth.items() if key}
    key = max(keys, key=lambda each: keys[each]) if keys else ""
    best = max((each for each in ended if each.key == key), key=lambda each: each.score or 0.0)
    reason = text(
        "responders.reason_tree",
        search.language,
        label=best.label,
        score=f"{best.score:.2f}",
        total=len(ended),
    )
    counted = ballots((each.label, each.key) for each in ended)
    search.tell(nodes=nodes_of(tree, ended.index(best)), ballots=counted, reason=reason)
    return best
