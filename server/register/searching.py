"""Finding entries: by what stands open in them, or by a name or number that somebody gives."""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import date

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, func, or_, select
from sqlmodel import Session, col

from server.confidential.sealing import Safe
from server.personal.persons import IdentityNumber, Name, Phone
from server.register.tables import EntryState, Level, RegisterEntry

AT_ONCE = 50
_ENTRY = re.compile(r"[0-9a-f]{16}")
_GIVEN = {
    "identity_number": TypeAdapter(IdentityNumber),
    "phone": TypeAdapter(Phone),
    "name": TypeAdapter(Name),
}
_HASHES = {"identity_number": "identity_hash", "phone": "phone_hash", "name": "name_hash"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries: of these regions, in one state; None: whatever there is.

    `due_by`: only those whose next look is due until this day.
    """

    regions: Set[str]
    state: EntryState = EntryState.ON
    level: Level | None = None
    due_by: date | None = None


def listed(session: Session, wanted: Wanted, page: int = 1) -> tuple[list[RegisterEntry], int]:
    """One page of entries, those first whose look is due first, and how many there are in all."""
    these = _these(wanted)
    total = session.scalar(select(func.count()).select_from(RegisterEntry).where(*these)) or 0
    rows = session.scalars(
        select(RegisterEntry)
        .where(*these)
        .order_by(col(RegisterEntry.due_on), col(RegisterEntry.id))
        .limit(AT_ONCE)
        .offset((page - 1) * AT_ONCE)
    )
    return list(rows), total


def counted(session: Session, regions: Set[str], today: date) -> Mapping[str, int]:
    """How many stand in the register by level, and of how many a look is due: `due`."""
    on = _these(Wanted(regions))
    rows = session.execute(
        select(col(RegisterEntry.level), func.count()).where(*on).group_by(col(RegisterEntry.level))
    )
    found = {level: int(count) for level, count in rows}
    due = _these(Wanted(regions, due_by=today))
    found["due"] = session.scalar(select(func.count()).select_from(RegisterEntry).where(*due)) or 0
    return found


def named(session: Session, safe: Safe, regions: Set[str], given: str) -> list[RegisterEntry]:
    """The entries of whoever has this name, identity number or telephone, also who has left.

    An entry's own number will do, too: it stands in what people wish to have corrected.
    """
    hashes: list[ColumnElement[bool]] = []
    if _ENTRY.fullmatch(given):
        hashes.append(col(RegisterEntry.id) == given)
    for field, reader in _GIVEN.items():
        try:
            value = reader.validate_python(given)
        except ValidationError:
            continue
        hashes.append(col(getattr(RegisterEntry, _HASHES[field])) == safe.hash(field, value))
    if not hashes:
        return []
    rows = session.scalars(
        select(RegisterEntry)
        .where(or_(*hashes), col(RegisterEntry.region).in_(regions))
        .order_by(col(RegisterEntry.entered_at).desc(), col(RegisterEntry.id))
        .limit(AT_ONCE)
    )
    return list(rows)


def _these(wanted: Wanted) -> list[ColumnElement[bool]]:
    # No region is no entry: an empty list must never mean all of them.
    these = [
        col(RegisterEntry.region).in_(wanted.regions),
        col(RegisterEntry.state) == wanted.state,
        col(RegisterEntry.sealed).is_not(None),
    ]
    if wanted.level is not None:
        these.append(col(RegisterEntry.level) == wanted.level)
    if wanted.due_by is not None:
        these.append(col(RegisterEntry.due_on) <= wanted.due_by)
    return these
