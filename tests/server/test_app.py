"""The roof: one application, serving the release in force, whichever it is."""

import time
from collections.abc import Callable, Iterator
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from knowledge.library import Library
from server.app import create_app
from server.chat.chatting import Channel, Message, reply
from server.chat.serving import Served, Serving, load
from server.database.db import Database
from server.preparing import prepare
from server.published import releases
from server.published.kept_indexes import KeptIndexes
from server.published.releases import NothingInForce
from server.settings import Settings
from server.web.resources import Resources, make_resources
from tests.conftest import HandClock
from tests.small import small_editions

Editions = list[tuple[str, str, dict[str, Any]]]


def publish(database: Database, editions: Editions, clock: HandClock) -> int:
    with database.begin() as session:
        return releases.publish(session, editions, note="test", now=clock())


def with_title(library: Library, title: str) -> Editions:
    return [
        (
            kind,
            key,
            {**content, "title": title} if (kind, key) == ("measure", "shishi-4a") else content,
        )
        for kind, key, content in small_editions(library)
    ]


def until(fulfilled: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if fulfilled():
            return True
        time.sleep(0.05)
    return False


def test_a_first_start_makes_database_and_knowledge(
    empty_database_url: str, clock: HandClock, tmp_path: Path, library: Library
) -> None:
    settings = Settings(data_dir=tmp_path / "made" / "here", database_url=empty_database_url)
    made = make_resources(settings, clock)
    client = create_app(settings, made).test_client()
    said = client.post("/api/v1/chat", json={"text": "石狮被裁了有钱领吗"}).get_json()
    assert said["measures"][0] == "shishi-4a"
    made.serving.close()
    made.conversations.close()
    made.database.release()
    again = prepare(settings, now=clock())
    with again.read() as session:
        assert [release.id for release in releases.history(session)] == [1]
    again.release()


def test_without_a_release_there_is_nothing_to_serve(database: Database, tmp_path: Path) -> None:
    with pytest.raises(NothingInForce):
        load(database, KeptIndexes(tmp_path, b"secret"))


@pytest.fixture
def serving(
    database: Database, served: Served, library: Library, clock: HandClock, tmp_path: Path
) -> Iterator[Serving]:
    assert publish(database, small_editions(library), clock) == served.release
    made = Serving(database, KeptIndexes(tmp_path, b"secret"), served)
    yield made
    made.close()


def test_a_new_release_is_served_soon_and_a_rollback_too(
    serving: Serving, database: Database, library: Library, clock: HandClock
) -> None:
    def title() -> str:
        return serving.current().library.measures["shishi-4a"].title

    before = title()
    publish(database, with_title(library, "换了名字"), clock)
    assert until(lambda: title() == "换了名字", 60)
    with database.begin() as session:
        releases.put_in_force(session, 1, clock())
    assert until(lambda: title() == before, 60)
    assert serving.current().release == 1


def test_a_damaged_release_is_refused_once_and_the_one_in_force_goes_on(
    serving: Serving, database: Database, library: Library, clock: HandClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    damaged = [edition for edition in small_editions(library) if edition[0] != "sentences"]
    publish(database, damaged, clock)
    tried: list[Database] = []
    monkeypatch.setattr("server.chat.serving.load", lambda *of: (tried.append(of[0]), load(*of))[1])
    for _ in range(3):
        serving.look()
        assert serving.current().release == 1
    assert len(tried) == 1
    publish(database, with_title(library, "修好了"), clock)
    serving.look()
    assert serving.current().release == 3


def test_a_lost_database_leaves_the_release_in_memory(
    serving: Serving, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(sql: str) -> None:
        raise OSError

    monkeypatch.setattr(database, "fetch", lost)
    assert serving.current().release == 1


def test_no_function_of_the_application_is_a_coroutine(client: FlaskClient) -> None:
    """The application calls them as they are, without asking each time."""
    app = client.application
    called = [*app.view_functions.values(), *app.before_request_funcs[None]]
    assert called and not any(map(iscoroutinefunction, called))


def test_the_same_question_gives_the_same_answer_whether_remembered_or_not(
    served: Served, resources: Resources, clock: HandClock
) -> None:
    message = Message("锦州社保能缓交吗", Channel.MINI_APP)
    first = reply(message, served, resources.conversations, resources.database, now=clock())
    again = reply(message, served, resources.conversations, resources.database, now=clock())
    fresh = Served(served.release, served._indexed)
    assert first.answered is again.answered
    anew = reply(message, fresh, resources.conversations, resources.database, now=clock())
    assert first.answered.answer == anew.answered.answer


def test_many_messages_of_one_person_leave_no_more_than_their_turns(
    client: FlaskClient, resources: Resources
) -> None:
    held = ""
    remembered = resources.serving.current()._remembered
    for number in range(2000):
        body = {"text": f"你好{number % 50}", "conversation": held}
        said = client.post("/api/v1/chat", json=body)
        assert said.status_code == 200
        held = said.get_json()["conversation"]
    assert resources.conversations.flush(30)
    row = resources.database.fetch("SELECT count(*), max(length(context)) FROM conversation")
    assert row is not None and row[0] == 1 and row[1] < 4000
    assert len(remembered) <= 2048


def test_no_reply_is_guessed_at_and_none_of_the_api_is_kept_by_a_cache(
    client: FlaskClient,
) -> None:
    for path in ("/", "/healthz", "/api/v1/regions", "/api/v1/nowhere", "/openapi.json"):
        reply = client.get(path)
        assert reply.headers["X-Content-Type-Options"] == "nosniff", path
        if path.startswith("/api/"):
            assert "no-store" in reply.headers["Cache-Control"] or "max-age" in str(reply.headers)


BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def test_a_mistyped_address_is_a_page_for_a_browser_and_a_problem_for_a_program(
    client: FlaskClient,
) -> None:
    page = client.get("/nowhere", headers=BROWSER)
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "没有这个页面" in page.text and '<a href="/">' in page.text
    assert "script-src" in page.headers["Content-Security-Policy"]
    for path, headers in (
        ("/api/v1/nowhere", BROWSER),
        ("/nowhere", {"Accept": "*/*"}),
        ("/nowhere", {"Accept": "application/json"}),
        ("/nowhere", {}),
    ):
        told = client.get(path, headers=headers)
        assert (told.status_code, told.mimetype) == (404, "application/problem+json"), path
