"""What is remembered of those who follow the official account."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, update
from sqlmodel import Session, col

from server.database.db import Database, insert_within
from server.database.tables import WechatFollower, stored_instant

_MORE_KEPT_FOR = timedelta(days=1)


class Follower(NamedTuple):
    """What is remembered of somebody: the place, and what their last reply had no room for."""

    region: str | None = None
    more: str | None = None
    more_for: str | None = None


def find(database: Database, id: str) -> Follower:
    """What is remembered of somebody, nothing of a stranger."""
    row = database.fetch("SELECT region, more, more_for FROM wechat_follower WHERE id = :id", id=id)
    return Follower() if row is None else Follower(*row)


def remember(session: Session, id: str, follower: Follower, *, now: datetime) -> None:
    """Put what is known of somebody now in the place of what was."""
    insert_within(session, _REMEMBER, [(id, *follower, stored_instant(now))])


_REMEMBER = (
    "INSERT INTO wechat_follower (id, region, more, more_for, changed_at) VALUES {}"
    " ON CONFLICT (id) DO UPDATE SET region = excluded.region, more = excluded.more,"
    " more_for = excluded.more_for, changed_at = excluded.changed_at"
)


def forget_expired(session: Session, *, now: datetime) -> int:
    """Delete what nobody asked for any more; gives the number of followers it was kept for."""
    gone = session.connection().execute(
        update(WechatFollower)
        .where(col(WechatFollower.more).is_not(None))
        .where(col(WechatFollower.changed_at) < now - _MORE_KEPT_FOR)
        .values(more=None, more_for=None)
    )
    return gone.rowcount


def forget(session: Session, id: str) -> None:
    """Forget somebody who follows no more."""
    session.connection().execute(delete(WechatFollower).where(col(WechatFollower.id) == id))
