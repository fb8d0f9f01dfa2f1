"""Accounts of the staff: made, reset and taken away by an administrator or a command."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from server.casework.officers import Officer
from server.confidential.sealing import Safe
from server.records import audit
from server.records.audit import Action
from server.staff import second_factors
from server.staff.tables import StaffAccount, StaffDevice, StaffSession

_USERNAME = re.compile(r"[a-z][a-z0-9._-]{2,31}")


class UsernameRefused(ValueError):
    """A name to sign in with is 3 to 32 small letters and digits, a letter first."""


class UsernameTaken(Exception):
    """Somebody else signs in under this name."""


class AccountUnknown(LookupError):
    """Nobody signs in under this name."""


class CodeRefused(Exception):
    """The code is wrong, over, or was used before."""


@dataclass(frozen=True, slots=True)
class Account:
    """How an officer signs in, as far as others may know."""

    officer_id: int
    username: str
    has_second_factor: bool
    starting: bool


def add(
    session: Session,
    safe: Safe,
    officer: Officer,
    *,
    username: str,
    password_hash: str,
    starting: bool = True,
    by: audit.Actor,
    now: datetime,
) -> None:
    """Let an officer sign in; raises `UsernameRefused`, `UsernameTaken`."""
    name = spelled(username)
    if session.scalar(
        select(col(StaffAccount.officer_id)).where(col(StaffAccount.username) == name)
    ):
        raise UsernameTaken(name)
    session.add(
        StaffAccount(
            officer_id=officer.id,
            username=name,
            password_hash=password_hash,
            starting=starting,
            changed_at=now,
        )
    )
    session.flush()
    _record(session, safe, officer.id, Action.CREATED, ("username", "password"), by, now)


def spelled(username: str) -> str:
    """A name to sign in with as it is kept; raises `UsernameRefused`."""
    name = username.strip().casefold()
    if not _USERNAME.fullmatch(name):
        raise UsernameRefused(name)
    return name


def by_username(session: Session, username: str) -> StaffAccount | None:
    """The account of this name, None where nobody has it."""
    name = username.strip().casefold()
    return session.scalars(select(StaffAccount).where(col(StaffAccount.username) == name)).first()


def of_officer(session: Session, officer_id: int) -> StaffAccount:
    """How an officer signs in; raises `AccountUnknown`."""
    found = session.get(StaffAccount, officer_id)
    if found is None:
        raise AccountUnknown(officer_id)
    return found


def held(session: Session, officer_id: int) -> StaffAccount:
    """The same as it stands now, and for as long as the transaction lasts."""
    found = session.get(
        StaffAccount, officer_id, with_for_update={"key_share": True}, populate_existing=True
    )
    if found is None:
        raise AccountUnknown(officer_id)
    return found


def all_by_officer(session: Session) -> dict[int, Account]:
    """Every account, by whose it is."""
    return {
        row.officer_id: Account(
            row.officer_id, row.username, row.sealed_secret is not None, row.starting
        )
        for row in session.scalars(select(StaffAccount))
    }


def reset(
    session: Session,
    safe: Safe,
    officer_id: int,
    *,
    password_hash: str,
    by: audit.Actor,
    now: datetime,
) -> None:
    """Give an officer a new password to start with, and take the second factor away.

    Whoever is signed in under this account no longer is. Raises `AccountUnknown`.
    """
    of_officer(session, officer_id)
    session.execute(
        update(StaffAccount)
        .where(col(StaffAccount.officer_id) == officer_id)
        .values(
            password_hash=password_hash,
            sealed_secret=None,
            used_step=0,
            starting=True,
            changed_at=now,
        )
    )
    sign_out_everywhere(session, officer_id)
    session.execute(delete(StaffDevice).where(col(StaffDevice.officer_id) == officer_id))
    fields = ("password", "second_factor")
    _record(session, safe, officer_id, Action.CHANGED, fields, by, now)


def choose_password(
    session: Session, safe: Safe, officer_id: int, *, password_hash: str, now: datetime
) -> None:
    """Keep the password that an officer has chosen."""
    session.execute(
        update(StaffAccount)
        .where(col(StaffAccount.officer_id) == officer_id)
        .values(password_hash=password_hash, starting=False, changed_at=now)
    )
    by = audit.Actor.officer(officer_id)
    _record(session, safe, officer_id, Action.CHANGED, ("password",), by, now)


def rehash(session: Session, officer_id: int, password_hash: str) -> None:
    """Keep the same password, hashed as is asked for today."""
    session.execute(
        update(StaffAccount)
        .where(col(StaffAccount.officer_id) == officer_id)
        .values(password_hash=password_hash)
    )


def set_second_factor(
    session: Session, safe: Safe, officer_id: int, *, secret: str, code: str, now: datetime
) -> None:
    """Keep a secret whose first code the officer has typed; raises `CodeRefused`."""
    step = second_factors.step_of(secret, code, now=now)
    if step is None:
        raise CodeRefused
    session.execute(
        update(StaffAccount)
        .where(col(StaffAccount.officer_id) == officer_id)
        .values(
            sealed_secret=safe.seal(secret, secret_purpose(officer_id)),
            used_step=step,
            changed_at=now,
        )
    )
    by = audit.Actor.officer(officer_id)
    _record(session, safe, officer_id, Action.CHANGED, ("second_factor",), by, now)


def use_code(
    session: Session, safe: Safe, account: StaffAccount, code: str, *, now: datetime
) -> None:
    """Take a code of the second factor, once; raises `CodeRefused`."""
    if account.sealed_secret is None:
        return
    secret = safe.unseal(account.sealed_secret, secret_purpose(account.officer_id))
    step = second_factors.step_of(secret, code, now=now)
    if step is None:
        raise CodeRefused
    used = session.connection().execute(
        update(StaffAccount)
        .where(
            col(StaffAccount.officer_id) == account.officer_id,
            col(StaffAccount.used_step) < step,
        )
        .values(used_step=step)
    )
    if used.rowcount != 1:
        raise CodeRefused


def sign_out_everywhere(session: Session, officer_id: int) -> None:
    """End every session of an officer."""
    session.execute(delete(StaffSession).where(col(StaffSession.officer_id) == officer_id))


def secret_purpose(officer_id: int) -> str:
    """What the secret of a second factor is sealed for."""
    return f"staff_account.sealed_secret:{officer_id}"


def _record(
    session: Session,
    safe: Safe,
    officer_id: int,
    action: Action,
    fields: tuple[str, ...],
    by: audit.Actor,
    now: datetime,
) -> None:
    audit.record(
        session,
        safe,
        by=by,
        action=action,
        about="staff_account",
        row=officer_id,
        worker_id=None,
        fields=fields,
        now=now,
    )
