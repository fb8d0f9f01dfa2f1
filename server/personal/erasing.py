"""Forgetting people: at their wish at once, and what is over by a job.

Erasing takes two steps. The rows go in one transaction, together with whose the key was; then the
key is destroyed, and with it every copy in a backup. Where the service dies between the two, the
job destroys the key that nobody claims any more; where a backup brings rows back whose key is gone,
the job erases them again.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, or_, select, tuple_, update
from sqlmodel import Session

from server.confidential import subject_keys
from server.confidential.sealing import Safe
from server.database.tables import Lifetime, Purpose, Row
from server.personal import children, consents, profiles
from server.personal.holdings import Holding, OnErasure, holdings, parents_first
from server.records import audit
from server.records.audit import Action, Actor

_AT_ONCE = 500

Blocker = Callable[[Session, int], Sequence[str]]
"""What is under way for a worker and must end first: the numbers of their cases."""


class StillUnderWay(Exception):
    """Cases are under way, which the worker has to withdraw first; `cases` are their numbers."""

    def __init__(self, cases: Sequence[str]) -> None:
        super().__init__(tuple(cases))
        self.cases = tuple(cases)


def erase(
    session: Session,
    safe: Safe,
    *,
    worker_id: int,
    by: Actor,
    blockers: Sequence[Blocker] = (),
    now: datetime,
) -> list[str]:
    """Forget a worker; returns the keys that are to be destroyed once this has been committed.

    Raises `StillUnderWay`.
    """
    under_way = [case for blocker in blockers for case in blocker(session, worker_id)]
    if under_way:
        raise StillUnderWay(under_way)
    consents.end_all(session, worker_id, now=now)
    key_ids = subject_keys.release(session, worker_id, Lifetime.PERSON)
    for holding in reversed(list(parents_first())):
        if holding.owner is not None:
            _erase_rows(session, holding, worker_id)
    worker = holdings()["worker"].rows
    session.execute(update(worker).where(worker.c.id == worker_id).values(erased_at=now))
    audit.record(
        session,
        safe,
        by=by,
        action=Action.ERASED,
        about="worker",
        row=worker_id,
        worker_id=worker_id,
        fields=key_ids,
        now=now,
    )
    return key_ids


def withdraw(
    session: Session, own: Safe, *, worker_id: int, purpose: Purpose, now: datetime
) -> None:
    """Take a consent back, and with it what was taken under it; what a case froze stays with it."""
    consents.withdraw(session, own, worker_id=worker_id, purpose=purpose, now=now)
    by = Actor.worker(worker_id)
    if purpose is Purpose.IDENTITY:
        profiles.remove(session, own, worker_id=worker_id, by=by, now=now)
    elif purpose is Purpose.PAYMENT:
        profiles.remove_card(session, own, worker_id=worker_id, by=by, now=now)
    elif purpose is Purpose.CHILDREN:
        children.remove_all(session, own, worker_id=worker_id, now=now)


def stays(session: Session, worker_id: int) -> list[tuple[str, str]]:
    """What is left of somebody who was erased, and why: titles with sentences for the worker.

    Of what nobody can tell whose it is, all that may be of them.
    """
    return [
        (holding.title, holding.why)
        for holding in parents_first()
        if holding.why
        and holding.on_erasure is not OnErasure.DELETE
        and (
            holding.unlinked
            if holding.owner is None
            else session.scalar(select(1).where(holding.owned_by(worker_id)).limit(1))
        )
    ]


def forget_over(session: Session, holding: Holding, *, now: datetime) -> int:
    """Delete, or empty, some of the rows of a table that were kept for long enough."""
    rows = holding.rows
    over = holding.over(now)
    if holding.on_erasure is OnErasure.BLANK:
        over = over & _has_something(holding)
    keys = list(rows.primary_key)
    # Whoever is just going on with one keeps it; nobody begins to until this is done.
    ended = select(*keys).where(over).limit(_AT_ONCE)
    chosen = session.execute(ended.with_for_update(of=rows, skip_locked=True)).all()
    if not chosen:
        return 0
    # Somebody may have gone on with one just before. All at once: what is over is looked up anew
    # in each statement, and nobody else writes meanwhile.
    these = tuple_(*keys).in_([tuple(row) for row in chosen]) & over
    if holding.on_erasure is OnErasure.BLANK:
        session.execute(update(rows).where(these).values(_nothing(holding)))
    else:
        _delete(session, rows, these)
    return len(chosen)


def with_an_end() -> list[Holding]:
    """The tables whose rows end by themselves, those first that others don't point to."""
    return [holding for holding in reversed(list(parents_first())) if holding.has_an_end]


def _erase_rows(session: Session, holding: Holding, worker_id: int) -> None:
    owned = holding.owned_by(worker_id)
    if holding.on_erasure is OnErasure.DELETE:
        _delete(session, holding.rows, owned)
        return
    if holding.delete_where:
        _delete(session, holding.rows, owned & holding.where(holding.delete_where))
    if holding.on_erasure is OnErasure.BLANK:
        session.execute(update(holding.rows).where(owned).values(_nothing(holding)))


def _delete(session: Session, rows: Table, these: ColumnElement[bool]) -> None:
    """Delete rows, and before them those that point to them."""
    for other in Row.metadata.sorted_tables:
        for key in other.foreign_keys:
            if key.column.table is rows and other is not rows:
                _delete(session, other, key.parent.in_(select(key.column).where(these)))
    session.execute(delete(rows).where(these))


def _nothing(holding: Holding) -> dict[str, Any]:
    """Empty values for all that is about the person."""
    columns = holding.rows.c
    return {name: None if columns[name].nullable else "" for name in holding.emptied}


def _has_something(holding: Holding) -> ColumnElement[bool]:
    columns = holding.rows.c
    return or_(
        *(
            columns[name].is_not(None) if value is None else columns[name] != value
            for name, value in _nothing(holding).items()
        )
    )
