"""Both sides agree or it ends with a reason; capacity holds; a child's guardian has the word."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlmodel import col

from server.casework.officers import NotAllowed, Role
from server.database.db import Database
from server.database.tables import Purpose
from server.pairing import helping, keeping, searching
from server.pairing.helping import CapacityTaken, HelperKnown, RankUnfit
from server.pairing.keeping import (
    AlreadyPaired,
    GuardianMissing,
    HelperFull,
    HelperUnfit,
    PairingChanged,
    PairingUnknown,
)
from server.pairing.moves import ENDINGS, MOVES, By, Move, endings
from server.pairing.tables import Ending, Helper, HelperKind, HelperState, Pairing, PairState
from server.personal import consents, erasing
from server.personal.consents import ConsentMissing
from server.records.audit import Actor
from server.register import undoing
from server.register.importing import Fate
from server.register.keeping import EntryChanged, EntryUnknown
from server.register.keeping import leave as leave_register
from server.register.tables import Leaving, RegisterEntry
from server.register.undoing import TouchedSince
from tests import casework, citizens
from tests.overlapping import come_to
from tests.server.pairing.conftest import CADRE, Pairs
from tests.server.register.conftest import somebody
from tests.server.register.test_importing import desk_of, kept, row, run, table

Tell = Callable[[str, object, object], None]


def test_every_end_can_be_reached_and_is_somebodys_to_say() -> None:
    assert set(ENDINGS) == set(Ending)
    assert set(MOVES) == set(Move)
    assert endings(PairState.PROPOSED, By.PERSON) == (Ending.PERSON_REFUSED,)
    assert endings(PairState.ACCEPTED, By.PERSON) == (Ending.WANTS_ANOTHER, Ending.WANTS_NONE)
    assert not any(endings(PairState.ENDED, by) for by in By)


@pytest.mark.parametrize("every_days", [keeping.SHORTEST - 1, keeping.LONGEST + 1])
def test_another_interval_than_was_said_is_never_put_in_its_place(
    pairs: Pairs, every_days: int
) -> None:
    helper, entry = pairs.helper(), pairs.person()
    with pytest.raises(ValueError, match=str(every_days)):
        pairs.proposed(helper, entry, every_days=every_days)
    assert pairs.taken(helper) == 0


def test_from_the_proposal_to_the_end(pairs: Pairs) -> None:
    clerk, helper, entry = pairs.ledger.clerk, pairs.helper(), pairs.person()
    reasons = [{"why": "place", "steps": 0}]
    pairing = pairs.proposed(helper, entry, reasons=reasons)
    assert (pairing.state, pairs.taken(helper), pairing.due_on) == (PairState.PROPOSED, 1, None)
    with pytest.raises(NotAllowed):
        pairs.agreed(pairing, Move.UNIT_AGREES)
    assert pairs.agreed(pairing, Move.UNIT_AGREES, clerk).state == PairState.PROPOSED
    with pytest.raises(PairingChanged):
        pairs.agreed(pairing, Move.UNIT_AGREES, clerk)
    accepted = pairs.agreed(pairing, Move.PERSON_AGREES)
    assert (accepted.state, accepted.person_agreed_by) == (PairState.ACCEPTED, None)
    assert accepted.due_on == pairs.today + timedelta(days=keeping.EVERY_DAYS)
    with pytest.raises(PairingChanged):
        pairs.ended(pairing, Ending.PERSON_REFUSED)
    with pytest.raises(PairingChanged):
        pairs.ended(pairing, Ending.ERASED, clerk)
    ended = pairs.ended(pairing, Ending.WANTS_ANOTHER, words="说不到一起")
    assert (ended.ending, pairs.taken(helper), ended.due_on) == (Ending.WANTS_ANOTHER, 0, None)
    own = pairs.ledger.keys.safe_of(entry.worker_id)
    assert keeping.words_of(own, ended) == "说不到一起"
    assert keeping.reasons_of(own, ended) == reasons
    assert keeping.reasons_of(None, ended) == []
    again = pairs.proposed(helper, entry)
    assert pairs.ended(again, Ending.PERSON_REFUSED).state == PairState.ENDED


def test_who_may_not_be_paired_and_who_may_not_pair(pairs: Pairs) -> None:
    book, helper, entry = pairs.ledger, pairs.helper(), pairs.person()
    pairs.proposed(helper, entry)
    with pytest.raises(AlreadyPaired):
        pairs.proposed(helper, entry)
    mother = pairs.helper(kind=HelperKind.MOTHER, rank=None, name="李妈妈", unit="市妇联")
    with pytest.raises(HelperUnfit):
        pairs.proposed(mother, entry)
    full = pairs.helper(name="王主任", capacity=1)
    pairs.proposed(full, entry)
    with pytest.raises(HelperFull):
        pairs.proposed(full, pairs.person(2))
    gone = pairs.person(3)
    book.act(leave_register, gone.id, reason=Leaving.MOVED)
    with pytest.raises(EntryUnknown):
        pairs.proposed(helper, book.entry(gone.id))
    stranger = casework.officer(
        book.database, book.safe, book.library, Role.CASE_OFFICER, where=("锦州",), now=book.now
    )
    with pytest.raises(NotAllowed):
        pairs.by(stranger).proposed(helper, pairs.person(4))
    (pairing,) = keeping_of(pairs, entry.id, helper)
    with book.database.read() as session, pytest.raises(PairingUnknown):
        keeping.of_officer(session, pairing, stranger, book.library.regions)


def test_what_was_read_of_an_entry_is_not_taken_for_what_stands_there_now(pairs: Pairs) -> None:
    book, helper = pairs.ledger, pairs.helper()
    left, moved = pairs.person(1), pairs.person(2)
    book.act(leave_register, left.id, reason=Leaving.MOVED)

    def propose(entry: RegisterEntry) -> None:
        with book.database.begin() as session:
            keeping.propose(
                session, book.safe, book.library.regions, entry,
                keeping.Answering(entry.worker_id), helper_id=helper.id, by=book.clerk,
                now=book.now,
            )  # fmt: skip

    with pytest.raises(EntryUnknown):
        propose(left)
    # Its person signed in and proved it: the keys before open nothing of theirs.
    other = casework.worker(book.database, book.safe, book.keys, now=book.now)
    with book.database.begin() as session:
        these = update(RegisterEntry).where(col(RegisterEntry.id) == moved.id)
        session.execute(these.values(worker_id=other))
    with pytest.raises(EntryChanged):
        propose(moved)
    assert pairs.taken(helper) == 0


def keeping_of(pairs: Pairs, entry_id: str, helper: Helper) -> list[str]:
    with pairs.ledger.database.read() as session:
        found = searching.of_entries(session, [entry_id])
        return [pairing.id for pairing in found if pairing.helper_id == helper.id]


def test_a_helper_is_known_once_has_a_rank_if_a_cadre_and_keeps_whom_it_helps(
    pairs: Pairs,
) -> None:
    book, helper = pairs.ledger, pairs.helper()
    for other, refused in (
        ({}, HelperKnown),
        ({"rank": None, "name": "乙"}, RankUnfit),
        ({"kind": HelperKind.FIRM, "name": "丙"}, RankUnfit),
        ({"region": "锦州", "name": "丁"}, NotAllowed),
    ):
        with pytest.raises(refused):
            pairs.helper(**other)
    pairs.accepted(helper, pairs.person(1))
    pairs.accepted(helper, pairs.person(2))
    with book.database.begin() as session:
        row = session.get_one(Helper, helper.id)
        told = CADRE.model_copy(update={"capacity": 1})
        regions, by = book.library.regions, book.clerk
        with pytest.raises(CapacityTaken):
            helping.change(session, book.safe, regions, row, told, by=by, version=1, now=book.now)
        with pytest.raises(CapacityTaken):
            helping.leave(session, book.safe, regions, row, by=by, version=1, now=book.now)
        told = CADRE.model_copy(update={"capacity": 5, "phone": None})
        helping.change(session, book.safe, regions, row, told, by=by, version=1, now=book.now)
        assert helping.opened(book.safe, row).told == told
    idle = pairs.helper(name="闲人")
    with book.database.begin() as session:
        row = session.get_one(Helper, idle.id)
        assert [each.id for each in helping.owing(session, {"石狮"})] == [idle.id]
        helping.leave(session, book.safe, regions, row, by=by, version=1, now=book.now)
        assert row.state == HelperState.LEFT and helping.owing(session, {"石狮"}) == []
        assert helping.listed(session, set()) == ([], 0)


def test_nothing_is_accepted_for_a_child_without_its_guardian_and_it_ends_with_the_consent(
    pairs: Pairs,
) -> None:
    book = pairs.ledger
    mother = pairs.helper(
        kind=HelperKind.MOTHER, rank=None, name="李妈妈", unit="市妇联", capacity=3
    )
    guardian = pairs.person()
    child = pairs.child_of(guardian.worker_id)
    pairing = pairs.proposed(mother, guardian, child)
    pairs.agreed(pairing, Move.UNIT_AGREES, book.clerk)
    own = book.keys.safe_of(guardian.worker_id)

    def withdraw() -> None:
        with book.database.begin() as session:
            erasing.withdraw(
                session, own, worker_id=guardian.worker_id, purpose=Purpose.CHILDREN, now=book.now
            )

    withdraw()
    for by in (None, book.clerk):
        with pytest.raises(ConsentMissing):
            pairs.agreed(pairing, Move.PERSON_AGREES, by)
    # The consent alone is not enough: the child has to be named anew, and proposed anew.
    again = pairs.child_of(guardian.worker_id)
    with pytest.raises(ConsentMissing):
        pairs.agreed(pairing, Move.PERSON_AGREES)
    accepted = pairs.accepted(mother, guardian, child_id=again)
    assert accepted.state == PairState.ACCEPTED
    with book.database.begin() as session:
        consents.withdraw(
            session, own, worker_id=guardian.worker_id, purpose=Purpose.CHILDREN, now=book.now
        )
        keeping.end_for_children(session, own, worker_id=guardian.worker_id, now=book.now)
    assert pairs.at(accepted).ending == pairs.at(pairing).ending == Ending.CONSENT_ENDED
    assert pairs.taken(mother) == 0
    with pytest.raises(GuardianMissing):
        pairs.proposed(mother, pairs.person(2), again)


def test_a_child_in_the_register_is_answered_for_by_a_guardian_of_its_household(
    pairs: Pairs,
) -> None:
    book, helper = pairs.ledger, pairs.helper(capacity=5)
    minor = citizens.minor(1, pairs.today)
    assert minor.identity_number is not None
    parent = pairs.person(1)
    child = book.enter(
        somebody(2, name=minor.name, identity_number=minor.identity_number),
        household_id=parent.household_id,
    )
    with pytest.raises(GuardianMissing):
        pairs.proposed(helper, child)
    # Whoever knows the number is no guardian.
    stranger = pairs.person(3)
    pairs.child_of(stranger.worker_id)
    with pytest.raises(GuardianMissing):
        pairs.proposed(helper, child)
    named = pairs.child_of(parent.worker_id)
    pairing = pairs.accepted(helper, child)
    assert (pairing.worker_id, pairing.child_id) == (parent.worker_id, named)


def test_who_is_erased_is_visited_no_more_and_the_helper_is_free(pairs: Pairs) -> None:
    book, helper, entry = pairs.ledger, pairs.helper(), pairs.person()
    pairing = pairs.accepted(helper, entry, reasons=[{"why": "place", "steps": 0}])
    visit = pairs.visited(pairing, given_fen=100_00)
    worker = entry.worker_id
    with book.database.begin() as session:
        keeping.let_go(session, book.safe, worker_id=worker, now=book.now)
        by = Actor.worker(worker)
        erasing.erase(session, book.safe, worker_id=worker, by=by, now=book.now)
    left = pairs.at(pairing)
    assert (left.ending, left.sealed_reasons, pairs.taken(helper)) == (Ending.ERASED, None, 0)
    row = book.database.fetch(
        "SELECT sealed, given_fen FROM pairing_visit WHERE id = :id", id=visit.id
    )
    assert tuple(row or ()) == (None, 100_00)


@pytest.fixture
def doors(pairs: Pairs) -> Iterator[list[Database]]:
    """Two doors to the database, as two processes would have."""
    url = pairs.ledger.database.engine.url.render_as_string(hide_password=False)
    opened = [Database(url) for _ in range(2)]
    yield opened
    for door in opened:
        door.release()


def many_at_once(count: int, act: Callable[[int], object]) -> list[BaseException]:
    """Everybody begins at the same moment; what they were refused with."""
    line, failed = threading.Barrier(count), list[BaseException]()

    def run(number: int) -> None:
        line.wait()
        try:
            act(number)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


def helped(pairs: Pairs, helper: Helper) -> int:
    with pairs.ledger.database.read() as session:
        of_helper = col(Pairing.helper_id) == helper.id
        return session.scalar(select(func.count()).select_from(Pairing).where(of_helper)) or 0


@pytest.mark.fault
def test_however_many_propose_at_once_nobody_helps_more_than_they_can(
    pairs: Pairs, doors: list[Database], tell: Tell
) -> None:
    book, helper = pairs.ledger, pairs.helper(capacity=3)
    people = [pairs.person(number) for number in range(1, 9)]
    own = {entry.id: book.keys.safe_of(entry.worker_id) for entry in people}

    def propose(number: int) -> None:
        entry = people[number]
        with doors[number % 2].begin() as session:
            keeping.propose(
                session, own[entry.id], book.library.regions, entry,
                keeping.Answering(entry.worker_id), helper_id=helper.id, by=book.clerk,
                now=book.now,
            )  # fmt: skip

    refused = many_at_once(len(people), propose)
    assert [type(error) for error in refused] == [HelperFull] * 5
    tell("people helped by one who can help three", helped(pairs, helper), "3")
    assert (helped(pairs, helper), pairs.taken(helper)) == (3, 3)


def test_a_helper_whom_two_enter_at_the_same_moment_stands_there_once(
    pairs: Pairs, doors: list[Database]
) -> None:
    book = pairs.ledger

    def enter(number: int) -> None:
        with doors[number % 2].begin() as session:
            helping.enter(
                session, book.safe, book.library.regions, CADRE, by=book.clerk, now=book.now
            )
            # The others come before this is there to be seen.
            come_to(doors[number % 2], lambda: 3)

    refused = many_at_once(4, enter)
    assert [type(error) for error in refused] == [HelperKnown] * 3


@pytest.mark.fault
def test_counting_first_and_writing_later_gives_a_helper_too_many(
    pairs: Pairs, doors: list[Database], control: Tell
) -> None:
    """The control: each looks whether there is room, then writes what it has read."""
    book, helper = pairs.ledger, pairs.helper(capacity=1)
    people = [pairs.person(number) for number in (1, 2)]
    meet = threading.Barrier(2)

    def propose(number: int) -> None:
        with doors[number].read() as session:
            room = session.get_one(Helper, helper.id).taken < 1
        meet.wait()
        entry = people[number]
        with doors[number].begin() as session:
            assert room
            session.add(
                Pairing(
                    id=f"{number:016}", helper_id=helper.id, entry_id=entry.id,
                    worker_id=entry.worker_id, region="石狮", state=PairState.PROPOSED,
                    every_days=90, proposed_at=book.now, proposed_by=book.clerk.id,
                )
            )  # fmt: skip
            session.execute(update(Helper).where(col(Helper.id) == helper.id).values(taken=1))

    assert many_at_once(2, propose) == []
    control("people helped by one who can help one", helped(pairs, helper), "1")
    assert helped(pairs, helper) == 2


def test_an_import_is_undone_but_where_a_helper_was_found_for_whom_it_entered(
    pairs: Pairs,
) -> None:
    before = pairs.accepted(pairs.helper(capacity=3), pairs.person(1))
    book, version = pairs.ledger, pairs.ledger.entry(before.entry_id).version
    made = kept(book, table(row(1, causes="残疾"), row(2)))
    assert run(book, made) == {Fate.UPDATE: 1, Fate.NEW: 1}
    with book.database.read() as session:
        new = session.scalars(
            select(RegisterEntry).where(col(RegisterEntry.id) != before.entry_id)
        ).one()
    with book.database.begin() as session:
        helper = session.get_one(Helper, before.helper_id)
    proposed = pairs.proposed(helper, new)
    with pytest.raises(TouchedSince) as touched:
        undoing.undo(desk_of(book), made.id)
    assert touched.value.people == 1
    with book.database.begin() as session:
        session.delete(session.get_one(Pairing, proposed.id))
    assert undoing.undo(desk_of(book), made.id) == 2
    assert book.said(before.entry_id) == somebody(1)
    assert book.entry(before.entry_id).version == version
