"""Vouchers at the end of their days: people are told once a week before, and the rest goes back."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta

from sqlalchemy import exists, or_, select, update
from sqlmodel import Session, col

from server.casework import funds
from server.casework.advancing import Post
from server.clock import CHINA, Clock, china_day
from server.confidential.sealing import Safe
from server.database.db import Database, load_within
from server.database.tables import Worker, stored_instant
from server.personal import people
from server.records.audit import Actor
from server.vouchers import telling
from server.vouchers.tables import Issue, Return, ReturnWhy, Voucher

WARNED_BEFORE = timedelta(days=7)
"""So long before the last day people are told; who got it later was told the day just then."""
AT_ONCE = 500
"""So many vouchers are told of, or emptied, at once."""
_LAPSING = Actor.job("vouchers lapse")


def warn_all(database: Database, post: Post, *, clock: Clock) -> int:
    """Tell everybody whose voucher ends soon, in batches; how many were told.

    A batch is one transaction that writes the notices and marks the vouchers: wherever a process
    dies, the next one goes on with the others, and nobody is told twice.
    """
    told = 0
    while True:
        with database.begin() as session:
            some = warn(session, post, now=clock())
        if not some:
            return told
        told += some


def warn(session: Session, post: Post, *, at_most: int = AT_ONCE, now: datetime) -> int:
    """One batch of these; 0: everybody was told."""
    today, told = china_day(now), 0
    ending = select(Issue).where(
        col(Issue.last_on) >= today, col(Issue.last_on) <= today + WARNED_BEFORE
    )
    for issue in session.scalars(ending.order_by(col(Issue.last_on), col(Issue.id))).all():
        found = _unwarned(session, issue, at_most - told)
        # Who is just leaving is told nothing more.
        held = people.held(session, [each.worker_id for each in found])
        some = [each for each in found if each.worker_id in held]
        if not some:
            continue
        marked = update(Voucher).where(col(Voucher.id).in_([each.id for each in some]))
        session.execute(marked.values(warned_at=now))
        telling.tell_ending(session, post, issue, some, now=now)
        told += len(some)
        if told >= at_most:
            break
    return told


def lapse(session: Session, safe: Safe, *, now: datetime) -> int:
    """Give back to the funds what nobody used until the last day; how many fen.

    To be run again and again: what is refunded later goes back the next time.
    """
    # A second job that runs at this moment waits here, and then sees what the first has noted.
    over = select(Issue).where(col(Issue.last_on) < china_day(now)).order_by(col(Issue.id))
    issues = session.scalars(over.with_for_update(key_share=True)).all()
    _lapse_uses(session, now)
    # Whoever takes a voucher back holds it and then wants the fund: here too the fund comes last.
    rests = [
        (issue.fund_id, issue.id, _empty(session, issue.id, now))
        for issue in issues
        if issue.fund_id is not None
    ]
    for fund, issue_id, rest in rests:
        if rest:
            funds.give_back(session, safe, fund, rest, issue_id=issue_id, by=_LAPSING, now=now)
    return sum(rest for _, _, rest in rests)


def _empty(session: Session, issue_id: str, now: datetime) -> int:
    """Take what is left out of the vouchers of an issue; how many fen.

    Emptied are those that were counted: a refund at this moment comes the next time.
    """
    rest = 0
    while counted := _some_left(session, issue_id):
        rest += sum(counted.values())
        _note(session, counted, now)
        emptied = update(Voucher).where(col(Voucher.id).in_(counted))
        session.execute(emptied.values(left_fen=0))
    return rest


def _lapse_uses(session: Session, now: datetime) -> None:
    """Note of vouchers without money that they were not used up; once of each."""
    unused = (
        select(col(Voucher.id))
        .join(Issue, col(Issue.id) == col(Voucher.issue_id))
        .where(
            col(Issue.last_on) < china_day(now),
            col(Voucher.amount_fen) == 0,
            col(Voucher.left_uses) > 0,
            col(Voucher.ended_at).is_(None),
            ~exists().where(col(Return.voucher_id) == col(Voucher.id)),
        )
        .order_by(col(Voucher.id))
        .limit(AT_ONCE)
        .with_for_update(of=Voucher)
    )
    while ids := session.scalars(unused).all():
        _note(session, dict.fromkeys(ids, 0), now)


def _note(session: Session, counted: Mapping[str, int], now: datetime) -> None:
    at, why = stored_instant(now), ReturnWhy.LAPSED.value
    load_within(
        session,
        "voucher_return",
        ("voucher_id", "at", "why", "amount_fen"),
        [(id, at, why, fen) for id, fen in counted.items()],
    )


def _some_left(session: Session, issue_id: str) -> dict[str, int]:
    """Vouchers of an issue with what is left of each, locked; empty once nothing is left."""
    rows = session.execute(
        select(col(Voucher.id), col(Voucher.left_fen))
        .where(col(Voucher.issue_id) == issue_id, col(Voucher.left_fen) > 0)
        .order_by(col(Voucher.id))
        .limit(AT_ONCE)
        .with_for_update()
    )
    return {id: fen for id, fen in rows}


def _unwarned(session: Session, issue: Issue, at_most: int) -> list[Voucher]:
    """Vouchers of which something is left and nobody was told yet, locked."""
    begin = datetime.combine(issue.last_on - WARNED_BEFORE, time(), CHINA)
    return list(
        session.scalars(
            select(Voucher)
            .join(Worker, col(Worker.id) == col(Voucher.worker_id))
            .where(
                col(Voucher.issue_id) == issue.id,
                col(Voucher.warned_at).is_(None),
                col(Voucher.issued_at) < begin,
                col(Voucher.ended_at).is_(None),
                or_(col(Voucher.amount_fen) == 0, col(Voucher.left_fen) > 0),
                or_(col(Voucher.left_uses).is_(None), col(Voucher.left_uses) > 0),
                col(Worker.erased_at).is_(None),
            )
            .order_by(col(Voucher.id))
            .limit(at_most)
            # Whoever tells the same people at this moment was first: then they are told already.
            .with_for_update(of=Voucher)
            .execution_options(populate_existing=True)
        )
    )
