"""How the staff sign in, as tables, on SQLite and PostgreSQL alike."""

# No `from __future__ import annotations` here: SQLModel reads the annotations at class creation.

from datetime import datetime

from sqlalchemy import String, Text
from sqlmodel import Field

from server.database.tables import Instant, Row


class StaffAccount(Row, table=True):
    """How one officer signs in."""

    __tablename__ = "staff_account"

    officer_id: int = Field(primary_key=True, foreign_key="officer.id")
    username: str = Field(sa_type=String(32), unique=True)
    password_hash: str = Field(sa_type=Text)
    sealed_secret: str | None = Field(default=None, sa_type=Text)
    """Of the second factor; None: not set up yet."""
    used_step: int = 0
    """The half minute whose code was used last: none is taken twice."""
    starting: bool = True
    """The password was made for them: they have to choose their own."""
    changed_at: datetime = Field(sa_type=Instant)


class StaffSession(Row, table=True):
    """One sign-in at the desk, known by the hash of its token."""

    __tablename__ = "staff_session"

    token_hash: str = Field(sa_type=String(64), primary_key=True)
    officer_id: int = Field(foreign_key="officer.id", index=True)
    starting: bool
    """Good for nothing but choosing a password and setting up the second factor."""
    began_at: datetime = Field(sa_type=Instant)
    seen_at: datetime = Field(sa_type=Instant)


class StaffDevice(Row, table=True):
    """A browser from which an officer has signed in before."""

    __tablename__ = "staff_device"

    token_hash: str = Field(sa_type=String(64), primary_key=True)
    officer_id: int = Field(primary_key=True, foreign_key="officer.id", index=True)
    seen_at: datetime = Field(sa_type=Instant)
