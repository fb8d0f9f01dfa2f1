"""A house of vouchers: officers, a fund, workers with approved cases, merchants at their tills."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from server.casework import applying, deciding, funds
from server.casework.advancing import Post
from server.casework.fund_tables import Fund
from server.casework.moves import Move
from server.casework.officers import Officer, Role
from server.casework.tables import Case
from server.clock import china_day
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectKeys
from server.database.db import Database
from server.database.tables import Notice
from server.notices.templates import NoticeKind
from server.register.hardship import Registered
from server.register.keeping import Standing
from server.vouchers import cards, choosing, issuing, merchants, redeeming, rounds, settling
from server.vouchers.choosing import Chosen, Group, Place
from server.vouchers.issuing import Proposal
from server.vouchers.merchants import Account
from server.vouchers.redeeming import Redeemed
from server.vouchers.tables import (
    Card,
    Issue,
    Merchant,
    MerchantKind,
    Round,
    Settlement,
    Voucher,
)
from tests import casework
from tests.server.register.conftest import Ledger, somebody

if TYPE_CHECKING:
    from knowledge.library import Library

SUM = 500_00
LAST_ON = date(2026, 3, 8)
ACCOUNT = Account("某超市有限公司", "建设银行石狮支行", "0350581000000000001")
SHOPPING = Proposal(
    title="过年消费券",
    words="在石狮的商场、超市买东西用。",
    measure=casework.MEASURE,
    region="石狮",
    takes=MerchantKind.SHOP,
    fund_id=None,
    amount_fen=SUM,
    uses=None,
    first_on=date(2026, 2, 10),
    last_on=LAST_ON,
)


@dataclass
class Market:
    """What vouchers need around them."""

    database: Database
    library: "Library"
    safe: Safe
    keys: SubjectKeys
    now: datetime
    clerk: Officer
    approver: Officer
    administrator: Officer
    release: int
    fund: Fund = field(init=False)

    def __post_init__(self) -> None:
        with self.database.begin() as session:
            self.fund = funds.add(
                session, self.safe, self.regions, name="消费券资金", purpose="过年",
                budget_fen=10_000_00, measures=[casework.MEASURE], where=["石狮"],
                by=self.administrator, now=self.now,
            )  # fmt: skip

    @property
    def regions(self) -> Any:
        return self.library.regions

    @property
    def post(self) -> Post:
        kinds = ("voucher", "voucher_used", "voucher_ends")
        return Post(self.safe, self.library, casework.MINI_APP, {kind: kind for kind in kinds})

    def worker(self) -> int:
        return casework.worker(self.database, self.safe, self.keys, now=self.now)

    def approved(self, amount_fen: int | None = None, worker: int | None = None) -> Case:
        """An approved case, of somebody new where nobody is named."""
        worker = worker or self.worker()
        own = self.keys.safe_of(worker)
        checked = applying.check(
            self.library, self.release, self.library.measures[casework.MEASURE], "石狮",
            casework.ELIGIBLE, today=china_day(self.now),
        )  # fmt: skip
        with self.database.begin() as session:
            id = applying.submit(session, own, checked, worker_id=worker, now=self.now).case_id
            by = self._desk(self.clerk, worker)
            deciding.take(session, by, session.get_one(Case, id), version=1)
        return self.approve(id, amount_fen)

    def approve(self, id: str, amount_fen: int | None = None) -> Case:
        """Two officers grant a case that one of them has."""
        with self.database.begin() as session:
            case = session.get_one(Case, id)
            by, chief = (self._desk(who, case.worker_id) for who in (self.clerk, self.approver))
            case = deciding.recommend(
                session, by, case, Move.APPROVE, version=case.version, reason="符合",
                amount_fen=amount_fen,
            )  # fmt: skip
            return deciding.approve(session, chief, case, version=case.version)

    def reopen(self, case: Case) -> Case:
        """An officer has a grant looked at again."""
        with self.database.begin() as session:
            case = session.get_one(Case, case.id)
            desk = self._desk(self.clerk, case.worker_id)
            return deciding.reopen(session, desk, case, version=case.version, reason="请再核一下")

    def _desk(self, who: Officer, worker: int) -> deciding.Desk:
        telling = casework.post(self.safe, self.library)
        return casework.desk(who, telling, self.keys.safe_of(worker), self.now)

    def issue(self, **other: Any) -> Issue:
        """An issue that is open."""
        proposal = replace(SHOPPING, **{"fund_id": self.fund.id, **other})
        with self.database.begin() as session:
            issue = issuing.propose(
                session, self.safe, proposal, by=self.clerk, regions=self.regions, now=self.now
            )
            issuing.open_(
                session, self.safe, issue, by=self.approver, regions=self.regions,
                version=issue.version, now=self.now,
            )  # fmt: skip
        return issue

    def give(self, issue: Issue, cases: Sequence[Case]) -> list[Voucher]:
        with self.database.begin() as session:
            return issuing.issue_to(
                session, self.post, session.get_one(Issue, issue.id), cases, by=self.clerk,
                now=self.now,
            )  # fmt: skip

    def voucher(self, issue: Issue | None = None) -> Voucher:
        """Somebody's voucher."""
        return self.give(issue or self.issue(), [self.approved()])[0]

    def merchant(self, name: str = "某超市", **other: Any) -> Merchant:
        given = {
            "kind": MerchantKind.SHOP, "region": "石狮", "place": "宝盖镇", "account": ACCOUNT
        }  # fmt: skip
        with self.database.begin() as session:
            return merchants.add(
                session, self.safe, self.regions, name=name, by=self.clerk, now=self.now,
                **{**given, **other},
            )  # fmt: skip

    def code(self, worker_id: int, at: datetime | None = None, place: int = 0) -> str:
        """What somebody's card shows at an instant, or some half minutes later."""
        with self.database.read() as session:
            card = session.get_one(Card, worker_id)
        return cards.shown(self.safe, card, now=at or self.now)[place].token

    def redeem(
        self,
        merchant: Merchant,
        voucher: Voucher,
        amount_fen: int,
        *,
        token: str | None = None,
        seen_at: datetime | None = None,
        now: datetime | None = None,
    ) -> Redeemed:
        now = now or self.now
        token = token or self.code(voucher.worker_id, now)

        def act(session: Session) -> Redeemed:
            return redeeming.redeem(
                session, self.post, merchant, token, voucher_id=voucher.id,
                amount_fen=amount_fen, seen_at=seen_at or now, now=now,
            )  # fmt: skip

        return self.database.together(act)

    def refund(
        self, merchant: Merchant, redeemed: Redeemed, now: datetime | None = None
    ) -> Redeemed:
        with self.database.begin() as session:
            return redeeming.refund(session, self.post, merchant, redeemed.id, now=now or self.now)

    def collect(self) -> Settlement:
        fund = self.fund.id or 0
        with self.database.begin() as session:
            return settling.collect(
                session, self.safe, self.regions, fund, by=self.clerk, now=self.now
            )

    def left(self, voucher: Voucher) -> int:
        with self.database.read() as session:
            return session.get_one(Voucher, voucher.id).left_fen

    def told(self, kind: NoticeKind) -> list[tuple[str, ...]]:
        """What stands in the fields of the notices of a kind, the oldest first."""
        with self.database.read() as session:
            rows = session.scalars(
                select(Notice)
                .where(col(Notice.kind) == kind)
                .order_by(col(Notice.created_at), col(Notice.id))
            ).all()
        contents = [json.loads(self.safe.unseal(row.sealed, f"notice.sealed:{row.id}"))
                    for row in rows if row.sealed]  # fmt: skip
        assert all(each["to"] for each in contents)
        return [tuple(field["value"] for field in each["data"].values()) for each in contents]

    def sums(self) -> tuple[int, int]:
        """What the fund holds back and has spent; its ledger says the same."""
        with self.database.read() as session:
            found = funds.sums(session, self.fund.id or 0)
            assert found == funds.sums_of_ledger(session, self.fund.id or 0)
        return found.reserved_fen, found.spent_fen


@dataclass
class Town:
    """A market beside a register whose people may get vouchers."""

    market: Market
    ledger: Ledger

    def linked(self, number: int, worker: int | None = None, **other: Any) -> int:
        """Somebody of the register who signed in, and whose entry is theirs."""
        who, standing = self._who(number, **other)
        worker = worker or self.account(number)
        self.ledger.enter_for(worker, who, standing=standing)
        return worker

    def nameless(self, number: int, **other: Any) -> int:
        """Somebody of the register who stands there under no account."""
        who, standing = self._who(number, **other)
        return self.ledger.enter(who, standing=standing).worker_id

    def account(self, number: int, **other: Any) -> int:
        """Somebody who signed in and says to be one of the register."""
        who = somebody(number)
        given = {"name": who.name, "identity_number": who.identity_number, "phone": who.phone}
        at = self.market
        person = casework.person(number, **{**given, **other})
        return casework.worker(at.database, at.safe, at.keys, now=at.now, who=person)

    def _who(self, number: int, **other: Any) -> tuple[Registered, Standing]:
        where = {key: other.pop(key) for key in ("region", "level") if key in other}
        return somebody(number, **other), self.ledger.standing(**where)

    @property
    def place(self) -> Place:
        at = self.market
        return Place(at.database, at.keys, at.safe, at.regions)

    def chosen(self, issue: Issue, **group: Any) -> Chosen:
        return choosing.choose(self.place, issue, Group(**{"region": "石狮", **group}))

    def proposed(self, issue: Issue, by: Officer | None = None, **group: Any) -> Round:
        whom = Group(**{"region": "石狮", **group})
        chosen = choosing.choose(self.place, issue, whom)
        at = self.market
        with at.database.begin() as session:
            return rounds.propose(
                session, at.post, session.get_one(Issue, issue.id), whom, chosen,
                by=by or at.clerk, now=at.now,
            )  # fmt: skip

    def confirm(self, made: Round, by: Officer | None = None, version: int = 1) -> None:
        at = self.market
        with at.database.read() as session:
            issue = session.get_one(Issue, made.issue_id)
        chosen = choosing.choose(self.place, issue, rounds.group_of(made))
        with at.database.begin() as session:
            rounds.confirm(
                session, at.post, session.get_one(Round, made.id), chosen, by=by or at.approver,
                version=version, now=at.now,
            )  # fmt: skip

    def confirmed(self, issue: Issue, **group: Any) -> Round:
        """A round for which the fund holds the sum back, and nobody has anything yet."""
        made = self.proposed(issue, **group)
        self.confirm(made)
        return self.round(made)

    def go_on(self, made: Round, lots: int | None = None, now: datetime | None = None) -> int:
        at = self.market
        return rounds.go_on(at.database, at.post, made.id, clock=lambda: now or at.now, lots=lots)

    def round(self, made: Round) -> Round:
        with self.market.database.read() as session:
            return session.get_one(Round, made.id)

    def holders(self, issue: Issue) -> list[int]:
        """Who has a voucher of an issue, as often as they have one."""
        with self.market.database.read() as session:
            mine = select(col(Voucher.worker_id)).where(col(Voucher.issue_id) == issue.id)
            return sorted(session.scalars(mine))


@pytest.fixture
def town(market: Market) -> Town:
    book = Ledger(
        market.database, market.library, market.safe, market.keys, market.now, market.clerk
    )
    return Town(market, book)


@pytest.fixture
def market(
    database: Database, safe: Safe, library: "Library", subject_keys: SubjectKeys, now: datetime
) -> Market:
    release = casework.publish(database, library, now=now)

    def one(*roles: Role) -> Officer:
        return casework.officer(database, safe, library, *roles, now=now)

    return Market(
        database, library, safe, subject_keys, now,
        clerk=one(Role.CASE_OFFICER), approver=one(Role.APPROVER),
        administrator=one(Role.ADMINISTRATOR), release=release,
    )  # fmt: skip
