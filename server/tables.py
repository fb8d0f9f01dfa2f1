"""Every table of the database, on SQLite and PostgreSQL alike.

Long texts that hold JSON are plain text: they are written once and read whole.
"""

# No `from __future__ import annotations` here: SQLModel reads the annotations at class creation.

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    Dialect,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import Field, SQLModel

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def stored_instant(instant: datetime) -> str:
    """The one text form of an instant: UTC, microseconds, so that texts sort as instants do."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC).isoformat(sep=" ", timespec="microseconds")


class Instant(TypeDecorator[datetime]):
    """An aware datetime: `timestamptz` on PostgreSQL, sortable UTC text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        kind: TypeEngine[Any] = String(32) if dialect.name == "sqlite" else DateTime(timezone=True)
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        text = stored_instant(value)
        return text if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        instant = datetime.fromisoformat(value) if isinstance(value, str) else value
        return instant.astimezone(UTC)


class Row(SQLModel):
    """Base of every table: carries the metadata with the naming convention."""

    metadata = MetaData(naming_convention=NAMING)


class Edition(Row, table=True):
    """One immutable version of one piece of knowledge, named by kind and key."""

    __table_args__ = (UniqueConstraint("kind", "key", "sha256"),)

    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(sa_type=String(32))
    key: str = Field(sa_type=String(128))
    content: str = Field(sa_type=Text)
    sha256: str = Field(sa_type=String(64))
    created_at: datetime = Field(sa_type=Instant)


class Release(Row, table=True):
    """A set of editions that is in force together."""

    id: int | None = Field(default=None, primary_key=True)
    note: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=Instant)


class ReleaseEdition(Row, table=True):
    """One edition's place, counted from 0, in a release."""

    __tablename__ = "release_edition"
    __table_args__ = (UniqueConstraint("release_id", "position"),)

    release_id: int = Field(primary_key=True, foreign_key="release.id")
    edition_id: int = Field(primary_key=True, foreign_key="edition.id", index=True)
    position: int


class CurrentRelease(Row, table=True):
    """The pointer to the release in force: a single row, empty until the first publication."""

    __tablename__ = "current_release"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: int = Field(default=1, primary_key=True)
    release_id: int | None = Field(default=None, foreign_key="release.id")
    changed_at: datetime | None = Field(default=None, sa_type=Instant)


class Worker(Row, table=True):
    """A person who signed in; how they are known outside is kept as a hash only."""

    id: int | None = Field(default=None, primary_key=True)
    subject_hash: str = Field(sa_type=String(64), unique=True)
    created_at: datetime = Field(sa_type=Instant)


class WorkerSession(Row, table=True):
    """One sign-in of a worker; the token itself is never stored."""

    __tablename__ = "worker_session"

    token_hash: str = Field(sa_type=String(64), primary_key=True)
    worker_id: int = Field(foreign_key="worker.id", index=True, ondelete="CASCADE")
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant, index=True)


class Conversation(Row, table=True):
    """One person's thread with the bot; `context` is what the next turn builds on."""

    # Random keys in a rowid table would cost a second tree and a second lookup.
    __table_args__ = {"sqlite_with_rowid": False}

    id: str = Field(sa_type=String(30), primary_key=True)
    worker_id: int | None = Field(
        default=None, foreign_key="worker.id", index=True, ondelete="CASCADE"
    )
    context: str | None = Field(default=None, sa_type=Text)
    # No index: every turn changes it, and only a rare sweep looks for it.
    updated_at: datetime = Field(sa_type=Instant)


class Turn(Row, table=True):
    """One message and its reply, with personal numbers masked."""

    __table_args__ = (Index(None, "kind", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    conversation_id: str = Field(
        sa_type=String(30), foreign_key="conversation.id", index=True, ondelete="CASCADE"
    )
    at: datetime = Field(sa_type=Instant)
    channel: str = Field(sa_type=String(16))
    text: str = Field(sa_type=Text)
    kind: str = Field(sa_type=String(16))
    reply: str = Field(sa_type=Text)
    measures: str = Field(sa_type=Text)
    rejected: str = Field(sa_type=Text)
    region: str | None = Field(default=None, sa_type=String(64))
    release_id: int | None = Field(default=None)
