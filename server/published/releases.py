"""Releases of the knowledge: immutable editions that are in force together, or not at all."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, or_, select, update
from sqlmodel import Session, col

from server.database.db import Question, fetch_answers, fetch_within
from server.database.tables import CurrentRelease, Edition, Release, ReleaseEdition

OWN_NOTE = "files of the program "
"""Begins the note of what came with the program; behind it stands which files."""
IMPORT_NOTE = "import"
"""The note of what a command took in, where nobody wrote another."""


class NothingInForce(Exception):
    """The database holds no release yet."""


class NothingToPublish(Exception):
    """A release without an edition would leave workers without any answer."""


class EditionTwice(Exception):
    """One kind and key stands twice in a release; the message names it."""


class ReleaseUnknown(Exception):
    """No release has this number."""


class EditionMissing(Exception):
    """The release holds no such edition."""


def publish(
    session: Session,
    editions: Iterable[tuple[str, str, Mapping[str, Any]]],
    *,
    note: str,
    now: datetime,
) -> int:
    """Puts (kind, key, content) triples in force as a new release and returns its number.

    Raises what `add` raises.
    """
    release_id = add(session, editions, note=note, now=now)
    put_in_force(session, release_id, now)
    return release_id


def add(
    session: Session,
    editions: Iterable[tuple[str, str, Mapping[str, Any]]],
    *,
    note: str,
    now: datetime,
) -> int:
    """Stores (kind, key, content) triples as a release that is not in force; returns its number.

    Their order is kept. Content that was published before under the same kind and key is the same
    edition. Raises NothingToPublish, EditionTwice.
    """
    drafts = _drafts(editions)
    _pointer(session)
    known = _known(session, drafts)
    fresh = [
        {"kind": kind, "key": key, "content": content, "sha256": sha256, "created_at": now}
        for (kind, key), (content, sha256) in drafts.items()
        if (kind, key, sha256) not in known
    ]
    if fresh:
        session.execute(insert(Edition), fresh)
        known = _known(session, drafts)
    release = Release(note=note, created_at=now)
    session.add(release)
    session.flush()
    assert release.id is not None
    places = [
        {"release_id": release.id, "edition_id": known[kind, key, sha256], "position": position}
        for position, ((kind, key), (_, sha256)) in enumerate(drafts.items())
    ]
    session.execute(insert(ReleaseEdition), places)
    return release.id


def edition_id(session: Session, release_id: int, kind: str, key: str) -> int:
    """The number of the edition of something in a release; raises EditionMissing."""
    (found,) = fetch_answers(session, edition_asked(release_id, kind, key))
    if found is None:
        raise EditionMissing(kind, key)
    return int(found)


def edition_asked(release_id: int, kind: str, key: str) -> Question:
    """`edition_id` as a question."""
    return Question(
        "SELECT edition.id FROM edition JOIN release_edition"
        " ON release_edition.edition_id = edition.id AND release_edition.release_id = :release"
        " WHERE edition.kind = :kind AND edition.key = :key",
        {"release": release_id, "kind": kind, "key": key},
    )


def content_of(session: Session, release_id: int, kind: str, key: str) -> dict[str, Any] | None:
    """The content of one piece in a release, None where it has none."""
    found = _edition(session, release_id, kind, key)
    return None if found is None else json.loads(found[0])


@dataclass(frozen=True, slots=True)
class PieceEdition:
    """One edition of a piece, and the first release that held it."""

    id: int
    content: dict[str, Any]
    created_at: datetime
    release_id: int | None
    note: str


def editions_of_piece(session: Session, kind: str, key: str) -> list[PieceEdition]:
    """Every edition of a piece, oldest first."""
    rows = session.execute(
        select(
            col(Edition.id),
            col(Edition.content),
            col(Edition.created_at),
            func.min(col(ReleaseEdition.release_id)),
        )
        .outerjoin(ReleaseEdition, col(ReleaseEdition.edition_id) == col(Edition.id))
        .where(col(Edition.kind) == kind, col(Edition.key) == key)
        .group_by(col(Edition.id), col(Edition.content), col(Edition.created_at))
        .order_by(col(Edition.id))
    ).all()
    notes = {release.id: release.note for release in history(session)}
    return [
        PieceEdition(id, json.loads(content), at, first, notes.get(first, ""))
        for id, content, at, first in rows
        if id is not None
    ]


def sha256_in_force(session: Session, kind: str, key: str) -> str | None:
    """Which edition of a piece is in force, None for none."""
    release_id = current_id(session)
    found = None if release_id is None else _edition(session, release_id, kind, key)
    return None if found is None else found[1]


def _edition(session: Session, release_id: int, kind: str, key: str) -> tuple[str, str] | None:
    found = fetch_within(
        session,
        "SELECT edition.content, edition.sha256 FROM edition JOIN release_edition"
        " ON release_edition.edition_id = edition.id AND release_edition.release_id = :release"
        " WHERE edition.kind = :kind AND edition.key = :key",
        release=release_id,
        kind=kind,
        key=key,
    )
    return None if found is None else (str(found[0]), str(found[1]))


def current_id(session: Session) -> int | None:
    """The number of the release in force, None before the first publication."""
    return session.execute(select(col(CurrentRelease.release_id))).scalar_one_or_none()


def held_id(session: Session) -> int | None:
    """The same; until the transaction ends nobody puts another one in force."""
    return _pointer(session).release_id


def current(session: Session) -> tuple[int, list[tuple[str, str, dict[str, Any]]]] | None:
    """The release in force with its (kind, key, content) triples in order, or None."""
    release_id = current_id(session)
    if release_id is None:
        return None
    return release_id, editions_of(session, release_id)


def editions_of(session: Session, release_id: int) -> list[tuple[str, str, dict[str, Any]]]:
    """The (kind, key, content) triples of a release in order. Raises ReleaseUnknown."""
    if session.get(Release, release_id) is None:
        raise ReleaseUnknown(release_id)
    rows = session.execute(
        select(col(Edition.kind), col(Edition.key), col(Edition.content))
        .join(ReleaseEdition, col(ReleaseEdition.edition_id) == col(Edition.id))
        .where(col(ReleaseEdition.release_id) == release_id)
        .order_by(col(ReleaseEdition.position))
    )
    return [(kind, key, json.loads(content)) for kind, key, content in rows]


def fingerprint(session: Session, release_id: int) -> str:
    """The same for two releases with the same editions in the same order, on any database."""
    rows = session.execute(
        select(col(Edition.kind), col(Edition.key), col(Edition.sha256))
        .join(ReleaseEdition, col(ReleaseEdition.edition_id) == col(Edition.id))
        .where(col(ReleaseEdition.release_id) == release_id)
        .order_by(col(ReleaseEdition.position))
    )
    return _fingerprint((kind, key, sha256) for kind, key, sha256 in rows)


def fingerprint_of(editions: Iterable[tuple[str, str, Mapping[str, Any]]]) -> str:
    """The fingerprint that these editions will have once they are stored."""
    drafts = _drafts(editions)
    return _fingerprint((kind, key, sha256) for (kind, key), (_, sha256) in drafts.items())


def _fingerprint(pieces: Iterable[tuple[str, str, str]]) -> str:
    text = "".join(f"{kind}\0{key}\0{sha256}\n" for kind, key, sha256 in pieces)
    return hashlib.sha256(text.encode()).hexdigest()


def put_in_force(session: Session, release_id: int, now: datetime) -> None:
    """Points to a stored release, new or old; nothing is deleted. Raises ReleaseUnknown."""
    if session.get(Release, release_id) is None:
        raise ReleaseUnknown(release_id)
    pointer = _pointer(session)
    # The version before, which serves beside this one, notes nothing: of the release that it put
    # in force it is made up for as the next one comes.
    for id, since in ((pointer.release_id, pointer.changed_at), (release_id, now)):
        session.execute(
            update(Release)
            .where(col(Release.id) == id, col(Release.first_in_force_at).is_(None))
            .values(first_in_force_at=since)
        )
    pointer.release_id = release_id
    pointer.changed_at = now
    session.add(pointer)
    session.flush()


def newest_in_force(session: Session) -> Release | None:
    """The newest release that is or was in force; what nobody published is none."""
    current = select(col(CurrentRelease.release_id)).scalar_subquery()
    return session.scalars(
        select(Release)
        .where(or_(col(Release.first_in_force_at).is_not(None), col(Release.id) == current))
        .order_by(col(Release.id).desc())
        .limit(1)
    ).first()


def history(session: Session) -> list[Release]:
    """All releases, newest first."""
    return list(session.scalars(select(Release).order_by(col(Release.id).desc())))


def _drafts(
    editions: Iterable[tuple[str, str, Mapping[str, Any]]],
) -> dict[tuple[str, str], tuple[str, str]]:
    drafts: dict[tuple[str, str], tuple[str, str]] = {}
    for kind, key, content in editions:
        if (kind, key) in drafts:
            raise EditionTwice(f"{kind} {key}")
        # One text for one content: sorted keys, so that a reordered file is no new edition.
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        drafts[kind, key] = text, hashlib.sha256(text.encode()).hexdigest()
    if not drafts:
        raise NothingToPublish
    return drafts


def _known(
    session: Session, drafts: Mapping[tuple[str, str], tuple[str, str]]
) -> dict[tuple[str, str, str], int]:
    kinds = {kind for kind, _ in drafts}
    rows = session.execute(
        select(col(Edition.kind), col(Edition.key), col(Edition.sha256), col(Edition.id)).where(
            col(Edition.kind).in_(kinds)
        )
    )
    return {(kind, key, sha256): number for kind, key, sha256, number in rows if number is not None}


def _pointer(session: Session) -> CurrentRelease:
    # Locked first, so that two publications at once follow one another.
    held = select(CurrentRelease).with_for_update()
    return session.scalars(held.execution_options(populate_existing=True)).one()
