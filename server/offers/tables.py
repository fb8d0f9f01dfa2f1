"""The tables of offers, on SQLite and PostgreSQL alike."""

# No `from __future__ import annotations` here: SQLModel reads the annotations at class creation.

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, String, Text, UniqueConstraint
from sqlmodel import Field

from server.database.tables import Instant, Row, words


class OfferKind(StrEnum):
    """What is offered."""

    VACANCY = "vacancy"
    SESSION = "session"
    """One run of a course."""
    TRIP = "trip"
    ACTIVITY = "activity"


class OfferState(StrEnum):
    """Where an offer stands; that it is over follows from its last day."""

    PROPOSED = "proposed"
    """Waits for an officer to check it."""
    OPEN = "open"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class PlaceState(StrEnum):
    """Where somebody stands who takes part."""

    JOINED = "joined"
    WAITING = "waiting"
    """All places were taken; the next one that is left goes to who waits longest."""
    LEFT = "left"
    ATTENDED = "attended"
    ABSENT = "absent"


class WishKind(StrEnum):
    """What somebody looks for."""

    WORK = "work"
    TRIP = "trip"


class OfferHappening(StrEnum):
    """What the weekly report counts of offers."""

    PUBLISHED = "published"
    CANCELLED = "cancelled"
    JOINED = "joined"
    """A place was taken."""
    LEFT = "left"
    """A place was given back."""
    ATTENDED = "attended"


class OfferEvent(Row, table=True):
    """That something happened to an offer, without who it was; only ever added."""

    __tablename__ = "offer_event"
    __table_args__ = (
        CheckConstraint(f"what IN ({words(OfferHappening)})", name="what"),
        Index(None, "at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    offer_id: str = Field(foreign_key="offer.id", sa_type=String(16), index=True)
    at: datetime = Field(sa_type=Instant)
    what: str = Field(sa_type=String(16))


class Offer(Row, table=True):
    """Something offered; nothing in it is about a worker, but for who proposed it.

    `taken` counts who joined, attended or was absent: it never passes `seats`.
    """

    __table_args__ = (
        CheckConstraint(f"kind IN ({words(OfferKind)})", name="kind"),
        CheckConstraint(f"state IN ({words(OfferState)})", name="state"),
        CheckConstraint("taken >= 0 AND (seats IS NULL OR taken <= seats)", name="within_seats"),
        Index("ix_offer_open", "kind", "region", "state", "last_on"),
    )

    id: str = Field(sa_type=String(16), primary_key=True)
    kind: str = Field(sa_type=String(16))
    region: str = Field(sa_type=String(64))
    state: str = Field(sa_type=String(16))
    version: int = 1
    title: str = Field(sa_type=String(64))
    words: str = Field(sa_type=Text)
    organiser: str = Field(sa_type=String(64))
    """Employer, school or unit; public."""
    contact: str = Field(sa_type=String(32))
    """The organiser's telephone for those who ask; public."""
    place: str = Field(sa_type=String(128))
    begins_at: datetime | None = Field(default=None, sa_type=Instant)
    last_on: date
    """The last day on which one can join, included."""
    seats: int | None = None
    """None: as many as come."""
    taken: int = 0
    details: str = Field(sa_type=Text)
    """What only this kind has, as JSON."""
    measure: str | None = Field(default=None, sa_type=String(64))
    """The measure whose promise this keeps."""
    proposed_by: int | None = Field(default=None, foreign_key="worker.id", index=True)
    """The employer who proposed it; None: an officer."""
    officer_id: int | None = Field(default=None, foreign_key="officer.id")
    """Who checked it last."""
    reason: str = Field(default="", sa_type=Text)
    """Why it was refused or cancelled, or published in spite of signs of fraud."""
    created_at: datetime = Field(sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)


class Participation(Row, table=True):
    """Somebody's place in an offer."""

    __table_args__ = (
        CheckConstraint(f"state IN ({words(PlaceState)})", name="state"),
        UniqueConstraint("offer_id", "worker_id"),
        Index(None, "worker_id"),
        Index("ix_participation_in_order", "offer_id", "state", "joined_at"),
    )

    id: str = Field(sa_type=String(32), primary_key=True)
    offer_id: str = Field(foreign_key="offer.id")
    worker_id: int = Field(foreign_key="worker.id")
    state: str = Field(sa_type=String(16))
    version: int = 1
    joined_at: datetime = Field(sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)
    wrong_codes: int = 0
    hours: int | None = None
    sealed_certificate: str | None = Field(default=None, sa_type=Text)
    """The number of the certificate."""


class Wish(Row, table=True):
    """What somebody looks for until a day; one of a kind for each worker."""

    __table_args__ = (
        CheckConstraint(f"kind IN ({words(WishKind)})", name="kind"),
        UniqueConstraint("worker_id", "kind"),
        Index("ix_wish_still", "kind", "region", "until_on"),
    )

    id: str = Field(sa_type=String(32), primary_key=True)
    worker_id: int = Field(foreign_key="worker.id")
    kind: str = Field(sa_type=String(16))
    region: str = Field(sa_type=String(64))
    until_on: date
    details: str = Field(sa_type=Text)
    """Trade, pay and start, or origin, destination and day, as JSON."""
    changed_at: datetime = Field(sa_type=Instant)
