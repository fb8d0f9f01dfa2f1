"""Two workers who turn out to be one person: what each may have only once is made one."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from server.casework import near_duplicates
from server.casework.advancing import Post
from server.offers import taking_part, telling, wishing
from server.personal.people import StayTwo
from server.vouchers.tables import Voucher


def unite(
    session: Session, kept: int, gone: int, *, letters: Callable[[], Post], now: datetime
) -> None:
    """What `people.recognise` calls before one takes over all of the other.

    `letters` tells those who get a place that the person had twice. Raises `StayTwo` where both
    have a voucher of one issue: that is money, and no sign-in decides on it.
    """
    of_gone = select(col(Voucher.issue_id)).where(col(Voucher.worker_id) == gone)
    of_both = select(col(Voucher.id)).where(
        col(Voucher.worker_id) == kept, col(Voucher.issue_id).in_(of_gone)
    )
    if session.execute(of_both.limit(1)).first() is not None:
        raise StayTwo
    near_duplicates.unite(session, kept, gone)
    wishing.unite(session, kept, gone)
    for offer, up in taking_part.unite(session, kept, gone, now=now):
        telling.tell_all(session, letters(), offer, up, telling.MOVED_UP, now=now)
