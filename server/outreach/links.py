"""Links of campaigns: what comes by one is counted, and does not tell who came.

The token is made of the campaign and of a keyed hash of the message, and proves itself. Nothing
that is stored of a visit leads back to the person without the service's secret.
"""

import hmac
import re
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlmodel import Session, col

from server.confidential.sealing import Safe
from server.database.db import insert_new
from server.outreach.tables import Campaign, CampaignState, Letter, LetterVisit, Visit

KEPT_FOR = timedelta(days=90)
"""So long after its end a campaign's visits are counted."""
_TOKEN = re.compile(r"(N[0-9A-Z]{1,15})-([0-9a-f]{12})([0-9a-f]{8})")


class LetterUnknown(LookupError):
    """There is no such letter."""


def token_of(safe: Safe, campaign_id: str, letter_id: str) -> str:
    """The token in the link of one message: at most 37 letters, digits and a dash."""
    reader = safe.hash("letter reader", letter_id)[:12]
    return f"{campaign_id}-{reader}{_proof(safe, campaign_id, reader)}"


def campaign_of(session: Session, safe: Safe, token: str) -> tuple[Campaign, str]:
    """The campaign that a link leads to, and the reader to count; raises `LetterUnknown`."""
    read = _TOKEN.fullmatch(token)
    if read is None or not hmac.compare_digest(read[3], _proof(safe, read[1], read[2])):
        raise LetterUnknown
    campaign = session.get(Campaign, read[1])
    if campaign is None or campaign.confirmed_at is None:
        raise LetterUnknown
    return campaign, read[2]


def is_new(session: Session, campaign: Campaign, reader: str, what: Visit) -> bool:
    """Whether this visit is not counted yet: most are looked at again, and write nothing."""
    return session.get(LetterVisit, (campaign.id, reader, what.value)) is None


def count(session: Session, campaign: Campaign, reader: str, what: Visit, *, now: datetime) -> None:
    """Count a visit, once for each message; one long after the end no more."""
    ended = campaign.ended_at if campaign.state != CampaignState.SENDING else None
    if ended is None or now <= ended + KEPT_FOR:
        insert_new(session, LetterVisit, campaign_id=campaign.id, reader=reader, what=what, at=now)


def of_worker(session: Session, worker_id: int, at_most: int = 50) -> list[tuple[Letter, Campaign]]:
    """What went out to a worker, the newest first."""
    rows = session.execute(
        select(Letter, Campaign)
        .join(Campaign, col(Campaign.id) == col(Letter.campaign_id))
        .where(col(Letter.worker_id) == worker_id, col(Letter.handed_at).is_not(None))
        .order_by(col(Letter.handed_at).desc())
        .limit(at_most)
    )
    return [(row[0], row[1]) for row in rows]


def move(session: Session, before: int, worker_id: int) -> None:
    """Give what went out to somebody of the register, or is to go, to who proved to be them.

    Else they could get a second message on one day, and what waits for them would reach nobody.
    """
    session.execute(
        update(Letter).where(col(Letter.worker_id) == before).values(worker_id=worker_id)
    )


def _proof(safe: Safe, campaign_id: str, reader: str) -> str:
    return safe.hash("letter link", campaign_id, reader)[:8]
