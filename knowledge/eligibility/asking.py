"""The next question: the one that can be expected to decide most measures that are still open."""

from collections.abc import Iterable, Sequence
from functools import partial

from knowledge.eligibility.criteria import Node, Rulebook
from knowledge.eligibility.facts import Given, Value
from knowledge.eligibility.predicates import Predicate, Truth
from knowledge.eligibility.verdicts import Outcome, Person, Result, holds

_SOME_USE = 0.02
"""What a question counts that decides nothing alone but can together with others."""
_TOGETHER = 0.5
"""A question of the same group as the last one goes first if it's worth this much of the best."""


def next_question(results: Sequence[Result], given: Given, rules: Rulebook) -> str | None:
    """Return the fact to ask for, None where no answer can change anything any more.

    Measures that are decided, closed, had already or excluded are not asked for, and nothing is
    asked again that was answered with 不清楚 or with bounds.
    """
    worth: dict[str, float] = {}
    for result in results:
        for fact, share in _shares(result, _can_still_decide(result, given), rules):
            worth[fact] = worth.get(fact, 0.0) + share
    if not worth:
        return None
    order = {fact: n for n, fact in enumerate(rules.facts)}
    best = max(worth.values())
    last = rules.facts.get(given.last or "")
    together = [
        fact
        for fact, value in worth.items()
        if last and rules.facts[fact].group == last.group and value >= best * _TOGETHER
    ]
    return max(together or worth, key=lambda fact: (worth[fact], -order[fact]))


def _can_still_decide(result: Result, given: Given) -> list[str]:
    """Return the facts that may be asked for a measure; none where no answer can decide it."""
    undetermined = result.outcome is Outcome.UNDETERMINED
    node = result.criteria.node
    if node is None or not undetermined or not result.open or result.already or result.excluded_by:
        return []
    asked = [f for f in result.missing if f not in given.unsure and f not in given.values]
    return asked if _can_change(node, result.person, asked) else []


def _shares(result: Result, asked: Sequence[str], rules: Rulebook) -> Iterable[tuple[str, float]]:
    """Yield for each fact the share of its answers that decide the measure."""
    for fact in asked:
        values = rules.telling_values(fact)
        decided = sum(supposing(result, fact, value) is not None for value in values)
        yield fact, decided / len(values) + _SOME_USE


def supposing(result: Result, fact: str, value: Value) -> Truth:
    """Whether the rule would hold if one fact were as supposed."""
    person, node = result.person, result.criteria.node

    def truth_of(predicate: Predicate | None) -> Truth:
        if predicate is not None and predicate.fact == fact:
            return predicate.truth(value)
        return person.truth_of(predicate)

    return holds(node, truth_of) if node else None


def _can_change(node: Node, person: Person, asked: Sequence[str]) -> bool:
    """Tell whether answers could decide it: all as it needs them, or all against it."""

    def assuming(hope: bool, predicate: Predicate | None) -> Truth:
        truth = person.truth_of(predicate)
        open_ = truth is None and predicate is not None and predicate.fact in asked
        return hope if open_ else truth

    return any(holds(node, partial(assuming, hope)) is hope for hope in (True, False))


def rest(results: Iterable[Result], given: Given) -> int:
    """Count the measures that answers can still decide."""
    return sum(bool(_can_still_decide(result, given)) for result in results)
