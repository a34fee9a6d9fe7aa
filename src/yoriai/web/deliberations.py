"""What the page says of how a council or a reasoner came to its answer. Pure; used by `transcript`.

Texts of members are rendered as answers are (`render`), everything else is plain text. `deliberation.js` lays it out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from yoriai.deliberation import Claim, Contribution, Cost, Deliberation, Node, Review
from yoriai.i18n.catalogue import text
from yoriai.types import Language
from yoriai.web.cleaning import clean_text

Render = Callable[[str], list[str]]
_MOST_LIVE_TEXTS = 8  # of more contributions the texts come at the end: each change sends all of it again
_STEP = 48  # characters of a node that stand beside it in the drawing
_LABELS = (
    "about", "members", "claims", "claim", "ballots", "reason", "answers", "reviews", "walk", "cost", "calls", "tokens",
    "written", "seconds", "swaps",
)  # fmt: skip
_SIGNS = {"waiting": "○", "running": "◌", "done": "✓", "failed": "✕", "late": "✕", "stopped": "■"}
_LEFT_OUT = {"failed", "late"}


def labels(language: Language) -> dict[str, str]:
    """Words that are the same for every answer."""
    named = {name: text(f"web.deliberation_{name}", language) for name in _LABELS}
    tree = text("web.deliberation_tree_title", language)
    return named | {"tree": tree, "reasoning": text("web.reasoning", language)}


def panel(
    found: Deliberation | None, language: Language, render: Render, *, running: bool
) -> dict[str, Any] | None:
    """Everything that the page shows of it; None: a model answered by itself."""
    if found is None:
        return None
    whole = not running or len(found.contributions) <= _MOST_LIVE_TEXTS
    shown = render if whole else lambda _: []
    return {
        "title": text(f"web.deliberation_{found.method}", language),
        "summary": _summary(found, language),
        "members": [_member(each, language, shown, running=running) for each in found.contributions],
        "leftOut": [_left_out(each, language) for each in found.contributions if each.state in _LEFT_OUT],
        "legend": _legend(found),
        "claims": _claims(found, language),
        "ballots": [_ballot(each.answer, each.labels, each.share, language) for each in found.ballots],
        "reason": clean_text(found.reason),
        "reviews": [_review(each, found, language, shown) for each in found.reviews],
        "nodes": [_node(each, language, shown) for each in found.nodes],
        "cost": cost_rows(found, language),
        "ratio": ratio(found, language),
    }  # fmt: skip


def references(found: Deliberation | None, language: Language) -> dict[str, str]:
    """What a link from the answer to each member's own says, by letter. Empty where no chair speaks of members."""
    if found is None or not found.chair:
        return {}
    return {
        each.label: text("web.deliberation_member", language, label=each.label, name=clean_text(each.name))
        for each in found.contributions if each.state == "done"
    }  # fmt: skip


def short_cost(cost: Cost, language: Language) -> str:
    """In one line, for the foot of a reply."""
    return text(
        "web.deliberation_cost_line", language, calls=cost.calls, seconds=f"{cost.seconds:.1f}",
        tokens=f"{cost.prompt_tokens + cost.completion_tokens:,}",
    )  # fmt: skip


def whole_cost(found: Deliberation, language: Language) -> str:
    """For the foot of a reply: what all of it took, next to what the best single member took."""
    line = short_cost(found.cost, language)
    if found.single is None:
        return line
    alone = text("web.deliberation_cost_single", language, name=clean_text(found.single_name))
    return f"{line} ({alone}: {short_cost(found.single, language)})"


def cost_rows(found: Deliberation, language: Language) -> list[dict[str, str]]:
    """What all of it took, and beside it what the best single member took."""
    rows = [_cost(text("web.deliberation_cost_all", language), found.cost)]
    if found.single is not None:
        name = text("web.deliberation_cost_single", language, name=clean_text(found.single_name))
        rows.append(_cost(name, found.single))
    return rows


def ratio(found: Deliberation, language: Language) -> str:
    """How many times a single member's tokens and seconds it took; empty where there is nothing to compare."""
    single, whole = found.single, found.cost
    if single is None or not single.seconds or not (single.prompt_tokens + single.completion_tokens):
        return ""
    tokens = (whole.prompt_tokens + whole.completion_tokens) / (
        single.prompt_tokens + single.completion_tokens
    )
    return text(
        "web.deliberation_ratio", language, tokens=f"{tokens:.1f}", seconds=f"{whole.seconds / single.seconds:.1f}",
        name=clean_text(found.single_name),
    )  # fmt: skip


def _summary(found: Deliberation, language: Language) -> list[str]:
    answered = [each for each in found.contributions if each.state == "done"]
    parts = []
    if found.contributions:
        parts.append(
            text(
                "web.deliberation_answered", language, answered=len(answered), asked=len(found.contributions)
            )
        )
    if found.chair:
        parts.append(text("web.deliberation_chair", language, name=clean_text(found.chair)))
    if found.claims:
        agreed = sum(_is_shared(claim, found) for claim in found.claims)
        parts.append(text("web.deliberation_agreed", language, agreed=agreed, claims=len(found.claims)))
    if found.scorer:
        parts.append(text(f"web.deliberation_scorer_{found.scorer}", language))
    if found.stopped:
        parts.append(text(f"web.deliberation_stopped_{found.stopped}", language))
    return parts


def _is_shared(claim: Claim, found: Deliberation) -> bool:
    """Whether all who answered say it."""
    return {each.label for each in found.contributions if each.state == "done"} <= set(claim.agree)


def _legend(found: Deliberation) -> list[dict[str, str]]:
    """Who the letters are, that the answer names; empty where one alone gave all answers."""
    names = {each.label: clean_text(each.name) for each in found.contributions}
    return (
        [{"label": label, "name": name} for label, name in names.items()]
        if len(set(names.values())) > 1
        else []
    )


def _member(of: Contribution, language: Language, render: Render, *, running: bool) -> dict[str, Any]:
    state = "stopped" if of.state in {"waiting", "running"} and not running else of.state
    figures = [] if of.score is None else [text("web.deliberation_score", language, score=f"{of.score:.2f}")]
    if of.cost.calls:
        figures.append(short_cost(of.cost, language))
    return {
        "id": f"{of.round}/{of.label}",
        "label": clean_text(of.label),
        "name": clean_text(of.name),
        "round": text("web.deliberation_round", language, number=of.round) if of.round > 1 else "",
        "state": state,
        "sign": _SIGNS[state],
        "stateText": text(f"web.deliberation_state_{state}", language),
        "key": clean_text(of.key),
        "figures": " · ".join(figures),
        "blocks": render(of.text),
        "reasoning": clean_text(of.reasoning),
    }


def _left_out(of: Contribution, language: Language) -> str:
    if of.error_key:
        why = text(of.error_key, language, **of.error_values)
    else:
        why = text(f"web.deliberation_state_{of.state}", language)
    return text(
        "web.deliberation_left_out", language, label=of.label, name=clean_text(of.name), why=clean_text(why)
    )


def _claims(found: Deliberation, language: Language) -> dict[str, Any] | None:
    if not found.claims:
        return None
    heads = {each.label: clean_text(each.name) for each in found.contributions if each.state not in _LEFT_OUT}
    return {
        "heads": [{"label": label, "name": name} for label, name in heads.items()],
        "rows": [
            {
                "text": clean_text(claim.text),
                "cells": [_stance(label, claim.agree, claim.differ, language) for label in heads],
            }
            for claim in found.claims
        ],
    }


def _stance(label: str, agree: Sequence[str], differ: Sequence[str], language: Language) -> dict[str, str]:
    name = "agree" if label in agree else "differ" if label in differ else "silent"
    sign = {"agree": "✓", "differ": "✕", "silent": "–"}[name]
    return {"name": name, "sign": sign, "word": text(f"web.deliberation_{name}", language)}


def _ballot(answer: str, labels: Sequence[str], share: float, language: Language) -> dict[str, Any]:
    votes = text("web.deliberation_votes", language, count=len(labels), share=f"{share:.0%}")
    return {"answer": clean_text(answer), "share": share, "votes": votes, "labels": ", ".join(labels)}


def _review(of: Review, found: Deliberation, language: Language, render: Render) -> dict[str, Any]:
    names = {each.label: clean_text(each.name) for each in found.contributions}
    return {
        "label": of.reviewer,
        "name": names.get(of.reviewer, ""),
        "ranking": text("web.deliberation_ranking", language, ranking=" > ".join(of.ranking))
        if of.ranking
        else "",
        "blocks": render(of.text),
    }


def _node(of: Node, language: Language, render: Render) -> dict[str, Any]:
    step = " ".join(clean_text(of.text).split()) or text("web.deliberation_root", language)
    figures = text(
        "web.deliberation_node", language, value=f"{of.value:.2f}", visits=of.visits, prior=f"{of.prior:.2f}"
    )
    marks = [name for name in ("end", "chosen") if getattr(of, f"is_{name}")]
    return {
        "id": of.id,
        "parent": of.parent,
        "step": step if len(step) <= _STEP else step[:_STEP] + "…",
        "value": round(of.value, 3),
        "visits": of.visits,
        "chosen": of.is_chosen,
        "end": of.is_end,
        "figures": " · ".join(
            [figures, *(text(f"web.deliberation_node_{mark}", language) for mark in marks)]
        ),
        "blocks": render(of.text),
    }


def _cost(name: str, cost: Cost) -> dict[str, str]:
    return {
        "name": name,
        "calls": f"{cost.calls:,}",
        "tokens": f"{cost.prompt_tokens + cost.completion_tokens:,}",
        "written": f"{cost.completion_tokens:,}",
        "seconds": f"{cost.seconds:.1f}",
        "swaps": f"{cost.swaps:,}",
    }
