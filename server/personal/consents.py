"""What a worker agreed to: each purpose by itself, to one version of its text, until withdrawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from server.confidential.sealing import Safe
from server.database.db import Question, fetch_answers
from server.database.tables import Consent, Purpose
from server.records import audit
from server.records.audit import Action, Actor

_FILE = Path(__file__).with_name("consent_texts.yaml")


class ConsentMissing(Exception):
    """The worker has not agreed to the text that is in force for `purpose`."""

    def __init__(self, purpose: Purpose) -> None:
        super().__init__(purpose)
        self.purpose = purpose


class TextReplaced(Exception):
    """Agreed to a version of the text that is not the one in force."""


@dataclass(frozen=True, slots=True)
class Text:
    """One version of the words that a worker agrees to."""

    purpose: Purpose
    title: str
    version: int
    dated: date
    text: str


@dataclass(frozen=True, slots=True)
class Given:
    """The text in force for a purpose, and since when the worker agrees to it, None: does not."""

    text: Text
    since: datetime | None


@lru_cache(maxsize=1)
def texts() -> Mapping[Purpose, tuple[Text, ...]]:
    """Every version of every text, oldest first; the last is in force."""
    read: dict[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return {
        purpose: tuple(
            Text(purpose, read[purpose]["title"], row["version"], row["dated"], row["text"])
            for row in read[purpose]["versions"]
        )
        for purpose in Purpose
    }


def in_force(purpose: Purpose) -> Text:
    """The text that is to be agreed to now."""
    return texts()[purpose][-1]


def of_worker(session: Session, worker_id: int) -> list[Given]:
    """Every purpose with what the worker says to it."""
    since = {
        (row.purpose, row.version): row.given_at
        for row in session.scalars(select(Consent).where(*_standing(worker_id)))
    }
    return [Given(in_force(p), since.get((p, in_force(p).version))) for p in Purpose]


def is_given(session: Session, worker_id: int, purpose: Purpose) -> bool:
    """Whether the worker agrees to the text in force."""
    (found,) = fetch_answers(session, asked(worker_id, purpose))
    return found is not None


def asked(worker_id: int, purpose: Purpose) -> Question:
    """`is_given` as a question, which finds 1 or nothing."""
    return Question(
        "SELECT 1 FROM consent WHERE worker_id = :worker AND withdrawn_at IS NULL"
        " AND purpose = :purpose AND version = :version LIMIT 1",
        {"worker": worker_id, "purpose": purpose.value, "version": in_force(purpose).version},
    )


def require(session: Session, worker_id: int, purpose: Purpose) -> None:
    """Raises `ConsentMissing` unless the worker agrees to the text in force."""
    if not is_given(session, worker_id, purpose):
        raise ConsentMissing(purpose)


def withdrawn(session: Session, worker_id: int, purpose: Purpose) -> bool:
    """Whether the worker took a consent back, and has not given it again."""
    # Who agreed to an older text has not taken that back by there being a newer one.
    ends = session.scalars(
        select(col(Consent.withdrawn_at)).where(
            col(Consent.worker_id) == worker_id, col(Consent.purpose) == purpose
        )
    ).all()
    return bool(ends) and None not in ends


def unite(session: Session, kept: int, gone: int) -> None:
    """End what one of two accounts gives and the other took back later: a no has to hold."""
    for one, other in ((kept, gone), (gone, kept)):
        for purpose in Purpose:
            if not withdrawn(session, one, purpose):
                continue
            of_one = col(Consent.worker_id) == one, col(Consent.purpose) == purpose
            ended = session.scalar(select(func.max(col(Consent.withdrawn_at))).where(*of_one))
            session.execute(
                update(Consent)
                .where(
                    *_standing(other),
                    col(Consent.purpose) == purpose,
                    col(Consent.given_at) < ended,
                )
                .values(withdrawn_at=ended)
            )


def gives(worker: Mapped[int], purpose: Purpose) -> ColumnElement[bool]:
    """`is_given`, as a condition in a query that has a column of workers."""
    return exists().where(
        col(Consent.worker_id) == worker,
        col(Consent.purpose) == purpose,
        col(Consent.version) == in_force(purpose).version,
        col(Consent.withdrawn_at).is_(None),
    )


def gives_older(worker: Mapped[int], purpose: Purpose) -> ColumnElement[bool]:
    """Whether the worker agreed to an older text, and has not taken that back."""
    return exists().where(
        col(Consent.worker_id) == worker,
        col(Consent.purpose) == purpose,
        col(Consent.version) < in_force(purpose).version,
        col(Consent.withdrawn_at).is_(None),
    )


def took_back(worker: Mapped[int], purpose: Purpose) -> ColumnElement[bool]:
    """`withdrawn`, as a condition in a query that has a column of workers."""
    said = exists().where(col(Consent.worker_id) == worker, col(Consent.purpose) == purpose)
    return said & ~said.where(col(Consent.withdrawn_at).is_(None))


def all_withdrawn(session: Session, purpose: Purpose) -> set[int]:
    """Every worker of whom `withdrawn` holds."""
    again = select(col(Consent.worker_id)).where(
        col(Consent.purpose) == purpose, col(Consent.withdrawn_at).is_(None)
    )
    return set(
        session.scalars(
            select(col(Consent.worker_id)).where(
                col(Consent.purpose) == purpose,
                col(Consent.withdrawn_at).is_not(None),
                col(Consent.worker_id).not_in(again),
            )
        )
    )


def give(
    session: Session, safe: Safe, *, worker_id: int, purpose: Purpose, version: int, now: datetime
) -> Given:
    """The worker agrees to a version of a text; raises `TextReplaced` where it is not in force."""
    text = in_force(purpose)
    if version != text.version:
        raise TextReplaced
    if not is_given(session, worker_id, purpose):
        _end(session, worker_id, purpose, now)
        session.add(Consent(worker_id=worker_id, purpose=purpose, version=version, given_at=now))
        session.flush()
        _record(session, safe, worker_id, purpose, Action.CONSENTED, now)
    return next(g for g in of_worker(session, worker_id) if g.text.purpose is purpose)


def withdraw(
    session: Session, safe: Safe, *, worker_id: int, purpose: Purpose, now: datetime
) -> bool:
    """The worker agrees no more; False where there was nothing to take back."""
    if not _end(session, worker_id, purpose, now):
        return False
    _record(session, safe, worker_id, purpose, Action.WITHDREW, now)
    return True


def end_all(session: Session, worker_id: int, *, now: datetime) -> None:
    """Whoever is erased agrees to nothing any more; three years on the rows go, too."""
    session.execute(update(Consent).where(*_standing(worker_id)).values(withdrawn_at=now))


def _standing(worker_id: int) -> tuple[Any, ...]:
    return col(Consent.worker_id) == worker_id, col(Consent.withdrawn_at).is_(None)


def _end(session: Session, worker_id: int, purpose: Purpose, now: datetime) -> int:
    ended = session.connection().execute(
        update(Consent)
        .where(*_standing(worker_id), col(Consent.purpose) == purpose)
        .values(withdrawn_at=now)
    )
    return ended.rowcount


def _record(
    session: Session, safe: Safe, worker_id: int, purpose: Purpose, action: Action, now: datetime
) -> None:
    audit.record(
        session,
        safe,
        by=Actor.worker(worker_id),
        action=action,
        about="consent",
        row=worker_id,
        worker_id=worker_id,
        fields=(purpose,),
        now=now,
    )
