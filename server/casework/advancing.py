"""One move of a case: the state, the event, the notice and the audit row, all or nothing."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from sqlalchemy import select, update
from sqlmodel import Session, col

from knowledge.library import Library
from server.casework import workdays
from server.casework.moves import INSIDE, MOVES, WAITS, WORKING_DAYS, Actor, Move, Rule, State
from server.casework.officers import NotAllowed, Officer
from server.casework.tables import Case, CaseEvent
from server.clock import CHINA, china_day
from server.confidential.sealing import Safe
from server.database.db import insert_within
from server.database.tables import stored_instant
from server.money import yuan
from server.notices.outbox import Addressed, add_many, add_notice
from server.notices.templates import NoticeKind
from server.personal import people
from server.records import audit
from server.records.audit import Action

_AT_ONCE = 500
"""Notices that are written at once."""


class CaseChanged(Exception):
    """Somebody else moved the case meanwhile: what happened since, and who did it."""

    def __init__(self, case_id: str, happened: tuple[CaseEvent, ...] = ()) -> None:
        super().__init__(case_id)
        self.case_id = case_id
        self.happened = happened


class MoveRefused(Exception):
    """The case does not stand where this move starts."""

    def __init__(self, move: Move, state: State) -> None:
        super().__init__(move, state)
        self.move = move
        self.state = state


class ReasonMissing(Exception):
    """The move needs words that the worker gets to read."""


@dataclass(frozen=True, slots=True)
class Mover:
    """Who makes a move."""

    actors: frozenset[Actor]
    audited: audit.Actor
    worker_id: int | None = None
    officer: Officer | None = None


def by_worker(worker_id: int) -> Mover:
    """The worker whose case it is."""
    actors = frozenset({Actor.WORKER})
    return Mover(actors, audit.Actor.worker(worker_id), worker_id=worker_id)


def by_officer(officer: Officer) -> Mover:
    """One of the staff."""
    return Mover(officer.actors, audit.Actor.officer(officer.id), officer=officer)


def by_system(job: str) -> Mover:
    """A job."""
    return Mover(frozenset({Actor.SYSTEM}), audit.Actor.job(job))


def notice_key(case: Case) -> str:
    """The key of the notice of the last move of a case."""
    return f"case {case.id} {case.version}"


class Recipient(NamedTuple):
    """One of many who get a notice of a kind; with a key once for that key."""

    worker_id: int
    values: Mapping[str, str]
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """How workers are told: keys, the mini-program and its templates, the words of the measures."""

    safe: Safe
    library: Library
    app_id: str = ""
    template_ids: Mapping[str, str] = field(default_factory=dict)

    def tell(
        self,
        session: Session,
        case: Case,
        move: Move,
        now: datetime,
        values: Mapping[str, str] | None = None,
        *,
        key: str = "",
        due_at: datetime | None = None,
    ) -> None:
        """Put the notice of a move into the outbox, where it has one.

        `key`: of one that is told again; `due_at`: from when on it may go out.
        """
        kind = MOVES[move].notice
        if kind is None:
            return
        told = {**_values(self.library, case, now), **_words()[move], **(values or {})}
        key = key or notice_key(case)
        self.send(
            session,
            kind,
            worker_id=case.worker_id,
            values=told,
            key=key,
            due_at=due_at,
            now=now,
        )

    def send(
        self,
        session: Session,
        kind: NoticeKind,
        *,
        worker_id: int,
        values: Mapping[str, str],
        key: str,
        due_at: datetime | None = None,
        now: datetime,
    ) -> None:
        """Put a notice for a worker into the outbox; once for each key."""
        add_notice(
            session,
            self.safe,
            self.template_ids,
            kind=kind,
            worker_id=worker_id,
            app_id=self.app_id,
            values=values,
            key=key,
            due_at=due_at,
            now=now,
        )

    def send_many(
        self,
        session: Session,
        kind: NoticeKind,
        to: Sequence[Recipient],
        *,
        due_at: datetime | None = None,
        now: datetime,
    ) -> int:
        """Put notices for many workers into the outbox at once; returns how many were new."""
        new = 0
        for start in range(0, len(to), _AT_ONCE):
            some = to[start : start + _AT_ONCE]
            known = people.addresses(
                session, self.safe, [each.worker_id for each in some], self.app_id
            )
            these = [
                Addressed(secrets.token_hex(16), worker, known.get(worker), values, key)
                for worker, values, key in some
            ]
            new += add_many(
                session,
                self.safe,
                self.template_ids,
                kind=kind,
                app_id=self.app_id,
                these=these,
                due_at=due_at,
                now=now,
            )
        return new


def advance(
    session: Session,
    case: Case,
    move: Move,
    *,
    by: Mover,
    version: int,
    own: Safe,
    post: Post,
    reason: str = "",
    told: Mapping[str, str] | None = None,
    due_on: date | None = None,
    now: datetime,
    **changes: Any,
) -> Case:
    """Make a move and return the case as it is then.

    `own` seals for the worker; `told` are values of the notice, `changes` further columns.
    Raises `CaseChanged`, `MoveRefused`, `NotAllowed`, `ReasonMissing`.
    """
    rule = _allowed(session, case, move, by, version, reason, post)
    to = rule.to or State(case.state)
    if due_on is None:
        due_on = _due_on(case, move, to, now)
    changed = session.connection().execute(
        update(Case)
        .where(col(Case.id) == case.id, col(Case.version) == version)
        .values(state=to, version=version + 1, changed_at=now, due_on=due_on, **changes)
    )
    if changed.rowcount != 1:
        raise _changed(session, case.id, version)
    record(
        session, own, case.id, version + 1, move, by, to=to, reason=reason, due_on=due_on, now=now
    )
    audit.record(
        session,
        own,
        by=by.audited,
        action=Action.DECIDED if rule.notice is NoticeKind.REVIEWED else Action.CHANGED,
        about="cases",
        row=case.id,
        worker_id=case.worker_id,
        fields=("state", *changes),
        reason=move,
        now=now,
    )
    moved = session.get_one(Case, case.id, populate_existing=True)
    post.tell(session, moved, move, now, told)
    return moved


def record(
    session: Session,
    own: Safe,
    case_id: str,
    version: int,
    move: Move,
    by: Mover,
    *,
    to: State | None = None,
    reason: str = "",
    due_on: date | None = None,
    now: datetime,
) -> None:
    """Write the event of a move; `due_on`: by when whoever is to act then has to.

    `to`: where the case stands then, where the table of moves does not say it.
    """
    state = MOVES[move].to or to
    assert state is not None, move
    sealed = own.seal(reason, reason_purpose(case_id, version)) if reason else None
    officer = by.officer and by.officer.id
    row = (
        case_id,
        version,
        stored_instant(now),
        move.value,
        state.value,
        by.audited.kind.value,
        officer,
        sealed,
        due_on and due_on.isoformat(),
    )
    insert_within(
        session,
        "INSERT INTO case_event"
        " (case_id, version, at, move, state, actor, officer_id, sealed_reason, due_on) VALUES {}",
        [row],
    )


def reason_purpose(case_id: str, version: int) -> str:
    """What the words of an event are sealed for."""
    return f"case_event.sealed_reason:{case_id}:{version}"


def _allowed(
    session: Session,
    case: Case,
    move: Move,
    by: Mover,
    version: int,
    reason: str,
    post: Post,
) -> Rule:
    rule = MOVES[move]
    is_own = by.worker_id is None or by.worker_id == case.worker_id
    covered = by.officer is None or by.officer.covers(case.region, post.library.regions)
    if not rule.by & by.actors or not is_own or not covered:
        raise NotAllowed
    if case.version != version:
        raise _changed(session, case.id, version)
    if State(case.state) not in rule.from_:
        raise MoveRefused(move, State(case.state))
    if rule.needs_reason and not reason.strip():
        raise ReasonMissing(move)
    return rule


def _due_on(case: Case, move: Move, to: State, now: datetime) -> date | None:
    if move in INSIDE:
        return case.due_on
    days = None if move in WAITS else WORKING_DAYS.get(to)
    return None if days is None else workdays.after(china_day(now), days)


def _changed(session: Session, case_id: str, version: int) -> CaseChanged:
    happened = session.scalars(
        select(CaseEvent)
        .where(col(CaseEvent.case_id) == case_id, col(CaseEvent.version) > version)
        .order_by(col(CaseEvent.version))
    ).all()
    return CaseChanged(case_id, tuple(happened))


def _values(library: Library, case: Case, now: datetime) -> dict[str, str]:
    measure = library.measures.get(case.measure)
    at = now.astimezone(CHINA)
    return {
        "case": case.id,
        "measure": case.measure if measure is None else measure.title,
        "at": f"{at:%Y-%m-%d %H:%M}",
        "on": f"{at:%Y-%m-%d}",
        "amount": "" if case.amount_fen is None else f"{yuan(case.amount_fen)}元",
    }


@cache
def _words() -> Mapping[Move, Mapping[str, str]]:
    rows = yaml.safe_load(Path(__file__).with_name("sentences.yaml").read_text("utf-8"))
    return {Move(name): words for name, words in rows.items()}
