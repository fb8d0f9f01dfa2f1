"""An entry goes to who proves to be its person; officers who are at it meanwhile lose nothing."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from server import uniting
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectKeys
from server.database.tables import Worker
from server.pairing.claiming import move
from server.personal import people, profiles
from server.records.audit import Actor
from server.register import claiming, keeping
from server.register.keeping import EntryChanged
from server.register.tables import Level, RegisterEntry
from tests import casework, citizens
from tests.overlapping import let_come
from tests.server.register.conftest import Ledger, somebody

MOVED = "搬到了子芳路"


def owner(ledger: Ledger) -> int:
    """Whoever is the first person, with a telephone that WeChat vouches for."""
    who = citizens.person(1)
    worker = casework.worker(ledger.database, ledger.safe, ledger.keys, now=ledger.now, who=who)
    with ledger.database.begin() as session:
        people.verify_phone(session, ledger.safe, worker_id=worker, phone=who.phone, now=ledger.now)
    return worker


def claim(ledger: Ledger, worker: int, along: claiming.Along = move) -> bool:
    return claiming.claim(
        ledger.database, ledger.keys, ledger.safe, ledger.keys.safe_of(worker),
        worker_id=worker, along=along, now=ledger.now,
    )  # fmt: skip


def change(ledger: Ledger, entry: RegisterEntry, own: Safe, address: str = MOVED) -> None:
    """Change it as an officer, by a page that was fetched before."""
    with ledger.database.begin() as session:
        keeping.change(
            session, own, ledger.library.regions, session.get_one(RegisterEntry, entry.id),
            registered=somebody(1, address=address), region="石狮", level=Level.BELOW_LINE,
            by=ledger.clerk, version=entry.version, now=ledger.now,
        )  # fmt: skip


def test_a_page_from_before_seals_nothing_with_a_key_that_is_gone(ledger: Ledger) -> None:
    entry = ledger.enter(somebody(1))
    own = ledger.keys.safe_of(entry.worker_id)
    worker = owner(ledger)
    assert claim(ledger, worker)
    with pytest.raises(EntryChanged):
        change(ledger, entry, own)
    assert ledger.entry(entry.id).worker_id == worker
    assert ledger.said(entry.id) == somebody(1)


@pytest.mark.parametrize("theirs", [True, False])
def test_what_the_register_says_goes_along_with_a_roster_only_by_its_own_telephone(
    ledger: Ledger, theirs: bool
) -> None:
    who = citizens.person(1)
    entry = ledger.enter(somebody(1) if theirs else somebody(1, phone=citizens.person(2).phone))
    with ledger.database.begin() as session:
        profiles.take_from_register(
            session, ledger.keys.safe_of(entry.worker_id), worker_id=entry.worker_id, person=who,
            by=Actor.job("test"), now=ledger.now,
        )  # fmt: skip
    worker = owner(ledger)
    with ledger.database.begin() as session:
        uniting.claim(
            session,
            ledger.safe,
            worker_id=worker,
            making_post=lambda: pytest.fail(),
            now=ledger.now,
        )
    assert (ledger.entry(entry.id).worker_id == worker) is theirs
    assert ledger.said(entry.id) is not None


def test_what_an_officer_changes_while_it_moves_is_not_lost(ledger: Ledger) -> None:
    entry = ledger.enter(somebody(1))
    own, worker = ledger.keys.safe_of(entry.worker_id), owner(ledger)
    found = threading.Event()

    class Keys(SubjectKeys):
        """Asked for once the entry is found, before it is moved."""

        def safes_of(self, *args: Any, **more: Any) -> dict[int, Safe]:
            found.set()
            return super().safes_of(*args, **more)

    keys = Keys(ledger.database, ledger.keys._keys, ledger.safe, lambda: ledger.now)
    with ThreadPoolExecutor(1) as hand:
        with ledger.database.begin() as session:
            keeping.change(
                session, own, ledger.library.regions, session.get_one(RegisterEntry, entry.id),
                registered=somebody(1, address=MOVED), region="石狮", level=Level.BELOW_LINE,
                by=ledger.clerk, version=1, now=ledger.now,
            )  # fmt: skip
            claimed = hand.submit(claim, replace(ledger, keys=keys), worker)
            assert found.wait(20)
            let_come(ledger.database, claimed)
        claimed.result()
    said = ledger.said(entry.id)
    assert said is not None and said.address == MOVED
    # Where the officer was faster, the next visit brings it.
    assert claim(ledger, worker)
    assert ledger.entry(entry.id).worker_id == worker
    assert ledger.said(entry.id) == somebody(1, address=MOVED)


def test_what_is_made_of_the_nameless_one_while_the_entry_moves_is_not_sealed_with_a_key_that_goes(
    ledger: Ledger,
) -> None:
    entry = ledger.enter(somebody(1))
    before, worker = entry.worker_id, owner(ledger)
    own = ledger.keys.safe_of(before)
    with ThreadPoolExecutor(1) as hand:
        with ledger.database.begin() as session:
            people.hold(session, before)
            claimed = hand.submit(claim, ledger, worker)
            let_come(ledger.database, claimed)
            profiles.take_from_register(
                session, own, worker_id=before, person=citizens.person(1), by=Actor.job("test"),
                now=ledger.now,
            )  # fmt: skip
        assert claimed.result()
    assert ledger.entry(entry.id).worker_id == worker
    with ledger.database.read() as session:
        held = profiles.find(session, ledger.keys.safe_of(before), before)
        assert held is not None and held.person == citizens.person(1)


def test_who_was_erased_meanwhile_has_no_entry_to_move(ledger: Ledger) -> None:
    entry = ledger.enter(somebody(1))
    worker = owner(ledger)
    with ledger.database.begin() as session:
        session.execute(
            update(Worker).where(col(Worker.id) == entry.worker_id).values(erased_at=ledger.now)
        )
    assert not claim(ledger, worker)
