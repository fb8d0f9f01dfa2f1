"""Stored gold: questions and persons with what would be right, asked of every release."""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from bot.evaluation import Gold
from server.db import insert_new
from server.editing.tables import GoldSort, StoredGold

MOST_TURNS = 8
_LONGEST_TEXT = 1000


class GoldUnfit(ValueError):
    """No gold can be made of this."""


def add_question(
    session: Session, gold: Gold, *, officer_id: int | None, now: datetime
) -> str | None:
    """Store a question; its name, None where the very same stands there already."""
    if not 0 < len(gold.turns) <= MOST_TURNS or any(
        not turn.strip() or len(turn) > _LONGEST_TEXT for turn in gold.turns
    ):
        raise GoldUnfit(gold.id)
    asked = json.dumps([gold.turns, gold.region], ensure_ascii=False)
    key = gold.id or "q-" + hashlib.sha256(asked.encode()).hexdigest()[:16]
    content = gold.model_copy(update={"id": key}).model_dump_json()
    return key if _add(session, GoldSort.QUESTION, key, content, officer_id, now) else None


def add_persona(
    session: Session, id: str, content: str, *, officer_id: int | None, now: datetime
) -> bool:
    """Store a person as the line of a persona file; whether it is new."""
    return _add(session, GoldSort.PERSONA, id, content, officer_id, now)


def questions(session: Session) -> list[Gold]:
    """Every stored question, in the order in which they were added."""
    return [Gold.model_validate_json(content) for content in _contents(session, GoldSort.QUESTION)]


def newest_questions(session: Session, most: int) -> list[tuple[str, Gold]]:
    """The questions that were stored last, each with its name."""
    rows = session.execute(
        select(col(StoredGold.key), col(StoredGold.content))
        .where(col(StoredGold.sort) == GoldSort.QUESTION)
        .order_by(col(StoredGold.id).desc())
        .limit(most)
    )
    return [(key, Gold.model_validate_json(content)) for key, content in rows]


def personas(session: Session) -> list[str]:
    """Every stored person as a line of a persona file."""
    return list(_contents(session, GoldSort.PERSONA))


def counts(session: Session) -> dict[str, int]:
    """How many there are of each sort."""
    found = session.execute(
        select(col(StoredGold.sort), func.count()).group_by(col(StoredGold.sort))
    )
    return {sort: count for sort, count in found}


def remove(session: Session, sort: GoldSort, key: str) -> bool:
    """Take a piece of gold out; whether it was there."""
    gone = session.connection().execute(
        delete(StoredGold).where(col(StoredGold.sort) == sort, col(StoredGold.key) == key)
    )
    return gone.rowcount == 1


def _add(
    session: Session,
    sort: GoldSort,
    key: str,
    content: str,
    officer_id: int | None,
    now: datetime,
) -> bool:
    return insert_new(
        session,
        StoredGold,
        sort=sort.value,
        key=key[:64],
        content=content,
        added_by=officer_id,
        added_at=now,
    )


def _contents(session: Session, sort: GoldSort) -> Iterable[str]:
    return session.scalars(
        select(col(StoredGold.content))
        .where(col(StoredGold.sort) == sort)
        .order_by(col(StoredGold.id))
    )
