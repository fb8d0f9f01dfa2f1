"""Resources that tests share: every database test runs on SQLite and on PostgreSQL."""

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

from server.confidential.sealing import Safe
from server.database.db import Database
from server.migrations import upgrade
from tests.postgres import Cluster, DatabaseInTurn
from tests.promises import CONTROL, FIGURE, SHOWN, Figure

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from playwright.sync_api import Browser, Playwright

    from knowledge.library import Library
    from server.chat.serving import Served
    from server.confidential.subject_keys import SubjectKeys
    from server.platform.interface import Platform
    from server.settings import Settings
    from server.web.resources import Resources
    from tests.wechat_platform.state import PlatformState

# Else every server that a test starts compiles the whole program anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A test waits for the disk with each transaction, a fifth of its time and more: in memory, where
# there is room, nobody waits. What is killed loses no more there, and what the disk itself may do
# is acted out by the tests of it.
MEMORY = Path("/dev/shm")
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 4e9:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

# The same examples each time: a test that fails once fails again.
hypothesis.settings.register_profile("project", deadline=None, derandomize=True)
hypothesis.settings.load_profile("project")


def pytest_collection_finish() -> None:
    """Take what lasts to the end out of the collector's sight.

    Ten thousand tests are a million objects; to look through them took half a second each time.
    What a test makes it lets go of by itself: to look for more so often took a quarter of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


class _KeptTemplates(BytecodeCache):
    """Templates as they are compiled, by their names."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(scope="session", autouse=True)
def _templates_compiled_once() -> Iterator[None]:
    """Each application compiles a template when it first shows it: a twentieth of a second.

    A thousand tests make an application.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(Flask.jinja_options, "bytecode_cache", _KeptTemplates())
        yield


@pytest.fixture(scope="session", autouse=True)
def _statements_compiled_once() -> Iterator[None]:
    """SQLAlchemy compiles a statement once for each dialect, and each engine has its own.

    Thousands of tests open a database of their own: all of a kind count as one.
    """
    with pytest.MonkeyPatch.context() as patch:
        for kind in (SQLiteDialect_pysqlite, PGDialect_psycopg):
            patch.setattr(kind, "__eq__", lambda one, other: type(one) is type(other))
            patch.setattr(kind, "__hash__", lambda one: hash(type(one)))
        compiled: LRUCache[Any, Any] = LRUCache(10_000)
        one_for_all = property(lambda engine: compiled, lambda engine, own: None)
        patch.setattr(Engine, "_compiled_cache", one_for_all, raising=False)
        yield


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite database to copy."""
    file = tmp_path_factory.mktemp("template") / "empty.db"
    database = Database(f"sqlite:///{file}")
    upgrade(database)
    # The last connection to close moves the write-ahead log into the file.
    database.release()
    return file


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running PostgreSQL; where there is none, the tests fail and say what to install."""
    started = Cluster()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def postgres_template(cluster: Cluster) -> str:
    """The name of a migrated, empty PostgreSQL database to copy."""
    name = cluster.new_database()
    database = Database(cluster.url(name))
    upgrade(database)
    database.release()
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'nuangang.db'}"
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    name = cluster.new_database()
    yield cluster.url(name)
    cluster.drop_database(name)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    file = tmp_path / "nuangang.db"
    shutil.copy(sqlite_template, file)
    return f"sqlite:///{file}"


@pytest.fixture(scope="session")
def postgres_in_turn(cluster: Cluster, postgres_template: str) -> Iterator[DatabaseInTurn]:
    made = DatabaseInTurn(cluster, postgres_template)
    yield made
    made.close()


@pytest.fixture
def postgres_url(postgres_in_turn: DatabaseInTurn) -> Iterator[str]:
    yield postgres_in_turn.url
    postgres_in_turn.give_back()


@pytest.fixture(params=["sqlite_url", "postgres_url"], ids=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a database with all tables, empty but for what migrations put in."""
    url: str = request.getfixturevalue(request.param)
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.release()


@pytest.fixture(scope="session")
def prepared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory as a first start leaves it: secrets, database, knowledge and its index."""
    from server.chat.serving import load
    from server.clock import utc_now
    from server.preparing import kept_indexes, prepare
    from server.settings import Settings, with_development_secrets

    settings = with_development_secrets(Settings(data_dir=tmp_path_factory.mktemp("prepared")))
    database = prepare(settings, now=utc_now())
    load(database, kept_indexes(settings))
    database.release()
    return settings.data_dir


@pytest.fixture
def home(prepared_home: Path, tmp_path: Path) -> Path:
    """A copy of it, for one test."""
    return shutil.copytree(prepared_home, tmp_path / "var")


@pytest.fixture(scope="session")
def prepared_postgres(cluster: Cluster, postgres_template: str, prepared_home: Path) -> str:
    """The name of a PostgreSQL database with the knowledge of the program in force, to copy."""
    from server.clock import utc_now
    from server.preparing import prepare
    from server.settings import Settings

    name = cluster.new_database(postgres_template)
    settings = Settings(data_dir=prepared_home, database_url=cluster.url(name))
    prepare(settings, now=utc_now()).release()
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def prepared_url(request: pytest.FixtureRequest, home: Path) -> Iterator[str]:
    """The address of a database with the knowledge in force; the rest is in `home`."""
    if request.param == "sqlite":
        yield f"sqlite:///{home / 'nuangang.db'}"
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    name = cluster.new_database(request.getfixturevalue("prepared_postgres"))
    yield cluster.url(name)
    cluster.drop_database(name)


@pytest.fixture(scope="session")
def playwright() -> "Iterator[Playwright]":
    """There can be one in a process."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: "Playwright") -> "Iterator[Browser]":
    """One for all tests, which open contexts of their own: it takes two seconds to start."""
    from tests.browsing import launch

    opened = launch(playwright)
    yield opened
    opened.close()


@pytest.fixture
def tell(
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
    record_property: Callable[[str, object], None],
) -> "Callable[[str, object, object], None]":
    """Prints a figure and its target, also where the test passes; `make verify` collects them."""
    return _telling(request, capsys, record_property, FIGURE)


@pytest.fixture
def control(
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
    record_property: Callable[[str, object], None],
) -> "Callable[[str, object, object], None]":
    """The same for a run without the protection, once it was seen to fail as it must."""
    return _telling(request, capsys, record_property, CONTROL)


@pytest.fixture
def under_way(
    request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> "Callable[[str], None]":
    """Prints how far a long run is; `make verify` shows it at once."""

    def say(what: str) -> None:
        with capsys.disabled():
            print(f"\n{SHOWN}{request.node.name}: {what}", flush=True)

    return say


def _telling(
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
    record: Callable[[str, object], None],
    kind: str,
) -> "Callable[[str, object, object], None]":
    def say(what: str, figure: object, target: object) -> None:
        told = f"{what}\t{figure}\t{target}"
        record(kind, told)
        with capsys.disabled():
            print(f"\n{SHOWN}{Figure.of(kind, told, request.node.name)}", flush=True)

    return say


class HandClock:
    """A clock that stands until a test moves it."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(now: datetime) -> HandClock:
    return HandClock(now)


@pytest.fixture(scope="session")
def safe() -> Safe:
    """Seals and hashes with keys of the tests."""
    return Safe({"k1": bytes(32)}, b"secret")


@pytest.fixture(scope="session")
def library() -> "Library":
    """The knowledge that comes with the program."""
    from knowledge.library import read_library

    return read_library()


@pytest.fixture(scope="session")
def served(library: "Library") -> "Served":
    """That knowledge, ready to be asked; indexing it takes a second."""
    from bot.retrieval.indexing import IndexedLibrary
    from server.chat.serving import Served

    made = Served(1, IndexedLibrary(library))
    gc.freeze()
    return made


@pytest.fixture
def subject_keys(
    database: Database, safe: Safe, clock: HandClock, tmp_path: Path
) -> Iterator["SubjectKeys"]:
    """The keys of workers, in a database of their own."""
    from server.confidential.subject_keys import SubjectKeys

    keys = Database(f"sqlite:///{tmp_path / 'keys.db'}")
    made = SubjectKeys(database, keys, safe, clock)
    made.prepare()
    yield made
    keys.release()


@pytest.fixture
def resources(
    database: Database,
    served: "Served",
    clock: HandClock,
    safe: Safe,
    subject_keys: "SubjectKeys",
    tmp_path: Path,
) -> Iterator["Resources"]:
    """What an application works with, on each database; no release stands in it."""
    from server.chat.conversations import Conversations
    from server.chat.serving import Serving
    from server.material_store import make_store
    from server.published.kept_indexes import KeptIndexes
    from server.records.linking import Linking
    from server.settings import Settings
    from server.web.rate_limits import make_limits
    from server.web.resources import Resources

    serving = Serving(database, KeptIndexes(tmp_path, b"secret"), served)
    conversations = Conversations(database, delay=0.01, safe=safe)
    settings = Settings(data_dir=tmp_path)
    limits = make_limits(settings, database, safe, clock)
    linking = Linking(database, safe)
    yield Resources(
        settings,
        database,
        serving,
        conversations,
        clock,
        safe,
        limits,
        subject_keys,
        linking,
        make_store(settings),
    )
    linking.close()
    serving.close()
    conversations.close()


@pytest.fixture
def client(resources: "Resources") -> "FlaskClient":
    from tests.roof import roof_over

    return roof_over(resources).test_client()


@pytest.fixture
def wechat() -> "PlatformState":
    """What the stand-in for WeChat knows; a test tells it how to behave."""
    from tests.wechat_platform.state import PlatformState

    return PlatformState()


@pytest.fixture
def wechat_settings(wechat: "PlatformState", tmp_path: Path) -> Iterator["Settings"]:
    """Settings that lead to the stand-in, which runs while the test does."""
    from server.settings import Settings
    from tests.wechat_platform.running import running
    from tests.wechat_platform.state import APP_ID, APP_SECRET, TEMPLATE_IDS

    with running(wechat) as base:
        yield Settings.model_validate(
            {
                "data_dir": tmp_path,
                "wechat_app_id": APP_ID,
                "wechat_app_secret": APP_SECRET,
                "wechat_token": "token",
                "wechat_aes_key": "a" * 43,
                "wechat_api_base": base,
                "wechat_template_ids": TEMPLATE_IDS,
            }
        )


@pytest.fixture
def platform(wechat_settings: "Settings", database: Database, safe: Safe) -> "Platform":
    """The program's own side of the platform, over the stand-in."""
    from server.clock import utc_now
    from server.platform.interface import make_platform

    made = make_platform(wechat_settings, database, safe, utc_now)
    assert made is not None
    return made
