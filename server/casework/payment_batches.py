"""A batch of payments on its way: locked, released by a second officer, and to the bank.

Every step says what it needs and can be repeated: a step that was made before changes nothing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from knowledge.regions import Regions
from server.casework import payments
from server.casework.fund_tables import (
    BatchState,
    EntryKind,
    FundEntry,
    Payment,
    PaymentBatch,
    PaymentState,
)
from server.casework.officers import NotAllowed, Officer, Role, SecondOfficerNeeded, scope
from server.casework.payable import NotPayable
from server.casework.payments import Cashier, payee_of
from server.casework.tables import Case
from server.confidential.sealing import Safe
from server.records import audit
from server.records.audit import Action

_ORDER = tuple(BatchState)
_MOST_AT_ONCE = 500
WITH_THE_BANK = (BatchState.EXPORTED, BatchState.SETTLED)


class BatchUnknown(LookupError):
    """There is no such batch, or it is not for whoever asks."""


class StepRefused(Exception):
    """The batch does not stand where this step starts."""

    def __init__(self, batch_id: str, state: BatchState) -> None:
        super().__init__(batch_id, state)
        self.batch_id = batch_id
        self.state = state


class BatchAltered(Exception):
    """The payments are not those that were locked."""


class PayeesLost(Exception):
    """Some can't be paid as they were collected any more: which cases, and why."""

    def __init__(self, cases: Mapping[str, NotPayable]) -> None:
        super().__init__(cases)
        self.cases = dict(cases)


@dataclass(frozen=True, slots=True)
class Line:
    """One payment as the bank gets it."""

    payment_id: str
    case_id: str
    name: str
    bank_card: str
    amount_fen: int
    what_for: str


def find(session: Session, batch_id: str, officer: Officer, regions: Regions) -> PaymentBatch:
    """A batch all of whose cases lie in the officer's regions; raises `BatchUnknown`."""
    known = select(PaymentBatch).where(col(PaymentBatch.id) == batch_id)
    batch = session.scalar(known.where(_all_within(officer, regions)))
    if batch is None:
        raise BatchUnknown(batch_id)
    return batch


def listed(
    session: Session, officer: Officer, regions: Regions, *, at_most: int = 50, skipping: int = 0
) -> list[PaymentBatch]:
    """The batches of the officer's regions, the newest first."""
    mine = _all_within(officer, regions)
    order = (col(PaymentBatch.collected_at).desc(), col(PaymentBatch.id))
    newest = iter(session.scalars(select(col(PaymentBatch.id)).order_by(*order)).all())
    found: list[PaymentBatch] = []
    # As many as the page may take, as looking at one is dear; then more where few were theirs.
    wanted = skipping + at_most
    at_once = min(wanted, _MOST_AT_ONCE)
    while len(found) < wanted and (ids := list(islice(newest, at_once))):
        known = select(PaymentBatch).where(col(PaymentBatch.id).in_(ids), mine)
        found += session.scalars(known.order_by(*order))
        at_once = min(at_once * 2, _MOST_AT_ONCE)
    return found[skipping:wanted]


def _all_within(officer: Officer, regions: Regions) -> ColumnElement[bool]:
    """Whether all cases of a batch lie in the officer's regions."""
    elsewhere = (
        exists()
        .where(
            col(Payment.batch_id) == col(PaymentBatch.id),
            col(Case.id) == col(Payment.case_id),
            col(Case.region).not_in(scope(officer, regions)),
        )
        .correlate(PaymentBatch)
    )
    return ~elsewhere


def counted(session: Session, batch_id: str) -> dict[PaymentState, tuple[int, int]]:
    """How many payments of a batch stand where, and what they come to in fen."""
    rows = session.execute(
        select(col(Payment.state), func.count(), func.sum(col(Payment.amount_fen)))
        .where(col(Payment.batch_id) == batch_id)
        .group_by(col(Payment.state))
    ).all()
    return {PaymentState(state): (count, int(total)) for state, count, total in rows}


def rows_of(session: Session, batch_id: str) -> list[Payment]:
    """The payments of a batch."""
    return [payment for payment, _ in payments_of(session, batch_id)]


def paid_before(session: Session, batch: PaymentBatch) -> set[str]:
    """Those payments of a batch whose instalment was paid before it, and taken back by the bank."""
    before = aliased(Payment)
    taken_back = exists().where(
        col(before.case_id) == col(Payment.case_id),
        col(before.instalment) == col(Payment.instalment),
        col(before.id) != col(Payment.id),
        col(FundEntry.payment_id) == col(before.id),
        col(FundEntry.kind) == EntryKind.TAKEN_BACK,
        col(FundEntry.at) <= batch.collected_at,
    )
    of_batch = col(Payment.batch_id) == batch.id
    return set(session.scalars(select(col(Payment.id)).where(of_batch, taken_back)))


def workers_of(session: Session, batch_id: str) -> list[int]:
    """Whom the payments of a batch go to."""
    return list(
        session.scalars(
            select(col(Case.worker_id))
            .join(Payment, col(Payment.case_id) == col(Case.id))
            .where(col(Payment.batch_id) == batch_id)
            .distinct()
        )
    )


def lock(session: Session, cashier: Cashier, batch_id: str) -> PaymentBatch:
    """Fix what is to be paid. Raises `BatchUnknown`, `NotAllowed`, `StepRefused`."""
    batch = held(session, cashier, batch_id, Role.CASE_OFFICER)
    if _is_past(batch, BatchState.COLLECTED):
        return batch
    digest = _digest(session, cashier.post.safe, batch.id)
    now = cashier.now
    return step(
        session, cashier, batch, BatchState.LOCKED,
        digest=digest, locked_by=cashier.officer.id, locked_at=now,
    )  # fmt: skip


def unlock(session: Session, cashier: Cashier, batch_id: str) -> PaymentBatch:
    """Undo a lock that nobody has released. Raises what `lock` raises."""
    batch = held(session, cashier, batch_id, Role.CASE_OFFICER)
    if batch.state == BatchState.COLLECTED:
        return batch
    if batch.state != BatchState.LOCKED:
        raise StepRefused(batch.id, BatchState(batch.state))
    return step(
        session, cashier, batch, BatchState.COLLECTED, digest=None, locked_by=None, locked_at=None
    )


def release(session: Session, cashier: Cashier, batch_id: str) -> PaymentBatch:
    """Let it go to the bank; who collected or locked it, or decided on a case in it, can't.

    Raises what `lock` raises, `SecondOfficerNeeded`, `BatchAltered`, `PayeesLost`.
    """
    batch = held(session, cashier, batch_id, Role.APPROVER)
    if _is_past(batch, BatchState.LOCKED):
        return batch
    _check_second(session, batch, cashier.officer)
    _check_unaltered(session, cashier, batch)
    _check_payable(session, cashier, batch)
    now = cashier.now
    return step(
        session, cashier, batch, BatchState.RELEASED,
        released_by=cashier.officer.id, released_at=now,
    )  # fmt: skip


def export(session: Session, cashier: Cashier, batch_id: str) -> tuple[PaymentBatch, list[Line]]:
    """What the bank gets, noted for each person: from now on the bank may have it.

    Again: the same lines. Raises what `lock` raises, `BatchAltered`, `PayeesLost`.
    """
    batch = held(session, cashier, batch_id, Role.CASE_OFFICER, Role.APPROVER)
    before = _is_past(batch, BatchState.RELEASED)
    _check_unaltered(session, cashier, batch)
    if not before:
        _check_payable(session, cashier, batch)
        now = cashier.now
        step(
            session, cashier, batch, BatchState.EXPORTED,
            exported_by=cashier.officer.id, exported_at=now,
        )  # fmt: skip
    lines = []
    for payment, case in payments_of(session, batch.id):
        payee = payee_of(payment, cashier.keys[case.worker_id])
        measure = cashier.post.library.measures.get(case.measure)
        lines.append(
            Line(
                payment.id,
                case.id,
                payee.name,
                payee.bank_card,
                payment.amount_fen,
                case.measure if measure is None else measure.title,
            )
        )
        cashier.record(session, payment, case.worker_id, Action.EXPORTED)
    return batch, lines


def cancel(session: Session, cashier: Cashier, batch_id: str) -> PaymentBatch:
    """Undo a batch that the bank can't have yet. Raises what `lock` raises."""
    batch = held(session, cashier, batch_id, Role.CASE_OFFICER)
    if batch.state == BatchState.CANCELLED:
        return batch
    if batch.state in WITH_THE_BANK:
        raise StepRefused(batch.id, BatchState(batch.state))
    for payment, case in payments_of(session, batch.id):
        payments.cancel(session, cashier, payment, case)
    now = cashier.now
    return step(session, cashier, batch, BatchState.CANCELLED, ended_at=now)


def held(session: Session, cashier: Cashier, batch_id: str, *roles: Role) -> PaymentBatch:
    """The batch, for this transaction alone, for an officer with one of the roles."""
    find(session, batch_id, cashier.officer, cashier.post.library.regions)
    if not cashier.officer.roles & set(roles):
        raise NotAllowed
    return session.get_one(PaymentBatch, batch_id, with_for_update=True, populate_existing=True)


def _is_past(batch: PaymentBatch, start: BatchState) -> bool:
    """Whether a step was made before; raises `StepRefused` where it can't be made yet, or ever."""
    state = BatchState(batch.state)
    if state is BatchState.CANCELLED or _ORDER.index(state) < _ORDER.index(start):
        raise StepRefused(batch.id, state)
    return state is not start


def may_release(session: Session, batch: PaymentBatch, officer: Officer) -> bool:
    """Whether the officer decides on money, and had no hand in the batch before."""
    try:
        _check_second(session, batch, officer)
    except SecondOfficerNeeded:
        return False
    return Role.APPROVER in officer.roles


def waiting_for(session: Session, officer: Officer, regions: Regions) -> list[PaymentBatch]:
    """The locked batches that this officer may release, the oldest first."""
    if Role.APPROVER not in officer.roles:
        return []
    locked = session.scalars(
        select(PaymentBatch)
        .where(col(PaymentBatch.state) == BatchState.LOCKED, _all_within(officer, regions))
        .order_by(col(PaymentBatch.collected_at), col(PaymentBatch.id))
    )
    return [batch for batch in locked if may_release(session, batch, officer)]


def _check_second(session: Session, batch: PaymentBatch, officer: Officer) -> None:
    had_a_hand = select(func.count()).where(
        col(Payment.batch_id) == batch.id,
        col(Payment.case_id) == col(Case.id),
        or_(col(Case.author_id) == officer.id, col(Case.approver_id) == officer.id),
    )
    if officer.id in (batch.collected_by, batch.locked_by) or session.scalar(had_a_hand):
        raise SecondOfficerNeeded


def _check_unaltered(session: Session, cashier: Cashier, batch: PaymentBatch) -> None:
    if batch.digest != _digest(session, cashier.post.safe, batch.id):
        raise BatchAltered(batch.id)


def _check_payable(session: Session, cashier: Cashier, batch: PaymentBatch) -> None:
    """Who takes the consent back or changes the card is not paid before the bank has anything."""
    if lost := payments.lost(session, cashier, payments_of(session, batch.id)):
        raise PayeesLost(lost)


def _digest(session: Session, safe: Safe, batch_id: str) -> str:
    """A keyed hash over all that the bank gets to know, but in what order."""
    rows = [
        (payment.id, payment.case_id, payment.instalment, payment.amount_fen, payment.sealed_payee)
        for payment, _ in payments_of(session, batch_id)
    ]
    return safe.hash("payment_batch", batch_id, json.dumps(rows))


def payments_of(session: Session, batch_id: str) -> list[tuple[Payment, Case]]:
    rows = session.execute(
        select(Payment, Case)
        .join(Case, col(Case.id) == col(Payment.case_id))
        .where(col(Payment.batch_id) == batch_id)
        .order_by(col(Payment.id))
        .execution_options(populate_existing=True)
    ).all()
    return [(payment, case) for payment, case in rows]


def step(
    session: Session, cashier: Cashier, batch: PaymentBatch, state: BatchState, **values: Any
) -> PaymentBatch:
    """Move a locked batch on."""
    for name, value in {**values, "state": state.value, "version": batch.version + 1}.items():
        setattr(batch, name, value)
    session.add(batch)
    session.flush()
    audit.record(
        session,
        cashier.post.safe,
        by=cashier.mover.audited,
        action=Action.DECIDED if state is BatchState.RELEASED else Action.CHANGED,
        about="payment_batch",
        row=batch.id,
        worker_id=None,
        fields=("state",),
        reason=state,
        now=cashier.now,
    )
    return batch
