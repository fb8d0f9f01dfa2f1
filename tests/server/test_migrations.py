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
