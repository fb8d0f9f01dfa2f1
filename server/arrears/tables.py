"""The tables of wage arrears, on SQLite and PostgreSQL alike. All sums are in fen."""

# No `from __future__ import annotations` here: SQLModel reads the annotations at class creation.

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Index, String, Text, UniqueConstraint
from sqlmodel import Field

from server.database.tables import Instant, Row, words


class ReportState(StrEnum):
    """Where a joint report stands."""

    GATHERING = "gathering"
    """People join, nobody has handed it in."""
    HANDED_IN = "handed_in"
    TAKEN = "taken"
    ASKED_BACK = "asked_back"
    """Something is missing: parts can be changed again, until it is handed in once more."""
    SENT = "sent"
    """The labour inspection has it."""
    SETTLED = "settled"
    MERGED = "merged"
    """Its parts belong to another report now."""
    DROPPED = "dropped"
    """Everybody withdrew, or nobody handed it in."""


class ReportMove(StrEnum):
    """What can be done to a joint report."""

    START = "start"
    HAND_IN = "hand_in"
    TAKE = "take"
    ASK_BACK = "ask_back"
    EXPORT = "export"
    """Make the one file for the inspectors."""
    SEND = "send"
    TELL = "tell"
    """Say how it goes on."""
    RECOVER = "recover"
    """Note what people have got."""
    SETTLE = "settle"
    MERGE = "merge"
    """Into another."""
    TAKE_IN = "take_in"
    """Another was merged into this one."""
    DROP = "drop"


class Outcome(StrEnum):
    """What came of a joint report."""

    FULL = "full"
    PART = "part"
    REFUSED = "refused"


class JointReport(Row, table=True):
    """One employer that owes several people wages, as they report it together."""

    __tablename__ = "joint_report"
    __table_args__ = (
        CheckConstraint(f"state IN ({words(ReportState)})", name="state"),
        CheckConstraint(f"outcome IN ({words(Outcome)})", name="outcome"),
        CheckConstraint("first_month <= last_month", name="months"),
        CheckConstraint("(state = 'settled') = (outcome IS NOT NULL)", name="settled"),
        CheckConstraint("(state = 'merged') = (merged_into IS NOT NULL)", name="merged"),
        Index(None, "region", "state", "due_on"),
    )

    id: str = Field(sa_type=String(16), primary_key=True)
    starter_id: int = Field(foreign_key="worker.id", index=True)
    region: str = Field(sa_type=String(64))
    employer: str = Field(sa_type=String(64))
    place: str = Field(sa_type=String(128))
    """Where they worked."""
    employer_id: str | None = Field(
        default=None, sa_type=String(16), foreign_key="employer.id", index=True
    )
    """The employer of the register, once it is known which."""
    first_month: str = Field(sa_type=String(7))
    last_month: str = Field(sa_type=String(7))
    """`2026-01`, both included: what is owed for."""
    unit: str = Field(sa_type=Text)
    state: str = Field(sa_type=String(16))
    version: int = 1
    code_version: int = 1
    code_hash: str | None = Field(default=None, sa_type=String(64), unique=True)
    """Keyed, of the code to join by; None: nobody can join."""
    code_until: datetime = Field(sa_type=Instant)
    due_on: date | None = None
    """The day by which whoever is to act now has to, included."""
    outcome: str | None = Field(default=None, sa_type=String(16))
    merged_into: str | None = Field(
        default=None, sa_type=String(16), foreign_key="joint_report.id", index=True
    )
    assigned_to: int | None = Field(default=None, foreign_key="officer.id")
    started_at: datetime = Field(sa_type=Instant)
    handed_in_at: datetime | None = Field(default=None, sa_type=Instant)
    """The first time."""
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


class JointPart(Row, table=True):
    """What one person is owed, within a joint report; a person has one in each."""

    __tablename__ = "joint_part"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("recovered_fen BETWEEN 0 AND amount_fen", name="recovered"),
        # By the identity number: who has two names in WeChat counts once, too.
        UniqueConstraint("report_id", "identity_hash"),
    )

    id: str = Field(sa_type=String(16), primary_key=True)
    report_id: str = Field(sa_type=String(16), foreign_key="joint_report.id", index=True)
    worker_id: int = Field(foreign_key="worker.id", index=True)
    identity_hash: str | None = Field(default=None, sa_type=String(64))
    amount_fen: int = Field(sa_type=BigInteger)
    recovered_fen: int = Field(default=0, sa_type=BigInteger)
    sealed_person: str | None = Field(default=None, sa_type=Text)
    """Who they are, as they said when they last changed the part."""
    version: int = 1
    joined_at: datetime = Field(sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    """When the report was settled."""


class PartProof(Row, table=True):
    """A material that proves what a part says."""

    __tablename__ = "part_proof"

    part_id: str = Field(sa_type=String(16), primary_key=True, foreign_key="joint_part.id")
    material_id: str = Field(
        sa_type=String(32), primary_key=True, foreign_key="material.id", index=True
    )


class JointReportEvent(Row, table=True):
    """One move of a joint report, and what it added to the figures: their sum is what they are."""

    __tablename__ = "joint_report_event"
    __table_args__ = (
        CheckConstraint(f"move IN ({words(ReportMove)})", name="move"),
        CheckConstraint(f"state IN ({words(ReportState)})", name="state"),
        Index(None, "at"),
    )

    report_id: str = Field(sa_type=String(16), primary_key=True, foreign_key="joint_report.id")
    version: int = Field(primary_key=True)
    """The version that the report has since."""
    at: datetime = Field(sa_type=Instant)
    move: str = Field(sa_type=String(16))
    state: str = Field(sa_type=String(16))
    due_on: date | None = None
    officer_id: int | None = Field(default=None, foreign_key="officer.id")
    """None: the workers themselves, or a job."""
    reports: int = 0
    people: int = 0
    amount_fen: int = Field(default=0, sa_type=BigInteger)
    recovered_fen: int = Field(default=0, sa_type=BigInteger)
    sealed_words: str | None = Field(default=None, sa_type=Text)
    """What everybody who joined is told."""
    digest: str | None = Field(default=None, sa_type=String(64))
    """SHA-256 of the file that was made for the inspectors."""
