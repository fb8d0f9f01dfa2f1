"""What was said in a conversation, to be read again after a reload, and thumbs up or down on it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from server.database.db import insert_new
from server.database.tables import Conversation, Direction, Thumb, Turn

SHOWN = 50
"""Turns of a conversation that can be read again, the newest."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class TurnUnknown(LookupError):
    """There is no such turn or conversation, or it is somebody else's."""


@dataclass(frozen=True, slots=True)
class Told:
    """A turn as it was recorded, and what the person thinks of it."""

    turn: Turn
    thumb: Direction | None


def number_of(at: datetime) -> int:
    """How a turn is called within its conversation: its microsecond since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def told(session: Session, conversation_id: str, worker_id: int | None) -> list[Told]:
    """The last turns of a conversation, the oldest first; raises `TurnUnknown`."""
    _check(session, conversation_id, worker_id)
    newest = session.scalars(
        select(Turn)
        .where(col(Turn.conversation_id) == conversation_id)
        .order_by(col(Turn.at).desc(), col(Turn.id).desc())
        .limit(SHOWN)
    ).all()
    thumbs = session.scalars(select(Thumb).where(col(Thumb.conversation_id) == conversation_id))
    given = {thumb.turn_at: Direction(thumb.direction) for thumb in thumbs}
    return [Told(turn, given.get(turn.at)) for turn in reversed(newest)]


def rate(
    session: Session,
    conversation_id: str,
    number: int,
    direction: Direction | None,
    *,
    worker_id: int | None,
    now: datetime,
) -> None:
    """Note a thumb on a turn in the place of an earlier one; None takes it away.

    Raises `TurnUnknown`.
    """
    _check(session, conversation_id, worker_id)
    try:
        at = _EPOCH + number * _MICROSECOND
    except OverflowError:
        raise TurnUnknown from None
    key: dict[str, Any] = {"conversation_id": conversation_id, "turn_at": at}
    found = session.scalars(
        select(col(Turn.id)).where(col(Turn.conversation_id) == conversation_id, col(Turn.at) == at)
    )
    if found.first() is None:
        raise TurnUnknown
    if direction is not None and insert_new(session, Thumb, **key, direction=direction, at=now):
        return
    thumb = session.get(Thumb, (conversation_id, at))
    if thumb is None:
        return
    if direction is None:
        session.delete(thumb)
    else:
        thumb.direction, thumb.at = direction, now
        session.add(thumb)


def _check(session: Session, conversation_id: str, worker_id: int | None) -> None:
    """Whoever knows the id of a conversation begun by nobody may see it; raises `TurnUnknown`."""
    found = session.get(Conversation, conversation_id)
    if found is None or found.worker_id not in (None, worker_id):
        raise TurnUnknown
