"""How open a model is: from records to findings and a verdict, from parents to what is made of them. Pure.

Findings form a lattice: each is a set of reasons, the strictest of which decides, and to combine models is to unite
their reasons. So the order of parents never matters and nothing made from a model is freer than it. `catalog.policy`
and `catalog.report` call it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from yoriai.catalog.licences import (
    ASPECTS,
    COMPONENTS,
    FREEDOMS,
    OF_LICENCE,
    Answer,
    Licence,
    Records,
    Relation,
    Value,
)
from yoriai.models import Verdict

# The later, the stricter. What isn't known may be anything, but a limit that is known stays one.
_GRANTED: Sequence[Value] = ("yes", "unknown", "conditional", "no")
_DEMANDED: Sequence[Value] = ("no", "unknown", "conditional", "yes")
_DEMANDS = {"user_limit", "attribution"}
VERDICTS: Sequence[Verdict] = ("open_source_ai", "open_weights", "unknown", "restricted")  # ever stricter


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """One answer, and where it comes from."""

    value: Value
    source: str  # title of a licence, or name of a family; of an unknown one, what was asked for
    clause: str
    link: str
    en: str
    ja: str
    verified: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Of one aspect: its value, and the reasons for it, the strictest first."""

    value: Value
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """`model` was made from `parent`, which comes under `licence`."""

    model: str
    parent: str
    licence: str
    how: Relation


@dataclass(frozen=True, kw_only=True, slots=True)
class Openness:
    """All findings about a model, by aspect, and what it was made from."""

    model: str
    licence: str
    findings: Mapping[str, Finding]
    chain: tuple[Step, ...] = ()


def assess(records: Records, family: str, licence: str) -> Openness:
    """What is known of a model of this family under this licence, its parents' conditions included."""
    known, record = records.family(family), records.licence(licence)
    reasons = _licence_reasons(records, record, licence)
    for aspect in COMPONENTS if known is None else known.answers:
        of_family = (
            _unknown(family) if known is None else _reason(known.answers[aspect], known.name, known.link)
        )
        reasons[aspect] = [*reasons.get(aspect, []), of_family]
    own = Openness(
        model=known.name if known else family,
        licence=record.title if record else licence,
        findings={aspect: _finding(aspect, reasons[aspect]) for aspect in ASPECTS},
    )
    parents = [
        (assess(records, parent.family, parent.licence), parent.how)
        for parent in (known.parents if known else ())
    ]
    return inherit(own, parents)


def assess_file(records: Records, family: str, licence: str, base_models: Sequence[str] = ()) -> Openness:
    """The same for a file that isn't the catalogue's: its metadata name a family and models that it may derive from.

    So their limits hold, and what their makers published proves nothing.
    """
    own = replace(assess(records, "", licence), model=family)
    known = records.family(family)
    parents = [assess(records, known.name, known.licences[0])] if known else []
    parents += [_assess_base(records, name) for name in base_models]
    return inherit(own, [(parent, "training") for parent in parents])


def _assess_base(records: Records, name: str) -> Openness:
    known = records.family_of_model(name)
    found = assess(records, known.name, known.licences[0]) if known else assess(records, name, "")
    return replace(found, model=name)


def inherit(own: Openness, parents: Sequence[tuple[Openness, Relation]]) -> Openness:
    """A model with the strictest condition of all that it was made from, and the chain that says so.

    A model that was only trained on another's outputs takes over what the other's licence demands; training, merging
    and distillation hand on everything, what isn't known of the data included.
    """
    reasons = {aspect: list(own.findings[aspect].reasons) for aspect in ASPECTS}
    chain = list(own.chain)
    for parent, how in parents:
        chain.append(Step(model=own.model, parent=parent.model, licence=parent.licence, how=how))
        chain += parent.chain
        for aspect in OF_LICENCE if how == "outputs" else ASPECTS:
            reasons[aspect] += [
                reason
                for reason in parent.findings[aspect].reasons
                if how != "outputs" or reason.clause != _COMPONENTS_CLAUSE
            ]
    findings = {aspect: _finding(aspect, reasons[aspect]) for aspect in ASPECTS}
    return replace(own, findings=_with_study(findings), chain=tuple(dict.fromkeys(chain)))


def verdict(openness: Openness) -> Verdict:
    """Open source AI: all four freedoms and all three components. Open weights: the freedoms to use, modify and share
    without limits, but not all components. Restricted: the licence limits what for, by whom or how.
    """
    values = {aspect: openness.findings[aspect].value for aspect in ASPECTS}
    granted = [values[freedom] for freedom in ("use", "modify", "share")]
    if values["parameters"] == "no" or values["study"] == "no" or {"no", "conditional"} & set(granted):
        return "restricted"
    if "unknown" in granted:
        return "unknown"
    whole = all(values[aspect] == "yes" for aspect in (*FREEDOMS, *COMPONENTS))
    return "open_source_ai" if whole else "open_weights"


def is_free(aspect: str, value: Value) -> bool:
    """Whether this is the freest answer to that question."""
    return _order(aspect)[0] == value


# ---- findings ---------------------------------------------------------------------------------------------
_COMPONENTS_CLAUSE = "OSAID 1.0, components"


def _with_study(findings: dict[str, Finding]) -> dict[str, Finding]:
    """To study a system one needs its data and code: what of them isn't there limits this freedom."""
    missing = [
        replace(reason, value="conditional", clause=_COMPONENTS_CLAUSE)
        for component in ("data_information", "code")
        for reason in findings[component].reasons
        if reason.value != "yes"
    ]
    return findings | {"study": _finding("study", [*findings["study"].reasons, *missing])}


def _finding(aspect: str, reasons: Iterable[Reason]) -> Finding:
    """Unite reasons. Once something limits, what doesn't says no more."""
    order = _order(aspect)
    ranked = sorted(set(reasons), key=lambda each: (-order.index(each.value), each.source, each.clause))
    value = ranked[0].value
    kept = [reason for reason in ranked if value == order[0] or reason.value != order[0]]
    return Finding(value=value, reasons=tuple(kept))


def _order(aspect: str) -> Sequence[Value]:
    return _DEMANDED if aspect in _DEMANDS else _GRANTED


def _licence_reasons(records: Records, licence: Licence | None, name: str) -> dict[str, list[Reason]]:
    if licence is None:
        return {aspect: [_unknown(name)] for aspect in OF_LICENCE}
    parts = [records.licences[part] for part in licence.all_of] or [licence]
    return {
        aspect: [_reason(part.answers[aspect], part.title, part.link) for part in parts]
        for aspect in OF_LICENCE
    }


def _reason(answer: Answer, source: str, link: str) -> Reason:
    return Reason(
        value=answer.answer,
        source=source,
        clause=answer.clause,
        link=link,
        en=answer.en,
        ja=answer.ja,
        verified=answer.verified,
    )


def _unknown(name: str) -> Reason:
    return Reason(
        value="unknown",
        source=name,
        clause="–",
        link="",
        en="",  # `catalog.report` has the words
        ja="",
        verified=False,
    )
