"""Who looked at people's data, changed it, or saw a number as it is, for who watches over that."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, String, and_, case, cast, func, null, or_, select
from sqlmodel import Session, col

from knowledge.regions import Regions
from server import schema
from server.casework import funds, officers
from server.casework.officers import Officer, scope
from server.clock import CHINA
from server.database.tables import AuditEntry
from server.records.audit import Action, ActorKind

_Step = tuple[str, str, str]
"""A table, the column that tells the row, and the one that leads on: at the end to the place."""

_CASE: _Step = ("cases", "id", "region")
_ISSUE: _Step = ("voucher_issue", "id", "region")
WHERE: Mapping[str, tuple[_Step, ...]] = {
    "cases": (_CASE,),
    "case_note": (("case_note", "id", "case_id"), _CASE),
    "payment": (("payment", "id", "case_id"), _CASE),
    "payment_batch": (("payment", "batch_id", "case_id"), _CASE),
    "material": (("case_material", "material_id", "case_id"), _CASE),
    "service_request": (("service_request", "id", "region"),),
    "roster_file": (("roster_file", "id", "region"),),
    "joint_report": (("joint_report", "id", "region"),),
    "joint_part": (("joint_part", "id", "report_id"), ("joint_report", "id", "region")),
    "register_entry": (("register_entry", "id", "region"),),
    "register_import": (("register_import", "id", "region"),),
    "employer": (("employer", "id", "region"),),
    "helper": (("helper", "id", "region"),),
    "pairing": (("pairing", "id", "region"),),
    "pairing_visit": (("pairing_visit", "id", "pairing_id"), ("pairing", "id", "region")),
    "voucher_issue": (_ISSUE,),
    "voucher": (("voucher", "id", "issue_id"), _ISSUE),
    "voucher_round": (("voucher_round", "id", "region"),),
    "redemption": (("redemption", "id", "voucher_id"), ("voucher", "id", "issue_id"), _ISSUE),
    "merchant": (("merchant", "id", "region"),),
    "offer": (("offer", "id", "region"),),
    "participation": (("participation", "id", "offer_id"), ("offer", "id", "region")),
    "wish": (("wish", "id", "region"),),
    "campaign": (("campaign", "id", "region"),),
    "letter": (("letter", "id", "campaign_id"), ("campaign", "id", "region")),
}
"""By what an entry is about, the way from its row to the place that it belongs to."""


@dataclass(frozen=True, slots=True)
class AuditView:
    """One entry of the audit; `about` is the table, `row` the key in it."""

    at: datetime
    officer_id: int | None
    actor: str
    action: Action
    about: str
    row: str
    fields: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are wanted; days are of Asia/Shanghai, both included."""

    first: date
    last: date
    action: Action | None = None
    officer_id: int | None = None
    row: str = ""


def listed(
    session: Session, officer: Officer, regions: Regions, wanted: Wanted, *, skip: int, at_most: int
) -> list[AuditView]:
    """The entries of the officer's regions, newest first.

    What has no place, or is gone, belongs where those work who did it.
    """
    rows = session.scalars(
        select(AuditEntry)
        .where(*_conditions(session, officer, regions, wanted))
        .order_by(col(AuditEntry.id).desc())
        .offset(skip)
        .limit(at_most)
    )
    return [
        AuditView(
            entry.at,
            int(entry.actor_id) if entry.actor == ActorKind.OFFICER else None,
            entry.actor,
            Action(entry.action),
            entry.about,
            entry.row,
            tuple(filter(None, entry.fields.split(","))),
            entry.reason,
        )
        for entry in rows
    ]


def counted(session: Session, officer: Officer, regions: Regions, wanted: Wanted) -> int:
    """How many there are."""
    found = session.scalar(
        select(func.count(col(AuditEntry.id))).where(
            *_conditions(session, officer, regions, wanted)
        )
    )
    return found or 0


def _conditions(
    session: Session, officer: Officer, regions: Regions, wanted: Wanted
) -> list[ColumnElement[bool]]:
    found = [
        _lies_in(session, officer, regions),
        col(AuditEntry.at) >= datetime.combine(wanted.first, time(), CHINA),
        col(AuditEntry.at) < datetime.combine(wanted.last + timedelta(days=1), time(), CHINA),
    ]
    if wanted.action is not None:
        found.append(col(AuditEntry.action) == wanted.action)
    if wanted.officer_id is not None:
        found += [
            col(AuditEntry.actor) == ActorKind.OFFICER,
            col(AuditEntry.actor_id) == str(wanted.officer_id),
        ]
    if wanted.row:
        found.append(col(AuditEntry.row) == wanted.row)
    return found


def _lies_in(session: Session, officer: Officer, regions: Regions) -> ColumnElement[bool]:
    mine = scope(officer, regions)
    place = _place()
    own_funds = [str(fund.id) for fund in funds.listed(session, officer, regions)]
    is_fund = col(AuditEntry.about) == "fund"
    colleagues = [
        str(each.officer.id)
        for each in officers.listed(session)
        if each.officer.regions and each.officer.regions <= mine
    ]
    return or_(
        place.in_(mine),
        and_(is_fund, col(AuditEntry.row).in_(own_funds)),
        and_(
            place.is_(None),
            ~is_fund,
            col(AuditEntry.actor) == ActorKind.OFFICER,
            col(AuditEntry.actor_id).in_(colleagues),
        ),
    )


def _place() -> ColumnElement[Any]:
    """The place of an entry; null where there is none, or the row is gone."""
    return case(
        {about: _followed(steps) for about, steps in WHERE.items()},
        value=col(AuditEntry.about),
        else_=null(),
    )


# The other way round, the key as text, each entry would read the whole table.
_NUMBER = case(
    (col(AuditEntry.row).regexp_match("^[0-9]{1,18}$"), cast(col(AuditEntry.row), BigInteger))
)


def _is_text(column: ColumnElement[Any]) -> bool:
    return isinstance(column.type, String)


def _followed(steps: tuple[_Step, ...]) -> ColumnElement[Any]:
    tables = schema.tables.Row.metadata.tables
    (name, key, leads), *others = steps
    at = tables[name]
    query = select(at).where(at.c[key] == (col(AuditEntry.row) if _is_text(at.c[key]) else _NUMBER))
    joined: Any = at
    before = at.c[leads]
    for name, key, leads in others:
        further = tables[name]
        joined = joined.join(further, further.c[key] == before)
        before = further.c[leads]
    # A batch of payments and a photo may belong to several cases: it is shown by one of them.
    return (
        query.with_only_columns(func.min(before), maintain_column_froms=False)
        .select_from(joined)
        .correlate(AuditEntry)
        .scalar_subquery()
    )
