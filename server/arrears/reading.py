"""What a worker sees of joint reports: their own part, how many they are, what it comes to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from server.arrears import figures
from server.arrears.handling import history, words_of
from server.arrears.joining import find_part
from server.arrears.moves import OPEN_TO_WORKERS
from server.arrears.moving import JointReportUnknown
from server.arrears.tables import JointPart, JointReport, PartProof, ReportMove
from server.casework.tables import Material
from server.confidential.sealing import Safe

FEWEST_SUMMED = 3
"""Of two people who know the sum, each knows the other's."""
_KEPT_QUIET = frozenset({ReportMove.EXPORT, ReportMove.MERGE})


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a report as the people who joined see it."""

    at: datetime
    move: ReportMove
    words: str


@dataclass(frozen=True, slots=True)
class Mine:
    """A report with a worker's own part; `total_fen` None: not to be told yet, or too few."""

    report: JointReport
    part: JointPart
    people: int
    total_fen: int | None
    materials: Sequence[str]


def of_worker(session: Session, report_id: str, worker_id: int) -> Mine:
    """A report that a worker has joined, also by the number it had before it was merged.

    Raises `JointReportUnknown`.
    """
    report = session.get(JointReport, report_id)
    while report is not None and report.merged_into is not None:
        report = session.get(JointReport, report.merged_into)
    part = None if report is None else find_part(session, report.id, worker_id)
    if report is None or part is None:
        raise JointReportUnknown(report_id)
    return _mine(session, report, part)


def all_of_worker(session: Session, worker_id: int) -> list[Mine]:
    """The reports that a worker has joined, the newest first."""
    rows = session.execute(
        select(JointReport, JointPart)
        .join(JointPart, col(JointPart.report_id) == col(JointReport.id))
        .where(col(JointPart.worker_id) == worker_id)
        .order_by(col(JointPart.joined_at).desc(), col(JointPart.id))
    )
    return [_mine(session, report, part) for report, part in rows.all()]


def steps(session: Session, safe: Safe, report: JointReport) -> list[Step]:
    """How it went so far, the oldest first."""
    return [
        Step(event.at, ReportMove(event.move), words_of(safe, event))
        for event in history(session, report.id)
        if event.move not in _KEPT_QUIET
    ]


def people(session: Session, report: JointReport) -> int:
    """How many have joined."""
    return figures.of_report(session, report.id).people


def proofs_of(session: Session, part_ids: Sequence[str]) -> dict[str, list[Material]]:
    """The materials of some parts, in the order of their ids."""
    rows = session.execute(
        select(col(PartProof.part_id), Material)
        .join(Material, col(Material.id) == col(PartProof.material_id))
        .where(col(PartProof.part_id).in_(part_ids))
        .order_by(col(PartProof.material_id))
    )
    found: dict[str, list[Material]] = {}
    for part_id, material in rows:
        found.setdefault(part_id, []).append(material)
    return found


def proof_in(session: Session, report_id: str, material_id: str) -> Material | None:
    """A material that proves a part of a report, None where it proves none of it."""
    return session.scalars(
        select(Material)
        .join(PartProof, col(PartProof.material_id) == col(Material.id))
        .join(JointPart, col(JointPart.id) == col(PartProof.part_id))
        .where(col(JointPart.report_id) == report_id, col(Material.id) == material_id)
    ).first()


def _mine(session: Session, report: JointReport, part: JointPart) -> Mine:
    sums = figures.of_report(session, report.id)
    # While people join and change, whoever watches the total grow would see each one's part.
    is_told = sums.people >= FEWEST_SUMMED and report.state not in OPEN_TO_WORKERS
    total = sums.amount_fen if is_told else None
    proofs = proofs_of(session, [part.id]).get(part.id, [])
    return Mine(report, part, sums.people, total, [proof.id for proof in proofs])
