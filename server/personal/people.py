"""Who a worker is: the names under which WeChat and others know one person.

The official account and the mini-program know a person by an openid each; the unionid tells that
both are one, who then is one worker. Names are kept as a keyed hash, to find, and sealed, to write
to.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, delete, exists, func, or_, select, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectErased
from server.database.db import Database, insert_new
from server.database.tables import Identity, Profile, Row, Worker
from server.records import audit
from server.records.audit import Action, Actor

UNIONID = "unionid"
DEVELOPER = "developer"
REGISTER = "register"
"""Who vouches for the name under which somebody is known who never signed in."""


class StayTwo(Exception):
    """Two workers are one person, and what both have can't be made one: they stay as they are."""


def recognise(
    session: Session,
    safe: Safe,
    *,
    issuer: str,
    subject: str,
    unionid: str | None = None,
    uniting: Callable[[Session, int, int], None] | None = None,
    now: datetime,
) -> int:
    """The worker whom the app `issuer` knows as `subject`; on the first time there is a new one.

    Who may claim the name is the caller's decision. Where `unionid` tells that two workers are one
    person, they become one: the older. Before, `uniting` is called with the one who stays and the
    one who goes, to make what both have one; where it raises `StayTwo` they stay two.
    """
    holders = [_holder(session, subject_hash(safe, issuer, subject))]
    if unionid is not None:
        holders.append(_holder(session, subject_hash(safe, UNIONID, unionid)))
    known = next(filter(None, holders), None)
    proposed = known or _new_worker(session, now)
    worker = _name(session, safe, issuer, subject, proposed, unionid is not None, now)
    if unionid is not None:
        other = _name(session, safe, UNIONID, unionid, worker, True, now)
        if other != worker:
            with suppress(StayTwo):
                kept, gone = sorted((worker, other))
                worker = _unite(session, safe, kept, gone, uniting, now)
    if known is None and worker != proposed:
        # Another first sign-in at the same moment was faster.
        session.execute(delete(Worker).where(col(Worker.id) == proposed))
    return worker


def forget(session: Session, safe: Safe, *, issuer: str, subject: str, worker_id: int) -> None:
    """Let `issuer` no longer know the worker as `subject`: that was a mistake."""
    session.execute(
        delete(Identity).where(
            col(Identity.subject_hash) == subject_hash(safe, issuer, subject),
            col(Identity.worker_id) == worker_id,
        )
    )


def registered_as(session: Session, worker_id: int) -> int | None:
    """Whom only a roster names and who is this worker: None where there is nobody, or no proof.

    To know another's name and identity number is not enough: the telephone that the roster has is
    the one that WeChat vouches for.
    """
    mine, theirs = aliased(Profile), aliased(Profile)
    asked = (
        select(col(theirs.worker_id))
        .join(mine, col(mine.identity_hash) == col(theirs.identity_hash))
        .join(Worker, col(Worker.id) == col(mine.worker_id))
        .where(
            col(mine.worker_id) == worker_id,
            col(theirs.worker_id) != worker_id,
            col(theirs.name_hash) == col(mine.name_hash),
            col(theirs.phone_hash) == col(Worker.phone_hash),
            signed_in(worker_id),
            ~signed_in(col(theirs.worker_id)),
        )
    )
    return session.scalar(asked.order_by(col(theirs.worker_id)).limit(1))


def is_vouched_for(session: Session, safe: Safe, worker_id: int, phone: str) -> bool:
    """Whether a worker has the telephone that a roster names: WeChat says so, or only the roster.

    Who is known by a register alone is whom it names.
    """
    asked = select(col(Worker.id)).where(
        col(Worker.id) == worker_id,
        or_(col(Worker.phone_hash) == safe.hash("phone", phone), ~signed_in(worker_id)),
    )
    return session.scalar(asked) is not None


def take_over(
    session: Session,
    safe: Safe,
    *,
    kept: int,
    gone: int,
    uniting: Callable[[Session, int, int], None],
    now: datetime,
) -> None:
    """Give a worker all that is there of whom `registered_as` found; raises `StayTwo`.

    The keys go along: what is sealed stays as it is.
    """
    # Who is making a case of theirs is done before, or finds them gone.
    hold(session, gone)
    _unite(session, safe, kept, gone, uniting, now)
    # The number leads to the profile now, and no further where that is corrected.
    session.execute(
        delete(Identity).where(col(Identity.worker_id) == kept, col(Identity.issuer) == REGISTER)
    )


def signed_in(worker_id: Any) -> ColumnElement[bool]:
    """Whether a worker is known otherwise than by a register."""
    named = col(Identity.worker_id) == worker_id, col(Identity.issuer) != REGISTER
    return exists().where(*named)


def find(database: Database, safe: Safe, *, issuer: str, subject: str) -> int | None:
    """The worker whom `issuer` knows as `subject`, None where nobody is known so."""
    row = database.fetch(
        "SELECT worker_id FROM identity WHERE subject_hash = :hash",
        hash=subject_hash(safe, issuer, subject),
    )
    return None if row is None else int(row[0])


def is_known(session: Session, safe: Safe, *, issuer: str, subject: str) -> bool:
    """Whether `issuer` knows somebody as `subject`; whoever erases them waits for the end."""
    # Whoever erases them takes the worker first, and then the name: so does this.
    found = (
        select(col(Worker.id))
        .join(Identity, col(Identity.worker_id) == col(Worker.id))
        .where(
            col(Identity.subject_hash) == subject_hash(safe, issuer, subject),
            col(Worker.erased_at).is_(None),
        )
        .with_for_update(of=Worker, key_share=True)
    )
    return session.scalar(found) is not None


def hold(session: Session, worker_id: int) -> None:
    """Keep a worker from being erased until this transaction ends; raises `SubjectErased`.

    Not from those who write a row that points to them. To be taken before anything of theirs.
    """
    asked = select(col(Worker.erased_at)).where(col(Worker.id) == worker_id)
    row = session.execute(asked.with_for_update(key_share=True)).first()
    if row is None or row[0] is not None:
        raise SubjectErased


def held(session: Session, workers: Collection[int]) -> set[int]:
    """Those of some workers whom nobody erases before this transaction has ended.

    Whom somebody is erasing is missing: to wait for it while holding what they let go of would be
    each waiting for the other. Who was erased before is not.
    """
    asked = (
        select(col(Worker.id))
        .where(col(Worker.id).in_(workers))
        .order_by(col(Worker.id))
        .with_for_update(read=True, skip_locked=True)
    )
    return set(session.scalars(asked))


def address(session: Session, safe: Safe, worker_id: int, issuer: str) -> str | None:
    """Under which name `issuer` reaches the worker, None where it can't."""
    found = session.scalars(
        select(Identity)
        .where(col(Identity.worker_id) == worker_id, col(Identity.issuer) == issuer)
        .order_by(col(Identity.created_at).desc())
    ).first()
    return None if found is None else _unseal(safe, found)


def addresses(
    session: Session, safe: Safe, workers: Collection[int], issuer: str
) -> dict[int, str]:
    """The same for many workers; those whom `issuer` can't reach are missing."""
    rows = session.scalars(
        select(Identity)
        .where(col(Identity.worker_id).in_(workers), col(Identity.issuer) == issuer)
        .order_by(col(Identity.created_at))
    )
    return {row.worker_id: _unseal(safe, row) for row in rows}


def without_unionid(session: Session, safe: Safe, issuer: str, at_most: int) -> list[str]:
    """The names of people of whom the platform was not yet asked who they are elsewhere."""
    found = session.scalars(
        select(Identity)
        .where(col(Identity.issuer) == issuer, col(Identity.unionid_asked_at).is_(None))
        .order_by(col(Identity.created_at))
        .limit(at_most)
    )
    return [_unseal(safe, identity) for identity in found]


def unionid_asked(
    session: Session, safe: Safe, *, issuer: str, subject: str, now: datetime
) -> None:
    """Notes that the platform was asked, so that it is not asked again."""
    session.execute(
        update(Identity)
        .where(col(Identity.subject_hash) == subject_hash(safe, issuer, subject))
        .values(unionid_asked_at=now)
    )


def verify_phone(
    session: Session, safe: Safe, *, worker_id: int, phone: str, now: datetime
) -> None:
    """Keeps the telephone number that WeChat vouches for; raises `SubjectErased`."""
    kept = session.connection().execute(
        update(Worker)
        .where(col(Worker.id) == worker_id, col(Worker.erased_at).is_(None))
        .values(
            sealed_phone=safe.seal(phone, _phone_purpose(worker_id)),
            phone_hash=safe.hash("phone", phone),
            phone_verified_at=now,
        )
    )
    if kept.rowcount != 1:
        # Asking WeChat takes a while.
        raise SubjectErased


def phone_of(session: Session, safe: Safe, worker_id: int) -> str | None:
    """The verified telephone number, None where there is none."""
    worker = session.get(Worker, worker_id)
    if worker is None or worker.sealed_phone is None:
        return None
    return safe.unseal(worker.sealed_phone, _phone_purpose(worker_id))


def phones_of(session: Session, safe: Safe, workers: Sequence[int]) -> dict[int, str]:
    """The verified telephone numbers of those who have one."""
    rows = session.scalars(
        select(Worker).where(col(Worker.id).in_(workers), col(Worker.sealed_phone).is_not(None))
    )
    return {
        row.id: safe.unseal(row.sealed_phone, _phone_purpose(row.id))
        for row in rows
        if row.id is not None and row.sealed_phone is not None
    }


def verified_hashes(session: Session, workers: Sequence[int]) -> dict[int, str]:
    """The keyed hashes of the verified telephone numbers of those who have one."""
    rows = session.execute(
        select(col(Worker.id), col(Worker.phone_hash)).where(
            col(Worker.id).in_(workers), col(Worker.phone_hash).is_not(None)
        )
    )
    return {row[0]: row[1] for row in rows}


def subject_hash(safe: Safe, issuer: str, subject: str) -> str:
    """Under what a name is found."""
    return safe.hash("identity", issuer, subject)


def sealed_subject(safe: Safe, subject_hash: str, subject: str) -> str:
    """A name as it is kept."""
    return safe.seal(subject, _purpose(subject_hash))


def _purpose(subject_hash: str) -> str:
    return f"identity.sealed_subject:{subject_hash}"


def _phone_purpose(worker_id: int) -> str:
    return f"worker.sealed_phone:{worker_id}"


def _unseal(safe: Safe, identity: Identity) -> str:
    return safe.unseal(identity.sealed_subject, _purpose(identity.subject_hash))


def _holder(session: Session, subject_hash: str) -> int | None:
    return session.scalar(
        select(col(Identity.worker_id)).where(col(Identity.subject_hash) == subject_hash)
    )


def _new_worker(session: Session, now: datetime) -> int:
    worker = Worker(created_at=now)
    session.add(worker)
    session.flush()
    assert worker.id is not None
    return worker.id


def _name(
    session: Session,
    safe: Safe,
    issuer: str,
    subject: str,
    worker_id: int,
    unionid_known: bool,
    now: datetime,
) -> int:
    """Give the worker a name; returns who has it: another, where it was given before."""
    named = subject_hash(safe, issuer, subject)
    # Two first sign-ins at once, a double tap, must end at one worker.
    insert_new(
        session,
        Identity,
        subject_hash=named,
        worker_id=worker_id,
        issuer=issuer,
        sealed_subject=sealed_subject(safe, named, subject),
        created_at=now,
        unionid_asked_at=now if unionid_known or issuer == DEVELOPER else None,
    )
    holder = _holder(session, named)
    assert holder is not None
    return holder


def _unite(
    session: Session,
    safe: Safe,
    kept: int,
    gone: int,
    uniting: Callable[[Session, int, int], None] | None,
    now: datetime,
) -> int:
    """Make two workers one, with all that points to either; returns who is left."""
    if uniting is not None:
        uniting(session, kept, gone)
    if phone_of(session, safe, kept) is None and (phone := phone_of(session, safe, gone)):
        verified_at = session.get_one(Worker, gone).phone_verified_at
        assert verified_at is not None
        verify_phone(session, safe, worker_id=kept, phone=phone, now=verified_at)
    for table in Row.metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.column.table.name == "worker":
                owner = key.parent
                if owner.unique or [*table.primary_key] == [owner]:
                    _drop_second(session, owner, kept, gone)
                session.execute(table.update().where(owner == gone).values({owner.name: kept}))
    session.execute(delete(Worker).where(col(Worker.id) == gone))
    audit.record(
        session,
        safe,
        by=Actor.job("unite"),
        action=Action.UNITED,
        about="worker",
        row=gone,
        worker_id=kept,
        now=now,
    )
    return kept


def _drop_second(session: Session, owner: Column[Any], kept: int, gone: int) -> None:
    """Where each may have one row only and both have one, that of who is kept stays."""
    if session.scalar(select(func.count()).where(owner == kept)):
        session.execute(delete(owner.table).where(owner == gone))
