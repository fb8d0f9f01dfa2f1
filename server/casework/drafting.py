"""Drafts: an application as far as it is, kept here so that another phone can go on with it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlmodel import Session, col

from knowledge.eligibility.verdicts import Outcome
from server.casework import applying
from server.casework.advancing import Post, advance, by_system, by_worker, record
from server.casework.applying import (
    AlreadyApplied,
    Checked,
    Submitted,
    WarningNotTaken,
    case_of,
    draft_of_earlier_period,
    freeze_person,
    purpose,
    refuse_unseen_changes,
)
from server.casework.editions import current_edition
from server.casework.moves import Move, State
from server.casework.tables import Case, Origin
from server.confidential.sealing import Safe
from server.database import numbering
from server.database.db import fetch_answers, insert_new
from server.database.tables import Purpose
from server.personal import consents
from server.records import audit
from server.records.audit import Action

DRAFTS_KEPT_FOR = timedelta(days=180)


class DraftUnknown(LookupError):
    """The person has no such draft, or no longer."""


def save(
    session: Session,
    own: Safe,
    post: Post,
    checked: Checked,
    *,
    worker_id: int,
    version: int | None,
    seen: int | None,
    now: datetime,
) -> Case:
    """Keep a draft: a new one without `version`, else the one that has this version.

    `seen` is the edition that the person was shown. Raises `AlreadyApplied`, `CaseChanged`,
    `DraftUnknown`, `ConsentMissing`.
    """
    consents.require(session, worker_id, Purpose.IDENTITY)
    draft = _case_of(session, worker_id, checked)
    if version is None:
        if draft is not None:
            raise AlreadyApplied(draft.id, State(draft.state))
        return _begin(session, own, checked, worker_id, now)
    if draft is None:
        raise DraftUnknown(checked.measure.id)
    if draft.state != State.DRAFT:
        raise AlreadyApplied(draft.id, State(draft.state))
    edition = current_edition(session, checked.release_id, checked.measure.id)
    return advance(
        session,
        draft,
        Move.EDIT,
        by=by_worker(worker_id),
        version=version,
        own=own,
        post=post,
        now=now,
        region=checked.region,
        period=checked.period,
        claim=checked.claim,
        release_id=checked.release_id,
        # An older one stays noted until the person has seen what is otherwise now.
        edition_id=edition if seen == edition else draft.edition_id,
        outcome=checked.outcome.value,
        sealed_facts=own.seal(checked.facts, purpose("sealed_facts", draft.id)),
    )


def submit(
    session: Session,
    own: Safe,
    post: Post,
    checked: Checked,
    *,
    worker_id: int,
    seen: int | None = None,
    despite_warning: bool = False,
    now: datetime,
) -> Submitted:
    """Submit an application, out of the draft where there is one.

    `seen` is the edition that the person was shown. Raises what `applying.submit` raises, and
    `RulesChanged`.
    """
    is_warned = despite_warning or checked.outcome is not Outcome.INELIGIBLE
    if is_warned:
        # Mostly there is no draft; the database says so faster than a question would.
        try:
            return applying.submit(
                session,
                own,
                checked,
                worker_id=worker_id,
                despite_warning=despite_warning,
                now=now,
            )
        except AlreadyApplied as already:
            if already.state is not State.DRAFT:
                raise
    draft = _case_of(session, worker_id, checked)
    if draft is None or draft.state != State.DRAFT:
        if is_warned and draft is not None:
            raise AlreadyApplied(draft.id, State(draft.state))
        raise WarningNotTaken(list(checked.failed))
    edition = refuse_unseen_changes(session, draft, checked, seen)
    if not is_warned:
        raise WarningNotTaken(list(checked.failed))
    frozen = freeze_person(session, own, draft.worker_id)
    moved = advance(
        session,
        draft,
        Move.SUBMIT,
        by=by_worker(worker_id),
        version=draft.version,
        own=own,
        post=post,
        now=now,
        region=checked.region,
        period=checked.period,
        claim=checked.claim,
        release_id=checked.release_id,
        edition_id=edition,
        unit=checked.unit,
        outcome=checked.outcome.value,
        despite_warning=despite_warning,
        sealed_facts=own.seal(checked.facts, purpose("sealed_facts", draft.id)),
        sealed_verdict=own.seal(checked.verdict, purpose("sealed_verdict", draft.id)),
        sealed_person=own.seal(frozen, purpose("sealed_person", draft.id)),
        submitted_at=now,
    )
    assert moved.due_on is not None
    return Submitted(moved.id, moved.version, moved.due_on)


def discard(
    session: Session, own: Safe, post: Post, draft: Case, *, version: int, now: datetime
) -> None:
    """Give a draft up; its facts are gone. Raises `CaseChanged`, `MoveRefused`."""
    advance(
        session,
        draft,
        Move.DISCARD,
        by=by_worker(draft.worker_id),
        version=version,
        own=own,
        post=post,
        now=now,
        claim=None,
        sealed_facts=None,
    )


def old(session: Session, *, now: datetime) -> Sequence[str]:
    """Drafts that nobody has touched for long, the oldest first."""
    return session.scalars(
        select(col(Case.id)).where(*_old(now)).order_by(col(Case.changed_at), col(Case.id))
    ).all()


def discard_old(session: Session, safe: Safe, post: Post, *, only: str, now: datetime) -> int:
    """Give one of these up where it still is old; returns how many."""
    still = session.scalars(
        select(Case)
        .where(*_old(now), col(Case.id) == only)
        # Who goes on with one at this moment was first.
        .with_for_update(skip_locked=True)
    ).all()
    for draft in still:
        advance(
            session,
            draft,
            Move.DISCARD,
            by=by_system("drafts"),
            version=draft.version,
            own=safe,
            post=post,
            now=now,
            claim=None,
            sealed_facts=None,
        )
    return len(still)


def _old(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return col(Case.state) == State.DRAFT, col(Case.changed_at) < now - DRAFTS_KEPT_FOR


def _case_of(session: Session, worker_id: int, checked: Checked) -> Case | None:
    """The person's case or draft of this period, else the draft that was begun in an earlier one.

    The year ends, or a measure is prolonged, while somebody fills it in.
    """
    found = case_of(session, worker_id, checked)
    if found is None:
        (id,) = fetch_answers(session, draft_of_earlier_period(worker_id, checked))
        found = None if id is None else session.get_one(Case, id)
    return found


def _begin(session: Session, own: Safe, checked: Checked, worker_id: int, now: datetime) -> Case:
    case_id = numbering.number(now)
    begun = insert_new(
        session,
        Case,
        id=case_id,
        worker_id=worker_id,
        origin=Origin.APPLICATION,
        measure=checked.measure.id,
        region=checked.region,
        period=checked.period,
        claim=checked.claim,
        state=State.DRAFT,
        version=1,
        release_id=checked.release_id,
        edition_id=current_edition(session, checked.release_id, checked.measure.id),
        unit=checked.unit,
        outcome=checked.outcome,
        despite_warning=False,
        sealed_facts=own.seal(checked.facts, purpose("sealed_facts", case_id)),
        begun_at=now,
        changed_at=now,
    )
    if not begun:
        other = case_of(session, worker_id, checked)
        assert other is not None
        raise AlreadyApplied(other.id, State(other.state))
    by = by_worker(worker_id)
    record(session, own, case_id, 1, Move.BEGIN, by, now=now)
    audit.record(
        session,
        own,
        by=by.audited,
        action=Action.CREATED,
        about="cases",
        row=case_id,
        worker_id=worker_id,
        fields=("facts",),
        reason=Move.BEGIN,
        now=now,
    )
    return session.get_one(Case, case_id)
