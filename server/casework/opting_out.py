"""What people do not want unasked: cases that they did not apply for, messages of campaigns.

It is noted under keyed hashes, of the identity number first of all. So it holds for the person,
whoever asks for them, and also when nothing else is known of them any more.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, or_, select
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from server.casework.tables import OptOut
from server.confidential.sealing import Safe
from server.database.db import insert_new
from server.database.tables import Notice, NoticeState, Profile, Purpose, Worker
from server.notices.templates import NoticeKind
from server.personal import consents, profiles
from server.records import audit
from server.records.audit import Action

ALL = ""
"""Instead of a measure: no cases of any."""
OUTREACH = "outreach"
"""Instead of a measure: no messages of campaigns. No measure is called so."""


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
    """The person takes that back, also what was noted under another number; again: nothing changes.

    Raises `ProfileMissing`.
    """
    number = profiles.get(session, own, worker_id).person.identity_number
    theirs = or_(
        col(OptOut.identity_hash) == _hash(own, number), col(OptOut.worker_id) == worker_id
    )
    gone = session.connection().execute(
        delete(OptOut).where(theirs, col(OptOut.measure) == measure)
    )
    if gone.rowcount:
        _record(session, own, worker_id, measure, Action.CONSENTED, now)


def refuse_outreach(
    session: Session,
    safe: Safe,
    *,
    worker_id: int,
    hashes: Iterable[str] = (),
    by: audit.Actor | None = None,
    now: datetime,
) -> None:
    """The person wants no messages of campaigns; nothing has to be known of them for that.

    Noted for the worker, and for the identity number and the telephones by which they are known;
    `hashes`: of more of these, as the register has them.
    """
    names = {*_names_of(session, safe, worker_id), *(outreach_name(safe, h) for h in hashes)}
    noted = [
        insert_new(
            session, OptOut, identity_hash=name, measure=OUTREACH, worker_id=worker_id, at=now
        )
        for name in sorted(names)
    ]
    # What is on its way to WeChat at this moment arrives.
    session.execute(
        delete(Notice).where(
            col(Notice.worker_id) == worker_id,
            col(Notice.kind) == NoticeKind.OUTREACH,
            col(Notice.state) == NoticeState.DUE,
        )
    )
    if any(noted):
        _record(session, safe, worker_id, OUTREACH, Action.WITHDREW, now, by)


def accept_outreach(session: Session, safe: Safe, *, worker_id: int, now: datetime) -> None:
    """The person takes that back, also what was noted under their numbers elsewhere."""
    names = _names_of(session, safe, worker_id)
    gone = session.connection().execute(
        delete(OptOut).where(
            col(OptOut.measure) == OUTREACH,
            or_(col(OptOut.worker_id) == worker_id, col(OptOut.identity_hash).in_(names)),
        )
    )
    if gone.rowcount:
        _record(session, safe, worker_id, OUTREACH, Action.CONSENTED, now)


class OutOfOutreach:
    """Who wants no messages of campaigns, read once for many people."""

    def __init__(self, session: Session, safe: Safe) -> None:
        rows = session.execute(
            select(col(OptOut.identity_hash), col(OptOut.worker_id)).where(
                col(OptOut.measure) == OUTREACH
            )
        ).all()
        self._safe = safe
        self._names = {row[0] for row in rows}
        self._workers = {row[1] for row in rows}

    def has(self, worker_id: int, hashes: Iterable[str]) -> bool:
        """Whether a worker, or who is known by one of these hashes, is out."""
        if worker_id in self._workers:
            return True
        return bool(self._names) and any(
            outreach_name(self._safe, each) in self._names for each in hashes
        )


def without_refusing(session: Session, safe: Safe, worker_ids: Collection[int]) -> set[int]:
    """Of some workers those who did not opt out of messages, under whatever name it was noted."""
    if not worker_ids:
        return set()
    out = OutOfOutreach(session, safe)
    known = session.execute(
        select(col(Worker.id), col(Worker.phone_hash), col(Profile.identity_hash))
        .outerjoin(Profile, col(Profile.worker_id) == col(Worker.id))
        .where(col(Worker.id).in_(worker_ids))
    )
    return {id for id, *hashes in known if not out.has(id, filter(None, hashes))}


class OutOfCases:
    """Who wants nothing of a measure that they didn't apply for, read once for many people."""

    def __init__(self, session: Session, safe: Safe, measure: str) -> None:
        rows = session.execute(
            select(col(OptOut.identity_hash), col(OptOut.worker_id)).where(
                col(OptOut.measure).in_((ALL, measure))
            )
        ).all()
        self._safe = safe
        self._hashes = {row[0] for row in rows}
        self._workers = {row[1] for row in rows}
        self._workers |= consents.all_withdrawn(session, Purpose.PROACTIVE)

    def has(self, worker_id: int, identity_number: str | None = None) -> bool:
        """Whether a worker, or whoever has this identity number, is out."""
        if worker_id in self._workers:
            return True
        return (
            bool(self._hashes)
            and identity_number is not None
            and _hash(self._safe, identity_number) in self._hashes
        )


def outreach_name(safe: Safe, hashed: str) -> str:
    """Under what an opt-out is noted, of a keyed hash of a number; not to be told from others."""
    return safe.hash("opt_out outreach", hashed)


def of_worker(session: Session, worker_id: int) -> list[OptOut]:
    """What a worker opted out of; of messages there is a row for each of their names."""
    return list(
        session.scalars(
            select(OptOut).where(col(OptOut.worker_id) == worker_id).order_by(col(OptOut.measure))
        )
    )


def is_out(
    session: Session, safe: Safe, identity_number: str, worker_id: int | None, measure: str
) -> bool:
    """Whether a person opted out; `worker_id`: as whom we know them, if at all.

    Whoever corrects their number since is out all the same.
    """
    theirs = col(OptOut.identity_hash) == _hash(safe, identity_number)
    if worker_id is not None:
        if consents.withdrawn(session, worker_id, Purpose.PROACTIVE):
            return True
        theirs |= col(OptOut.worker_id) == worker_id
    found = select(exists().where(theirs, col(OptOut.measure).in_((ALL, measure))))
    return bool(session.scalar(found))


def opted_out(worker: Mapped[int], measure: Mapped[str]) -> ColumnElement[bool]:
    """`is_out` as far as it is noted for the worker, as a condition in a query that has both."""
    theirs = exists().where(
        col(OptOut.worker_id) == worker,
        or_(col(OptOut.measure) == ALL, col(OptOut.measure) == measure),
    )
    return theirs | consents.took_back(worker, Purpose.PROACTIVE)


def _hash(safe: Safe, identity_number: str) -> str:
    return safe.hash("opt_out", identity_number)


def _names_of(session: Session, safe: Safe, worker_id: int) -> list[str]:
    """The names of a worker that an opt-out from messages is noted under."""
    known = session.execute(
        select(col(Worker.phone_hash), col(Profile.identity_hash), col(Profile.phone_hash))
        .outerjoin(Profile, col(Profile.worker_id) == col(Worker.id))
        .where(col(Worker.id) == worker_id)
    ).one()
    hashes = {each for each in known if each} | {f"worker {worker_id}"}
    return [outreach_name(safe, each) for each in sorted(hashes)]


def _record(
    session: Session,
    own: Safe,
    worker_id: int,
    measure: str,
    action: Action,
    now: datetime,
    by: audit.Actor | None = None,
) -> None:
    audit.record(
        session,
        own,
        by=by or audit.Actor.worker(worker_id),
        action=action,
        about="opt_out",
        row=measure or "*",
        worker_id=worker_id,
        now=now,
    )
