"""What joint reports come to: people, what they are owed, what they have got. Sums are in fen."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session, col

from server.arrears.tables import JointPart, JointReportEvent


@dataclass(frozen=True, slots=True)
class Figures:
    """Reports, their people, and sums in fen."""

    reports: int = 0
    people: int = 0
    amount_fen: int = 0
    recovered_fen: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(
            self.reports + other.reports,
            self.people + other.people,
            self.amount_fen + other.amount_fen,
            self.recovered_fen + other.recovered_fen,
        )

    def __sub__(self, other: "Figures") -> "Figures":
        return Figures(
            self.reports - other.reports,
            self.people - other.people,
            self.amount_fen - other.amount_fen,
            self.recovered_fen - other.recovered_fen,
        )


NOTHING = Figures()


def of_parts(session: Session, report_ids: Iterable[str]) -> dict[str, Figures]:
    """What the parts of some reports come to at this moment; one without parts is left out."""
    rows = session.execute(
        select(
            col(JointPart.report_id),
            func.count(),
            func.sum(col(JointPart.amount_fen)),
            func.sum(col(JointPart.recovered_fen)),
        )
        .where(col(JointPart.report_id).in_(list(report_ids)))
        .group_by(col(JointPart.report_id))
    )
    return {id: Figures(1, people, int(owed), int(got)) for id, people, owed, got in rows}


def of_report(session: Session, report_id: str) -> Figures:
    """The same of one report."""
    return of_parts(session, [report_id]).get(report_id, Figures(1))


def told(session: Session, report_id: str) -> Figures:
    """What the events of a report have told so far."""
    row = session.execute(select(*summed()).where(col(JointReportEvent.report_id) == report_id))
    return as_figures(*row.one())


def summed() -> list[ColumnElement[Any]]:
    """The columns that sum up events."""
    event = JointReportEvent
    columns = (event.reports, event.people, event.amount_fen, event.recovered_fen)
    return [func.sum(col(column)) for column in columns]


def as_figures(*sums: int | None) -> Figures:
    """Sums as a database gives them: none of nothing, or a decimal."""
    return Figures(*(int(each or 0) for each in sums))
