"""Importing a spreadsheet: a dry run tells the fate of every line, then it is entered in batches.

Each batch is one transaction that also says how far the file is entered: an import that stops
anywhere goes on from there, or is undone as a whole. The file is kept sealed until it is over.
"""

import base64
import hashlib
import json
import secrets
import zlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from knowledge.eligibility.cells import plain
from knowledge.library import Library
from server.casework.officers import Officer, Role, require, scope
from server.clock import Clock, china_day
from server.confidential.private_files import in_memory
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectKeys
from server.database.db import Database
from server.records import audit
from server.records.audit import Action, Actor
from server.register import bulk, keeping, sheets
from server.register.bulk import Batch
from server.register.sheets import Bad, Read, Sheet
from server.register.tables import EntryState, ImportState, Level, RegisterEntry, RegisterImport

AT_ONCE = 500
"""Lines of one transaction."""
KEPT_FOR = timedelta(days=1)
"""A file that nobody began to enter is forgotten after so long."""
KEPT_UNDER_WAY = timedelta(days=7)
"""So is one that was entered in part, after so long without a step; what is entered stays."""
_RETRIES = 3


class ImportUnknown(LookupError):
    """There is no such import, or none for whoever asks."""


class ImportMoved(Exception):
    """The import is not where this step starts: another one goes on with it, or it is over."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


class Already(StrEnum):
    """What becomes of a line whose person stands in the register, where it says otherwise."""

    UPDATE = "update"
    KEEP = "keep"


class Twice(StrEnum):
    """Which line counts of those that are about one person."""

    FIRST = "first"
    LAST = "last"
    NONE = "none"


class Fate(StrEnum):
    """What becomes of a line."""

    NEW = "new"
    UPDATE = "update"
    SAME = "same"
    """It stands in the register just so."""
    KEPT = "kept"
    """It stands there otherwise, and that is to stay."""
    TWICE = "twice"
    """Another line of the file about this person counts."""
    OTHER_NAME = "other_name"
    """The number stands in the register under another name: an officer has to look."""
    ALIKE = "alike"
    """Somebody of this name and telephone stands there under another number: as above."""
    HAS_LEFT = "has_left"
    """The person has left the register: to be put back by hand, with a look."""
    ELSEWHERE = "elsewhere"
    """The entry is of a region that the officer does not work for."""
    BAD = "bad"


ASKED = frozenset({Fate.OTHER_NAME, Fate.ALIKE})
"""Lines that an officer has to decide one by one; those not taken are left out."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What each column is, and how duplicates are settled."""

    uses: Mapping[str, str]
    level: Level | None = None
    already: Already = Already.UPDATE
    twice: Twice = Twice.FIRST
    take: frozenset[int] = frozenset()
    """Lines of `ASKED` that an officer took after a look."""

    def as_json(self) -> str:
        """The plan as it is kept."""
        return json.dumps(
            {
                "uses": dict(self.uses),
                "level": self.level,
                "already": self.already,
                "twice": self.twice,
                "take": sorted(self.take),
            },
            ensure_ascii=False,
            sort_keys=True,
        )


def read_plan(text: str) -> Plan | None:
    """A plan that was kept, None where nobody has made one."""
    if not text:
        return None
    told = json.loads(text)
    return Plan(
        told["uses"],
        Level(told["level"]) if told["level"] else None,
        Already(told["already"]),
        Twice(told["twice"]),
        frozenset(told["take"]),
    )


@dataclass(frozen=True, slots=True)
class Judged:
    """One line with its fate; `entry` is the one in the register that it meets."""

    line: int
    fate: Fate
    read: Read | None = None
    bad: Bad | None = None
    entry: RegisterEntry | None = None


@dataclass(slots=True)
class Told:
    """What a dry run found: how many lines have which fate, and those that need a look."""

    counts: Counter[Fate] = field(default_factory=Counter)
    bad: list[Bad] = field(default_factory=list)
    asked: list[tuple[int, Fate, str]] = field(default_factory=list)
    """Lines of `ASKED`, each with the entry that it meets, where it is one."""
    digest: str = ""
    """What a confirmation names: the same file, the same plan."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What an import works with."""

    database: Database
    keys: SubjectKeys
    safe: Safe
    library: Library
    officer: Officer
    clock: Clock


# -- the file -----------------------------------------------------------------------------------


def keep(session: Session, desk: Desk, content: bytes, region: str) -> RegisterImport:
    """Keep a file sealed until it is decided on; raises `NotAllowed`."""
    require(desk.officer, Role.CASE_OFFICER, region, desk.library.regions)
    id, now = secrets.token_hex(8), desk.clock()
    packed = base64.b64encode(zlib.compress(content)).decode()
    row = RegisterImport(
        id=id,
        officer_id=desk.officer.id,
        region=region,
        state=ImportState.READ,
        digest=hashlib.sha256(content).hexdigest(),
        plan="",
        counts="{}",
        sealed=desk.safe.seal(packed, _purpose(id)),
        size=len(content),
        made_at=now,
        changed_at=now,
    )
    session.add(row)
    session.flush()
    _record(session, desk, row, Action.CREATED)
    return row


def find(session: Session, id: str, desk: Desk) -> RegisterImport:
    """An import of the officer's regions; raises `ImportUnknown`."""
    row = session.get(RegisterImport, id)
    is_clerk = Role.CASE_OFFICER in desk.officer.roles
    if row is None or not is_clerk or not desk.officer.covers(row.region, desk.library.regions):
        raise ImportUnknown(id)
    return row


def listed(session: Session, desk: Desk, at_most: int = 20) -> list[RegisterImport]:
    """The newest imports of the officer's regions."""
    rows = session.scalars(
        select(RegisterImport)
        .where(col(RegisterImport.region).in_(scope(desk.officer, desk.library.regions)))
        .order_by(col(RegisterImport.made_at).desc(), col(RegisterImport.id))
        .limit(at_most)
    )
    return list(rows)


def content_of(safe: Safe, row: RegisterImport) -> bytes:
    """The file as it came; raises `ImportMoved` where it is forgotten already."""
    if row.sealed is None:
        raise ImportMoved(row.state)
    return zlib.decompress(base64.b64decode(safe.unseal(row.sealed, _purpose(row.id))))


def choose(session: Session, row: RegisterImport, plan: Plan, *, now: datetime) -> None:
    """Note the plan; raises `ImportMoved` once lines are entered by another one."""
    if row.state != ImportState.READ:
        raise ImportMoved(row.state)
    row.plan, row.changed_at = plan.as_json(), now
    session.add(row)
    session.flush()


def forget_old(session: Session, *, now: datetime) -> int:
    """Forget files that nobody began to enter, or went on with; how many.

    What was entered of one can still be undone.
    """
    state, changed_at = col(RegisterImport.state), col(RegisterImport.changed_at)
    begun = session.connection().execute(
        update(RegisterImport)
        .where(
            state == ImportState.UNDER_WAY,
            changed_at < now - KEPT_UNDER_WAY,
            col(RegisterImport.sealed).is_not(None),
        )
        .values(sealed=None)
    )
    changed = session.connection().execute(
        update(RegisterImport)
        .where(state == ImportState.READ, changed_at < now - KEPT_FOR)
        .values(state=ImportState.UNDONE, sealed=None, changed_at=now)
    )
    return int(begun.rowcount + changed.rowcount)


# -- the lines ----------------------------------------------------------------------------------


def dry_run(desk: Desk, row: RegisterImport) -> Told:
    """What would become of every line; changes nothing. Raises `SheetRefused`, `SheetUnfit`."""
    told = Told()
    with in_memory(content_of(desk.safe, row)) as path:
        work = _Work(desk, row, path)
        told.digest = work.digest
        for lines in work.batches(0):
            with desk.database.read() as session:
                for each in work.judged(session, lines):
                    told.counts[each.fate] += 1
                    if each.bad is not None:
                        told.bad.append(each.bad)
                    if each.fate in ASKED:
                        entry_id = "" if each.entry is None else each.entry.id
                        told.asked.append((each.line, each.fate, entry_id))
    return told


def go_on(desk: Desk, id: str, digest: str) -> Iterator[Counter[Fate]]:
    """Enter batch after batch from where the import stands; each yields what has become so far.

    `digest` is what the dry run gave. Raises `ImportMoved`, `ImportUnknown`.
    """
    with desk.database.read() as session:
        row = find(session, id, desk)
    if row.state not in (ImportState.READ, ImportState.UNDER_WAY):
        raise ImportMoved(row.state)
    counts = Counter({Fate(fate): count for fate, count in json.loads(row.counts).items()})
    with in_memory(content_of(desk.safe, row)) as path:
        work = _Work(desk, row, path)
        if work.digest != digest:
            raise ImportMoved(row.state)
        at = row.line
        for lines in work.batches(at):
            counts = counts + _entered(work, row, at, lines, counts)
            at = _line(lines[-1])
            yield counts
        with desk.database.begin() as session:
            _step(session, row, at, at, counts, desk.clock(), ImportState.DONE)
        yield counts


def _entered(
    work: "_Work",
    row: RegisterImport,
    at: int,
    lines: Sequence[Read | Bad],
    before: Counter[Fate],
) -> Counter[Fate]:
    """Enter one batch in one transaction."""
    desk = work.desk
    for attempt in range(_RETRIES):
        try:
            with desk.database.read() as session:
                judged = work.judged(session, lines)
            batch = Batch(desk.database, desk.keys, desk.safe, row.id, desk.officer, desk.clock())
            batch.prepare([(e.read, e.entry) for e in judged if e.fate in _WRITTEN and e.read])
            counts = Counter(each.fate for each in judged)
            with desk.database.begin() as session:
                # First, as undoing does: each waits for the other instead of both for ever.
                _step(
                    session, row, at, _line(lines[-1]), before + counts, batch.now,
                    ImportState.UNDER_WAY,
                )  # fmt: skip
                batch.write(session)
            return counts
        except (IntegrityError, desk.database.conflict, keeping.EntryChanged):
            # Somebody of these lines was entered or changed by hand at this moment: look again.
            if attempt == _RETRIES - 1:
                raise
    raise AssertionError


_WRITTEN = frozenset({Fate.NEW, Fate.UPDATE})


def _step(
    session: Session,
    row: RegisterImport,
    at: int,
    line: int,
    counts: Counter[Fate],
    now: datetime,
    state: ImportState,
) -> None:
    """Say how far the file is entered; raises `ImportMoved` where another one did meanwhile."""
    values: dict[str, Any] = {"state": state, "line": line, "changed_at": now}
    values["counts"] = json.dumps(dict(counts), sort_keys=True)
    if state is ImportState.DONE:
        values["sealed"] = None
    changed = session.connection().execute(
        update(RegisterImport)
        .where(
            col(RegisterImport.id) == row.id,
            col(RegisterImport.line) == at,
            col(RegisterImport.state).in_((ImportState.READ, ImportState.UNDER_WAY)),
        )
        .values(**values)
    )
    if changed.rowcount != 1:
        raise ImportMoved(state)


class _Work:
    """The lines of one file, read and judged by one plan."""

    def __init__(self, desk: Desk, row: RegisterImport, path: Path) -> None:
        self.desk = desk
        self._path = path
        headers = sheets.headers_of(path)
        facts = desk.library.facts
        plan = read_plan(row.plan) or Plan(sheets.guessed(headers, facts))
        self.plan = plan
        self.digest = hashlib.sha256(f"{row.digest} {plan.as_json()}".encode()).hexdigest()[:12]
        regions = desk.library.regions
        mine = scope(desk.officer, regions)
        called = {id: id for id in mine} | {plain(regions.get(id).label): id for id in mine}
        today = china_day(desk.clock())
        self._sheet = Sheet(
            headers, plan.uses, facts, region=row.region, regions=called, level=plan.level,
            today=today,
        )  # fmt: skip
        self._mine = mine
        self._repeated = self._repeated_numbers()

    def batches(self, after: int) -> Iterator[list[Read | Bad]]:
        """The lines past one, so many at once."""
        read = map(self._sheet.read, sheets.rows_of(self._path, after))
        while lines := list(islice(read, AT_ONCE)):
            yield lines

    def judged(self, session: Session, lines: Sequence[Read | Bad]) -> list[Judged]:
        """The fate of each of some lines, by what stands in the register."""
        there = bulk.standing(
            session,
            self.desk.safe,
            [line.registered for line in lines if isinstance(line, Read)],
        )
        owners = [entry.worker_id for entry in there.by_number.values()]
        safes = self.desk.keys.safes_of(owners) if owners else {}
        return [self._judge(line, there, safes) for line in lines]

    def _judge(self, line: Read | Bad, there: bulk.Standing, safes: Mapping[int, Safe]) -> Judged:
        if isinstance(line, Bad):
            return Judged(line.line, Fate.BAD, bad=line)
        counting = self._repeated.get(line.registered.identity_number)
        if counting is not None and counting != line.line:
            return Judged(line.line, Fate.TWICE, line)
        taken = line.line in self.plan.take
        entry = there.by_number.get(line.registered.identity_number)
        if entry is None:
            alike = (line.registered.name, line.registered.phone) in there.alike
            return Judged(line.line, Fate.ALIKE if alike and not taken else Fate.NEW, line)
        fate = self._fate_of(line, entry, safes.get(entry.worker_id), taken)
        return Judged(line.line, fate, line, entry=entry)

    def _fate_of(self, line: Read, entry: RegisterEntry, own: Safe | None, taken: bool) -> Fate:
        if entry.region not in self._mine:
            return Fate.ELSEWHERE
        if entry.state != EntryState.ON:
            return Fate.HAS_LEFT
        held = bulk.opened(own, entry)
        if held is None:
            return Fate.ELSEWHERE
        if held.name != line.registered.name and not taken:
            return Fate.OTHER_NAME
        if bulk.is_same(line, entry, held):
            return Fate.SAME
        return Fate.UPDATE if self.plan.already is Already.UPDATE or taken else Fate.KEPT

    def _repeated_numbers(self) -> Mapping[str, int]:
        """By number of those who stand in several lines: the line that counts, 0 for none."""
        at = self._sheet.places["identity_number"]
        lines: dict[str, list[int]] = {}
        for row in sheets.rows_of(self._path):
            if not row.broken:
                lines.setdefault(sheets.number_of(row.cells[at]), []).append(row.line)
        repeated = {number: found for number, found in lines.items() if len(found) > 1}
        if self.plan.twice is Twice.NONE:
            return dict.fromkeys(repeated, 0)
        # Of lines that can't be read none counts, as long as there is another.
        readable = self._readable(at, repeated)
        place = {Twice.FIRST: 0, Twice.LAST: -1}[self.plan.twice]
        return {n: (readable[n] or found)[place] for n, found in repeated.items()}

    def _readable(self, at: int, numbers: Collection[str]) -> Mapping[str, list[int]]:
        """The lines about each of some numbers that can be read."""
        found: dict[str, list[int]] = {number: [] for number in numbers}
        for row in sheets.rows_of(self._path) if numbers else ():
            number = "" if row.broken else sheets.number_of(row.cells[at])
            if number in found and isinstance(self._sheet.read(row), Read):
                found[number].append(row.line)
        return found


def _line(line: Read | Bad) -> int:
    return line.line


def _purpose(id: str) -> str:
    return f"register_import.sealed:{id}"


def _record(session: Session, desk: Desk, row: RegisterImport, action: Action) -> None:
    audit.record(
        session,
        desk.safe,
        by=Actor.officer(desk.officer.id),
        action=action,
        about="register_import",
        row=row.id,
        worker_id=None,
        now=desk.clock(),
    )
