"""A new key comes into use while the service runs, and the old one can go."""

import threading
from datetime import datetime
from itertools import islice
from typing import Any

import pytest

import server.schema  # noqa: F401
from server.confidential.sealing import Safe, SealBroken
from server.confidential.subject_keys import SubjectErased, SubjectKeys
from server.database.db import Database
from server.notices import outbox
from server.personal import people, profiles, rotating
from tests import citizens
from tests.conftest import HandClock
from tests.server.personal.test_profiles import NewWorker, new_worker, save
from tests.verifying import size

__all__ = ["new_worker"]

BOTH = {"k2": bytes(range(32)), "k1": bytes(32)}
NEW = {"k2": bytes(range(32))}


@pytest.fixture
def crowd(
    database: Database, new_worker: NewWorker, safe: Safe, now: datetime
) -> list[tuple[int, Safe]]:
    """Some people with data under their own keys and under those of the settings."""
    found = []
    for number in range(5):
        who = new_worker(f"w{number}")
        save(database, who, citizens.person(number), now)
        with database.begin() as session:
            phone = citizens.phone(number)
            people.verify_phone(session, safe, worker_id=who[0], phone=phone, now=now)
            outbox.add_text(
                session, safe, app_id="wx", openid=f"o{number}", text="好了", worker_id=who[0],
                now=now,
            )  # fmt: skip
        found.append(who)
    return found


def _keys_with(subject_keys: SubjectKeys, keys: dict[str, bytes], clock: HandClock) -> SubjectKeys:
    return SubjectKeys(subject_keys._database, subject_keys._keys, Safe(keys, b"secret"), clock)


def _all_readable(
    database: Database, keys: SubjectKeys, safe: Safe, crowd: list[tuple[int, Safe]]
) -> bool:
    try:
        with database.read() as session:
            for number, (worker, _) in enumerate(crowd):
                held = profiles.get(session, keys.safe_of(worker), worker)
                assert held.person == citizens.person(number)
                assert people.phone_of(session, safe, worker) == citizens.phone(number)
                address = people.address(session, safe, worker, people.DEVELOPER)
                assert address == f"w{number}"
    except SealBroken:
        return False
    return True


def test_after_it_the_old_key_opens_nothing_and_the_new_one_all(
    database: Database, subject_keys: SubjectKeys, crowd: list[tuple[int, Safe]], clock: HandClock
) -> None:
    both, new = Safe(BOTH, b"secret"), Safe(NEW, b"secret")
    with_both, with_new = (_keys_with(subject_keys, keys, clock) for keys in (BOTH, NEW))
    assert not _all_readable(database, with_new, new, crowd)  # the control
    assert rotating.behind(database, with_both, both) == 5 + 5 + 5 + 5
    steps = list(rotating.rotate(database, with_both, both))
    assert sum(step.done for step in steps) == 20
    assert not any(step.broken for step in steps)
    assert rotating.behind(database, with_both, both) == 0
    assert _all_readable(database, with_new, new, crowd)
    assert not _all_readable(database, subject_keys, Safe({"k1": bytes(32)}, b"secret"), crowd)
    assert sum(step.done for step in rotating.rotate(database, with_both, both)) == 0


@pytest.mark.parametrize("steps", range(5))
def test_it_can_be_broken_off_after_any_step_and_repeated(
    database: Database,
    subject_keys: SubjectKeys,
    crowd: list[tuple[int, Safe]],
    clock: HandClock,
    monkeypatch: pytest.MonkeyPatch,
    steps: int,
) -> None:
    monkeypatch.setattr(rotating, "_AT_ONCE", 2)
    both = Safe(BOTH, b"secret")
    keys = _keys_with(subject_keys, BOTH, clock)
    list(islice(rotating.rotate(database, keys, both), steps))
    assert _all_readable(database, keys, both, crowd)
    list(rotating.rotate(database, keys, both))
    assert rotating.behind(database, keys, both) == 0
    assert _all_readable(
        database, _keys_with(subject_keys, NEW, clock), Safe(NEW, b"secret"), crowd
    )


def test_what_no_key_opens_is_named_and_the_rest_goes_on(
    database: Database, subject_keys: SubjectKeys, crowd: list[tuple[int, Safe]], clock: HandClock
) -> None:
    with database.begin() as session:
        session.connection().exec_driver_sql(
            f"UPDATE worker SET sealed_phone = 'k1:AAAA' WHERE id = {crowd[2][0]}"
        )
    both, keys = Safe(BOTH, b"secret"), _keys_with(subject_keys, BOTH, clock)
    steps = list(rotating.rotate(database, keys, both))
    broken = [purpose for step in steps for purpose in step.broken]
    assert broken == [f"worker.sealed_phone:{crowd[2][0]}"]
    assert rotating.behind(database, keys, both) == 1


@pytest.mark.fault
def test_the_service_goes_on_meanwhile_and_loses_nothing(
    database: Database,
    subject_keys: SubjectKeys,
    crowd: list[tuple[int, Safe]],
    new_worker: NewWorker,
    clock: HandClock,
    monkeypatch: pytest.MonkeyPatch,
    tell: Any,
) -> None:
    """Workers save and are erased by a process that still seals with the old key first."""
    monkeypatch.setattr(rotating, "_AT_ONCE", 3)
    rounds = size(10, 200)
    safe = Safe({"k1": bytes(32), "k2": NEW["k2"]}, b"secret")
    running = SubjectKeys(subject_keys._database, subject_keys._keys, safe, clock)
    erased = new_worker("erased")
    wrong: list[str] = []
    done = threading.Event()

    def serve() -> None:
        for turn in range(rounds):
            worker, _ = crowd[turn % 5]
            own = running.safe_of(worker)
            try:
                with database.begin() as session:
                    held = profiles.get(session, own, worker)
                    people.verify_phone(
                        session, safe, worker_id=worker, phone=citizens.phone(turn % 5),
                        now=clock.now,
                    )  # fmt: skip
                if held.person != citizens.person(turn % 5):
                    wrong.append(f"other data in turn {turn}")
            except SealBroken as error:
                wrong.append(str(error))
        running.destroy(erased[1].keys)
        done.set()

    server = threading.Thread(target=serve)
    server.start()
    both, keys = Safe(BOTH, b"secret"), _keys_with(subject_keys, BOTH, clock)
    while not done.is_set():
        list(rotating.rotate(database, keys, both))
    server.join()
    list(rotating.rotate(database, keys, both))
    assert wrong == [] and rotating.behind(database, keys, both) == 0
    assert _all_readable(
        database, _keys_with(subject_keys, NEW, clock), Safe(NEW, b"secret"), crowd
    )
    with pytest.raises(SubjectErased):
        keys.safe_of(erased[0])
    tell(f"rotation during {rounds} requests: unreadable rows", len(wrong), 0)
