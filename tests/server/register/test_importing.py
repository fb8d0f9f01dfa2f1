"""A spreadsheet enters the register: told before, adjudicated, resumed or undone as a whole."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from server.casework.officers import NotAllowed
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectKeys
from server.database.db import Database
from server.outreach.tables import Campaign, CampaignState, Channel, Letter, LetterState
from server.register import importing, keeping, sheets, undoing
from server.register.hardship import Cause
from server.register.importing import Already, Desk, Fate, ImportMoved, Plan, Told, Twice
from server.register.sheets import Bad, Fault
from server.register.tables import ImportState, Leaving, Level, RegisterImport
from server.register.undoing import TouchedSince
from tests import casework, citizens
from tests.overlapping import let_come
from tests.server.register.conftest import Ledger, somebody

HEADERS = "姓名,身份证号,联系电话,困难等级,致困原因,核查日期,户号,已办失业登记"


def row(number: int, **other: str) -> str:
    """The line of one of many people."""
    given = {
        "name": citizens.name(number),
        "identity": citizens.identity_number(number),
        "phone": citizens.phone(number),
        "level": "低于低保线",
        "causes": "疾病；子女上学",
        "looked_on": "2026-02-01",
        "household": str(number // 2),
        "registered": "是",
        **other,
    }
    return ",".join(given.values())


def table(*rows: str) -> bytes:
    return "\n".join((HEADERS, *rows)).encode()


def desk_of(ledger: Ledger, **other: Any) -> Desk:
    desk = Desk(
        ledger.database, ledger.keys, ledger.safe, ledger.library, ledger.clerk, lambda: ledger.now
    )
    return replace(desk, **other)


def kept(ledger: Ledger, content: bytes, **plan: Any) -> RegisterImport:
    desk = desk_of(ledger)
    uses = sheets.guessed(HEADERS.split(","), ledger.library.facts)
    with ledger.database.begin() as session:
        made = importing.keep(session, desk, content, "石狮")
        importing.choose(session, made, Plan(uses, **plan), now=ledger.now)
    return made


def told(ledger: Ledger, made: RegisterImport) -> Told:
    return importing.dry_run(desk_of(ledger), made)


def run(ledger: Ledger, made: RegisterImport, at_most: int = 100) -> Counter[Fate]:
    digest, counts = told(ledger, made).digest, Counter[Fate]()
    for number, so_far in enumerate(importing.go_on(desk_of(ledger), made.id, digest), start=1):
        counts = so_far
        if number == at_most:
            break
    return counts


def import_of(ledger: Ledger, content: bytes, **plan: Any) -> Counter[Fate]:
    return run(ledger, kept(ledger, content, **plan))


def rows_in(ledger: Ledger) -> dict[str, int]:
    """How many rows each table has that an import writes."""
    tables = ("worker", "identity", "subject_key", "household", "register_entry", "register_event")
    found = {}
    for table_ in tables:
        counted = ledger.database.fetch(f"SELECT count(*) FROM {table_}")
        assert counted
        found[table_] = counted[0]
    return found


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        (f"{citizens.identity_number(1)[:15]}000", Fault.ROUNDED),
        ("4.40203E+17", Fault.ROUNDED),
        ("440203197507290559", "identity_checksum"),
        ("44020319750729", "identity_form"),
    ],
)
def test_a_number_that_a_spreadsheet_has_rounded_is_told_so(
    ledger: Ledger, typed: str, fault: str
) -> None:
    (bad,) = told(ledger, kept(ledger, table(row(1, identity=typed)))).bad
    assert bad.fault == fault


def test_a_dry_run_tells_every_line_and_changes_nothing(ledger: Ledger) -> None:
    old = ledger.enter(somebody(1))
    other = ledger.enter(somebody(2, name="李四"))
    left = ledger.enter(somebody(3))
    ledger.act(keeping.leave, left.id, reason=Leaving.MOVED)
    lines = table(
        row(1), row(2), row(3), row(4), row(4, level="略高于低保线"), row(5), "只有一格",
        row(6, identity="110101198001010011"), row(7, level="很难"), row(8, looked_on="2027-01-01"),
        row(9, name=citizens.name(1), phone=citizens.phone(1)), row(10, registered="也许"),
        row(11, level=""), row(12, phone=citizens.phone(1)),
    )  # fmt: skip
    before = rows_in(ledger)
    found = told(ledger, kept(ledger, lines))
    assert rows_in(ledger) == before
    assert found.bad == [
        Bad(8, "", Fault.BROKEN),
        Bad(9, "身份证号", "identity_checksum"),
        Bad(10, "困难等级", Fault.CHOICE),
        Bad(11, "核查日期", Fault.DAY),
        Bad(13, "已办失业登记", Fault.FACT),
        Bad(14, "困难等级", Fault.NO_LEVEL),
    ]
    assert found.counts == {
        Fate.UPDATE: 1, Fate.OTHER_NAME: 1, Fate.HAS_LEFT: 1, Fate.NEW: 3, Fate.TWICE: 1,
        Fate.BAD: 6, Fate.ALIKE: 1,
    }  # fmt: skip
    assert found.asked == [(3, Fate.OTHER_NAME, other.id), (12, Fate.ALIKE, "")]
    assert {ledger.entry(old.id).version, ledger.entry(other.id).version} == {1}


def test_what_was_entered_stands_there_as_the_file_says(ledger: Ledger) -> None:
    counts = import_of(ledger, table(row(2), row(3)))
    assert counts == {Fate.NEW: 2}
    found = ledger.database.fetch(
        "SELECT min(id), max(id), count(DISTINCT household_id) FROM register_entry"
    )
    assert found and found[2] == 1
    entry = ledger.entry(found[0])
    said = ledger.said(entry.id)
    assert said is not None and said.name in (citizens.name(2), citizens.name(3))
    assert said.causes == (Cause.ILLNESS, Cause.SCHOOLING)
    assert said.facts == {"unemployment_registered": True}
    assert (entry.looked_on, entry.due_on) == (date(2026, 2, 1), date(2026, 8, 1))
    assert import_of(ledger, table(row(2), row(3))) == {Fate.SAME: 2}


def test_duplicates_are_settled_as_the_officer_says(ledger: Ledger) -> None:
    mine = ledger.enter(somebody(1))
    new_phone = table(row(1, phone="13800138000", looked_on=""))
    assert import_of(ledger, new_phone, already=Already.KEEP) == {Fate.KEPT: 1}
    assert ledger.entry(mine.id).version == 1
    assert import_of(ledger, new_phone) == {Fate.UPDATE: 1}
    said = ledger.said(mine.id)
    assert said is not None
    # What the file does not say stays as it was.
    assert (said.phone, said.address) == ("13800138000", "宝盖镇1号")
    assert ledger.entry(mine.id).looked_on == ledger.today

    two = table(row(2, level="低于低保线"), row(2, level="略高于低保线"))
    assert import_of(ledger, two, twice=Twice.NONE) == {Fate.TWICE: 2}
    assert import_of(ledger, two, twice=Twice.LAST) == {Fate.TWICE: 1, Fate.NEW: 1}
    level = "SELECT level FROM register_entry WHERE id <> :mine"
    assert ledger.database.fetch(level, mine=mine.id) == (Level.ABOVE_LINE,)

    # A line that can't be read takes nobody's place.
    broken = table(row(3, level="很难"), row(3))
    assert import_of(ledger, broken) == {Fate.BAD: 1, Fate.NEW: 1}
    broken = table(row(4), row(4, looked_on="2027-01-01"))
    assert import_of(ledger, broken, twice=Twice.LAST) == {Fate.BAD: 1, Fate.NEW: 1}

    renamed = table(row(1, name="陈改名"))
    assert import_of(ledger, renamed) == {Fate.OTHER_NAME: 1}
    assert import_of(ledger, renamed, take=frozenset({2})) == {Fate.UPDATE: 1}
    said = ledger.said(mine.id)
    assert said is not None and said.name == "陈改名"


def test_an_import_that_stopped_goes_on_where_it_stood(ledger: Ledger) -> None:
    people = importing.AT_ONCE + 3
    made = kept(ledger, table(*map(row, range(people))))
    run(ledger, made, at_most=1)
    assert rows_in(ledger)["register_entry"] == importing.AT_ONCE
    assert run(ledger, made) == {Fate.NEW: people}
    assert rows_in(ledger)["register_entry"] == rows_in(ledger)["worker"] == people
    state = "SELECT state, sealed FROM register_import"
    assert ledger.database.fetch(state) == (ImportState.DONE, None)
    with pytest.raises(ImportMoved):
        run(ledger, made)


class _Deadly(Safe):
    """A safe with which the process is killed at its so-manieth hash."""

    left = 0

    def hash(self, *parts: str) -> str:
        _Deadly.left -= 1
        if _Deadly.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().hash(*parts)


def killed(act: Callable[[Desk], None], ledger: Ledger, after: int) -> None:
    """Run it in a process of its own that is killed at its so-manieth hash."""
    desk = desk_of(ledger, safe=_Deadly(ledger.safe.keys, ledger.safe.secret))
    child = os.fork()
    if child == 0:
        _Deadly.left = after
        try:
            act(desk)
        finally:
            os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL


def test_killed_anywhere_it_resumes_or_is_undone_as_if_it_had_never_come(
    ledger: Ledger, tell: Callable[[str, object, object], None]
) -> None:
    mine = ledger.enter(somebody(0, name=citizens.name(0), words="手工登记的"))
    before, said = rows_in(ledger), ledger.said(mine.id)
    people = importing.AT_ONCE * 2 + 10
    content = table(*map(row, range(people)))
    made = kept(ledger, content)
    digest = told(ledger, made).digest

    def enter(desk: Desk) -> None:
        for _ in importing.go_on(desk, made.id, digest):
            pass

    kills, torn = 0, 0
    for after in (100, 3000, 4000, 5600, 3000):
        killed(enter, ledger, after)
        kills += 1
        rows = rows_in(ledger)
        line = ledger.database.fetch("SELECT line FROM register_import")
        assert line
        # What the import says to have entered is there, whole, and nothing else.
        entered = max(0, line[0] - 2)
        whole = {"register_entry": before["register_entry"] + entered}
        torn += any(rows[name] != count for name, count in whole.items())
        torn += rows["worker"] != rows["register_entry"]
    tell(f"{kills} kills of an import that left half a batch", torn, 0)
    assert torn == 0

    killed(lambda desk: void(undoing.undo(desk, made.id)), ledger, 200)
    assert rows_in(ledger)["register_entry"] > before["register_entry"]
    undoing.undo(desk_of(ledger), made.id)
    assert rows_in(ledger) == before
    assert (ledger.said(mine.id), ledger.entry(mine.id).version) == (said, 1)
    with pytest.raises(ImportMoved):
        undoing.undo(desk_of(ledger), made.id)
    assert import_of(ledger, content) == {Fate.NEW: people - 1, Fate.UPDATE: 1}


def void(_: object) -> None:
    """Let a result go."""


def test_who_is_entered_by_hand_at_the_same_moment_stands_there_once(
    ledger: Ledger, tmp_path: Path
) -> None:
    made = kept(ledger, table(row(1), row(2)))
    digest = told(ledger, made).digest

    class Meanwhile(Safe):
        """Somebody is entered by hand once the lines have been judged."""

        def seal(self, plain: str, purpose: str) -> str:
            if not entered and purpose.startswith("wrapped_key"):
                entered.append("")
                entered.append(ledger.enter(somebody(1)).id)
            return super().seal(plain, purpose)

    entered: list[str] = []
    keys = SubjectKeys(
        ledger.database,
        Database(f"sqlite:///{tmp_path / 'keys.db'}"),
        Meanwhile(ledger.safe.keys, ledger.safe.secret),
        lambda: ledger.now,
    )
    desk = desk_of(ledger, keys=keys)
    *_, counts = importing.go_on(desk, made.id, digest)
    assert counts == {Fate.UPDATE: 1, Fate.NEW: 1}
    assert rows_in(ledger)["register_entry"] == 2
    assert ledger.entry(entered[1]).version == 2


def test_what_was_touched_since_is_not_undone_and_nothing_else_with_it(ledger: Ledger) -> None:
    made = kept(ledger, table(row(1), row(2)))
    run(ledger, made)
    found = ledger.database.fetch("SELECT max(id) FROM register_entry")
    assert found
    ledger = replace(ledger, now=ledger.now + timedelta(days=1))
    ledger.act(keeping.look, found[0], standing=ledger.standing())
    with pytest.raises(TouchedSince) as touched:
        undoing.undo(desk_of(ledger), made.id)
    assert touched.value.people == 1
    assert rows_in(ledger)["register_entry"] == 2


def test_two_whose_numbers_were_mixed_up_are_two_people_in_an_import_too(ledger: Ledger) -> None:
    first = ledger.enter(somebody(1, identity_number=citizens.identity_number(2)))
    ledger.act(
        keeping.change, first.id, registered=somebody(1), region="石狮", level=Level.BELOW_LINE
    )
    assert import_of(ledger, table(row(2))) == {Fate.NEW: 1}
    assert ledger.database.fetch("SELECT count(DISTINCT worker_id) FROM register_entry") == (2,)


def test_who_had_a_letter_since_stays_without_a_name_when_it_is_undone(ledger: Ledger) -> None:
    made = kept(ledger, table(row(1), row(2)))
    run(ledger, made)
    found = ledger.database.fetch("SELECT min(worker_id) FROM register_entry")
    assert found
    with ledger.database.begin() as session:
        session.add(
            Campaign(
                id="c", region="石狮", title="", words="", sender="", audience="{}", channels="",
                last_on=ledger.today, state=CampaignState.DONE, counts="{}", digest="",
                proposed_by=ledger.clerk.id, created_at=ledger.now, changed_at=ledger.now,
            )
        )  # fmt: skip
        session.flush()
        session.add(
            Letter(
                id="l", campaign_id="c", worker_id=found[0], channel=Channel.SMS,
                state=LetterState.HANDED,
            )
        )  # fmt: skip
    undoing.undo(desk_of(ledger), made.id)
    rows = rows_in(ledger)
    assert (rows["register_entry"], rows["worker"]) == (0, 1)
    assert import_of(ledger, table(row(1), row(2))) == {Fate.NEW: 2}


def test_what_is_entered_while_it_is_undone_is_not_left_over(ledger: Ledger) -> None:
    for number in (0, importing.AT_ONCE):
        ledger.enter(somebody(number, name=citizens.name(number)))
    made = kept(ledger, table(*map(row, range(importing.AT_ONCE + 1))))
    digest = told(ledger, made).digest
    batches = importing.go_on(desk_of(ledger), made.id, digest)
    next(batches)

    class Meanwhile(SubjectKeys):
        """The next lines are entered once it is known what is to be undone."""

        def safes_of(self, *args: Any, **more: Any) -> dict[int, Safe]:
            next(batches, None)
            return super().safes_of(*args, **more)

    keys = Meanwhile(ledger.database, ledger.keys._keys, ledger.safe, lambda: ledger.now)
    with pytest.raises(ImportMoved):
        undoing.undo(desk_of(ledger, keys=keys), made.id)
    undoing.undo(desk_of(ledger), made.id)
    assert rows_in(ledger)["register_event"] == rows_in(ledger)["register_entry"] == 2


def test_an_officer_who_acts_while_it_is_undone_leaves_nothing_half(ledger: Ledger) -> None:
    mine = ledger.enter(somebody(1))
    made = kept(ledger, table(row(1, phone="13800138000"), row(2)))
    run(ledger, made)
    safe, acted, seen = ledger.safe, list[Any](), threading.Event()

    class Meanwhile(Safe):
        """An officer looks at somebody once it is known that nobody was touched."""

        def hash(self, *parts: str) -> str:
            if parts[0] == "audit_entry" and not acted:
                acted.append(hand.submit(act))
                assert seen.wait(20)
                let_come(ledger.database, acted[0])
            return safe.hash(*parts)

    def act() -> object:
        version = ledger.entry(mine.id).version
        seen.set()
        return ledger.act(keeping.look, mine.id, standing=ledger.standing(), version=version)

    with ThreadPoolExecutor(1) as hand:
        undoing.undo(desk_of(ledger, safe=Meanwhile(safe.keys, safe.secret)), made.id)
        with pytest.raises(keeping.EntryChanged):
            acted[0].result()
    assert ledger.said(mine.id) == somebody(1)
    assert rows_in(ledger)["register_event"] == 1
    assert act()


def test_who_works_for_fewer_places_does_not_undo_what_reaches_beyond_them(
    ledger: Ledger,
) -> None:
    wide = replace(ledger.clerk, regions=frozenset({"石狮", "锦州"}))
    lines = f"{HEADERS},地区\n{row(1)},石狮\n{row(2)},锦州".encode()
    desk = desk_of(ledger, officer=wide)
    uses = sheets.guessed(f"{HEADERS},地区".split(","), ledger.library.facts)
    with ledger.database.begin() as session:
        made = importing.keep(session, desk, lines, "石狮")
        importing.choose(session, made, Plan(uses), now=ledger.now)
    *_, counts = importing.go_on(desk, made.id, importing.dry_run(desk, made).digest)
    assert counts == {Fate.NEW: 2}
    with pytest.raises(NotAllowed):
        undoing.undo(desk_of(ledger), made.id)
    assert undoing.undo(desk, made.id) == 2


def test_who_proved_to_be_a_person_of_the_file_stays_when_it_is_undone(ledger: Ledger) -> None:
    from server.personal import people

    who = citizens.person(1)
    worker = casework.worker(ledger.database, ledger.safe, ledger.keys, now=ledger.now, who=who)
    with ledger.database.begin() as session:
        people.verify_phone(session, ledger.safe, worker_id=worker, phone=who.phone, now=ledger.now)
    made = kept(ledger, table(row(1), row(2)))
    run(ledger, made)
    owner = "SELECT count(*) FROM register_entry WHERE worker_id = :worker"
    assert ledger.database.fetch(owner, worker=worker) == (1,)
    undoing.undo(desk_of(ledger), made.id)
    assert rows_in(ledger)["worker"] == 1
    assert ledger.keys.safes_of([worker])


def test_a_file_that_nobody_goes_on_with_is_forgotten_after_a_week_and_can_be_undone(
    ledger: Ledger,
) -> None:
    made = kept(ledger, table(*map(row, range(importing.AT_ONCE + 1))))
    run(ledger, made, at_most=1)
    with ledger.database.begin() as session:
        assert importing.forget_old(session, now=ledger.now + timedelta(days=6)) == 0
        assert importing.forget_old(session, now=ledger.now + timedelta(days=8)) == 1
    held = ledger.database.fetch("SELECT state, sealed FROM register_import")
    assert held == (ImportState.UNDER_WAY, None)
    with pytest.raises(ImportMoved):
        run(ledger, made)
    assert undoing.undo(desk_of(ledger), made.id) == importing.AT_ONCE


def test_a_file_that_nobody_began_to_enter_is_forgotten_after_a_day(ledger: Ledger) -> None:
    made = kept(ledger, table(row(1)))
    with ledger.database.begin() as session:
        assert importing.forget_old(session, now=ledger.now + timedelta(hours=23)) == 0
        assert importing.forget_old(session, now=ledger.now + timedelta(hours=25)) == 1
    with pytest.raises(ImportMoved):
        run(ledger, made)
