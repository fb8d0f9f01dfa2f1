"""Every start makes what is missing, and takes nothing away."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from knowledge.library import Library
from server import preparing
from server.database.db import Database
from server.preparing import prepare
from server.published import releases
from server.settings import Settings


@pytest.fixture
def settings(empty_database_url: str, tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "made here", database_url=empty_database_url)


def state(database: Database) -> tuple[int | None, int]:
    """The release in force, and how many there are."""
    with database.read() as session:
        return releases.current_id(session), len(releases.history(session))


def start(settings: Settings, now: datetime) -> tuple[int | None, int]:
    database = prepare(settings, now=now)
    found = state(database)
    database.release()
    return found


def test_the_first_start_publishes_and_the_next_changes_nothing(
    settings: Settings, now: datetime, library: Library
) -> None:
    assert start(settings, now) == (1, 1)
    assert start(settings, now) == (1, 1)
    assert settings.data_dir.stat().st_mode & 0o077 == 0
    database = prepare(settings, now=now)
    with database.read() as session:
        found = releases.current(session)
    database.release()
    assert found is not None
    assert Library(found[1]).measures == library.measures


def test_a_new_version_of_the_program_brings_its_files(
    settings: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(settings, now)
    monkeypatch.setattr(preparing, "_fingerprint", lambda: "later")
    assert start(settings, now) == (2, 2)
    assert start(settings, now) == (2, 2)


def test_a_rollback_outlives_a_start(
    settings: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(settings, now)
    with monkeypatch.context() as later:
        later.setattr(preparing, "_fingerprint", lambda: "later")
        start(settings, now)
        database = prepare(settings, now=now)
        with database.begin() as session:
            releases.put_in_force(session, 1, now)
        database.release()
        assert start(settings, now) == (1, 2)


def test_a_new_version_brings_its_files_also_after_an_import_that_nobody_published(
    settings: Settings, now: datetime, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = prepare(settings, now=now)
    with database.begin() as session:
        releases.add(session, list(library.editions)[:1], note="import", now=now)
    database.release()
    monkeypatch.setattr(preparing, "_fingerprint", lambda: "later")
    assert start(settings, now) == (3, 3)
    assert start(settings, now) == (3, 3)


def test_what_somebody_published_outlives_a_new_version(
    settings: Settings, now: datetime, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = prepare(settings, now=now)
    with database.begin() as session:
        own: list[tuple[str, str, dict[str, Any]]] = list(library.editions)
        releases.publish(session, own, note="by a clerk", now=now)
    database.release()
    monkeypatch.setattr(preparing, "_fingerprint", lambda: "later")
    assert start(settings, now) == (2, 2)
