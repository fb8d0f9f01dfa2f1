"""Sending a campaign: into the outbox batch by batch, by day, to nobody twice.

A batch is one transaction that writes the notices and marks their letters: wherever a process dies,
the next one goes on with those who wait, and nobody gets it twice. That a person gets one message a
day, of all campaigns together, is the database's to hold.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from server.casework.opting_out import OUTREACH, OutOfOutreach
from server.casework.tables import OptOut
from server.clock import Clock, china_day
from server.confidential.sealing import Safe
from server.database.db import Database
from server.database.tables import Notice, NoticeState
from server.notices import outbox
from server.notices.outbox import Addressed
from server.notices.templates import NoticeKind, is_quiet
from server.outreach import campaigns, links
from server.outreach.tables import Campaign, CampaignState, Channel, Letter, LetterState
from server.personal import people
from server.settings import Settings

AT_ONCE = 200
"""Messages of one transaction."""
_RETRIES = 3
_HINT = "点开看全文，不想再收也在里面改"
_OUTCOMES = {
    NoticeState.SENT: LetterState.DELIVERED,
    NoticeState.REFUSED: LetterState.FAILED,
    NoticeState.UNKNOWN: LetterState.FAILED,
}


@dataclass(frozen=True, slots=True)
class Mailing:
    """With what messages are handed to the outbox; no `app_id`: WeChat reaches nobody."""

    safe: Safe
    app_id: str
    template_ids: Mapping[str, str]


def mailing_of(settings: Settings, safe: Safe) -> Mailing:
    """How messages of campaigns reach WeChat: where mini-program or template are missing, not."""
    template_ids = settings.wechat_template_ids
    app_id = settings.wechat_mini_app_id if NoticeKind.OUTREACH in template_ids else None
    return Mailing(safe, app_id or "", template_ids)


def any_under_way(database: Database) -> bool:
    """Whether a campaign is being sent, or was stopped: there may be something to do."""
    states = "('sending', 'stopped')"
    return database.fetch(f"SELECT 1 FROM campaign WHERE state IN {states}") is not None


def go_on(database: Database, mailing: Mailing, *, clock: Clock, batches: int = 2) -> Counter[str]:
    """Hand over some batches of the campaigns that are under way, and note what became of others.

    To be called again and again; what is quiet or over is seen to here. Counts `handed`,
    `delivered`, `failed`, `left_out`.
    """
    counted: Counter[str] = Counter()
    with database.read() as session:
        ids = session.scalars(
            select(col(Campaign.id))
            .where(col(Campaign.state) == CampaignState.SENDING)
            .order_by(col(Campaign.confirmed_at))
        ).all()
    for campaign_id in ids:
        _put_off(database, campaign_id, clock())
        while batches > 0 and (some := hand_over(database, mailing, campaign_id, now=clock())):
            counted.update(some)
            batches -= 1
    with database.read() as session:
        open_ = _unsettled(session, clock())
    for campaign_id in open_:
        with database.begin() as session:
            counted["left_out"] += _spare(session, campaign_id, clock())
            counted.update(_settle(session, campaign_id, clock()))
            counted["left_out"] += _finish(session, campaign_id, clock())
    return counted


def _put_off(database: Database, campaign_id: str, now: datetime) -> None:
    """Take back what did not leave the outbox on its day: on another it could be the second one."""
    quiet = is_quiet(NoticeKind.OUTREACH, now)
    with database.begin() as session:
        campaigns.take_back(
            session,
            campaign_id,
            before=None if quiet else china_day(now),
            state=LetterState.WAITING,
        )


def hand_over(
    database: Database, mailing: Mailing, campaign_id: str, *, at_most: int = AT_ONCE, now: datetime
) -> Counter[str]:
    """One batch into the outbox, in one transaction; empty: nobody is left for today, or quiet."""
    if is_quiet(NoticeKind.OUTREACH, now):
        return Counter()
    for _ in range(_RETRIES):
        try:
            with database.begin() as session:
                return _hand_over(session, mailing, campaign_id, at_most, now)
        except IntegrityError:
            # Another campaign reached one of these people at this moment.
            continue
    return Counter()


def claim_day(
    session: Session, safe: Safe, campaign_id: str, channel: Channel, at_most: int, now: datetime
) -> tuple[list[Letter], int]:
    """Letters that wait and may go today, marked as handed over; and how many opted out meanwhile.

    Raises the database's IntegrityError where another campaign was faster with somebody.
    """
    today = china_day(now)
    campaign = session.scalars(
        # Whoever stops it waits until these are out, or was first.
        select(Campaign).where(col(Campaign.id) == campaign_id).with_for_update()
    ).one()
    if campaign.state != CampaignState.SENDING or today > campaign.last_on:
        return [], 0
    rows = session.scalars(
        select(Letter)
        .where(*_waiting(campaign_id, channel), ~_had_one(today))
        .order_by(col(Letter.id))
        .limit(at_most)
        .with_for_update(skip_locked=True)
    ).all()
    out = OutOfOutreach(session, safe)
    phones = people.verified_hashes(session, [each.worker_id for each in rows])
    gone = [
        each.id
        for each in rows
        if out.has(each.worker_id, filter(None, [each.person, phones.get(each.worker_id)]))
    ]
    if gone:
        _mark(session, gone, **campaigns.gone("opted_out", now))
    going = [each for each in rows if each.id not in set(gone)]
    ids = [each.id for each in going]
    _mark(session, ids, state=LetterState.HANDED, sent_on=today, handed_at=now)
    return going, len(gone)


def _hand_over(
    session: Session, mailing: Mailing, campaign_id: str, at_most: int, now: datetime
) -> Counter[str]:
    going, gone = claim_day(session, mailing.safe, campaign_id, Channel.WECHAT, at_most, now)
    if not going:
        return Counter(left_out=gone) if gone else Counter()
    campaign = session.get_one(Campaign, campaign_id)
    workers = [each.worker_id for each in going]
    to = people.addresses(session, mailing.safe, workers, mailing.app_id)
    values = {
        "title": campaign.title,
        "sender": campaign.sender,
        "on": f"{china_day(now):%Y-%m-%d}",
        "hint": _HINT,
    }
    outbox.add_many(
        session,
        mailing.safe,
        mailing.template_ids,
        kind=NoticeKind.OUTREACH,
        app_id=mailing.app_id,
        these=[
            Addressed(
                each.id,
                each.worker_id,
                to.get(each.worker_id),
                {**values, "letter": links.token_of(mailing.safe, campaign_id, each.id)},
            )
            for each in going
        ],
        now=now,
    )
    return Counter(handed=len(going), left_out=gone)


def _unsettled(session: Session, now: datetime) -> Sequence[str]:
    """Campaigns that are under way, or were stopped lately with messages in the air."""
    return session.scalars(
        select(col(Campaign.id)).where(
            or_(
                col(Campaign.state) == CampaignState.SENDING,
                (col(Campaign.state) == CampaignState.STOPPED)
                & (col(Campaign.ended_at) > now - outbox.MOST_AGE),
            )
        )
    ).all()


def _settle(session: Session, campaign_id: str, now: datetime) -> Counter[str]:
    """Note of letters in the outbox what became of them, once it is known."""
    counted: Counter[str] = Counter()
    in_outbox = (
        col(Letter.campaign_id) == campaign_id,
        col(Letter.channel) == Channel.WECHAT,
        col(Letter.state) == LetterState.HANDED,
    )
    for was, becomes in _OUTCOMES.items():
        notice = select(Notice).where(col(Notice.id) == col(Letter.id), col(Notice.state) == was)
        counted[becomes] += (
            session.connection()
            .execute(
                update(Letter)
                .where(*in_outbox, notice.exists())
                .values(
                    state=becomes,
                    settled_at=now,
                    error=select(col(Notice.error))
                    .where(col(Notice.id) == col(Letter.id))
                    .scalar_subquery(),
                )
            )
            .rowcount
        )
    lost = select(Notice).where(col(Notice.id) == col(Letter.id)).exists()
    # Whoever opts out takes along what still lies in the outbox for them.
    is_out = select(OptOut).where(
        col(OptOut.worker_id) == col(Letter.worker_id), col(OptOut.measure) == OUTREACH
    )
    counted[LetterState.LEFT_OUT] += (
        session.connection()
        .execute(
            update(Letter)
            .where(*in_outbox, ~lost, is_out.exists())
            .values(campaigns.gone("opted_out", now))
        )
        .rowcount
    )
    # The person was erased meanwhile, and the notice with them.
    counted[LetterState.FAILED] += (
        session.connection()
        .execute(
            update(Letter)
            .where(*in_outbox, ~lost)
            .values(state=LetterState.FAILED, settled_at=now, error="gone")
        )
        .rowcount
    )
    return counted


def _spare(session: Session, campaign_id: str, now: datetime) -> int:
    """Take back what was in the air when a campaign was stopped, and is to be tried again."""
    campaign = session.get_one(Campaign, campaign_id)
    if campaign.state != CampaignState.STOPPED:
        return 0
    return campaigns.take_back(session, campaign_id, **campaigns.gone("stopped", now))


def _finish(session: Session, campaign_id: str, now: datetime) -> int:
    """End a campaign that nobody waits for any more, or whose last day is over."""
    campaign = session.scalars(
        select(Campaign).where(col(Campaign.id) == campaign_id).with_for_update()
    ).one()
    if campaign.state != CampaignState.SENDING:
        return 0
    spared = 0
    if china_day(now) > campaign.last_on:
        spared = campaigns.left_out(session, campaign_id, LetterState.WAITING, "too_late", now)
    # Of text messages the tool tells later, or never, what became of them.
    in_air = (col(Letter.state) == LetterState.HANDED) & (col(Letter.channel) == Channel.WECHAT)
    left = session.scalar(
        select(func.count()).where(
            col(Letter.campaign_id) == campaign_id,
            or_(col(Letter.state) == LetterState.WAITING, in_air),
        )
    )
    if not left:
        campaign.state, campaign.ended_at = CampaignState.DONE, now
        campaign.version += 1
        session.add(campaign)
    return spared


def _waiting(campaign_id: str, channel: Channel) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Letter.campaign_id) == campaign_id,
        col(Letter.channel) == channel,
        col(Letter.state) == LetterState.WAITING,
    )


def _had_one(today: Any) -> ColumnElement[bool]:
    other = Letter.__table__.alias("other").c  # type: ignore[attr-defined]
    # Whoever said meanwhile who they are is known by another name than the campaign before knew.
    same = (other.person == col(Letter.person), other.worker_id == col(Letter.worker_id))
    return or_(*(exists().where(each, other.sent_on == today) for each in same))


def _mark(session: Session, ids: Sequence[str], **values: Any) -> None:
    if ids:
        session.execute(update(Letter).where(col(Letter.id).in_(ids)).values(**values))
