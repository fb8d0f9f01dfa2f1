"""A worker asks, the bot answers: whole conversations over HTTP, and what is left of them."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import MetaData, select

from knowledge.figures import unstated
from knowledge.library import Library
from server.app import create_app
from server.chat.conversations import Conversations, forget_expired
from server.chat.serving import Served, Serving
from server.database.db import Database
from server.published.kept_indexes import KeptIndexes
from server.web.resources import Resources
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
        made = replace(
            resources, serving=serving, conversations=Conversations(database, safe=resources.safe)
        )
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


# -- the self-check -----------------------------------------------------------------------------

ANSWERS = ("想", "交了", "是单位把我辞了", "办了", "交了237个月")
# What nobody else says, and what these answers are kept as while the check runs.
SEALED = '{"sealed": "'
"""How a context begins that holds answers of a self-check."""
CANARIES = (
    "是单位把我辞了", "交了237个月", "job_loss_involuntary", "unemployment_insurance_months",
    "unemployment_insured", "你符合",
)  # fmt: skip


def everything_stored(database: Database) -> str:
    """Every row of every table, as one text."""
    with database.read() as session:
        connection = session.connection()
        tables = MetaData()
        tables.reflect(connection)
        rows = [row for table in tables.sorted_tables for row in connection.execute(select(table))]
    return "\n".join(f"{row!r} {_plain(row)}" for row in rows)


def _plain(row: Sequence[object]) -> str:
    """What a row holds as JSON, with its characters written out."""
    return " ".join(
        json.dumps(json.loads(value), ensure_ascii=False)
        for value in row
        if isinstance(value, str) and value.startswith(("{", "["))
    )


def test_a_self_check_in_chat_outlives_a_restart(
    resources: Resources, served: Served, clock: HandClock, tmp_path: Path
) -> None:
    clock.now = datetime(2022, 4, 10, 4, tzinfo=UTC)
    database = resources.database

    def start() -> tuple[Resources, FlaskClient]:
        serving = Serving(database, KeptIndexes(tmp_path, b"secret"), served)
        made = replace(
            resources, serving=serving, conversations=Conversations(database, safe=resources.safe)
        )
        return made, create_app(made.settings, made).test_client()

    def stop(made: Resources) -> None:
        made.serving.close()
        made.conversations.close()

    conversation = None
    for said in (("石狮失业金怎么领", "我能领吗"), *((answer,) for answer in ANSWERS)):
        made, client = start()
        worker = Worker(client)
        worker.conversation = conversation
        for text in said:
            told = worker.says(text)
        conversation = worker.conversation
        clock.now += timedelta(minutes=5)
        stop(made)
    assert "你符合" in str(told["reply"]) and told["measures"] == ["shishi-4a"]


def test_nothing_entered_in_a_self_check_is_left_when_it_ends(
    worker: Worker, resources: Resources, clock: HandClock
) -> None:
    clock.now = datetime(2022, 4, 10, 4, tzinfo=UTC)
    worker.signs_in("wang")
    worker.says("石狮失业金怎么领")
    worker.says("我能领吗")
    for answer in ANSWERS[:-1]:
        worker.says(answer)
    assert resources.conversations.flush()
    # While it runs the answers stand in the context, sealed, and nowhere else.
    running = everything_stored(resources.database)
    assert SEALED in running and "失业金怎么领" in running
    assert "job_loss_involuntary" not in running and "是单位把我辞了" not in running
    assert "你符合" in str(worker.says(ANSWERS[-1])["reply"])
    assert resources.conversations.flush()
    left = everything_stored(resources.database)
    assert "失业金怎么领" in left, "the rest of the talk is kept"
    assert not [canary for canary in CANARIES if canary in left]
    # What is said after it is kept again: the search above does find what is there.
    worker.says("交了238个月算不算满一年？")
    assert resources.conversations.flush()
    assert "238个月" in everything_stored(resources.database)


def test_a_self_check_that_is_left_lying_is_forgotten(
    worker: Worker, resources: Resources, clock: HandClock
) -> None:
    clock.now = datetime(2022, 4, 10, 4, tzinfo=UTC)
    for text in ("石狮失业金怎么领", "我能领吗", *ANSWERS[:3]):
        worker.says(text)
    assert resources.conversations.flush()
    assert SEALED in everything_stored(resources.database)
    with resources.database.begin() as session:
        assert forget_expired(session, now=clock.now + timedelta(minutes=31)) == 1
    assert SEALED not in everything_stored(resources.database)


def test_the_answers_of_a_self_check_are_not_remembered_in_memory(
    worker: Worker, resources: Resources, clock: HandClock
) -> None:
    clock.now = datetime(2022, 4, 10, 4, tzinfo=UTC)
    for text in ("石狮失业金怎么领", "我能领吗", *ANSWERS):
        worker.says(text)
    remembered = repr(resources.serving.current()._remembered)
    assert "石狮失业金怎么领" in remembered
    assert not [canary for canary in CANARIES if canary in remembered]


def test_the_verdict_in_chat_is_that_of_the_api(worker: Worker, clock: HandClock) -> None:
    clock.now = datetime(2022, 4, 10, 4, tzinfo=UTC)
    facts = {
        "applicant_role": ["worker"], "seeking_work": True, "unemployment_insured": True,
        "job_loss_involuntary": True, "unemployment_registered": True,
    }  # fmt: skip
    for months, said, outcome in ((237, "你符合", "eligible"), (9, "还差3个月", "ineligible")):
        for text in ("石狮失业金怎么领", "我能领吗", *ANSWERS[:-1]):
            worker.says(text)
        assert said in str(worker.says(str(months))["reply"])
        body = {"region": "石狮", "facts": {**facts, "unemployment_insurance_months": months}}
        checked = worker.client.post("/api/v1/self-check", json=body).get_json()
        found = {each["measure"]: each["outcome"] for each in checked["results"]}
        assert found["shishi-4a"] == outcome


def test_what_could_not_be_answered_is_there_to_be_looked_at(
    worker: Worker, resources: Resources
) -> None:
    worker.says("石狮住院医保报销几成")
    assert resources.conversations.flush()
    row = resources.database.fetch("SELECT text, rejected FROM turn WHERE kind = 'decline'")
    assert row is not None and "医保" in row[0]
    assert isinstance(json.loads(row[1]), list)
