"""Tallies that tell of nobody: what self-checks missed by one fact, on whatever channel."""

import re
from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING

from knowledge.eligibility.near_misses import Lacking, NearMiss
from server import tallying
from server.chat.chatting import Channel, Message, reply, work_out
from server.chat.conversations import record_within
from server.web.resources import Resources
from tests.plans import planned

if TYPE_CHECKING:
    from flask.testing import FlaskClient

DAY = date(2026, 3, 1)
MONTHS = NearMiss("shishi-4a", "unemployment_insurance_months", Lacking.FAILED)


def misses(resources: Resources, last: date = DAY) -> Counter[tuple[str, NearMiss]]:
    with resources.database.read() as session:
        return tallying.misses(session, DAY, last)


def checked_in_chat(resources: Resources, months: str, *, within: bool = False) -> None:
    """A self-check in conversation to its end, with so many months of insurance."""
    served, talks = resources.serving.current(), resources.conversations
    conversation, text = None, "失业金我够不够条件"
    for _ in range(12):
        message = Message(text, Channel.H5, region="石狮", conversation=conversation)
        if within:
            found, record = work_out(
                message, served, talks, resources.database, now=resources.clock()
            )
            with resources.database.begin() as session:
                record_within(session, *record)
        else:
            found = reply(message, served, talks, resources.database, now=resources.clock())
        conversation, answer = found.conversation, found.answered.answer
        if answer.reason == "check-result":
            break
        text = months if answer.context.check.asked.endswith("_months") else "是"  # type: ignore[union-attr]
    assert answer.reason == "check-result"
    talks.flush()


def test_a_check_in_conversation_is_counted_at_its_end(resources: Resources) -> None:
    checked_in_chat(resources, "3")
    assert misses(resources) == {("石狮", MONTHS): 1}
    checked_in_chat(resources, "5", within=True)
    assert misses(resources) == {("石狮", MONTHS): 2}


def test_who_is_eligible_or_does_not_finish_is_not_counted(resources: Resources) -> None:
    checked_in_chat(resources, "14")
    served, talks = resources.serving.current(), resources.conversations
    asked = Message("失业金我够不够条件", Channel.H5, region="石狮")
    began = reply(asked, served, talks, resources.database, now=resources.clock())
    stop = Message("停", Channel.H5, region="石狮", conversation=began.conversation)
    reply(stop, served, talks, resources.database, now=resources.clock())
    talks.flush()
    assert misses(resources) == {}


def test_days_add_up_and_the_same_key_twice_at_once_is_one_row(resources: Resources) -> None:
    tallying.add_misses(resources.database, "石狮", [MONTHS, MONTHS], day=DAY)
    tallying.add_misses(resources.database, "石狮", [MONTHS], day=DAY + timedelta(days=1))
    tallying.add_misses(resources.database, "石狮", [], day=DAY)
    assert misses(resources) == {("石狮", MONTHS): 2}
    assert misses(resources, DAY + timedelta(days=1)) == {("石狮", MONTHS): 3}


def test_an_hour_is_counted_without_reading_all_the_other_messages(resources: Resources) -> None:
    now = resources.clock()
    asked = Message("失业金怎么领", Channel.H5, region="石狮")
    reply(asked, resources.serving.current(), resources.conversations, resources.database, now=now)
    resources.conversations.flush()
    library = resources.serving.current().library
    with planned(resources.database, "FROM turn ", without=("seqscan",)) as plans:
        assert tallying.tally_due(resources.database, library, now=now + timedelta(days=1)) == 1
    for plan in plans:
        # Found by its kind and its time, or by its kind the earliest one.
        assert re.search(r"\(kind=\?|Index Cond: \(+kind\b", plan), plan


def test_nothing_in_a_tally_leads_to_a_person() -> None:
    from server.database.tables import Row

    for name in ("near_miss", "turn_tally", "tallied_hour", "weekly_report"):
        assert not Row.metadata.tables[name].foreign_keys


def test_a_count_that_can_not_be_written_takes_nothing_from_the_person(
    client: "FlaskClient", resources: Resources
) -> None:
    with resources.database.begin() as session:
        session.connection().exec_driver_sql("DROP TABLE near_miss")
    library = resources.serving.current().library
    facts = dict.fromkeys(library.rules.facts_of(library.rules.of("石狮")))
    found = client.post("/api/v1/self-check", json={"region": "石狮", "facts": facts})
    assert found.status_code == 200 and found.json and found.json["next"] is None
