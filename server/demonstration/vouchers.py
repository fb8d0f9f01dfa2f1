"""Vouchers to look around at, made up: given to people of the register, used, and taken back once.

Of the people whom `making` has made.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from server.casework.fund_tables import Fund
from server.casework.officers import Officer
from server.clock import china_day
from server.database.tables import Profile
from server.register import keeping as register
from server.register.hardship import Cause, Need, Registered, Relation
from server.register.keeping import Standing
from server.register.tables import Level, RegisterEntry
from server.vouchers import cards, choosing, issuing, merchants, redeeming, rounds
from server.vouchers.choosing import Group, Place
from server.vouchers.issuing import Proposal
from server.vouchers.merchants import Account
from server.vouchers.redeeming import Redeemed
from server.vouchers.tables import Issue, Merchant, MerchantKind, Voucher
from server.web.resources import Resources, make_post

_HERE = "石狮"
_HEAD = "张德福"
_FAMILY = (
    Registered(name="陈桂花", identity_number="511702197808140027", phone="13905950003",
               relation=Relation.SPOUSE, causes=(Cause.ILLNESS,), needs=(Need.MEDICAL,)),
    Registered(name="张小宝", identity_number="511702201209010019",
               relation=Relation.CHILD, causes=(Cause.SCHOOLING,), needs=(Need.SCHOOLING,)),
)  # fmt: skip
"""Of the household of one who applied; they never signed in."""
_ALONE = Registered(
    name="黄阿妹", identity_number="350581195503120062", phone="13905950107",
    relation=Relation.HEAD, causes=(Cause.DISABILITY,), needs=(Need.LIVING, Need.CARE),
)  # fmt: skip


class DemoVouchers:
    """Households, one issue that was given to the register, one shop where it is used."""

    def __init__(self, known: Resources, by: Officer, approver: Officer) -> None:
        self._known, self._by, self._approver = known, by, approver
        library = known.serving.current().library
        self._regions = library.regions
        self._post = make_post(known.settings, known.safe, library)
        self._now = known.clock()

    def make(self) -> None:
        """Make them: one voucher that is used in part, one use that was taken back."""
        given, used = self._now - timedelta(days=5), self._now - timedelta(days=2)
        self._enter_households(given)
        issue = self._open(given)
        self._give(issue, given)
        shop = self._shop(given)
        self._use(shop, issue, _HEAD, 126_50, used)
        refunded = self._use(shop, issue, "刘小燕", 60_00, used)
        with self._known.database.begin() as session:
            redeeming.refund(
                session, self._post, session.merge(shop), refunded.id,
                now=used + timedelta(minutes=20),
            )  # fmt: skip

    def _enter_households(self, now: datetime) -> None:
        with self._known.database.read() as session:
            head = register.of_worker(session, self._worker(session, _HEAD))
        assert head is not None
        for who in _FAMILY:
            self._enter(who, head.household_id, now)
        self._enter(_ALONE, None, now)

    def _enter(self, who: Registered, household: str | None, now: datetime) -> RegisterEntry:
        known = self._known
        with known.database.begin() as session:
            worker = register.worker_of(session, known.safe, who, now=now)
        own = known.subject_keys.safe_of(worker)
        with known.database.begin() as session:
            return register.enter(
                session, own, self._regions, worker_id=worker, registered=who,
                standing=Standing(_HERE, Level.BELOW_LINE, china_day(now)), household_id=household,
                by=self._by, now=now,
            )  # fmt: skip

    def _open(self, now: datetime) -> Issue:
        with self._known.database.begin() as session:
            fund = session.scalars(select(Fund)).one()
            proposal = Proposal(
                title="演示：过年消费券",
                words="在石狮的商场、超市买东西用，可以分几次用。",
                measure="shishi-3a",
                region=_HERE,
                takes=MerchantKind.SHOP,
                fund_id=fund.id,
                amount_fen=500_00,
                uses=None,
                first_on=china_day(now),
                last_on=china_day(self._now) + timedelta(days=21),
            )
            issue = issuing.propose(
                session, self._known.safe, proposal, by=self._by, regions=self._regions, now=now
            )
            issuing.open_(
                session, self._known.safe, issue, by=self._approver, regions=self._regions,
                version=issue.version, now=now,
            )  # fmt: skip
            return issue

    def _give(self, issue: Issue, now: datetime) -> None:
        known, group = self._known, Group(_HERE)
        place = Place(known.database, known.subject_keys, known.safe, self._regions)
        chosen = choosing.choose(place, issue, group)
        with known.database.begin() as session:
            made = rounds.propose(session, self._post, issue, group, chosen, by=self._by, now=now)
            rounds.confirm(
                session, self._post, made, chosen, by=self._approver, version=made.version,
                now=now,
            )  # fmt: skip
        rounds.go_on(known.database, self._post, made.id, clock=lambda: now)

    def _shop(self, now: datetime) -> Merchant:
        with self._known.database.begin() as session:
            return merchants.add(
                session, self._known.safe, self._regions, name="演示：宝盖惠民超市",
                kind=MerchantKind.SHOP, region=_HERE, place="宝盖镇人民路12号",
                account=Account("宝盖惠民超市", "某银行石狮支行", "0350581000000000009"),
                by=self._by, now=now,
            )  # fmt: skip

    def _use(
        self, shop: Merchant, issue: Issue, name: str, amount_fen: int, now: datetime
    ) -> Redeemed:
        with self._known.database.begin() as session:
            worker = self._worker(session, name)
            mine = col(Voucher.worker_id) == worker
            voucher = session.scalars(
                select(Voucher).where(mine, col(Voucher.issue_id) == issue.id)
            ).one()
            card = cards.find(session, worker)
            assert card is not None
            token = cards.shown(self._known.safe, card, now=now)[0].token
            return redeeming.redeem(
                session, self._post, shop, token, voucher_id=voucher.id, amount_fen=amount_fen,
                seen_at=now, now=now,
            )  # fmt: skip

    def _worker(self, session: Session, name: str) -> int:
        hashed = self._known.safe.hash("name", name)
        mine = col(Profile.name_hash) == hashed
        return session.scalars(select(col(Profile.worker_id)).where(mine)).one()
