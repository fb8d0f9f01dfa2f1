"""Stored gold: questions and persons with what would be right, asked of every release."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from bot.evaluation import Gold
from server.database.db import insert_new
from server.database.tables import Release
from server.editing.tables import GoldSort, Proposal, ProposalState, StoredGold
from server.published import releases

MOST_TURNS = 8
_LONGEST_TEXT = 1000
_IS_ASKED = col(StoredGold.taken_out_at).is_(None)


class GoldUnfit(ValueError):
    """No gold can be made of this."""


def add_question(
    session: Session, gold: Gold, *, officer_id: int | None, now: datetime
) -> str | None:
    """Store a question; its name, None where one of that name stands there, whatever it asks.

    One without a name is called by what it asks, and where. Raises `GoldUnfit`.
    """
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
    """Store a person as the line of a persona file; whether none of that id stands there."""
    return _add(session, GoldSort.PERSONA, id, content, officer_id, now)


def questions(session: Session) -> list[Gold]:
    """Every stored question, in the order in which they were added."""
    return [Gold.model_validate_json(content) for content in _contents(session, GoldSort.QUESTION)]


def taken_out_since(session: Session, when: datetime) -> list[Gold]:
    """The questions that were taken out since then."""
    rows = session.scalars(
        select(col(StoredGold.content))
        .where(col(StoredGold.sort) == GoldSort.QUESTION, col(StoredGold.taken_out_at) >= when)
        .order_by(col(StoredGold.id))
    )
    return [Gold.model_validate_json(content) for content in rows]


def told_until(session: Session) -> datetime:
    """Until when whoever published was told what was taken out; a rollback tells nobody.

    A proposal tells what was taken out before it was tried, an import as it is published; of the
    program's own files nobody is told anything.
    """
    proposed = session.scalar(
        select(func.max(col(Proposal.proposed_at))).where(
            col(Proposal.state) == ProposalState.PUBLISHED
        )
    )
    imported = session.scalar(
        select(func.max(col(Release.first_in_force_at))).where(
            ~col(Release.note).startswith(releases.OWN_NOTE, autoescape=True),
            col(Release.id).not_in(select(col(Proposal.release_id))),
        )
    )
    return max((at for at in (proposed, imported) if at), default=datetime.min.replace(tzinfo=UTC))


def newest_questions(session: Session, most: int) -> list[tuple[str, Gold]]:
    """The questions that were stored last, each with its name."""
    rows = session.execute(
        select(col(StoredGold.key), col(StoredGold.content))
        .where(col(StoredGold.sort) == GoldSort.QUESTION, _IS_ASKED)
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
        select(col(StoredGold.sort), func.count()).where(_IS_ASKED).group_by(col(StoredGold.sort))
    )
    return {sort: count for sort, count in found}


def take_out(session: Session, key: str, *, officer_id: int, now: datetime) -> bool:
    """Ask a question no more; whether it was asked. It stays for those who publish to see."""
    gone = session.connection().execute(
        update(StoredGold)
        .where(col(StoredGold.sort) == GoldSort.QUESTION, col(StoredGold.key) == key, _IS_ASKED)
        .values(taken_out_by=officer_id, taken_out_at=now)
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
    key = key[:64]
    told = {"content": content, "added_by": officer_id, "added_at": now}
    if insert_new(session, StoredGold, sort=sort.value, key=key, **told):
        return True
    again = session.connection().execute(
        update(StoredGold)
        .where(col(StoredGold.sort) == sort, col(StoredGold.key) == key, ~_IS_ASKED)
        .values(**told, taken_out_by=None, taken_out_at=None)
    )
    return again.rowcount == 1


def _contents(session: Session, sort: GoldSort) -> Iterable[str]:
    return session.scalars(
        select(col(StoredGold.content))
        .where(col(StoredGold.sort) == sort, _IS_ASKED)
        .order_by(col(StoredGold.id))
    )
