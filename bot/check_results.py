"""How the end of a self-check is told: the verdict, why, what is missing, and how to go on."""

from collections.abc import Sequence

from bot.composing import Part
from bot.turn import Turn
from knowledge.eligibility.alternatives import Change
from knowledge.eligibility.amounts import Total, dues, totals
from knowledge.eligibility.reporting import change_said, changes
from knowledge.eligibility.verdicts import Outcome, Result
from knowledge.measures import Aspect, Measure

_MOST_LISTED = 12


def measure_result(turn: Turn, result: Result) -> list[Part]:
    """Tell the verdict on one measure with its reasons, its source and the way to apply."""
    say, measure = turn.composer.say, result.criteria.measure
    parts = [Part(turn.composer.closing_note(measure, turn.today))]
    match result.outcome:
        case Outcome.ELIGIBLE:
            parts += _eligible(turn, result)
        case Outcome.INELIGIBLE:
            found = changes(result, turn.library)
            parts += _ineligible(turn, measure, found)
        case Outcome.UNDETERMINED:
            labels = "、".join(turn.library.facts[fact].label for fact in result.missing)
            name = "check_undetermined" if labels else "check_assessed"
            parts.append(
                Part(say(name, title=measure.title, **({"labels": labels} if labels else {})))
            )
    parts += [Part(advice, 3) for advice in measure.advice]
    parts.append(Part(turn.composer.standing(measure, turn.today), 1))
    parts.append(Part(say("source", source=turn.composer.cite(measure))))
    return [part for part in parts if part.text]


def _eligible(turn: Turn, result: Result) -> list[Part]:
    say, measure = turn.composer.say, result.criteria.measure
    everyone = result.criteria.everyone
    judged = dict.fromkeys(c.say.rstrip("。") for c in result.criteria.criteria if c.judged)
    how = turn.composer.stated(measure, Aspect.HOW, turn.today)
    return [
        Part(everyone.say if everyone else say("check_eligible", title=measure.title)),
        Part(_amount(turn, result), 1),
        Part(say("check_verify", conditions="、".join(judged)) if judged else "", 2),
        Part(say("check_reviewed"), 1),
        Part(how, 1),
        Part(turn.composer.where(measure), 1),
        Part(turn.composer.phones(measure), 1),
    ]


def _amount(turn: Turn, result: Result) -> str:
    """What is given: the sums that come together for this person, or what the clause says."""
    found = dues(result.criteria, result.person)
    if any(due.grant.when is not None for due in found):
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


def _ineligible(turn: Turn, measure: Measure, found: Sequence[Change]) -> list[Part]:
    say = turn.composer.say
    lasting = [c for c in found if c.lasting]
    mendable = [_said(turn, c) for c in found if not c.lasting]
    lines = [say("check_ineligible", title=measure.title)]
    lines += [say("check_failed", condition=c.criterion.say.rstrip("。")) for c in lasting]
    lines += [say("check_change", changes="；".join(mendable))] if mendable else []
    quotes = dict.fromkeys(c.criterion.quote for c in found)
    return [
        *(Part(line) for line in lines),
        *(Part(say("quote", quote=quote), 2) for quote in quotes),
    ]


def _said(turn: Turn, change: Change) -> str:
    return change_said(change, turn.library.facts, turn.composer.say_as_is("check_needed"))


def region_result(turn: Turn, results: Sequence[Result]) -> tuple[list[Part], list[Measure]]:
    """Group a place's measures by verdict; returns the lines and what can be picked by number."""
    say = turn.composer.say
    groups: dict[str, list[Result]] = {
        name: [] for name in ("eligible", "near", "unknown", "failed", "over")
    }
    for result in results:
        groups[_group(turn, result)].append(result)
    parts: list[Part] = []
    shown: list[Measure] = []
    for name in ("eligible", "near", "unknown"):
        if groups[name]:
            parts.append(Part(say(f"check_group_{name}")))
        for result in groups[name]:
            if len(shown) < _MOST_LISTED:
                shown.append(result.criteria.measure)
                label = result.criteria.measure.title + _note(turn, name, result)
                parts.append(Part(say("choice", number=str(len(shown)), label=label), len(shown)))
    for name in ("failed", "over"):
        if groups[name]:
            parts.append(Part(say(f"check_group_{name}", count=str(len(groups[name]))), 1))
    parts.append(Part(say("check_more" if shown else "check_nothing")))
    if groups["eligible"]:
        parts.append(Part(say("check_reviewed"), 1))
    return parts, shown


def _group(turn: Turn, result: Result) -> str:
    if not result.open:
        return "over"
    if result.outcome is Outcome.ELIGIBLE:
        return "eligible"
    if result.outcome is Outcome.UNDETERMINED:
        return "unknown"
    found = changes(result, turn.library)
    return "near" if len(found) == 1 and not found[0].lasting else "failed"


def _note(turn: Turn, group: str, result: Result) -> str:
    if group == "near":
        return f"（{_said(turn, changes(result, turn.library)[0])}）"
    if group == "unknown" and result.missing:
        labels = "、".join(turn.library.facts[fact].label for fact in result.missing[:3])
        return turn.composer.say("check_missing", labels=labels)
    return ""
