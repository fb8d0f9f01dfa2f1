"""The tables of pairing, on SQLite and PostgreSQL alike."""

# No `from __future__ import annotations` here: SQLModel reads the annotations at class creation.

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Index, String, Text, UniqueConstraint
from sqlmodel import Field

from server.database.tables import Instant, Row, words


class HelperKind(StrEnum):
    """Who helps, after the opinion (三(三)) and 石狮 (五、六)."""

    CADRE = "cadre"
    FIRM = "firm"
    VOLUNTEER = "volunteer"
    MOTHER = "mother"
    """爱心妈妈: pairs with children only."""
    STUDENT = "student"


class Rank(StrEnum):
    """How high a cadre stands, as the opinion tells them apart (三(三), 四(三))."""

    COUNTY = "county"
    """副县(处)级 or above: must pair."""
    SECTION = "section"
    """科级: is encouraged to, and is filed."""
    BELOW = "below"


class HelperState(StrEnum):
    """Whether somebody helps now."""

    ON = "on"
    LEFT = "left"


class PairState(StrEnum):
    """Where a pairing stands."""

    PROPOSED = "proposed"
    """Waits for the helper's unit, or for the person."""
    ACCEPTED = "accepted"
    ENDED = "ended"


class Ending(StrEnum):
    """Why a pairing ended."""

    PERSON_REFUSED = "person_refused"
    UNIT_REFUSED = "unit_refused"
    IMPROVED = "improved"
    """The person is out of hardship."""
    WANTS_ANOTHER = "wants_another"
    """The person asks for another helper."""
    WANTS_NONE = "wants_none"
    """The person wants no helper any more."""
    MOVED = "moved"
    HELPER_LEFT = "helper_left"
    CONSENT_ENDED = "consent_ended"
    """The guardian agrees no more, or has deleted the child's data."""
    ERASED = "erased"


class Helper(Row, table=True):
    """Who helps; name and telephone are sealed with the service's keys.

    `taken` counts the pairings that are proposed or accepted: it never passes `capacity`.
    """

    __table_args__ = (
        CheckConstraint(f"kind IN ({words(HelperKind)})", name="kind"),
        CheckConstraint(f"rank IN ({words(Rank)})", name="rank"),
        CheckConstraint("(kind = 'cadre') = (rank IS NOT NULL)", name="cadre"),
        CheckConstraint(f"state IN ({words(HelperState)})", name="state"),
        CheckConstraint("taken >= 0 AND taken <= capacity", name="within_capacity"),
        UniqueConstraint("known_hash"),
        Index("ix_helper_there", "region", "state"),
    )

    id: str = Field(sa_type=String(16), primary_key=True)
    kind: str = Field(sa_type=String(16))
    unit: str = Field(sa_type=String(64))
    """Whose list it stands on: the cadre's office, the school, the women's federation; public."""
    rank: str | None = Field(default=None, sa_type=String(16))
    region: str = Field(sa_type=String(64))
    capacity: int
    """How many it can help at once."""
    taken: int = 0
    gives: str = Field(sa_type=Text)
    """The needs that it can meet, as a JSON list; empty: nobody has said."""
    state: str = Field(sa_type=String(16))
    version: int = 1
    sealed: str = Field(sa_type=Text)
    """Name and telephone, as JSON."""
    known_hash: str = Field(sa_type=String(64))
    """Of kind, unit and name: who stands there is not entered twice."""
    officer_id: int = Field(foreign_key="officer.id")
    """Who entered or changed it last."""
    entered_at: datetime = Field(sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)


class Pairing(Row, table=True):
    """One helper and one person, from the proposal to the end.

    Each instant is written once: a week or a year that is past is told from them.
    """

    __table_args__ = (
        CheckConstraint(f"state IN ({words(PairState)})", name="state"),
        CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ended"),
        CheckConstraint("(state = 'accepted') = (due_on IS NOT NULL)", name="due"),
        CheckConstraint("every_days > 0", name="every"),
        Index(None, "helper_id"),
        Index(None, "entry_id"),
        Index(None, "worker_id"),
        Index("ix_pairing_due", "state", "region", "due_on"),
    )

    id: str = Field(sa_type=String(16), primary_key=True)
    helper_id: str = Field(sa_type=String(16), foreign_key="helper.id")
    entry_id: str = Field(sa_type=String(16), foreign_key="register_entry.id")
    """Who is helped, or in whose household the child lives."""
    worker_id: int = Field(foreign_key="worker.id")
    """Who agrees: the person, or the child's guardian."""
    child_id: str | None = Field(default=None, sa_type=String(32))
    """The child under 14 that is helped. No foreign key: a guardian can delete it at any time."""
    region: str = Field(sa_type=String(64))
    state: str = Field(sa_type=String(16))
    version: int = 1
    every_days: int
    """A visit is due so many days after the last one; it stays as it was agreed."""
    proposed_at: datetime = Field(sa_type=Instant)
    proposed_by: int = Field(foreign_key="officer.id")
    unit_agreed_at: datetime | None = Field(default=None, sa_type=Instant)
    unit_agreed_by: int | None = Field(default=None, foreign_key="officer.id")
    person_agreed_at: datetime | None = Field(default=None, sa_type=Instant)
    person_agreed_by: int | None = Field(default=None, foreign_key="officer.id")
    """The officer who noted it; None: the person said so on their own phone."""
    accepted_at: datetime | None = Field(default=None, sa_type=Instant)
    due_on: date | None = None
    """When the next visit is due."""
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_by: int | None = Field(default=None, foreign_key="officer.id")
    ending: str = Field(default="", sa_type=String(16))
    sealed_reasons: str | None = Field(default=None, sa_type=Text)
    """Why this helper was proposed, as JSON: it tells of the person's needs."""
    sealed_words: str | None = Field(default=None, sa_type=Text)
    """What was said at the end."""


class Visit(Row, table=True):
    """One visit of a pairing; taken back where it was noted by mistake, never changed."""

    __tablename__ = "pairing_visit"
    __table_args__ = (
        CheckConstraint("given_fen >= 0", name="given"),
        Index(None, "pairing_id"),
        Index(None, "noted_at"),
    )

    id: str = Field(sa_type=String(16), primary_key=True)
    pairing_id: str = Field(sa_type=String(16), foreign_key="pairing.id")
    visited_on: date
    was_due_on: date
    """The day by which it had to be."""
    given_fen: int = Field(sa_type=BigInteger)
    """What the things and the money that were given are worth."""
    sealed: str | None = Field(default=None, sa_type=Text)
    """The note, and what was given, as JSON."""
    noted_at: datetime = Field(sa_type=Instant)
    noted_by: int = Field(foreign_key="officer.id")
    struck_at: datetime | None = Field(default=None, sa_type=Instant)
    struck_by: int | None = Field(default=None, foreign_key="officer.id")


class VisitPhoto(Row, table=True):
    """A photo of a visit; what it shows lies in the store, sealed with a key of its own.

    So that it need not be sealed anew when an entry moves to who proved to be that person.
    """

    __tablename__ = "visit_photo"
    __table_args__ = (Index(None, "visit_id"),)

    id: str = Field(sa_type=String(32), primary_key=True)
    visit_id: str = Field(sa_type=String(16), foreign_key="pairing_visit.id")
    sealed_key: str = Field(sa_type=Text)
    media_type: str = Field(sa_type=String(32))
    size: int
    added_at: datetime = Field(sa_type=Instant)
