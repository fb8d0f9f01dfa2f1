"""What an officer saw in a document: where a fact comes from, and one that was left open.

What the worker said stays as it was said.
"""

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col

from knowledge.eligibility.criteria import criteria_of
from knowledge.eligibility.facts import WORK_REGION, read_facts
from knowledge.eligibility.rules import AS_OF
from knowledge.eligibility.verdicts import Outcome
from knowledge.library import Library
from knowledge.measures import Measure
from server.casework import cases
from server.casework.advancing import CaseChanged, MoveRefused, by_officer
from server.casework.applying import Judged, facts_written, judged, purpose
from server.casework.cases import Frozen
from server.casework.deciding import Desk
from server.casework.moves import Move, State
from server.casework.officers import Role, require
from server.casework.tables import VOUCHED, Case, Source
from server.database.tables import Edition
from server.records import audit
from server.records.audit import Action

SEEN = "seen_in_document"
"""Under this reason it stands in the audit."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Noted:
    facts: dict[str, Any]
    sources: dict[str, Source]


def left_open(held: Frozen) -> list[str]:
    """The facts of a case that the worker did not say, also those that were read since."""
    said, sources = held.facts or {}, held.sources or {}
    verdict = held.verdict or {}
    asked = [each["fact"] for each in verdict.get("conditions", ())]
    asked += [name for each in verdict.get("amounts", ()) for name in each["missing"]]
    names = dict.fromkeys([*said, *(name for name in asked if name)])
    return [
        name
        for name in names
        if name not in (WORK_REGION, AS_OF)
        and (said.get(name) is None or sources.get(name) == Source.READ)
    ]


def day_of(held: Frozen) -> date | None:
    """The day for which a case was judged, None where it never was."""
    written = (held.verdict or {}).get("as_of")
    return None if written is None else date.fromisoformat(written)


def note_seen(
    session: Session,
    desk: Desk,
    case: Case,
    seen: Set[str],
    read: Mapping[str, Any] = _NOTHING,
) -> None:
    """Note which of the declared facts stand in a document, and that the others don't.

    Of what the worker left open, `read` is what the document says: the case is judged anew by the
    edition it was submitted under. What a register or a course says stays so. Raises `NotAllowed`,
    `FactsRefused`, `MoveRefused` where the case is not under review or waits for the second
    officer, who decides on what stands there now, `CaseChanged` where another was first.
    """
    officer, library = desk.officer, desk.post.library
    require(officer, Role.CASE_OFFICER, case.region, library.regions)
    if case.state != State.IN_REVIEW or case.recommended is not None:
        raise MoveRefused(Move.RECOMMEND, State(case.state))
    held = cases.frozen(case, desk.own)
    if held.facts is None:
        raise CaseChanged(case.id)
    noted = _noted(held, seen, read)
    before = held.sources or {}
    changed = sorted(
        name
        for name in noted.sources.keys() | held.facts.keys()
        if noted.sources.get(name) != before.get(name, Source.DECLARED)
        or noted.facts.get(name) != held.facts.get(name)
    )
    if not changed:
        return
    again = None if noted.facts == held.facts else _judged(session, library, case, held, noted)
    written = facts_written(noted.facts, noted.sources, held.evidence, held.register)
    values: dict[str, Any] = {
        "sealed_facts": desk.own.seal(written, purpose("sealed_facts", case.id))
    }
    if again is not None:
        values["outcome"] = again.outcome.value
        values["sealed_verdict"] = desk.own.seal(again.verdict, purpose("sealed_verdict", case.id))
    done = session.connection().execute(
        update(Case)
        .where(
            col(Case.id) == case.id,
            col(Case.sealed_facts) == case.sealed_facts,
            # Another may have recommended it since it was looked up.
            col(Case.state) == State.IN_REVIEW,
            col(Case.recommended).is_(None),
        )
        .values(**values)
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


def is_unsure(case: Case) -> bool:
    """Whether some condition of a case does not hold, or nobody knows that it does."""
    return case.outcome not in (None, Outcome.ELIGIBLE)


def _noted(held: Frozen, seen: Set[str], read: Mapping[str, Any]) -> _Noted:
    facts, sources = dict(held.facts or {}), {}
    before = held.sources or {}
    open_ = left_open(held)
    for name in facts:
        # Nothing stands in a document of what nobody has said.
        sources[name] = _source(before.get(name), name in seen - set(open_))
    for name in open_:
        value = read.get(name)
        if value is not None:
            facts[name], sources[name] = value, Source.READ
        elif before.get(name) == Source.READ:
            del facts[name], sources[name]
    return _Noted(facts, sources)


def _judged(
    session: Session, library: Library, case: Case, held: Frozen, noted: _Noted
) -> Judged | None:
    """The case judged anew; None where the edition can't be read with the words in force."""
    row, day = session.get(Edition, case.edition_id), day_of(held)
    given = read_facts(noted.facts, library.facts, day or date.min)
    if row is None or day is None:
        return None
    measure = Measure.model_validate(json.loads(row.content))
    criteria = criteria_of(measure, library)
    if criteria.broken or measure.document not in library.documents:
        return None
    return judged(library, criteria, case.region, given, day)


def _source(before: str | None, is_seen: bool) -> Source:
    if before in VOUCHED or before == Source.READ:
        return Source(before)
    return Source.DOCUMENT if is_seen else Source.DECLARED
