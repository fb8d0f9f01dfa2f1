"""A worker asks, the bot answers: whole conversations over HTTP, and what is left of them."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from knowledge.figures import unstated
from knowledge.library import Library
from server.app import create_app
from server.conversations import Conversations
from server.kept_indexes import KeptIndexes
from server.resources import Resources
from server.serving import Served, Serving
from tests.conftest import HandClock


class Worker:
    """Somebody with a phone; remembers the conversation and the token, as a client does."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.headers: dict[str, str] = {}
        self.conversation: str | None = None

    def signs_in(self, name: str) -> None:
        said = self.client.post("/api/v1/session", json={"code": f"dev:{name}"}).get_json()
        self.headers = {"Authorization": f"Bearer {said['token']}"}

    def says(self, text: str, region: str | None = None) -> dict[str, object]:
        body = {"text": text, "region": region, "conversation": self.conversation}
        reply = self.client.post("/api/v1/chat", json=body, headers=self.headers)
        assert reply.status_code == 200
        said: dict[str, object] = reply.get_json()
        self.conversation = str(said["conversation"])
        return said


@pytest.fixture
def worker(client: FlaskClient) -> Worker:
    return Worker(client)


def test_from_a_greeting_to_the_place_and_on_to_the_next_town(worker: Worker) -> None:
    worker.signs_in("wang")
    assert worker.says("你好")["kind"] == "chat"
    asked = worker.says("失业金怎么领")
    assert asked["kind"] == "clarify"
    choices = asked["choices"]
    assert isinstance(choices, list)
    number = next(c["number"] for c in choices if "石狮" in c["label"])
    answered = worker.says(str(number))
    assert (answered["kind"], answered["region"]) == ("answer", "石狮")
    assert worker.says("要啥条件")["measures"] == ["shishi-4a"]
    assert worker.says("那保定呢")["kind"] == "decline"


def test_distress_comes_before_everything_and_has_a_number(worker: Worker) -> None:
    worker.says("石狮被裁了有钱领吗")
    said = worker.says("我不想活了")
    assert said["kind"] == "handoff"
    assert "110" in str(said["reply"]) or "12356" in str(said["reply"])


def test_a_measure_that_is_cited_can_be_looked_up(worker: Worker, library: Library) -> None:
    said = worker.says("石狮开个小店给多少钱")
    sources = said["sources"]
    assert isinstance(sources, list) and sources
    for source in sources:
        measure = worker.client.get(f"/api/v1/measures/{source['measure']}").get_json()
        assert measure["clause"]["locator"] == source["locator"]
        assert source["quote"] in measure["clause"]["text"]
        assert measure["document"]["number"] == source["number"]
        for phone in measure["phones"]:
            assert phone["number"] in measure["clause"]["text"]


def test_no_sum_is_said_that_the_quoted_clause_does_not_state(worker: Worker) -> None:
    said = worker.says("石狮首次创业补贴多少", region="石狮")
    measure = worker.client.get("/api/v1/measures/shishi-4c").get_json()
    stated = [measure["clause"]["text"], measure["document"]["title"], "2022年3月31日"]
    stated.append(measure["document"]["number"])
    assert not unstated(str(said["reply"]), stated)


def test_a_conversation_outlives_a_restart(
    resources: Resources, served: Served, clock: HandClock, tmp_path: Path
) -> None:
    database = resources.database

    def start() -> tuple[Resources, FlaskClient]:
        serving = Serving(database, KeptIndexes(tmp_path, b"secret"), served)
        made = replace(resources, serving=serving, conversations=Conversations(database))
        return made, create_app(made.settings, made).test_client()

    def stop(made: Resources) -> None:
        made.serving.close()
        made.conversations.close()

    made, client = start()
    before = Worker(client)
    before.signs_in("wang")
    before.says("石狮被裁了有钱领吗")
    stop(made)
    clock.now += timedelta(minutes=10)
    made, client = start()
    after = Worker(client)
    after.headers, after.conversation = before.headers, before.conversation
    assert after.says("要啥条件")["measures"] == ["shishi-4a"]
    assert after.conversation == before.conversation
    stop(made)
    count = database.fetch("SELECT count(*), count(DISTINCT conversation_id) FROM turn")
    assert count == (2, 1)


def test_what_could_not_be_answered_is_there_to_be_looked_at(
    worker: Worker, resources: Resources
) -> None:
    worker.says("石狮住院医保报销几成")
    assert resources.conversations.flush()
    row = resources.database.fetch("SELECT text, rejected FROM turn WHERE kind = 'decline'")
    assert row is not None and "医保" in row[0]
    assert isinstance(json.loads(row[1]), list)
