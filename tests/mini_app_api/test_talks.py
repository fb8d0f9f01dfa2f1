"""What was said, to read again after a reload; thumbs; questions to begin with; 繁體."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from knowledge.library import Library
from server.web.resources import Resources
from tests.conftest import HandClock
from tests.mini_app_api.test_chat import ASKED, say, sign_in


def again(client: FlaskClient, conversation: str, token: str | None = None) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = {"conversation": conversation}
    return client.post("/api/v1/chat/history", json=body, headers=headers)


def thumb(client: FlaskClient, said: dict[str, Any], direction: str | None, **more: Any) -> int:
    body = {"conversation": said["conversation"], "turn": said["turn"], "thumb": direction}
    return client.post("/api/v1/chat/thumb", json={**body, **more}).status_code


def test_what_was_said_can_be_read_again_masked_and_with_its_sources(client: FlaskClient) -> None:
    said = say(client, f"我的手机号13912345678，{ASKED}")
    read = again(client, said["conversation"]).get_json()
    (turn,) = read["turns"]
    assert turn["turn"] == said["turn"]
    assert turn["reply"] == said["reply"]
    assert "13912345678" not in json.dumps(read) and "［手机号］" in turn["text"]
    assert turn["sources"][0]["measure"] == said["measures"][0]
    assert turn["sources"][0]["number"] == "狮委办〔2022〕19号"


def test_what_somebody_answers_in_a_self_check_is_not_read_again(client: FlaskClient) -> None:
    begun = say(client, "帮我查查够不够条件", region="石狮")
    say(client, "1", conversation=begun["conversation"])
    turns = again(client, begun["conversation"]).get_json()["turns"]
    assert (turns[-1]["text"], turns[-1]["reply"]) == ("", "")


def test_a_conversation_of_somebody_who_signed_in_is_theirs_alone(client: FlaskClient) -> None:
    alice, bob = sign_in(client, "alice"), sign_in(client, "bob")
    said = say(client, ASKED, token=alice)
    assert again(client, said["conversation"], alice).status_code == 200
    for who in (None, bob):
        refused = again(client, said["conversation"], who)
        assert refused.status_code == 404
        assert refused.get_json()["code"] == "unknown_conversation"
    assert thumb(client, said, "up") == 404


def test_the_last_thumb_counts_and_can_be_taken_back(
    client: FlaskClient, clock: HandClock, resources: Resources
) -> None:
    said = say(client, ASKED)
    for direction in ("up", "down", "down"):
        assert thumb(client, said, direction) == 204
        found = again(client, said["conversation"]).get_json()["turns"][0]
        assert found["thumb"] == direction
    row = resources.database.fetch("SELECT count(*) FROM thumb")
    assert row is not None and row[0] == 1
    assert thumb(client, said, None) == 204
    assert again(client, said["conversation"]).get_json()["turns"][0]["thumb"] is None


@pytest.mark.parametrize("more", [{"turn": 7}, {"turn": 1 << 53}, {"conversation": "x" * 30}])
def test_a_thumb_on_nothing_is_refused(client: FlaskClient, more: dict[str, Any]) -> None:
    assert thumb(client, say(client, ASKED), "up", **more) == 404


def test_every_region_suggests_questions_that_its_own_documents_answer(
    client: FlaskClient, library: Library
) -> None:
    for region in (*library.regions.covered_in("河北"), "石狮", "广州荔湾区"):
        asked = client.get("/api/v1/suggestions", query_string={"region": region}).get_json()
        assert 1 <= len(asked["questions"]) <= 5
        said = say(client, asked["questions"][0], region=region)
        assert said["kind"] == "answer", (region, asked["questions"][0], said["reply"])
        assert said["region"] in library.regions.within(region)
    assert client.get("/api/v1/suggestions").get_json()["questions"]


def test_a_reply_says_what_can_be_checked_and_applied_for(client: FlaskClient) -> None:
    said = say(client, ASKED)
    assert "shishi-4a" in said["can_check"] and "shishi-4a" in said["can_apply"]
    over = say(client, "沧州留下过年有补贴吗")
    assert over["measures"] and not over["can_apply"]
    listed = client.get("/api/v1/measures", query_string={"region": "石狮", "limit": 100})
    can = {m["id"]: m["can_apply"] for m in listed.get_json()["measures"]}
    assert can["shishi-4a"] and not all(can.values())
    assert not can["shishi-7"], "a telephone line is called, not applied for"
    assert not can["shishi-6c"] and not can["shishi-8b"], "nor a line without number, nor a show"
    assert not can["shishi-1a"], "不用申请: it comes by itself"


def test_texts_are_given_in_traditional_characters(client: FlaskClient) -> None:
    asked = client.post("/api/v1/script", json={"texts": ["失业了，发补贴吗", "", "123"]})
    assert asked.get_json()["texts"] == ["失業了，發補貼嗎", "", "123"]
