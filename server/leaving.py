"""Somebody goes for good: each room lets go of them, then they are erased."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from server.casework import service_requests
from server.casework.advancing import Post
from server.confidential.sealing import Safe
from server.database.tables import Worker
from server.offers import taking_part, telling
from server.pairing import keeping as pairings
from server.personal import erasing
from server.personal.erasing import Blocker
from server.records.audit import Actor
from server.register import keeping as register


def leave(
    session: Session,
    safe: Safe,
    *,
    worker_id: int,
    by: Actor,
    making_post: Callable[[], Post],
    blockers: Sequence[Blocker] = (),
    now: datetime,
) -> list[str]:
    """Erase a worker; returns the keys that are to be destroyed once this has been committed.

    Those who get the places that they held are told by post, made only then. Raises
    `StillUnderWay`.
    """
    # Whoever writes something of theirs at this moment is done before, or finds them erased.
    # Not against those who only write a row that points to them: an officer does so while holding
    # what is let go of here, and each would wait for the other.
    session.execute(
        select(col(Worker.id)).where(col(Worker.id) == worker_id).with_for_update(key_share=True)
    )
    service_requests.let_go(session, safe, worker_id=worker_id, now=now)
    register.let_go(session, safe, worker_id=worker_id, now=now)
    pairings.let_go(session, safe, worker_id=worker_id, now=now)
    for offer, up in taking_part.let_go(session, safe, worker_id=worker_id, now=now):
        telling.tell_all(session, making_post(), offer, up, telling.MOVED_UP, now=now)
    return erasing.erase(session, safe, worker_id=worker_id, by=by, blockers=blockers, now=now)
