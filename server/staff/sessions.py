"""Signing in at the desk: what proves who somebody is, and the session that comes of it.

The database holds only hashes of what a browser keeps. A session ends after half an hour without a
page (one that is written in asks for one now and then), and after ten hours whatever happens.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, true, update
from sqlmodel import Session, col

from server.casework import officers
from server.casework.officers import Officer, OfficerUnknown
from server.confidential.sealing import Safe
from server.database.db import Database, DatabaseBusy, insert_new, is_busy, is_full
from server.records import audit
from server.records.audit import Action
from server.staff import accounts
from server.staff.tables import StaffAccount, StaffDevice, StaffSession

IDLE_FOR = timedelta(minutes=30)
LASTS_FOR = timedelta(hours=10)
DEVICE_KNOWN_FOR = timedelta(days=180)
# A page more often than this costs no write.
_NOTED_EVERY = timedelta(minutes=1)


class SignInFailed(Exception):
    """Name, password or code is wrong: which of them, nobody is told."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is at the desk; `starting`: they have yet to choose a password or a second factor."""

    officer: Officer
    username: str
    starting: bool


def token() -> str:
    """What a browser keeps: 256 random bits."""
    return secrets.token_urlsafe(32)


def begin(
    session: Session,
    safe: Safe,
    account: StaffAccount,
    *,
    code: str,
    device: str,
    needs_second_factor: bool,
    now: datetime,
) -> str:
    """Sign in somebody whose password was right, and return the token of the session.

    Raises `SignInFailed`: the code is wrong or used, or they no longer work here.
    """
    try:
        accounts.use_code(session, safe, account, code, now=now)
        officers.find(session, account.officer_id)
    except (accounts.CodeRefused, OfficerUnknown) as error:
        raise SignInFailed from error
    starting = account.starting or (needs_second_factor and account.sealed_secret is None)
    made = token()
    session.add(
        StaffSession(
            token_hash=_hash(made),
            officer_id=account.officer_id,
            starting=starting,
            began_at=now,
            seen_at=now,
        )
    )
    if not starting:
        _know(session, device, account.officer_id, now)
    audit.record(
        session,
        safe,
        by=audit.Actor.officer(account.officer_id),
        action=Action.SIGNED_IN,
        about="staff_account",
        row=account.officer_id,
        worker_id=None,
        now=now,
    )
    return made


def find(database: Database, given: str, *, now: datetime) -> SignedIn | None:
    """Who has this token, None where it is unknown or over, or they no longer work here."""
    key = _hash(given)
    with database.read() as session:
        row = session.get(StaffSession, key)
        if row is None or now >= min(row.seen_at + IDLE_FOR, row.began_at + LASTS_FOR):
            return None
        try:
            officer = officers.find(session, row.officer_id)
        except OfficerUnknown:
            return None
        username = accounts.of_officer(session, row.officer_id).username
    if now - row.seen_at >= _NOTED_EVERY:
        _note_seen(database, key, now)
    return SignedIn(officer, username, row.starting)


def _note_seen(database: Database, key: str, now: datetime) -> None:
    """Note that a page was asked for; where nothing can be written now, reading goes on."""
    try:
        with database.begin() as session:
            session.execute(
                update(StaffSession).where(col(StaffSession.token_hash) == key).values(seen_at=now)
            )
    except Exception as error:
        if not (isinstance(error, DatabaseBusy) or is_busy(error) or is_full(error)):
            raise


def renew(session: Session, given: str, device: str, *, now: datetime) -> str:
    """A whole session in the place of a starting one, under a new token."""
    old = session.get_one(StaffSession, _hash(given))
    made = token()
    session.add(
        StaffSession(
            token_hash=_hash(made),
            officer_id=old.officer_id,
            starting=False,
            began_at=now,
            seen_at=now,
        )
    )
    _know(session, device, old.officer_id, now)
    session.delete(old)
    session.flush()
    return made


def end_others(session: Session, given: str) -> None:
    """End every other session of the officer whose this one is."""
    own = session.get_one(StaffSession, _hash(given))
    session.execute(
        delete(StaffSession).where(
            col(StaffSession.officer_id) == own.officer_id,
            col(StaffSession.token_hash) != own.token_hash,
        )
    )


def end(session: Session, given: str) -> None:
    """Sign out; an unknown token is no error."""
    session.execute(delete(StaffSession).where(col(StaffSession.token_hash) == _hash(given)))


def is_known(
    session: Session, device: str, officer_id: int | None = None, *, now: datetime
) -> bool:
    """Whether an officer, None: any, has signed in from this browser in the last half year."""
    whose = col(StaffDevice.officer_id) == officer_id if officer_id is not None else true()
    found = select(StaffDevice).where(
        col(StaffDevice.token_hash) == _hash(device),
        col(StaffDevice.seen_at) > now - DEVICE_KNOWN_FOR,
        whose,
    )
    return session.scalars(found.limit(1)).first() is not None


def forget_over(session: Session, *, now: datetime) -> int:
    """Delete sessions and devices whose time is over, and return their number."""
    over = or_(
        col(StaffSession.seen_at) <= now - IDLE_FOR, col(StaffSession.began_at) <= now - LASTS_FOR
    )
    gone = session.connection().execute(delete(StaffSession).where(over)).rowcount
    old = col(StaffDevice.seen_at) <= now - DEVICE_KNOWN_FOR
    return gone + session.connection().execute(delete(StaffDevice).where(old)).rowcount


def _know(session: Session, device: str, officer_id: int, now: datetime) -> None:
    key = _hash(device)
    if not insert_new(session, StaffDevice, token_hash=key, officer_id=officer_id, seen_at=now):
        session.execute(
            update(StaffDevice)
            .where(col(StaffDevice.token_hash) == key, col(StaffDevice.officer_id) == officer_id)
            .values(seen_at=now)
        )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
