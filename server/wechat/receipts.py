"""Receipts: each message has one effect and one reply, however often and wherever it arrives.

The reply is settled in the transaction of its effects. Of several deliveries that are worked on at
the same time the first to commit wins, and the others give its reply; one that dies leaves nothing.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete
from sqlmodel import Session, col, select

from server.database.db import Database, insert_new
from server.database.tables import WechatReceipt

KEPT_FOR = timedelta(days=1)
"""Far longer than WeChat repeats a message, or a signature is accepted."""
OWED_FOR = timedelta(hours=48)
"""So long after a message WeChat still takes an answer to it."""
_SURELY_LEFT = timedelta(seconds=15)


class Receipt(NamedTuple):
    """What was settled for a message: the reply, '' for none, and when it was received."""

    reply: str
    received_at: datetime
    owed: str | None = None


class Settled(NamedTuple):
    """The receipt in force; `first`: this delivery made it, its effects are to be written.

    `late`: WeChat has its answer already, so the reply has to go another way.
    """

    receipt: Receipt
    first: bool
    late: bool = False


def find(database: Database, id: str) -> Receipt | None:
    """The receipt of a message that came before."""
    row = database.fetch(
        "SELECT reply, received_at, owed FROM wechat_receipt WHERE id = :id", id=id
    )
    return None if row is None else Receipt(row[0], _instant(row[1]), row[2])


def settle(session: Session, id: str, reply: str, *, now: datetime) -> Settled:
    """Settle the reply to a message, or find that it is settled."""
    if insert_new(session, WechatReceipt, id=id, received_at=now, reply=reply):
        return Settled(Receipt(reply, now), first=True)
    row = _row(session, id)
    if row.owed is None:
        return Settled(Receipt(row.reply, row.received_at), first=False)
    row.owed = None
    session.add(row)
    return Settled(Receipt(row.reply, row.received_at), first=True, late=True)


def owe(session: Session, id: str, sealed: str, *, now: datetime) -> Receipt:
    """Note that a message is still to be answered, or find that it was just settled."""
    insert_new(session, WechatReceipt, id=id, received_at=now, reply="", owed=sealed)
    row = _row(session, id)
    return Receipt(row.reply, row.received_at, row.owed)


def left(
    session: Session, *, skip: int = 0, now: datetime, most: int = 100
) -> Sequence[tuple[str, str]]:
    """Ids and sealed messages that a process acknowledged and did not live to answer."""
    found = session.exec(
        select(WechatReceipt.id, WechatReceipt.owed)
        .where(col(WechatReceipt.owed).is_not(None))
        .where(col(WechatReceipt.received_at) < now - _SURELY_LEFT)
        .order_by(col(WechatReceipt.received_at), col(WechatReceipt.id))
        .offset(skip)
        .limit(most)
    )
    return [(id, owed) for id, owed in found if owed is not None]


def any_owed(database: Database, *, now: datetime) -> bool:
    """Whether there are such messages."""
    with database.read() as session:
        return bool(left(session, now=now, most=1))


def forget_expired(session: Session, *, now: datetime) -> int:
    """Delete what no delivery can ask for any more; gives the number of receipts."""
    owed = col(WechatReceipt.owed)
    received_at = col(WechatReceipt.received_at)
    gone = session.connection().execute(
        delete(WechatReceipt)
        .where(received_at < now - KEPT_FOR)
        .where(owed.is_(None) | (received_at < now - OWED_FOR))
    )
    return gone.rowcount


def _row(session: Session, id: str) -> WechatReceipt:
    found = select(WechatReceipt).where(col(WechatReceipt.id) == id).with_for_update()
    return session.exec(found).one()


def _instant(stored: str | datetime) -> datetime:
    return datetime.fromisoformat(stored) if isinstance(stored, str) else stored
