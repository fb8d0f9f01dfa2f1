"""Rounds: vouchers of an issue to a group of the register, counted, confirmed, given lot by lot.

The confirmation holds the whole sum back, or is refused. A lot is one transaction that gives its
vouchers and marks its people: wherever a process dies, the next one goes on with those who wait,
and nobody gets two. What was held back for who gets none goes back to the fund at the end.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session, col

from server.casework import funds
from server.casework.advancing import Post
from server.casework.officers import (
    MOVERS,
    Officer,
    Role,
    SecondOfficerNeeded,
    require,
    require_one,
    scope,
)
from server.casework.opting_out import OutOfCases
from server.clock import Clock, china_day
from server.confidential.sealing import Safe
from server.database import db, numbering
from server.database.db import Database, load_within
from server.database.tables import Worker
from server.personal import people
from server.records import audit
from server.records.audit import Action
from server.register.hardship import Cause
from server.register.tables import Level
from server.vouchers import issuing
from server.vouchers.choosing import Chosen, Group
from server.vouchers.holders import Holders, hashes_of
from server.vouchers.issuing import NotOpen
from server.vouchers.tables import Issue, PlaceState, Round, RoundPlace, RoundState

AT_ONCE = 200
"""So many vouchers are given in one transaction."""
_GIVING = audit.Actor.job("voucher rounds")


class RoundUnknown(LookupError):
    """There is no such round, or none for whoever asks."""


class RoundChanged(Exception):
    """Somebody else has moved the round meanwhile, or it does not stand where this starts."""


class GroupElsewhere(ValueError):
    """The group's place does not lie in that of the issue."""


class GroupMoved(Exception):
    """Others would get one than were counted: they have to be counted again, and looked at."""


def propose(
    session: Session,
    post: Post,
    issue: Issue,
    group: Group,
    chosen: Chosen,
    *,
    by: Officer,
    now: datetime,
) -> Round:
    """Enter a round with whom it would reach; it waits for a second officer.

    Raises `NotAllowed`, `NotOpen`, `GroupElsewhere`.
    """
    regions = post.library.regions
    require(by, Role.CASE_OFFICER, issue.region, regions)
    if not regions.lies_in(group.region, issue.region):
        raise GroupElsewhere(group.region)
    if not issuing.is_open(issue, china_day(now)):
        raise NotOpen(issue.id)
    made = Round(
        id=numbering.number(now, "T"),
        issue_id=issue.id,
        region=group.region,
        level=group.level,
        cause=group.cause,
        state=RoundState.PROPOSED,
        proposed_by=by.id,
        created_at=now,
        changed_at=now,
        **_counted(chosen),
    )
    session.add(made)
    session.flush()
    _audit(session, post.safe, made, by.id, Action.CREATED, now)
    return made


def recount(
    session: Session, post: Post, round_: Round, chosen: Chosen, *, by: Officer, version: int,
    now: datetime,
) -> None:  # fmt: skip
    """Note how many there are now; raises `NotAllowed`, `RoundChanged`."""
    _require_mover(session, post, round_, by)
    _step(session, round_, RoundState.PROPOSED, version, now, **_counted(chosen))
    _audit(session, post.safe, round_, by.id, Action.READ, now)


def confirm(
    session: Session, post: Post, round_: Round, chosen: Chosen, *, by: Officer, version: int,
    now: datetime,
) -> None:  # fmt: skip
    """Hold the sum back for exactly these people; `chosen` is who would get one at this moment.

    Raises `NotAllowed`, `SecondOfficerNeeded`, `GroupMoved`, `NotOpen`, `FundShort`,
    `RoundChanged`; then nothing has changed.
    """
    session.refresh(round_, with_for_update=True)
    # Others who give vouchers of the same issue wait here.
    issue = session.get_one(Issue, round_.issue_id, with_for_update=True, populate_existing=True)
    require(by, Role.APPROVER, issue.region, post.library.regions)
    if by.id == round_.proposed_by:
        raise SecondOfficerNeeded
    if chosen.digest != round_.digest:
        raise GroupMoved
    if not issuing.is_open(issue, china_day(now)):
        raise NotOpen(issue.id)
    gets = len(chosen.workers)
    values: dict[str, Any] = {"decided_by": by.id, "confirmed_at": now, "people": gets}
    values |= {"state": RoundState.GIVING} if gets else {"state": RoundState.DONE, "ended_at": now}
    _step(session, round_, RoundState.PROPOSED, version, now, **_counted(chosen), **values)
    if gets and issue.fund_id is not None:
        total = gets * issue.amount_fen
        funds.promise(session, post.safe, issue.fund_id, total, issue_id=issue.id, by=by, now=now)
    load_within(
        session,
        "round_place",
        ("round_id", "worker_id", "state"),
        [(round_.id, worker, PlaceState.WAITING.value) for worker in chosen.workers],
    )
    _audit(session, post.safe, round_, by.id, Action.DECIDED, now, "confirmed")


def refuse(
    session: Session, post: Post, round_: Round, *, by: Officer, version: int, reason: str,
    now: datetime,
) -> None:  # fmt: skip
    """Give nobody any, or take one's own proposal back; raises `NotAllowed`, `RoundChanged`."""
    _require_mover(session, post, round_, by)
    values = {"state": RoundState.REFUSED, "decided_by": by.id, "reason": reason, "ended_at": now}
    _step(session, round_, RoundState.PROPOSED, version, now, **values)
    _audit(session, post.safe, round_, by.id, Action.DECIDED, now, "refused")


def stop(
    session: Session, post: Post, round_: Round, *, by: Officer, version: int, reason: str,
    now: datetime,
) -> None:  # fmt: skip
    """Give no more of them; who has one keeps it. Raises `NotAllowed`, `RoundChanged`.

    `version` is that of the confirmation: lots that were given since change nothing about it.
    """
    _require_mover(session, post, round_, by)
    session.refresh(round_, with_for_update=True)
    if round_.state != RoundState.GIVING or round_.version != version:
        raise RoundChanged(round_.id)
    round_.reason = reason
    _end(session, post, round_, RoundState.STOPPED, by, now)
    _audit(session, post.safe, round_, by.id, Action.DECIDED, now, "stopped")


def go_on(
    database: Database, post: Post, round_id: str, *, clock: Clock, lots: int | None = None
) -> int:
    """Give to those who wait, lot by lot, `lots` at most; how many people were seen to."""
    seen = 0
    while lots is None or lots > 0:
        with database.begin() as session:
            some = give(session, post, round_id, now=clock())
        if not some:
            break
        seen += some
        lots = None if lots is None else lots - 1
    return seen


def go_on_all(database: Database, post: Post, *, clock: Clock) -> int:
    """The same for every round that is under way."""
    with database.read() as session:
        ids = session.scalars(
            select(col(Round.id))
            .where(col(Round.state) == RoundState.GIVING)
            .order_by(col(Round.id))
        ).all()
    return sum(go_on(database, post, each, clock=clock) for each in ids)


def give(session: Session, post: Post, round_id: str, *, now: datetime) -> int:
    """One lot; 0: nobody waits, or vouchers of the issue are given no more, and the round is over.

    Also where all who wait are just being erased; the next time they are gone, or get one.
    Who got one otherwise, opted out or was erased since the confirmation gets none.
    """
    round_ = session.get_one(Round, round_id, with_for_update=True, populate_existing=True)
    if round_.state != RoundState.GIVING:
        return 0
    issue = session.get_one(Issue, round_.issue_id, with_for_update=True, populate_existing=True)
    waiting = _waiting(session, round_id)
    if not issuing.is_open(issue, china_day(now)):
        _end(session, post, round_, RoundState.STOPPED, _GIVING, now)
        return 0
    if not waiting:
        _end(session, post, round_, RoundState.DONE, _GIVING, now)
        return 0
    # Who leaves takes their place along: what they had is looked up once nobody else can leave.
    held = people.held(session, [place.worker_id for place in waiting])
    waiting = [place for place in _waiting(session, round_id) if place.worker_id in held]
    fitting = _still_fitting(session, post.safe, issue, [place.worker_id for place in waiting])
    assert round_.decided_by is not None
    to = [(worker, None) for worker in fitting]
    issuing.hand_out(session, post, issue, to, by=round_.decided_by, now=now)
    for place in waiting:
        gets = place.worker_id in fitting
        # Of two accounts that became one the second place comes to nothing.
        fitting.discard(place.worker_id)
        place.state = PlaceState.GIVEN if gets else PlaceState.LEFT_OUT
        session.add(place)
    round_.given += len(to)
    session.add(round_)
    session.flush()
    return len(waiting)


def of_officer(session: Session, post: Post, round_id: str, officer: Officer) -> Round:
    """A round of an issue of the officer's regions; raises `RoundUnknown`, `NotAllowed`."""
    found = session.get(Round, round_id)
    if found is None:
        raise RoundUnknown(round_id)
    try:
        issuing.of_officer(session, found.issue_id, officer, post.library.regions)
    except issuing.IssueUnknown:
        raise RoundUnknown(round_id) from None
    return found


def of_issue(session: Session, issue_id: str) -> list[Round]:
    """The rounds of an issue, the newest first."""
    mine = select(Round).where(col(Round.issue_id) == issue_id)
    return list(session.scalars(mine.order_by(col(Round.id).desc()).limit(50)))


def waiting_for(session: Session, post: Post, officer: Officer) -> list[Round]:
    """The rounds that wait for this officer to confirm them, the oldest first."""
    if Role.APPROVER not in officer.roles:
        return []
    found = (
        select(Round)
        .join(Issue, col(Issue.id) == col(Round.issue_id))
        .where(
            col(Round.state) == RoundState.PROPOSED,
            col(Issue.region).in_(scope(officer, post.library.regions)),
            col(Round.proposed_by) != officer.id,
        )
        .order_by(col(Round.id))
    )
    return list(session.scalars(found))


def group_of(round_: Round) -> Group:
    """Whom it is meant for."""
    return Group(
        round_.region,
        None if round_.level is None else Level(round_.level),
        None if round_.cause is None else Cause(round_.cause),
    )


def counts_of(round_: Round) -> Mapping[str, int]:
    """How many it was counted for: `meant`, `gets`, by why not."""
    found: dict[str, int] = json.loads(round_.counts)
    return found


def _waiting(session: Session, round_id: str) -> list[RoundPlace]:
    return list(
        session.scalars(
            select(RoundPlace)
            .where(
                col(RoundPlace.round_id) == round_id, col(RoundPlace.state) == PlaceState.WAITING
            )
            .order_by(col(RoundPlace.id))
            .limit(AT_ONCE)
            .execution_options(populate_existing=True)
        )
    )


def _still_fitting(session: Session, safe: Safe, issue: Issue, workers: list[int]) -> set[int]:
    holders = Holders(session, safe, issue.id)
    out = OutOfCases(session, safe, issue.measure)
    there = col(Worker.id).in_(workers), col(Worker.erased_at).is_(None)
    known, fitting = hashes_of(session, workers), set[int]()
    for worker in session.scalars(select(col(Worker.id)).where(*there).order_by(col(Worker.id))):
        if worker is None or holders.has(worker, *known[worker]) or out.has(worker):
            continue
        holders.add(worker, *known[worker])
        fitting.add(worker)
    return fitting


def _end(
    session: Session,
    post: Post,
    round_: Round,
    state: RoundState,
    by: Officer | audit.Actor,
    now: datetime,
) -> None:
    """End a round: what was held back for who got none goes back to the fund."""
    issue = session.get_one(Issue, round_.issue_id)
    session.execute(
        update(RoundPlace)
        .where(col(RoundPlace.round_id) == round_.id, col(RoundPlace.state) == PlaceState.WAITING)
        .values(state=PlaceState.LEFT_OUT)
    )
    rest = (round_.people - round_.given) * issue.amount_fen
    if rest and issue.fund_id is not None:
        funds.give_back(session, post.safe, issue.fund_id, rest, issue_id=issue.id, by=by, now=now)
    round_.state, round_.version = state, round_.version + 1
    round_.changed_at = round_.ended_at = now
    session.add(round_)
    session.flush()


def _counted(chosen: Chosen) -> dict[str, Any]:
    return {"counts": json.dumps(chosen.counts), "digest": chosen.digest}


def _require_mover(session: Session, post: Post, round_: Round, by: Officer) -> None:
    region = session.get_one(Issue, round_.issue_id).region
    require_one(by, MOVERS, region, post.library.regions)


def _step(
    session: Session, round_: Round, stands: RoundState, version: int, now: datetime, **values: Any
) -> None:
    is_there = col(Round.state) == stands
    if not db.change_version(session, round_, version, is_there, changed_at=now, **values):
        raise RoundChanged(round_.id)


def _audit(
    session: Session, safe: Safe, round_: Round, by: int, action: Action, now: datetime,
    reason: str = "",
) -> None:  # fmt: skip
    audit.record(
        session,
        safe,
        by=audit.Actor.officer(by),
        action=action,
        about="voucher_round",
        row=round_.id,
        worker_id=None,
        reason=reason,
        now=now,
    )
