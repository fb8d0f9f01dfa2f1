"""What tests of backups begin with: a service with data, and machines without."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import Session

from server.backups import service_copies
from server.confidential.subject_keys import SubjectKeys
from server.database.db import Database
from server.personal import profiles
from server.settings import Settings, with_development_secrets
from server.web.resources import make_safe, make_subject_keys
from tests import casework
from tests.postgres import Cluster

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@pytest.fixture
def settings(home: Path, prepared_url: str, request: pytest.FixtureRequest) -> Settings:
    """Of a service with data."""
    url = None if prepared_url.startswith("sqlite") else prepared_url
    made = with_development_secrets(Settings(data_dir=home, database_url=url))
    with keys_of(made, NOW):
        # As a start leaves it, with the table for them.
        return made


NewMachine = Callable[[str], Settings]


@pytest.fixture
def new_machine(settings: Settings, tmp_path: Path, request: pytest.FixtureRequest) -> NewMachine:
    """The same service on machines without data."""

    def make(name: str) -> Settings:
        url = settings.database_url
        if url is not None:
            cluster: Cluster = request.getfixturevalue("cluster")
            url = cluster.url(cluster.new_database("template0"))
        return settings.model_copy(update={"data_dir": tmp_path / name, "database_url": url})

    return make


@pytest.fixture
def elsewhere(new_machine: NewMachine) -> Settings:
    return new_machine("elsewhere")


@contextmanager
def keys_of(settings: Settings, now: datetime) -> Iterator[SubjectKeys]:
    database = Database(settings.database)
    keys = make_subject_keys(settings, database, make_safe(settings), lambda: now)
    yield keys
    keys._keys.release()
    database.release()


@contextmanager
def written(settings: Settings) -> Iterator[Session]:
    database = Database(settings.database)
    with database.begin() as session:
        yield session
    database.release()


def new_worker(settings: Settings, name: str = "王小明", now: datetime = NOW) -> int:
    with keys_of(settings, now) as keys:
        safe, who = make_safe(settings), casework.person(7, name=name)
        return casework.worker(keys._database, safe, keys, now=now, who=who)


def name_of(settings: Settings, worker: int) -> str:
    database, safe = Database(settings.database), make_safe(settings)
    keys = make_subject_keys(settings, database, safe)
    try:
        with database.read() as session:
            return str(profiles.get(session, keys.safe_of(worker), worker).person.name)
    finally:
        keys._keys.release()
        database.release()


def backed_up(settings: Settings, folder: Path, now: datetime = NOW) -> service_copies.Made:
    safe = make_safe(settings)
    return service_copies.make(settings, safe, folder / "data", folder / "keys", now=now)


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}
