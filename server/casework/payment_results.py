"""What the bank says became of a batch: looked at as a whole, then taken row by row, each once."""

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlmodel import Session, col

from server.casework import payable, payment_batches, payments, reservations
from server.casework.fund_tables import BatchState, Payment, PaymentBatch, PaymentState
from server.casework.moves import MOVES, Move, State
from server.casework.officers import Role
from server.casework.payment_batches import WITH_THE_BANK, StepRefused
from server.casework.payments import Cashier, payee_of
from server.casework.tables import Case
from server.database.tables import Worker
from server.money import yuan


class Fault(StrEnum):
    """What is wrong with a row of the bank's result."""

    UNREADABLE = "unreadable"
    UNKNOWN = "unknown"
    """No payment of this batch."""
    TWICE = "twice"
    AMOUNT = "amount"
    PAYEE = "payee"
    """Another name or account than the one it was to go to."""
    REASON = "reason"
    """Returned, and nobody says why."""
    CONTRADICTS = "contradicts"
    """Returned before and paid now, or paid since somebody looked at what came back."""
    ON_ITS_WAY = "on_its_way"
    """Paid before and returned now, and another instalment of the case was ordered meanwhile."""
    LOOKED_AT_AGAIN = "looked_at_again"
    """Paid before and returned now, and officers look at the grant again meanwhile."""
    GIVEN_UP = "given_up"
    """Paid before and returned now, and the worker has given up the rest since, or officers have
    ended the grant."""
    ERASED = "erased"
    """Paid before and returned now, and nobody knows any more who it is for."""


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that can't be taken: its line in the file, and what is wrong."""

    line: int
    fault: Fault
    detail: str = ""


class ResultsRefused(Exception):
    """Some rows of the bank's result are bad: nothing of it is taken."""

    def __init__(self, bad: Sequence[Bad]) -> None:
        super().__init__(tuple(bad))
        self.bad = tuple(bad)


@dataclass(frozen=True, slots=True)
class Result:
    """What the bank says of one payment; name and account None where the file doesn't have them."""

    line: int
    payment_id: str
    amount_fen: int
    paid: bool
    reason: str
    name: str | None = None
    bank_card: str | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """How many payments a result settles, and how many it had settled before.

    `taken_back`: the ids of those that were paid, and that the bank now takes back.
    """

    paid: int = 0
    returned: int = 0
    before: int = 0
    taken_back: frozenset[str] = frozenset()

    def __add__(self, other: "Settled") -> "Settled":
        return Settled(
            self.paid + other.paid,
            self.returned + other.returned,
            self.before + other.before,
            self.taken_back | other.taken_back,
        )


def check(
    session: Session,
    cashier: Cashier,
    batch_id: str,
    results: Iterable[Result],
    *,
    coming_back: Set[str] | None = None,
) -> tuple[Settled, list[Bad]]:
    """What the bank's result would settle, and the rows that can't be taken; changes nothing.

    `coming_back`: the only payments that may be taken back, where somebody looked at which.
    Raises `BatchUnknown`, `StepRefused`.
    """
    batch = payment_batches.find(session, batch_id, cashier.officer, cashier.post.library.regions)
    _check_settling(batch)
    known = _known(session, batch_id)
    seen: set[str] = set()
    bad: list[Bad] = []
    found = Settled()
    for result in results:
        if result.payment_id not in known:
            bad.append(Bad(result.line, Fault.UNKNOWN, result.payment_id))
            continue
        payment, case = known[result.payment_id]
        faults = list(_faults(cashier, payment, case, result))
        if not faults and _comes_back(payment, result):
            faults += _hindrances(session, cashier, case, result, coming_back)
        if result.payment_id in seen:
            faults.insert(0, Bad(result.line, Fault.TWICE, result.payment_id))
        seen.add(result.payment_id)
        bad += faults
        if not faults:
            found += _effect(payment, result)
    return found, bad


def settle(
    session: Session,
    cashier: Cashier,
    batch_id: str,
    results: Sequence[Result],
    *,
    coming_back: Set[str] | None = None,
) -> Settled:
    """Take some rows of the bank's result, all of them or none; again: nothing changes.

    `coming_back` as in `check`. Raises `ResultsRefused`, and what `lock` raises.
    """
    batch = payment_batches.held(session, cashier, batch_id, Role.CASE_OFFICER, Role.APPROVER)
    _hold(session, [each.payment_id for each in results if not each.paid])
    found, bad = check(session, cashier, batch_id, results, coming_back=coming_back)
    if bad:
        raise ResultsRefused(bad)
    known = _known(session, batch_id)
    for result in results:
        payment, case = known[result.payment_id]
        if _comes_back(payment, result):
            payments.take_back(session, cashier, payment, case, reason=result.reason)
        elif payment.state != PaymentState.ORDERED:
            continue
        elif result.paid:
            payments.pay(session, cashier, payment, case)
        else:
            payments.give_back(session, cashier, payment, case, reason=result.reason)
    session.flush()
    if batch.state == BatchState.EXPORTED and PaymentState.ORDERED not in payment_batches.counted(
        session, batch_id
    ):
        payment_batches.step(session, cashier, batch, BatchState.SETTLED, ended_at=cashier.now)
    return found


def _known(session: Session, batch_id: str) -> dict[str, tuple[Payment, Case]]:
    found = payment_batches.payments_of(session, batch_id)
    return {payment.id: (payment, case) for payment, case in found}


def _faults(cashier: Cashier, payment: Payment, case: Case, result: Result) -> Iterator[Bad]:
    if result.amount_fen != payment.amount_fen:
        yield Bad(result.line, Fault.AMOUNT, f"{yuan(result.amount_fen)}")
    if result.name is not None or result.bank_card is not None:
        payee = payee_of(payment, cashier.keys[case.worker_id])
        same_name = result.name in (None, payee.name)
        if not same_name or result.bank_card not in (None, payee.bank_card):
            yield Bad(result.line, Fault.PAYEE, payment.id)
    if not result.paid and not result.reason:
        yield Bad(result.line, Fault.REASON, payment.id)
    known = payment.state in (PaymentState.ORDERED, _outcome(result))
    if not known and not _comes_back(payment, result):
        yield Bad(result.line, Fault.CONTRADICTS, payment.state)


def _comes_back(payment: Payment, result: Result) -> bool:
    """Whether the bank takes back what it has reported as paid."""
    return payment.state == PaymentState.PAID and not result.paid


def _hindrances(
    session: Session, cashier: Cashier, case: Case, result: Result, coming_back: Set[str] | None
) -> Iterator[Bad]:
    """What keeps a payment from being taken back: the case could not be paid anew as it was."""
    if coming_back is not None and result.payment_id not in coming_back:
        yield Bad(result.line, Fault.CONTRADICTS, PaymentState.PAID)
    if payments.is_forgotten(cashier, case):
        yield Bad(result.line, Fault.ERASED, case.id)
    elif payable.is_on_its_way(session, case.id):
        yield Bad(result.line, Fault.ON_ITS_WAY, case.id)
    elif reservations.released_fen(session, case.id):
        yield Bad(result.line, Fault.GIVEN_UP, case.id)
    elif State(case.state) not in MOVES[Move.RETURN_PAYMENT].from_:
        yield Bad(result.line, Fault.LOOKED_AT_AGAIN, case.id)


def _hold(session: Session, payment_ids: Sequence[str]) -> None:
    """Nobody orders or gives up anything of these cases meanwhile, and none of their people go."""
    ids = select(col(Payment.case_id)).where(col(Payment.id).in_(payment_ids))
    owners = select(col(Case.worker_id)).where(col(Case.id).in_(ids))
    people = select(col(Worker.id)).where(col(Worker.id).in_(owners)).order_by(col(Worker.id))
    cases = select(col(Case.id)).where(col(Case.id).in_(ids)).order_by(col(Case.id))
    # First the people, then their cases: so does whoever erases them, and whatever they do.
    session.execute(people.with_for_update(key_share=True))
    session.execute(cases.with_for_update())


def _effect(payment: Payment, result: Result) -> Settled:
    if _comes_back(payment, result):
        return Settled(taken_back=frozenset({payment.id}))
    if payment.state != PaymentState.ORDERED:
        return Settled(before=1)
    return Settled(paid=1) if result.paid else Settled(returned=1)


def _outcome(result: Result) -> PaymentState:
    return PaymentState.PAID if result.paid else PaymentState.RETURNED


def _check_settling(batch: PaymentBatch) -> None:
    if batch.state not in WITH_THE_BANK:
        raise StepRefused(batch.id, BatchState(batch.state))
