"""Who wants to be forgotten is, at once and in backups; what the law keeps is named."""

import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

import server.schema  # noqa: F401
from server.clock import china_day
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectErased, SubjectKeys
from server.database.db import Database
from server.database.tables import Conversation, Purpose, Turn
from server.personal import children, consents, erasing, people, profiles
from server.personal.consents import ConsentMissing
from server.personal.erasing import StillUnderWay
from server.personal.holdings import holdings, owned_rows, parents_first
from server.records.audit import Actor
from server.web import idempotency, sessions
from server.web.idempotency import Intent, Reply
from tests import citizens
from tests.conftest import HandClock
from tests.plans import planned
from tests.server.personal.test_profiles import NewWorker, new_worker, save

__all__ = ["new_worker"]


@pytest.fixture
def wang(database: Database, new_worker: NewWorker, safe: Safe, now: datetime) -> tuple[int, Safe]:
    """A worker with something in every table of the floor."""
    worker, own = who = new_worker("wang")
    save(database, who, citizens.person(1), now)
    with database.begin() as session:
        minor = citizens.minor(1, china_day(now))
        children.add(session, own, worker_id=worker, minor=minor, now=now)
        people.verify_phone(session, safe, worker_id=worker, phone=citizens.phone(1), now=now)
        sessions.sign_in(session, worker, now=now)
        session.add(Conversation(id="c" * 30, worker_id=worker, context="{}", updated_at=now))
        session.flush()
        session.add(_turn("c" * 30, now))
    return who


def _turn(conversation: str, now: datetime) -> Turn:
    return Turn(
        conversation_id=conversation, at=now, channel="api", text="我被裁了", kind="answer",
        reply="可以领", measures="[]", rejected="[]", region="石狮",
    )  # fmt: skip


def _erase(
    database: Database, subject_keys: SubjectKeys, safe: Safe, worker: int, now: datetime
) -> None:
    with database.begin() as session:
        by = Actor.worker(worker)
        key_ids = erasing.erase(session, safe, worker_id=worker, by=by, now=now)
    subject_keys.destroy(key_ids)


def _held(database: Database, worker: int) -> dict[str, int]:
    with database.read() as session:
        counts = {
            holding.table: len(owned_rows(session, holding, worker))
            for holding in parents_first()
            if holding.owner is not None
        }
    return {table: count for table, count in counts.items() if count}


def test_all_goes_but_what_is_said_to_stay(
    database: Database,
    subject_keys: SubjectKeys,
    safe: Safe,
    wang: tuple[int, Safe],
    new_worker: NewWorker,
    now: datetime,
) -> None:
    worker, _ = wang
    li = new_worker("li")
    save(database, li, citizens.person(2), now)
    before, of_li = _held(database, worker), _held(database, li[0])
    assert {"profile", "child", "identity", "conversation", "turn", "worker_session"} <= set(before)
    _erase(database, subject_keys, safe, worker, now)
    assert set(_held(database, worker)) == {"worker", "consent", "audit_entry"}
    assert database.fetch(
        "SELECT action, actor, actor_id, about, row FROM audit_entry ORDER BY id DESC LIMIT 1"
    ) == ("erased", "worker", str(worker), "worker", str(worker))
    assert database.fetch(
        "SELECT sealed_phone, phone_hash FROM worker WHERE id = :id", id=worker
    ) == (None, None)
    assert _held(database, li[0]) == of_li
    with database.read() as session:
        assert profiles.get(session, li[1], li[0]).person == citizens.person(2)
    with pytest.raises(SubjectErased):
        subject_keys.safe_of(worker)
    # Nothing of money or vouchers, of which there never was any.
    with database.read() as session:
        told = {what for what, _ in erasing.stays(session, worker)}
    left = {holdings()[table].title for table in ("worker", "consent", "audit_entry")}
    assert told == left | {h.title for h in holdings().values() if h.unlinked}
    assert "发给你的钱" not in told and "收券的商户" not in told


def test_a_request_that_was_under_way_brings_nobody_back(
    database: Database,
    subject_keys: SubjectKeys,
    safe: Safe,
    wang: tuple[int, Safe],
    now: datetime,
) -> None:
    """It came in before, with the key at hand, and gets its turn after."""
    worker, own = wang
    _erase(database, subject_keys, safe, worker, now)

    def add(session: Session) -> Reply:
        minor = citizens.minor(2, china_day(now))
        children.add(session, own, worker_id=worker, minor=minor, now=now)
        return Reply(201, "")

    with pytest.raises(SubjectErased):
        idempotency.once(database, own, Intent(worker, "key-00001", b""), add, now=now)
    with pytest.raises(ConsentMissing):
        save(database, wang, citizens.person(1), now)
    with pytest.raises(SubjectErased), database.begin() as session:
        people.verify_phone(session, safe, worker_id=worker, phone=citizens.phone(1), now=now)
    assert set(_held(database, worker)) == {"worker", "consent", "audit_entry"}


def test_what_an_erased_person_agreed_to_goes_three_years_later(
    database: Database,
    subject_keys: SubjectKeys,
    safe: Safe,
    wang: tuple[int, Safe],
    now: datetime,
) -> None:
    _erase(database, subject_keys, safe, wang[0], now)
    with database.begin() as session:
        gone = erasing.forget_over(session, holdings()["consent"], now=now + timedelta(days=1097))
    assert gone == 3
    assert database.fetch("SELECT count(*) FROM consent") == (0,)


def test_who_signs_in_again_is_somebody_new(
    database: Database,
    subject_keys: SubjectKeys,
    safe: Safe,
    wang: tuple[int, Safe],
    now: datetime,
) -> None:
    _erase(database, subject_keys, safe, wang[0], now)
    with database.begin() as session:
        again = people.recognise(session, safe, issuer=people.DEVELOPER, subject="wang", now=now)
    assert again != wang[0]


def test_a_backup_brings_nobody_back(
    sqlite_url: str,
    safe: Safe,
    clock: HandClock,
    tmp_path: Path,
) -> None:
    """The main database is copied before and put back after; the job erases what it finds again."""
    now = clock.now
    database = Database(sqlite_url)
    keys = SubjectKeys(database, Database(f"sqlite:///{tmp_path / 'keys.db'}"), safe, clock)
    keys.prepare()
    with database.begin() as session:
        worker = people.recognise(session, safe, issuer=people.DEVELOPER, subject="w", now=now)
        for purpose in (Purpose.IDENTITY, Purpose.PAYMENT):
            consents.give(session, safe, worker_id=worker, purpose=purpose, version=1, now=now)
    own = keys.safe_of(worker)
    save(database, (worker, own), citizens.person(1), now)
    database.release()
    file, backup = tmp_path / "nuangang.db", tmp_path / "backup.db"
    shutil.copy(file, backup)

    def restore() -> None:
        database.release()
        shutil.copy(backup, file)
        for log in tmp_path.glob("nuangang.db-*"):
            log.unlink()

    restore()
    with database.read() as session:  # the control: with the key the backup is readable
        assert profiles.get(session, keys.safe_of(worker), worker).person == citizens.person(1)
    _erase(database, keys, safe, worker, now)
    assert "profile" not in _held(database, worker)
    restore()
    assert "profile" in _held(database, worker)
    with pytest.raises(SubjectErased):
        keys.safe_of(worker)
    assert keys.erased() == {worker}
    _erase(database, keys, safe, worker, now)
    assert "profile" not in _held(database, worker) and keys.erased() == set()
    database.release()


def test_where_the_service_dies_in_between_the_job_destroys_the_key(
    database: Database,
    subject_keys: SubjectKeys,
    safe: Safe,
    wang: tuple[int, Safe],
    clock: HandClock,
) -> None:
    with database.begin() as session:
        erasing.erase(session, safe, worker_id=wang[0], by=Actor.job("x"), now=clock.now)
    # Here it dies: nobody calls destroy.
    clock.now += timedelta(hours=2)
    assert subject_keys.destroy_unclaimed() == 1
    assert subject_keys.destroy_unclaimed() == 0
    row = Database(str(subject_keys._keys.engine.url)).fetch(
        "SELECT count(*) FROM wrapped_key WHERE wrapped IS NOT NULL"
    )
    assert row == (0,)


def test_who_has_something_under_way_is_told_so(
    database: Database, safe: Safe, wang: tuple[int, Safe], now: datetime
) -> None:
    with database.begin() as session, pytest.raises(StillUnderWay) as refused:
        erasing.erase(
            session,
            safe,
            worker_id=wang[0],
            by=Actor.worker(wang[0]),
            blockers=[lambda _, worker: [], lambda _, worker: [f"N{worker}"]],
            now=now,
        )
    assert refused.value.cases == (f"N{wang[0]}",)
    assert "profile" in _held(database, wang[0])


@pytest.mark.parametrize(
    ("purpose", "gone"),
    [
        (Purpose.IDENTITY, {"profile"}),
        (Purpose.PAYMENT, set()),
        (Purpose.CHILDREN, {"child"}),
        (Purpose.HANDOFF, set()),
    ],
)
def test_a_consent_that_is_taken_back_takes_its_data_along(
    database: Database,
    wang: tuple[int, Safe],
    now: datetime,
    purpose: Purpose,
    gone: set[str],
) -> None:
    worker, own = wang
    before = set(_held(database, worker))
    with database.begin() as session:
        erasing.withdraw(session, own, worker_id=worker, purpose=purpose, now=now)
    assert before - set(_held(database, worker)) == gone
    with database.read() as session:
        held = profiles.find(session, own, worker)
    has_card = held is not None and held.person.bank_card is not None
    assert has_card == (purpose not in (Purpose.IDENTITY, Purpose.PAYMENT))


def test_the_job_takes_what_is_over_and_leaves_what_is_not(
    database: Database, wang: tuple[int, Safe], now: datetime
) -> None:
    turn = holdings()["turn"]
    assert turn.keep_days is not None
    with database.begin() as session:
        for age in (turn.keep_days + 1, turn.keep_days - 1):
            session.add(_turn("c" * 30, now - timedelta(days=age)))
    with database.begin() as session:
        assert erasing.forget_over(session, turn, now=now) == 1
        assert erasing.forget_over(session, turn, now=now) == 0
    assert database.fetch("SELECT count(*) FROM turn") == (2,)


def test_of_consents_only_those_taken_back_long_ago_go(
    database: Database, wang: tuple[int, Safe], now: datetime
) -> None:
    worker, own = wang
    consent = holdings()["consent"]
    with database.begin() as session:
        for purpose in (Purpose.CHILDREN, Purpose.PAYMENT):
            erasing.withdraw(session, own, worker_id=worker, purpose=purpose, now=now)
        later = now + timedelta(days=1100)
        assert erasing.forget_over(session, consent, now=later - timedelta(days=10)) == 0
        assert erasing.forget_over(session, consent, now=later) == 1
    assert database.fetch("SELECT count(*) FROM consent") == (2,)


def test_every_table_with_an_end_can_be_gone_through(database: Database, now: datetime) -> None:
    ending = erasing.with_an_end()
    assert {"turn", "consent", "subject_key"} <= {holding.table for holding in ending}
    with database.begin() as session:
        for holding in ending:
            assert erasing.forget_over(session, holding, now=now) == 0


@pytest.mark.parametrize("table", ["fund_entry", "voucher", "offer", "offer_event"])
def test_whoever_goes_has_no_table_read_whole_that_only_grows(
    database: Database,
    subject_keys: SubjectKeys,
    safe: Safe,
    wang: tuple[int, Safe],
    now: datetime,
    table: str,
) -> None:
    """Each of these was, in the transaction that others wait for."""
    with planned(database, f"DELETE FROM {table} ", without=("seqscan",)) as plans:
        _erase(database, subject_keys, safe, wang[0], now)
    whole = re.compile(rf"(SCAN|Seq Scan on) {table}\b")
    assert plans and not [plan for plan in plans if whole.search(plan)]
