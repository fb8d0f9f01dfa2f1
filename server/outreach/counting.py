"""What came of campaigns: for each, and a week of them for the weekly report.

Told from letters, visits and cases, each with its instant: a past week gives the same again. An
erasure takes the person out of a letter, not the letter.
"""

from collections import Counter
from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session, col

from server.casework.tables import Case
from server.casework.weekly_reports import Week
from server.outreach.tables import Campaign, Letter, LetterState, LetterVisit

APPLIED_WITHIN = timedelta(days=30)
"""A case counts as brought about by a message that went out so long before it was handed in."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What came of a campaign until now."""

    waiting: int = 0
    handed: int = 0
    """On the way: what became of them is not known yet, or never will be."""
    delivered: int = 0
    failed: int = 0
    left_out: int = 0
    opened: int = 0
    checked: int = 0
    applied: int = 0


@dataclass(frozen=True, slots=True)
class CampaignLine:
    """A week of one campaign."""

    region: str
    title: str
    sent: int = 0
    delivered: int = 0
    failed: int = 0
    opened: int = 0
    checked: int = 0
    applied: int = 0


def effect(session: Session, campaign: Campaign) -> Effect:
    """What came of one campaign."""
    mine = col(Letter.campaign_id) == campaign.id
    states = session.execute(
        select(col(Letter.state), func.count()).where(mine).group_by(col(Letter.state))
    )
    visits = session.execute(
        select(col(LetterVisit.what), func.count())
        .where(col(LetterVisit.campaign_id) == campaign.id)
        .group_by(col(LetterVisit.what))
    )
    found: dict[str, int] = {state: int(count) for state, count in (*states, *visits)}
    applied = _applied(session, campaign.id) if campaign.measure is not None else 0
    return Effect(**found, applied=applied)


def errors(session: Session, campaign_id: str) -> list[tuple[str, int]]:
    """Why messages failed or were left out, the most frequent first."""
    rows = session.execute(
        select(col(Letter.error), func.count())
        .where(
            col(Letter.campaign_id) == campaign_id,
            col(Letter.state).in_((LetterState.FAILED, LetterState.LEFT_OUT)),
        )
        .group_by(col(Letter.error))
    )
    found = [(error or "", int(count)) for error, count in rows]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def lines(session: Session, week: Week, regions: Set[str]) -> list[CampaignLine]:
    """What campaigns of some regions sent and brought about in a week."""
    sums: dict[str, Counter[str]] = {}

    def add(name: str, rows: Any) -> None:
        for campaign_id, count in rows:
            if count:
                sums.setdefault(campaign_id, Counter())[name] += int(count)

    key = col(Letter.campaign_id)
    counted = select(key, func.count()).group_by(key)
    add("sent", session.execute(counted.where(_within(Letter.handed_at, week))))
    for state in (LetterState.DELIVERED, LetterState.FAILED):
        of = counted.where(_within(Letter.settled_at, week), col(Letter.state) == state)
        add(state, session.execute(of))
    visited = col(LetterVisit.campaign_id)
    for campaign_id, what, count in session.execute(
        select(visited, col(LetterVisit.what), func.count())
        .where(_within(LetterVisit.at, week))
        .group_by(visited, col(LetterVisit.what))
    ):
        add(what, [(campaign_id, count)])
    add("applied", _applied_in(session, week))
    campaigns = session.scalars(
        select(Campaign).where(col(Campaign.id).in_(sums), col(Campaign.region).in_(regions))
    )
    return sorted(
        (
            CampaignLine(each.region, each.title, **dict[str, Any](sums[each.id]))
            for each in campaigns
        ),
        key=lambda line: (line.region, line.title),
    )


def _within(instant: Any, week: Week) -> ColumnElement[bool]:
    return (col(instant) >= week.begin) & (col(instant) < week.end)


def _applied(session: Session, campaign_id: str) -> int:
    return sum(
        _is_brought_about(handed, submitted)
        for _, handed, submitted in _cases(session, col(Letter.campaign_id) == campaign_id)
    )


def _applied_in(session: Session, week: Week) -> list[tuple[str, int]]:
    counted: Counter[str] = Counter()
    for campaign_id, handed, submitted in _cases(session, _within(Case.submitted_at, week)):
        counted[campaign_id] += _is_brought_about(handed, submitted)
    return sorted(counted.items())


def _cases(session: Session, which: ColumnElement[bool]) -> Any:
    """Cases of a campaign's measure by people who got its message: when it went, when handed in."""
    return session.execute(
        select(col(Letter.campaign_id), col(Letter.handed_at), col(Case.submitted_at))
        .join(Campaign, col(Campaign.id) == col(Letter.campaign_id))
        .join(
            Case,
            (col(Case.worker_id) == col(Letter.worker_id))
            & (col(Case.measure) == col(Campaign.measure)),
        )
        .where(col(Letter.handed_at).is_not(None), col(Case.submitted_at).is_not(None), which)
    ).all()


def _is_brought_about(handed: datetime, submitted: datetime) -> bool:
    return handed <= submitted <= handed + APPLIED_WITHIN
