"""Drafts: what is being edited, apart from what is in force; nobody overwrites anybody."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from knowledge.consistency import KINDS
from knowledge.drafting import Changes
from server.database.db import insert_new
from server.editing.tables import KnowledgeDraft
from server.published import releases

LONGEST_DRAFT = 4 * 1024 * 1024
"""Characters of one draft as JSON."""
_LONGEST_KEY = 128


class PieceUnedited(LookupError):
    """Nobody is editing this piece."""


class DraftChanged(Exception):
    """Somebody else changed the draft since it was read: `officer_id`, when, and to what version.

    `version` 0: it has gone meanwhile, published or discarded.
    """

    def __init__(self, officer_id: int | None, at: datetime | None, version: int) -> None:
        super().__init__(officer_id, version)
        self.officer_id = officer_id
        self.at = at
        self.version = version


class PieceUnfit(ValueError):
    """No draft can be made of this: no such kind, no fitting key, or too long."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as it stands; `content` None takes the piece out of the next release."""

    kind: str
    key: str
    content: dict[str, Any] | None
    base_sha256: str | None
    version: int
    authors: frozenset[int]
    changed_by: int
    changed_at: datetime


def save(
    session: Session,
    *,
    kind: str,
    key: str,
    content: Mapping[str, Any] | None,
    version: int,
    officer_id: int,
    now: datetime,
) -> Draft:
    """Write a draft; `version` is the one that was read, 0 where there was none.

    Raises `DraftChanged` where another was first, `PieceUnfit`.
    """
    text = _text(kind, key, content)
    if version == 0:
        begun = {
            "kind": kind,
            "key": key,
            "content": text,
            "base_sha256": releases.sha256_in_force(session, kind, key),
            "version": 1,
            "authors": json.dumps([officer_id]),
            "changed_by": officer_id,
            "changed_at": now,
        }
        if not insert_new(session, KnowledgeDraft, **begun):
            raise _changed(session, kind, key)
        return find(session, kind, key)
    known = _row(session, kind, key)
    if known is None or known.version != version:
        raise _changed(session, kind, key)
    authors = sorted({*json.loads(known.authors), officer_id})
    written = session.connection().execute(
        update(KnowledgeDraft)
        .where(col(KnowledgeDraft.id) == known.id, col(KnowledgeDraft.version) == version)
        .values(
            content=text,
            version=version + 1,
            authors=json.dumps(authors),
            changed_by=officer_id,
            changed_at=now,
        )
    )
    session.expire(known)
    if written.rowcount != 1:
        raise _changed(session, kind, key)
    return find(session, kind, key)


def discard(session: Session, *, kind: str, key: str, version: int) -> None:
    """Throw a draft away; what is in force stays. Raises `DraftChanged`."""
    gone = session.connection().execute(
        delete(KnowledgeDraft).where(
            col(KnowledgeDraft.kind) == kind,
            col(KnowledgeDraft.key) == key,
            col(KnowledgeDraft.version) == version,
        )
    )
    session.expire_all()
    if gone.rowcount != 1:
        raise _changed(session, kind, key)


def find(session: Session, kind: str, key: str) -> Draft:
    """The draft of a piece; raises `PieceUnedited`."""
    row = _row(session, kind, key)
    if row is None:
        raise PieceUnedited(kind, key)
    return _draft(row)


def listed(session: Session) -> list[Draft]:
    """Every draft, the last changed first."""
    rows = session.scalars(select(KnowledgeDraft).order_by(col(KnowledgeDraft.changed_at).desc()))
    return [_draft(row) for row in rows]


def changes(drafts: Collection[Draft]) -> Changes:
    """The drafts as changes of a release."""
    return {(draft.kind, draft.key): draft.content for draft in drafts}


def stale(session: Session, draft: Draft) -> bool:
    """Tell whether what is in force is no longer the edition that the draft was begun from."""
    return releases.sha256_in_force(session, draft.kind, draft.key) != draft.base_sha256


def piece(session: Session, kind: str, key: str) -> tuple[dict[str, Any] | None, Draft | None]:
    """What is in force of a piece, and its draft; None for what there isn't."""
    row = _row(session, kind, key)
    return in_force(session, kind, key), None if row is None else _draft(row)


def in_force(session: Session, kind: str, key: str) -> dict[str, Any] | None:
    """The content of a piece in the release in force, None where it has none."""
    release = releases.current_id(session)
    return None if release is None else releases.content_of(session, release, kind, key)


def _text(kind: str, key: str, content: Mapping[str, Any] | None) -> str | None:
    if kind not in KINDS:
        raise PieceUnfit(f"no such kind: {kind}")
    if not key or len(key) > _LONGEST_KEY or not key.isprintable():
        raise PieceUnfit("no fitting key")
    if content is None:
        return None
    text = json.dumps(content, ensure_ascii=False)
    if len(text) > LONGEST_DRAFT:
        raise PieceUnfit("too long")
    # Half a surrogate pair is no text that a database takes.
    return text.encode("utf-8", "replace").decode()


def _row(session: Session, kind: str, key: str) -> KnowledgeDraft | None:
    return session.scalars(
        select(KnowledgeDraft).where(
            col(KnowledgeDraft.kind) == kind, col(KnowledgeDraft.key) == key
        )
    ).first()


def _changed(session: Session, kind: str, key: str) -> DraftChanged:
    row = _row(session, kind, key)
    if row is None:
        return DraftChanged(None, None, 0)
    return DraftChanged(row.changed_by, row.changed_at, row.version)


def _draft(row: KnowledgeDraft) -> Draft:
    return Draft(
        row.kind,
        row.key,
        None if row.content is None else json.loads(row.content),
        row.base_sha256,
        row.version,
        frozenset(json.loads(row.authors)),
        row.changed_by,
        row.changed_at,
    )
