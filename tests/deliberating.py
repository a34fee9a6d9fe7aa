"""Deliberations made by hand, for tests of whatever keeps and shows them. Not a test itself."""

from __future__ import annotations

from yoriai.deliberation import Ballot, Claim, Contribution, Cost, Deliberation, Node, Review

HOSTILE = '<img src=x onerror=alert(1)> <b>"太字"</b>'
COUNCIL = Deliberation(
    method="synthesise",
    contributions=(
        Contribution(
            label="A", name="qwen2.5-coder-1.5b", text="**Ten** apples are left.\n\n| a | b |\n|---|---|\n| 1 | 2 |",
            reasoning="12 − 2 = 10", cost=Cost(calls=1, prompt_tokens=40, completion_tokens=12, seconds=2.5),
        ),
        Contribution(label="B", name="assistant:旅費", text=f"九個です。{HOSTILE}", cost=Cost(calls=1, seconds=3.0)),
        Contribution(
            label="C", name="smollm2-135m", text="Ten, I", state="failed", error_key="engines.lost",
            error_values={"name": "smollm2-135m"},
        ),
        Contribution(label="D", name="gemma-3-270m", state="late", error_key="chat.bug"),
    ),
    reviews=(Review(reviewer="A", ranking=("B", "A"), text="B *forgot* a step."), Review(reviewer="B", ranking=("A",))),
    claims=(
        Claim(text="Ten apples are left.", agree=("A",), differ=("B",)),
        Claim(text=f"There were twelve. {HOSTILE}", agree=("A", "B")),
    ),
    chair="qwen2.5-coder-1.5b", reason="A shows its steps.", stopped="time",
    cost=Cost(calls=6, prompt_tokens=900, completion_tokens=300, seconds=12.5, swaps=1),
    single=Cost(calls=1, prompt_tokens=40, completion_tokens=12, seconds=2.5), single_name="qwen2.5-coder-1.5b",
)  # fmt: skip
VOTE = Deliberation(
    method="self_consistency",
    contributions=tuple(
        Contribution(label=label, name="smollm2-135m", text=f"So it is {key}.", key=key, score=score)
        for label, key, score in (("A", "10", 0.9), ("B", "10", None), ("C", "9", 0.25))
    ),
    ballots=(Ballot(answer="10", labels=("A", "B"), share=2 / 3), Ballot(answer="9", labels=("C",), share=1 / 3)),
    stopped="decided",
    cost=Cost(calls=3, prompt_tokens=300, completion_tokens=90, seconds=8.0),
)  # fmt: skip
TREE = Deliberation(
    method="tree",
    scorer="judge",
    nodes=(
        Node(id=0, parent=None, text="", value=0.5, visits=8, prior=1.0, is_chosen=True),
        Node(id=1, parent=0, text="First, **count** the apples.", value=0.75, visits=5, prior=0.6, is_chosen=True),
        Node(id=2, parent=0, text=f"Guess. {HOSTILE}", value=0.1, visits=2, prior=0.4),
        Node(id=3, parent=1, text="So ten.", value=1.0, visits=3, prior=0.9, is_end=True, is_chosen=True),
        Node(id=4, parent=1, text="So nine.", value=0.25, visits=1, prior=0.1, is_end=True),
    ),
    cost=Cost(calls=9, prompt_tokens=500, completion_tokens=200, seconds=20.0),
)  # fmt: skip
