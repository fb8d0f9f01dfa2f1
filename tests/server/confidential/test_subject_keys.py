"""A key for each worker: nobody else's opens it, and once destroyed nothing does."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session

from server.confidential import subject_keys as module
from server.confidential.sealing import Safe, SealBroken
from server.confidential.subject_keys import KeyLost, SubjectErased, SubjectKeys
from server.database.db import Database
from server.database.tables import Lifetime, SubjectKey
from server.personal import people
from tests.conftest import HandClock


@pytest.fixture
def worker(database: Database, safe: Safe, now: datetime) -> int:
    return new_worker(database, safe, "wang", now)


def new_worker(database: Database, safe: Safe, name: str, now: datetime) -> int:
    with database.begin() as session:
        return people.recognise(session, safe, issuer=people.DEVELOPER, subject=name, now=now)


def test_what_one_key_seals_opens_with_it_alone(
    database: Database, subject_keys: SubjectKeys, safe: Safe, worker: int, now: datetime
) -> None:
    own = subject_keys.safe_of(worker)
    sealed = own.seal("张三丰", "profile.sealed:1")
    picture = own.seal_bytes(b"\xff\xd8:\x00", "material.file:1")
    again = subject_keys.safe_of(worker)
    assert again.unseal(sealed, "profile.sealed:1") == "张三丰"
    assert again.unseal_bytes(picture, "material.file:1") == b"\xff\xd8:\x00"
    other = subject_keys.safe_of(new_worker(database, safe, "li", now))
    for stranger in (other, safe, subject_keys.safe_of(worker, Lifetime.ACCOUNTS)):
        with pytest.raises(SealBroken):
            stranger.unseal(sealed, "profile.sealed:1")
    with pytest.raises(SealBroken):
        again.unseal(sealed, "profile.sealed:2")


def test_each_ciphertext_names_its_key_and_hashes_are_those_of_the_service(
    database: Database, subject_keys: SubjectKeys, safe: Safe, worker: int
) -> None:
    own = subject_keys.safe_of(worker)
    row = database.fetch("SELECT id FROM subject_key")
    assert row is not None and own.seal("x", "p").startswith(f"{row[0]}:")
    assert own.hash("phone", "1") == safe.hash("phone", "1")


def test_a_destroyed_key_is_gone_from_the_file_and_from_every_copy_of_the_data(
    database: Database, subject_keys: SubjectKeys, worker: int, tmp_path: Path
) -> None:
    own = subject_keys.safe_of(worker)
    keys = Database(f"sqlite:///{tmp_path / 'keys.db'}")
    row = keys.fetch("SELECT wrapped FROM wrapped_key")
    keys.release()
    assert row is not None
    wrapped = row[0]
    assert _is_in_any_file(tmp_path, wrapped)  # the control
    (key_id,) = own.keys
    subject_keys.destroy([key_id])
    assert not _is_in_any_file(tmp_path, wrapped)
    # The main database still has the rows, as one that is restored from a backup.
    with pytest.raises(SubjectErased):
        subject_keys.safe_of(worker)
    assert subject_keys.erased() == {worker}
    assert subject_keys.safes_of([worker]) == {}


def _is_in_any_file(folder: Path, sought: str) -> bool:
    return any(sought.encode() in path.read_bytes() for path in folder.glob("keys.db*"))


def test_a_lost_key_is_no_erased_one(
    database: Database, subject_keys: SubjectKeys, worker: int, tmp_path: Path
) -> None:
    subject_keys.safe_of(worker)
    keys = Database(f"sqlite:///{tmp_path / 'keys.db'}")
    with keys.begin() as session:
        session.execute(text("DELETE FROM wrapped_key"))
    keys.release()
    with pytest.raises(KeyLost):
        subject_keys.safe_of(worker)
    assert subject_keys.erased() == set()


def test_the_books_of_each_year_have_a_key_that_outlives_the_persons(
    database: Database, subject_keys: SubjectKeys, worker: int, clock: HandClock
) -> None:
    sealed = subject_keys.safe_of(worker, Lifetime.ACCOUNTS).seal("6217", "payment.payee:1")
    with database.begin() as session:
        released = module.release(session, worker, Lifetime.PERSON)
    subject_keys.destroy(released)
    clock.now += timedelta(days=400)
    later = subject_keys.safe_of(worker, Lifetime.ACCOUNTS)
    assert later.unseal(sealed, "payment.payee:1") == "6217"
    assert not later.seal("x", "p").startswith(sealed.partition(":")[0])
    assert len(later.keys) == 2


def test_a_person_made_of_two_opens_what_either_sealed(
    database: Database, subject_keys: SubjectKeys, safe: Safe, now: datetime
) -> None:
    with database.begin() as session:
        account = people.recognise(session, safe, issuer="wx-a", subject="a", now=now)
        mini = people.recognise(session, safe, issuer="wx-m", subject="m", unionid="u", now=now)
    sealed = [subject_keys.safe_of(worker).seal(str(worker), "p") for worker in (account, mini)]
    with database.begin() as session:
        people.recognise(session, safe, issuer="wx-a", subject="a", unionid="u", now=now)
    own = subject_keys.safe_of(account)
    assert [own.unseal(one, "p") for one in sealed] == [str(account), str(mini)]


def test_a_key_whose_making_broke_off_is_swept_away(
    database: Database, subject_keys: SubjectKeys, worker: int, clock: HandClock
) -> None:
    own = subject_keys.safe_of(worker)
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        subject_keys.safe_of(worker + 1)  # nobody
    assert subject_keys.destroy_unclaimed() == 0
    clock.now += timedelta(hours=2)
    assert subject_keys.destroy_unclaimed() == 1
    assert subject_keys.safe_of(worker).keys == own.keys


def test_sm4_keys_make_sm4_keys(database: Database, tmp_path: Path, clock: HandClock) -> None:
    safe = Safe({"sm": bytes(16)}, b"secret")
    keys = Database(f"sqlite:///{tmp_path / 'sm4.db'}")
    made = SubjectKeys(database, keys, safe, clock)
    made.prepare()
    own = made.safe_of(new_worker(database, safe, "wang", clock.now))
    assert [len(key) for key in own.keys.values()] == [16]
    assert own.unseal(own.seal("张", "p"), "p") == "张"
    keys.release()


@pytest.mark.parametrize("lifetime", Lifetime)
def test_of_many_first_uses_at_once_each_opens_what_another_sealed(
    database: Database, subject_keys: SubjectKeys, safe: Safe, now: datetime, lifetime: Lifetime
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    for turn in range(5):
        worker = new_worker(database, safe, f"w{turn}", now)
        with ThreadPoolExecutor(8) as threads:
            safes = list(
                threads.map(lambda _, w=worker: subject_keys.safe_of(w, lifetime), range(8))
            )
        sealed = [own.seal("x", "p") for own in safes]
        assert {own.unseal(one, "p") for own in safes for one in sealed} == {"x"}


def test_rows_of_keys_hold_no_key(
    database: Database, subject_keys: SubjectKeys, worker: int
) -> None:
    subject_keys.safe_of(worker)
    assert set(SubjectKey.model_fields) == {"id", "worker_id", "lifetime", "made_at"}
    with Session(database.engine) as session:
        assert session.get(SubjectKey, "nobody") is None
