"""The outbox: notices that are written in the transaction of what they tell of, and sent later.

A notice is claimed with a lease, sent outside any transaction, and what came of it is recorded.
Where that is not known, by a timeout or because the process died, it is not sent again: it waits,
visible, for a person's decision.
"""

import json
import random
import secrets
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, text, update
from sqlmodel import Session, col

from server.confidential.sealing import KeyUnknown, Safe, SealBroken
from server.database.db import insert_new, load_within
from server.database.tables import (
    NOT_SO_URGENT,
    URGENT,
    Notice,
    NoticeState,
    Worker,
    stored_instant,
)
from server.notice_kinds import NOT_URGENT
from server.notices.templates import NoticeKind, filled, quiet_kinds
from server.personal.people import address

LEASE = timedelta(seconds=60)
"""Longer than sending one notice can take, a new token included."""
LONGEST_PAUSE = timedelta(seconds=30)
MOST_AGE = timedelta(hours=72)
"""How long it is tried; a customer-service message may be sent for 48 hours at most."""
KEPT_FOR = timedelta(days=30)

NO_ADDRESS = "no_address"
NO_TEMPLATE = "no_template"
TOO_LATE = "too_late"
LEASE_RAN_OUT = "lease_ran_out"
SEAL_BROKEN = "seal_broken"
NO_APP = "no_app"

_LONGEST_TEXT = 2048
_NOT_RESENT = (NoticeKind.OUTREACH, NoticeKind.VOUCHER_USED, NoticeKind.VOUCHER_ENDS)
_COLUMNS = (
    "id", "key", "kind", "app_id", "worker_id", "sealed", "state", "attempts", "error",
    "created_at", "due_at", "settled_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Claimed:
    """A notice that this process is to send."""

    id: str
    kind: NoticeKind
    app_id: str
    attempts: int
    created_at: datetime
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Addressed:
    """One of many notices of a kind: its id, whom it goes to (None: no address), its values."""

    id: str
    worker_id: int
    to: str | None
    values: Mapping[str, str]
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of sending a notice; `DUE`: it is to be tried again."""

    id: str
    state: NoticeState
    attempts: int
    error: str | None = None


def add_text(
    session: Session,
    safe: Safe,
    *,
    app_id: str,
    openid: str,
    text: str,
    worker_id: int | None = None,
    key: str | None = None,
    now: datetime,
) -> str:
    """Puts a customer-service message into the outbox and returns its id.

    `key` names what is told: the same key again is the same notice. Raises ValueError for a text
    of more than 2,048 bytes.
    """
    if len(text.encode()) > _LONGEST_TEXT:
        raise ValueError("a customer-service message has 2,048 bytes at most")
    content = {"to": openid, "text": text}
    return _add(session, safe, NoticeKind.TEXT, app_id, worker_id, content, None, key, now)


def add_notice(
    session: Session,
    safe: Safe,
    template_ids: Mapping[str, str],
    *,
    kind: NoticeKind,
    worker_id: int,
    app_id: str,
    values: Mapping[str, str],
    key: str | None = None,
    due_at: datetime | None = None,
    now: datetime,
) -> str:
    """Puts a subscribe message into the outbox and returns its id; raises `FieldUnfit`, KeyError.

    `due_at`: from when on it may go out.
    Where it can't be sent, because the worker has no mini-program or there is no template, it
    stands there as refused, for staff to tell the worker otherwise.
    """
    data, page = filled(kind, values)
    to = address(session, safe, worker_id, app_id)
    template_id = template_ids.get(kind)
    error = NO_ADDRESS if to is None else NO_TEMPLATE if template_id is None else None
    content = {"to": to, "template": template_id, "data": data, "page": page}
    return _add(session, safe, kind, app_id, worker_id, content, error, key, now, due_at)


def is_refused(session: Session, key: str) -> bool | None:
    """Whether a notice can't be sent; None where there is none of this key."""
    state = session.scalar(select(col(Notice.state)).where(col(Notice.key) == key))
    return None if state is None else state == NoticeState.REFUSED


def add_many(
    session: Session,
    safe: Safe,
    template_ids: Mapping[str, str],
    *,
    kind: NoticeKind,
    app_id: str,
    these: Sequence[Addressed],
    due_at: datetime | None = None,
    now: datetime,
) -> int:
    """Puts many subscribe messages into the outbox at once, and returns how many were new.

    Their ids are the caller's: it keeps them from coming twice. What has a key comes once for each;
    the caller sees to it that nobody else adds the same key meanwhile. `due_at`: from when on they
    may go out. Raises as `add_notice` does.
    """
    template_id, at = template_ids.get(kind), stored_instant(now)
    due = stored_instant(due_at or now)
    keys = [each.key for each in these if each.key is not None]
    there = select(col(Notice.key)).where(col(Notice.key).in_(keys))
    known = set(session.scalars(there)) if keys else set()
    rows = []
    for each in these:
        if each.key is not None and each.key in known:
            continue
        known.add(each.key)
        data, page = filled(kind, each.values)
        error = NO_ADDRESS if each.to is None else NO_TEMPLATE if template_id is None else None
        content = {"to": each.to, "template": template_id, "data": data, "page": page}
        sealed = safe.seal(json.dumps(content, ensure_ascii=False), _purpose(each.id))
        state, settled = (NoticeState.DUE, None) if error is None else (NoticeState.REFUSED, at)
        rows.append(
            (each.id, each.key, kind.value, app_id, each.worker_id, sealed, state.value, 0, error,
             due, due, settled)
        )  # fmt: skip
    load_within(session, "notice", _COLUMNS, rows)
    return len(rows)


def claim(
    session: Session, safe: Safe, *, at_most: int, only: str | None = None, now: datetime
) -> list[Claimed]:
    """Takes notices that are due, for this process alone until the lease ends.

    What is not urgent goes after all else that is due: a campaign would keep everybody waiting. A
    kind that has its hours waits for them, however late a notice of it is. A notice that was sealed
    with a key this process doesn't have waits for one that has it, or for a restart.
    """
    rows = _due(session, URGENT, at_most, only, now)
    if len(rows) < at_most and not set(NOT_URGENT) <= set(quiet_kinds(now)):
        rows += _due(session, NOT_SO_URGENT, at_most - len(rows), only, now)
    claimed: list[Claimed] = []
    for row in _still_there(session, rows):
        try:
            claimed.append(_claimed(safe, row))
        except SealBroken as error:
            if isinstance(error, KeyUnknown) and now - row.created_at <= MOST_AGE:
                row.error, row.due_at = SEAL_BROKEN, now + LONGEST_PAUSE
                session.add(row)
                continue
            row.state, row.error, row.settled_at = NoticeState.REFUSED, SEAL_BROKEN, now
            session.add(row)
    if claimed:
        session.execute(
            update(Notice)
            .where(col(Notice.id).in_([notice.id for notice in claimed]))
            .values(state=NoticeState.SENDING, leased_until=now + LEASE)
            .execution_options(synchronize_session=False)
        )
    return claimed


def _due(
    session: Session, which: str, at_most: int, only: str | None, now: datetime
) -> list[Notice]:
    return list(
        session.scalars(
            select(Notice)
            .where(
                text(which),
                col(Notice.state) == NoticeState.DUE,
                col(Notice.due_at) <= now,
                col(Notice.kind).not_in(quiet_kinds(now)),
                *([col(Notice.id) == only] if only is not None else []),
            )
            .order_by(col(Notice.due_at))
            .limit(at_most)
            # SQLite has no such lock: there the whole transaction is the only one that writes.
            .with_for_update(skip_locked=True)
        )
    )


def _still_there(session: Session, rows: Sequence[Notice]) -> list[Notice]:
    """Those of some notices whose people are still there; what was written as they left goes."""
    workers = {row.worker_id for row in rows if row.worker_id is not None}
    erased = col(Worker.erased_at).is_not(None)
    asked = select(col(Worker.id)).where(col(Worker.id).in_(workers), erased)
    if not workers or not (gone := set(session.scalars(asked))):
        return list(rows)
    left = [row.id for row in rows if row.worker_id in gone]
    session.execute(delete(Notice).where(col(Notice.id).in_(left)))
    return [row for row in rows if row.worker_id not in gone]


def settle(session: Session, outcomes: Iterable[Outcome], *, now: datetime) -> None:
    """Records what came of notices that this process had claimed.

    A notice whose lease ran out meanwhile is one it knows better about than `give_up_leases`.
    """
    # While all goes well, all that ended together ended alike: one statement.
    alike: dict[tuple[NoticeState, int, str | None], list[str]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.state is NoticeState.DUE:
            # Each waits for a time of its own.
            _note(session, [outcome.id], outcome, due_at=now + pause(outcome.attempts))
        else:
            alike[outcome.state, outcome.attempts, outcome.error].append(outcome.id)
    for (state, attempts, error), ids in alike.items():
        sent = {"sealed": None} if state is NoticeState.SENT else {}
        _note(session, ids, Outcome(ids[0], state, attempts, error), settled_at=now, **sent)


def _note(session: Session, ids: Sequence[str], outcome: Outcome, **values: Any) -> None:
    session.execute(
        update(Notice)
        .where(
            col(Notice.id).in_(ids),
            col(Notice.state).in_((NoticeState.SENDING, NoticeState.UNKNOWN)),
        )
        .values(
            state=outcome.state,
            attempts=outcome.attempts,
            error=outcome.error,
            leased_until=None,
            **values,
        )
        .execution_options(synchronize_session=False)
    )


def give_up_leases(session: Session, *, now: datetime) -> int:
    """Sets aside what a process that died was sending: it may have arrived or not."""
    gone = session.connection().execute(
        update(Notice)
        .where(col(Notice.state) == NoticeState.SENDING, col(Notice.leased_until) <= now)
        .values(state=NoticeState.UNKNOWN, error=LEASE_RAN_OUT, leased_until=None, settled_at=now)
    )
    return gone.rowcount


def pause(attempts: int) -> timedelta:
    """How long to wait before the next try: 1 s, doubled, at most `LONGEST_PAUSE`; half is chance.

    Without the chance all that failed together would come again together.
    """
    longest = min(LONGEST_PAUSE, timedelta(seconds=2 ** min(attempts, 10)))
    return longest * random.uniform(0.5, 1)


def send_again(session: Session, notice_id: str, *, now: datetime) -> bool:
    """Puts a refused or unknown notice back in line; False where it is neither."""
    return _again(session, col(Notice.id) == notice_id, _is_stuck(), now=now) == 1


def send_late_again(session: Session, *, now: datetime) -> int:
    """Puts all back in line that WeChat was away for too long for; returns how many.

    Of these alone it is known that they did not arrive, and that nobody refused them.
    """
    late = (col(Notice.state) == NoticeState.REFUSED, col(Notice.error) == TOO_LATE)
    return _again(session, *late, col(Notice.kind).not_in(_NOT_RESENT), now=now)


def _again(session: Session, *where: ColumnElement[bool], now: datetime) -> int:
    changed = session.connection().execute(
        update(Notice)
        .where(col(Notice.sealed).is_not(None), *where)
        .values(
            state=NoticeState.DUE,
            due_at=now,
            created_at=now,
            attempts=0,
            error=None,
            settled_at=None,
        )
    )
    return changed.rowcount


def stuck(session: Session, *, at_most: int = 100) -> Sequence[Notice]:
    """Notices that no program will send any more, newest first: refused, or of unknown outcome.

    Many people never subscribed to campaigns and to what they do with vouchers: of a campaign's the
    campaign tells, of a use the card on the phone, and none is resent.
    """
    these = (_is_stuck(), col(Notice.kind).not_in(_NOT_RESENT))
    return session.scalars(
        select(Notice).where(*these).order_by(col(Notice.settled_at).desc()).limit(at_most)
    ).all()


def counts(session: Session) -> Counter[NoticeState]:
    """How many notices stand where."""
    rows = session.execute(
        select(col(Notice.state), func.count()).group_by(col(Notice.state))
    ).all()
    return Counter({NoticeState(state): count for state, count in rows})


def waiting_since(session: Session) -> datetime | None:
    """When the oldest notice was written that could be sent and is not, None where none is.

    Of those that are urgent: how long a campaign takes says nothing, nor that its hours are over.
    When it is due says nothing either: each try that fails puts it off.
    """
    return session.scalar(
        select(func.min(col(Notice.created_at))).where(
            text(URGENT), col(Notice.state) == NoticeState.DUE
        )
    )


def forget_settled(session: Session, *, now: datetime) -> int:
    """Deletes notices that were settled long ago and returns their number.

    Also those to people who were erased: who writes one at that moment is neither seen by whoever
    erases them nor waited for, as each may hold what the other wants.
    """
    erased = select(col(Worker.id)).where(col(Worker.erased_at).is_not(None))
    run = session.connection().execute
    gone = run(delete(Notice).where(col(Notice.settled_at) <= now - KEPT_FOR))
    return gone.rowcount + run(delete(Notice).where(col(Notice.worker_id).in_(erased))).rowcount


def _is_stuck() -> ColumnElement[bool]:
    return col(Notice.state).in_((NoticeState.REFUSED, NoticeState.UNKNOWN))


def _add(
    session: Session,
    safe: Safe,
    kind: NoticeKind,
    app_id: str,
    worker_id: int | None,
    content: Mapping[str, Any],
    error: str | None,
    key: str | None,
    now: datetime,
    due_at: datetime | None = None,
) -> str:
    notice_id = secrets.token_hex(16)
    is_new = insert_new(
        session,
        Notice,
        id=notice_id,
        key=key,
        kind=kind,
        app_id=app_id,
        worker_id=worker_id,
        sealed=safe.seal(json.dumps(content, ensure_ascii=False), _purpose(notice_id)),
        state=NoticeState.DUE if error is None else NoticeState.REFUSED,
        attempts=0,
        error=error,
        # What waits for its hour has not waited for the service before it.
        created_at=due_at or now,
        due_at=due_at or now,
        settled_at=None if error is None else now,
    )
    if is_new:
        return notice_id
    return session.scalars(select(col(Notice.id)).where(col(Notice.key) == key)).one()


def _claimed(safe: Safe, row: Notice) -> Claimed:
    assert row.sealed is not None
    content = json.loads(safe.unseal(row.sealed, _purpose(row.id)))
    return Claimed(row.id, NoticeKind(row.kind), row.app_id, row.attempts, row.created_at, content)


def _purpose(notice_id: str) -> str:
    return f"notice.sealed:{notice_id}"
