"""Many merchants at once, each request repeated, copied and late: the sum is exact."""

import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, insert, select, update
from sqlmodel import Session, col

from server.casework import funds
from server.database.db import Database
from server.database.tables import Worker
from server.vouchers import cards, issuing, redeeming
from server.vouchers.redeeming import CodeUsed, Redeemed, VoucherOver
from server.vouchers.tables import Card, Issue, Merchant, Redemption, Voucher
from tests.server.vouchers.conftest import ACCOUNT, SUM
from tests.verifying import size

if TYPE_CHECKING:
    from tests.server.vouchers.conftest import Market

Tell = Callable[[str, object, object], None]


@dataclass(frozen=True)
class Given:
    """A voucher, the code that its card shows, and what is to be taken."""

    voucher: str
    token: str
    amount_fen: int


@dataclass
class Crowd:
    """Many vouchers of one issue, and the merchants who take them."""

    market: "Market"
    merchants: list[Merchant]
    given: list[Given]

    @property
    def total(self) -> int:
        return sum(each.amount_fen for each in self.given)


def crowd(market: "Market", vouchers: int, merchants: int) -> Crowd:
    """People with a card and a voucher each; the fund holds back all of it."""
    issue = market.issue(uses=1)
    with market.database.begin() as session:
        session.execute(insert(Worker), [{"created_at": market.now} for _ in range(vouchers)])
        ids = session.scalars(select(col(Worker.id)).order_by(col(Worker.id))).all()[-vouchers:]
        funds.grant(
            session, market.safe, market.regions, market.fund.id or 0, vouchers * SUM,
            by=market.administrator, now=market.now,
        )  # fmt: skip
        funds.promise(
            session, market.safe, market.fund.id or 0, vouchers * SUM, issue_id=issue.id,
            by=market.clerk, now=market.now,
        )  # fmt: skip
        session.execute(
            insert(Card),
            [
                {"worker_id": id, "number": f"{id:08}", "version": 1, "made_at": market.now}
                for id in ids
            ],
        )
        session.execute(insert(Voucher), [_row(market, issue, id) for id in ids])
        shops = [
            Merchant(
                name=f"超市{number}", kind="shop", region="石狮", place="", made_by=market.clerk.id,
                made_at=market.now,
            )
            for number in range(merchants)
        ]  # fmt: skip
        session.add_all(shops)
        session.flush()
        for shop in shops:
            shop.sealed_account = market.safe.seal(
                f'{{"payee": "{ACCOUNT.payee}", "bank": "x", "number": "123456"}}',
                f"merchant.sealed_account:{shop.id}",
            )
    return Crowd(market, shops, [_given(market, id) for id in ids])


def _row(market: "Market", issue: Issue, id: int) -> dict[str, object]:
    return {
        "id": f"V{id:015}", "issue_id": issue.id, "worker_id": id, "amount_fen": SUM,
        "left_fen": SUM, "uses": 1, "left_uses": 1, "issued_at": market.now,
        "issued_by": market.clerk.id,
    }  # fmt: skip


def _given(market: "Market", id: int) -> Given:
    card = Card(worker_id=id, number=f"{id:08}", version=1, made_at=market.now)
    token = cards.shown(market.safe, card, now=market.now)[0].token
    return Given(f"V{id:015}", token, 1 + id * 7919 % SUM)


@pytest.fixture
def doors(market: "Market") -> Iterator[list[Database]]:
    """Two doors to the database, as two processes would have."""
    url = market.database.engine.url.render_as_string(hide_password=False)
    opened = [Database(url) for _ in range(2)]
    yield opened
    for door in opened:
        door.release()


def wrong(crowd: Crowd) -> list[str]:
    """What does not add up; empty is right."""
    market = crowd.market
    with market.database.read() as session:
        count, total = session.execute(
            select(func.count(), func.coalesce(func.sum(col(Redemption.amount_fen)), 0))
        ).one()
        uses = func.count(col(Redemption.voucher_id))
        most = session.scalar(
            select(uses).group_by(col(Redemption.voucher_id)).order_by(uses.desc()).limit(1)
        )
        left = session.scalar(select(func.sum(col(Voucher.left_fen)))) or 0
    found = []
    if (count, int(total)) != (len(crowd.given), crowd.total):
        found.append(f"{count} redemptions of {total} fen, not {len(crowd.given)}, {crowd.total}")
    if most != 1:
        found.append(f"a voucher was used {most} times")
    if int(left) + int(total) != len(crowd.given) * SUM:
        found.append(f"{left} fen left and {total} used of {len(crowd.given) * SUM}")
    return found


def at_once(count: int, act: Callable[[int], None]) -> list[BaseException]:
    """Everybody begins at the same moment; what nobody foresaw."""
    line = threading.Barrier(count)
    failed: list[BaseException] = []

    def run(number: int) -> None:
        line.wait()
        try:
            act(number)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


@pytest.mark.fault
def test_what_many_merchants_take_at_once_is_exact_and_nothing_is_taken_twice(
    market: "Market", doors: list[Database], tell: Tell
) -> None:
    many = crowd(market, size(60, 10_000), size(10, 50))
    late = market.now + timedelta(days=30)
    lock = threading.Lock()
    done: list[Redeemed] = []
    used: list[str] = []
    over: list[str] = []

    def send(number: int, given: Given, is_late: bool = False) -> None:
        merchant = many.merchants[number]
        now = late if is_late else market.now
        token = given.token
        if is_late:
            worker = int(given.voucher[1:])
            card = Card(worker_id=worker, number=f"{worker:08}", version=1, made_at=now)
            token = cards.shown(market.safe, card, now=now)[0].token

        def act(session: Session) -> Redeemed:
            return redeeming.redeem(
                session, market.post, merchant, token,
                voucher_id=given.voucher, amount_fen=given.amount_fen, seen_at=now, now=now,
            )  # fmt: skip

        try:
            found = doors[number % 2].together(act)
            with lock:
                done.append(found)
        except CodeUsed:
            with lock:
                used.append(given.voucher)
        except VoucherOver:
            with lock:
                over.append(given.voucher)

    def trade(number: int) -> None:
        people = len(many.merchants)
        for place, given in enumerate(many.given):
            # Two tills have each code: one was copied. Both send it again, some a month later.
            if place % people in (number, (number + 1) % people):
                send(number, given)
                send(number, given)
            if place % people == number and place % 5 == 0:
                send(number, given, is_late=True)

    assert at_once(len(many.merchants), trade) == []
    assert wrong(many) == []
    firsts = [each for each in done if not each.again]
    assert len({each.id for each in done}) == len(firsts) == len(many.given)
    assert len(done) == len(used) == 2 * len(many.given)
    assert len(over) == len([place for place in range(len(many.given)) if place % 5 == 0])
    settlement = market.collect()
    assert settlement.total_fen == many.total
    assert market.sums() == (len(many.given) * SUM, 0)
    tell(
        f"{len(many.given)} vouchers, {len(many.merchants)} merchants, fen taken",
        settlement.total_fen,
        f"exactly {many.total}",
    )


@pytest.mark.fault
def test_looking_first_and_writing_later_takes_vouchers_twice(
    market: "Market", doors: list[Database], control: Tell
) -> None:
    """The control: without the code as the key, and with what was read as what is written."""
    many = crowd(market, 5, 2)
    meet = threading.Barrier(2)

    def trade(number: int) -> None:
        for given in many.given:
            with doors[number].read() as session:
                left = session.get_one(Voucher, given.voucher).left_fen
            meet.wait()
            with doors[number].begin() as session:
                session.add(
                    Redemption(
                        id="U" + secrets.token_hex(7), voucher_id=given.voucher,
                        merchant_id=many.merchants[number].id or 0,
                        code_hash=secrets.token_hex(32), amount_fen=given.amount_fen,
                        at=market.now,
                    )
                )  # fmt: skip
                session.execute(
                    update(Voucher)
                    .where(col(Voucher.id) == given.voucher)
                    .values(left_fen=left - given.amount_fen, left_uses=0)
                )

    assert at_once(2, trade) == []
    found = wrong(many)
    assert found
    control("the same without the code as the key", "; ".join(found), "to be found out")


@pytest.mark.fault
def test_two_who_give_at_once_give_each_person_one_and_promise_each_sum_once(
    market: "Market", doors: list[Database]
) -> None:
    issue = market.issue()
    cases = [market.approved() for _ in range(3)]

    def give(number: int) -> None:
        with doors[number].begin() as session:
            issuing.issue_to(
                session,
                market.post,
                session.get_one(Issue, issue.id),
                cases,
                by=market.clerk,
                now=market.now,
            )

    assert at_once(2, give) == []
    with market.database.read() as session:
        given = session.scalars(select(col(Voucher.worker_id))).all()
    assert sorted(given) == sorted(case.worker_id for case in cases)
    assert market.sums() == (3 * SUM, 0)
