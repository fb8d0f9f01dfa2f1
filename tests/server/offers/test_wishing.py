"""What people look for meets what is offered, with reasons."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest

from server.clock import china_day
from server.offers import wishing
from server.offers.tables import Wish, WishKind
from server.offers.wishing import Reason, WishTooLong
from tests.server.offers.conftest import Fair


def wish(fair: Fair, worker: int, kind: WishKind, told: dict[str, Any], days: int = 30) -> Wish:
    today = china_day(fair.now)
    with fair.database.begin() as session:
        return wishing.wish(
            session,
            fair.keys.safe_of(worker),
            worker_id=worker,
            kind=kind,
            region="石狮",
            until_on=today + timedelta(days=days),
            told=told,
            today=today,
            now=fair.now,
        )


def test_vacancies_fit_by_place_trade_pay_and_start(fair: Fair) -> None:
    told = {"trade": "缝纫", "pay_from": 600_000, "from_on": "2026-03-10"}
    wanted = wish(fair, fair.worker(), WishKind.WORK, told)
    good = fair.opened(
        details={"trade": "缝纫", "pay_from": 500_000, "pay_to": 700_000, "starts_on": "2026-03-15"}
    )
    poor = fair.opened(details={"trade": "缝纫工", "pay_to": 300_000, "starts_on": "2026-03-01"})
    other = fair.opened(title="保安", details={"trade": "保安"})
    fits = wishing.fits(wanted, [other, poor, good])
    assert [fit.offer.id for fit in fits] == [good.id, poor.id]
    assert fits[0].reasons == (
        Reason.SAME_PLACE,
        Reason.SAME_TRADE,
        Reason.PAY_FITS,
        Reason.START_FITS,
    )
    assert fits[1].reasons == (
        Reason.SAME_PLACE,
        Reason.SAME_TRADE,
        Reason.PAY_LESS,
        Reason.START_EARLIER,
    )


def test_of_wishes_said_at_once_one_stands(fair: Fair) -> None:
    worker = fair.worker()
    wish(fair, worker, WishKind.WORK, {"trade": "缝纫"})
    with ThreadPoolExecutor(4) as hands:
        told = [{"trade": f"工种{number}"} for number in range(8)]
        list(hands.map(lambda each: wish(fair, worker, WishKind.WORK, each), told))
    with fair.database.read() as session:
        assert len(wishing.of_worker(session, worker, china_day(fair.now))) == 1


def test_pay_that_is_not_told_is_unknown_and_counts_for_nothing(fair: Fair) -> None:
    wanted = wish(fair, fair.worker(), WishKind.WORK, {"pay_from": 600_000})
    fits = wishing.fits(wanted, [fair.opened(details={"trade": "缝纫"})])
    assert fits[0].reasons == (Reason.SAME_PLACE, Reason.PAY_NOT_TOLD)


def test_a_later_wish_takes_the_place_of_the_first(fair: Fair) -> None:
    worker = fair.worker()
    wish(fair, worker, WishKind.WORK, {"trade": "缝纫"})
    wish(fair, worker, WishKind.WORK, {"trade": "保安"})
    with fair.database.read() as session:
        found = wishing.of_worker(session, worker, china_day(fair.now))
    assert [each.details for each in found] == ['{"trade":"保安"}']


def test_a_wish_is_over_after_its_day_and_can_not_be_kept_for_ever(fair: Fair) -> None:
    worker = fair.worker()
    wish(fair, worker, WishKind.WORK, {}, days=1)
    with fair.database.read() as session:
        assert wishing.of_worker(session, worker, china_day(fair.now) + timedelta(days=2)) == []
    for days in (-1, wishing.LONGEST_DAYS + 1):
        with pytest.raises(WishTooLong):
            wish(fair, worker, WishKind.WORK, {}, days=days)


def test_who_goes_the_same_way_on_the_same_day_can_go_together(fair: Fair) -> None:
    day = date(2026, 3, 18)
    west = {"origin": "锦州", "destination": "敦煌", "day": str(day)}
    for _ in range(3):
        wish(fair, fair.worker(), WishKind.TRIP, west)
    wish(fair, fair.worker(), WishKind.TRIP, {**west, "day": "2026-03-19"})
    with fair.database.read() as session:
        trips = wishing.wishes(
            session, kind=WishKind.TRIP, regions={"石狮"}, today=china_day(fair.now)
        )
    pools = wishing.pools(trips)
    assert [(pool.destination, pool.day, len(pool.wishes)) for pool in pools] == [
        ("敦煌", day, 3),
        ("敦煌", date(2026, 3, 19), 1),
    ]
