"""Migrations lead to the tables of the code, on both databases, and back."""

import multiprocessing

import pytest
from alembic import command

from server.db import Database
from server.migrations import configuration, differences, is_current, newest, upgrade


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
