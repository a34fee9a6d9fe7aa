"""`reasoner:METHOD-N[+SCORER](RESPONDER)`: what a reasoner's name says. Nothing is kept or looked up.

`best-of-8(qwen2.5-coder-0.5b)`, `self-consistency-8(council:three)`, `tree-16+judge(assistant:rules)`,
`repair-3+checks(smollm2-135m)`. The registry parses with it and finds the responder inside.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from yoriai.deliberation import Method
from yoriai.errors import UsageError

REASONER = "reasoner:"
ScorerName = Literal["judge", "pairs", "agreement", "citations", "checks", "tests"]

_METHODS: dict[str, Method] = {
    "best-of": "best_of", "self-consistency": "self_consistency", "tree": "tree", "repair": "repair",
}  # fmt: skip
# The first of each is meant where the name gives none.
_SCORERS: dict[Method, tuple[ScorerName, ...]] = {
    "best_of": ("judge", "pairs", "agreement", "citations", "tests"),
    "self_consistency": ("agreement",),
    "tree": ("agreement", "judge", "citations"),
    "repair": ("judge", "checks", "citations", "tests"),
}
_SIZES: dict[Method, tuple[int, int]] = {
    "best_of": (2, 64), "self_consistency": (2, 64), "tree": (2, 128), "repair": (1, 8),
}  # fmt: skip
_NAME = re.compile(r"([a-z]+(?:-[a-z]+)*)-(\d{1,4})(?:\+([a-z]+))?\((.*)\)", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """`size`: samples, simulations or revisions; `inner`: name of the responder that is searched over."""

    method: Method
    size: int
    scorer: ScorerName
    inner: str
    name: str  # as it was written


def parse(name: str) -> Plan:
    """What `name`, with its prefix, asks for.

    Raises:
        UsageError: no such method or scorer, or a number out of its range; it says what there is.
    """
    match = _NAME.fullmatch(name.removeprefix(REASONER).strip())
    if not match:
        raise UsageError("responders.reasoner_form", param="model", name=name, methods=", ".join(_METHODS))
    method = _METHODS.get(match[1])
    if method is None or not match[4].strip():
        raise UsageError("responders.reasoner_form", param="model", name=name, methods=", ".join(_METHODS))
    size, (least, most) = int(match[2]), _SIZES[method]
    if not least <= size <= most:
        raise UsageError(
            "responders.reasoner_size", param="model", method=match[1], size=size, least=least, most=most
        )
    scorer = next((each for each in _SCORERS[method] if each == (match[3] or _SCORERS[method][0])), None)
    if scorer is None:
        raise UsageError(
            "responders.reasoner_scorer", param="model", method=match[1], scorer=match[3],
            scorers=", ".join(_SCORERS[method]),
        )  # fmt: skip
    return Plan(method=method, size=size, scorer=scorer, inner=match[4].strip(), name=name)


def around(name: str, inner: str) -> str:
    """The same reasoner over a responder by another name. Raises: UsageError, as `parse`."""
    plan = parse(name)
    return name[: name.rindex(plan.inner)] + inner + ")"
