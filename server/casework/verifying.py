"""What an officer saw in a document: the source of a fact changes, never the fact itself."""

from collections.abc import Set

from sqlalchemy import update
from sqlmodel import Session, col

from server import audit
from server.audit import Action
from server.casework import cases
from server.casework.advancing import CaseChanged, MoveRefused, by_officer
from server.casework.applying import facts_written, purpose
from server.casework.deciding import Desk
from server.casework.moves import Move, State
from server.casework.officers import Role, require
from server.casework.tables import VOUCHED, Case, Source

SEEN = "seen_in_document"
"""Under this reason it stands in the audit."""


def note_seen(session: Session, desk: Desk, case: Case, seen: Set[str]) -> None:
    """Note which of the declared facts stand in a document, and that the others don't.

    What a register or a course says stays so. Raises `NotAllowed`, `MoveRefused` where the case is
    not under review or waits for the second officer, who decides on what stands there now,
    `CaseChanged` where another was first.
    """
    officer = desk.officer
    require(officer, Role.CASE_OFFICER, case.region, desk.post.library.regions)
    if case.state != State.IN_REVIEW or case.recommended is not None:
        raise MoveRefused(Move.RECOMMEND, State(case.state))
    held = cases.frozen(case, desk.own)
    if held.facts is None:
        raise CaseChanged(case.id)
    before = held.sources or {}
    sources = {name: _source(before.get(name), name in seen) for name in held.facts}
    changed = sorted(name for name in sources if sources[name] != before.get(name, Source.DECLARED))
    if not changed:
        return
    written = facts_written(held.facts, sources, held.evidence)
    done = session.connection().execute(
        update(Case)
        .where(col(Case.id) == case.id, col(Case.sealed_facts) == case.sealed_facts)
        .values(sealed_facts=desk.own.seal(written, purpose("sealed_facts", case.id)))
    )
    session.expire(case)
    if done.rowcount != 1:
        raise CaseChanged(case.id)
    audit.record(
        session,
        desk.own,
        by=by_officer(officer).audited,
        action=Action.CHANGED,
        about="cases",
        row=case.id,
        worker_id=case.worker_id,
        fields=changed,
        reason=SEEN,
        now=desk.now,
    )


def _source(before: str | None, is_seen: bool) -> Source:
    if before in VOUCHED:
        return Source(before)
    return Source.DOCUMENT if is_seen else Source.DECLARED
