"""Results as plain data, for programs and for pages: every reason with the words it rests on."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from knowledge.eligibility.alternatives import Change, smallest_change
from knowledge.eligibility.amounts import dues, totals
from knowledge.eligibility.criteria import Criterion, Either, Node
from knowledge.eligibility.facts import Fact, Interval, Value
from knowledge.eligibility.predicates import Predicate, Truth
from knowledge.eligibility.verdicts import Result

if TYPE_CHECKING:
    from knowledge.library import Library

_VERDICTS: dict[Truth, str] = {True: "met", False: "failed", None: "unknown"}

_STATED = "文件要求：{condition}"


def result_data(result: Result, library: "Library") -> dict[str, Any]:
    """Return one result with its conditions, what would change it, and what is given."""
    criteria, measure = result.criteria, result.criteria.measure
    document = library.documents[measure.document].entry
    found = dues(criteria, result.person)
    return {
        "measure": measure.id,
        "title": measure.title,
        "audience": measure.audience.value,
        "form": measure.form.value,
        "as_of": result.as_of.isoformat(),
        "outcome": result.outcome.value,
        "open": result.open,
        "validity": _period(measure.validity.from_, measure.validity.to),
        "application": measure.application
        and _period(measure.application.from_, measure.application.to),
        "published_on": document.dated.isoformat(),
        "missing": list(result.missing),
        "conditions": conditions_data(result),
        "everyone": criteria.everyone
        and {"say": criteria.everyone.say, "quote": criteria.everyone.quote},
        "changes": [change_data(change, library) for change in changes(result, library)],
        "amounts": [
            {
                "what": due.grant.what,
                "value": due.grant.amount.value,
                "unit": due.grant.amount.unit,
                "per": due.grant.amount.per,
                "cap": due.grant.amount.cap,
                "verdict": _VERDICTS[due.truth],
                "missing": list(due.missing),
                "quote": due.grant.quote,
            }
            for due in found
            if due.grant.amount
        ],
        "totals": [
            {"unit": total.unit, "per": total.per, "at_least": total.low, "at_most": total.high}
            for total in totals(found, library.facts)
        ],
        "advice": list(result.advice),
        "already": result.already,
        "excluded_by": list(result.excluded_by),
    }


def _period(first: date | None, last: date | None) -> dict[str, str | None]:
    days = {"from": first, "to": last}
    return {name: None if day is None else day.isoformat() for name, day in days.items()}


def conditions_data(result: Result) -> list[dict[str, Any]]:
    """Return each leaf of the rule with its verdict; those of one `any_of` need only one."""
    criteria = result.criteria
    if criteria.node is None:
        return []
    choice_of = dict(_choices(criteria.node))
    return [
        {
            "fact": criterion.fact,
            "verdict": _VERDICTS[result.person.truth_of(criterion.predicate)],
            "say": criterion.say,
            "quote": criterion.quote,
            "measure": criterion.measure,
            "document": criteria.measure.document,
            "locator": criterion.locator,
            "wanted": wanted_data(criterion.predicate),
            "given": value_data(result.person.values.get(criterion.fact or "")),
            "to_verify": criterion.judged or criterion.predicate is None,
            "any_of": choice_of.get(criterion),
        }
        for criterion in criteria.criteria
    ]


def condition_of(result: Result, criterion: Criterion) -> str:
    """Say the whole condition that a leaf belongs to, with the other ways to meet it."""
    node = result.criteria.node
    return (dict(_choices(node)).get(criterion) if node else None) or criterion.say


def _choices(node: Node, inside: str | None = None) -> Iterable[tuple[Criterion, str | None]]:
    """Yield each leaf with the sentence of the outermost choice that it stands in."""
    if isinstance(node, Criterion):
        yield node, inside
        return
    if isinstance(node, Either) and inside is None:
        inside = node.say
    for part in node.parts:
        yield from _choices(part, inside)


def wanted_data(predicate: Predicate | None) -> dict[str, Any] | None:
    """Return what a comparison asks for, None where only the authority can judge."""
    if predicate is None:
        return None
    wanted: dict[str, Any] = {}
    if predicate.allowed is not None:
        wanted["has" if predicate.multiple else "in"] = sorted(predicate.allowed, key=str)
    for name, bound in (("at_least", predicate.low), ("at_most", predicate.high)):
        if bound is not None:
            wanted[name] = bound.isoformat() if isinstance(bound, date) else bound
    return {"not": wanted} if predicate.negated else wanted


def value_data(value: Value | None) -> Any:
    """Return a value as `read_value` takes it."""
    match value:
        case Interval():
            bounds = {"at_least": value_data(value.low), "at_most": value_data(value.high)}
            return {key: bound for key, bound in bounds.items() if bound is not None}
        case frozenset():
            return sorted(value)
        case date():
            return value.isoformat()
        case _:
            return value


def changes(result: Result, library: "Library") -> tuple[Change, ...]:
    """Return the smallest change that would make a failed measure hold."""
    node = result.criteria.node
    return smallest_change(node, result.person, library.facts) if node else ()


def change_data(change: Change, library: "Library") -> dict[str, Any]:
    """Return one thing that would have to be otherwise, and how that is said."""
    return {
        "fact": change.criterion.fact,
        # Nobody can do anything about what lasts: «still needed» would be a demand.
        "say": change_said(
            change,
            library.facts,
            _STATED if change.lasting else library.sentences.text["check_needed"],
        ),
        "gap": change.gap,
        "lasting": change.lasting,
        "quote": change.criterion.quote,
    }


def change_said(change: Change, facts: Mapping[str, Fact], needed: str) -> str:
    """Say what would have to be otherwise: 还差3个月失业保险缴费."""
    fact = facts.get(change.criterion.fact or "")
    if fact and fact.shortfall and change.gap is not None:
        return fact.shortfall.format(gap=change.gap)
    return needed.format(condition=change.criterion.say.rstrip("。；"))
