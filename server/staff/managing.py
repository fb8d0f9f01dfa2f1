"""Taking people on, changing what they may do, letting them go: by administrators of their regions.

The command line does the same without an officer: whoever has it has the database, too.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from knowledge.regions import Regions
from server.casework import officers
from server.casework.officers import NotAllowed, Officer, Role, Staffed
from server.confidential.sealing import Safe
from server.records import audit
from server.staff import accounts
from server.staff.accounts import Account

COMMAND = audit.Actor.job("staff command")


class RoleMissing(ValueError):
    """Somebody of the staff has at least one role."""


class OwnRights(Exception):
    """Nobody takes their own rights as an administrator away, and stands before the door."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the staff with how they sign in, None: by no means."""

    staffed: Staffed
    account: Account | None

    @property
    def officer(self) -> Officer:
        """Who it is."""
        return self.staffed.officer


def members(session: Session, regions: Regions, by: Officer) -> list[Member]:
    """The staff that an administrator is in charge of, those who have left at the end."""
    known = accounts.all_by_officer(session)
    found = [
        Member(each, known.get(each.officer.id))
        for each in officers.listed(session)
        if _is_in_charge(by, each.officer.regions, regions)
    ]
    return sorted(found, key=lambda member: not member.staffed.active)


def member(session: Session, regions: Regions, officer_id: int, by: Officer) -> Member:
    """One of them; raises `OfficerUnknown`, also for one of other regions."""
    for each in members(session, regions, by):
        if each.officer.id == officer_id:
            return each
    raise officers.OfficerUnknown(officer_id)


def take_on(
    session: Session,
    safe: Safe,
    regions: Regions,
    *,
    username: str,
    name: str,
    roles: Collection[Role],
    where: Collection[str],
    password_hash: str,
    starting: bool = True,
    by: Officer | None,
    now: datetime,
) -> Officer:
    """Take somebody on who can sign in.

    Raises `NotAllowed`, `RoleMissing`, `UnknownRegion`, `UsernameRefused`, `UsernameTaken`.
    """
    if not roles:
        raise RoleMissing
    _check(by, where, regions)
    officer = officers.add(
        session, safe, regions, name=name, roles=roles, where=where, by=_actor(by), now=now
    )
    accounts.add(
        session,
        safe,
        officer,
        username=username,
        password_hash=password_hash,
        starting=starting,
        by=_actor(by),
        now=now,
    )
    return officer


def change(
    session: Session,
    safe: Safe,
    regions: Regions,
    held: Member,
    *,
    version: int,
    roles: Collection[Role],
    where: Collection[str],
    active: bool,
    by: Officer | None,
    now: datetime,
) -> None:
    """Give somebody other roles and regions, or none; who leaves is signed out at once.

    Raises `NotAllowed`, `RoleMissing`, `OwnRights`, `UnknownRegion`, `OfficerChanged`.
    """
    officer = held.officer
    if not roles:
        raise RoleMissing
    _check(by, {*where, *officer.regions}, regions)
    if by is not None and by.id == officer.id and (not active or Role.ADMINISTRATOR not in roles):
        raise OwnRights
    officers.change(
        session,
        safe,
        regions,
        officer.id,
        version=version,
        roles=roles,
        where=where,
        active=active,
        by=_actor(by),
        now=now,
    )
    if not active:
        accounts.sign_out_everywhere(session, officer.id)


def reset(
    session: Session,
    safe: Safe,
    regions: Regions,
    held: Member,
    *,
    password_hash: str,
    by: Officer | None,
    now: datetime,
) -> None:
    """Give somebody a new password to start with; raises `NotAllowed`, `AccountUnknown`."""
    _check(by, held.officer.regions, regions)
    accounts.reset(
        session, safe, held.officer.id, password_hash=password_hash, by=_actor(by), now=now
    )


def _check(by: Officer | None, where: Collection[str], regions: Regions) -> None:
    if by is not None and not _is_in_charge(by, where, regions):
        raise NotAllowed


def _is_in_charge(by: Officer, where: Collection[str], regions: Regions) -> bool:
    """Whether an administrator is in charge of all of the regions."""
    return Role.ADMINISTRATOR in by.roles and all(by.covers(each, regions) for each in where)


def _actor(by: Officer | None) -> audit.Actor:
    return COMMAND if by is None else audit.Actor.officer(by.id)
