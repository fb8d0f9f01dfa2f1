"""Cases without an application (免申即享): who by a register has a right to something gets a case.

It takes what roster matching found and the same roster with who the people are. A dry run counts
what would become of every line; only what was counted can be confirmed. A case that comes of it is
marked, is reviewed as any other, and is proposed once: whoever withdrew it, opted out or took the
consent back is left alone by later runs.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from itertools import islice
from typing import Any

from sqlalchemy import exists, select
from sqlmodel import Session, col

from knowledge.library import Library
from knowledge.measures import Measure
from server.casework import applying, near_duplicates, opting_out
from server.casework.applying import AlreadyApplied, Checked
from server.casework.matched_rosters import Entry, MatchedRoster
from server.casework.moves import State
from server.casework.officers import Officer, Role, require
from server.casework.tables import Case, Origin, Source
from server.clock import Clock
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectErased, SubjectKeys
from server.database.db import Database
from server.personal import people, profiles
from server.personal.persons import Person
from server.records import audit


class Fate(StrEnum):
    """What becomes of a line of the outcome."""

    PROPOSED = "proposed"
    """There will be a case, or there is one now."""
    HAS_CASE = "has_case"
    WITHDREW = "withdrew"
    """Had such a case and did not want it."""
    OPTED_OUT = "opted_out"
    NOT_ELIGIBLE = "not_eligible"
    """By the register ineligible, or something is not known."""
    CLOSED = "closed"
    NOT_FOR_APPLICANTS = "not_for_applicants"
    """The measure is not one that one person gets, or is not there."""
    NOBODY = "nobody"
    """The register has no such number, or has it twice."""
    UNREADABLE = "unreadable"
    """Who it is can't be read, or proves wrong."""
    OTHER_NAME = "other_name"
    """Somebody who signed in has this identity number and another name."""
    UNPROVEN = "unproven"
    """Who signed in with this number can't be taken for its person: WeChat vouches for no
    telephone of theirs, or for another than the roster has."""
    SEVERAL = "several"
    """Several who signed in have this identity number: an officer has to look into it."""
    TWICE = "twice"
    LEFT = "left"
    """Had everything erased, or proved to be who it is, while the run was at their line."""


@dataclass(frozen=True, slots=True)
class Told:
    """What becomes of one line; `case_id` where there is a new case."""

    line: int
    measure: str
    fate: Fate
    case_id: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One outcome of matching, for an officer, on an Asia/Shanghai day."""

    library: Library
    release_id: int
    roster: MatchedRoster
    officer: Officer
    safe: Safe
    today: date
    measures: frozenset[str] | None = None
    """Only these; None: all that the outcome names."""
    region: str | None = None
    """Where the people of the roster work; None: where each measure is for."""

    @property
    def digest(self) -> str:
        """What a dry run is confirmed by: the same input, the same place and measures."""
        chosen = [*sorted(self.measures or ()), *filter(None, (self.region,))]
        return hashlib.sha256(f"{self.roster.digest} {chosen}".encode()).hexdigest()[:12]

    @property
    def job(self) -> str:
        """Under what name it stands in the audit."""
        return f"proactive {self.digest}"


_OwnOf = Callable[[int], Safe | None]


def dry_run(database: Database, keys: SubjectKeys, run: Run) -> list[Told]:
    """What would become of every line; changes nothing. Raises `NotAllowed`."""
    own_of = _finding(keys)
    with database.read() as session:
        return [_judged(session, run, own_of, entry, checked) for entry, checked in _entries(run)]


def propose(
    database: Database, keys: SubjectKeys, run: Run, *, skipping: int = 0, clock: Clock
) -> Iterator[Told]:
    """Make the cases, person by person: it can be broken off, and run again.

    `skipping`: so many lines were told before. Raises `NotAllowed`.
    """
    own_of = _finding(keys)
    for entry, checked in islice(_entries(run), skipping, None):
        with database.read() as session:
            told = _judged(session, run, own_of, entry, checked)
        if told.fate is not Fate.PROPOSED:
            yield told
            continue
        assert isinstance(checked, Checked) and entry.person is not None
        now = clock()
        with database.begin() as session:
            worker = _worker_of(session, run, entry.person, now)
        try:
            own = keys.safe_of(worker)
            with database.begin() as session:
                told = _proposed(session, own, run, entry, checked, worker, now)
        except SubjectErased:
            told = replace(told, fate=Fate.LEFT)
        yield told


def counted(told: Sequence[Told]) -> Mapping[str, Counter[Fate]]:
    """How many lines have which fate, by measure."""
    found: dict[str, Counter[Fate]] = {}
    for each in told:
        found.setdefault(each.measure, Counter())[each.fate] += 1
    return found


def _entries(run: Run) -> Iterator[tuple[Entry, Checked | Fate]]:
    """Every line of a chosen measure, with the application that it stands for, or why not."""
    checked: dict[str, Checked | Fate] = {}
    seen: set[tuple[str, str]] = set()
    for entry in run.roster.entries:
        if run.measures is not None and entry.measure not in run.measures:
            continue
        if entry.measure not in checked:
            checked[entry.measure] = _checked(run, entry.measure)
        found: Any = checked[entry.measure]
        if entry.person is not None and isinstance(found, Checked) and entry.eligible:
            key = (entry.person.identity_number, entry.measure)
            found = Fate.TWICE if key in seen else found
            seen.add(key)
        yield entry, found


def _checked(run: Run, measure_id: str) -> Checked | Fate:
    measure = run.library.measures.get(measure_id)
    if measure is None:
        return Fate.NOT_FOR_APPLICANTS
    regions = run.library.regions
    is_within = run.region is not None and measure.region in regions.within(run.region)
    region = run.region if is_within else None
    require(run.officer, Role.CASE_OFFICER, region or measure.region, regions)
    try:
        return _check(run, measure, region)
    except (applying.MeasureClosed, applying.MeasureNotOpenYet):
        return Fate.CLOSED
    except applying.NothingToApplyFor:
        return Fate.NOT_FOR_APPLICANTS


def _check(run: Run, measure: Measure, region: str | None) -> Checked:
    return applying.check(
        run.library, run.release_id, measure, region, {}, source=Source.REGISTER, today=run.today
    )


def _finding(keys: SubjectKeys) -> _OwnOf:
    return lambda worker: keys.safes_of([worker]).get(worker)


def _judged(
    session: Session, run: Run, own_of: _OwnOf, entry: Entry, checked: Checked | Fate
) -> Told:
    fate = _fate_on_paper(run, entry, checked)
    if fate is None:
        assert isinstance(checked, Checked) and entry.person is not None
        fate = _fate_of(session, run.safe, own_of, entry.person, checked)
    return Told(entry.line, entry.measure, fate)


def _fate_on_paper(run: Run, entry: Entry, checked: Checked | Fate) -> Fate | None:
    if not entry.eligible:
        return Fate.NOT_ELIGIBLE
    if isinstance(checked, Fate):
        return checked
    if entry.person is None:
        return Fate.NOBODY if entry.reason is None else Fate.UNREADABLE
    return Fate.UNREADABLE if entry.person.born_on > run.today else None


def _fate_of(
    session: Session, safe: Safe, own_of: _OwnOf, person: Person, checked: Checked
) -> Fate:
    number = person.identity_number
    holders = profiles.holders(session, safe, "identity_number", number)
    if len(holders) > 1:
        return Fate.SEVERAL
    worker = holders[0] if holders else None
    if opting_out.is_out(session, safe, number, worker, checked.measure.id):
        return Fate.OPTED_OUT
    if worker is None:
        return Fate.PROPOSED
    own = own_of(worker)
    held = None if own is None else profiles.find(session, own, worker)
    if held is not None and held.person.name != person.name:
        return Fate.OTHER_NAME
    if applying.case_of(session, worker, checked) is not None:
        return Fate.HAS_CASE
    if _withdrew(session, worker, checked):
        return Fate.WITHDREW
    # To know another's name and number is not enough to be given what is theirs.
    vouched_for = people.is_vouched_for(session, safe, worker, person.phone)
    return Fate.PROPOSED if vouched_for else Fate.UNPROVEN


def _withdrew(session: Session, worker_id: int, checked: Checked) -> bool:
    found = select(
        exists().where(
            col(Case.worker_id) == worker_id,
            col(Case.origin) == Origin.ROSTER,
            col(Case.measure) == checked.measure.id,
            col(Case.period) == checked.period,
            col(Case.state) == State.WITHDRAWN,
        )
    )
    return bool(session.scalar(found))


def _worker_of(session: Session, run: Run, person: Person, now: datetime) -> int:
    """Who signed in with this identity number, else whom the register knows by it."""
    number = person.identity_number
    holders = profiles.holders(session, run.safe, "identity_number", number)
    if holders:
        return holders[0]
    return people.recognise(session, run.safe, issuer=people.REGISTER, subject=number, now=now)


def _proposed(
    session: Session,
    own: Safe,
    run: Run,
    entry: Entry,
    checked: Checked,
    worker_id: int,
    now: datetime,
) -> Told:
    assert entry.person is not None
    # Who leaves at this moment would stand there again, sealed with a key that is no more.
    people.hold(session, worker_id)
    # Once more, in the transaction that makes the case.
    told = _judged(session, run, lambda _: own, entry, checked)
    if told.fate is not Fate.PROPOSED:
        return told
    if profiles.find(session, own, worker_id) is None:
        by = audit.Actor.job(run.job)
        # Another run at the same moment may be faster.
        with suppress(profiles.ProfileChanged):
            profiles.take_from_register(
                session, own, worker_id=worker_id, person=entry.person, by=by, now=now
            )
            near_duplicates.recompute(session, worker_id, now=now)
    try:
        made = applying.propose(
            session,
            own,
            replace(checked, facts=_register_facts(run, entry)),
            worker_id=worker_id,
            job=run.job,
            now=now,
        )
    except AlreadyApplied:
        return replace(told, fate=Fate.HAS_CASE)
    return replace(told, case_id=made.case_id)


def _register_facts(run: Run, entry: Entry) -> str:
    """What a case rests on that nobody applied for: which line of which register."""
    register = {"run": run.digest, "line": entry.line, "id": entry.id, "outcome": "eligible"}
    return applying.facts_written({}, {}, {}, register)


def chosen(measures: Collection[str]) -> frozenset[str] | None:
    """The measures of a run; none named: all."""
    return frozenset(measures) or None
