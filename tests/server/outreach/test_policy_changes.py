"""What a release changes for people is offered to be told, until a campaign tells it."""

import copy
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from server.casework.officers import Officer
from server.outreach import campaigns, policy_changes
from server.outreach.audiences import Having, Outcome
from server.outreach.policy_changes import PolicyChange, Sort
from server.published import releases
from tests.casework import MEASURE

if TYPE_CHECKING:
    from tests.server.outreach.conftest import Office


def publish(
    office: "Office", change: Callable[[dict[str, Any]], None] | None, days: int = 0
) -> None:
    """Put a release in force in which one measure is otherwise, or missing, some days later."""
    editions = []
    for kind, key, content in office.library.editions:
        content = copy.deepcopy(dict(content))
        if (kind, key) == ("measure", MEASURE):
            if change is None:
                continue
            change(content)
        editions.append((kind, key, content))
    with office.database.begin() as session:
        releases.publish(session, editions, note="changed", now=office.now + timedelta(days=days))


def untold(office: "Office", by: Officer | None = None, days: int = 0) -> list[PolicyChange]:
    with office.database.read() as session:
        return policy_changes.untold(
            session, office.library, by or office.author, office.library.regions,
            office.ledger.today + timedelta(days=days),
        )  # fmt: skip


def grants(what: str, similar: int = 0) -> Callable[[dict[str, Any]], None]:
    """The measure grants something else, and has some similar questions fewer."""

    def change(content: dict[str, Any]) -> None:
        content["grants"][0]["what"] = what
        content["similar"] = content["similar"][similar:]

    return change


@pytest.mark.parametrize(
    ("part", "sort"),
    [
        (("grants", 0, "what"), Sort.GRANTS),
        (("validity", "to"), Sort.CLOSED),
        (("similar", 0), None),
    ],
)
def test_a_change_is_told_by_what_it_is_and_wording_is_none(
    office: "Office", part: tuple[Any, ...], sort: Sort | None
) -> None:
    def change(content: dict[str, Any]) -> None:
        *way, last = part
        for step in way:
            content = content[step]
        content[last] = "2026-02-01" if last == "to" else f"{content[last]}，另外再加一些"

    assert untold(office) == []
    publish(office, change)
    found = untold(office)
    assert [each.sort for each in found] == ([] if sort is None else [sort])
    if not found:
        return
    told = found[0]
    assert (told.measure, told.region, len(told.heading) <= 20) == (MEASURE, "石狮", True)
    assert told.audience.having == frozenset(Having)
    assert told.audience.outcomes == (
        frozenset() if sort is Sort.CLOSED else frozenset({Outcome.ELIGIBLE})
    )
    # An officer of another place is offered nothing; once a campaign tells it, nobody is.
    assert untold(office, Officer(9, "x", office.author.roles, frozenset({"锦州"}))) == []
    campaign = office.proposed(measure=MEASURE, release_id=told.release_id)
    assert untold(office) == []
    # One that is refused tells nobody.
    office.step(campaigns.refuse, campaign, by=office.approver, reason="数字写错了")
    assert untold(office) == found


def test_a_change_is_offered_until_it_is_told_whatever_is_released_after_it(
    office: "Office",
) -> None:
    publish(office, grants("另外的"), days=1)
    publish(office, grants("另外的", similar=1), days=2)
    (found,) = untold(office, days=2)
    assert (found.measure, found.sort) == (MEASURE, Sort.GRANTS)
    with office.database.read() as session:
        told = policy_changes.find(session, office.library, MEASURE, office.ledger.today)
    assert told == found
    office.proposed(measure=MEASURE, release_id=found.release_id)
    publish(office, grants("另外的", similar=2), days=3)
    assert untold(office, days=3) == []
    # What is changed after it was told is another change.
    publish(office, grants("再多些"), days=4)
    publish(office, grants("再多些", similar=1), days=5)
    assert [each.sort for each in untold(office, days=5)] == [Sort.GRANTS]
    # After a month it is no news.
    assert untold(office, days=34) != [] and untold(office, days=35) == []


def test_what_is_over_as_it_comes_is_nothing_new(office: "Office") -> None:
    def over(content: dict[str, Any]) -> None:
        content["validity"] |= {"from": "2021-01-01", "to": "2021-12-31"}

    publish(office, None, days=1)
    publish(office, over, days=40)
    assert untold(office, days=40) == []
