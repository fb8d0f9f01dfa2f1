"""Sending: two officers, by day only, nobody twice and nobody missed, and it can be stopped."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from server import leaving
from server.casework.officers import SecondOfficerNeeded
from server.casework.weekly_reports import week_of
from server.confidential.sealing import Safe
from server.database.tables import Notice, NoticeState, Profile
from server.notices import outbox
from server.notices.outbox import Outcome
from server.notices.templates import NoticeKind
from server.outreach import campaigns, counting, links, sending
from server.outreach.campaigns import AudienceMoved, CampaignChanged, CampaignUnfit
from server.outreach.counting import CampaignLine, Effect
from server.outreach.tables import Campaign, CampaignState, Letter, LetterState, Visit
from server.records.audit import Actor
from tests.casework import ELIGIBLE, MEASURE, introduce, person
from tests.overlapping import both_at_once

if TYPE_CHECKING:
    from tests.server.outreach.conftest import Office

NIGHT = timedelta(hours=4)
"""From half past five in the afternoon to half past nine in the evening."""


def people(office: "Office", count: int) -> list[int]:
    """Some who have begun an application, all reached by WeChat."""
    found = [office.in_wechat() for _ in range(count)]
    for worker in found:
        office.draft(worker, ELIGIBLE)
    return found


def go_on(office: "Office", later: timedelta = timedelta()) -> Counter[str]:
    counted = sending.go_on(office.database, office.mailing, clock=lambda: office.now + later)
    return Counter({str(what): count for what, count in counted.items() if count})


def state(office: "Office", campaign: Campaign) -> str:
    with office.database.read() as session:
        return session.get_one(Campaign, campaign.id).state


def test_a_second_officer_confirms_exactly_those_who_were_counted(office: "Office") -> None:
    people(office, 2)
    campaign = office.proposed()
    assert campaigns.counts_of(campaign) == {"meant": 2, "wechat": 2, "sms": 0}
    with pytest.raises(SecondOfficerNeeded):
        both = replace(office.author, roles=office.author.roles | office.approver.roles)
        office.confirm(campaign, by=both)
    people(office, 1)
    with pytest.raises(AudienceMoved):
        office.confirm(campaign)
    office.step(campaigns.recount, campaign, office.recounted(campaign), by=office.approver)
    office.confirm(campaign)
    assert len(office.letters(campaign)) == 3
    with pytest.raises(CampaignChanged):
        office.confirm(campaign)
    # Frozen: who comes later is none of it.
    people(office, 1)
    assert go_on(office) == {"handed": 3}
    assert len(office.notices()) == 3


def test_what_goes_too_late_or_by_no_way_is_no_campaign(office: "Office") -> None:
    for field, other in (
        ("channels", {"channels": ()}),
        ("last_on", {"last_on": office.ledger.today - timedelta(days=1)}),
        ("last_on", {"last_on": office.ledger.today + timedelta(days=32)}),
    ):
        with pytest.raises(CampaignUnfit) as refused:
            office.proposed(**other)
        assert refused.value.field == field


def test_at_night_nothing_is_handed_over_and_nothing_in_the_outbox_is_sent(
    office: "Office",
) -> None:
    people(office, 1)
    campaign = office.going()
    assert go_on(office, NIGHT) == {}
    assert go_on(office) == {"handed": 1}
    for later, claimed in ((NIGHT, 0), (timedelta(hours=14), 0), (timedelta(hours=15), 1)):
        with office.database.begin() as session:
            found = outbox.claim(session, office.safe, at_most=9, now=office.now + later)
        assert len(found) == claimed
    assert found[0].kind is NoticeKind.OUTREACH
    assert found[0].content["data"]["thing1"]["value"] == campaign.title


def test_what_has_not_left_the_outbox_by_night_counts_for_the_day_on_which_it_does(
    office: "Office",
) -> None:
    people(office, 1)
    first = office.going()
    assert go_on(office) == {"handed": 1}
    go_on(office, NIGHT)
    assert office.notices() == []
    assert [letter.state for letter in office.letters(first)] == [LetterState.WAITING]
    # Where nothing ran at night, it is seen to before anything is sent the next day.
    assert go_on(office) == {"handed": 1}
    tomorrow = timedelta(days=1)
    assert go_on(office, tomorrow) == {"handed": 1}
    (letter,) = office.letters(first)
    assert letter.sent_on == office.ledger.today + tomorrow
    assert len(office.notices()) == 1


def test_a_person_gets_one_message_a_day_whichever_campaign_it_is_of(office: "Office") -> None:
    people(office, 2)
    first, second = office.going(), office.going(title="另一封信")
    assert go_on(office) == {"handed": 2}
    assert office.chosen().counts["had_one_today"] == 2
    assert [letter.state for letter in office.letters(second)] == [LetterState.WAITING] * 2
    # The database itself holds it.
    with pytest.raises(IntegrityError), office.database.begin() as session:
        session.execute(
            update(Letter)
            .where(col(Letter.campaign_id) == second.id)
            .values(sent_on=office.ledger.today)
        )
    with office.database.begin() as session:
        sent = [each.id for each in outbox.claim(session, office.safe, at_most=9, now=office.now)]
        outbox.settle(session, [Outcome(id, NoticeState.SENT, 1) for id in sent], now=office.now)
    assert go_on(office, timedelta(days=1))["handed"] == 2
    days = {letter.sent_on for letter in office.letters(first)}
    assert days.isdisjoint({letter.sent_on for letter in office.letters(second)})


def test_who_opts_out_after_it_was_confirmed_gets_nothing_and_what_is_too_late_ends(
    office: "Office",
) -> None:
    one, _ = people(office, 2)
    campaign = office.going(last_on=office.ledger.today)
    office.refuse(one)
    assert go_on(office) == {"handed": 1, "left_out": 1}
    assert [each.state for each in office.letters(campaign)] == ["left_out", "handed"]
    late = office.proposed(last_on=office.ledger.today)
    office.confirm(late)
    # With the one that had not left the outbox on the last day of the first campaign.
    assert go_on(office, timedelta(days=1)) == {"left_out": 2}
    assert state(office, late) == CampaignState.DONE
    assert office.letters(late)[0].error == "too_late"


def test_who_opts_out_while_it_lies_in_the_outbox_gets_nothing(office: "Office") -> None:
    one, other = people(office, 2)
    campaign = office.going()
    assert go_on(office) == {"handed": 2}
    with office.database.begin() as session:
        session.add(
            Notice(
                id="of a case",
                kind=NoticeKind.REVIEWED,
                app_id="",
                worker_id=one,
                state=NoticeState.DUE,
                created_at=office.now,
                due_at=office.now,
            )
        )
    office.refuse(one)
    assert [notice.worker_id for notice in office.notices()] == [other]
    # What they are told of their own case is another matter.
    with office.database.read() as session:
        assert session.get(Notice, "of a case") is not None
    assert go_on(office) == {"left_out": 1}
    first, second = office.letters(campaign)
    assert (first.state, first.error, first.sent_on) == ("left_out", "opted_out", None)
    assert second.state == LetterState.HANDED


def test_who_says_between_two_campaigns_who_they_are_still_gets_one_message_a_day(
    office: "Office",
) -> None:
    worker = office.in_wechat()
    office.draft(worker, ELIGIBLE)
    with office.database.begin() as session:
        session.execute(delete(Profile).where(col(Profile.worker_id) == worker))
    first = office.going()
    assert go_on(office) == {"handed": 1}
    with office.database.begin() as session:
        introduce(session, office.keys.safe_of(worker), worker, person(7), now=office.now)
    second = office.proposed(title="另一封信")
    assert campaigns.counts_of(second)["had_one_today"] == 1
    office.confirm(second)
    assert {office.letters(each)[0].person for each in (first, second)} != {None}
    assert office.letters(first)[0].person != office.letters(second)[0].person
    assert go_on(office) == {}
    assert go_on(office, timedelta(days=1))["handed"] >= 1


def broken_off(office: "Office", batch: Callable[[Any], object]) -> None:
    """Let a batch die at its third message."""
    sealed = 0

    class Breaking(Safe):
        def seal(self, plain: str, purpose: str) -> str:
            nonlocal sealed
            sealed += 1
            if sealed == 3:
                raise KeyboardInterrupt
            return super().seal(plain, purpose)

    mailing = replace(office.mailing, safe=Breaking(office.safe.keys, office.safe.secret))
    with pytest.raises(KeyboardInterrupt):
        batch(mailing)


def test_where_a_process_dies_nobody_gets_it_twice_and_nobody_is_missed(office: "Office") -> None:
    people(office, 5)
    campaign = office.going()

    def batch(mailing: Any) -> object:
        return sending.hand_over(office.database, mailing, campaign.id, now=office.now)

    broken_off(office, batch)
    assert office.notices() == []
    assert go_on(office) == {"handed": 5}
    assert go_on(office) == {}
    assert sorted(each.worker_id or 0 for each in office.notices()) == sorted(
        letter.worker_id for letter in office.letters(campaign)
    )


def test_without_one_transaction_for_both_the_same_death_reaches_people_twice(
    office: "Office",
) -> None:
    """The control: notices are written one by one, letters marked at the end."""
    people(office, 5)
    campaign = office.going()

    def batch(mailing: Any) -> object:
        waiting = [each for each in office.letters(campaign) if each.state == LetterState.WAITING]
        for letter in waiting:
            with office.database.begin() as session:
                outbox.add_text(
                    session, mailing.safe, app_id="a", openid="o", text="x",
                    worker_id=letter.worker_id, now=office.now,
                )  # fmt: skip
        return waiting

    broken_off(office, batch)
    batch(office.mailing)
    with office.database.read() as session:
        got = Counter(session.scalars(select(col(Notice.worker_id))))
    assert max(got.values()) == 2


def test_a_campaign_that_is_stopped_takes_back_what_has_not_left_yet(office: "Office") -> None:
    people(office, 3)
    campaign = office.going()
    sending.hand_over(office.database, office.mailing, campaign.id, at_most=2, now=office.now)
    with office.database.begin() as session:
        in_the_air = outbox.claim(session, office.safe, at_most=1, now=office.now)[0]
    spared = office.step(campaigns.stop, campaign, by=office.author, reason="写错了")
    assert spared == 2
    with office.database.begin() as session:
        outbox.settle(session, [Outcome(in_the_air.id, NoticeState.SENT, 1)], now=office.now)
    assert go_on(office) == {"delivered": 1}
    assert state(office, campaign) == CampaignState.STOPPED
    assert Counter(each.state for each in office.letters(campaign)) == {
        "delivered": 1, "left_out": 2,
    }  # fmt: skip
    assert len(office.notices()) == 1
    # Who was spared can still get another one today.
    assert office.chosen().counts["had_one_today"] == 1


def test_what_fails_in_the_air_after_a_stop_is_not_tried_again(office: "Office") -> None:
    people(office, 1)
    campaign = office.going()
    go_on(office)
    with office.database.begin() as session:
        (in_the_air,) = outbox.claim(session, office.safe, at_most=1, now=office.now)
    office.step(campaigns.stop, campaign, by=office.author, reason="写错了")
    with office.database.begin() as session:
        outbox.settle(session, [Outcome(in_the_air.id, NoticeState.DUE, 1)], now=office.now)
    assert go_on(office) == {"left_out": 1}
    assert office.notices() == []
    assert [letter.error for letter in office.letters(campaign)] == ["stopped"]


@pytest.mark.parametrize("is_first", [True, False])
def test_who_leaves_while_messages_are_handed_over_gets_none(
    office: "Office", is_first: bool
) -> None:
    (worker,) = people(office, 1)
    campaign = office.going()

    def leave(session: Session) -> int:
        leaving.leave(
            session, office.safe, worker_id=worker, by=Actor.worker(worker),
            making_post=lambda: office.post, now=office.now,
        )  # fmt: skip
        return 0

    def hand_over(session: Session) -> int:
        counted = sending._hand_over(session, office.mailing, campaign.id, 9, office.now)
        return sum(counted.values())

    one, other = (leave, hand_over) if is_first else (hand_over, leave)
    both_at_once(office.database, one, other)
    go_on(office)
    with office.database.read() as session:
        due = select(Notice).where(col(Notice.state) == NoticeState.DUE)
        assert session.scalars(due).all() == []
    assert go_on(office) == {} and state(office, campaign) == CampaignState.DONE


def test_of_whom_a_campaign_leaves_out_nothing_is_kept_that_tells_who_it_was(
    office: "Office",
) -> None:
    people(office, 2)
    campaign = office.going()
    sending.hand_over(office.database, office.mailing, campaign.id, at_most=1, now=office.now)
    assert None not in {letter.person for letter in office.letters(campaign)}
    office.step(campaigns.stop, campaign, by=office.author, reason="写错了")
    assert [letter.person for letter in office.letters(campaign)] == [None, None]


def test_the_effect_counts_delivered_failed_opened_checked_and_applied(office: "Office") -> None:
    drafted, other, third = people(office, 3)
    campaign = office.going(measure=MEASURE)
    go_on(office)
    with office.database.begin() as session:
        claimed = {
            each.id for each in outbox.claim(session, office.safe, at_most=9, now=office.now)
        }
        refused = claimed.pop()
        outcomes = [Outcome(id, NoticeState.SENT, 1) for id in claimed]
        outcomes.append(Outcome(refused, NoticeState.REFUSED, 1, "43101"))
        outbox.settle(session, outcomes, now=office.now)
    go_on(office)
    assert state(office, campaign) == CampaignState.DONE
    letter = office.letters(campaign)[0]
    token = links.token_of(office.safe, campaign.id, letter.id)
    with office.database.begin() as session:
        for what in (Visit.OPENED, Visit.OPENED, Visit.CHECKED):
            found, reader = links.campaign_of(session, office.safe, token)
            links.count(session, found, reader, what, now=office.now)
        for wrong in (token[:-1] + "x", token[:-1], f"N1-{'0' * 20}", ""):
            with pytest.raises(links.LetterUnknown):
                links.campaign_of(session, office.safe, wrong)
    office.apply(other, now=office.now + timedelta(days=2))
    office.apply(third, now=office.now + timedelta(days=31))
    with office.database.read() as session:
        found = session.get_one(Campaign, campaign.id)
        assert counting.effect(session, found) == Effect(
            delivered=2, failed=1, opened=1, checked=1, applied=1
        )
        assert counting.errors(session, campaign.id) == [("43101", 1)]
        week = week_of(office.now)
        assert counting.lines(session, week, {"石狮"}) == [
            CampaignLine(
                "石狮",
                campaign.title,
                sent=3,
                delivered=2,
                failed=1,
                opened=1,
                checked=1,
                applied=1,
            )
        ]
        assert counting.lines(session, week, {"锦州"}) == []
        late = week_of(office.now + timedelta(days=31))
        assert counting.lines(session, late, {"石狮"}) == []
    # Neither the letter's number nor the person's stands with the visit.
    assert letter.id not in token and drafted not in (0, token)
