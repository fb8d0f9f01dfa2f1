"""Objections (申诉): a refusal is looked at again, by somebody who had no part in it."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import Session, col

from server.casework import reservations, workdays
from server.casework.advancing import Post, advance, by_system, by_worker
from server.casework.deciding import Desk, settle_objection
from server.casework.moves import OBJECTED_WITHIN, Move, State
from server.casework.officers import SecondOfficerNeeded
from server.casework.tables import Case, CaseEvent, Objection, Ruling
from server.clock import china_day
from server.confidential.sealing import Safe

_TAKES_PART = (Move.RECOMMEND, Move.RETURN, Move.APPROVE, Move.REFUSE, Move.REOPEN)


class ObjectionTooLate(Exception):
    """The time for objecting to the decision is over."""


def last_day(case: Case) -> date | None:
    """The last Asia/Shanghai day on which its worker can object; None: it is not refused."""
    if case.state != State.REFUSED or case.decided_at is None:
        return None
    return _last_day(case.decided_at)


def file(
    session: Session,
    own: Safe,
    post: Post,
    case: Case,
    *,
    worker_id: int,
    version: int,
    words: str,
    now: datetime,
) -> Case:
    """Object to a refusal, in the worker's words; raises `ObjectionTooLate` after the last day."""
    last = last_day(case)
    if last is not None and china_day(now) > last:
        raise ObjectionTooLate(last)
    moved = advance(
        session,
        case,
        Move.OBJECT,
        by=by_worker(worker_id),
        version=version,
        own=own,
        post=post,
        reason=words,
        now=now,
        assigned_to=None,
    )
    assert moved.due_on is not None
    decision = _decision(session, case.id)
    session.add(
        Objection(
            case_id=case.id,
            decision=decision,
            sealed_words=own.seal(words, _words_purpose(case.id, decision)),
            filed_at=now,
            due_on=moved.due_on,
        )
    )
    session.flush()
    return moved


def had_part(session: Session, case: Case) -> set[int]:
    """The officers who had a part in any decision of a case, also in one that was taken back."""
    found = session.scalars(
        select(col(CaseEvent.officer_id)).where(
            col(CaseEvent.case_id) == case.id, col(CaseEvent.move).in_(_TAKES_PART)
        )
    )
    return {officer for officer in found if officer is not None}


def words_of(own: Safe | None, objection: Objection) -> str:
    """What the worker objects, in their words; empty where they were erased."""
    if own is None or objection.sealed_words is None:
        return ""
    return own.unseal(objection.sealed_words, _words_purpose(objection.case_id, objection.decision))


def uphold(session: Session, desk: Desk, case: Case, *, version: int, reason: str) -> Case:
    """The worker is right: the case is reviewed again. Raises `SecondOfficerNeeded`."""
    _check_other(session, desk, case, version)
    moved = desk.move(
        session,
        case,
        Move.UPHOLD,
        version,
        reason,
        author_id=None,
        recommended=None,
        approver_id=None,
        decided_at=None,
    )
    settle_objection(session, case.id, Ruling.UPHELD, by=desk.officer, now=desk.now)
    return moved


def dismiss(session: Session, desk: Desk, case: Case, *, version: int, reason: str) -> Case:
    """The decision stands. Raises `SecondOfficerNeeded`."""
    _check_other(session, desk, case, version)
    moved = desk.move(session, case, Move.DISMISS, version, reason)
    settle_objection(session, case.id, Ruling.DISMISSED, by=desk.officer, now=desk.now)
    return moved


def final(session: Session, *, now: datetime) -> Sequence[str]:
    """Cases in which nobody has anything to do or to object to, the oldest first."""
    found = session.execute(
        select(col(Case.id), col(Case.decided_at))
        .where(*_final(now))
        .order_by(col(Case.decided_at), col(Case.id))
    )
    return [id for id, decided_at in found if _last_day(decided_at) < china_day(now)]


def close_final(session: Session, safe: Safe, post: Post, *, only: str, now: datetime) -> int:
    """Close one of these where it still is final; returns how many."""
    still = session.scalars(
        select(Case)
        .where(*_final(now), col(Case.id) == only)
        # Who objects or closes at this moment was first.
        .with_for_update(skip_locked=True)
    ).all()
    closer = by_system("close")
    over = [
        each for each in still if each.decided_at and _last_day(each.decided_at) < china_day(now)
    ]
    for case in over:
        closed = advance(
            session,
            case,
            Move.CLOSE,
            by=closer,
            version=case.version,
            own=safe,
            post=post,
            now=now,
        )
        reservations.release_rest(session, safe, closed, by=closer.audited, now=now)
    return len(over)


def _last_day(decided_at: datetime) -> date:
    return workdays.on_or_after(china_day(decided_at) + timedelta(days=OBJECTED_WITHIN))


def _final(now: datetime) -> tuple[ColumnElement[bool], ...]:
    # At the least: the last day may be later.
    over = col(Case.decided_at) < now - timedelta(days=OBJECTED_WITHIN)
    nothing_to_pay = (col(Case.state) == State.APPROVED) & col(Case.amount_fen).is_(None)
    return over, or_(col(Case.state).in_((State.REFUSED, State.PAID)), nothing_to_pay)


def _words_purpose(case_id: str, decision: int) -> str:
    return f"objection.sealed_words:{case_id}:{decision}"


def _check_other(session: Session, desk: Desk, case: Case, version: int) -> None:
    if case.version == version and desk.officer.id in had_part(session, case):
        raise SecondOfficerNeeded


def _decision(session: Session, case_id: str) -> int:
    return (
        session.scalars(
            select(col(CaseEvent.version))
            .where(col(CaseEvent.case_id) == case_id, col(CaseEvent.move) == Move.REFUSE)
            .order_by(col(CaseEvent.version).desc())
        ).first()
        or 0
    )
