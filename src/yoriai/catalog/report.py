"""How open a model is, in a person's language: what the API sends, and what `--json` and the terminal show."""

from __future__ import annotations

from pydantic import BaseModel

from yoriai.catalog.licences import COMPONENTS, FREEDOMS, QUESTIONS, Relation, Value
from yoriai.catalog.openness import Finding, Openness, Reason, Step, is_free, verdict
from yoriai.i18n.catalogue import text
from yoriai.models import Verdict
from yoriai.types import Language


class ReasonShown(BaseModel):
    """Why, in own words, and the clause that decides. `verified`: compared with the text it speaks of."""

    answer: Value
    text: str
    source: str
    clause: str
    link: str
    verified: bool


class FindingShown(BaseModel):
    """One question and its answer; `limits`: a freer answer would be possible."""

    question: str
    answer: Value
    answer_text: str
    limits: bool
    reasons: list[ReasonShown]


class StepShown(BaseModel):
    model: str
    parent: str
    licence: str
    how: Relation
    text: str


class OpennessReport(BaseModel):
    """Verdict, four freedoms and three components of the Open Source AI Definition 1.0, and what people ask."""

    verdict: Verdict
    verdict_text: str
    meaning: str
    licence: str
    verified: bool
    freedoms: dict[str, FindingShown]
    components: dict[str, FindingShown]
    questions: dict[str, FindingShown]
    chain: list[StepShown]
    advice: str


def report(openness: Openness, language: Language) -> OpennessReport:
    reached = verdict(openness)
    findings = {aspect: _finding(aspect, found, language) for aspect, found in openness.findings.items()}
    return OpennessReport(
        verdict=reached,
        verdict_text=text(f"catalog.verdict_{reached}", language),
        meaning=text(f"catalog.meaning_{reached}", language),
        licence=openness.licence,
        verified=all(reason.verified for found in findings.values() for reason in found.reasons),
        freedoms={aspect: findings[aspect] for aspect in FREEDOMS},
        components={aspect: findings[aspect] for aspect in COMPONENTS},
        questions={aspect: findings[aspect] for aspect in QUESTIONS},
        chain=[_step(step, language) for step in openness.chain],
        advice=text("catalog.openness_advice", language),
    )


def _finding(aspect: str, finding: Finding, language: Language) -> FindingShown:
    return FindingShown(
        question=text(f"catalog.aspect_{aspect}", language),
        answer=finding.value,
        answer_text=text(f"catalog.answer_{finding.value}", language),
        limits=not is_free(aspect, finding.value),
        reasons=[_reason(reason, language) for reason in finding.reasons],
    )


def _reason(reason: Reason, language: Language) -> ReasonShown:
    words = getattr(reason, language) or text("catalog.openness_unknown", language)
    return ReasonShown(
        answer=reason.value,
        text=words,
        source=reason.source,
        clause=reason.clause,
        link=reason.link,
        verified=reason.verified,
    )


def _step(step: Step, language: Language) -> StepShown:
    words = text(f"catalog.made_by_{step.how}", language, parent=step.parent, licence=step.licence)
    return StepShown(
        model=step.model,
        parent=step.parent,
        licence=step.licence,
        how=step.how,
        text=f"{step.model} ← {words}",
    )
