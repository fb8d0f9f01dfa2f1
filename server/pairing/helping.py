"""Who helps: cadres, firms, volunteers, 爱心妈妈, students, each with place and capacity."""

import json
import secrets
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, exists, func, select, update
from sqlmodel import Session, col

from knowledge.regions import Regions
from server.casework.officers import LOOKERS, NotAllowed, Officer, Role, require
from server.confidential.sealing import Safe
from server.database.db import insert_new
from server.pairing.tables import Helper, HelperKind, HelperState, Pairing, PairState, Rank
from server.personal.persons import Phone
from server.records import audit
from server.records.audit import Action, Actor
from server.register.hardship import Need

AT_ONCE = 50
MOST = 500
"""A firm may help as many; more is a slip of the finger."""


class HelperUnknown(LookupError):
    """There is no such helper, or none for whoever asks."""


class HelperChanged(Exception):
    """Somebody else has changed the helper meanwhile."""


class HelperKnown(Exception):
    """This unit has a helper of this kind and name: `helper_id`."""

    def __init__(self, helper_id: str) -> None:
        super().__init__(helper_id)
        self.helper_id = helper_id


class CapacityTaken(Exception):
    """The helper helps more people than that already: `taken`."""

    def __init__(self, taken: int) -> None:
        super().__init__(taken)
        self.taken = taken


class RankUnfit(Exception):
    """Cadres have a rank, and nobody else has."""


class Told(BaseModel):
    """What is said of a helper; `gives`: which needs it can meet, none: nobody has said."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kind: HelperKind
    name: Annotated[str, Field(min_length=1, max_length=50)]
    phone: Phone | None = None
    unit: Annotated[str, Field(min_length=1, max_length=64)]
    rank: Rank | None = None
    region: Annotated[str, Field(min_length=1, max_length=64)]
    capacity: Annotated[int, Field(ge=1, le=MOST)] = 1
    gives: tuple[Need, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """A helper with its name and telephone."""

    helper: Helper
    name: str
    phone: str | None

    @property
    def told(self) -> Told:
        """What is said of it, to be said otherwise."""
        row = self.helper
        return Told(
            kind=HelperKind(row.kind),
            name=self.name,
            phone=self.phone,
            unit=row.unit,
            rank=None if row.rank is None else Rank(row.rank),
            region=row.region,
            capacity=row.capacity,
            gives=gives_of(row),
        )


def must_pair(helper: Helper) -> bool:
    """Whether a helper has to help at least one person.

    Opinion 三(三): 副县(处)级以上领导干部必须结对帮扶一名困难职工; all others are encouraged to.
    """
    return helper.rank == Rank.COUNTY and helper.state == HelperState.ON


def enter(
    session: Session, safe: Safe, regions: Regions, told: Told, *, by: Officer, now: datetime
) -> Helper:
    """Enter a helper; raises `HelperKnown`, `RankUnfit`, `NotAllowed`."""
    require(by, Role.CASE_OFFICER, told.region, regions)
    _check(session, safe, told, None)
    id = secrets.token_hex(8)
    is_new = insert_new(
        session, Helper, id=id, state=HelperState.ON, officer_id=by.id, entered_at=now,
        changed_at=now, taken=0, version=1, **_columns(safe, id, told),
    )  # fmt: skip
    if not is_new:
        # Somebody else entered it at this moment.
        _check(session, safe, told, None)
    row = session.get_one(Helper, id)
    _record(session, safe, row, Action.CREATED, by, now)
    return row


def change(
    session: Session,
    safe: Safe,
    regions: Regions,
    helper: Helper,
    told: Told,
    *,
    by: Officer,
    version: int,
    now: datetime,
) -> None:
    """Say otherwise, and that it helps where it had left.

    Raises `HelperChanged`, `HelperKnown`, `RankUnfit`, `CapacityTaken`, `NotAllowed`.
    """
    require(by, Role.CASE_OFFICER, helper.region, regions)
    require(by, Role.CASE_OFFICER, told.region, regions)
    # Nobody is proposed between this look and the change.
    row = locked(session, helper.id)
    if row.version != version:
        raise HelperChanged(row.id)
    _check(session, safe, told, row.id)
    if told.capacity < row.taken:
        raise CapacityTaken(row.taken)
    values = {**_columns(safe, row.id, told), "state": HelperState.ON}
    _write(session, row, by, now, values)
    _record(session, safe, row, Action.CHANGED, by, now)


def leave(
    session: Session,
    safe: Safe,
    regions: Regions,
    helper: Helper,
    *,
    by: Officer,
    version: int,
    now: datetime,
) -> None:
    """Note that somebody helps no more; raises `CapacityTaken` while it still helps people."""
    require(by, Role.CASE_OFFICER, helper.region, regions)
    row = locked(session, helper.id)
    if row.version != version or row.state != HelperState.ON:
        raise HelperChanged(row.id)
    if row.taken:
        raise CapacityTaken(row.taken)
    _write(session, row, by, now, {"state": HelperState.LEFT})
    _record(session, safe, row, Action.CHANGED, by, now)


def of_officer(session: Session, helper_id: str, officer: Officer, regions: Regions) -> Helper:
    """A helper of the officer's regions; raises `HelperUnknown`, `NotAllowed`."""
    if not officer.roles & LOOKERS:
        raise NotAllowed
    row = session.get(Helper, helper_id)
    if row is None or not officer.covers(row.region, regions):
        raise HelperUnknown(helper_id)
    return row


def listed(
    session: Session, regions: Set[str], *, kind: HelperKind | None = None, page: int = 1
) -> tuple[list[Helper], int]:
    """One page of helpers by unit, those who left last, and how many there are."""
    these: list[ColumnElement[bool]] = [col(Helper.region).in_(regions)]
    if kind is not None:
        these.append(col(Helper.kind) == kind)
    total = session.scalar(select(func.count()).select_from(Helper).where(*these)) or 0
    rows = session.scalars(
        select(Helper)
        .where(*these)
        # 'on' comes after 'left'.
        .order_by(
            col(Helper.state).desc(), col(Helper.unit), col(Helper.entered_at), col(Helper.id)
        )
        .limit(AT_ONCE)
        .offset((page - 1) * AT_ONCE)
    )
    return list(rows), total


def free(session: Session, regions: Set[str]) -> list[Helper]:
    """Who can still help somebody."""
    return list(
        session.scalars(
            select(Helper)
            .where(
                col(Helper.region).in_(regions),
                col(Helper.state) == HelperState.ON,
                col(Helper.taken) < col(Helper.capacity),
            )
            .order_by(col(Helper.id))
        )
    )


def owing(session: Session, regions: Set[str]) -> list[Helper]:
    """Leading cadres who must pair with somebody and have not: nobody has accepted them yet.

    Opinion 三(三). By unit; where no region is given, nobody.
    """
    has_one = exists().where(
        col(Pairing.helper_id) == col(Helper.id), col(Pairing.state) == PairState.ACCEPTED
    )
    rows = session.scalars(
        select(Helper)
        .where(
            col(Helper.region).in_(regions),
            col(Helper.rank) == Rank.COUNTY,
            col(Helper.state) == HelperState.ON,
            ~has_one,
        )
        .order_by(col(Helper.unit), col(Helper.id))
    )
    return list(rows)


def there(session: Session, known: Set[str]) -> Mapping[str, Helper]:
    """Those of some helpers who stand there, of whatever region, by the hash they are known by."""
    rows = session.scalars(select(Helper).where(col(Helper.known_hash).in_(known)))
    return {row.known_hash: row for row in rows}


def opened(safe: Safe, helper: Helper) -> Known:
    """A helper with name and telephone; whoever shows them records that."""
    told = json.loads(safe.unseal(helper.sealed, _purpose(helper.id)))
    return Known(helper, told["name"], told["phone"])


def gives_of(helper: Helper) -> tuple[Need, ...]:
    """Which needs a helper can meet."""
    return _gives(helper.gives)


@lru_cache(maxsize=1024)
def _gives(text: str) -> tuple[Need, ...]:
    return tuple(Need(need) for need in json.loads(text))


def known_hash(safe: Safe, told: Told) -> str:
    """What tells whether somebody stands there already."""
    return safe.hash("helper", told.kind, told.unit, told.name)


def locked(session: Session, helper_id: str) -> Helper:
    """A helper whom nobody else counts or changes until the end of the transaction.

    SQLite has no such lock: there the whole transaction is the only one that writes.
    """
    row = session.get(Helper, helper_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise HelperUnknown(helper_id)
    return row


def count(session: Session, helper: Helper, by: int) -> None:
    """Count one more or one less that a helper helps; wants it locked."""
    session.connection().execute(
        update(Helper).where(col(Helper.id) == helper.id).values(taken=col(Helper.taken) + by)
    )
    session.refresh(helper)


def record_looks(
    session: Session,
    safe: Safe,
    these: Sequence[Helper],
    *,
    by: Actor,
    fields: Sequence[str] = ("name",),
    now: datetime,
) -> None:
    """Note in the audit that somebody looked at these helpers."""
    rows = [(helper.id, None) for helper in these]
    if rows:
        audit.record_all(
            session, safe, by=by, action=Action.READ, about="helper", rows=rows, fields=fields,
            now=now,
        )  # fmt: skip


def _columns(safe: Safe, id: str, told: Told) -> dict[str, Any]:
    named = json.dumps({"name": told.name, "phone": told.phone}, ensure_ascii=False)
    return {
        "kind": told.kind,
        "unit": told.unit,
        "rank": told.rank,
        "region": told.region,
        "capacity": told.capacity,
        "gives": json.dumps(sorted(told.gives)),
        "sealed": safe.seal(named, _purpose(id)),
        "known_hash": known_hash(safe, told),
    }


def _check(session: Session, safe: Safe, told: Told, but: str | None) -> None:
    if (told.kind is HelperKind.CADRE) != (told.rank is not None):
        raise RankUnfit
    known = known_hash(safe, told)
    there = session.scalar(select(col(Helper.id)).where(col(Helper.known_hash) == known))
    if there is not None and there != but:
        raise HelperKnown(there)


def _write(
    session: Session, helper: Helper, by: Officer, now: datetime, values: Mapping[str, Any]
) -> None:
    session.connection().execute(
        update(Helper)
        .where(col(Helper.id) == helper.id)
        .values(version=helper.version + 1, officer_id=by.id, changed_at=now, **values)
    )
    session.refresh(helper)


def _purpose(helper_id: str) -> str:
    return f"helper.sealed:{helper_id}"


def _record(
    session: Session, safe: Safe, helper: Helper, action: Action, by: Officer, now: datetime
) -> None:
    audit.record(
        session, safe, by=Actor.officer(by.id), action=action, about="helper", row=helper.id,
        worker_id=None, now=now,
    )  # fmt: skip
