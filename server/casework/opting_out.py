"""Who wants no cases that they did not apply for: for one measure, or for none at all.

It is noted under a keyed hash of the identity number. So it holds for the person, whoever asks for
them, and also when nothing else is known of them any more.
"""

from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlmodel import Session, col

from server import audit, consents, profiles
from server.audit import Action
from server.casework.tables import OptOut
from server.db import insert_new
from server.sealing import Safe
from server.tables import Purpose

ALL = ""
"""Instead of a measure: all of them."""


def opt_out(
    session: Session, own: Safe, *, worker_id: int, measure: str = ALL, now: datetime
) -> None:
    """The person wants no case without an application; again: nothing changes.

    Raises `ProfileMissing`: nobody would know whom to leave out.
    """
    number = profiles.get(session, own, worker_id).person.identity_number
    values = {"identity_hash": _hash(own, number), "measure": measure}
    if insert_new(session, OptOut, **values, worker_id=worker_id, at=now):
        _record(session, own, worker_id, measure, Action.WITHDREW, now)


def opt_in(
    session: Session, own: Safe, *, worker_id: int, measure: str = ALL, now: datetime
) -> None:
    """The person takes that back; again: nothing changes."""
    number = profiles.get(session, own, worker_id).person.identity_number
    gone = session.connection().execute(
        delete(OptOut).where(
            col(OptOut.identity_hash) == _hash(own, number), col(OptOut.measure) == measure
        )
    )
    if gone.rowcount:
        _record(session, own, worker_id, measure, Action.CONSENTED, now)


def of_worker(session: Session, worker_id: int) -> list[OptOut]:
    """What a worker opted out of."""
    return list(
        session.scalars(
            select(OptOut).where(col(OptOut.worker_id) == worker_id).order_by(col(OptOut.measure))
        )
    )


def is_out(
    session: Session, safe: Safe, identity_number: str, worker_id: int | None, measure: str
) -> bool:
    """Whether a person opted out; `worker_id`: as whom we know them, if at all."""
    if worker_id is not None and consents.withdrawn(session, worker_id, Purpose.PROACTIVE):
        return True
    found = select(
        exists().where(
            col(OptOut.identity_hash) == _hash(safe, identity_number),
            col(OptOut.measure).in_((ALL, measure)),
        )
    )
    return bool(session.scalar(found))


def _hash(safe: Safe, identity_number: str) -> str:
    return safe.hash("opt_out", identity_number)


def _record(
    session: Session, own: Safe, worker_id: int, measure: str, action: Action, now: datetime
) -> None:
    audit.record(
        session,
        own,
        by=audit.Actor("worker", worker_id),
        action=action,
        about="opt_out",
        row=measure or "*",
        worker_id=worker_id,
        now=now,
    )
