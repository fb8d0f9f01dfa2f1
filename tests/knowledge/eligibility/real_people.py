"""Random people for the rules of the library."""

from datetime import date, timedelta
from random import Random
from typing import Any

from knowledge.eligibility.facts import Fact, FactType
from knowledge.library import Library

DAY = date(2022, 4, 10)
_EARLY = date(2020, 1, 1)


def random_value(fact: Fact, random: Random) -> Any:
    match fact.type:
        case FactType.BOOLEAN:
            return random.random() < 0.7
        case FactType.CHOICE:
            return random.choice(fact.values)
        case FactType.MULTI_CHOICE:
            return frozenset(value for value in fact.values if random.random() < 0.5)
        case FactType.INTEGER:
            assert fact.least is not None and fact.most is not None
            return random.randint(fact.least, min(fact.most, 40))
        case _:
            return _EARLY + timedelta(random.randrange((DAY - _EARLY).days))


def random_person(library: Library, random: Random, share: float | None = None) -> dict[str, Any]:
    """Some of the facts, each with a value it can have; mostly somebody who works."""
    share = random.random() if share is None else share
    said = {
        key: random_value(fact, random)
        for key, fact in library.facts.items()
        if key != "work_region" and random.random() < share
    }
    if "applicant_role" in said and random.random() < 0.7:
        said["applicant_role"] |= {"worker"}
    return said
