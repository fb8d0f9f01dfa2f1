"""A week of joint reports in numbers, for the weekly report: reports, people, sums.

Told from what each event added, so that a past week gives the same numbers at any time.
"""

from collections.abc import Set
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from server.arrears.figures import NOTHING, Figures, as_figures, summed
from server.arrears.moves import WAITS_FOR_OFFICER
from server.arrears.tables import JointReport, JointReportEvent
from server.casework.weekly_reports import Week


@dataclass(frozen=True, slots=True)
class ArrearsLine:
    """One region in a week, and all that was reported there until its end."""

    region: str
    week: Figures
    so_far: Figures
    overdue: int
    """Whose time was over at the end of the week, and an officer still had to act."""


def lines(session: Session, week: Week, regions: Set[str], *, today: date) -> list[ArrearsLine]:
    """The regions in which anything was reported, by name; `today` is an Asia/Shanghai day."""
    within = _by_region(session, regions, week.begin, week.end)
    so_far = _by_region(session, regions, None, week.end)
    late = _overdue(session, week, regions, min(week.friday, today))
    return [
        ArrearsLine(
            region, within.get(region, NOTHING), so_far.get(region, NOTHING), late.get(region, 0)
        )
        for region in sorted({*within, *so_far, *late})
    ]


def _by_region(
    session: Session, regions: Set[str], begin: datetime | None, end: datetime
) -> dict[str, Figures]:
    at = col(JointReportEvent.at)
    rows = session.execute(
        select(col(JointReport.region), *summed())
        .join(JointReportEvent, col(JointReportEvent.report_id) == col(JointReport.id))
        .where(
            col(JointReport.region).in_(regions),
            at < end,
            *([] if begin is None else [at >= begin]),
        )
        .group_by(col(JointReport.region))
    )
    return {region: told for region, *sums in rows if (told := as_figures(*sums)) != NOTHING}


def _overdue(session: Session, week: Week, regions: Set[str], today: date) -> dict[str, int]:
    last = (
        select(
            col(JointReportEvent.report_id),
            func.max(col(JointReportEvent.version)).label("version"),
        )
        .where(col(JointReportEvent.at) < week.end)
        .group_by(col(JointReportEvent.report_id))
        .subquery()
    )
    rows = session.execute(
        select(col(JointReport.region), func.count())
        .where(col(JointReport.region).in_(regions))
        .join(JointReportEvent, col(JointReportEvent.report_id) == col(JointReport.id))
        .join(
            last,
            (last.c.report_id == col(JointReportEvent.report_id))
            & (last.c.version == col(JointReportEvent.version)),
        )
        .where(
            col(JointReportEvent.state).in_(WAITS_FOR_OFFICER),
            col(JointReportEvent.due_on) < today,
        )
        .group_by(col(JointReport.region))
    )
    return {region: count for region, count in rows}
