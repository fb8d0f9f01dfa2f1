"""Campaigns from the proposal to their end: who may do what, from where to where."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlmodel import Session, col

from knowledge.regions import Regions
from server.casework.officers import (
    LOOKERS,
    MOVERS,
    NotAllowed,
    Officer,
    Role,
    SecondOfficerNeeded,
    require,
    require_one,
    scope,
)
from server.clock import china_day
from server.confidential.sealing import Safe
from server.database import db, numbering
from server.database.db import load_within
from server.database.tables import Notice, NoticeState
from server.outreach.audiences import Audience
from server.outreach.choosing import Chosen
from server.outreach.tables import Campaign, CampaignState, Channel, Letter, LetterState
from server.records import audit
from server.records.audit import Action

LONGEST = timedelta(days=31)
"""A campaign goes out within so many days after it was proposed."""
_AT_ONCE = 500
_LETTERS = ("id", "campaign_id", "worker_id", "person", "channel", "state")


class CampaignUnknown(LookupError):
    """There is no such campaign, or none for whoever asks."""


class CampaignChanged(Exception):
    """Somebody else has moved the campaign meanwhile, or it does not stand where this starts."""


class CampaignUnfit(ValueError):
    """What a proposal says can't be so; `field` says which."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class AudienceMoved(Exception):
    """Others are meant than were counted: they have to be counted again, and looked at."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a campaign says and to whom, as it was entered and checked."""

    title: str
    words: str
    sender: str
    audience: Audience
    channels: tuple[Channel, ...]
    last_on: date
    measure: str | None = None
    release_id: int | None = None

    def columns(self) -> dict[str, Any]:
        """The columns of the row."""
        told = {n: getattr(self, n) for n in self.__slots__ if n not in ("audience", "channels")}
        return told | {
            "region": self.audience.region,
            "audience": self.audience.as_json(),
            "channels": ",".join(self.channels),
        }


def propose(
    session: Session,
    safe: Safe,
    proposal: Proposal,
    chosen: Chosen,
    *,
    by: Officer,
    regions: Regions,
    now: datetime,
) -> Campaign:
    """Enter a campaign with whom it would reach; it waits for a second officer.

    Raises `NotAllowed`, `CampaignUnfit`.
    """
    require(by, Role.CASE_OFFICER, proposal.audience.region, regions)
    _check(proposal, china_day(now))
    campaign = Campaign(
        id=numbering.number(now, "N"),
        state=CampaignState.PROPOSED,
        counts=json.dumps(chosen.counts),
        digest=chosen.digest,
        proposed_by=by.id,
        created_at=now,
        changed_at=now,
        **proposal.columns(),
    )
    session.add(campaign)
    session.flush()
    _audit(session, safe, campaign, by, Action.CREATED, now)
    return campaign


def change(
    session: Session,
    safe: Safe,
    campaign: Campaign,
    proposal: Proposal,
    chosen: Chosen,
    *,
    by: Officer,
    regions: Regions,
    version: int,
    now: datetime,
) -> None:
    """Say it otherwise, or to others, while it waits; raises what `propose` raises.

    Whoever changes it is the author from then on.
    """
    require(by, Role.CASE_OFFICER, campaign.region, regions)
    require(by, Role.CASE_OFFICER, proposal.audience.region, regions)
    _check(proposal, china_day(now))
    values = {**proposal.columns(), **_counted(chosen), "proposed_by": by.id}
    _step(session, campaign, {CampaignState.PROPOSED}, version, now, **values)
    _audit(session, safe, campaign, by, Action.CHANGED, now)


def recount(
    session: Session,
    safe: Safe,
    campaign: Campaign,
    chosen: Chosen,
    *,
    by: Officer,
    regions: Regions,
    version: int,
    now: datetime,
) -> None:
    """Note how many there are now; raises `NotAllowed`, `CampaignChanged`."""
    require_one(by, MOVERS, campaign.region, regions)
    _step(session, campaign, {CampaignState.PROPOSED}, version, now, **_counted(chosen))
    _audit(session, safe, campaign, by, Action.READ, now)


def confirm(
    session: Session,
    safe: Safe,
    campaign: Campaign,
    chosen: Chosen,
    *,
    by: Officer,
    regions: Regions,
    version: int,
    now: datetime,
) -> None:
    """Let it go, to exactly these people; `chosen` is who is meant at this moment.

    Raises `NotAllowed`, `SecondOfficerNeeded`, `AudienceMoved`, `CampaignChanged`,
    `CampaignUnfit` where its last day is over.
    """
    require(by, Role.APPROVER, campaign.region, regions)
    if by.id == campaign.proposed_by:
        raise SecondOfficerNeeded
    if chosen.digest != campaign.digest:
        raise AudienceMoved
    if china_day(now) > campaign.last_on:
        raise CampaignUnfit("last_on")
    state = CampaignState.SENDING if chosen.recipients else CampaignState.DONE
    values: dict[str, Any] = {"state": state, "decided_by": by.id, "confirmed_at": now}
    values["ended_at"] = None if chosen.recipients else now
    _step(session, campaign, {CampaignState.PROPOSED}, version, now, **_counted(chosen), **values)
    load_within(
        session,
        "letter",
        _LETTERS,
        [
            (
                f"M{secrets.token_hex(12)}", campaign.id, each.worker_id, each.person,
                each.channel.value, LetterState.WAITING.value,
            )
            for each in chosen.recipients
        ],
    )  # fmt: skip
    _audit(session, safe, campaign, by, Action.DECIDED, now, "confirmed")


def refuse(
    session: Session,
    safe: Safe,
    campaign: Campaign,
    *,
    by: Officer,
    regions: Regions,
    version: int,
    reason: str,
    now: datetime,
) -> None:
    """Let it not go, or take one's own proposal back; raises `NotAllowed`, `CampaignChanged`."""
    require_one(by, MOVERS, campaign.region, regions)
    values = {"state": CampaignState.REFUSED, "decided_by": by.id, "reason": reason}
    _step(session, campaign, {CampaignState.PROPOSED}, version, now, ended_at=now, **values)
    _audit(session, safe, campaign, by, Action.DECIDED, now, "refused")


def stop(
    session: Session,
    safe: Safe,
    campaign: Campaign,
    *,
    by: Officer,
    regions: Regions,
    version: int,
    reason: str,
    now: datetime,
) -> int:
    """Send no more of it, from this moment on; gives how many messages that spared.

    What is on its way to WeChat at this moment arrives, unless it fails: it is not tried again.
    Raises `NotAllowed`, `CampaignChanged`.
    """
    require_one(by, MOVERS, campaign.region, regions)
    values = {"state": CampaignState.STOPPED, "reason": reason, "ended_at": now}
    _step(session, campaign, {CampaignState.SENDING}, version, now, **values)
    spared = left_out(session, campaign.id, LetterState.WAITING, "stopped", now)
    spared += take_back(session, campaign.id, **gone("stopped", now))
    _audit(session, safe, campaign, by, Action.DECIDED, now, "stopped")
    return spared


def take_back(
    session: Session, campaign_id: str, *, before: date | None = None, **becomes: Any
) -> int:
    """Take messages out of the outbox that have not left it, handed over `before` a day.

    They count as never sent; `becomes`: what stands in their letters instead. How many there were.
    """
    mine = select(col(Letter.id)).where(
        col(Letter.campaign_id) == campaign_id, col(Letter.state) == LetterState.HANDED
    )
    if before is not None:
        mine = mine.where(col(Letter.sent_on) < before)
    # Whoever claims them at this moment was first: those arrive.
    due = session.scalars(
        select(col(Notice.id))
        .where(col(Notice.state) == NoticeState.DUE, col(Notice.id).in_(mine))
        .with_for_update(skip_locked=True)
    ).all()
    values = {"sent_on": None, "handed_at": None, **becomes}
    for start in range(0, len(due), _AT_ONCE):
        some = due[start : start + _AT_ONCE]
        session.execute(delete(Notice).where(col(Notice.id).in_(some)))
        session.execute(update(Letter).where(col(Letter.id).in_(some)).values(**values))
    return len(due)


def left_out(
    session: Session, campaign_id: str, state: LetterState, error: str, now: datetime
) -> int:
    """Give up the messages of a campaign that are in a state; how many there were."""
    found = session.connection().execute(
        update(Letter)
        .where(col(Letter.campaign_id) == campaign_id, col(Letter.state) == state)
        .values(gone(error, now))
    )
    return found.rowcount


def gone(error: str, now: datetime) -> dict[str, Any]:
    """What stands in a letter that never went: not whose it would have been, either."""
    return {
        "state": LetterState.LEFT_OUT, "error": error, "settled_at": now, "person": None,
        "sent_on": None, "handed_at": None,
    }  # fmt: skip


def of_officer(session: Session, campaign_id: str, officer: Officer, regions: Regions) -> Campaign:
    """A campaign of the officer's regions; raises `CampaignUnknown`, `NotAllowed`."""
    if not officer.roles & LOOKERS:
        raise NotAllowed
    campaign = session.get(Campaign, campaign_id)
    if campaign is None or not officer.covers(campaign.region, regions):
        raise CampaignUnknown(campaign_id)
    return campaign


def waiting_for(session: Session, officer: Officer, regions: Regions) -> int:
    """How many campaigns wait for this officer to read them over."""
    if Role.APPROVER not in officer.roles:
        return 0
    found = session.scalar(
        select(func.count()).where(
            col(Campaign.state) == CampaignState.PROPOSED,
            col(Campaign.region).in_(scope(officer, regions)),
            col(Campaign.proposed_by) != officer.id,
        )
    )
    return found or 0


def listed(
    session: Session, officer: Officer, regions: Regions, at_most: int = 50
) -> list[Campaign]:
    """The newest campaigns of the officer's regions."""
    within = col(Campaign.region).in_(scope(officer, regions))
    newest = select(Campaign).where(within).order_by(col(Campaign.id).desc())
    return list(session.scalars(newest.limit(at_most)))


def channels_of(campaign: Campaign) -> tuple[Channel, ...]:
    """By which channels it goes, the preferred one first."""
    return tuple(Channel(each) for each in campaign.channels.split(","))


def counts_of(campaign: Campaign) -> Mapping[str, int]:
    """How many it was counted for: `meant`, by channel, by why not."""
    found: dict[str, int] = json.loads(campaign.counts)
    return found


def _check(proposal: Proposal, today: date) -> None:
    if not proposal.channels:
        raise CampaignUnfit("channels")
    if not today <= proposal.last_on <= today + LONGEST:
        raise CampaignUnfit("last_on")


def _counted(chosen: Chosen) -> dict[str, Any]:
    return {"counts": json.dumps(chosen.counts), "digest": chosen.digest}


def _step(
    session: Session,
    campaign: Campaign,
    from_: set[CampaignState],
    version: int,
    now: datetime,
    **values: Any,
) -> None:
    is_there = col(Campaign.state).in_(from_)
    if not db.change_version(session, campaign, version, is_there, changed_at=now, **values):
        raise CampaignChanged(campaign.id)


def _audit(
    session: Session,
    safe: Safe,
    campaign: Campaign,
    by: Officer,
    action: Action,
    now: datetime,
    reason: str = "",
) -> None:
    audit.record(
        session,
        safe,
        by=audit.Actor.officer(by.id),
        action=action,
        about="campaign",
        row=campaign.id,
        worker_id=None,
        reason=reason,
        now=now,
    )
