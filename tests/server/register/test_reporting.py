"""The weekly report tells the register and the offers, and a past week stays what it was."""

from dataclasses import replace
from datetime import date, timedelta

from server.casework.weekly_reports import Week
from server.offers import counting as offer_counting
from server.offers import offering
from server.offers.counting import OfferLine
from server.personal import erasing
from server.records.audit import Actor
from server.register import counting, keeping
from server.register.counting import RegisterLine
from server.register.tables import Leaving, Level
from tests.server.offers.conftest import Fair
from tests.server.register.conftest import Ledger, somebody

WEEK = Week(date(2026, 3, 6))


def register(ledger: Ledger, week: Week = WEEK, where: str = "石狮") -> list[RegisterLine]:
    with ledger.database.read() as session:
        return counting.lines(session, week, {where}, today=week.friday)


def offers(fair: Fair, week: Week = WEEK) -> list[OfferLine]:
    with fair.database.read() as session:
        return offer_counting.lines(session, week, {"石狮"})


def test_the_register_is_told_by_level_also_after_an_erasure(ledger: Ledger) -> None:
    first = ledger.enter(somebody(1))
    ledger.enter(somebody(2), standing=ledger.standing(looked_on=None))
    third = ledger.enter(somebody(3), standing=ledger.standing(level=Level.ABOVE_LINE))
    ledger.act(keeping.leave, third.id, reason=Leaving.IMPROVED)
    ledger.act(keeping.look, first.id, standing=ledger.standing())
    told = register(ledger)
    assert told == [
        RegisterLine("石狮", "above_line", entered=1, left=1),
        RegisterLine("石狮", "below_line", entered=2, looked=1, standing=2, due=1),
    ]
    assert register(ledger, Week(date(2026, 2, 27))) == register(ledger, where="锦州") == []

    later = ledger.now + timedelta(days=7)
    with ledger.database.begin() as session:
        keeping.let_go(session, ledger.safe, worker_id=first.worker_id, now=later)
        by = Actor.worker(first.worker_id)
        erasing.erase(session, ledger.safe, worker_id=first.worker_id, by=by, now=later)
    assert register(ledger) == told
    (after,) = register(ledger, Week(date(2026, 3, 13)))
    assert (after.standing, after.left) == (1, 1)


def test_offers_tell_what_was_published_and_which_places_were_taken(fair: Fair) -> None:
    offer = fair.opened(seats=1)
    other = fair.opened(title="裁剪工")
    workers = [fair.worker() for _ in range(3)]
    fair.join(offer, workers[0])
    fair.join(offer, workers[1], minutes=1)
    fair.join(other, workers[2])
    # Who waited moves up into the place that is given back.
    fair.leave(offer, workers[0])
    told = offers(fair)
    assert told == [OfferLine("石狮", "vacancy", published=2, joined=3, left=1)]
    fair = replace(fair, now=fair.now + timedelta(days=7))
    fair.step(offering.cancel, other, reason="停工")
    assert offers(fair) == told
    assert offers(fair, Week(date(2026, 3, 13))) == [OfferLine("石狮", "vacancy", cancelled=1)]
