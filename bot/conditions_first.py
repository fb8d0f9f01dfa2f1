"""When the conditions come before anything else: somebody told what one of them turns on."""

import re
from collections.abc import Iterator

from bot import stating
from bot.turn import Turn
from knowledge.eligibility.criteria import Criterion, Every
from knowledge.eligibility.predicates import Predicate
from knowledge.measures import Aspect, Measure

_A_NAME = 4
"""Characters of an option's name, by which it is surely told from other words: 民办高中."""
_HUKOU = "hukou_place"
_SAME_CITY = "same_city"
_THEY_ARE = "(?<!不)(?:是|老家|户口|户籍)(?![^,。?! ]{0,3}[不没非])[^,。?! ]{0,6}"
_OF_IT = "(?:那边|下面|这边)?(?:的(?=$|[,。?! ]|人)|人(?=$|[,。?! ])|本地|户口)"


def conditions_come_first(turn: Turn, measure: Measure) -> bool:
    """Tell whether to begin with the conditions.

    Who asks of a private school is told first that the clause is of public ones; who was taught
    for 15 hours, how many it takes; who is of the town itself, that it is for those of elsewhere.
    """
    return (
        _asks_of_what_is_refused(turn, measure)
        or _tells_how_long(turn, measure)
        or _is_of_here(turn, measure)
    )


def _predicates(turn: Turn, measure: Measure) -> Iterator[Predicate]:
    criteria = turn.library.rules.criteria.get(measure.id)
    node = criteria.own if criteria else None
    for part in node.parts if isinstance(node, Every) else [node]:
        if isinstance(part, Criterion) and part.predicate:
            yield part.predicate


def _is_of_here(turn: Turn, measure: Measure) -> bool:
    """Tell whether they say they are of the town, of a measure for those who are not: 任丘的."""
    places = turn.question.places
    town = turn.town(measure.region)
    named = [
        m.words
        for m in (*places.covered, *places.origins)
        if m.region and turn.town(m.region) == town
    ]
    text = turn.question.text
    if not any(re.search(f"{_THEY_ARE}{re.escape(name)}{_OF_IT}", text) for name in named):
        return False
    of_hukou = [p for p in _predicates(turn, measure) if p.fact == _HUKOU and p.allowed is not None]
    return any((_SAME_CITY in p.allowed) is p.negated for p in of_hukou if p.allowed is not None)


def _asks_of_what_is_refused(turn: Turn, measure: Measure) -> bool:
    """Tell whether a question names an answer to a fact that a condition of the clause refuses."""
    return any(_refuses(predicate, turn) for predicate in _predicates(turn, measure))


def _tells_how_long(turn: Turn, measure: Measure) -> bool:
    """Tell whether a question gives a span of its own of a kind the condition measures by."""
    said = measure.answers.get(Aspect.CONDITION)
    if said is None or Aspect.CONDITION in turn.asked.aspects:
        return False
    told = turn.question.rest
    for claimed in turn.claims:
        told = told.replace(claimed, "")
    return not stating.spans(told).isdisjoint(stating.spans(said.say))


def _refuses(predicate: Predicate, turn: Turn) -> bool:
    fact = turn.library.facts.get(predicate.fact)
    if fact is None or predicate.allowed is None:
        return False
    held = [
        (option.value in predicate.allowed) is not predicate.negated
        for option in fact.options
        if any(word in turn.asked_text for word in _words_of(option.label))
    ]
    return bool(held) and not any(held)


def _words_of(label: str) -> list[str]:
    """The words by which an option may be named: without what stands in brackets."""
    return [word for word in re.split("、|（.*?）", label) if len(word) >= _A_NAME]
