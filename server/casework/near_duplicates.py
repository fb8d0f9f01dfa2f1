"""People who share a number that should be one person's, for an officer to look into.

Two workers with the same identity number, bank card or telephone may be one person with two phones,
a couple with one card, or a fraud: a person decides. What is shared is worked out anew whenever
somebody's data change; regions play no part. As long as a case of one of them may still be decided,
what they shared counts with what they share: a case keeps the numbers it was handed in with.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, literal, or_, select, update
from sqlalchemy.orm import Mapped, aliased, join
from sqlmodel import Session, col

from knowledge.regions import Regions
from server.casework.fund_tables import (
    BatchState,
    Payment,
    PaymentBatch,
    PaymentState,
    Reservation,
)
from server.casework.moves import Move, State
from server.casework.officers import Officer, Role, require
from server.casework.tables import Case, Finding, NearDuplicate
from server.confidential.sealing import Safe
from server.database.db import insert_new
from server.database.tables import Profile
from server.personal import profiles
from server.records import audit
from server.records.audit import Action


class FindingChanged(Exception):
    """Somebody else looked into it meanwhile, or the data changed."""


class FindingTooLate(Exception):
    """The case was decided: what it rested on stays."""


def recompute(session: Session, worker_id: int, *, now: datetime) -> None:
    """Compare a worker's numbers with everybody's, after they changed or are gone."""
    shares = {o.worker_id: set(o.fields) for o in profiles.sharing(session, worker_id)}
    known = {_other(pair, worker_id): pair for pair in pairs_of(session, worker_id)}
    undecided = _with_undecided(session, {worker_id, *known})
    for other in known.keys() if worker_id in undecided else undecided:
        shares.setdefault(other, set()).update(known[other].shared.split(","))
    shared = {other: ",".join(sorted(fields)) for other, fields in shares.items()}
    for other, pair in known.items():
        if other not in shared:
            session.delete(pair)
        elif pair.shared != shared[other]:
            # What was found held for other data.
            pair.shared, pair.found_at = shared[other], now
            pair.finding, pair.officer_id, pair.decided_at = Finding.OPEN.value, None, None
            pair.version += 1
            session.add(pair)
    session.flush()
    for other in shared.keys() - known.keys():
        first, second = sorted((worker_id, other))
        insert_new(
            session,
            NearDuplicate,
            worker_id=first,
            other_id=second,
            shared=shared[other],
            found_at=now,
            finding=Finding.OPEN,
            version=1,
        )


def pairs_of(session: Session, worker_id: int) -> list[NearDuplicate]:
    """Everybody who shares a number with a worker."""
    return list(
        session.scalars(
            select(NearDuplicate)
            .where(
                or_(
                    col(NearDuplicate.worker_id) == worker_id,
                    col(NearDuplicate.other_id) == worker_id,
                )
            )
            .order_by(col(NearDuplicate.worker_id), col(NearDuplicate.other_id))
        )
    )


def flagged(session: Session, case: Case) -> list[tuple[NearDuplicate, list[Case]]]:
    """Who shares a number with the person of a case, each with their cases, wherever they are."""
    found = []
    for pair in pairs_of(session, case.worker_id):
        others = session.scalars(
            select(Case).where(
                col(Case.worker_id) == _other(pair, case.worker_id),
                col(Case.submitted_at).is_not(None),
                col(Case.state) != State.WITHDRAWN,
            )
        ).all()
        if others:
            found.append((pair, list(others)))
    return found


def is_open(session: Session, case: Case) -> bool:
    """Whether somebody who shares a number has a case too, and nobody looked into it.

    Where both were found to be one person, it stays open as long as the other has, or had, what
    this case asks for. It keeps a case from being granted; `keeps_from_pay` from being paid.
    """
    for pair, others in flagged(session, case):
        if pair.finding == Finding.OPEN:
            return True
        if pair.finding == Finding.SAME and _has_the_same(session, case, others):
            return True
    return False


def keeps_from_pay() -> ColumnElement[bool]:
    """Whether it is open for a case that was granted, as a condition in a query of cases.

    Only others that were granted something count: nobody holds up another's money by naming their
    number. Of one person's two cases of the same that one is paid of which some was paid, or is
    with the bank; else the one that was granted first.
    """
    other = aliased(Case)
    mine, worker = col(Case.worker_id), col(other.worker_id)
    is_theirs = or_(
        and_(col(NearDuplicate.worker_id) == mine, col(NearDuplicate.other_id) == worker),
        and_(col(NearDuplicate.other_id) == mine, col(NearDuplicate.worker_id) == worker),
    )
    recommended = func.coalesce(col(other.recommended), "")
    closed = and_(col(other.state) == State.CLOSED, recommended == Move.APPROVE)
    granted = or_(col(other.state).in_(_HAS), closed)
    at, mine_at = col(other.decided_at), col(Case.decided_at)
    before = or_(at < mine_at, and_(at == mine_at, col(other.id) < col(Case.id)))
    # Not by when they were decided alone: a grant that was looked at again was so once more.
    gone, mine_gone = _has_gone(col(other.id)), _has_gone(col(Case.id))
    is_ahead = or_(and_(gone, ~mine_gone), and_(gone == mine_gone, before))
    ended = and_(~granted, _money(col(other.id), col(Reservation.paid_fen) > 0))
    same = and_(
        col(other.measure) == col(Case.measure),
        col(other.period) == col(Case.period),
        or_(is_ahead, ended),
    )
    finding = col(NearDuplicate.finding)
    return (
        exists(1)
        .select_from(join(NearDuplicate, other, is_theirs))
        .where(
            or_(granted, _money(col(other.id), _KEPT)),
            or_(finding == Finding.OPEN, and_(finding == Finding.SAME, same)),
        )
        .correlate(Case)
    )


BEFORE_DECISION = frozenset(
    {State.SUBMITTED, State.IN_REVIEW, State.MATERIAL_REQUESTED, State.OBJECTION}
)
"""Where a finding can still make a difference to the decision of the case it is made in."""
_UNDECIDED = BEFORE_DECISION | {State.REFUSED}
"""With those that their worker can object to."""
_TO_BE_PAID = frozenset({State.APPROVED, State.PAYMENT_PENDING})


def may_find(case: Case, pair: NearDuplicate) -> bool:
    """Whether a finding of a pair can be made in a case: what it was granted on stays."""
    unseen = pair.finding == Finding.OPEN
    return case.state in BEFORE_DECISION or (unseen and case.state in _TO_BE_PAID)


def adjudicate(
    session: Session,
    safe: Safe,
    regions: Regions,
    case: Case,
    other_id: int,
    finding: Finding,
    *,
    by: Officer,
    version: int,
    now: datetime,
) -> None:
    """Say whether two people are one; raises `NotAllowed`, `FindingTooLate`, `FindingChanged`.

    `case` is locked, or as this transaction read it.
    """
    require(by, Role.APPROVER, case.region, regions)
    first, second = sorted((case.worker_id, other_id))
    pair = session.get(NearDuplicate, (first, second))
    if pair is None:
        raise FindingChanged
    if not may_find(case, pair):
        raise FindingTooLate
    changed = session.connection().execute(
        update(NearDuplicate)
        .where(
            col(NearDuplicate.worker_id) == first,
            col(NearDuplicate.other_id) == second,
            col(NearDuplicate.version) == version,
        )
        .values(finding=finding, officer_id=by.id, decided_at=now, version=version + 1)
    )
    if changed.rowcount != 1:
        raise FindingChanged
    audit.record(
        session,
        safe,
        by=audit.Actor.officer(by.id),
        action=Action.DECIDED,
        about="near_duplicate",
        row=f"{first}:{second}",
        worker_id=case.worker_id,
        reason=finding,
        now=now,
    )


def unite(session: Session, kept: int, gone: int) -> None:
    """Two workers turn out to be one: what was found between them is void.

    Of their data those of the older stay: whom the other shared a number with counts only where
    the older has said nothing.
    """
    keeps_own = session.scalar(select(exists().where(col(Profile.worker_id) == kept)))
    for pair in pairs_of(session, gone):
        other = _other(pair, gone)
        values = pair.model_dump(exclude={"worker_id", "other_id"})
        session.delete(pair)
        session.flush()
        if other != kept and not keeps_own:
            first, second = sorted((kept, other))
            insert_new(session, NearDuplicate, worker_id=first, other_id=second, **values)
    claims = {case.claim: case for case in _claiming(session, kept)}
    for case in _claiming(session, gone):
        mine = claims.get(case.claim)
        if mine is None:
            continue
        # The second keeps a claim of its own: both stand, and an officer sees both. Not what is
        # handed in, where the other is not yet: it would be handed in again.
        is_begun = mine.state == State.DRAFT and case.state != State.DRAFT
        later = mine if is_begun else case
        later.claim = f"{later.claim}:{later.id}"
        session.add(later)
    session.flush()


def _with_undecided(session: Session, worker_ids: Collection[int]) -> set[int]:
    """Those of some workers with a case that may still be decided."""
    mine = col(Case.worker_id).in_(worker_ids), col(Case.state).in_(_UNDECIDED)
    return set(session.scalars(select(col(Case.worker_id)).where(*mine)))


def _claiming(session: Session, worker_id: int) -> Sequence[Case]:
    """The cases and drafts of a worker that keep others of the same from being begun."""
    mine = col(Case.worker_id) == worker_id, col(Case.claim).is_not(None)
    return session.scalars(select(Case).where(*mine)).all()


def _other(pair: NearDuplicate, worker_id: int) -> int:
    return pair.other_id if pair.worker_id == worker_id else pair.worker_id


_HAS = frozenset({State.APPROVED, State.PAYMENT_PENDING, State.PAID})


def _has_the_same(session: Session, case: Case, others: Iterable[Case]) -> bool:
    return any(
        other.measure == case.measure
        and other.period == case.period
        and _was_granted(session, other)
        for other in others
    )


def _was_granted(session: Session, case: Case) -> bool:
    """A closed case was granted where that was recommended: another decision is none."""
    is_closed = case.state == State.CLOSED and case.recommended == Move.APPROVE
    if is_closed or case.state in _HAS:
        return True
    return bool(session.scalar(select(_money(literal(case.id), _KEPT))))


_KEPT = col(Reservation.amount_fen) > col(Reservation.released_fen)
"""Something of it was paid, or is held back: also where the grant is looked at again."""


def _money(
    case_id: ColumnElement[str] | Mapped[str], stands: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Whether the money of a case stands so."""
    of_case = exists().where(col(Reservation.case_id) == case_id, stands)
    return of_case.correlate_except(Reservation)


def _has_gone(case_id: ColumnElement[str] | Mapped[str]) -> ColumnElement[bool]:
    """Whether some of the money of a case was paid, or is with the bank."""
    with_the_bank = exists().where(
        col(Payment.case_id) == case_id,
        col(Payment.state) == PaymentState.ORDERED,
        col(Payment.batch_id) == col(PaymentBatch.id),
        col(PaymentBatch.state) == BatchState.EXPORTED,
    )
    paid = _money(case_id, col(Reservation.paid_fen) > 0)
    return or_(paid, with_the_bank.correlate_except(Payment, PaymentBatch))
