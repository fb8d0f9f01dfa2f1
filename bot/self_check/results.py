"""How the end of a self-check is told: the verdict, why, what is missing, and how to go on."""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from bot.composing import Part
from bot.self_check.questions import named
from bot.turn import Turn
from knowledge.eligibility.alternatives import Change
from knowledge.eligibility.amounts import Total, dues, totals
from knowledge.eligibility.facts import APPLICANT_ROLE, Interval
from knowledge.eligibility.reporting import change_said, changes, condition_of
from knowledge.eligibility.verdicts import Outcome, Result
from knowledge.measures import Aspect, Audience, Measure

_MOST_LISTED = 12
_MOST_EXPLAINED = 8
"""In a longer list each measure stands by its title alone."""
_MOST_NAMED = 3
"""Facts that are named as missing."""


def measure_result(turn: Turn, result: Result) -> list[Part]:
    """Tell the verdict on one measure with its reasons, its source and the way to apply."""
    say, measure = turn.composer.say, result.criteria.measure
    source = Part(say("source", source=turn.composer.cite(measure)))
    found = changes(result, turn.library)
    if _for_others(found):
        advice = (Part(advice, 3) for advice in measure.advice)
        return [Part(_whose(turn, measure)), *advice, Part(say("check_again")), source]
    match result.outcome:
        case Outcome.ELIGIBLE:
            parts = _eligible(turn, result)
        case Outcome.INELIGIBLE:
            parts = _ineligible(turn, result, found)
        case Outcome.UNDETERMINED:
            parts = _undetermined(turn, result)
    parts += [Part(advice, 3) for advice in result.advice]
    if result.outcome is Outcome.INELIGIBLE:
        parts.append(Part(say("check_again"), 2))
    parts += [Part(turn.composer.standing(measure, turn.today), 1), source]
    note = Part(turn.composer.closing_note(measure, turn.today))
    return [part for part in (note, *parts) if part.text]


def _whose(turn: Turn, measure: Measure) -> str:
    """Say for whom a measure is that isn't for whom somebody asks."""
    sentences = {
        Audience.WORKER: "check_only_worker",
        Audience.CHILD: "check_only_child",
        Audience.EMPLOYER: "check_only_employer",
    }
    return turn.composer.say(sentences[measure.audience], title=named(measure))


def _eligible(turn: Turn, result: Result) -> list[Part]:
    say, measure = turn.composer.say, result.criteria.measure
    everyone = result.criteria.everyone
    judged = dict.fromkeys(c.say.rstrip("。") for c in result.criteria.criteria if c.judged)
    how = turn.composer.stated(measure, Aspect.HOW, turn.today)
    return [
        Part(everyone.say if everyone else say("check_eligible", title=named(measure))),
        Part(_amount(turn, result), 1),
        Part(say("check_verify", conditions="、".join(judged)) if judged else "", 2),
        Part(say("check_reviewed"), 1),
        Part(how, 1),
        Part(turn.composer.where(measure), 1),
        Part(turn.composer.phones(measure), 1),
    ]


def _undetermined(turn: Turn, result: Result) -> list[Part]:
    say, measure = turn.composer.say, result.criteria.measure
    labels = "、".join(turn.library.facts[fact].called for fact in result.missing)
    if labels:
        told = say("check_undetermined", title=named(measure), labels=labels)
    else:
        told = say("check_assessed", title=named(measure))
    return [
        Part(told),
        Part(turn.composer.where(measure), 1),
        Part(turn.composer.phones(measure), 1),
    ]


def _amount(turn: Turn, result: Result) -> str:
    """What is given: the sums that come together for this person, or what the clause says.

    A sum that hangs on something nobody has told is not added up.
    """
    found = dues(result.criteria, result.person)
    settled = all(due.truth is not None for due in found)
    if settled and any(due.grant.when is not None for due in found):
        sums = "，".join(_sum(turn, total) for total in totals(found, turn.library.facts))
        if sums:
            return turn.composer.say("check_amount", amounts=sums)
    return turn.composer.stated(result.criteria.measure, Aspect.AMOUNT, turn.today)


def _sum(turn: Turn, total: Total) -> str:
    per = total.per if total.per and total.per.startswith("每") else ""
    if total.low is None:
        return per + turn.composer.say("check_up_to", sum=f"{total.high:g}{total.unit}")
    low = f"{total.low:g}—" if total.low < total.high else ""
    return f"{per}{low}{total.high:g}{total.unit}"


def _ineligible(turn: Turn, result: Result, found: Sequence[Change]) -> list[Part]:
    say = turn.composer.say
    # Of several ways to meet a condition no single one is what stood in the way.
    failed = dict.fromkeys(condition_of(result, c.criterion) for c in found if c.lasting)
    mendable = [_said(turn, c) for c in found if not c.lasting]
    lines = [say("check_ineligible", title=named(result.criteria.measure))]
    lines += [say("check_failed", condition=condition.rstrip("。")) for condition in failed]
    lines += [say("check_change", changes="；".join(mendable))] if mendable else []
    quotes = dict.fromkeys(c.criterion.quote for c in found)
    return [
        *(Part(line) for line in lines),
        *(Part(say("quote", quote=quote), 2) for quote in quotes),
    ]


def _for_others(found: Sequence[Change]) -> bool:
    """Tell whether it isn't meant for such a person at all: for firms, for children."""
    return any(change.criterion.fact == APPLICANT_ROLE for change in found)


def _said(turn: Turn, change: Change) -> str:
    if isinstance(change.given, Interval):
        change = replace(change, gap=None)  # how much is missing isn't known
    return change_said(change, turn.library.facts, turn.composer.say_as_is("check_needed"))


class _Group(StrEnum):
    ELIGIBLE = "eligible"
    NEAR = "near"
    """One thing that can be done is missing."""
    UNKNOWN = "unknown"
    FAILED = "failed"
    NOT_OPEN = "not_open"
    FOR_OTHERS = "for_others"


def region_result(turn: Turn, results: Sequence[Result]) -> tuple[list[Part], list[Measure]]:
    """Group a place's measures by verdict; returns the lines and what can be picked by number."""
    say = turn.composer.say
    headings = {
        _Group.ELIGIBLE: "check_group_eligible",
        _Group.NEAR: "check_group_near",
        _Group.UNKNOWN: "check_group_unknown",
    }
    counted = {_Group.FAILED: "check_group_failed", _Group.NOT_OPEN: "check_group_over"}
    groups: dict[_Group, list[Result]] = {group: [] for group in _Group}
    for result in results:
        groups[_group(turn, result)].append(result)
    listed = sum(len(groups[group]) for group in headings)
    parts: list[Part] = []
    shown: list[Measure] = []
    for group, heading in headings.items():
        if groups[group] and len(shown) < _MOST_LISTED:
            parts.append(Part(say(heading)))
        for result in groups[group][: _MOST_LISTED - len(shown)]:
            shown.append(result.criteria.measure)
            note = _note(turn, group, result) if listed <= _MOST_EXPLAINED else ""
            label = result.criteria.measure.title + note
            parts.append(Part(say("choice", number=str(len(shown)), label=label)))
    if listed > len(shown):
        parts.append(Part(say("check_not_listed", count=str(listed - len(shown)))))
    for group, sentence in counted.items():
        if groups[group]:
            parts.append(Part(say(sentence, count=str(len(groups[group]))), 1))
    parts.append(Part(say("check_more") if shown else say("check_nothing")))
    parts.append(Part(say("check_reviewed") if groups[_Group.ELIGIBLE] else "", 1))
    endless = any(measure.validity.to is None for measure in shown)
    parts.append(Part(say("check_no_end") if endless else "", 1))
    return parts, shown


def _group(turn: Turn, result: Result) -> _Group:
    if not result.open:
        return _Group.NOT_OPEN
    if result.outcome is Outcome.ELIGIBLE:
        return _Group.ELIGIBLE
    if result.outcome is Outcome.UNDETERMINED:
        return _Group.UNKNOWN
    found = changes(result, turn.library)
    if _for_others(found):
        return _Group.FOR_OTHERS
    return _Group.NEAR if len(found) == 1 and not found[0].lasting else _Group.FAILED


def _note(turn: Turn, group: _Group, result: Result) -> str:
    if group is _Group.NEAR:
        return f"（{_said(turn, changes(result, turn.library)[0])}）"
    if group is _Group.ELIGIBLE:
        return ""
    if not result.missing:
        return turn.composer.say("check_assessed_note")
    labels = "、".join(turn.library.facts[fact].called for fact in result.missing[:_MOST_NAMED])
    return turn.composer.say("check_missing", labels=labels)
