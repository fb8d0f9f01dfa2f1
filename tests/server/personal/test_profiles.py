"""A profile: sealed, corrected by its worker, found again, and never read unnoticed."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from server.confidential.sealing import Safe, SealBroken
from server.confidential.subject_keys import SubjectKeys
from server.database.db import Database
from server.database.tables import Purpose
from server.personal import consents, people, profiles
from server.personal.consents import ConsentMissing, TextReplaced
from server.personal.persons import NotBornYet, Person
from server.personal.profiles import Held, ProfileChanged, ProfileMissing, Shared
from server.records.audit import Actor
from tests import citizens

NewWorker = Callable[..., tuple[int, Safe]]


@pytest.fixture
def new_worker(
    database: Database, safe: Safe, subject_keys: SubjectKeys, now: datetime
) -> NewWorker:
    """Makes workers who agreed to what they are asked, and their safes."""

    def make(name: str, *agreed: Purpose) -> tuple[int, Safe]:
        with database.begin() as session:
            worker = people.recognise(session, safe, issuer=people.DEVELOPER, subject=name, now=now)
            for purpose in agreed or (Purpose.IDENTITY, Purpose.PAYMENT, Purpose.CHILDREN):
                consents.give(session, safe, worker_id=worker, purpose=purpose, version=1, now=now)
        return worker, subject_keys.safe_of(worker)

    return make


def save(
    database: Database,
    who: tuple[int, Safe],
    person: Person,
    now: datetime,
    version: int | None = None,
) -> Held:
    worker, own = who
    with database.begin() as session:
        return profiles.save(
            session,
            own,
            worker_id=worker,
            person=person,
            version=version,
            by=Actor.worker(worker),
            now=now,
        )


def _audited(database: Database) -> list[tuple[str, str]]:
    with database.read() as session:
        rows = session.connection().exec_driver_sql(
            "SELECT action, fields FROM audit_entry WHERE about = 'profile' ORDER BY id"
        )
        return [(row[0], row[1]) for row in rows]


def test_what_is_saved_is_found_and_counts_its_changes(
    database: Database, new_worker: NewWorker, now: datetime
) -> None:
    wang = new_worker("wang")
    first = citizens.person(1)
    assert save(database, wang, first, now).version == 1
    later = now + timedelta(days=1)
    moved = first.model_copy(update={"phone": citizens.phone(9), "native_place": None})
    held = save(database, wang, moved, later, version=1)
    assert (held.version, held.changed_at, held.person) == (2, later, moved)
    with database.read() as session:
        assert profiles.get(session, wang[1], wang[0]) == held
    assert save(database, wang, moved, later, version=2).version == 2
    assert _audited(database) == [
        ("created", "name,identity_number,phone,bank_card,native_place"),
        ("changed", "phone,native_place"),
    ]


def test_a_stale_version_changes_nothing(
    database: Database, new_worker: NewWorker, now: datetime
) -> None:
    wang = new_worker("wang")
    with pytest.raises(ProfileChanged):
        save(database, wang, citizens.person(1), now, version=1)
    save(database, wang, citizens.person(1), now)
    for stale in (None, 2):
        with pytest.raises(ProfileChanged) as changed:
            save(database, wang, citizens.person(2), now, version=stale)
        assert changed.value.version == 1
    with database.read() as session:
        assert profiles.get(session, wang[1], wang[0]).person == citizens.person(1)


@pytest.mark.fault
def test_of_many_first_saves_at_once_one_wins(
    database: Database, new_worker: NewWorker, now: datetime
) -> None:
    wang = new_worker("wang")
    ended: list[str] = []

    def run(number: int) -> None:
        try:
            save(database, wang, citizens.person(number), now)
            ended.append("saved")
        except ProfileChanged:
            ended.append("changed")

    threads = [threading.Thread(target=run, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == ["changed"] * 7 + ["saved"]


@pytest.mark.parametrize(
    ("agreed", "missing"),
    [((Purpose.MATERIALS,), Purpose.IDENTITY), ((Purpose.IDENTITY,), Purpose.PAYMENT)],
)
def test_nothing_is_taken_before_the_worker_agrees(
    database: Database,
    new_worker: NewWorker,
    now: datetime,
    agreed: tuple[Purpose, ...],
    missing: Purpose,
) -> None:
    wang = new_worker("wang", *agreed)
    with pytest.raises(ConsentMissing) as refused:
        save(database, wang, citizens.person(1), now)
    assert refused.value.purpose is missing
    assert database.fetch("SELECT count(*) FROM profile") == (0,)


def test_nobody_is_born_tomorrow(database: Database, new_worker: NewWorker, now: datetime) -> None:
    tomorrow = (now + timedelta(days=1)).date()
    person = citizens.person(1).model_copy(
        update={"identity_number": citizens.identity_number(1, tomorrow)}
    )
    with pytest.raises(NotBornYet):
        save(database, new_worker("wang"), person, now)
    save(database, new_worker("li"), person, now + timedelta(days=1))


def test_a_row_is_sealed_for_its_own_place(
    database: Database, new_worker: NewWorker, now: datetime
) -> None:
    """Who owns the database can't put one person's data in another's row."""
    wang, li = new_worker("wang"), new_worker("li")
    save(database, wang, citizens.person(1), now)
    save(database, li, citizens.person(2), now)
    with database.begin() as session:
        session.connection().exec_driver_sql(
            "UPDATE profile SET sealed = (SELECT p.sealed FROM profile p WHERE p.worker_id ="
            f" {wang[0]}) WHERE worker_id = {li[0]}"
        )
    with database.read() as session, pytest.raises(SealBroken):
        profiles.get(session, li[1], li[0])


def test_people_who_give_the_same_numbers_are_found(
    database: Database, new_worker: NewWorker, safe: Safe, now: datetime
) -> None:
    wang, li, zhao = (new_worker(name) for name in ("wang", "li", "zhao"))
    save(database, wang, citizens.person(1), now)
    same_card = citizens.person(2).model_copy(
        update={"bank_card": citizens.bank_card(1), "phone": citizens.phone(1)}
    )
    save(database, li, same_card, now)
    save(database, zhao, citizens.person(3, card=False), now)
    with database.read() as session:
        assert profiles.sharing(session, wang[0]) == [Shared(li[0], ("phone", "bank_card"))]
        # Two people without a card don't share one.
        assert profiles.sharing(session, zhao[0]) == []
        found = profiles.holders(session, safe, "phone", citizens.phone(1))
        assert found == [wang[0], li[0]]
        assert profiles.holders(session, safe, "phone", citizens.phone(99)) == []


def test_the_card_goes_and_the_rest_stays(
    database: Database, new_worker: NewWorker, safe: Safe, now: datetime
) -> None:
    worker, own = who = new_worker("wang")
    save(database, who, citizens.person(1), now)
    by = Actor.worker(worker)
    with database.begin() as session:
        assert profiles.remove_card(session, own, worker_id=worker, by=by, now=now)
        assert not profiles.remove_card(session, own, worker_id=worker, by=by, now=now)
    with database.begin() as session:
        assert profiles.get(session, own, worker).person == citizens.person(1, card=False)
        assert profiles.holders(session, safe, "bank_card", citizens.bank_card(1)) == []
        assert profiles.remove(session, own, worker_id=worker, by=by, now=now)
        assert not profiles.remove(session, own, worker_id=worker, by=by, now=now)
        with pytest.raises(ProfileMissing):
            profiles.get(session, own, worker)
        assert profiles.read(session, own, worker_id=worker, by=by, now=now) is None
    everything = "name,identity_number,phone,bank_card,native_place"
    assert _audited(database) == [
        ("created", everything), ("changed", "bank_card"), ("deleted", everything),
    ]  # fmt: skip


def test_two_workers_who_become_one_keep_one_profile(
    database: Database, safe: Safe, subject_keys: SubjectKeys, now: datetime
) -> None:
    with database.begin() as session:
        account = people.recognise(session, safe, issuer="wx-a", subject="a", now=now)
        mini = people.recognise(session, safe, issuer="wx-m", subject="m", unionid="u", now=now)
        for worker in (account, mini):
            for purpose in (Purpose.IDENTITY, Purpose.PAYMENT):
                consents.give(session, safe, worker_id=worker, purpose=purpose, version=1, now=now)
    for number, worker in enumerate((account, mini)):
        save(database, (worker, subject_keys.safe_of(worker)), citizens.person(number), now)
    told: list[tuple[int, int]] = []
    with database.begin() as session:
        kept = people.recognise(
            session,
            safe,
            issuer="wx-a",
            subject="a",
            unionid="u",
            uniting=lambda _, stays, goes: told.append((stays, goes)),
            now=now,
        )
    assert (kept, told) == (account, [(account, mini)])
    with database.read() as session:
        held = profiles.get(session, subject_keys.safe_of(account), account)
    assert held.person == citizens.person(0)
    assert database.fetch("SELECT count(*) FROM profile") == (1,)
    assert database.fetch("SELECT row, worker_id FROM audit_entry WHERE action = 'united'") == (
        str(mini), account,
    )  # fmt: skip


def test_a_consent_is_to_the_words_in_force(
    database: Database, new_worker: NewWorker, safe: Safe, now: datetime
) -> None:
    worker, _ = new_worker("wang", Purpose.MATERIALS)
    with database.begin() as session, pytest.raises(TextReplaced):
        consents.give(session, safe, worker_id=worker, purpose=Purpose.IDENTITY, version=2, now=now)
