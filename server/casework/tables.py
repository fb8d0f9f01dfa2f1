"""The tables of cases and their materials, on SQLite and PostgreSQL alike.

What a `sealed_` column holds is sealed with the worker's own key: it goes with the key.
"""

# No `from __future__ import annotations` here: SQLModel reads the annotations at class creation.

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, String, Text, UniqueConstraint
from sqlmodel import Field

from server.casework.moves import Move, State
from server.database.tables import Instant, Row, words


class Origin(StrEnum):
    """How a case came about."""

    APPLICATION = "application"
    ROSTER = "roster"
    """Found by matching a register: nobody applied."""


class Source(StrEnum):
    """Where a fact comes from."""

    DECLARED = "declared"
    """The worker says so."""
    DOCUMENT = "document"
    """An officer has seen it in a material."""
    READ = "read"
    """The worker left it open; an officer read it in a material."""
    REGISTER = "register"
    ATTENDED = "attended"
    """An officer noted it of a course that the worker attended."""


VOUCHED = frozenset({Source.REGISTER, Source.ATTENDED})
"""What does not rest on the worker's word: nobody has to see it in a document."""


class Finding(StrEnum):
    """What an officer finds of two people who share a number."""

    OPEN = "open"
    SAME = "same"
    DIFFERENT = "different"


class Ruling(StrEnum):
    """What becomes of an objection."""

    UPHELD = "upheld"
    DISMISSED = "dismissed"
    WITHDRAWN = "withdrawn"
    """The worker took it back: the refusal stands."""


class Officer(Row, table=True):
    """Somebody of the staff; `roles` and `regions` are JSON lists."""

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(sa_type=String(64))
    roles: str = Field(sa_type=Text)
    regions: str = Field(sa_type=Text)
    active: bool = True
    version: int = 1
    created_at: datetime = Field(sa_type=Instant)


class Case(Row, table=True):
    """One person's case under one measure; what it was decided on is frozen when it is submitted.

    `claim` is what a person can have one of, measure and period; None once it is withdrawn without
    having been refused.
    """

    __tablename__ = "cases"
    __table_args__ = (
        CheckConstraint(f"state IN ({words(State)})", name="state"),
        CheckConstraint(f"origin IN ({words(Origin)})", name="origin"),
        # Also finds the cases of a worker: an index of its own would be one more page to write.
        UniqueConstraint("worker_id", "claim"),
        Index(None, "region", "state", "due_on"),
        {"sqlite_with_rowid": False},
    )

    id: str = Field(sa_type=String(16), primary_key=True)
    worker_id: int = Field(foreign_key="worker.id")
    origin: str = Field(sa_type=String(16))
    measure: str = Field(sa_type=String(64))
    region: str = Field(sa_type=String(64))
    period: str = Field(sa_type=String(32))
    claim: str | None = Field(default=None, sa_type=String(128))
    state: str = Field(sa_type=String(24))
    version: int = 1
    release_id: int
    edition_id: int
    """The edition of the measure: of a draft the one it was last shown with."""
    unit: str = Field(sa_type=Text)
    """The units in charge, as the clause names them."""
    outcome: str | None = Field(default=None, sa_type=String(16))
    """What the stated conditions say of the facts."""
    despite_warning: bool = False
    sealed_facts: str | None = Field(default=None, sa_type=Text)
    """Values by fact, and the source of each."""
    sealed_verdict: str | None = Field(default=None, sa_type=Text)
    sealed_person: str | None = Field(default=None, sa_type=Text)
    begun_at: datetime = Field(sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)
    submitted_at: datetime | None = Field(default=None, sa_type=Instant)
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    due_on: date | None = None
    """The day by which whoever is to act now has to, included."""
    assigned_to: int | None = Field(default=None, foreign_key="officer.id")
    author_id: int | None = Field(default=None, foreign_key="officer.id")
    """Who recommended the decision."""
    recommended: str | None = Field(default=None, sa_type=String(16))
    approver_id: int | None = Field(default=None, foreign_key="officer.id")
    amount_fen: int | None = None


class CaseEvent(Row, table=True):
    """One move of a case."""

    __tablename__ = "case_event"
    __table_args__ = (
        CheckConstraint(f"move IN ({words(Move)})", name="move"),
        CheckConstraint(f"state IN ({words(State)})", name="state"),
        {"sqlite_with_rowid": False},
    )

    case_id: str = Field(sa_type=String(16), primary_key=True, foreign_key="cases.id")
    version: int = Field(primary_key=True)
    """The version that the case has since."""
    at: datetime = Field(sa_type=Instant)
    move: str = Field(sa_type=String(24))
    state: str = Field(sa_type=String(24))
    actor: str = Field(sa_type=String(16))
    officer_id: int | None = Field(default=None, foreign_key="officer.id")
    sealed_reason: str | None = Field(default=None, sa_type=Text)
    due_on: date | None = None
    """As the case has it since: so that what was overdue on a past day can still be told."""


class CaseNote(Row, table=True):
    """What an officer notes of a case for the others."""

    __tablename__ = "case_note"

    id: str = Field(sa_type=String(16), primary_key=True)
    case_id: str = Field(sa_type=String(16), foreign_key="cases.id", index=True)
    officer_id: int = Field(foreign_key="officer.id")
    at: datetime = Field(sa_type=Instant)
    sealed_text: str | None = Field(default=None, sa_type=Text)


class RequestedItem(Row, table=True):
    """One material that an officer asks the worker for."""

    __tablename__ = "requested_item"

    id: str = Field(sa_type=String(16), primary_key=True)
    case_id: str = Field(sa_type=String(16), foreign_key="cases.id", index=True)
    item: str = Field(sa_type=String(64))
    sealed_reason: str | None = Field(default=None, sa_type=Text)
    due_on: date
    requested_at: datetime = Field(sa_type=Instant)
    answered_at: datetime | None = Field(default=None, sa_type=Instant)


class Objection(Row, table=True):
    """What a worker objects to a decision, and what came of it."""

    __table_args__ = (CheckConstraint(f"outcome IN ({words(Ruling)})", name="outcome"),)

    case_id: str = Field(sa_type=String(16), primary_key=True, foreign_key="cases.id")
    decision: int = Field(primary_key=True)
    """The version of the event that is objected to."""
    sealed_words: str | None = Field(default=None, sa_type=Text)
    filed_at: datetime = Field(sa_type=Instant)
    due_on: date
    outcome: str | None = Field(default=None, sa_type=String(16))
    officer_id: int | None = Field(default=None, foreign_key="officer.id")
    decided_at: datetime | None = Field(default=None, sa_type=Instant)


class NearDuplicate(Row, table=True):
    """Two people who share a number that should be one person's; `worker_id` is the smaller id."""

    __tablename__ = "near_duplicate"
    __table_args__ = (CheckConstraint(f"finding IN ({words(Finding)})", name="finding"),)

    worker_id: int = Field(primary_key=True, foreign_key="worker.id", ondelete="CASCADE")
    other_id: int = Field(primary_key=True, foreign_key="worker.id", ondelete="CASCADE", index=True)
    shared: str = Field(sa_type=String(64))
    """Which numbers, by comma."""
    found_at: datetime = Field(sa_type=Instant)
    finding: str = Field(sa_type=String(16))
    version: int = 1
    officer_id: int | None = Field(default=None, foreign_key="officer.id")
    decided_at: datetime | None = Field(default=None, sa_type=Instant)


class OptOut(Row, table=True):
    """Somebody who doesn't want cases that they didn't apply for; `measure` empty: none at all.

    Under a keyed hash of the identity number, so that it holds for whoever has it. With `outreach`
    for a measure: no messages of campaigns, under each name by which the person is known.
    """

    __tablename__ = "opt_out"

    identity_hash: str = Field(sa_type=String(64), primary_key=True)
    measure: str = Field(sa_type=String(64), primary_key=True)
    worker_id: int = Field(foreign_key="worker.id", index=True)
    at: datetime = Field(sa_type=Instant)


class UploadState(StrEnum):
    """Where an upload stands."""

    OPEN = "open"
    KEPT = "kept"
    """It became a material of the same id."""
    REFUSED = "refused"


class Upload(Row, table=True):
    """A file on its way in, piece by piece; `id` is that of the material it becomes."""

    __table_args__ = (
        CheckConstraint(f"state IN ({words(UploadState)})", name="state"),
        CheckConstraint("received BETWEEN 0 AND size", name="received"),
        Index(None, "worker_id", "begun_at"),
    )

    id: str = Field(sa_type=String(32), primary_key=True)
    worker_id: int = Field(foreign_key="worker.id")
    case_id: str | None = Field(
        default=None, sa_type=String(16), foreign_key="cases.id", ondelete="CASCADE"
    )
    """The case or draft that it is for."""
    kind: str = Field(sa_type=String(64))
    size: int
    """Bytes of the whole file."""
    sha256: str = Field(sa_type=String(64))
    """Of the whole file, as hexadecimal digits."""
    received: int
    """Bytes that are kept already: where the next piece begins."""
    pieces: str = Field(sa_type=Text)
    """JSON: the objects that hold them, in their order."""
    state: str = Field(sa_type=String(16))
    refusal: str | None = Field(default=None, sa_type=String(32))
    begun_at: datetime = Field(sa_type=Instant)


class Material(Row, table=True):
    """A checked photo or document; what it shows lies sealed in the store."""

    __table_args__ = (Index(None, "worker_id", "kind"),)

    id: str = Field(sa_type=String(32), primary_key=True)
    worker_id: int = Field(foreign_key="worker.id")
    kind: str = Field(sa_type=String(64))
    media_type: str = Field(sa_type=String(32))
    size: int
    """Bytes of what is kept, before it is sealed."""
    width: int | None = None
    """Pixels; None for a document with pages."""
    height: int | None = None
    pages: int | None = None
    added_at: datetime = Field(sa_type=Instant)


class CaseMaterial(Row, table=True):
    """A material that belongs to a case; the next case can use it, too."""

    __tablename__ = "case_material"
    __table_args__ = ({"sqlite_with_rowid": False},)

    case_id: str = Field(
        sa_type=String(16), primary_key=True, foreign_key="cases.id", ondelete="CASCADE"
    )
    material_id: str = Field(
        sa_type=String(32),
        primary_key=True,
        foreign_key="material.id",
        ondelete="CASCADE",
        index=True,
    )
    added_at: datetime = Field(sa_type=Instant)


class WeeklyReport(Row, table=True):
    """The report of the week that ended on a Friday, as it was handed in."""

    __tablename__ = "weekly_report"

    friday: date = Field(primary_key=True)
    content: str = Field(sa_type=Text)
    """JSON; the same events give the same bytes."""
    sha256: str = Field(sa_type=String(64))
    made_at: datetime = Field(sa_type=Instant)


class RosterFile(Row, table=True):
    """A roster between its upload and the officer's yes or no; no longer than a day.

    `sealed` is the file, compressed; it goes as soon as it is confirmed or given up.
    """

    __tablename__ = "roster_file"

    id: str = Field(sa_type=String(32), primary_key=True)
    officer_id: int = Field(foreign_key="officer.id", index=True)
    region: str = Field(sa_type=String(64))
    as_of: date
    mapping: str = Field(sa_type=Text)
    """JSON: what each column is, by its header; empty until somebody has said so."""
    sealed: str = Field(sa_type=Text)
    size: int
    """Bytes of the file as it came."""
    made_at: datetime = Field(sa_type=Instant)
