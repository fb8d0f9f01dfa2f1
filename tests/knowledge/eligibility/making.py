"""A small vocabulary, and rules, measures and people made for a test."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from pydantic import TypeAdapter

from knowledge.eligibility.criteria import Node, compiled
from knowledge.eligibility.facts import Fact, Vocabulary
from knowledge.eligibility.rules import Rule
from knowledge.eligibility.verdicts import Person
from knowledge.entries import Entry
from knowledge.library import Library
from knowledge.measures import Measure
from knowledge.regions import Regions

DAY = date(2022, 4, 10)
FIRST = date(2022, 4, 1)
_RULE: TypeAdapter[Rule] = TypeAdapter(Rule)
WORDS = {"say": "说", "quote": "引"}


def _fact(id: str, type: str, **more: Any) -> Fact:
    or_none = "（都不是就不选）" if type == "multi_choice" else ""
    said = {"group": id[0], "label": id, "question": f"{id}?{or_none}"}
    return Fact.model_validate({"id": id, "type": type, **said, **more})


def _options(values: str) -> list[dict[str, str]]:
    return [{"value": value, "label": value.upper()} for value in values]


FACTS: Vocabulary = {
    fact.id: fact
    for fact in (
        *(_fact(f"b{n}", "boolean") for n in range(1, 6)),
        _fact("c1", "choice", options=_options("pqr")),
        _fact("c2", "choice", options=_options("pqr"), lasting=True),
        _fact("m1", "multi_choice", options=_options("xyz")),
        _fact("n1", "integer", least=0, most=6, shortfall="还差{gap}个月"),
        _fact("n2", "integer", least=0, most=6),
        _fact("d1", "date"),
    )
}
"""The day d1 is one of the ten from 2022-04-01."""

REAL_FACTS = ("work_region", "applicant_role")


@dataclass
class Known:
    """What the rules need of a library."""

    measures: Mapping[str, Measure]
    regions: Regions
    facts: Vocabulary = field(default_factory=lambda: FACTS)


def rule(data: Any) -> Rule:
    """Read a rule, if it isn't one yet; leaves may leave out how they are said."""
    return data if isinstance(data, Entry) else _RULE.validate_python(worded(data))


def worded(data: Any) -> Any:
    match data:
        case {"all": parts}:
            return {"all": [worded(part) for part in parts]}
        case {"any": parts}:
            return {"any": [worded(part) for part in parts], "say": "说"}
        case {"not": part}:
            return {"not": worded(part)}
        case _:
            return {**WORDS, **data}


def known(library: Library, rules: Mapping[str, Any], **each: Any) -> Known:
    """Measures of 石狮 for workers with these rules, over the small vocabulary."""
    model = library.measures["shishi-4a"]
    made = {
        id: model.model_copy(
            update={"id": id, "grants": model.grants[:1], **each, "rule": data and rule(data)}
        )
        for id, data in rules.items()
    }
    facts = {**{key: library.facts[key] for key in REAL_FACTS}, **FACTS}
    return Known(made, library.regions, facts)


def node_of(library: Library, data: Any) -> Node:
    """A rule made ready, without region and audience."""
    place = known(library, {"a-1": data})
    node = compiled(rule(data), place.measures["a-1"], place)
    assert node is not None
    return node


def person(values: Mapping[str, Any], day: date = DAY) -> Person:
    return Person(values, day)


# -- random rules and people ----------------------------------------------------------------------


def leaf_of(fact: Fact) -> st.SearchStrategy[dict[str, Any]]:
    """A comparison of a fact that some pass and some don't."""
    some = {"unique": True, "min_size": 1, "max_size": max(len(fact.values) - 1, 1)}
    match fact.type.value:
        case "boolean":
            way: Any = st.fixed_dictionaries({"is": st.booleans()})
        case "choice":
            way = st.fixed_dictionaries({"in": st.lists(st.sampled_from(fact.values), **some)})
        case "multi_choice":
            way = st.fixed_dictionaries({"has": st.lists(st.sampled_from(fact.values), **some)})
        case "integer":
            way = st.one_of(
                st.fixed_dictionaries({"at_least": st.integers(1, 6)}),
                st.fixed_dictionaries({"at_most": st.integers(0, 5)}),
            )
        case _:
            days = st.integers(1, 8).map(lambda n: FIRST + timedelta(n))
            way = st.one_of(
                st.fixed_dictionaries({"at_least": days}), st.fixed_dictionaries({"at_most": days})
            )
    return way.map(lambda compared: {"fact": fact.id, **compared})  # type: ignore[no-any-return]


def _joined(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(parts, min_size=2, max_size=3)
    return st.one_of(
        several.map(lambda made: {"all": made}),
        several.map(lambda made: {"any": made}),
        parts.map(lambda made: {"not": made}),
    )


any_rule = st.recursive(
    st.sampled_from(list(FACTS.values())).flatmap(leaf_of), _joined, max_leaves=6
).map(rule)
"""A rule that may use a fact several times."""


@st.composite
def read_once_rule(draw: st.DrawFn) -> Rule:
    """A rule that uses each fact once."""
    free = draw(st.permutations(list(FACTS.values())))[:5]

    def grown(facts: list[Fact]) -> Any:
        if len(facts) == 1:
            made = draw(leaf_of(facts[0]))
        else:
            cut = draw(st.integers(1, len(facts) - 1))
            both = [grown(facts[:cut]), grown(facts[cut:])]
            made = {draw(st.sampled_from(["all", "any"])): both}
        return {"not": made} if draw(st.integers(0, 4)) == 0 else made

    return rule(grown(free[: draw(st.integers(1, 5))]))


def value_of(fact: Fact) -> st.SearchStrategy[Any]:
    match fact.type.value:
        case "boolean":
            return st.booleans()
        case "choice":
            return st.sampled_from(fact.values)
        case "multi_choice":
            return st.frozensets(st.sampled_from(fact.values))
        case "integer":
            return st.integers(0, 6)
        case _:
            return st.integers(0, 9).map(lambda n: FIRST + timedelta(n))


people = st.fixed_dictionaries({}, optional={id: value_of(fact) for id, fact in FACTS.items()})
"""What is known of somebody; any of it may be missing."""
everything = st.fixed_dictionaries({id: value_of(fact) for id, fact in FACTS.items()})
"""Somebody of whom everything is known."""
