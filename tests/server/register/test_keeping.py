"""The register knows everybody once, says who is due for a look, and lets go with a reason."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest

from server.casework.officers import NotAllowed
from server.personal import erasing, people
from server.records.audit import Actor
from server.register import keeping, searching
from server.register.hardship import Cause, due_after, facts_of
from server.register.keeping import AlreadyRegistered, DayImpossible, EntryChanged, EntryUnknown
from server.register.searching import Wanted
from server.register.tables import EntryState, Leaving, Level
from tests import casework, citizens
from tests.overlapping import let_come
from tests.server.register.conftest import Ledger, somebody


def listed(ledger: Ledger, **more: object) -> list[str]:
    with ledger.database.read() as session:
        wanted = Wanted(frozenset({"石狮"}), **more)  # type: ignore[arg-type]
        return [entry.id for entry in searching.listed(session, wanted)[0]]


@pytest.mark.parametrize(
    ("level", "looked_on", "due_on"),
    [
        (Level.BELOW_LINE, date(2026, 3, 1), date(2026, 9, 1)),
        (Level.BELOW_LINE, date(2025, 8, 31), date(2026, 2, 28)),
        (Level.BELOW_LINE, date(2023, 8, 30), date(2024, 2, 29)),
        (Level.ABOVE_LINE, date(2024, 2, 29), date(2025, 2, 28)),
        (Level.ABOVE_LINE, date(2026, 12, 31), date(2027, 12, 31)),
    ],
)
def test_a_look_is_due_again_by_the_level(level: Level, looked_on: date, due_on: date) -> None:
    assert due_after(level, looked_on) == due_on


def test_what_the_register_does_not_say_stays_unknown() -> None:
    plain = facts_of(somebody(causes=()), Level.BELOW_LINE)
    assert plain == {"applicant_role": ["worker"], "income_vs_subsistence_line": "below"}
    ill = facts_of(somebody(causes=(Cause.ILLNESS, Cause.DISABILITY)), Level.ABOVE_LINE)
    assert ill["illness_or_accident"] is ill["living_hardship"] is True
    assert "priority_groups" not in ill
    own = somebody(facts={"income_vs_subsistence_line": "well_above"})
    assert facts_of(own, Level.BELOW_LINE)["income_vs_subsistence_line"] == "well_above"


def test_from_the_entry_by_hand_to_the_leaving(ledger: Ledger) -> None:
    entry = ledger.enter(somebody())
    assert (entry.state, entry.due_on) == (EntryState.ON, due_after(Level.BELOW_LINE, ledger.today))
    assert ledger.said(entry.id) == somebody()
    assert listed(ledger, due_by=ledger.today) == []
    late = ledger.today + timedelta(days=200)
    assert listed(ledger, due_by=late) == [entry.id]

    ledger = replace(ledger, now=ledger.now + timedelta(days=200))
    found = ledger.standing(level=Level.ABOVE_LINE)
    looked = ledger.act(keeping.look, entry.id, standing=found, words="孩子找到了工作")
    assert (looked.level, looked.looked_on) == (Level.ABOVE_LINE, ledger.today)
    assert listed(ledger, due_by=ledger.today) == []

    ledger.act(keeping.leave, entry.id, reason=Leaving.IMPROVED)
    assert listed(ledger) == []
    assert listed(ledger, state=EntryState.LEFT) == [entry.id]
    ledger.act(keeping.return_, entry.id, standing=ledger.standing(looked_on=None))
    assert listed(ledger, due_by=ledger.today) == [entry.id]
    with ledger.database.read() as session:
        told = keeping.events(session, entry.id)
        own = ledger.keys.safe_of(entry.worker_id)
        assert [event.move for event in told] == ["return", "leave", "look", "enter"]
        assert keeping.words_of(own, told[2]) == "孩子找到了工作"
        assert told[1].reason == Leaving.IMPROVED


def test_nobody_is_entered_twice_and_a_second_move_of_one_page_changes_nothing(
    ledger: Ledger,
) -> None:
    entry = ledger.enter(somebody())
    with pytest.raises(AlreadyRegistered) as there:
        ledger.enter(somebody(name="李四"))
    assert there.value.entry_id == entry.id
    other = ledger.enter(somebody(2), household_id=entry.household_id, members=4)
    assert other.household_id == entry.household_id
    with pytest.raises(AlreadyRegistered):
        ledger.act(
            keeping.change, other.id, registered=somebody(), region="石狮", level=Level.BELOW_LINE
        )
    ledger.act(keeping.leave, entry.id, reason=Leaving.MOVED)
    with pytest.raises(EntryChanged):
        ledger.act(keeping.leave, entry.id, reason=Leaving.MOVED)
    with pytest.raises(EntryChanged):
        ledger.act(keeping.return_, entry.id, standing=ledger.standing(), version=1)


def test_two_whose_numbers_were_mixed_up_and_put_right_are_two_people(ledger: Ledger) -> None:
    mixed = somebody(1, identity_number=somebody(2).identity_number)
    first = ledger.enter(mixed)
    ledger.act(
        keeping.change, first.id, registered=somebody(1), region="石狮", level=Level.BELOW_LINE
    )
    second = ledger.enter(somebody(2))
    assert second.worker_id != first.worker_id
    assert (ledger.said(first.id), ledger.said(second.id)) == (somebody(1), somebody(2))


def test_of_two_officers_who_enter_somebody_at_once_the_second_is_told(ledger: Ledger) -> None:
    with ledger.database.begin() as session:
        worker = keeping.worker_of(session, ledger.safe, somebody(), now=ledger.now)
    own = ledger.keys.safe_of(worker)
    more = {"standing": ledger.standing(), "by": ledger.clerk, "now": ledger.now}
    with ThreadPoolExecutor(1) as hand:
        with ledger.database.begin() as session:
            keeping.enter(
                session, own, ledger.library.regions,
                worker_id=worker, registered=somebody(), **more,
            )  # fmt: skip
            second = hand.submit(ledger.enter_for, worker, somebody())
            let_come(ledger.database, second)
        with pytest.raises(AlreadyRegistered):
            second.result()


def test_a_look_is_of_a_day_that_was_and_another_region_is_nobodys_business(
    ledger: Ledger,
) -> None:
    entry = ledger.enter(somebody())
    for days, due in ((1, None), (-1, None), (0, ledger.today), (0, date(2030, 1, 1))):
        looked_on = ledger.today + timedelta(days=days)
        with pytest.raises(DayImpossible):
            ledger.act(
                keeping.look, entry.id, standing=ledger.standing(looked_on=looked_on, due_on=due)
            )
    stranger = replace(ledger.clerk, regions=frozenset({"锦州"}))
    regions = ledger.library.regions
    with ledger.database.read() as session, pytest.raises(EntryUnknown):
        keeping.of_officer(session, entry.id, stranger, regions)
    with pytest.raises(NotAllowed):
        ledger.act(keeping.leave, entry.id, reason=Leaving.MOVED, by=stranger)
    with pytest.raises(NotAllowed):
        ledger.enter(somebody(2), by=stranger)


def test_only_who_proves_by_telephone_to_be_the_person_gets_the_entry(ledger: Ledger) -> None:
    who = citizens.person(1)
    claims = casework.worker(ledger.database, ledger.safe, ledger.keys, now=ledger.now, who=who)
    assert ledger.enter(somebody()).worker_id != claims

    who = citizens.person(2)
    proves = casework.worker(ledger.database, ledger.safe, ledger.keys, now=ledger.now, who=who)
    with ledger.database.begin() as session:
        people.verify_phone(session, ledger.safe, worker_id=proves, phone=who.phone, now=ledger.now)
    assert ledger.enter(somebody(2)).worker_id == proves


def test_who_is_erased_is_found_no_more_and_is_due_for_no_look(ledger: Ledger) -> None:
    entry = ledger.enter(somebody())
    with ledger.database.begin() as session:
        keeping.let_go(session, ledger.safe, worker_id=entry.worker_id, now=ledger.now)
        keys = erasing.erase(
            session,
            ledger.safe,
            worker_id=entry.worker_id,
            by=Actor.worker(entry.worker_id),
            now=ledger.now,
        )
    ledger.keys.destroy(keys)
    left = ledger.entry(entry.id)
    assert (left.state, left.sealed, left.identity_hash, left.name_hash) == (
        "left",
        None,
        None,
        None,
    )
    assert ledger.said(entry.id) is None
    with ledger.database.read() as session:
        assert searching.named(session, ledger.safe, {"石狮"}, citizens.name(1)) == []
        assert next(event.due_on for event in keeping.events(session, entry.id)) is None
    # The same person may be entered again, as somebody new.
    again = ledger.enter(somebody())
    assert again.id != entry.id
