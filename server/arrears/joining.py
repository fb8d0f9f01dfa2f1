"""What workers do: start a joint report, join it, change or withdraw their part.

All of it happens under a lock on the report: whoever joins while it is handed in is in it, or is
told that it is too late; what is handed in is exactly what was there.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from knowledge.library import Library
from server.arrears import codes
from server.arrears.moves import OPEN_TO_WORKERS
from server.arrears.moving import JointReportUnknown, begin, locked, move, record
from server.arrears.tables import JointPart, JointReport, PartProof, ReportMove, ReportState
from server.casework import materials
from server.casework.service_requests import unit_of
from server.confidential.sealing import Safe
from server.database import numbering
from server.database.db import fetch_within
from server.database.tables import Purpose
from server.personal import consents, profiles
from server.personal.persons import as_kept
from server.records import audit
from server.records.audit import Action, Actor
from server.register import employers

MOST_PEOPLE = 3000
"""In one report; the largest site has fewer."""
MOST_OPEN = 5
"""Reports that one person has started and that nobody has handed in."""
MOST_FEN = 10**9
"""Ten million yuan: more than anybody is owed in wages."""
MOST_PROOFS = 20


class NotOpenToWorkers(Exception):
    """It was handed in, or is over: nobody joins, changes or withdraws a part."""


class AlreadyJoined(Exception):
    """The worker has a part in it; `report_id` is where."""

    def __init__(self, report_id: str) -> None:
        super().__init__(report_id)
        self.report_id = report_id


class CountedAlready(Exception):
    """Somebody with this identity number has a part in it: a person counts once."""


class TooManyParts(Exception):
    """The report has more people than any employer, or the worker has started enough of them."""


class LessThanGot(Exception):
    """The part says less than the person has got already."""


class PartChanged(Exception):
    """The part was changed since it was read; `version` is that of now."""

    def __init__(self, version: int) -> None:
        super().__init__(version)
        self.version = version


class OnlyStarter(Exception):
    """Only who started it, or an officer, may do this."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a report says of the employer; months as `2026-01`, both included."""

    region: str
    employer: str
    place: str
    first_month: str
    last_month: str


@dataclass(frozen=True, slots=True)
class Share:
    """What one person says: what they are owed in fen, and the materials that prove it."""

    amount_fen: int
    materials: Sequence[str] = ()


def start(
    session: Session,
    own: Safe,
    safe: Safe,
    library: Library,
    told: Told,
    share: Share,
    *,
    worker_id: int,
    now: datetime,
) -> JointReport:
    """Start a report with one's own part in it.

    Raises `ConsentMissing`, `ProfileMissing`, `MaterialUnknown`, `TooManyParts`.
    """
    started = select(func.count()).where(
        col(JointReport.starter_id) == worker_id, col(JointReport.state) == ReportState.GATHERING
    )
    if (session.scalar(started) or 0) >= MOST_OPEN:
        raise TooManyParts
    known = employers.named(session, told.region, told.employer)
    report = JointReport(
        id=numbering.number(now, "W"),
        starter_id=worker_id,
        region=told.region,
        employer=told.employer,
        place=told.place,
        employer_id=None if known is None else known.id,
        first_month=told.first_month,
        last_month=told.last_month,
        unit=unit_of(library, told.region, None),
        state=ReportState.GATHERING,
        code_until=now,
        started_at=now,
    )
    codes.open_(safe, report, now=now)
    session.add(report)
    session.flush()
    begin(session, report, now=now)
    record(session, own, report, Action.CREATED, worker_id, now)
    _add(session, own, report, share, worker_id, now)
    return report


def join(
    session: Session, own: Safe, safe: Safe, code: str, share: Share, *, worker_id: int,
    now: datetime,
) -> JointPart:  # fmt: skip
    """Join the report of a code with a part of one's own.

    Raises `JoinCodeWrong`, `JoinCodeOver`, `NotOpenToWorkers`, `AlreadyJoined`, `CountedAlready`,
    `TooManyParts`, and what `start` raises.
    """
    locked(session, codes.find(session, safe, code, now=now).id)
    # The code may have been closed while this waited for the lock.
    report = codes.find(session, safe, code, now=now)
    if find_part(session, report.id, worker_id) is not None:
        raise AlreadyJoined(report.id)
    if report.state not in OPEN_TO_WORKERS:
        raise NotOpenToWorkers
    if _people(session, report.id) >= MOST_PEOPLE:
        raise TooManyParts
    return _add(session, own, report, share, worker_id, now)


def change(
    session: Session, own: Safe, report_id: str, share: Share, *, worker_id: int, version: int,
    now: datetime,
) -> JointPart:  # fmt: skip
    """Say otherwise what one is owed, and who one is as it stands now.

    Raises `JointReportUnknown`, `NotOpenToWorkers`, `PartChanged`, `LessThanGot`, and what `join`
    raises.
    """
    report, part = _open_part(session, report_id, worker_id)
    if part.version != version:
        raise PartChanged(part.version)
    if share.amount_fen < part.recovered_fen:
        raise LessThanGot
    person = profiles.frozen(session, own, worker_id)
    part.identity_hash = _counted_once(session, own, report.id, person, but=part.id)
    part.amount_fen, part.version, part.changed_at = share.amount_fen, version + 1, now
    part.sealed_person = own.seal(person, person_purpose(part.id))
    session.add(part)
    had = session.scalars(
        select(col(PartProof.material_id)).where(col(PartProof.part_id) == part.id)
    ).all()
    session.execute(delete(PartProof).where(col(PartProof.part_id) == part.id))
    _prove(session, part, share.materials, had)
    _record(session, own, part, Action.CHANGED, now)
    return part


def withdraw(session: Session, own: Safe, report_id: str, *, worker_id: int, now: datetime) -> None:
    """Take one's part out, as if it had never been there.

    Who joined first after the starter is the starter then; where nobody is left the report is
    dropped. Raises `JointReportUnknown`, `NotOpenToWorkers`.
    """
    report, part = _open_part(session, report_id, worker_id)
    _record(session, own, part, Action.DELETED, now)
    remove(session, part)
    if has_starter(session, report) or _people(session, report.id):
        return
    codes.close(report)
    move(session, own, report, ReportMove.DROP, by=worker_id, version=None, now=now, ended_at=now)


def change_code(
    session: Session, own: Safe, safe: Safe, report_id: str, *, worker_id: int, open_: bool,
    now: datetime,
) -> JointReport:  # fmt: skip
    """Close the code, or make another one; raises `OnlyStarter`, `NotOpenToWorkers`."""
    report, _ = _open_part(session, report_id, worker_id)
    if report.starter_id != worker_id:
        raise OnlyStarter
    if open_:
        codes.renew(safe, report, now=now)
    else:
        codes.close(report)
    session.add(report)
    session.flush()
    record(session, own, report, Action.CHANGED, worker_id, now)
    return report


def find_part(session: Session, report_id: str, worker_id: int) -> JointPart | None:
    """A worker's part in a report, None where they have none."""
    return session.scalars(
        select(JointPart).where(
            col(JointPart.report_id) == report_id, col(JointPart.worker_id) == worker_id
        )
    ).first()


def has_starter(session: Session, report: JointReport) -> bool:
    """Whether who started a report is in it; else whoever joined first is the starter from now on.

    Who was erased, or was in it twice before a merge, is not. False where nobody else is, either.
    """
    there = session.scalars(
        select(col(JointPart.worker_id))
        .where(col(JointPart.report_id) == report.id, col(JointPart.sealed_person).is_not(None))
        .order_by(
            col(JointPart.worker_id) != report.starter_id,
            col(JointPart.joined_at),
            col(JointPart.id),
        )
    ).first()
    if there is None:
        return False
    report.starter_id = there
    session.add(report)
    return True


def remove(session: Session, part: JointPart) -> None:
    """Delete a part with what names its proofs; the materials stay with their worker."""
    session.execute(delete(PartProof).where(col(PartProof.part_id) == part.id))
    session.delete(part)
    session.flush()


def under_way(session: Session, worker_id: int) -> list[str]:
    """Reports from which a worker can still withdraw their part: before they are forgotten."""
    return list(
        session.scalars(
            select(col(JointReport.id))
            .join(JointPart, col(JointPart.report_id) == col(JointReport.id))
            .where(
                col(JointPart.worker_id) == worker_id,
                col(JointReport.state).in_(OPEN_TO_WORKERS),
            )
        )
    )


def let_go(session: Session, material_id: str) -> str | None:
    """Take a material out of parts that can change; the report that holds on to it, if any."""
    ids = session.scalars(
        select(col(JointPart.report_id))
        .join(PartProof, col(PartProof.part_id) == col(JointPart.id))
        .where(col(PartProof.material_id) == material_id)
        .order_by(col(JointPart.report_id))
    ).all()
    for id in ids:
        # Nobody hands it in meanwhile.
        if locked(session, id).state not in OPEN_TO_WORKERS:
            return id
    session.execute(delete(PartProof).where(col(PartProof.material_id) == material_id))
    return None


def person_purpose(part_id: str) -> str:
    """What the person of a part is sealed for."""
    return f"joint_part.sealed_person:{part_id}"


def _people(session: Session, report_id: str) -> int:
    there = select(func.count()).where(col(JointPart.report_id) == report_id)
    return session.scalar(there) or 0


def _add(
    session: Session, own: Safe, report: JointReport, share: Share, worker_id: int, now: datetime
) -> JointPart:
    consents.require(session, worker_id, Purpose.IDENTITY)
    person = profiles.frozen(session, own, worker_id)
    id = secrets.token_hex(8)
    part = JointPart(
        id=id,
        report_id=report.id,
        worker_id=worker_id,
        identity_hash=_counted_once(session, own, report.id, person),
        amount_fen=share.amount_fen,
        sealed_person=own.seal(person, person_purpose(id)),
        joined_at=now,
        changed_at=now,
    )
    session.add(part)
    session.flush()
    _prove(session, part, share.materials)
    _record(session, own, part, Action.CREATED, now)
    return part


def _counted_once(
    session: Session, own: Safe, report_id: str, frozen: str, but: str | None = None
) -> str:
    """The hash that a person counts under; raises `CountedAlready`."""
    number = as_kept(json.loads(frozen)).identity_number
    hashed = own.hash("joint part", number)
    row = fetch_within(
        session,
        "SELECT id FROM joint_part WHERE report_id = :report AND identity_hash = :hash",
        report=report_id,
        hash=hashed,
    )
    if row is not None and row[0] != but:
        raise CountedAlready
    return hashed


def _prove(
    session: Session, part: JointPart, chosen: Sequence[str], had: Sequence[str] = ()
) -> None:
    if not set(chosen) <= set(had):
        consents.require(session, part.worker_id, Purpose.MATERIALS)
    for material_id in dict.fromkeys(chosen):
        materials.mine(session, material_id, part.worker_id)
        session.add(PartProof(part_id=part.id, material_id=material_id))
    session.flush()


def _open_part(session: Session, report_id: str, worker_id: int) -> tuple[JointReport, JointPart]:
    report = locked(session, report_id)
    part = find_part(session, report.id, worker_id)
    if part is None:
        raise JointReportUnknown(report_id)
    if report.state not in OPEN_TO_WORKERS:
        raise NotOpenToWorkers
    return report, part


def _record(session: Session, own: Safe, part: JointPart, action: Action, now: datetime) -> None:
    audit.record(
        session,
        own,
        by=Actor.worker(part.worker_id),
        action=action,
        about="joint_part",
        row=part.id,
        worker_id=part.worker_id,
        fields=("amount_fen", "person", "proofs"),
        now=now,
    )
