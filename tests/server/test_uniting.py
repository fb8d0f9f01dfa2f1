"""Who turns out to be one person under two names has what either had, once."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from server import uniting
from server.clock import china_day
from server.database.tables import Purpose, Row
from server.offers import wishing
from server.offers.tables import OfferKind, WishKind
from server.personal import consents, people
from server.vouchers import cards
from server.vouchers.tables import Issue, IssueState, Voucher
from tests import casework
from tests.server.offers.conftest import Fair, fair
from tests.server.offers.test_wishing import wish

__all__ = ["fair"]

ACCOUNT, MINI_APP = "wx-account", casework.MINI_APP

Known = Callable[[], int]


@pytest.fixture
def names(fair: Fair) -> tuple[int, int, Known]:
    """Two workers, the older first, and what makes them one: signing in with what tells it."""

    def signed_in(issuer: str, unionid: str | None) -> int:
        making_post = partial(casework.post, fair.safe, fair.library)
        with fair.database.begin() as session:
            return people.recognise(
                session, fair.safe, issuer=issuer, subject="s", unionid=unionid,
                uniting=partial(uniting.unite, making_post=making_post, now=fair.now), now=fair.now,
            )  # fmt: skip

    older, newer = signed_in(ACCOUNT, None), signed_in(MINI_APP, "u")
    assert older != newer
    return older, newer, lambda: signed_in(ACCOUNT, "u")


def test_of_two_places_in_one_offer_one_stays_and_the_other_goes_on(
    fair: Fair, names: tuple[int, int, Known]
) -> None:
    older, newer, as_one = names
    feast = fair.opened(kind=OfferKind.ACTIVITY, details={}, seats=2)
    small = fair.opened(kind=OfferKind.ACTIVITY, details={}, seats=1)
    alone = fair.opened(kind=OfferKind.ACTIVITY, details={})
    waits = fair.worker()
    for minutes, (offer, worker) in enumerate(
        [(feast, older), (feast, newer), (feast, waits), (small, newer), (small, older),
         (alone, newer)]
    ):  # fmt: skip
        fair.join(offer, worker, minutes)
    assert as_one() == older
    assert [fair.state(offer, older) for offer in (feast, small, alone)] == ["joined"] * 3
    assert fair.state(feast, waits) == "joined"
    assert [fair.taken(offer) for offer in (feast, small, alone)] == [2, 1, 1]
    told = "SELECT count(*) FROM notice WHERE worker_id = :worker AND kind = 'offer'"
    assert fair.database.fetch(told, worker=waits) == (1,)


def test_of_what_each_has_once_that_of_the_older_stays(
    fair: Fair, names: tuple[int, int, Known]
) -> None:
    older, newer, as_one = names
    for worker in (older, newer):
        fair.keys.safe_of(worker)
    wish(fair, older, WishKind.WORK, {"trade": "缝纫"})
    wish(fair, newer, WishKind.WORK, {"trade": "保安"})
    wish(fair, newer, WishKind.TRIP, {"origin": "石狮", "destination": "达州", "day": "2026-03-20"})
    with fair.database.begin() as session:
        for worker in (older, newer):
            cards.make(session, worker, now=fair.now)
    assert as_one() == older
    with fair.database.read() as session:
        found = wishing.of_worker(session, older, china_day(fair.now))
        assert [each.kind for each in found] == ["trip", "work"]
        assert "缝纫" in found[1].details
        assert cards.find(session, older) is not None


@pytest.mark.parametrize("again", [False, True])
def test_what_one_account_took_back_the_other_gives_no_more_unless_it_was_given_since(
    fair: Fair, names: tuple[int, int, Known], again: bool
) -> None:
    older, newer, as_one = names
    version = consents.in_force(Purpose.PAYMENT).version

    def give(worker: int, minutes: int) -> None:
        with fair.database.begin() as session:
            consents.give(
                session, fair.safe, worker_id=worker, purpose=Purpose.PAYMENT, version=version,
                now=fair.now + timedelta(minutes=minutes),
            )  # fmt: skip

    give(older, 0)
    give(newer, 1)
    with fair.database.begin() as session:
        consents.withdraw(
            session, fair.safe, worker_id=newer, purpose=Purpose.PAYMENT,
            now=fair.now + timedelta(minutes=2),
        )  # fmt: skip
    if again:
        with fair.database.begin() as session:
            consents.withdraw(
                session, fair.safe, worker_id=older, purpose=Purpose.PAYMENT, now=fair.now
            )
        give(older, 3)
    as_one()
    with fair.database.read() as session:
        assert consents.is_given(session, older, Purpose.PAYMENT) is again
        assert consents.withdrawn(session, older, Purpose.PAYMENT) is not again


def test_who_has_two_vouchers_of_one_issue_stays_two_and_can_sign_in(
    fair: Fair, names: tuple[int, int, Known]
) -> None:
    older, newer, as_one = names
    day, now, by = china_day(fair.now), fair.now, fair.clerk.id
    with fair.database.begin() as session:
        session.add(
            Issue(
                id="i", title="", words="", measure="shishi-1", region="石狮", takes="shop",
                amount_fen=0, first_on=day, last_on=day, state=IssueState.OPEN, proposed_by=by,
                created_at=now, changed_at=now,
            )
        )  # fmt: skip
        session.flush()
        for worker in (older, newer):
            session.add(
                Voucher(
                    id=f"v{worker}", issue_id="i", worker_id=worker, amount_fen=0, left_fen=0,
                    issued_at=now, issued_by=by,
                )
            )  # fmt: skip
    assert as_one() == older
    left = "SELECT count(DISTINCT worker_id) FROM voucher"
    assert fair.database.fetch(left) == (2,)


def test_of_each_thing_that_a_person_has_once_it_is_known_what_becomes_of_it() -> None:
    """Where a new table joins them, uniting two workers has to make one of what both have."""
    once = set()
    for table in Row.metadata.sorted_tables:
        owners = {
            key.parent.name for key in table.foreign_keys if key.column.table.name == "worker"
        }
        for index in (*table.constraints, *table.indexes):
            columns = {column.name for column in getattr(index, "columns", ())}
            is_unique = type(index).__name__ in ("PrimaryKeyConstraint", "UniqueConstraint")
            if (is_unique or getattr(index, "unique", False)) and owners & columns:
                once.add((table.name, *sorted(columns)))
    assert once == {
        ("benefit_card", "worker_id"),
        ("cases", "claim", "worker_id"),
        ("near_duplicate", "other_id", "worker_id"),
        ("participation", "offer_id", "worker_id"),
        ("profile", "worker_id"),
        ("voucher", "issue_id", "worker_id"),
        ("wish", "kind", "worker_id"),
    }
