"""POST /api/v1/chat: one message, one reply, and a conversation that goes on."""

import json
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from server.chat.conversations import is_conversation_id
from server.confidential.privacy import IDENTITY, MOBILE
from server.web.resources import Resources
from tests.conftest import HandClock

ASKED = "石狮被裁了有钱领吗"


def say(client: FlaskClient, text: str, token: str | None = None, **more: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    reply = client.post("/api/v1/chat", json={"text": text, **more}, headers=headers)
    assert reply.status_code == 200, reply.text
    said: dict[str, Any] = reply.get_json()
    return said


def sign_in(client: FlaskClient, name: str) -> str:
    token: str = client.post("/api/v1/session", json={"code": f"dev:{name}"}).get_json()["token"]
    return token


def rows(resources: Resources, columns: str, **where: str) -> list[Any]:
    """All turns in order, once the writer has written them."""
    assert resources.conversations.flush()
    found: list[Any] = []
    while row := resources.database.fetch(
        f"SELECT {columns} FROM turn ORDER BY id LIMIT 1 OFFSET :n", n=len(found)
    ):
        found.append(row)
    return found


def test_a_reply_has_every_field_and_its_source(client: FlaskClient) -> None:
    said = say(client, ASKED)
    assert said["kind"] == "answer"
    assert said["measures"][0] == "shishi-4a"
    assert said["region"] == "石狮"
    assert is_conversation_id(said["conversation"])
    source = said["sources"][0]
    assert source["measure"] == "shishi-4a"
    assert source["number"] == "狮委办〔2022〕19号"
    assert source["date"] == "2022-03-31"
    assert isinstance(said["suggestions"], list)
    assert len(said["reply"].encode()) <= 2048


def test_choices_are_numbered_and_a_bare_number_picks_one(client: FlaskClient) -> None:
    asked = say(client, "失业金怎么领")
    assert asked["kind"] == "clarify"
    assert [choice["number"] for choice in asked["choices"]] == list(
        range(1, len(asked["choices"]) + 1)
    )
    place = next(c for c in asked["choices"] if "石狮" in c["label"])
    picked = say(client, str(place["number"]), conversation=asked["conversation"])
    assert picked["conversation"] == asked["conversation"]
    assert picked["region"] == "石狮"


def test_a_follow_up_leans_on_the_conversation(client: FlaskClient) -> None:
    first = say(client, ASKED)
    second = say(client, "要啥条件", conversation=first["conversation"])
    assert second["measures"][0] == "shishi-4a"


def test_the_chosen_region_counts_and_may_be_written_as_its_label(client: FlaskClient) -> None:
    for written in ("石狮", "石狮市"):
        assert say(client, "被裁了有钱领吗", region=written)["region"] == "石狮"


def test_a_context_is_over_after_thirty_minutes(client: FlaskClient, clock: HandClock) -> None:
    first = say(client, ASKED)
    clock.now += timedelta(minutes=30)
    assert say(client, "要啥条件", conversation=first["conversation"])["region"] == "石狮"
    clock.now += timedelta(minutes=30, seconds=1)
    late = say(client, "要啥条件", conversation=first["conversation"])
    assert late["conversation"] != first["conversation"]
    assert late["region"] is None


@pytest.mark.parametrize(
    "unknown", ["", "x", "0" * 22, "0" * 30, "../../etc/passwd", "中" * 22, "x" * 5000]
)
def test_an_unknown_conversation_begins_a_new_one(client: FlaskClient, unknown: str) -> None:
    said = say(client, ASKED, conversation=unknown)
    assert said["conversation"] != unknown


def test_a_message_that_comes_again_is_answered_again_and_counts_once(
    client: FlaskClient, resources: Resources, clock: HandClock
) -> None:
    first = say(client, ASKED, message="a" * 32)
    clock.now += timedelta(seconds=9)
    # The reply was lost: the client knows of no conversation yet.
    assert say(client, ASKED, message="a" * 32) == first
    talk = first["conversation"]
    clock.now += timedelta(seconds=9)
    begun = say(client, "帮我查查", conversation=talk, message="b" * 32)
    asked = say(client, "1", conversation=talk, message="c" * 32)
    clock.now += timedelta(seconds=9)
    assert say(client, "1", conversation=talk, message="c" * 32) == asked
    assert asked["reply"] != begun["reply"]
    # It went on by one question, not by two.
    assert say(client, "帮我查查", conversation=talk, message="d" * 32)["turn"] > asked["turn"]
    assert len(rows(resources, "id")) == 4


def test_what_is_answered_in_a_self_check_stands_nowhere_in_clear(
    client: FlaskClient, resources: Resources
) -> None:
    talk = say(client, "石狮失业金我够不够")["conversation"]
    kept = []
    for key, text in zip("abcd", ("1", "1", "停", ASKED), strict=True):
        say(client, text, conversation=talk, message=key * 32)
        assert resources.conversations.flush()
        row = resources.database.fetch("SELECT context FROM conversation")
        assert row is not None
        kept.append(row[0])
    # The control: what is only asked is readable, and nothing is left in it of what was answered.
    assert ["shishi-4a" in context for context in kept] == [False] * 3 + [True]
    assert not any("facts" in context for context in kept)


def test_a_message_is_taken_for_the_same_by_its_own_client_only(
    client: FlaskClient, resources: Resources
) -> None:
    wang = sign_in(client, "wang")
    own = say(client, ASKED, wang, message="a" * 32)
    other = say(client, ASKED, sign_in(client, "li"), message="a" * 32)
    assert other["conversation"] != own["conversation"]
    assert len(rows(resources, "id")) == 2


def test_a_conversation_belongs_to_whoever_began_it_signed_in(client: FlaskClient) -> None:
    wang, li = sign_in(client, "wang"), sign_in(client, "li")
    begun = say(client, ASKED, wang)["conversation"]
    assert say(client, "要啥条件", wang, conversation=begun)["conversation"] == begun
    for token in (li, None):
        other = say(client, "要啥条件", token, conversation=begun)
        assert other["conversation"] != begun
        assert other["region"] is None


def test_a_conversation_begun_without_a_session_goes_on_after_signing_in(
    client: FlaskClient,
) -> None:
    begun = say(client, ASKED)["conversation"]
    wang = sign_in(client, "wang")
    assert say(client, "要啥条件", wang, conversation=begun)["conversation"] == begun
    assert say(client, "要啥条件", conversation=begun)["conversation"] != begun


def test_a_token_that_is_unknown_or_over_is_told_so(client: FlaskClient, clock: HandClock) -> None:
    token = sign_in(client, "wang")
    clock.now += timedelta(days=31)
    for wrong in (token, "nonsense", "x" * 4000):
        headers = {"Authorization": f"Bearer {wrong}"}
        reply = client.post("/api/v1/chat", json={"text": ASKED}, headers=headers)
        assert reply.status_code == 401
        assert reply.get_json()["code"] == "session_over"
        assert reply.headers["WWW-Authenticate"] == "Bearer"


def test_every_turn_is_recorded_with_where_it_came_from(
    client: FlaskClient, resources: Resources
) -> None:
    said = say(client, ASKED)
    (row,) = rows(
        resources, "conversation_id, channel, text, kind, reply, measures, region, release_id"
    )
    assert row[:5] == (said["conversation"], "mini_app", ASKED, "answer", said["reply"])
    assert json.loads(row[5]) == said["measures"]
    assert row[6:] == ("石狮", 1)


def test_rejected_candidates_are_recorded(client: FlaskClient, resources: Resources) -> None:
    say(client, "微信零钱被冻住了咋解")
    ((rejected,),) = rows(resources, "rejected")
    assert isinstance(json.loads(rejected), list)


def test_personal_numbers_are_masked_and_public_ones_stay(
    client: FlaskClient, resources: Resources
) -> None:
    say(
        client,
        "我叫王五，身份证11010519491231002X，电话13800138000，打12333没人接，石狮能领失业金吗",
    )
    ((text,),) = rows(resources, "text")
    assert IDENTITY in text and MOBILE in text and "12333" in text
    assert "13800138000" not in text and "11010519491231002X" not in text
    context = resources.database.fetch("SELECT context FROM conversation")
    assert context is not None and "13800138000" not in context[0]


def test_the_reply_to_a_message_with_personal_numbers_is_not_remembered(
    client: FlaskClient, resources: Resources
) -> None:
    say(client, "我的电话13800138000，石狮能领失业金吗")
    remembered = resources.serving.current()._remembered
    assert not any("13800138000" in asked[0] for asked in remembered)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "\u200b\u202e", "😀😀😀", "\x00", "\x00石狮\x00", "石狮\u200b失业\u200d金",
        "\ufeff",
        "?" * 2000, "石狮" * 900, "失业金" * 3000, "‮失业金", "1", "99999999999999999999", "１",
        "%s%d{}{0}", "<script>alert(1)</script>", "' OR 1=1 --", "👨\u200d👩" * 300,
    ],
)  # fmt: skip
def test_any_text_gets_a_friendly_reply(client: FlaskClient, text: str) -> None:
    said = say(client, text)
    assert said["reply"]
    assert len(said["reply"].encode()) <= 2048


@pytest.mark.parametrize("text", ['"\\ud800"', '"石狮\\udfff失业金"', '"\\ud83d\\ude00"'])
def test_half_characters_do_no_harm(client: FlaskClient, resources: Resources, text: str) -> None:
    reply = client.post("/api/v1/chat", data=f'{{"text":{text}}}', content_type="application/json")
    assert reply.status_code == 200
    assert len(rows(resources, "text")) == 1


def test_what_is_asked_often_is_worked_out_once(client: FlaskClient, resources: Resources) -> None:
    first = say(client, ASKED)
    second = say(client, ASKED)
    assert first["conversation"] != second["conversation"]
    assert {**first, "conversation": ""} == {**second, "conversation": ""}
    assert len(rows(resources, "id")) == 2


def test_what_is_remembered_stays_bounded(
    client: FlaskClient, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.chat.serving._REMEMBERED", 5)
    served = resources.serving.current()
    before = set(served._remembered)
    for number in range(20):
        say(client, f"你好{number}")
    assert len(served._remembered) <= max(5, len(before))


def test_what_is_no_answer_to_a_self_check_is_heard_and_the_check_waits(
    client: FlaskClient,
) -> None:
    token = sign_in(client, "lihua")
    begun = say(client, "石狮失业金我够不够条件", token)
    assert "第1题" in begun["reply"]
    id = begun["conversation"]
    stands = say(client, "我的申请到哪一步了", token, conversation=id)
    assert "你还没有办件" in stands["reply"] and "自查停在" in stands["reply"]
    assert "不再发给你" in say(client, "退订", token, conversation=id)["reply"]
    assert client.get("/api/v1/me/opt-outs", headers=_of(token)).get_json()
    assert "第2题" in say(client, "1", token, conversation=id)["reply"]


def test_how_a_case_stands_is_told_to_its_worker_only(client: FlaskClient) -> None:
    assert "请先登录" in say(client, "办件进度")["reply"]


def _of(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
