"""The tables of the register, on SQLite and PostgreSQL alike."""

# No `from __future__ import annotations` here: SQLModel reads the annotations at class creation.

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, String, Text, UniqueConstraint
from sqlmodel import Field

from server.database.tables import Instant, Row, words


class Level(StrEnum):
    """How hard it is, as the opinion draws the line (二, 帮扶对象和范围)."""

    BELOW_LINE = "below_line"
    """The family's income per head is below the line of the subsistence allowance."""
    ABOVE_LINE = "above_line"
    """Slightly above it; illness, an accident or the like has brought the family down."""


class EntryState(StrEnum):
    """Whether somebody stands in the register now."""

    ON = "on"
    LEFT = "left"


class EntryMove(StrEnum):
    """What is done to an entry."""

    ENTER = "enter"
    CHANGE = "change"
    LOOK = "look"
    """Somebody went and looked how things are (入户核查)."""
    LEAVE = "leave"
    RETURN = "return"


class Leaving(StrEnum):
    """Why somebody leaves the register."""

    IMPROVED = "improved"
    MOVED = "moved"
    DIED = "died"
    NOT_MET = "not_met"
    """A look found that the conditions are not met, or no longer."""
    OWN_WISH = "own_wish"
    DUPLICATE = "duplicate"


class ImportState(StrEnum):
    """Where the import of a file stands."""

    READ = "read"
    """Uploaded, nothing has been entered."""
    UNDER_WAY = "under_way"
    """Some lines are entered; it goes on from `line`, or is undone."""
    DONE = "done"
    UNDONE = "undone"


class RegisterImport(Row, table=True):
    """One file that is entered, batch by batch: each batch is one transaction with its `line`."""

    __tablename__ = "register_import"
    __table_args__ = (
        CheckConstraint(f"state IN ({words(ImportState)})", name="state"),
        Index(None, "officer_id"),
    )

    id: str = Field(sa_type=String(16), primary_key=True)
    officer_id: int = Field(foreign_key="officer.id")
    region: str = Field(sa_type=String(64))
    state: str = Field(sa_type=String(16))
    digest: str = Field(sa_type=String(64))
    """Of the file."""
    plan: str = Field(sa_type=Text)
    """What each column is and how duplicates are settled, as JSON; empty: nobody has said it."""
    line: int = 0
    """The last line of the file that is entered."""
    counts: str = Field(sa_type=Text)
    """What became of the lines up to there, as JSON."""
    sealed: str | None = Field(default=None, sa_type=Text)
    """The file, until the import is over."""
    size: int = 0
    made_at: datetime = Field(sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)


class Household(Row, table=True):
    """A household: who lives in it is told by the entries that name it."""

    __table_args__ = (UniqueConstraint("number_hash"),)

    id: str = Field(sa_type=String(16), primary_key=True)
    region: str = Field(sa_type=String(64))
    number_hash: str | None = Field(default=None, sa_type=String(64))
    """Of the number that the spreadsheet gives it, within its region."""
    members: int | None = None
    """How many live in it, those who are not in the register included."""
    created_at: datetime = Field(sa_type=Instant)
    import_id: str | None = Field(
        default=None, foreign_key="register_import.id", sa_type=String(16)
    )


class RegisterEntry(Row, table=True):
    """Somebody in hardship; who it is and why is sealed with their own key.

    `sealed` None: the person was erased, what is left only counts.
    """

    __tablename__ = "register_entry"
    __table_args__ = (
        CheckConstraint(f"level IN ({words(Level)})", name="level"),
        CheckConstraint(f"state IN ({words(EntryState)})", name="state"),
        UniqueConstraint("identity_hash"),
        Index(None, "worker_id"),
        Index(None, "household_id"),
        Index(None, "name_hash"),
        Index(None, "phone_hash"),
        Index("ix_register_entry_due", "state", "region", "due_on"),
    )

    id: str = Field(sa_type=String(16), primary_key=True)
    worker_id: int = Field(foreign_key="worker.id")
    household_id: str = Field(foreign_key="household.id", sa_type=String(16))
    region: str = Field(sa_type=String(64))
    level: str = Field(sa_type=String(16))
    state: str = Field(sa_type=String(16))
    version: int = 1
    sealed: str | None = Field(default=None, sa_type=Text)
    identity_hash: str | None = Field(default=None, sa_type=String(64))
    name_hash: str | None = Field(default=None, sa_type=String(64))
    phone_hash: str | None = Field(default=None, sa_type=String(64))
    looked_on: date | None = None
    """The Asia/Shanghai day of the last look; None: nobody has looked yet."""
    due_on: date
    """When the next look is due."""
    entered_at: datetime = Field(sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)


class RegisterEvent(Row, table=True):
    """One move of an entry, and where it stood after it; only ever added."""

    __tablename__ = "register_event"
    __table_args__ = (
        CheckConstraint(f"move IN ({words(EntryMove)})", name="move"),
        Index("ix_register_event_at", "at"),
        Index(None, "import_id"),
    )

    entry_id: str = Field(sa_type=String(16), primary_key=True, foreign_key="register_entry.id")
    version: int = Field(primary_key=True)
    at: datetime = Field(sa_type=Instant)
    move: str = Field(sa_type=String(16))
    region: str = Field(sa_type=String(64))
    level: str = Field(sa_type=String(16))
    due_on: date | None = None
    """None: it has left."""
    reason: str = Field(default="", sa_type=String(16))
    officer_id: int | None = Field(default=None, foreign_key="officer.id")
    """None: the service itself, at the person's wish."""
    import_id: str | None = Field(
        default=None, foreign_key="register_import.id", sa_type=String(16)
    )
    sealed_words: str | None = Field(default=None, sa_type=Text)
    """What the officer noted."""
    sealed_before: str | None = Field(default=None, sa_type=Text)
    """The entry as it was before an import changed it, so that the import can be undone."""


class Employer(Row, table=True):
    """An employer with its headcount; nothing in it is about a worker."""

    __table_args__ = (
        CheckConstraint("headcount >= 0 AND staying >= 0 AND hiring >= 0", name="counts"),
        UniqueConstraint("region", "name"),
    )

    id: str = Field(sa_type=String(16), primary_key=True)
    region: str = Field(sa_type=String(64))
    name: str = Field(sa_type=String(64))
    code: str | None = Field(default=None, sa_type=String(18))
    """统一社会信用代码."""
    contact: str = Field(sa_type=String(32))
    """The firm's own telephone; public."""
    trade: str = Field(sa_type=String(40))
    headcount: int
    staying: int
    """Staff who stay over the holidays (留岗)."""
    hiring: int
    """How many it looks for."""
    told_on: date
    """As of which day it said so."""
    version: int = 1
    officer_id: int = Field(foreign_key="officer.id")
    changed_at: datetime = Field(sa_type=Instant)
