"""The lines of a match say of each person what the self-check says."""

import csv
import random
from collections.abc import Mapping, Sequence
from datetime import date

import pytest

from knowledge.eligibility.columns import column_of
from knowledge.eligibility.criteria import Criteria, Criterion, Every
from knowledge.eligibility.facts import Given, Value
from knowledge.eligibility.matching import HEADER, Match, csv_cell
from knowledge.eligibility.predicates import Predicate
from knowledge.eligibility.rosters import Chunk
from knowledge.eligibility.verdicts import Outcome, check
from knowledge.library import Library
from tests.knowledge.eligibility.people import random_person

AS_OF = date(2022, 4, 10)
REGION = "石狮"


def chunk_of(people: Sequence[Mapping[str, Value]], facts: list[str]) -> Chunk:
    columns = {key: column_of(person.get(key) for person in people) for key in facts}
    return Chunk(range(2, 2 + len(people)), [f"p{n}" for n in range(len(people))], columns, [])


def rows_of(match: Match) -> list[dict[str, str]]:
    return list(csv.DictReader((HEADER + match.lines()).splitlines()))


@pytest.mark.parametrize("region", [REGION, "石家庄鹿泉区"])
@pytest.mark.parametrize("as_of", [AS_OF, date(2021, 2, 1), date(2030, 1, 1)])
def test_each_line_is_what_the_check_of_that_person_says(
    library: Library, region: str, as_of: date
) -> None:
    order = random.Random(2)
    people = [random_person(library.facts.values(), order, as_of) for _ in range(30)]
    for person in people[::2]:
        person.pop("work_region", None)
    match = Match(chunk_of(people, list(library.facts)), library.rules.of(region), region, as_of)
    expected = [
        (str(n + 2), f"p{n}", result.criteria.measure.id, result.outcome.value,
         str(result.open).lower(), set(result.missing))
        for n, person in enumerate(people)
        for result in check(library.rules, region, Given(person), as_of)
    ]  # fmt: skip
    found = [
        (row["line"], row["id"], row["measure"], row["outcome"], row["open"],
         set(filter(None, row["missing"].split(";"))))
        for row in rows_of(match)
    ]  # fmt: skip
    assert found == expected


def test_nobody_is_asked_for_a_measure_that_is_closed(library: Library) -> None:
    people = [{"applicant_role": frozenset({"worker"})}]
    for as_of, asked in ((AS_OF, True), (date(2020, 1, 1), False)):
        match = Match(chunk_of(people, ["applicant_role"]), library.rules.of(REGION), REGION, as_of)
        assert bool(list(match.asks(library.facts))) is asked


def test_a_rule_may_rest_on_more_facts_than_a_machine_word_has_bits(library: Library) -> None:
    facts = [f"fact_{n}" for n in range(100)]
    leaves = tuple(
        Criterion(Predicate(fact, frozenset([True])), "说", "原文", "m", "一") for fact in facts
    )
    criteria = Criteria(library.measures["shishi-7"], Every(leaves), None, None)
    known: list[dict[str, Value]] = [
        dict.fromkeys(facts, True),
        dict.fromkeys(facts[:98], True),
        {"fact_99": False},
    ]
    rows = rows_of(Match(chunk_of(known, facts), [criteria], REGION, AS_OF))
    assert [(row["outcome"], row["missing"]) for row in rows] == [
        (Outcome.ELIGIBLE, ""), (Outcome.UNDETERMINED, "fact_98;fact_99"), (Outcome.INELIGIBLE, "")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "written"),
    [("甲1", "甲1"), ("=1+1", "'=1+1"), ("+86", "'+86"), ("-5", "'-5"), ("@a", "'@a"),
     ("\tx", "'\tx"), ("a,b", '"a,b"'), ('a"b', '"a""b"'), ("a\nb", '"a\nb"'), ("", ""),
     ('=HYPERLINK("x")', '"\'=HYPERLINK(""x"")"')],
)  # fmt: skip
def test_no_cell_is_a_formula_and_none_breaks_its_line(text: str, written: str) -> None:
    assert csv_cell(text) == written
