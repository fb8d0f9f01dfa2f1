"""The audit can only grow, and whatever is done to it is found and located."""

import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from server.confidential.sealing import Safe
from server.database.db import Database
from server.records import anchors, audit
from server.records.audit import Action, Actor, Fault, Found
from server.records.linking import Linking
from tests.verifying import size


def _record(database: Database, safe: Safe, now: datetime, rows: int = 1, worker: int = 1) -> None:
    with database.begin() as session:
        for row in range(rows):
            audit.record(
                session,
                safe,
                by=Actor.officer(7),
                action=Action.UNMASKED,
                about="profile",
                row=row,
                worker_id=worker,
                fields=("phone",),
                reason="核对电话 13812345678",
                now=now,
            )


def _link(database: Database, safe: Safe, *, whole: bool = False) -> int:
    with database.begin() as session:
        return audit.link(session, safe, whole=whole)


def _found(database: Database, safe: Safe, ends: list[audit.End] | None = None) -> list[Found]:
    with database.read() as session:
        return list(audit.verify(session, safe, ends or []))


@pytest.fixture
def ten(database: Database, safe: Safe, now: datetime) -> Database:
    """Ten entries, all in the chain."""
    _record(database, safe, now, 10)
    assert _link(database, safe) == 10
    assert _found(database, safe) == []
    return database


def tamper(database: Database, *statements: str) -> None:
    """What somebody does who owns the database: no trigger and no foreign key is in the way."""
    with database.engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        if database.is_sqlite:
            raw.execute("PRAGMA foreign_keys=OFF")
            kept = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit%'"
            for (name,) in raw.execute(kept).fetchall():
                raw.execute(f"DROP TRIGGER {name}")
        else:
            raw.execute("SET session_replication_role = replica")
        for statement in statements:
            raw.execute(statement)
        raw.commit()
    database.release()


def test_an_audit_of_any_length_is_verified_block_by_block(
    database: Database, safe: Safe, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "_BLOCK", 3)
    _record(database, safe, now, 10)
    assert [_link(database, safe) for _ in range(5)] == [3, 3, 3, 1, 0]
    _record(database, safe, now, 10)
    assert _link(database, safe, whole=True) == 10
    _record(database, safe, now, 10)
    assert _found(database, safe) == []
    tamper(database, "UPDATE audit_entry SET reason = '' WHERE id IN (17, 28)")
    assert _found(database, safe) == [Found(Fault.CHANGED, 17, 17), Found(Fault.CHANGED, None, 28)]


def test_an_entry_says_who_did_what_and_nothing_personal(
    database: Database, safe: Safe, now: datetime
) -> None:
    _record(database, safe, now)
    row = database.fetch(
        "SELECT actor, actor_id, action, about, row, worker_id, fields, reason FROM audit_entry"
    )
    assert row == (
        "officer", "7", "unmasked", "profile", "0", 1, "phone", "核对电话 ［手机号］",
    )  # fmt: skip


def test_an_entry_that_is_rolled_back_with_what_it_tells_of_was_never_there(
    database: Database, safe: Safe, now: datetime
) -> None:
    with pytest.raises(RuntimeError), database.begin() as session:
        audit.record(
            session, safe, by=Actor.job("x"), action=Action.READ, about="profile", row=1,
            worker_id=1, now=now,
        )  # fmt: skip
        raise RuntimeError
    assert not audit.any_unlinked(database)


@pytest.mark.parametrize("table", ["audit_entry", "audit_link"])
@pytest.mark.parametrize("change", ["UPDATE {} SET {} = 'x'", "DELETE FROM {}"])
def test_the_database_refuses_to_change_what_was_written(
    ten: Database, table: str, change: str
) -> None:
    column = {"audit_entry": "reason", "audit_link": "chain"}[table]
    with pytest.raises(DatabaseError, match="immutable"), ten.begin() as session:
        session.execute(text(change.format(table, column)))
    assert ten.fetch(f"SELECT count(*) FROM {table}") == (10,)


def test_postgresql_refuses_to_empty_the_table(postgres_url: str) -> None:
    database = Database(postgres_url)
    with pytest.raises(DatabaseError, match="immutable"), database.begin() as session:
        session.execute(text("TRUNCATE audit_entry CASCADE"))
    database.release()


TAMPERINGS: dict[str, tuple[list[str], Found]] = {
    "a word is changed": (
        ["UPDATE audit_entry SET reason = 'x' WHERE id = 4"],
        Found(Fault.CHANGED, 4, 4),
    ),
    "another is blamed": (
        ["UPDATE audit_entry SET actor_id = '8' WHERE id = 4"],
        Found(Fault.CHANGED, 4, 4),
    ),
    "it is dated back": (
        ["UPDATE audit_entry SET at = '2020-01-01 00:00:00.000000+00:00' WHERE id = 4"],
        Found(Fault.CHANGED, 4, 4),
    ),
    "an entry is taken away": (
        ["DELETE FROM audit_entry WHERE id = 4"],
        Found(Fault.GONE, 4, 4),
    ),
    "an entry is taken away with its link": (
        ["DELETE FROM audit_link WHERE entry_id = 4", "DELETE FROM audit_entry WHERE id = 4"],
        Found(Fault.BROKEN, 4),
    ),
    "… and the rest moved up": (
        [
            "DELETE FROM audit_link WHERE entry_id = 4",
            "DELETE FROM audit_entry WHERE id = 4",
            "UPDATE audit_link SET position = -position WHERE position > 4",
            "UPDATE audit_link SET position = -position - 1 WHERE position < 0",
        ],
        Found(Fault.BROKEN, 4, 5),
    ),
    "two entries change places": (
        [
            "UPDATE audit_entry SET id = 99 WHERE id = 4",
            "UPDATE audit_entry SET id = 4 WHERE id = 5",
            "UPDATE audit_entry SET id = 5 WHERE id = 99",
        ],
        Found(Fault.BROKEN, 4, 4),
    ),
    "one is copied over another": (
        [
            "UPDATE audit_entry SET mac = (SELECT mac FROM audit_entry WHERE id = 5),"
            " nonce = (SELECT nonce FROM audit_entry WHERE id = 5),"
            " row = (SELECT row FROM audit_entry WHERE id = 5) WHERE id = 4"
        ],
        Found(Fault.BROKEN, 4, 4),
    ),
    "a link is forged": (
        ["UPDATE audit_link SET chain = 'f' WHERE position = 4"],
        Found(Fault.BROKEN, 4, 4),
    ),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_found_at_the_first_row_it_touched(
    ten: Database, safe: Safe, name: str
) -> None:
    statements, first = TAMPERINGS[name]
    tamper(ten, *statements)
    assert _found(ten, safe)[0] == first


def test_who_does_not_know_the_secret_can_make_nothing_up(
    ten: Database, safe: Safe, now: datetime
) -> None:
    _record(ten, Safe(safe.keys, b"guessed"), now)
    assert _found(ten, safe) == [Found(Fault.CHANGED, None, 11)]
    _link(ten, safe)
    assert _found(ten, safe) == [Found(Fault.CHANGED, 11, 11)]


def test_only_an_anchor_shows_that_the_end_was_cut_off(
    ten: Database, safe: Safe, now: datetime, tmp_path: Path
) -> None:
    path = tmp_path / anchors.FILE
    with ten.read() as session:
        anchors.add(path, safe, audit.end(session), on=now.date())
    _record(ten, safe, now, 3)
    _link(ten, safe)
    assert _found(ten, safe, anchors.read(path, safe)) == []
    tamper(
        ten,
        "DELETE FROM audit_link WHERE position > 8",
        "DELETE FROM audit_entry WHERE id > 8",
    )
    assert _found(ten, safe) == []  # what no chain can show
    assert _found(ten, safe, anchors.read(path, safe)) == [Found(Fault.CUT, 10)]


def test_a_chain_that_was_written_anew_does_not_fit_the_anchor(
    ten: Database, safe: Safe, now: datetime
) -> None:
    with ten.read() as session:
        end = audit.end(session)
    tamper(ten, "DELETE FROM audit_link", "DELETE FROM audit_entry WHERE id = 4")
    assert _link(ten, safe, whole=True) == 9
    _record(ten, safe, now, 5)
    _link(ten, safe)
    assert _found(ten, safe) == []  # by somebody who has the secret
    assert [f.fault for f in _found(ten, safe, [end])] == [Fault.CUT]


def test_an_anchor_whose_writing_is_cut_off_harms_none_before_or_after(
    safe: Safe, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / anchors.FILE
    anchors.add(path, safe, audit.End(1, "c" * 64, 1), on=now.date())

    def cut_off(_: int) -> None:
        raise OSError("the power is gone")

    with monkeypatch.context() as without, pytest.raises(OSError):
        without.setattr(anchors.os, "fsync", cut_off)
        anchors.add(path, safe, audit.End(2, "c" * 64, 2), on=now.date())
    assert [end.position for end in anchors.read(path, safe)] == [1]
    anchors.add(path, safe, audit.End(3, "c" * 64, 3), on=now.date())
    assert [end.position for end in anchors.read(path, safe)] == [1, 3]


@pytest.mark.parametrize("line", [1, 2, 3])
def test_an_anchor_that_was_changed_or_taken_out_is_found(
    safe: Safe, now: datetime, tmp_path: Path, line: int
) -> None:
    path = tmp_path / anchors.FILE
    for position in (1, 2, 3):
        anchors.add(path, safe, audit.End(position, "c" * 64, position), on=now.date())
    assert [end.position for end in anchors.read(path, safe)] == [1, 2, 3]
    lines = path.read_text().splitlines()
    changed = [*lines[: line - 1], lines[line - 1].replace('"c', '"d'), *lines[line:]]
    path.write_text("\n".join(changed))
    with pytest.raises(anchors.AnchorForged) as forged:
        anchors.read(path, safe)
    assert forged.value.line == line
    path.write_text("\n".join(lines[: line - 1] + lines[line:]))
    if line < 3:
        with pytest.raises(anchors.AnchorForged):
            anchors.read(path, safe)


def test_what_comes_late_is_linked_late_and_still_found_when_it_goes(
    postgres_url: str, safe: Safe, now: datetime
) -> None:
    """Of two transactions the second ends first, as only PostgreSQL allows."""
    database = Database(postgres_url)
    with database.begin() as slow:
        audit.record(
            slow, safe, by=Actor.job("slow"), action=Action.READ, about="profile", row=1,
            worker_id=1, now=now,
        )  # fmt: skip
        _record(database, safe, now)
        assert _link(database, safe) == 1
    assert _link(database, safe) == 1
    rows = _links(database)
    assert [entry for _, entry in rows] == [2, 1] and _found(database, safe) == []
    tamper(database, "DELETE FROM audit_entry WHERE id = 1")
    assert _found(database, safe) == [Found(Fault.GONE, 2, 1)]
    database.release()


def _links(database: Database) -> list[tuple[int, int]]:
    with database.read() as session:
        rows = session.execute(
            text("SELECT position, entry_id FROM audit_link ORDER BY position")
        ).all()
    return [(row[0], row[1]) for row in rows]


@pytest.fixture
def linking(database: Database, safe: Safe) -> Iterator[Linking]:
    made = Linking(database, safe)
    yield made
    made.close()


def test_entries_are_linked_within_seconds_by_themselves(
    database: Database, safe: Safe, now: datetime, linking: Linking
) -> None:
    linking.wake()
    linking.wake()
    _record(database, safe, now, 3)
    waiting = threading.Event()
    for _ in range(600):
        if not audit.any_unlinked(database):
            break
        waiting.wait(0.1)
    assert len(_links(database)) == 3
    assert sum(thread.name == "audit" for thread in threading.enumerate()) == 1


@pytest.mark.fault
def test_many_writers_and_linkers_at_once_end_at_one_chain_without_a_gap(
    database: Database, safe: Safe, now: datetime, tell: Any
) -> None:
    each = size(20, 400)
    done = threading.Event()

    def write(worker: int) -> None:
        for _ in range(each):
            _record(database, safe, now, worker=worker)

    def link() -> None:
        while not done.is_set():
            _link(database, safe)

    writers = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    linkers = [threading.Thread(target=link) for _ in range(2)]
    for thread in (*writers, *linkers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in linkers:
        thread.join()
    _link(database, safe, whole=True)
    rows = _links(database)
    assert [position for position, _ in rows] == list(range(1, 6 * each + 1))
    assert len({entry for _, entry in rows}) == 6 * each
    assert _found(database, safe) == []
    tell(f"{6 * each} entries by 6 writers, 2 linkers: gaps, forks", 0, 0)


@pytest.mark.fault
def test_every_single_tampering_is_located(
    ten: Database, safe: Safe, now: datetime, tell: Any
) -> None:
    """Each of many entries in turn is changed in each column, or taken away."""
    rows = size(10, 200)
    if rows > 10:
        _record(ten, safe, now, rows - 10)
    _link(ten, safe)
    changes = [f"UPDATE audit_entry SET {column} = {value} WHERE id = :id"
               for column, value in (("actor", "'worker'"), ("actor_id", "'9'"), ("row", "'z'"),
                                     ("action", "'read'"), ("fields", "''"), ("worker_id", "2"),
                                     ("reason", "''"), ("nonce", "'0'"))]  # fmt: skip
    located = 0
    for number in range(1, rows + 1):
        change = (*changes, "DELETE FROM audit_entry WHERE id = :id")[number % 9]
        tamper(ten, "DROP TABLE IF EXISTS kept",
                "CREATE TABLE kept AS SELECT * FROM audit_entry",
                change.replace(":id", str(number)))  # fmt: skip
        first = _found(ten, safe)[0]
        located += (first.position, first.entry_id) == (number, number)
        tamper(ten, "DELETE FROM audit_entry", "INSERT INTO audit_entry SELECT * FROM kept")
    assert _found(ten, safe) == []
    assert located == rows
    tell("tamperings located at their row", located, rows)
