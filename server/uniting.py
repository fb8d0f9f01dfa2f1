"""Two workers who turn out to be one person: what each may have only once is made one."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlmodel import Session, col

from server.casework import near_duplicates
from server.casework.advancing import Post
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectErased
from server.offers import taking_part, telling, wishing
from server.personal import consents, people
from server.personal.people import StayTwo
from server.register import claiming, keeping
from server.vouchers.tables import Voucher


def unite(
    session: Session, kept: int, gone: int, *, making_post: Callable[[], Post], now: datetime
) -> None:
    """What `people` calls before one takes over all of the other.

    Those who get a place that the person had twice are told by post, made only then. Raises
    `StayTwo` where both have a voucher of one issue: that is money, and no sign-in decides on it.
    """
    of_gone = select(col(Voucher.issue_id)).where(col(Voucher.worker_id) == gone)
    of_both = select(col(Voucher.id)).where(
        col(Voucher.worker_id) == kept, col(Voucher.issue_id).in_(of_gone)
    )
    if session.execute(of_both.limit(1)).first() is not None:
        raise StayTwo
    consents.unite(session, kept, gone)
    near_duplicates.unite(session, kept, gone)
    wishing.unite(session, kept, gone)
    for offer, up in taking_part.unite(session, kept, gone, now=now):
        telling.tell_all(session, making_post(), offer, up, telling.MOVED_UP, now=now)


def claim(
    session: Session, safe: Safe, *, worker_id: int, making_post: Callable[[], Post], now: datetime
) -> None:
    """Give somebody the cases that were made of a roster of them before they signed in.

    To be asked whenever the name, the number or the verified telephone may have come to be theirs.
    """
    gone = people.registered_as(session, worker_id)
    if gone is None:
        return
    entry = keeping.of_worker(session, gone)
    # What the register says goes along: for that its own telephone has to be theirs, too.
    if entry is not None and claiming.proven_entry(session, worker_id) is not entry:
        return
    uniting = partial(unite, making_post=making_post, now=now)
    # Who left meanwhile, or has what can't be made one, is no more or stays as they are.
    with suppress(StayTwo, SubjectErased):
        people.take_over(session, safe, kept=worker_id, gone=gone, uniting=uniting, now=now)
