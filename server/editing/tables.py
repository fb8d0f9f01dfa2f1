"""The tables of the editors' desk, on SQLite and PostgreSQL alike."""

# No `from __future__ import annotations` here: SQLModel reads the annotations at class creation.

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, String, Text, UniqueConstraint
from sqlmodel import Field

from server.database.tables import Instant, Row, words


class ProposalState(StrEnum):
    """Where a proposed release stands."""

    PROPOSED = "proposed"
    PUBLISHED = "published"
    REFUSED = "refused"
    """The publisher does not want it."""
    WITHDRAWN = "withdrawn"
    """Its author took it back, or published something else first."""


class GoldSort(StrEnum):
    """What a piece of gold asks."""

    QUESTION = "question"
    PERSONA = "persona"


class Became(StrEnum):
    """What became of a question that the bot could not answer."""

    SIMILAR = "similar"
    DRAFT = "draft"
    NEGATIVE = "negative"
    LEXICON = "lexicon"
    NOT_OURS = "not_ours"


class KnowledgeDraft(Row, table=True):
    """One piece of knowledge that is being edited; one row however many edit it."""

    __tablename__ = "knowledge_draft"
    __table_args__ = (UniqueConstraint("kind", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(sa_type=String(32))
    key: str = Field(sa_type=String(128))
    content: str | None = Field(default=None, sa_type=Text)
    """JSON of whatever was typed so far; None takes the piece out."""
    base_sha256: str | None = Field(default=None, sa_type=String(64))
    """The edition it was begun from; None where there was none."""
    version: int
    authors: str = Field(sa_type=Text)
    """JSON list of the officers who changed it."""
    changed_by: int = Field(foreign_key="officer.id")
    changed_at: datetime = Field(sa_type=Instant)


class Proposal(Row, table=True):
    """A stored release that somebody proposes to put in force, with what the gate found."""

    __tablename__ = "knowledge_proposal"
    __table_args__ = (
        CheckConstraint(f"state IN ({words(ProposalState)})", name="state"),
        Index(None, "state"),
    )

    id: int | None = Field(default=None, primary_key=True)
    release_id: int = Field(foreign_key="release.id", unique=True)
    base_release_id: int | None = Field(default=None, foreign_key="release.id")
    """What was in force when it was checked."""
    state: str = Field(sa_type=String(16))
    drafts: str = Field(sa_type=Text)
    """JSON list of [kind, key, version]."""
    authors: str = Field(sa_type=Text)
    """JSON list of the officers who wrote any of it; none of them may publish it."""
    report: str = Field(sa_type=Text)
    """JSON of what the gate found."""
    proposed_by: int = Field(foreign_key="officer.id")
    proposed_at: datetime = Field(sa_type=Instant)
    decided_by: int | None = Field(default=None, foreign_key="officer.id")
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    reason: str | None = Field(default=None, sa_type=Text)


class StoredGold(Row, table=True):
    """A question or a person with what would be right, which every release has to pass."""

    __tablename__ = "stored_gold"
    __table_args__ = (
        CheckConstraint(f"sort IN ({words(GoldSort)})", name="sort"),
        UniqueConstraint("sort", "key"),
    )

    id: int | None = Field(default=None, primary_key=True)
    sort: str = Field(sa_type=String(16))
    key: str = Field(sa_type=String(64))
    content: str = Field(sa_type=Text)
    added_by: int | None = Field(default=None, foreign_key="officer.id")
    """None: it came with a file."""
    added_at: datetime = Field(sa_type=Instant)
    taken_out_by: int | None = None
    """An officer."""
    taken_out_at: datetime | None = Field(default=None, sa_type=Instant)
    """It is asked no more; whoever publishes next is told."""


class SettledQuestion(Row, table=True):
    """That a question without an answer was dealt with; the question itself is not kept here."""

    __tablename__ = "settled_question"
    __table_args__ = (CheckConstraint(f"became IN ({words(Became)})", name="became"),)

    fingerprint: str = Field(sa_type=String(64), primary_key=True)
    """Of its words and its region."""
    became: str = Field(sa_type=String(16))
    kind: str | None = Field(default=None, sa_type=String(32))
    key: str | None = Field(default=None, sa_type=String(128))
    """The piece of knowledge that it went into."""
    officer_id: int = Field(foreign_key="officer.id")
    at: datetime = Field(sa_type=Instant)
