"""Who is proposed to whom: the hardest first, the nearest, who meets the need, who has room."""

import dataclasses
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from server.pairing import proposing
from server.pairing.proposing import Person, Why
from server.pairing.tables import Ending, Helper, HelperKind, Rank
from server.register.hardship import Need
from server.register.tables import EntryState, Level, RegisterEntry
from tests.server.pairing.conftest import Pairs
from tests.server.register.conftest import somebody

if TYPE_CHECKING:
    from knowledge.library import Library

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def helper(id: str, region: str = "石狮", *gives: Need, **other: Any) -> Helper:
    given: dict[str, Any] = {"kind": HelperKind.VOLUNTEER, "capacity": 2, "taken": 0, **other}
    return Helper(
        id=id, unit=given.pop("unit", "团市委"), region=region, state="on",
        gives=json.dumps(list(gives)), sealed="", known_hash=id, officer_id=1, entered_at=NOW,
        changed_at=NOW, **given,
    )  # fmt: skip


def person(number: int = 1, region: str = "石狮", **other: Any) -> Person:
    entry = RegisterEntry(
        id=f"e{number}", worker_id=number, household_id="h", region=region,
        level=Level.BELOW_LINE, state=EntryState.ON, due_on=NOW.date(), entered_at=NOW,
        changed_at=NOW,
    )  # fmt: skip
    return Person(entry, somebody(number, needs=(Need.JOB, Need.LEGAL), **other))


@pytest.mark.parametrize(
    ("better", "worse", "why"),
    [
        (helper("b"), helper("a", "福建"), "nearer"),
        (helper("b", "福建"), helper("a", "锦州", Need.JOB), "only what is joined"),
        (helper("b", "石狮", Need.JOB), helper("a"), "meets a need"),
        (helper("b", "石狮", Need.JOB, Need.LEGAL), helper("a", "石狮", Need.JOB), "meets more"),
        (helper("b", kind=HelperKind.CADRE, rank=Rank.COUNTY), helper("a"), "must pair"),
        (helper("b", capacity=5), helper("a"), "has more room"),
        (helper("a"), helper("b"), "always the same"),
        (helper("b"), helper("a", capacity=2, taken=2), "has room at all"),
        (helper("b"), helper("a", kind=HelperKind.MOTHER), "mothers are for children"),
        (
            helper("b", "福建", kind=HelperKind.FIRM, unit="某服装厂"),
            helper("a", "石狮", Need.JOB),
            "the firm where one works",
        ),
    ],
)
def test_the_better_helper_goes_first(
    better: Helper, worse: Helper, why: str, library: "Library"
) -> None:
    fits = proposing.fits(
        person(employer="某服装厂"), [worse, better], library.regions,
        {each.id for each in (better, worse) if each.rank},
    )  # fmt: skip
    assert fits[0].helper is better, why


def test_each_proposal_says_why(library: "Library") -> None:
    cadre = helper("a", "石狮", Need.JOB, kind=HelperKind.CADRE, rank=Rank.COUNTY)
    (fit,) = proposing.fits(person(), [cadre], library.regions, {"a"})
    assert list(fit.reasons) == [
        {"why": Why.PLACE, "steps": 0},
        {"why": Why.NEEDS, "needs": ["job"]},
        {"why": Why.DUTY},
        {"why": Why.LEFT, "left": 2},
    ]
    unwanted = dataclasses.replace(person(), but=frozenset({"a"}))
    assert proposing.fits(unwanted, [cadre], library.regions, {"a"}) == []
    child = dataclasses.replace(person(), is_child=True)
    mother = helper("m", kind=HelperKind.MOTHER)
    assert proposing.fits(child, [mother], library.regions, set())[0].helper is mother


def test_nobody_is_given_out_more_often_than_they_can(library: "Library") -> None:
    people = [person(number) for number in range(1, 5)]
    helpers = [helper("a", capacity=1), helper("b", capacity=2)]
    matched = proposing.matched(people, helpers, library.regions, set())
    given = [fit.helper.id if fit else None for _, fit in matched]
    assert given == ["b", "a", "b", None]
    assert given == [
        fit.helper.id if fit else None
        for _, fit in proposing.matched(people, helpers[::-1], library.regions, set())
    ]


def test_who_waits_is_listed_by_hardship_and_who_wants_nobody_is_left_in_peace(
    pairs: Pairs,
) -> None:
    slightly = pairs.person(1, standing=pairs.ledger.standing(level=Level.ABOVE_LINE))
    hard, second, third = (pairs.later(days=n).person(n) for n in (2, 3, 4))
    helper = pairs.helper(capacity=9)

    def waiting(where: str = "石狮") -> list[str]:
        with pairs.ledger.database.read() as session:
            found = [entry.id for entry in proposing.without(session, {where})]
            assert proposing.counted(session, {where}) == len(found)
            return found

    assert waiting() == [hard.id, second.id, third.id, slightly.id]
    assert waiting("锦州") == []
    pairs.proposed(helper, hard)
    none = pairs.accepted(helper, second)
    pairs.ended(none, Ending.WANTS_NONE)
    other = pairs.accepted(helper, third)
    pairs.ended(other, Ending.WANTS_ANOTHER)
    assert waiting() == [third.id, slightly.id]
    with pairs.ledger.database.read() as session:
        assert proposing.unwanted(session, [third.id, hard.id]) == {
            third.id: frozenset({helper.id}),
            hard.id: frozenset(),
        }
