"""One person is one worker, under however many names; names are kept so that nobody reads them."""

import threading
from datetime import datetime, timedelta

from server.confidential.sealing import Safe
from server.database.db import Database
from server.database.tables import Conversation, Notice, NoticeState
from server.personal import people
from server.web import sessions

ACCOUNT, MINI_APP = "wx-account", "wx-mini"


def _recognise(
    database: Database,
    safe: Safe,
    issuer: str,
    name: str,
    now: datetime,
    unionid: str | None = None,
) -> int:
    with database.begin() as session:
        return people.recognise(
            session, safe, issuer=issuer, subject=name, unionid=unionid, now=now
        )


def _workers(database: Database) -> int:
    row = database.fetch("SELECT count(*) FROM worker")
    assert row is not None
    return int(row[0])


def test_a_person_stays_the_same_worker_and_another_is_another(
    database: Database, safe: Safe, now: datetime
) -> None:
    first, again, other, elsewhere = (
        _recognise(database, safe, issuer, name, now)
        for issuer, name in (
            (ACCOUNT, "wang"),
            (ACCOUNT, "wang"),
            (ACCOUNT, "li"),
            (MINI_APP, "wang"),
        )
    )
    assert first == again
    assert len({first, other, elsewhere}) == 3
    assert people.find(database, safe, issuer=ACCOUNT, subject="wang") == first
    assert people.find(database, safe, issuer=ACCOUNT, subject="zhao") is None


def test_the_unionid_makes_account_and_mini_program_one_worker(
    database: Database, safe: Safe, now: datetime
) -> None:
    mini = _recognise(database, safe, MINI_APP, "m", now, unionid="u")
    account = _recognise(database, safe, ACCOUNT, "a", now, unionid="u")
    assert mini == account and _workers(database) == 1


def test_two_workers_who_turn_out_to_be_one_bring_all_that_is_theirs(
    database: Database, safe: Safe, now: datetime
) -> None:
    account = _recognise(database, safe, ACCOUNT, "a", now)
    mini = _recognise(database, safe, MINI_APP, "m", now, unionid="u")
    with database.begin() as session:
        token, _ = sessions.sign_in(session, mini, now=now)
        people.verify_phone(session, safe, worker_id=mini, phone="13800138000", now=now)
        session.add(Conversation(id="c" * 30, worker_id=mini, updated_at=now))
        session.add(_notice(mini, now))
    assert account != mini
    assert _recognise(database, safe, ACCOUNT, "a", now, unionid="u") == account
    assert _workers(database) == 1
    assert sessions.worker_of(database, token, now=now) == account
    assert people.find(database, safe, issuer=MINI_APP, subject="m") == account
    for table in ("conversation", "notice"):
        assert database.fetch(f"SELECT worker_id FROM {table}") == (account,)
    with database.read() as session:
        assert people.phone_of(session, safe, account) == "13800138000"
        assert people.address(session, safe, account, MINI_APP) == "m"


def test_who_was_two_keeps_the_older_ones_telephone_and_is_written_to_under_the_newer_name(
    database: Database, safe: Safe, now: datetime
) -> None:
    phones = {"old": "13800138000", "new": "13900139000"}
    for number, (name, phone) in enumerate(phones.items()):
        at = now + timedelta(days=number)
        worker = _recognise(database, safe, MINI_APP, name, at)
        with database.begin() as session:
            people.verify_phone(session, safe, worker_id=worker, phone=phone, now=at)
    for name in phones:
        worker = _recognise(database, safe, MINI_APP, name, now, unionid="u")
    with database.read() as session:
        assert people.phone_of(session, safe, worker) == phones["old"]
        assert people.address(session, safe, worker, MINI_APP) == "new"
        assert people.addresses(session, safe, [worker], MINI_APP) == {worker: "new"}


def _notice(worker: int, now: datetime) -> Notice:
    return Notice(
        id="n",
        kind="text",
        app_id=MINI_APP,
        worker_id=worker,
        state=NoticeState.DUE,
        created_at=now,
        due_at=now,
    )


def test_another_unionid_leaves_two_people_two(
    database: Database, safe: Safe, now: datetime
) -> None:
    one = _recognise(database, safe, ACCOUNT, "a", now, unionid="u1")
    other = _recognise(database, safe, MINI_APP, "m", now, unionid="u2")
    assert one != other and _workers(database) == 2


def test_many_first_sign_ins_at_once_end_at_one_worker(
    database: Database, safe: Safe, now: datetime
) -> None:
    found: list[int] = []

    def sign_in(issuer: str) -> None:
        found.append(_recognise(database, safe, issuer, "wang", now, unionid="u"))

    threads = [
        threading.Thread(target=sign_in, args=((ACCOUNT, MINI_APP)[turn % 2],)) for turn in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    last = _recognise(database, safe, ACCOUNT, "wang", now)
    assert len(found) == 8 and _workers(database) == 1
    assert _recognise(database, safe, MINI_APP, "wang", now) == last


def test_no_name_and_no_number_is_stored_in_clear(
    database: Database, safe: Safe, now: datetime
) -> None:
    worker = _recognise(database, safe, ACCOUNT, "canary-openid", now, unionid="canary-union")
    with database.begin() as session:
        people.verify_phone(session, safe, worker_id=worker, phone="13800138000", now=now)
        sealed = (
            session.connection()
            .exec_driver_sql("SELECT subject_hash, sealed_subject, issuer FROM identity")
            .all()
        )
        phone = session.connection().exec_driver_sql("SELECT * FROM worker").all()
    stored = repr((sealed, phone))
    assert len(sealed) == 2 and "canary" not in stored and "1380013" not in stored


def test_the_platform_is_asked_once_for_each_name(
    database: Database, safe: Safe, now: datetime
) -> None:
    for second, name in enumerate(("a", "b")):
        _recognise(database, safe, ACCOUNT, name, now + timedelta(seconds=second))
    _recognise(database, safe, ACCOUNT, "c", now, unionid="u")
    with database.begin() as session:
        assert people.without_unionid(session, safe, ACCOUNT, 9) == ["a", "b"]
        people.unionid_asked(session, safe, issuer=ACCOUNT, subject="a", now=now)
        assert people.without_unionid(session, safe, ACCOUNT, 9) == ["b"]
