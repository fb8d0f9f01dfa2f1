"""退订: by the API, in the chat and in the official account; it holds for every campaign."""

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select
from sqlmodel import col

from bot.live_subjects import LiveSubject, live_subject
from server.casework.opting_out import OutOfOutreach
from server.database.tables import Worker
from server.outreach.tables import LetterVisit
from tests.casework import Phone, introduced, person
from tests.server.outreach.conftest import sent

if TYPE_CHECKING:
    from datetime import datetime

    from flask.testing import FlaskClient

    from server.web.resources import Resources


@pytest.mark.parametrize(
    "text", ["退订", "TD", "我要退订。", "不要再发通知了", "别发短信了", "退订通知"]
)
def test_who_wants_no_more_messages_is_understood(text: str) -> None:
    assert live_subject(text) is LiveSubject.NO_LETTERS


@pytest.mark.parametrize("text", ["怎么退订保险", "不要再拖工资了", "通知", "短信说能领钱是真的吗"])
def test_other_messages_are_not_taken_for_it(text: str) -> None:
    assert live_subject(text) is not LiveSubject.NO_LETTERS


def test_an_opt_out_is_set_by_the_api_and_in_the_chat_and_taken_back(
    client: "FlaskClient", resources: "Resources", now: "datetime"
) -> None:
    phone = introduced(client, resources, now, "alice", 1)

    def is_out() -> bool:
        with resources.database.read() as session:
            out = OutOfOutreach(session, resources.safe)
            number = resources.safe.hash("identity_number", person(1).identity_number)
            return out.has(99, [number])

    def say(text: str) -> str:
        told: str = phone.post("/chat", {"text": text}).json["reply"]
        return told

    assert not is_out()
    assert phone.send("PUT", "/me/opt-outs/outreach").json == {"opt_outs": ["outreach"]}
    assert is_out()
    assert phone.send("DELETE", "/me/opt-outs/outreach").json == {"opt_outs": []}
    assert not is_out()
    assert "不再发给你" in say("退订")
    assert is_out()
    assert "再发给你" in say("恢复订阅")
    assert not is_out()
    # Without signing in it is told how.
    asked = client.post("/api/v1/chat", json={"text": "退订"}).json
    assert "先登录" in asked["reply"]
    # It needs nothing to be known of who asks.
    stranger = Phone(client, "stranger")
    assert stranger.send("PUT", "/me/opt-outs/outreach").json == {"opt_outs": ["outreach"]}


def test_a_link_shows_the_message_and_counts_once_whoever_comes(
    client: "FlaskClient", resources: "Resources", now: "datetime"
) -> None:
    phone = introduced(client, resources, now, "alice", 1)
    with resources.database.read() as session:
        worker = session.scalars(select(col(Worker.id))).one()
    token = sent(resources.database, resources.safe, worker, now)
    for _ in range(2):
        shown = client.get(f"/api/v1/letters/{token}").json
        assert (shown["title"], shown["sender"]) == ("给大家的一封信", "石狮市总工会")
        assert client.post(f"/api/v1/letters/{token}/check").status_code == 204
    assert [each["id"] for each in phone.get("/letters").json["letters"]] == [token]
    with resources.database.read() as session:
        visits = session.scalars(select(LetterVisit)).all()
        assert sorted(visit.what for visit in visits) == ["checked", "opened"]
        assert all(visit.reader in token for visit in visits)
    other = "1" if token.endswith("0") else "0"
    wrong = client.get(f"/api/v1/letters/{token[:-1]}{other}")
    assert (wrong.status_code, wrong.json["code"]) == (404, "unknown_letter")
