"""Applying for a measure: what is checked, what is frozen, and the case that comes of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from knowledge.eligibility.criteria import Criteria
from knowledge.eligibility.facts import WORK_REGION, Given, read_facts
from knowledge.eligibility.reporting import result_data
from knowledge.eligibility.verdicts import Outcome, Person, is_open, verdict
from knowledge.library import Library
from knowledge.measures import Measure, Uptake
from knowledge.regions import UnknownRegion
from server.casework import editions, workdays
from server.casework.advancing import Mover, by_system, by_worker, record
from server.casework.editions import Change, changes_since, current_edition
from server.casework.moves import WORKING_DAYS, Move, State
from server.casework.tables import Case, Origin, Source
from server.clock import china_day
from server.confidential.sealing import Safe
from server.database import numbering
from server.database.db import Question, fetch_answers, insert_within
from server.database.tables import Purpose, stored_instant
from server.personal import consents, profiles
from server.personal.consents import ConsentMissing
from server.published.releases import EditionMissing
from server.records import audit
from server.records.audit import Action


class MeasureClosed(Exception):
    """The last day of a measure, or of applying for it, is over."""

    def __init__(self, measure: str, last_on: date) -> None:
        super().__init__(measure, last_on)
        self.last_on = last_on


class MeasureNotOpenYet(Exception):
    """The first day of a measure, or of applying for it, lies ahead."""

    def __init__(self, measure: str, first_on: date) -> None:
        super().__init__(measure, first_on)
        self.first_on = first_on


class NothingToApplyFor(Exception):
    """The measure gives nothing that one person applies for."""


class MeasureElsewhere(Exception):
    """The measure is not for this region."""


class AlreadyApplied(Exception):
    """The person has a case under this measure in this period."""

    def __init__(self, case_id: str, state: State) -> None:
        super().__init__(case_id, state)
        self.case_id = case_id
        self.state = state


class WarningNotTaken(Exception):
    """By the stated conditions it will be refused, and the person did not say they know."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(reasons)
        self.reasons = reasons


class RulesChanged(Exception):
    """The measure is otherwise than when the person last saw it."""

    def __init__(self, changes: list[Change], edition: int) -> None:
        super().__init__(changes)
        self.changes = changes
        self.edition = edition


@dataclass(frozen=True, slots=True)
class Vouched:
    """What the service itself knows of a fact; `evidence`: what it knows that from, for JSON."""

    value: Any
    source: Source
    evidence: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules say of somebody: JSON, the outcome, and what is known not to hold."""

    verdict: str
    outcome: Outcome
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """An application against the rules in force; worked out outside any transaction."""

    measure: Measure
    region: str
    period: str
    release_id: int
    facts: str
    """JSON: values by fact, the source of each, and the evidence of what is vouched for."""
    verdict: str
    """JSON: the result with every condition and the words it rests on."""
    outcome: Outcome
    failed: tuple[str, ...]
    """The conditions that are known not to hold, in plain words."""

    @property
    def unit(self) -> str:
        """The units in charge, as the clause names them."""
        return "、".join(self.measure.responsible.lead)

    @property
    def claim(self) -> str:
        """What a person can have one case of."""
        return f"{self.measure.id}:{self.period}"


@dataclass(frozen=True, slots=True)
class Submitted:
    """A case as it begins; `due_on` is the day by which an officer takes it."""

    case_id: str
    version: int
    due_on: date


def can_be_applied_for(library: Library, measure: Measure, today: date) -> bool:
    """Tell whether somebody could apply on this Asia/Shanghai day."""
    if not measure.can_become_a_case or measure.uptake is Uptake.AUTOMATIC:
        return False
    return is_open(library.rules.criteria[measure.id], today)


def check(
    library: Library,
    release_id: int,
    measure: Measure,
    region: str | None,
    facts: Mapping[str, Any],
    *,
    source: Source = Source.DECLARED,
    vouched: Mapping[str, Vouched] = MappingProxyType({}),
    today: date,
) -> Checked:
    """Check an application; `today` is an Asia/Shanghai day.

    A fact that is as it is vouched for has that source, one that was changed has not.

    Raises `MeasureClosed`, `MeasureNotOpenYet`, `NothingToApplyFor`, `MeasureElsewhere`,
    `FactsRefused`.
    """
    if not measure.can_become_a_case:
        raise NothingToApplyFor(measure.id)
    criteria = library.rules.criteria[measure.id]
    where = _region(library, measure, region)
    if not is_open(criteria, today):
        _refuse_closed(measure, today)
    found = judged(library, criteria, where, read_facts(dict(facts), library.facts, today), today)
    stands = {name: each for name, each in vouched.items() if facts.get(name) == each.value}
    sources = {name: stands[name].source if name in stands else source for name in facts}
    evidence = {name: each.evidence for name, each in stands.items()}
    return Checked(
        measure,
        where,
        period_of(measure, today),
        release_id,
        facts_written(facts, sources, evidence),
        found.verdict,
        found.outcome,
        found.failed,
    )


def judged(library: Library, criteria: Criteria, region: str, given: Given, today: date) -> Judged:
    """What the rules say of somebody at a place on a day, with every condition."""
    result = verdict(criteria, Person({WORK_REGION: region, **given.values}, today), today)
    reasons = result_data(result, library)
    failed = tuple(each["say"] for each in reasons["conditions"] if each["verdict"] == "failed")
    return Judged(_json(reasons), result.outcome, failed)


def facts_written(
    facts: Mapping[str, Any],
    sources: Mapping[str, Source],
    evidence: Mapping[str, Sequence[Mapping[str, str]]],
    register: Mapping[str, Any] | None = None,
) -> str:
    """The facts of a case as they are sealed: JSON; `register`: what it rests on without them."""
    proven = {"evidence": evidence} if evidence else {}
    named = {"register": register} if register else {}
    return _json({"facts": facts, "sources": sources, **proven, **named})


def period_of(measure: Measure, today: date) -> str:
    """Within what there is one case: the stated period, else the calendar year."""
    for stated in (measure.application, measure.validity):
        if stated is not None and stated.to is not None:
            first = "" if stated.from_ is None else stated.from_.isoformat()
            return f"{first}/{stated.to.isoformat()}"
    return str(today.year)


def submit(
    session: Session,
    own: Safe,
    checked: Checked,
    *,
    worker_id: int,
    despite_warning: bool = False,
    now: datetime,
) -> Submitted:
    """Make a case of an application that was checked.

    Raises `WarningNotTaken`, `ConsentMissing`, `ProfileMissing`, `EditionMissing`;
    `AlreadyApplied`, also where there is a draft, of this period or an earlier one.
    """
    if checked.outcome is Outcome.INELIGIBLE and not despite_warning:
        raise WarningNotTaken(list(checked.failed))
    # One statement: a worker on a bad network waits for each of them, and for the others'.
    draft, consent, edition, *profile = fetch_answers(
        session,
        draft_of_earlier_period(worker_id, checked),
        consents.asked(worker_id, Purpose.IDENTITY),
        editions.asked(checked.release_id, checked.measure.id),
        *profiles.asked(worker_id),
    )
    if draft is not None:
        raise AlreadyApplied(draft, State.DRAFT)
    if consent is None:
        raise ConsentMissing(Purpose.IDENTITY)
    if edition is None:
        raise EditionMissing(checked.measure.id)
    return _insert(
        session,
        own,
        checked,
        worker_id,
        Move.SUBMIT,
        by_worker(worker_id),
        edition=edition,
        person=profiles.unsealed(own, *profile),
        despite_warning=despite_warning,
        now=now,
    )


def propose(
    session: Session,
    own: Safe,
    checked: Checked,
    *,
    worker_id: int,
    job: str,
    now: datetime,
) -> Submitted:
    """Make a case of somebody whom a register names, without an application.

    Raises `AlreadyApplied`; `ProfileMissing` where there is nothing to go by.
    """
    return _insert(
        session,
        own,
        checked,
        worker_id,
        Move.PROPOSE,
        by_system(job),
        edition=current_edition(session, checked.release_id, checked.measure.id),
        person=profiles.frozen(session, own, worker_id),
        now=now,
    )


def freeze_person(session: Session, own: Safe, worker_id: int) -> str:
    """The person's data as they are, as JSON; raises `ConsentMissing`, `ProfileMissing`."""
    consents.require(session, worker_id, Purpose.IDENTITY)
    return profiles.frozen(session, own, worker_id)


def refuse_unseen_changes(session: Session, draft: Case, checked: Checked, seen: int | None) -> int:
    """The edition in force; raises `RulesChanged` where the person has seen an older one only."""
    edition = current_edition(session, checked.release_id, checked.measure.id)
    if draft.edition_id != edition and seen != edition:
        found = changes_since(session, draft.edition_id, checked.measure)
        if found:
            raise RulesChanged(found, edition)
    return edition


def case_of(session: Session, worker_id: int, checked: Checked) -> Case | None:
    """The person's case under this measure in this period, None where there is none."""
    mine = col(Case.worker_id) == worker_id, col(Case.claim) == checked.claim
    return session.scalars(select(Case).where(*mine)).first()


def draft_of_earlier_period(worker_id: int, checked: Checked) -> Question:
    """Finds the number of the newest draft for the measure that stands under another period."""
    return Question(
        "SELECT id FROM cases WHERE worker_id = :worker AND measure = :measure"
        " AND state = 'draft' AND claim <> :claim ORDER BY begun_at DESC LIMIT 1",
        {"worker": worker_id, "measure": checked.measure.id, "claim": checked.claim},
    )


def purpose(column: str, case_id: str) -> str:
    """What a column of a case is sealed for."""
    return f"cases.{column}:{case_id}"


_COLUMNS = (
    "id, worker_id, origin, measure, region, period, claim, state, version, release_id,"
    " edition_id, unit, outcome, despite_warning, sealed_facts, sealed_verdict, sealed_person,"
    " begun_at, changed_at, submitted_at, due_on"
)


def _insert(
    session: Session,
    own: Safe,
    checked: Checked,
    worker_id: int,
    move: Move,
    by: Mover,
    *,
    edition: int,
    person: str,
    despite_warning: bool = False,
    now: datetime,
) -> Submitted:
    case_id = numbering.number(now)
    at = stored_instant(now)
    due_on = workdays.after(china_day(now), WORKING_DAYS[State.SUBMITTED])
    row = (
        case_id,
        worker_id,
        Origin.APPLICATION.value if move is Move.SUBMIT else Origin.ROSTER.value,
        checked.measure.id,
        checked.region,
        checked.period,
        checked.claim,
        State.SUBMITTED.value,
        1,
        checked.release_id,
        edition,
        checked.unit,
        checked.outcome.value,
        despite_warning,
        own.seal(checked.facts, purpose("sealed_facts", case_id)),
        own.seal(checked.verdict, purpose("sealed_verdict", case_id)),
        own.seal(person, purpose("sealed_person", case_id)),
        at,
        at,
        at,
        due_on.isoformat(),
    )
    held = f"INSERT INTO cases ({_COLUMNS}) VALUES {{}} ON CONFLICT (worker_id, claim) DO NOTHING"
    if not insert_within(session, held, [row]):
        _refuse_second(session, worker_id, checked)
    record(session, own, case_id, 1, move, by, due_on=due_on, now=now)
    audit.record(
        session,
        own,
        by=by.audited,
        action=Action.CREATED,
        about="cases",
        row=case_id,
        worker_id=worker_id,
        fields=("facts", "person"),
        reason=move,
        now=now,
    )
    return Submitted(case_id, 1, due_on)


def _refuse_second(session: Session, worker_id: int, checked: Checked) -> None:
    other = case_of(session, worker_id, checked)
    assert other is not None
    raise AlreadyApplied(other.id, State(other.state))


def _region(library: Library, measure: Measure, written: str | None) -> str:
    region = measure.region if written is None else written
    if region not in library.regions:
        raise UnknownRegion(region)
    if measure.region not in library.regions.within(region):
        raise MeasureElsewhere(measure.id, region)
    return region


def _refuse_closed(measure: Measure, today: date) -> None:
    for stated in (measure.validity, measure.application):
        if stated is None:
            continue
        if stated.to is not None and today > stated.to:
            raise MeasureClosed(measure.id, stated.to)
        if stated.from_ is not None and today < stated.from_:
            raise MeasureNotOpenYet(measure.id, stated.from_)


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode
