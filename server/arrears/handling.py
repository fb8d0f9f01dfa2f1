"""What officers do with joint reports, until it is said what came of them.

Whoever calls tells the people who joined (`telling`); nothing here waits for anybody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, case, func, select
from sqlmodel import Session, col

from knowledge.regions import Regions
from server.arrears import codes, figures
from server.arrears.figures import NOTHING, Figures
from server.arrears.joining import OnlyStarter, find_part, has_starter, remove
from server.arrears.moves import COUNTED, UNDER_WAY, WAITS_FOR_OFFICER
from server.arrears.moving import (
    JointReportUnknown,
    ReportMoveRefused,
    check_version,
    locked,
    move,
    record,
    words_purpose,
)
from server.arrears.tables import (
    JointPart,
    JointReport,
    JointReportEvent,
    Outcome,
    ReportMove,
    ReportState,
)
from server.casework import workdays
from server.casework.officers import LOOKERS, NotAllowed, Officer, Role, require, scope
from server.casework.request_tables import Category
from server.casework.service_requests import WORKING_DAYS
from server.clock import china_day
from server.confidential.sealing import Safe
from server.records import audit
from server.records.audit import Action, Actor
from server.register.tables import Employer

DAYS_TO_ANSWER = 5
"""Working days that the workers have for what they are asked."""
DAYS_TO_TELL = 10
"""Working days within which they hear how it goes on, once the inspectors have it: a house rule."""
AT_ONCE = 50
_ADDS = frozenset({ReportMove.HAND_IN, ReportMove.TAKE_IN})
"""After these the report has people who do not stand in a file that was made before."""


class NotExported(Exception):
    """No file for the inspectors has everybody: none was made since people were added."""


class RecoveredTooMuch(Exception):
    """Somebody would have got more than they are owed; `part_id` is whose."""

    def __init__(self, part_id: str) -> None:
        super().__init__(part_id)
        self.part_id = part_id


class OutcomeUnfit(Exception):
    """What people got says something else than the outcome."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which reports to list; None: any."""

    states: frozenset[ReportState] = UNDER_WAY
    region: str | None = None
    """With all that lies in it."""
    overdue_on: date | None = None
    """Those that wait for an officer and whose time was over before this Asia/Shanghai day."""


def of_officer(session: Session, report_id: str, officer: Officer, regions: Regions) -> JointReport:
    """A report of the officer's regions; raises `JointReportUnknown`, `NotAllowed`."""
    if not officer.roles & LOOKERS:
        raise NotAllowed
    report = session.get(JointReport, report_id)
    if report is None or not officer.covers(report.region, regions):
        raise JointReportUnknown(report_id)
    return report


def listed(
    session: Session, officer: Officer, regions: Regions, wanted: Wanted, *, page: int = 1
) -> list[tuple[JointReport, Figures]]:
    """One page of reports with what they come to: those that wait for an officer first."""
    waits = case((col(JointReport.state).in_(WAITS_FOR_OFFICER), 0), else_=1)
    found = session.scalars(
        select(JointReport)
        .where(*_seen(officer, regions, wanted))
        .order_by(waits, col(JointReport.due_on), col(JointReport.id))
        .limit(AT_ONCE)
        .offset((page - 1) * AT_ONCE)
    ).all()
    sums = figures.of_parts(session, [report.id for report in found])
    return [(report, sums.get(report.id, NOTHING)) for report in found]


def counted(session: Session, officer: Officer, regions: Regions, wanted: Wanted) -> int:
    """How many reports there are."""
    query = select(func.count()).select_from(JointReport)
    return session.scalar(query.where(*_seen(officer, regions, wanted))) or 0


def total(session: Session, officer: Officer, regions: Regions) -> Figures:
    """What all reports of the officer's regions come to that were ever handed in."""
    row = session.execute(
        select(*figures.summed())
        .join(JointReport, col(JointReport.id) == col(JointReportEvent.report_id))
        .where(col(JointReport.region).in_(scope(officer, regions)))
    )
    return figures.as_figures(*row.one())


def parts_of(session: Session, report_id: str, *, page: int | None = None) -> list[JointPart]:
    """The parts of a report in the order people joined; a page of them, or all."""
    query = (
        select(JointPart)
        .where(col(JointPart.report_id) == report_id)
        .order_by(col(JointPart.joined_at), col(JointPart.id))
    )
    if page is not None:
        query = query.limit(AT_ONCE).offset((page - 1) * AT_ONCE)
    return list(session.scalars(query))


def history(session: Session, report_id: str) -> list[JointReportEvent]:
    """The moves of a report, the oldest first."""
    return list(
        session.scalars(
            select(JointReportEvent)
            .where(col(JointReportEvent.report_id) == report_id)
            .order_by(col(JointReportEvent.version))
        )
    )


def words_of(safe: Safe, event: JointReportEvent) -> str:
    """What was said with a move."""
    sealed = event.sealed_words
    return "" if sealed is None else safe.unseal(sealed, words_purpose(event))


def hand_in(
    session: Session,
    safe: Safe,
    report_id: str,
    *,
    by: Officer | int,
    regions: Regions,
    version: int | None = None,
    now: datetime,
) -> JointReport:
    """Hand a report in, as its starter (`by` a number) or as an officer of its region.

    From now on no part changes. Raises `JointReportUnknown`, `OnlyStarter`, `NotAllowed`,
    `JointReportChanged`, `ReportMoveRefused`.
    """
    report = locked(session, report_id)
    if isinstance(by, Officer):
        require(by, Role.CASE_OFFICER, report.region, regions)
    elif find_part(session, report.id, by) is None:
        raise JointReportUnknown(report_id)
    elif report.starter_id != by:
        raise OnlyStarter
    move(
        session, safe, report, ReportMove.HAND_IN, by=by, version=version, now=now,
        due_on=_in(now, WORKING_DAYS[Category.WAGES]), handed_in_at=report.handed_in_at or now,
    )  # fmt: skip
    return report


@dataclass(frozen=True, slots=True)
class Desk:
    """An officer who acts: where, and at what time."""

    session: Session
    safe: Safe
    regions: Regions
    by: Officer
    now: datetime

    def report(self, report_id: str) -> JointReport:
        """A report, locked; raises `JointReportUnknown`, `NotAllowed`."""
        report = locked(self.session, report_id)
        if not self.by.covers(report.region, self.regions):
            raise JointReportUnknown(report_id)
        require(self.by, Role.CASE_OFFICER, report.region, self.regions)
        return report

    def move(
        self, report: JointReport, what: ReportMove, version: int | None, **more: object
    ) -> JointReportEvent:
        """Make a move of a report that is locked."""
        return move(
            self.session, self.safe, report, what, by=self.by, version=version, now=self.now,
            **more,  # type: ignore[arg-type]
        )  # fmt: skip


def take(desk: Desk, report_id: str, *, version: int) -> JointReport:
    """Take a report that was handed in; raises `JointReportChanged`, `ReportMoveRefused`."""
    report = desk.report(report_id)
    desk.move(report, ReportMove.TAKE, version, due_on=report.due_on, assigned_to=desk.by.id)
    return report


def ask_back(desk: Desk, report_id: str, words: str, *, version: int) -> JointReport:
    """Ask everybody for something; they can change their parts until it is handed in again."""
    report = desk.report(report_id)
    # Somebody has to be there who can hand it in.
    has_starter(desk.session, report)
    due_on = _in(desk.now, DAYS_TO_ANSWER)
    desk.move(report, ReportMove.ASK_BACK, version, words=words, due_on=due_on)
    return report


def exported(
    desk: Desk, report_id: str, parts: Sequence[JointPart], *, version: int, digest: str
) -> JointReport:
    """Note that the file for the inspectors was made, and of whom names and numbers stand in it."""
    report = desk.report(report_id)
    desk.move(report, ReportMove.EXPORT, version, due_on=report.due_on, digest=digest)
    audit.record_all(
        desk.session,
        desk.safe,
        by=Actor.officer(desk.by.id),
        action=Action.EXPORTED,
        about="joint_part",
        rows=[(part.id, part.worker_id) for part in parts],
        fields=("name", "identity_number", "phone", "proofs"),
        reason=f"joint_report {report.id}",
        now=desk.now,
    )
    return report


def send(desk: Desk, report_id: str, *, version: int) -> JointReport:
    """Note that the inspectors have the file.

    Raises `NotExported` where none was made since people were last added to the report.
    """
    report = desk.report(report_id)
    events = history(desk.session, report_id)
    last = max((each.version for each in events if each.move in _ADDS), default=0)
    if not any(each.move == ReportMove.EXPORT and each.version > last for each in events):
        raise NotExported
    desk.move(report, ReportMove.SEND, version, due_on=_in(desk.now, DAYS_TO_TELL))
    return report


def tell(desk: Desk, report_id: str, words: str, *, version: int) -> JointReport:
    """Say how it goes on, to everybody who joined."""
    report = desk.report(report_id)
    desk.move(report, ReportMove.TELL, version, words=words, due_on=_next_word(desk, report))
    return report


def recover(
    desk: Desk, report_id: str, sums: Mapping[str, int], *, version: int
) -> tuple[JointReport, list[JointPart]]:
    """Note what people have got in all, in fen by part; returns those of whom it is news.

    Raises `RecoveredTooMuch` for more than they are owed, and what `tell` raises.
    """
    report = desk.report(report_id)
    parts = [part for part in parts_of(desk.session, report_id) if part.id in sums]
    changed = [part for part in parts if part.recovered_fen != sums[part.id]]
    for part in changed:
        if not 0 <= sums[part.id] <= part.amount_fen:
            raise RecoveredTooMuch(part.id)
        part.recovered_fen = sums[part.id]
        desk.session.add(part)
    if len(parts) < len(sums):
        raise JointReportUnknown(report_id)
    desk.session.flush()
    desk.move(report, ReportMove.RECOVER, version, due_on=_next_word(desk, report))
    return report, changed


def settle(
    desk: Desk, report_id: str, outcome: Outcome, words: str, *, version: int
) -> JointReport:
    """Say what came of it; `FULL`: everybody has got all they are owed.

    Raises `OutcomeUnfit` where what people got says otherwise.
    """
    report = desk.report(report_id)
    sums = figures.of_report(desk.session, report_id)
    fits = {
        Outcome.FULL: True,
        Outcome.PART: 0 < sums.recovered_fen < sums.amount_fen,
        Outcome.REFUSED: sums.recovered_fen == 0,
    }
    if not fits[outcome]:
        raise OutcomeUnfit
    for part in parts_of(desk.session, report_id):
        part.ended_at = desk.now
        if outcome is Outcome.FULL:
            part.recovered_fen = part.amount_fen
        desk.session.add(part)
    desk.session.flush()
    codes.close(report)
    desk.move(report, ReportMove.SETTLE, version, words=words, outcome=outcome, ended_at=desk.now)
    return report


def belongs_to(desk: Desk, report_id: str, employer_id: str, *, version: int) -> JointReport:
    """Say which employer of the register it is; raises `JointReportUnknown`."""
    report = desk.report(report_id)
    employer = desk.session.get(Employer, employer_id)
    check_version(desk.session, report, version)
    if report.state not in COUNTED:
        raise ReportMoveRefused(report.state)
    if employer is None or not desk.by.covers(employer.region, desk.regions):
        raise JointReportUnknown(employer_id)
    report.employer_id = employer.id
    desk.session.add(report)
    desk.session.flush()
    record(desk.session, desk.safe, report, Action.CHANGED, desk.by, desk.now)
    return report


def lapse(session: Session, safe: Safe, *, now: datetime) -> int:
    """Drop reports that nobody handed in though nobody can join them any more; how many.

    A code lives for a month, and the starter has another one to hand in. What people said goes.
    """
    over = session.scalars(
        select(JointReport)
        .where(
            col(JointReport.state) == ReportState.GATHERING,
            col(JointReport.code_until) < now - codes.GOOD_FOR,
        )
        # Who hands one in or renews its code at this moment was first.
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for report in over:
        id = report.id
        parts = parts_of(session, id)
        for part in parts:
            remove(session, part)
        audit.record_all(
            session,
            safe,
            by=Actor.job("arrears"),
            action=Action.DELETED,
            about="joint_part",
            rows=[(part.id, part.worker_id) for part in parts],
            now=now,
        )
        codes.close(report)
        move(session, safe, report, ReportMove.DROP, by=None, version=None, now=now, ended_at=now)
    return len(over)


def _next_word(desk: Desk, report: JointReport) -> date | None:
    is_sent = report.state == ReportState.SENT
    return _in(desk.now, DAYS_TO_TELL) if is_sent else report.due_on


def _in(now: datetime, days: int) -> date:
    return workdays.after(china_day(now), days)


def _seen(officer: Officer, regions: Regions, wanted: Wanted) -> list[ColumnElement[bool]]:
    if not officer.roles & LOOKERS:
        raise NotAllowed
    # No region is none: an empty list matches nothing.
    seen = scope(officer, regions)
    if wanted.region is not None:
        seen &= {wanted.region, *regions.descendants(wanted.region)}
    where: list[ColumnElement[bool]] = [
        col(JointReport.region).in_(seen),
        col(JointReport.state).in_(wanted.states),
    ]
    if wanted.overdue_on is not None:
        where += [
            col(JointReport.due_on) < wanted.overdue_on,
            col(JointReport.state).in_(WAITS_FOR_OFFICER),
        ]
    return where
