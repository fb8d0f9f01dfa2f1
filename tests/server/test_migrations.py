"""Migrations lead to the tables of the code, on both databases, and back."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, bindparam, event, inspect, select, text
from sqlalchemy.exc import DBAPIError

from server.casework.tables import Case, CaseEvent, Objection
from server.database.db import Database, DatabaseRefused
from server.database.tables import Instant, Release
from server.migrations import configuration, differences, is_current, newest, upgrade
from server.vouchers.tables import Merchant, SettlementLine
from tests.verifying import size

Columns = dict[str, dict[str, tuple[bool, bool]]]
"""By table and column: whether it may be empty, whether it has a default."""


def test_an_empty_database_gets_every_table(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    assert upgrade(database) is True
    assert is_current(database)
    assert upgrade(database) is False
    assert differences(database) == []
    database.release()


def test_a_missing_column_is_noticed(database: Database) -> None:
    with database.migrating() as connection:
        connection.exec_driver_sql("ALTER TABLE turn DROP COLUMN region")
    assert "region" in "".join(differences(database))


def test_every_step_can_be_taken_back(database: Database) -> None:
    with database.migrating() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert not is_current(database)
    assert upgrade(database) is True
    assert differences(database) == []


def test_the_newest_revision_is_the_one_alembic_knows() -> None:
    from alembic.script import ScriptDirectory

    assert ScriptDirectory.from_config(configuration()).get_heads() == [newest()]


def _upgrade(url: str) -> None:
    database = Database(url)
    upgrade(database)
    database.release()


@pytest.mark.fault
def test_two_first_starts_at_once_both_find_a_ready_database(empty_database_url: str) -> None:
    fork = multiprocessing.get_context("fork")
    starts = [fork.Process(target=_upgrade, args=(empty_database_url,)) for _ in range(2)]
    for start in starts:
        start.start()
    for start in starts:
        start.join(60)
    assert [start.exitcode for start in starts] == [0, 0]
    database = Database(empty_database_url)
    assert is_current(database)
    database.release()


def _set_ahead(connection: Connection) -> str:
    """As the next version of the program leaves a database, which keeps what this one needs."""
    ahead = f"{int(newest()) + 1:04}"
    connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{ahead}'")
    return ahead


def test_the_version_before_starts_again_on_the_tables_of_the_next(database: Database) -> None:
    """It was put back, or its server restarts while another one has the next version already."""
    with database.migrating() as connection:
        ahead = _set_ahead(connection)
    assert is_current(database)
    assert upgrade(database) is False
    assert _revision(database) == ahead


def test_a_start_that_waited_for_one_of_the_next_version_leaves_its_tables(
    empty_database_url: str,
) -> None:
    _to_revision(empty_database_url, f"{int(newest()) - 1:04}")
    database, other = Database(empty_database_url), Database(empty_database_url)
    with ThreadPoolExecutor(1) as pool:
        with database.migrating() as connection:
            starting = pool.submit(upgrade, other)
            time.sleep(0.5)
            ahead = _set_ahead(connection)
        assert starting.result(60) is False
        pool.submit(other.leave).result()
    assert _revision(database) == ahead
    other.release()
    database.release()


@pytest.fixture
def behind(empty_database_url: str) -> Iterator[Database]:
    """A database whose next revision adds a column to `profile`."""
    _to_revision(empty_database_url, "0030")
    database = Database(empty_database_url)
    yield database
    database.release()


@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)
def test_a_migration_that_waits_for_a_backup_lets_the_service_go_on(behind: Database) -> None:
    """pg_dump holds every table until it has ended; who asks behind a waiting change waits too."""
    starting, slowest = Database(str(behind.engine.url.render_as_string(False))), 0.0
    with ThreadPoolExecutor(1) as pool, behind.engine.connect() as dumping:
        dumping.exec_driver_sql("LOCK TABLE profile IN ACCESS SHARE MODE")
        # Else a migration that waits for ever has the test wait with it.
        behind.fetch("SELECT set_config('statement_timeout', '6s', false)")
        upgrading = pool.submit(upgrade, starting)
        until = time.monotonic() + 8
        while time.monotonic() < until:
            began = time.monotonic()
            behind.fetch("SELECT count(*) FROM profile")
            slowest = max(slowest, time.monotonic() - began)
            time.sleep(0.02)
        assert not upgrading.done()
        dumping.rollback()
        assert upgrading.result(60) is True
        pool.submit(starting.leave).result()
    assert 1 < slowest < 5
    assert is_current(behind) and differences(behind) == []
    starting.release()


@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)
def test_a_migration_that_waited_in_vain_says_for_what(behind: Database) -> None:
    starting = Database(str(behind.engine.url.render_as_string(False)))
    with behind.engine.connect() as dumping:
        dumping.exec_driver_sql("LOCK TABLE profile IN ACCESS SHARE MODE")
        with pytest.raises(DatabaseRefused, match="maybe a backup"):
            upgrade(starting, tries=1)
    assert _revision(behind) == "0030"
    starting.release()


def test_workers_and_what_is_theirs_outlive_the_change_of_their_table(
    empty_database_url: str,
) -> None:
    database = Database(empty_database_url)
    config = configuration()
    with database.migrating() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    at = "2026-03-01 09:30:00.000000+00:00"
    database.insert(
        "INSERT INTO worker (id, subject_hash, created_at) VALUES {}", [(7, "x", at), (9, "y", at)]
    )
    database.insert(
        "INSERT INTO worker_session (token_hash, worker_id, created_at, expires_at) VALUES {}",
        [("t", 9, at, at)],
    )
    database.insert(
        "INSERT INTO conversation (id, worker_id, updated_at) VALUES {}", [("c", 7, at)]
    )
    assert upgrade(database) is True
    assert database.fetch("SELECT worker_id FROM worker_session") == (9,)
    assert database.fetch("SELECT worker_id FROM conversation") == (7,)
    assert database.fetch("SELECT count(*) FROM worker") == (2,)
    with database.migrating() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    assert database.fetch("SELECT count(DISTINCT subject_hash) FROM worker") == (2,)
    database.release()


@pytest.mark.parametrize("before", ["0025", "0027"])
def test_an_objection_that_was_taken_back_does_not_stay_open(
    empty_database_url: str, before: str
) -> None:
    _to_revision(empty_database_url, before)
    database = Database(empty_database_url)
    begun, changed = (f"2026-0{month}-01 09:30:00.000000+00:00" for month in (1, 2))
    database.insert("INSERT INTO worker (id, created_at) VALUES {}", [(7, begun)])
    database.insert(
        "INSERT INTO cases (id, worker_id, origin, measure, region, period, state, version,"
        " release_id, edition_id, unit, despite_warning, begun_at, changed_at) VALUES {}",
        [
            (id, 7, "application", "m", "石狮", "2026", id, 1, 1, 1, "", False, begun, changed)
            for id in ("withdrawn", "objection")
        ],
    )
    database.insert(
        "INSERT INTO objection (case_id, decision, filed_at, due_on) VALUES {}",
        [(id, 4, begun, "2026-03-01") for id in ("withdrawn", "objection")],
    )
    assert upgrade(database) is True
    with database.read() as session:
        found = {each.case_id: each for each in session.scalars(select(Objection))}
    taken_back, open_still = found["withdrawn"], found["objection"]
    settled_at = datetime.fromisoformat(changed)
    assert (taken_back.outcome, taken_back.decided_at) == ("withdrawn", settled_at)
    assert (open_still.outcome, open_still.decided_at) == (None, None)
    database.release()


def test_who_noted_a_merchants_account_is_known_from_the_audit(empty_database_url: str) -> None:
    _to_revision(empty_database_url, "0028")
    database = Database(empty_database_url)
    before, collected, after = (f"2026-0{n}-01 09:30:00.000000+00:00" for n in (1, 2, 3))
    database.insert(
        "INSERT INTO officer (id, name, roles, regions, active, version, created_at) VALUES {}",
        [(id, "陈", "[]", "[]", True, 1, before) for id in (1, 2, 3)],
    )
    database.insert(
        "INSERT INTO merchant (id, name, kind, region, place, sealed_account, active, made_by,"
        " made_at) VALUES {}",
        [(id, f"超市{id}", "shop", "石狮", "", "x" if id < 9 else None, True, 1, before)
         for id in (7, 8, 9)],
    )  # fmt: skip
    database.insert(
        "INSERT INTO audit_entry (at, actor, actor_id, action, about, row, fields, reason, nonce,"
        " mac) VALUES {}",
        [(at, "officer", by, "changed", "merchant", "7", "account", "", "", "")
         for at, by in ((before, "2"), (after, "3"))],
    )  # fmt: skip
    database.insert(
        "INSERT INTO fund (id, name, purpose, measures, regions, budget_fen, reserved_fen,"
        " spent_fen, created_at) VALUES {}",
        [(1, "资金", "", "[]", "[]", 1, 0, 0, before)],
    )
    database.insert(
        "INSERT INTO settlement (id, fund_id, state, total_fen, collected_by, collected_at)"
        " VALUES {}",
        [("S", 1, "collected", 2, 1, collected)],
    )
    database.insert(
        "INSERT INTO settlement_line (id, settlement_id, merchant_id, redemptions, amount_fen,"
        " state, sealed_account) VALUES {}",
        [(f"L{id}", "S", id, 1, 1, "ordered", "x") for id in (7, 8)],
    )
    assert upgrade(database) is True
    with database.read() as session:
        shops = {each.id: each.account_by for each in session.scalars(select(Merchant))}
        lines = {each.id: each.account_by for each in session.scalars(select(SettlementLine))}
    assert shops == {7: 3, 8: 1, 9: None}
    assert lines == {"L7": 2, "L8": 1}
    database.release()


def test_between_two_instalments_that_were_paid_before_nothing_is_due_either(
    empty_database_url: str,
) -> None:
    _to_revision(empty_database_url, "0029")
    database = Database(empty_database_url)
    at, due = "2026-01-01 09:30:00.000000+00:00", "2026-01-15"
    database.insert("INSERT INTO worker (id, created_at) VALUES {}", [(7, at)])
    moves = {"between": "pay_instalment", "ordered": "order_payment", "returned": "return_payment"}
    states = {"returned": "approved"}
    database.insert(
        "INSERT INTO cases (id, worker_id, origin, measure, region, period, state, version,"
        " release_id, edition_id, unit, despite_warning, begun_at, changed_at, due_on) VALUES {}",
        [
            (id, 7, "application", "m", "石狮", "2026", states.get(id, "payment_pending"), 2, 1, 1,
             "", False, at, at, due)
            for id in moves
        ],
    )  # fmt: skip
    database.insert(
        "INSERT INTO case_event (case_id, version, at, move, state, actor, due_on) VALUES {}",
        [
            (id, version, at, move, states.get(id, "payment_pending"), "officer", due)
            for id, last in moves.items()
            for version, move in ((1, "pay_instalment"), (2, last))
        ],
    )
    assert upgrade(database) is True
    day = date.fromisoformat(due)
    with database.read() as session:
        found = {case.id: case.due_on for case in session.scalars(select(Case))}
        events = {(e.case_id, e.version): e.due_on for e in session.scalars(select(CaseEvent))}
    assert found == {"between": None, "ordered": day, "returned": day}
    assert events == {
        (id, version): day if version == 2 and id != "between" else None
        for id in moves
        for version in (1, 2)
    }
    database.release()


def test_the_ledger_outlives_the_change_of_its_table_and_is_only_added_to(
    empty_database_url: str,
) -> None:
    _to_revision(empty_database_url, "0033")
    database = Database(empty_database_url)
    at = "2026-01-01 09:30:00.000000+00:00"
    _pay(database, at)
    _enter(database, at, 3, "grant", payment=None)
    _enter(database, at, 7, "spend")
    every = "SELECT count(*), min(id), max(id), sum(amount_fen), max(payment_id) FROM fund_entry"
    before = database.fetch(every)
    with pytest.raises(DBAPIError):
        _enter(database, at, 8, "taken_back")
    assert upgrade(database) is True
    assert database.fetch(every) == before and differences(database) == []
    for statement in ("UPDATE fund_entry SET amount_fen = 1", "DELETE FROM fund_entry"):
        with pytest.raises(DBAPIError), database.migrating() as connection:
            connection.exec_driver_sql(statement)
    # As the version before writes, which serves beside this one.
    with pytest.raises(DBAPIError):
        _enter(database, at, 8, "spend")
    _back_to_revision(database, "0033")
    assert database.fetch(every) == before
    assert upgrade(database) is True
    _enter(database, at, 8, "taken_back")
    with pytest.raises(DBAPIError):
        _enter(database, at, 9, "taken_back")
    # Once something was taken back there is no way to the tables before.
    with pytest.raises(DBAPIError):
        _back_to_revision(database, "0033")
    # Newer tables may have gone before, one by one.
    assert _revision(database) >= "0034"
    database.release()


def test_what_was_in_force_is_known_from_what_was_done_with_it(empty_database_url: str) -> None:
    """Not of an import or a proposal that nobody published: a rollback passes over them."""
    _to_revision(empty_database_url, "0034")
    database = Database(empty_database_url)
    made, decided = (f"2026-0{n}-01 09:30:00.000000+00:00" for n in (1, 2))
    own, imported, asked, published, refused, base, waiting, of_case, current, later = range(1, 11)
    database.insert(
        "INSERT INTO release (id, note, created_at) VALUES {}",
        [(id, "files of the program x" if id == own else "import", made) for id in range(1, 11)],
    )
    with database.migrating() as connection:
        connection.exec_driver_sql(f"UPDATE current_release SET release_id = {current}")
    database.insert(
        "INSERT INTO officer (id, name, roles, regions, active, version, created_at) VALUES {}",
        [(1, "陈", "[]", "[]", True, 1, made)],
    )
    database.insert(
        "INSERT INTO knowledge_proposal (release_id, base_release_id, state, drafts, authors,"
        " report, proposed_by, proposed_at, decided_at) VALUES {}",
        [
            (published, None, "published", "[]", "[]", "{}", 1, made, decided),
            (refused, published, "refused", "[]", "[]", "{}", 1, made, decided),
            (waiting, base, "proposed", "[]", "[]", "{}", 1, made, None),
        ],
    )
    database.insert("INSERT INTO worker (id, created_at) VALUES {}", [(7, made)])
    database.insert(
        "INSERT INTO cases (id, worker_id, origin, measure, region, period, state, version,"
        " release_id, edition_id, unit, despite_warning, begun_at, changed_at) VALUES {}",
        [
            ("C", 7, "application", "m", "石狮", "2026", "paid", 1, of_case, 1, "", False, made,
             made)
        ],
    )  # fmt: skip
    database.insert("INSERT INTO conversation (id, updated_at) VALUES {}", [("c", made)])
    database.insert(
        "INSERT INTO turn (conversation_id, at, channel, text, kind, reply, measures, rejected,"
        " release_id, reason) VALUES {}",
        [("c", made, "h5", "", "answer", "", "[]", "[]", id, "") for id in (asked, None)],
    )
    assert upgrade(database) is True
    with database.read() as session:
        found = {each.id: each.first_in_force_at for each in session.scalars(select(Release))}
    since = datetime.fromisoformat(made)
    assert found == {
        **dict.fromkeys((own, asked, base, of_case, current), since),
        published: datetime.fromisoformat(decided),
        **dict.fromkeys((imported, refused, waiting, later)),
    }
    assert differences(database) == []
    _back_to_revision(database, "0034")
    assert database.fetch("SELECT count(*) FROM release") == (10,)
    database.release()


def _enter(database: Database, at: str, id: int, kind: str, payment: str | None = "P") -> None:
    """One row of the ledger: of the payment, or of none."""
    row = {
        "id": id, "fund": 1, "kind": kind, "amount": 2, "case": payment and "C",
        "payment": payment, "at": datetime.fromisoformat(at),
    }  # fmt: skip
    with database.migrating() as connection:
        connection.execute(
            text(
                "INSERT INTO fund_entry (id, fund_id, kind, amount_fen, case_id, payment_id, at)"
                " VALUES (:id, :fund, :kind, :amount, :case, :payment, :at)"
            ).bindparams(bindparam("at", type_=Instant())),
            row,
        )


def _pay(database: Database, at: str) -> None:
    """A fund, and a payment of a case that goes out of it."""
    database.insert("INSERT INTO worker (id, created_at) VALUES {}", [(7, at)])
    database.insert(
        "INSERT INTO officer (id, name, roles, regions, active, version, created_at) VALUES {}",
        [(1, "陈", "[]", "[]", True, 1, at)],
    )
    database.insert(
        "INSERT INTO cases (id, worker_id, origin, measure, region, period, state, version,"
        " release_id, edition_id, unit, despite_warning, begun_at, changed_at) VALUES {}",
        [("C", 7, "application", "m", "石狮", "2026", "paid", 1, 1, 1, "", False, at, at)],
    )
    database.insert(
        "INSERT INTO fund (id, name, purpose, measures, regions, budget_fen, reserved_fen,"
        " spent_fen, created_at) VALUES {}",
        [(1, "资金", "", "[]", "[]", 9, 0, 2, at)],
    )
    database.insert(
        "INSERT INTO payment_batch (id, fund_id, state, version, payments, total_fen,"
        " collected_by, collected_at) VALUES {}",
        [("F", 1, "settled", 1, 1, 2, 1, at)],
    )
    database.insert(
        "INSERT INTO payment (id, batch_id, case_id, instalment, amount_fen, state, sealed_payee)"
        " VALUES {}",
        [("P", "F", "C", 1, 2, "paid", "x")],
    )


def _back_to_revision(database: Database, revision: str) -> None:
    with database.migrating() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def _schema(database: Database) -> list[str]:
    """Every column and index, to compare."""
    with database.read() as session:
        connection = session.connection()
        if database.is_sqlite:
            rows = connection.exec_driver_sql("SELECT type, name, sql FROM sqlite_master").all()
        else:
            rows = connection.exec_driver_sql(
                "SELECT table_name, column_name, data_type || is_nullable"
                " FROM information_schema.columns WHERE table_schema = 'public'"
                " UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes"
                " WHERE schemaname = 'public'"
            ).all()
    return sorted(map(str, rows))


def _statements(url: str) -> list[str]:
    """What bringing this database up to date runs, in its order; it is up to date then."""
    database = Database(url)
    ran: list[str] = []
    event.listen(
        database.engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, *_: ran.append(statement),
    )
    upgrade(database)
    database.release()
    return ran


def _upgrade_and_die(url: str, at: int) -> None:
    database = Database(url)
    count = 0

    def step(*_: object) -> None:
        nonlocal count
        count += 1
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(database.engine, "before_cursor_execute", step)
    upgrade(database)
    os._exit(0)


def _to_revision(url: str, revision: str) -> None:
    database = Database(url)
    with database.migrating() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    database.release()


def _revision(database: Database) -> str:
    row = database.fetch("SELECT version_num FROM alembic_version")
    assert row is not None
    return str(row[0])


@pytest.mark.fault
def test_killed_at_any_statement_the_tables_are_the_old_or_the_new_ones(
    request: pytest.FixtureRequest, empty_database_url: str, tmp_path: Path, tell: Any
) -> None:
    """Those of one revision, whole; the next start goes on from there."""
    first = int(newest()) - 2
    _to_revision(empty_database_url, f"{first:04}")
    database = Database(empty_database_url)
    whole = {f"{first:04}": _schema(database)}
    others = [f"sqlite:///{tmp_path / f'{name}.db'}" for name in ("steps", "at-once")]
    if not database.is_sqlite:
        cluster = request.getfixturevalue("cluster")
        others = [cluster.url(cluster.new_database()) for _ in range(2)]
    for number in range(first + 1, int(newest()) + 1):
        _to_revision(others[0], f"{number:04}")
        step = Database(others[0])
        whole[f"{number:04}"] = _schema(step)
        step.release()
    _to_revision(others[1], f"{first:04}")
    statements = len(_statements(others[1]))
    fork = multiprocessing.get_context("fork")
    kills = 0
    for at in range(1, statements + 1, size(max(1, statements // 5), 1)):
        # A process that forks holds no connection.
        database.release()
        starting = fork.Process(target=_upgrade_and_die, args=(empty_database_url, at))
        starting.start()
        starting.join(60)
        kills += starting.exitcode == -signal.SIGKILL
        assert _schema(database) == whole[_revision(database)], at
    upgrade(database)
    assert _schema(database) == whole[newest()] and differences(database) == []
    assert kills > 3
    tell(f"{kills} kills at {statements} statements that left half a revision", 0, 0)
    database.release()


@pytest.mark.fault
def test_statement_by_statement_a_kill_would_leave_half_of_it(
    empty_database_url: str, tmp_path: Path, control: Any
) -> None:
    """The control: each statement for itself, as a tool without a transaction runs them."""
    database = Database(empty_database_url)
    old = _schema(database)
    with database.migrating() as connection:
        connection.exec_driver_sql("CREATE TABLE first (id INTEGER)")
    half = _schema(database)
    with database.migrating() as connection:
        connection.exec_driver_sql("CREATE TABLE second (id INTEGER)")
    assert half not in (old, _schema(database))
    control("states between the old and the new tables", 1, "> 0")
    database.release()


# From here on a version may be in service while the next one changes its tables.
FIRST_SERVED = 8
NARROWED: dict[str, str] = {}
"""Columns that a revision took away or made stricter, with the reason why that could be."""


def _narrowed(before: Columns, after: Columns) -> list[str]:
    """What an earlier version could not go on with: columns gone, stricter, or newly demanded."""
    found = []
    for table, columns in before.items():
        for name, (nullable, _) in columns.items():
            now = after.get(table, {}).get(name)
            if now is None or (nullable and not now[0]):
                found.append(f"{table}.{name}")
        for name, (nullable, has_default) in after.get(table, {}).items():
            if name not in columns and not nullable and not has_default:
                found.append(f"{table}.{name}")
    return found


def _columns(url: str) -> Columns:
    database = Database(url)
    found = inspect(database.engine)
    columns = {
        table: {
            each["name"]: (bool(each["nullable"]), each.get("default") is not None)
            for each in found.get_columns(table)
        }
        for table in found.get_table_names()
    }
    database.release()
    return columns


def test_the_version_before_can_go_on_serving(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'steps.db'}"
    _to_revision(url, f"{FIRST_SERVED:04}")
    for number in range(FIRST_SERVED + 1, int(newest()) + 1):
        before = _columns(url)
        _to_revision(url, f"{number:04}")
        found = [each for each in _narrowed(before, _columns(url)) if each not in NARROWED]
        assert found == [], f"revision {number:04}"


def test_a_column_that_is_taken_away_or_demanded_is_found() -> None:
    before: Columns = {"a": {"x": (True, False), "y": (True, False)}}
    after: Columns = {"a": {"x": (False, False), "z": (False, False), "w": (False, True)}}
    assert _narrowed(before, after) == ["a.x", "a.y", "a.z"]
