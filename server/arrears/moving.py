"""One move of a joint report: allowed or not, its event, what it adds to the figures."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from server.arrears import figures
from server.arrears.figures import NOTHING
from server.arrears.moves import COUNTED, MOVES
from server.arrears.tables import JointReport, JointReportEvent, ReportMove, ReportState
from server.casework.officers import Officer
from server.confidential.sealing import Safe
from server.records import audit
from server.records.audit import Action, Actor

_ACTIONS = {ReportMove.SETTLE: Action.DECIDED, ReportMove.EXPORT: Action.EXPORTED}


class JointReportUnknown(LookupError):
    """There is no such report, or it is not for whoever asks."""


class JointReportChanged(Exception):
    """Somebody did something to the report since it was read."""


class ReportMoveRefused(Exception):
    """The report stands where this can't be done; `state` is where."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


def locked(session: Session, report_id: str) -> JointReport:
    """A report that nobody else changes or joins until this transaction ends.

    Raises `JointReportUnknown`.
    """
    found = session.scalars(
        select(JointReport)
        .where(col(JointReport.id) == report_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if found is None:
        raise JointReportUnknown(report_id)
    return found


def begin(session: Session, report: JointReport, *, now: datetime) -> None:
    """Write the first event of a report that was just started."""
    _write(session, report, ReportMove.START, now=now)


def move(
    session: Session,
    safe: Safe,
    report: JointReport,
    what: ReportMove,
    *,
    by: Officer | int | None,
    version: int | None,
    now: datetime,
    due_on: date | None = None,
    words: str = "",
    digest: str | None = None,
    **values: Any,
) -> JointReportEvent:
    """Make a move of a report that is locked, with other values of its columns.

    `by` None: a job; `version` as it was read, None: whatever happened since. Raises
    `JointReportChanged`, `ReportMoveRefused`.
    """
    if version is not None:
        check_version(session, report, version)
    to = MOVES[what].get(ReportState(report.state))
    if to is None:
        raise ReportMoveRefused(report.state)
    report.state, report.due_on = to, due_on
    report.version += 1
    for name, value in values.items():
        setattr(report, name, value)
    session.add(report)
    session.flush()
    event = _write(session, report, what, now=now, safe=safe, words=words, digest=digest, by=by)
    record(session, safe, report, _ACTIONS.get(what, Action.CHANGED), by, now)
    return event


def check_version(session: Session, report: JointReport, version: int) -> None:
    """Whether anything happened since a version was read; raises `JointReportChanged`.

    That somebody made the file for the inspectors changes nothing.
    """
    event = JointReportEvent
    since = select(event).where(
        col(event.report_id) == report.id,
        col(event.version) > version,
        col(event.move) != ReportMove.EXPORT,
    )
    is_made_up = not 0 < version <= report.version
    if is_made_up or session.scalars(since.limit(1)).first() is not None:
        raise JointReportChanged(report.id)


def words_purpose(event: JointReportEvent) -> str:
    """What the words of an event are sealed for."""
    return f"joint_report_event.sealed_words:{event.report_id}:{event.version}"


def record(
    session: Session,
    safe: Safe,
    report: JointReport,
    action: Action,
    by: Officer | int | None,
    now: datetime,
) -> None:
    """Note what was done to a report."""
    worker_id = by if isinstance(by, int) else None
    if isinstance(by, Officer):
        actor = Actor.officer(by.id)
    else:
        actor = Actor.job("arrears") if by is None else Actor.worker(by)
    audit.record(
        session,
        safe,
        by=actor,
        action=action,
        about="joint_report",
        row=report.id,
        worker_id=worker_id,
        now=now,
    )


def _write(
    session: Session,
    report: JointReport,
    what: ReportMove,
    *,
    now: datetime,
    safe: Safe | None = None,
    words: str = "",
    digest: str | None = None,
    by: Officer | int | None = None,
) -> JointReportEvent:
    is_counted = report.state in COUNTED
    after = figures.of_report(session, report.id) if is_counted else NOTHING
    more = after - figures.told(session, report.id)
    event = JointReportEvent(
        report_id=report.id,
        version=report.version,
        at=now,
        move=what,
        state=report.state,
        due_on=report.due_on,
        officer_id=by.id if isinstance(by, Officer) else None,
        reports=more.reports,
        people=more.people,
        amount_fen=more.amount_fen,
        recovered_fen=more.recovered_fen,
        digest=digest,
    )
    if words and safe is not None:
        event.sealed_words = safe.seal(words, words_purpose(event))
    session.add(event)
    session.flush()
    return event
