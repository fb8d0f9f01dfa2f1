"""The tables of outreach, on SQLite and PostgreSQL alike."""

# No `from __future__ import annotations` here: SQLModel reads the annotations at class creation.

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, String, Text, UniqueConstraint
from sqlmodel import Field

from server.database.tables import Instant, Row, words


class CampaignState(StrEnum):
    """Where a campaign stands."""

    PROPOSED = "proposed"
    """Counted, waits for a second officer."""
    SENDING = "sending"
    DONE = "done"
    """Nobody is left who waits for it."""
    STOPPED = "stopped"
    REFUSED = "refused"


class Channel(StrEnum):
    """How a message reaches somebody."""

    WECHAT = "wechat"
    """A subscribe message of the mini-program, through the outbox."""
    SMS = "sms"
    """A line of the file for the union's own tool."""


class LetterState(StrEnum):
    """What became of one person's message."""

    WAITING = "waiting"
    HANDED = "handed"
    """To the outbox, or written into the file for the SMS tool."""
    DELIVERED = "delivered"
    FAILED = "failed"
    LEFT_OUT = "left_out"
    """Opted out, or the campaign was over, before it went."""


class Visit(StrEnum):
    """What somebody did by the link."""

    OPENED = "opened"
    CHECKED = "checked"
    """Began a self-check; what they said in it is stored nowhere."""


class Campaign(Row, table=True):
    """One message, to whom it is meant (`audience`, JSON) and how many they were when counted."""

    __table_args__ = (
        CheckConstraint(f"state IN ({words(CampaignState)})", name="state"),
        Index(None, "region", "state"),
    )

    id: str = Field(sa_type=String(16), primary_key=True)
    region: str = Field(sa_type=String(64))
    title: str = Field(sa_type=String(64))
    words: str = Field(sa_type=Text)
    sender: str = Field(sa_type=String(64))
    """Whose message it is: the unit as people know it."""
    measure: str | None = Field(default=None, sa_type=String(64))
    """Where the link leads, and a case for what counts as applied."""
    audience: str = Field(sa_type=Text)
    channels: str = Field(sa_type=String(32))
    """Joined by commas, the preferred one first."""
    last_on: date
    """The last day on which it goes out."""
    state: str = Field(sa_type=String(16))
    version: int = 1
    counts: str = Field(sa_type=Text)
    """How many are meant, by channel and why not, as JSON."""
    digest: str = Field(sa_type=String(64))
    """Of who is meant: what a second officer confirms."""
    release_id: int | None = None
    """The release whose change it tells of."""
    proposed_by: int = Field(foreign_key="officer.id")
    decided_by: int | None = Field(default=None, foreign_key="officer.id")
    reason: str = Field(default="", sa_type=Text)
    """Why it was refused or stopped."""
    created_at: datetime = Field(sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)
    confirmed_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


class Letter(Row, table=True):
    """A campaign's message to one person.

    `person` is the keyed hash of the identity number where it is known: on one day a person gets
    one message, whichever campaign it is of, and under whatever account.
    """

    __table_args__ = (
        CheckConstraint(f"channel IN ({words(Channel)})", name="channel"),
        CheckConstraint(f"state IN ({words(LetterState)})", name="state"),
        UniqueConstraint("campaign_id", "person"),
        UniqueConstraint("person", "sent_on"),
        Index(None, "campaign_id", "channel", "state"),
        Index(None, "worker_id"),
    )

    id: str = Field(sa_type=String(32), primary_key=True)
    """That of its notice, too; and the number under which the SMS tool gives its result."""
    campaign_id: str = Field(sa_type=String(16), foreign_key="campaign.id")
    worker_id: int = Field(foreign_key="worker.id")
    person: str | None = Field(default=None, sa_type=String(64))
    channel: str = Field(sa_type=String(16))
    state: str = Field(sa_type=String(16))
    sent_on: date | None = None
    """The Asia/Shanghai day."""
    handed_at: datetime | None = Field(default=None, sa_type=Instant)
    settled_at: datetime | None = Field(default=None, sa_type=Instant)
    error: str | None = Field(default=None, sa_type=String(32))


class LetterVisit(Row, table=True):
    """That somebody came by the link of a campaign; who it was, it does not say.

    `reader` comes out of a keyed hash: it only keeps one from counting twice.
    """

    __tablename__ = "letter_visit"
    __table_args__ = (CheckConstraint(f"what IN ({words(Visit)})", name="what"),)

    campaign_id: str = Field(sa_type=String(16), primary_key=True, foreign_key="campaign.id")
    reader: str = Field(sa_type=String(16), primary_key=True)
    what: str = Field(sa_type=String(16), primary_key=True)
    at: datetime = Field(sa_type=Instant)
