"""Publishing: what was tried is proposed, a second person puts it in force; and the way back."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlmodel import Session, col

from knowledge.library import Library
from server.casework.officers import Officer, Role, SecondOfficerNeeded
from server.clock import china_day
from server.database.tables import Release
from server.editing import areas, drafts
from server.editing.drafts import PieceUnedited
from server.editing.reports import Report
from server.editing.tables import KnowledgeDraft, Proposal, ProposalState
from server.editing.trials import DraftsMoved, DraftVersion, Trial
from server.published import releases
from server.published.releases import NothingToPublish

LONGEST_REASON = 500


class GateClosed(Exception):
    """Something stands against the release; the report says what."""

    def __init__(self, report: Report) -> None:
        super().__init__(len(report.troubles), len(report.borrowed))
        self.report = report


class ReleaseMoved(Exception):
    """Another release was put in force since this one was tried against the last."""


class WorseWithoutReason(Exception):
    """Something is answered worse than now: whoever publishes it all the same has to say why."""


class ProposalUnknown(LookupError):
    """There is no such proposal."""


class ProposalDecided(Exception):
    """It was published, refused or withdrawn before: `state`, and who did it."""

    def __init__(self, state: ProposalState, officer_id: int | None) -> None:
        super().__init__(state)
        self.state = state
        self.officer_id = officer_id


class NoEarlierRelease(Exception):
    """There is no release to go back to."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal as it stands."""

    id: int
    release_id: int
    base_release_id: int | None
    state: ProposalState
    drafts: tuple[DraftVersion, ...]
    authors: frozenset[int]
    report: Report
    note: str
    proposed_by: int
    proposed_at: datetime
    decided_by: int | None
    decided_at: datetime | None
    reason: str | None


def propose(
    session: Session,
    trial: Trial,
    *,
    note: str,
    officer_id: int,
    now: datetime,
) -> int:
    """Store what was tried as a release that waits for a second person; the proposal's number.

    Raises `GateClosed`, `ReleaseMoved`, `DraftsMoved`, `releases.NothingToPublish`.
    """
    if trial.report.stops or trial.editions is None:
        raise GateClosed(trial.report)
    if not trial.report.changed:
        raise NothingToPublish
    if releases.current_id(session) != trial.base:
        raise ReleaseMoved
    authors = {officer_id}
    for kind, key, version in trial.drafts:
        try:
            draft = drafts.find(session, kind, key)
        except PieceUnedited:
            raise DraftsMoved from None
        if draft.version != version:
            raise DraftsMoved
        authors |= draft.authors
    release_id = releases.add(session, trial.editions, note=note, now=now)
    row = Proposal(
        release_id=release_id,
        base_release_id=trial.base,
        state=ProposalState.PROPOSED,
        drafts=json.dumps(trial.drafts, ensure_ascii=False),
        authors=json.dumps(sorted(authors)),
        report=trial.report.model_dump_json(),
        proposed_by=officer_id,
        proposed_at=now,
    )
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


def publish(
    session: Session, proposal_id: int, *, officer_id: int, reason: str = "", now: datetime
) -> int:
    """Put a proposed release in force and give its number; its drafts are done with.

    Raises `ProposalUnknown`, `ProposalDecided`, `SecondOfficerNeeded`, `ReleaseMoved`,
    `WorseWithoutReason`.
    """
    found = find(session, proposal_id, lock=True)
    if found.state is not ProposalState.PROPOSED:
        raise ProposalDecided(found.state, found.decided_by)
    if officer_id in found.authors:
        raise SecondOfficerNeeded
    # Held until this is done: another one who publishes now waits, and finds that it has moved.
    if releases.held_id(session) != found.base_release_id:
        raise ReleaseMoved
    if found.report.worsens and not reason.strip():
        raise WorseWithoutReason
    _decide(session, found, ProposalState.PUBLISHED, officer_id, reason, now)
    releases.put_in_force(session, found.release_id, now)
    _settle(session, found.drafts)
    return found.release_id


def put_in_force(session: Session, release: int, *, seen: int | None, now: datetime) -> None:
    """Put a release in force that nobody proposed, and that was tried over the one `seen`.

    Raises `ReleaseMoved` where that is another by now, and `releases.ReleaseUnknown`.
    """
    if releases.held_id(session) != seen:
        raise ReleaseMoved
    releases.put_in_force(session, release, now)


def refuse(
    session: Session, proposal_id: int, *, officer_id: int, reason: str, now: datetime
) -> None:
    """Leave a proposal unpublished; its author may do the same. The drafts stay.

    Raises `ProposalUnknown`, `ProposalDecided`.
    """
    found = find(session, proposal_id, lock=True)
    own = officer_id in found.authors
    state = ProposalState.WITHDRAWN if own else ProposalState.REFUSED
    _decide(session, found, state, officer_id, reason, now)


def roll_back(
    session: Session, *, to: int | None = None, seen: int | None = None, now: datetime
) -> int:
    """Put an earlier release in force again: `to`, or the one before; gives its number.

    Raises what `way_back` does, and `releases.ReleaseUnknown`.
    """
    target = way_back(session, releases.held_id(session), to=to, seen=seen)
    releases.put_in_force(session, target, now)
    return target


def way_back(
    session: Session, current: int | None, *, to: int | None = None, seen: int | None = None
) -> int:
    """The release that a rollback puts in force while `current` is: `to`, or the one before.

    Raises `ReleaseMoved` where another than the one that was `seen` in force is by now, which
    nobody meant to take back; `NoEarlierRelease`, also for one that never was in force: this is
    no way around the gate and the second person.
    """
    if seen not in (None, current):
        raise ReleaseMoved
    target = to if to is not None else before(session)
    never = select(col(Release.id)).where(col(Release.id) == target, ~_was_in_force())
    if session.scalar(never) is not None:
        raise NoEarlierRelease
    return target


def before(session: Session) -> int:
    """The release that a rollback would put in force; raises `NoEarlierRelease`.

    Only one that was in force is gone back to.
    """
    current = releases.current_id(session) or 0
    earlier = session.scalars(
        select(col(Release.id))
        .where(col(Release.id) < current, _was_in_force())
        .order_by(col(Release.id).desc())
        .limit(1)
    ).first()
    if earlier is None:
        raise NoEarlierRelease
    return earlier


def were_in_force(session: Session) -> set[int]:
    """The releases that can be put in force again, with the one that is."""
    return set(session.scalars(select(col(Release.id)).where(_was_in_force())))


def lately(session: Session, since: date) -> list[int]:
    """The release in force and those before it that came since a day, and the one before them.

    The oldest first; that in force is among them however old it is.
    """
    current = releases.current_id(session) or 0
    rows = session.execute(
        select(col(Release.id), col(Release.first_in_force_at), col(Release.created_at))
        .where(or_(col(Release.id) == current, (col(Release.id) < current) & _was_in_force()))
        .order_by(col(Release.id).desc())
    )
    found: list[int] = []
    for id, in_force_at, created_at in rows:
        found.insert(0, id)
        if id != current and china_day(in_force_at or created_at) < since:
            break
    return found


def _was_in_force() -> ColumnElement[bool]:
    """Whether a release ever was in force."""
    # Of what the version before published at the desk there may be no instant, but the proposal.
    published = select(col(Proposal.release_id)).where(
        col(Proposal.state) == ProposalState.PUBLISHED
    )
    return or_(col(Release.first_in_force_at).is_not(None), col(Release.id).in_(published))


def find(session: Session, proposal_id: int, *, lock: bool = False) -> Proposed:
    """A proposal, with `lock` for this transaction alone; raises `ProposalUnknown`."""
    row = session.get(Proposal, proposal_id, with_for_update=lock, populate_existing=lock)
    if row is None:
        raise ProposalUnknown(proposal_id)
    return _proposed(session, row)


def of_release(session: Session, release_id: int) -> Proposed | None:
    """The proposal that a release was stored for, None where there was none."""
    row = session.scalars(select(Proposal).where(col(Proposal.release_id) == release_id)).first()
    return None if row is None else _proposed(session, row)


def require(
    session: Session, found: Proposed, officer: Officer, role: Role, library: Library
) -> None:
    """Raise `NotAllowed` unless the officer has the role for every place that is changed."""

    def pieces(kind: str, key: str) -> list[areas.Content]:
        return [
            None if release is None else releases.content_of(session, release, kind, key)
            for release in (found.base_release_id, found.release_id)
        ]

    _require(found.report, pieces, officer, role, library)


def require_changes(
    session: Session, trial: Trial, officer: Officer, role: Role, library: Library
) -> None:
    """The same of what was tried and is not stored yet."""
    new = {(kind, key): content for kind, key, content in trial.editions or ()}

    def pieces(kind: str, key: str) -> list[areas.Content]:
        before = None if trial.base is None else releases.content_of(session, trial.base, kind, key)
        return [before, new.get((kind, key))]

    _require(trial.report, pieces, officer, role, library)


def _require(
    report: Report, pieces: areas.Beside, officer: Officer, role: Role, library: Library
) -> None:
    for each in report.changed:
        places = areas.places_of(each.kind, each.key, pieces(each.kind, each.key), library, pieces)
        areas.require(officer, role, places, library)


def waiting(session: Session) -> list[Proposed]:
    """The proposals that wait for a second person, newest first."""
    return _listed(session, [ProposalState.PROPOSED])


def decided(session: Session, most: int = 30) -> list[Proposed]:
    """The proposals that were decided, newest first."""
    states = [state for state in ProposalState if state is not ProposalState.PROPOSED]
    return _listed(session, states)[:most]


def _listed(session: Session, states: Iterable[ProposalState]) -> list[Proposed]:
    rows = session.scalars(
        select(Proposal)
        .where(col(Proposal.state).in_(list(states)))
        .order_by(col(Proposal.id).desc())
    )
    return [_proposed(session, row) for row in rows]


def _decide(
    session: Session,
    found: Proposed,
    state: ProposalState,
    officer_id: int,
    reason: str,
    now: datetime,
) -> None:
    changed = session.connection().execute(
        update(Proposal)
        .where(col(Proposal.id) == found.id, col(Proposal.state) == ProposalState.PROPOSED)
        .values(
            state=state.value,
            decided_by=officer_id,
            decided_at=now,
            reason=reason.strip()[:LONGEST_REASON] or None,
        )
    )
    session.expire_all()
    if changed.rowcount != 1:
        again = find(session, found.id)
        raise ProposalDecided(again.state, again.decided_by)


def _settle(session: Session, published: Iterable[DraftVersion]) -> None:
    """Drafts that are in force now go; one that was changed since goes on from what is in force."""
    for kind, key, version in published:
        session.connection().execute(
            delete(KnowledgeDraft).where(
                col(KnowledgeDraft.kind) == kind,
                col(KnowledgeDraft.key) == key,
                col(KnowledgeDraft.version) == version,
            )
        )
        session.connection().execute(
            update(KnowledgeDraft)
            .where(col(KnowledgeDraft.kind) == kind, col(KnowledgeDraft.key) == key)
            .values(base_sha256=releases.sha256_in_force(session, kind, key))
        )
    session.expire_all()


def _proposed(session: Session, row: Proposal) -> Proposed:
    assert row.id is not None
    release = session.get(Release, row.release_id)
    listed = [(kind, key, version) for kind, key, version in json.loads(row.drafts)]
    return Proposed(
        row.id,
        row.release_id,
        row.base_release_id,
        ProposalState(row.state),
        tuple(listed),
        frozenset(json.loads(row.authors)),
        Report.model_validate_json(row.report),
        release.note if release else "",
        row.proposed_by,
        row.proposed_at,
        row.decided_by,
        row.decided_at,
        row.reason,
    )
