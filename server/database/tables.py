"""What every table is made of, and the tables that belong to no room, on both databases alike.

Long texts that hold JSON are plain text: they are written once and read whole.
"""

# No `from __future__ import annotations` here: SQLModel reads the annotations at class creation.

from collections.abc import Iterable
from datetime import UTC, date, datetime
from enum import StrEnum
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
    text,
)
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import Field, SQLModel
from sqlmodel._compat import SQLModelConfig

from server.notice_kinds import NOT_URGENT

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


MOST_NUMBER = 2**31 - 2
"""The largest whole number that is taken, but for sums: a column takes one more than that."""


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
    """Base of every table: carries the metadata with the naming convention.

    Pydantic's validators of rows are left unbuilt: a table never validates, and to build them
    would take a twentieth of the start.
    """

    model_config = SQLModelConfig(defer_build=True)
    metadata = MetaData(naming_convention=NAMING)


class Part(StrEnum):
    """What can be turned off."""

    BOT = "bot"
    APPLICATIONS = "applications"


class NoticeState(StrEnum):
    """Where a notice stands."""

    DUE = "due"
    """To be sent, again where `attempts` counts."""
    SENDING = "sending"
    """A process sends it and has until `leased_until` to say how it went."""
    SENT = "sent"
    REFUSED = "refused"
    """It can never succeed; `error` says why."""
    UNKNOWN = "unknown"
    """It may have arrived; sending it again could be seen twice."""


class Lifetime(StrEnum):
    """How long what a key seals is kept."""

    PERSON = "person"
    """Until the worker wants it gone."""
    ACCOUNTS = "accounts"
    """As long as the law wants the books kept, whatever the worker wants."""


class Purpose(StrEnum):
    """What a worker is asked to agree to, each by itself."""

    IDENTITY = "identity"
    PAYMENT = "payment"
    MATERIALS = "materials"
    CHILDREN = "children"
    HANDOFF = "handoff"
    PROACTIVE = "proactive"


def words(vocabulary: Iterable[StrEnum]) -> str:
    """A closed vocabulary as SQL lists it."""
    return ", ".join(f"'{word}'" for word in vocabulary)


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
    first_in_force_at: datetime | None = Field(default=None, sa_type=Instant)
    """None: it never was, or the version before put it there (see `put_in_force`)."""


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
    """A person who signed in or wrote; `sealed_phone` is verified by WeChat."""

    id: int | None = Field(default=None, primary_key=True)
    created_at: datetime = Field(sa_type=Instant)
    sealed_phone: str | None = Field(default=None, sa_type=Text)
    phone_hash: str | None = Field(default=None, sa_type=String(64), index=True)
    phone_verified_at: datetime | None = Field(default=None, sa_type=Instant)
    erased_at: datetime | None = Field(default=None, sa_type=Instant)


class SubjectKey(Row, table=True):
    """Whose a key is that seals one worker's data; the key itself lies in another database."""

    __tablename__ = "subject_key"
    __table_args__ = (
        CheckConstraint(f"lifetime IN ({words(Lifetime)})", name="lifetime"),
        Index(None, "worker_id", "lifetime"),
    )

    id: str = Field(sa_type=String(16), primary_key=True)
    worker_id: int = Field(foreign_key="worker.id")
    lifetime: str = Field(sa_type=String(16))
    made_at: datetime = Field(sa_type=Instant)


class Profile(Row, table=True):
    """What a worker says of themselves; `sealed` is a person as JSON, the hashes find it again."""

    id: str = Field(sa_type=String(32), primary_key=True)
    worker_id: int = Field(foreign_key="worker.id", unique=True)
    sealed: str = Field(sa_type=Text)
    identity_hash: str = Field(sa_type=String(64), index=True)
    phone_hash: str = Field(sa_type=String(64), index=True)
    card_hash: str | None = Field(default=None, sa_type=String(64), index=True)
    name_hash: str | None = Field(default=None, sa_type=String(64), index=True)
    version: int
    changed_at: datetime = Field(sa_type=Instant)
    card_changed_at: datetime | None = Field(default=None, sa_type=Instant)
    """Since when the bank card is this one; None: not noted, no later than the last change."""


class Child(Row, table=True):
    """A child under 14 of a worker, who is the guardian and consented; `sealed` is JSON."""

    id: str = Field(sa_type=String(32), primary_key=True)
    worker_id: int = Field(foreign_key="worker.id", index=True)
    sealed: str = Field(sa_type=Text)
    identity_hash: str | None = Field(default=None, sa_type=String(64), index=True)
    version: int
    changed_at: datetime = Field(sa_type=Instant)


class Consent(Row, table=True):
    """That a worker agreed to one version of one text, until it was withdrawn."""

    __table_args__ = (
        CheckConstraint(f"purpose IN ({words(Purpose)})", name="purpose"),
        Index(None, "worker_id", "purpose"),
    )

    id: int | None = Field(default=None, primary_key=True)
    worker_id: int = Field(foreign_key="worker.id")
    purpose: str = Field(sa_type=String(16))
    version: int
    given_at: datetime = Field(sa_type=Instant)
    withdrawn_at: datetime | None = Field(default=None, sa_type=Instant)


class AuditEntry(Row, table=True):
    """Who did what to whose data, when; triggers refuse to change or delete it.

    No foreign key: it outlives what it tells of. `mac` is the keyed hash of all but the id.
    """

    __tablename__ = "audit_entry"
    __table_args__ = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=Instant)
    actor: str = Field(sa_type=String(16))
    actor_id: str = Field(sa_type=String(32))
    action: str = Field(sa_type=String(16))
    about: str = Field(sa_type=String(32))
    """The table, and `row` its key."""
    row: str = Field(sa_type=String(80))
    worker_id: int | None = Field(default=None, index=True)
    fields: str = Field(sa_type=Text)
    """Names, joined by commas."""
    reason: str = Field(sa_type=Text)
    nonce: str = Field(sa_type=String(16))
    mac: str = Field(sa_type=String(64))


class AuditLink(Row, table=True):
    """An entry's place, counted from 1, in the one chain; `chain` covers all before it."""

    __tablename__ = "audit_link"

    # Counted by the program: a gap is a loss.
    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    entry_id: int = Field(foreign_key="audit_entry.id", unique=True)
    chain: str = Field(sa_type=String(64))


class Identity(Row, table=True):
    """One name under which a worker is known: an app's openid, WeChat's unionid, a developer's.

    `issuer` is the AppID, or one of `people`'s own words for where the name comes from.
    """

    __table_args__ = (Index(None, "worker_id", "issuer"),)

    subject_hash: str = Field(sa_type=String(64), primary_key=True)
    worker_id: int = Field(foreign_key="worker.id", ondelete="CASCADE")
    issuer: str = Field(sa_type=String(64))
    sealed_subject: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=Instant)
    # When the platform was asked for the unionid, None where it is still to be asked.
    unionid_asked_at: datetime | None = Field(default=None, sa_type=Instant)


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
    reason: str = Field(default="", sa_type=String(64))
    """The step and gate that made the reply, as `Answer.reason` names them."""


class TurnTally(Row, table=True):
    """How many messages of one hour had the same kind of reply for the same reason.

    It tells of nobody, and outlives the turns: reports of past weeks rest on it.
    """

    __tablename__ = "turn_tally"

    hour: datetime = Field(sa_type=Instant, primary_key=True)
    """When it begins."""
    place: str = Field(sa_type=String(64), primary_key=True)
    """A region, or a place that no document covers; empty: none was meant."""
    kind: str = Field(sa_type=String(16), primary_key=True)
    reason: str = Field(sa_type=String(64), primary_key=True)
    topic: str = Field(sa_type=String(64), primary_key=True)
    measure: str = Field(sa_type=String(64), primary_key=True)
    turns: int


class TalliedHour(Row, table=True):
    """An hour whose messages are counted for good."""

    __tablename__ = "tallied_hour"

    hour: datetime = Field(sa_type=Instant, primary_key=True)


class NearMiss(Row, table=True):
    """How many self-checks of one day ended one fact away from a measure; it tells of nobody."""

    __tablename__ = "near_miss"

    day: date = Field(primary_key=True)
    region: str = Field(sa_type=String(64), primary_key=True)
    measure: str = Field(sa_type=String(64), primary_key=True)
    fact: str = Field(sa_type=String(64), primary_key=True)
    lacking: str = Field(sa_type=String(16), primary_key=True)
    """`unknown`: it was not said. `failed`: it is otherwise."""
    checks: int


class Direction(StrEnum):
    """Which way a thumb points."""

    UP = "up"
    DOWN = "down"


class Thumb(Row, table=True):
    """What somebody thinks of a reply: the turn of this instant in this conversation."""

    __table_args__ = (CheckConstraint(f"direction IN ({words(Direction)})", name="direction"),)

    conversation_id: str = Field(
        sa_type=String(30), primary_key=True, foreign_key="conversation.id", ondelete="CASCADE"
    )
    turn_at: datetime = Field(sa_type=Instant, primary_key=True)
    direction: str = Field(sa_type=String(8))
    at: datetime = Field(sa_type=Instant)


def _where(condition: str) -> dict[str, Any]:
    """An index over some rows only, on both databases."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


URGENT = f"kind NOT IN ({words(NOT_URGENT)})"
"""Notices that go first; a query finds their index by these very words."""
NOT_SO_URGENT = f"kind IN ({words(NOT_URGENT)})"


class Notice(Row, table=True):
    """One message to a worker in WeChat; written with what it tells of, sent by a job.

    `sealed` holds whom and what, until it is sent.
    """

    __table_args__ = (
        CheckConstraint(f"state IN ({words(NoticeState)})", name="state"),
        Index("ix_notice_urgent", "state", "due_at", **_where(URGENT)),
        Index("ix_notice_not_so_urgent", "state", "due_at", **_where(NOT_SO_URGENT)),
        Index(None, "state", "settled_at"),
    )

    id: str = Field(sa_type=String(32), primary_key=True)
    key: str | None = Field(default=None, sa_type=String(128), unique=True)
    kind: str = Field(sa_type=String(32))
    app_id: str = Field(sa_type=String(64))
    worker_id: int | None = Field(
        default=None, foreign_key="worker.id", index=True, ondelete="CASCADE"
    )
    sealed: str | None = Field(default=None, sa_type=Text)
    state: str = Field(sa_type=String(16))
    attempts: int = Field(default=0)
    error: str | None = Field(default=None, sa_type=String(32))
    created_at: datetime = Field(sa_type=Instant)
    due_at: datetime = Field(sa_type=Instant)
    leased_until: datetime | None = Field(default=None, sa_type=Instant)
    settled_at: datetime | None = Field(default=None, sa_type=Instant)


class AccessToken(Row, table=True):
    """The platform's token of one app, shared by all processes."""

    __tablename__ = "access_token"

    app_id: str = Field(sa_type=String(64), primary_key=True)
    sealed: str | None = Field(default=None, sa_type=Text)
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    # Somebody is fetching a new one, and has until then.
    leased_until: datetime | None = Field(default=None, sa_type=Instant)


class RateCount(Row, table=True):
    """How often something was done in the window that ends at `ends_at`."""

    __tablename__ = "rate_count"

    key: str = Field(sa_type=String(128), primary_key=True)
    count: int
    ends_at: datetime = Field(sa_type=Instant, index=True)


class WechatReceipt(Row, table=True):
    """One message or event of the official account: what was replied, for when it comes again."""

    __tablename__ = "wechat_receipt"
    __table_args__ = (
        # Of the few that are still to be answered; a job asks for them every second.
        Index("ix_wechat_receipt_owed", "received_at", **_where("owed IS NOT NULL")),
        {"sqlite_with_rowid": False},
    )

    id: str = Field(sa_type=String(64), primary_key=True)
    received_at: datetime = Field(sa_type=Instant, index=True)
    reply: str = Field(sa_type=Text)
    """Empty where there was nothing to say within WeChat's deadline."""
    owed: str | None = Field(default=None, sa_type=Text)
    """The sealed message, as long as its answer is still to be sent."""


class WechatFollower(Row, table=True):
    """What is kept of somebody who follows the official account, under a keyed hash."""

    __tablename__ = "wechat_follower"
    __table_args__ = {"sqlite_with_rowid": False}

    id: str = Field(sa_type=String(64), primary_key=True)
    region: str | None = Field(default=None, sa_type=String(64))
    """The place of the QR code that was scanned or the location that was sent last."""
    more: str | None = Field(default=None, sa_type=Text)
    """What the last reply had no room for."""
    more_for: str | None = Field(default=None, sa_type=String(8))
    """The message that asks for it."""
    changed_at: datetime = Field(sa_type=Instant)


class IdempotentReply(Row, table=True):
    """What was replied to a worker's write, for when the same comes again; see `idempotency`."""

    __tablename__ = "idempotent_reply"
    # No second index: every write pays for it, and only a rare sweep would use it.
    __table_args__ = {"sqlite_with_rowid": False}

    id: str = Field(sa_type=String(64), primary_key=True)
    worker_id: int = Field(foreign_key="worker.id", ondelete="CASCADE")
    fingerprint: str = Field(sa_type=String(64))
    at: datetime = Field(sa_type=Instant)
    status: int
    sealed_body: str | None = Field(default=None, sa_type=Text)


class Switch(Row, table=True):
    """A part of the service that was turned off somewhere, and what is said of it; see `switches`.

    `region` is empty for everywhere.
    """

    __tablename__ = "switch"
    __table_args__ = (CheckConstraint(f"part IN ({words(Part)})", name="part"),)

    part: str = Field(sa_type=String(16), primary_key=True)
    region: str = Field(sa_type=String(64), primary_key=True)
    is_off: bool
    says: str = Field(sa_type=Text)
    changed_at: datetime = Field(sa_type=Instant)
    changed_by: str = Field(sa_type=String(64))
