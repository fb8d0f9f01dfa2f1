"""Payments: one for each instalment of an approved case, collected in batches for the bank."""

import json
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from server.casework import cases, funds, near_duplicates, opting_out, payable, reservations
from server.casework.advancing import Mover, MoveRefused, Post, advance, by_officer, by_worker
from server.casework.fund_tables import (
    BatchState,
    Fund,
    Payment,
    PaymentBatch,
    PaymentState,
    Reservation,
)
from server.casework.moves import Actor, Move, State, moves_from
from server.casework.officers import NotAllowed, Officer, Role, scope
from server.casework.payable import NotPayable
from server.casework.tables import Case, Origin
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectKeys
from server.database import db, numbering
from server.database.tables import Lifetime, Profile, Purpose
from server.money import yuan
from server.personal import consents, profiles
from server.records import audit
from server.records.audit import Action

MOST_IN_A_BATCH = 500
_LIVE = (PaymentState.ORDERED, PaymentState.PAID)


class PaymentSettled(Exception):
    """Something else became of the payment than whoever settles it knows."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What seals for a worker: their own key, and the one that lives as long as the books.

    `own` is None for somebody who was erased.
    """

    own: Safe | None
    accounts: Safe


@dataclass(frozen=True, slots=True)
class Cashier:
    """An officer at the payments, with the keys of the workers whom they are about."""

    officer: Officer
    post: Post
    keys: Mapping[int, Keys]
    now: datetime

    @property
    def mover(self) -> Mover:
        """The officer, as who makes a move."""
        return by_officer(self.officer)

    def move(self, session: Session, case: Case, move: Move, reason: str = "", **told: str) -> None:
        """Make a move of a case as it stands; raises what `advance` raises."""
        advance(
            session,
            case,
            move,
            by=self.mover,
            version=case.version,
            own=self.own(case.worker_id),
            post=self.post,
            reason=reason,
            told=told,
            now=self.now,
        )

    def own(self, worker_id: int) -> Safe:
        """The worker's own key; the service's for somebody who was erased."""
        keys = self.keys.get(worker_id)
        return self.post.safe if keys is None or keys.own is None else keys.own

    def record(self, session: Session, payment: Payment, worker_id: int, action: Action) -> None:
        """Note in the audit what was done to a payment."""
        audit.record(
            session,
            self.own(worker_id),
            by=self.mover.audited,
            action=action,
            about="payment",
            row=payment.id,
            worker_id=worker_id,
            fields=("name", "bank_card", "amount"),
            reason=payment.batch_id,
            now=self.now,
        )


@dataclass(frozen=True, slots=True)
class Payee:
    """Who gets the money, and where."""

    name: str
    bank_card: str


@dataclass(frozen=True, slots=True)
class Collected:
    """A new batch, None where there was nothing to pay; which cases were left out, and why."""

    batch: PaymentBatch | None
    left_out: Mapping[str, NotPayable]


def keys_of(
    subject_keys: SubjectKeys, worker_ids: Iterable[int], *, ordering: bool = False
) -> dict[int, Keys]:
    """The keys of workers; for `ordering` one for this year's books is made where there is none.

    To be called outside any transaction.
    """
    ids = list(worker_ids)
    own = subject_keys.safes_of(ids)
    accounts = subject_keys.safes_of(ids, Lifetime.ACCOUNTS)
    if ordering:
        accounts |= {worker: subject_keys.safe_of(worker, Lifetime.ACCOUNTS) for worker in own}
    return {worker: Keys(own.get(worker), safe) for worker, safe in accounts.items()}


def due(
    session: Session,
    post: Post,
    officer: Officer,
    fund_id: int,
    *,
    instalment: int = 1,
    at_most: int = MOST_IN_A_BATCH,
) -> list[Case]:
    """Cases of the officer's regions whose instalment is to be paid, the most urgent first.

    Last those that wait for their person, or for an officer: many of them would keep everybody
    else from being paid. Who has another identity number by now, or has neither data nor a card, is
    known only once they are unsealed.
    Raises `NotAllowed`, `InstalmentsOutOfRange`.
    """
    return list(session.scalars(_due(post, officer, fund_id, instalment, at_most)))


def waiting(session: Session, post: Post, officer: Officer, fund_id: int) -> dict[int, int]:
    """How many cases `due` has for each instalment that any waits for; raises `NotAllowed`."""
    if Role.CASE_OFFICER not in officer.roles:
        raise NotAllowed
    following = _first_unpaid()
    next_ones = (
        select(following.label("instalment"))
        .select_from(Case)
        .join(Reservation, col(Reservation.case_id) == col(Case.id))
        .where(
            *_may_be_due(post, officer, fund_id),
            following <= col(Reservation.instalments),
            ~exists().where(
                col(Payment.case_id) == col(Case.id), col(Payment.state) == PaymentState.ORDERED
            ),
        )
        .subquery()
    )
    counted = select(next_ones.c.instalment, func.count()).group_by(next_ones.c.instalment)
    return {number: count for number, count in session.execute(counted.order_by("instalment"))}


def _first_unpaid() -> ColumnElement[int]:
    """The first instalment of a case that is not paid: the next one, or one that came back."""
    paid, first, following = aliased(Payment), aliased(Payment), aliased(Payment)
    # Each names whose payments it means: by itself it would mean those of any case.
    has_first = exists().where(_is_paid(first), col(first.instalment) == 1).correlate(Case)
    has_next = (
        exists()
        .where(_is_paid(following), col(following.instalment) == col(paid.instalment) + 1)
        .correlate(Case, paid)
    )
    last_in_turn = select(func.min(col(paid.instalment))).where(
        _is_paid(paid), has_first, ~has_next
    )
    return func.coalesce(last_in_turn.correlate(Case).scalar_subquery(), 0) + 1


def _is_paid(payment: type[Payment]) -> ColumnElement[bool]:
    """Whether it is one of the case that is looked at, and paid."""
    is_paid = col(payment.state) == PaymentState.PAID
    return and_(col(payment.case_id) == col(Case.id), is_paid)


def _may_be_due(post: Post, officer: Officer, fund_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Reservation.fund_id) == fund_id,
        col(Case.state).in_((State.APPROVED, State.PAYMENT_PENDING)),
        col(Case.region).in_(scope(officer, post.library.regions)),
    )


def _due(post: Post, officer: Officer, fund_id: int, instalment: int, at_most: int) -> Select[Case]:
    if Role.CASE_OFFICER not in officer.roles:
        raise NotAllowed
    if instalment < 1:
        # None before the first: it would be paid beside it.
        raise reservations.InstalmentsOutOfRange(instalment)
    live, before = aliased(Payment), aliased(Payment)
    query = (
        select(Case)
        .join(Reservation, col(Reservation.case_id) == col(Case.id))
        .outerjoin(Profile, col(Profile.worker_id) == col(Case.worker_id))
        .where(
            *_may_be_due(post, officer, fund_id),
            col(Reservation.instalments) >= instalment,
            ~exists().where(
                col(live.case_id) == col(Case.id),
                col(live.instalment) == instalment,
                col(live.state).in_(_LIVE),
            ),
        )
    )
    if instalment > 1:
        # All of them: one that is not the last of them may have come back.
        earlier = select(func.count()).where(_is_paid(before), col(before.instalment) < instalment)
        query = query.where(earlier.correlate(Case).scalar_subquery() == instalment - 1)
    held_up = or_(
        payable.is_hindered(),
        near_duplicates.keeps_from_pay(),
        and_(
            col(Case.origin) == Origin.ROSTER,
            opting_out.opted_out(col(Case.worker_id), col(Case.measure)),
        ),
    )
    order = (held_up, func.coalesce(col(Case.due_on), date.max), col(Case.id))
    return query.order_by(*order).limit(at_most)


def collect(
    session: Session,
    cashier: Cashier,
    fund_id: int,
    *,
    instalment: int = 1,
    only: Set[str] | None = None,
    at_most: int = MOST_IN_A_BATCH,
) -> Collected:
    """Put what is due into a new batch; who has no key at hand is left for the next one.

    `only`: of what is due these cases alone. What came back from the bank is ordered again once its
    person has given another card, and where an officer names it: the bank may have been wrong.

    Raises `NotAllowed`, `FundUnknown`, `InstalmentsOutOfRange`.
    """
    # Two who collect at once would choose the same cases.
    if session.get(Fund, fund_id, with_for_update=True) is None:
        raise funds.FundUnknown(fund_id)
    is_due = _due(cashier.post, cashier.officer, fund_id, instalment, at_most)
    # Who gives it up at this moment was first.
    waiting = session.scalars(is_due.with_for_update(of=Case, skip_locked=True)).all()
    if only is not None:
        waiting = [case for case in waiting if case.id in only]
    came_back = payable.that_came_back(session, [case.id for case in waiting])
    payees: dict[str, Payee] = {}
    left_out: dict[str, NotPayable] = {}
    for case in waiting:
        found = _payee(session, cashier, case)
        if only is None and case.id in came_back and isinstance(found, Payee):
            found = NotPayable.RETURNED
        if isinstance(found, Payee):
            payees[case.id] = found
        else:
            left_out[case.id] = found
    if not payees:
        return Collected(None, left_out)
    batch = _add_batch(session, cashier, fund_id)
    for case in waiting:
        if case.id in payees:
            payment = _order(session, cashier, batch, case, payees[case.id], instalment)
            batch.payments += 1
            batch.total_fen += payment.amount_fen
    session.add(batch)
    session.flush()
    return Collected(batch, left_out)


def lost(
    session: Session, cashier: Cashier, ordered: Iterable[tuple[Payment, Case]]
) -> dict[str, NotPayable]:
    """The cases whose payments would not be ordered as they were, as things are now, and why."""
    found: dict[str, NotPayable] = {}
    for payment, case in ordered:
        payee = _payee(session, cashier, case)
        if isinstance(payee, NotPayable):
            found[case.id] = payee
        elif payee != payee_of(payment, cashier.keys[case.worker_id]):
            found[case.id] = NotPayable.OTHER_CARD
    return found


def payee_of(payment: Payment, keys: Keys) -> Payee:
    """Open whom a payment goes to."""
    return Payee(**json.loads(keys.accounts.unseal(payment.sealed_payee, _purpose(payment))))


def pay(session: Session, cashier: Cashier, payment: Payment, case: Case) -> None:
    """The bank has paid: payment, case, fund and notice at once.

    Raises what `advance` raises; the case stays pending where another instalment comes.
    """
    _settle(session, payment, PaymentState.PAID, cashier.now)
    kept = reservations.spend(session, payment, by=cashier.officer, now=cashier.now)
    move = Move.PAY if reservations.is_all_paid(kept) else Move.PAY_INSTALMENT
    cashier.move(session, case, move, amount=yuan(payment.amount_fen) + "元")
    cashier.record(session, payment, case.worker_id, Action.PAID)


def give_back(
    session: Session, cashier: Cashier, payment: Payment, case: Case, *, reason: str
) -> None:
    """The bank could not pay: the case can be paid anew, the money stays held back for it."""
    _return(session, cashier, payment, case, PaymentState.ORDERED, reason)


def take_back(
    session: Session, cashier: Cashier, payment: Payment, case: Case, *, reason: str
) -> None:
    """The bank has taken back what it paid: the case can be paid anew, as the fund holds it back.

    Whoever calls it has seen to it that nothing else of the case is on its way.
    """
    _return(session, cashier, payment, case, PaymentState.PAID, reason)
    reservations.take_back(session, payment, by=cashier.officer, now=cashier.now)


def cancel(session: Session, cashier: Cashier, payment: Payment, case: Case) -> None:
    """The payment is not made: the case can be collected anew."""
    _settle(session, payment, PaymentState.CANCELLED, cashier.now)
    cashier.move(session, case, Move.CANCEL_PAYMENT)
    cashier.record(session, payment, case.worker_id, Action.CHANGED)


def is_forgotten(cashier: Cashier, case: Case) -> bool:
    """Whether nobody knows any more to whom a case would be paid."""
    return _person(cashier, case) is None


def moves_of_worker(session: Session, case: Case) -> list[Move]:
    """The moves that a worker can make of a case now, as its money stands."""
    moves = moves_from(State(case.state), Actor.WORKER)
    if not {Move.GIVE_UP, Move.WITHDRAW} & set(moves):
        return list(moves)
    barred: set[Move] = set()
    if reservations.is_bound(session, case):
        barred.add(Move.WITHDRAW)
    if not reservations.paid_fen(session, case.id) or payable.is_on_its_way(session, case.id):
        barred.add(Move.GIVE_UP)
    return [move for move in moves if move not in barred]


def give_up(
    session: Session,
    own: Safe,
    post: Post,
    case: Case,
    *,
    worker_id: int,
    version: int,
    words: str = "",
    now: datetime,
) -> Case:
    """The worker wants no further instalment: what was paid stays, the fund has the rest back.

    Raises `MoveRefused` before the first was paid, and while one is on its way.
    """
    # Nobody orders a payment of it meanwhile.
    session.refresh(case, with_for_update=True)
    if not reservations.paid_fen(session, case.id) or payable.is_on_its_way(session, case.id):
        raise MoveRefused(Move.GIVE_UP, State(case.state))
    by = by_worker(worker_id)
    done = advance(
        session,
        case,
        Move.GIVE_UP,
        by=by,
        version=version,
        own=own,
        post=post,
        reason=words,
        now=now,
    )
    reservations.release_rest(session, own, done, by=by.audited, now=now)
    return done


def _payee(session: Session, cashier: Cashier, case: Case) -> Payee | NotPayable:
    known = _person(cashier, case)
    if known is None:
        return NotPayable.ERASED
    own, frozen = known
    if case.origin == Origin.ROSTER:
        # Nobody was asked before: what counts is that they didn't say no.
        if consents.withdrawn(session, case.worker_id, Purpose.PAYMENT):
            return NotPayable.NO_CONSENT
        number = frozen["identity_number"]
        if opting_out.is_out(session, own, number, case.worker_id, case.measure):
            return NotPayable.OPTED_OUT
    elif not consents.is_given(session, case.worker_id, Purpose.PAYMENT):
        return NotPayable.NO_CONSENT
    held = profiles.find(session, own, case.worker_id)
    if held is not None and held.person.identity_number != frozen["identity_number"]:
        return NotPayable.OTHER_PERSON
    mine = col(Case.id) == case.id
    if session.scalar(select(near_duplicates.keeps_from_pay()).where(mine)):
        return NotPayable.DUPLICATE
    # The card of today: the one that the case was submitted with may be why it came back.
    card = frozen.get("bank_card") if held is None else held.person.bank_card
    return NotPayable.NO_CARD if card is None else Payee(frozen["name"], card)


def _person(cashier: Cashier, case: Case) -> tuple[Safe, dict[str, Any]] | None:
    """Who a case was submitted for, with their key; None: they were erased."""
    own = cashier.keys[case.worker_id].own if case.worker_id in cashier.keys else None
    frozen = cases.frozen(case, own).person
    return None if own is None or frozen is None else (own, frozen)


def _add_batch(session: Session, cashier: Cashier, fund_id: int) -> PaymentBatch:
    batch = PaymentBatch(
        # A letter first: no spreadsheet takes it for a number.
        id=numbering.number(cashier.now, "F"),
        fund_id=fund_id,
        state=BatchState.COLLECTED.value,
        payments=0,
        total_fen=0,
        collected_by=cashier.officer.id,
        collected_at=cashier.now,
    )
    session.add(batch)
    session.flush()
    return batch


def _order(
    session: Session,
    cashier: Cashier,
    batch: PaymentBatch,
    case: Case,
    payee: Payee,
    instalment: int,
) -> Payment:
    kept = session.get_one(Reservation, case.id)
    payment = Payment(
        id=numbering.key("P"),
        batch_id=batch.id,
        case_id=case.id,
        instalment=instalment,
        amount_fen=reservations.instalment_fen(kept, instalment),
        state=PaymentState.ORDERED.value,
        sealed_payee="",
    )
    plain = json.dumps({"name": payee.name, "bank_card": payee.bank_card}, ensure_ascii=False)
    keys = cashier.keys[case.worker_id]
    payment.sealed_payee = keys.accounts.seal(plain, _purpose(payment))
    session.add(payment)
    session.flush()
    cashier.move(session, case, Move.ORDER_PAYMENT)
    cashier.record(session, payment, case.worker_id, Action.CREATED)
    return payment


def _return(
    session: Session,
    cashier: Cashier,
    payment: Payment,
    case: Case,
    before: PaymentState,
    reason: str,
) -> None:
    keys = cashier.keys[case.worker_id]
    sealed = keys.accounts.seal(reason, f"payment.sealed_reason:{payment.id}")
    card = profiles.card_hash(cashier.post.safe, payee_of(payment, keys).bank_card)
    _settle(
        session, payment, PaymentState.RETURNED, cashier.now,
        before=before, sealed_reason=sealed, card_hash=card,
    )  # fmt: skip
    amount = yuan(payment.amount_fen) + "元"
    cashier.move(session, case, Move.RETURN_PAYMENT, reason, amount=amount)
    cashier.record(session, payment, case.worker_id, Action.CHANGED)


def _settle(
    session: Session,
    payment: Payment,
    state: PaymentState,
    now: datetime,
    *,
    before: PaymentState = PaymentState.ORDERED,
    **more: str,
) -> None:
    still = col(Payment.state) == before
    if not db.change(session, payment, still, state=state, settled_at=now, **more):
        raise PaymentSettled(payment.id)


def _purpose(payment: Payment) -> str:
    return f"payment.sealed_payee:{payment.id}"
