"""Who of a group of the register gets a voucher of an issue, and why the others don't.

A voucher is shown on a phone: it goes to whoever has signed in and whose entry is theirs. Nobody is
shown to anybody here.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import select
from sqlmodel import Session, col

from knowledge.regions import Regions
from server.casework.opting_out import OutOfCases
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectKeys
from server.database.db import Database
from server.database.tables import Identity, Profile, Worker
from server.personal.people import REGISTER
from server.register import rostering
from server.register.hardship import Cause
from server.register.rostering import Person
from server.register.tables import Level, RegisterEntry
from server.vouchers.holders import Holders
from server.vouchers.tables import Issue


class Why(StrEnum):
    """Why somebody of the group gets none."""

    HAS_ONE = "has_one"
    """Under this account or another of theirs."""
    OPTED_OUT = "opted_out"
    """Wants nothing that they didn't apply for."""
    NO_ACCOUNT = "no_account"
    """Nobody who signed in has said to have this identity number."""
    OTHER_NAME = "other_name"
    """Who has said so has another name."""
    NO_PHONE = "no_phone"
    """The register has no telephone to prove it by."""
    PHONE_UNVERIFIED = "phone_unverified"
    """Who signed in has no telephone that WeChat vouches for."""
    OTHER_PHONE = "other_phone"
    NOT_OPENED = "not_opened"
    """All fits; the person has not looked at their entry yet, by which it becomes theirs."""


NOT_LINKED = (
    Why.NO_ACCOUNT, Why.OTHER_NAME, Why.NO_PHONE, Why.PHONE_UNVERIFIED, Why.OTHER_PHONE,
    Why.NOT_OPENED,
)  # fmt: skip
"""Why an entry belongs to no account; of several accounts the one that comes closest counts."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where people are chosen: what to read them with."""

    database: Database
    keys: SubjectKeys
    safe: Safe
    regions: Regions


@dataclass(frozen=True, slots=True)
class Group:
    """Whom of the register: of a place with all that lies in it; None: any level, any cause."""

    region: str
    level: Level | None = None
    cause: Cause | None = None


@dataclass(slots=True)
class Chosen:
    """What a dry run found."""

    workers: list[int] = field(default_factory=list)
    """Who gets one, each once, in order."""
    meant: int = 0
    why: Counter[Why] = field(default_factory=Counter)

    @property
    def counts(self) -> dict[str, int]:
        """How many: meant, who get one, and by why not."""
        told = {"meant": self.meant, "gets": len(self.workers)}
        return told | {str(why): count for why, count in self.why.items() if count}

    @property
    def digest(self) -> str:
        """Of whom it would be given to."""
        return hashlib.sha256(",".join(map(str, self.workers)).encode()).hexdigest()


def choose(place: Place, issue: Issue, group: Group) -> Chosen:
    """Count a group; changes nothing and shows nobody. Raises `UnknownRegion`."""
    regions = place.regions
    here = {regions.get(group.region).id, *regions.descendants(group.region)}
    found, workers = Chosen(), set[int]()
    with place.database.read() as session:
        holders = Holders(session, place.safe, issue.id)
        out = OutOfCases(session, place.safe, issue.measure)
    for some in rostering.unseen(place.database, place.keys, here, group.level, group.cause):
        with place.database.read() as session:
            linked = _linked(session, some)
            unlinked = _unlinked(session, some)
        for each in some:
            found.meant += 1
            why = _why(each, holders, out, linked, unlinked)
            if why is not None:
                found.why[why] += 1
            elif each.entry.worker_id in workers:
                found.why[Why.HAS_ONE] += 1
            else:
                workers.add(each.entry.worker_id)
    found.workers = sorted(workers)
    return found


def _why(
    who: Person,
    holders: Holders,
    out: OutOfCases,
    linked: Collection[int],
    unlinked: Mapping[str, Why],
) -> Why | None:
    entry = who.entry
    if holders.has(entry.worker_id, entry.identity_hash):
        return Why.HAS_ONE
    if out.has(entry.worker_id, who.registered.identity_number):
        return Why.OPTED_OUT
    if entry.worker_id in linked:
        return None
    return unlinked.get(entry.id, Why.NO_ACCOUNT)


def _linked(session: Session, some: Collection[Person]) -> set[int]:
    """Whose entries belong to somebody who signs in."""
    asked = select(col(Identity.worker_id)).where(
        col(Identity.worker_id).in_([each.entry.worker_id for each in some]),
        col(Identity.issuer) != REGISTER,
    )
    return set(session.scalars(asked))


def _unlinked(session: Session, some: Collection[Person]) -> dict[str, Why]:
    """By entry, what keeps the accounts that have its identity number from being its person's."""
    rows = session.execute(
        select(RegisterEntry, col(Profile.name_hash), col(Worker.phone_hash))
        .join(Profile, col(Profile.identity_hash) == col(RegisterEntry.identity_hash))
        .join(Worker, col(Worker.id) == col(Profile.worker_id))
        .where(
            col(RegisterEntry.id).in_([each.entry.id for each in some]),
            col(Profile.worker_id) != col(RegisterEntry.worker_id),
        )
    )
    found: dict[str, Why] = {}
    for entry, name, phone in rows:
        why = _apart(entry, name, phone)
        found[entry.id] = max(why, found.get(entry.id, why), key=NOT_LINKED.index)
    return found


def _apart(entry: RegisterEntry, name_hash: str | None, phone_hash: str | None) -> Why:
    if name_hash != entry.name_hash:
        return Why.OTHER_NAME
    if entry.phone_hash is None:
        return Why.NO_PHONE
    if phone_hash is None:
        return Why.PHONE_UNVERIFIED
    return Why.NOT_OPENED if phone_hash == entry.phone_hash else Why.OTHER_PHONE
