"""The tables of service requests: what is asked for, what happened, what was said."""

# No `from __future__ import annotations` here: SQLModel reads the annotations at class creation.

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, String, Text
from sqlmodel import Field

from server.database.tables import Instant, Row, words


class Category(StrEnum):
    """What a request for help is about."""

    ADVICE = "advice"
    LIVING = "living"
    RIGHTS = "rights"
    MEDIATION = "mediation"
    WAGES = "wages"


class RequestState(StrEnum):
    """Where a request for help stands."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


class RequestMove(StrEnum):
    """What can be done to a request for help."""

    OPEN = "open"
    WRITE = "write"
    FORWARD = "forward"
    """To another unit."""
    SETTLE = "settle"
    RATE = "rate"


class Voice(StrEnum):
    """Who says something in a request for help."""

    WORKER = "worker"
    OFFICER = "officer"
    BOT = "bot"


class ServiceRequest(Row, table=True):
    """What somebody asks the service line for."""

    __tablename__ = "service_request"
    __table_args__ = (
        CheckConstraint(f"category IN ({words(Category)})", name="category"),
        CheckConstraint(f"state IN ({words(RequestState)})", name="state"),
        CheckConstraint("satisfied BETWEEN 1 AND 5", name="satisfied"),
        Index(None, "region", "state", "due_on"),
    )

    id: str = Field(sa_type=String(16), primary_key=True)
    worker_id: int = Field(foreign_key="worker.id", index=True)
    category: str = Field(sa_type=String(16))
    region: str = Field(sa_type=String(64))
    measure: str | None = Field(default=None, sa_type=String(64))
    unit: str = Field(sa_type=Text)
    state: str = Field(sa_type=String(16))
    version: int = 1
    due_on: date
    opened_at: datetime = Field(sa_type=Instant)
    closed_at: datetime | None = Field(default=None, sa_type=Instant)
    assigned_to: int | None = Field(default=None, foreign_key="officer.id")
    sealed_outcome: str | None = Field(default=None, sa_type=Text)
    satisfied: int | None = None
    """From 1 to 5, by the worker."""
    sealed_word: str | None = Field(default=None, sa_type=Text)


class ServiceEvent(Row, table=True):
    """One move of a request for help, and how it stands since."""

    __tablename__ = "service_event"
    __table_args__ = (
        CheckConstraint(f"move IN ({words(RequestMove)})", name="move"),
        CheckConstraint(f"state IN ({words(RequestState)})", name="state"),
        {"sqlite_with_rowid": False},
    )

    request_id: str = Field(sa_type=String(16), primary_key=True, foreign_key="service_request.id")
    version: int = Field(primary_key=True)
    """The version that the request has since."""
    at: datetime = Field(sa_type=Instant)
    move: str = Field(sa_type=String(16))
    state: str = Field(sa_type=String(16))
    unit: str = Field(sa_type=Text)
    due_on: date
    officer_id: int | None = Field(default=None, foreign_key="officer.id")
    """None: the worker."""
    sealed_reason: str | None = Field(default=None, sa_type=Text)
    """Why it went to another unit."""


class ServiceMessage(Row, table=True):
    """One thing said in a request; what was said to the bot before is masked."""

    __tablename__ = "service_message"
    __table_args__ = (CheckConstraint(f"voice IN ({words(Voice)})", name="voice"),)

    id: str = Field(sa_type=String(16), primary_key=True)
    request_id: str = Field(sa_type=String(16), foreign_key="service_request.id", index=True)
    place: int
    """Counted from 0 in its request."""
    at: datetime = Field(sa_type=Instant)
    voice: str = Field(sa_type=String(16))
    officer_id: int | None = Field(default=None, foreign_key="officer.id")
    sealed_text: str | None = Field(default=None, sa_type=Text)
