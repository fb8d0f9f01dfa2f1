"""Reports about one employer under several names: who looks alike, and making two of them one."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz import fuzz
from sqlalchemy import select, update
from sqlmodel import Session, col

from server.arrears import codes
from server.arrears.handling import Desk, parts_of
from server.arrears.joining import remove
from server.arrears.moves import MOVES, UNDER_WAY
from server.arrears.moving import ReportMoveRefused
from server.arrears.tables import JointPart, JointReport, ReportMove, ReportState
from server.casework.officers import scope
from server.records import audit
from server.records.audit import Action, Actor
from server.register.tables import Employer

ALIKE = 80
"""How alike two names have to be, of 100, to be shown; an officer decides."""
_MOST = 10
# What all firms are called; two that share no more than this are not alike.
_COMMON = re.compile(
    r"股份有限公司|有限责任公司|有限公司|责任公司|分公司|总公司|公司|集团|工厂|厂|店|部|工地|项目|\W"
)


class NotAlike(Exception):
    """A report can't be merged into itself."""


@dataclass(frozen=True, slots=True)
class Alike:
    """A report that may be about the same employer, and how alike the names are, of 100."""

    report: JointReport
    score: int


def alike(session: Session, report: JointReport, desk: Desk) -> list[Alike]:
    """Reports of the officer's regions that are under way or gathering, the most alike first."""
    found = session.scalars(
        select(JointReport).where(
            col(JointReport.region).in_(scope(desk.by, desk.regions)),
            col(JointReport.state).in_({*UNDER_WAY, ReportState.GATHERING}),
            col(JointReport.id) != report.id,
        )
    )
    scored = [Alike(other, _score(report, other)) for other in found]
    close = [each for each in scored if each.score >= ALIKE]
    return sorted(close, key=lambda each: (-each.score, each.report.id))[:_MOST]


def employers_like(session: Session, report: JointReport, regions: Iterable[str]) -> list[Employer]:
    """Employers of the register in some regions that may be the one of a report."""
    found = session.scalars(select(Employer).where(col(Employer.region).in_(list(regions))))
    mine = _core(report.employer)
    scored = [(_alike(mine, _core(each.name)), each) for each in found]
    close = [(score, each) for score, each in scored if score >= ALIKE]
    return [each for _, each in sorted(close, key=lambda pair: (-pair[0], pair[1].name))[:_MOST]]


def merge(desk: Desk, from_id: str, into_id: str, *, version: int) -> JointReport:
    """Make the parts of one report those of another that was handed in; who is in both counts once.

    Of such a person the part that was changed last stays. `version` is that of the report that
    goes. Raises `NotAlike`, `JointReportChanged`, `ReportMoveRefused`.
    """
    if from_id == into_id:
        raise NotAlike
    # In one order: two officers who merge the other way round must not block each other.
    both = {id: desk.report(id) for id in sorted((from_id, into_id))}
    gone, kept = both[from_id], both[into_id]
    for report, what in ((gone, ReportMove.MERGE), (kept, ReportMove.TAKE_IN)):
        if ReportState(report.state) not in MOVES[what]:
            raise ReportMoveRefused(report.state)
    twice = _move_parts(desk.session, gone, kept)
    audit.record_all(
        desk.session,
        desk.safe,
        by=Actor.officer(desk.by.id),
        action=Action.DELETED,
        about="joint_part",
        rows=[(part.id, part.worker_id) for part in twice],
        reason=f"joint_report {kept.id}",
        now=desk.now,
    )
    codes.close(gone)
    desk.move(gone, ReportMove.MERGE, version, merged_into=kept.id, ended_at=desk.now)
    desk.move(kept, ReportMove.TAKE_IN, None, due_on=kept.due_on)
    return kept


def _move_parts(session: Session, gone: JointReport, kept: JointReport) -> list[JointPart]:
    """Make the parts of one those of the other; returns those that were one person's second."""
    removed = []
    # By the number, and by the account: who corrected their number in between is one person, too.
    there = {name: part for part in parts_of(session, kept.id) for name in _names(part)}
    for part in parts_of(session, gone.id):
        other = next(filter(None, map(there.get, _names(part))), None)
        if other is not None:
            older = min(other, part, key=lambda each: (each.changed_at, each.id))
            # What has been paid out once is not forgotten.
            newer = part if older is other else other
            there.update(dict.fromkeys((*_names(other), *_names(part)), newer))
            newer.recovered_fen = min(
                newer.amount_fen, max(newer.recovered_fen, older.recovered_fen)
            )
            session.add(newer)
            remove(session, older)
            removed.append(older)
    session.execute(
        update(JointPart).where(col(JointPart.report_id) == gone.id).values(report_id=kept.id)
    )
    return removed


def _names(part: JointPart) -> list[str | int]:
    return [*filter(None, [part.identity_hash]), part.worker_id]


def _score(one: JointReport, other: JointReport) -> int:
    if one.employer_id is not None and one.employer_id == other.employer_id:
        return 100
    return _alike(_core(one.employer), _core(other.employer))


def _alike(first: str, second: str) -> int:
    if not first or not second:
        return 0
    # A short name within a longer one: 某建筑 and 石狮市某建筑工程.
    shorter, longer = sorted((first, second), key=len)
    if len(shorter) >= 3 and shorter in longer:
        return 100
    return round(fuzz.ratio(first, second))


def _core(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name).lower()
    return _COMMON.sub("", plain)
