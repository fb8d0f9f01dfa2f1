"""Every kind of message through the callback: what a follower gets to read."""

import json
from datetime import timedelta

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from server.web.resources import Resources
from tests.conftest import HandClock
from tests.wechat_platform.user import Platform, User

QUESTION = "石狮被裁了有钱领吗"
EXAMPLE = "被辞退了有钱领吗"


def test_a_question_gets_the_answer_that_it_gets_everywhere(user: User, app: APIFlask) -> None:
    everywhere = app.test_client().post("/api/v1/chat", json={"text": QUESTION}).json["reply"]
    assert "狮委办〔2022〕19号" in everywhere
    assert user.says(QUESTION) == everywhere


def test_a_conversation_goes_on_and_belongs_to_one_person(user: User, platform: Platform) -> None:
    user.says(QUESTION)
    assert "石狮" in user.says("要啥条件")
    stranger = User(platform)
    assert "石狮" not in stranger.says("要啥条件")


def test_a_choice_is_picked_by_its_number(user: User) -> None:
    asked = user.says("失业金怎么领")
    number = next(line for line in asked.splitlines() if "石狮" in line)[0]
    assert "狮委办" in user.says(number)


def test_a_self_check_goes_on_from_message_to_message(user: User) -> None:
    assert "第1题" in user.says("石狮失业金我够不够条件")
    for answer in ("1", "1", "1", "是的"):
        asked = user.says(answer)
    assert "第5题" in asked and "几个月" in asked
    assert "第4题" in user.says("返回")
    assert "第5题" in user.says("有")
    assert "还差3个月失业保险缴费" in user.says("9个月")


def test_speech_is_answered_with_what_was_heard(user: User) -> None:
    reply = user.speaks("石狮被裁了有钱领吗。")
    assert reply.startswith("我听到：石狮被裁了有钱领吗。\n")
    assert "狮委办〔2022〕19号" in reply


def test_speech_that_was_misheard_is_understood_by_its_sound(user: User) -> None:
    assert "失业" in user.speaks("石狮师业金怎么令")


@pytest.mark.parametrize("heard", [None, "", "  ", "。"])
def test_speech_that_was_not_heard_asks_for_text(user: User, heard: str | None) -> None:
    reply = user.speaks(heard)
    assert "打字" in reply and reply.count("“") == 3 and EXAMPLE in reply


def test_personal_numbers_in_speech_are_masked(user: User, known: Resources) -> None:
    reply = user.speaks("我手机号13812345678石狮被裁了有钱领吗")
    assert "13812345678" not in reply and "［手机号］" in reply
    for table, column in (("turn", "text"), ("wechat_receipt", "reply")):
        row = known.database.fetch(f"SELECT {column} FROM {table}")
        assert row is not None and "13812345678" not in row[0] and "手机号" in row[0]


@pytest.mark.parametrize("kind", ["image", "video", "shortvideo", "link", "file", "hologram"])
def test_what_cannot_be_read_gets_a_friendly_word(user: User, kind: str) -> None:
    reply = user.sends(kind, MediaId="m", PicUrl="http://x", Title="t", Url="http://x")
    assert "打字" in reply


def test_a_sticker_gets_help(user: User) -> None:
    assert EXAMPLE in user.says("【收到不支持的消息类型，暂无法显示】")


@pytest.mark.parametrize("text", ["", " ", "\x01"])
def test_an_empty_text_is_answered_too(user: User, text: str) -> None:
    assert user.says(text.replace("\x01", "")) != ""


def test_a_location_sets_the_place_for_good(user: User, clock: HandClock) -> None:
    assert "石狮" in user.stands_at("福建省泉州市石狮市子芳路1号")
    clock.now += timedelta(days=3)
    reply = user.says("被裁了有钱领吗")
    assert "狮委办〔2022〕19号" in reply


def test_a_location_answers_which_place_is_meant(user: User) -> None:
    assert "石狮" in user.says("失业金怎么领")
    assert "狮委办" in user.stands_at("石狮市湖滨街道")


def test_a_location_elsewhere_says_that_nothing_is_known_of_it(user: User) -> None:
    assert "敦煌" in user.stands_at("甘肃省酒泉市敦煌市阳关东路")


@pytest.mark.parametrize("label", ["", "Unnamed Road", "!!"])
def test_a_location_without_a_place_asks_for_it(user: User, label: str) -> None:
    assert "哪个市" in user.stands_at(label)


def test_a_new_follower_is_greeted(user: User) -> None:
    reply = user.does("subscribe", "")
    assert "暖岗" in reply and EXAMPLE in reply


@pytest.mark.parametrize("place", ["石狮", "石狮市凤里街道"])
def test_a_new_follower_who_scanned_is_bound_to_the_place(
    user: User, place: str, clock: HandClock
) -> None:
    assert "石狮" in user.does("subscribe", f"qrscene_place:{place}", Ticket="t")
    clock.now += timedelta(days=1)
    assert "狮委办" in user.says("被裁了有钱领吗")


def test_a_follower_who_scans_gets_what_the_place_offers(user: User) -> None:
    reply = user.does("SCAN", "place:荔湾", Ticket="t")
    assert "荔湾" in reply and "1" in reply
    assert "荔湾" in user.says("1")


@pytest.mark.parametrize(
    "key", ["", "place:", "place:敦煌", "other", "qrscene_", "place:" + "x" * 99]
)
def test_a_scene_of_no_place_is_greeted_all_the_same(user: User, key: str) -> None:
    assert "暖岗" in user.does("SCAN", key)
    assert "暖岗" in user.does("subscribe", key)


def test_what_was_known_of_somebody_goes_when_they_leave(user: User, known: Resources) -> None:
    user.does("SCAN", "place:石狮")
    assert known.database.fetch("SELECT count(*) FROM wechat_follower") == (1,)
    assert user.does("unsubscribe") == ""
    assert known.database.fetch("SELECT count(*) FROM wechat_follower") == (0,)


@pytest.mark.parametrize(
    ("key", "word"), [("ask", "打字"), ("check", "条件"), ("progress", "我的办件")]
)
def test_each_button_of_the_menu_says_how_to_go_on(user: User, key: str, word: str) -> None:
    assert word in user.does("CLICK", key)


def test_a_button_of_an_earlier_menu_gets_help(user: User) -> None:
    assert EXAMPLE in user.does("CLICK", "gone")


@pytest.mark.parametrize("event", ["VIEW", "LOCATION", "TEMPLATESENDJOBFINISH", "whatever"])
def test_other_events_are_acknowledged_in_silence(user: User, event: str, known: Resources) -> None:
    assert user.does(event, "https://example.org") == ""
    assert known.database.fetch("SELECT count(*) FROM wechat_receipt") == (0,)


@pytest.mark.parametrize(
    "text",
    [
        "]]>",
        "石狮]]><x/>失业金怎么领]]>",
        "<![CDATA[石狮]]>",
        "&lt;&amp;石狮失业金",
        "石狮🙂失业金",
    ],
)
def test_replies_are_valid_whatever_they_repeat(user: User, text: str) -> None:
    assert user.speaks(text + "石狮").startswith(f"我听到：{text}")


def test_a_person_who_writes_too_fast_is_told_so(user: User, platform: Platform) -> None:
    replies = [user.says("你好") for _ in range(61)]
    assert "太快" in replies[-1] and "太快" not in replies[59]
    assert "太快" not in User(platform).says("你好")


def test_who_somebody_is_stands_nowhere_in_clear(user: User, known: Resources) -> None:
    user.says(QUESTION)
    user.does("SCAN", "place:石狮")
    with known.database.read() as session:
        connection = session.connection()
        tables = ("wechat_receipt", "wechat_follower", "conversation", "turn", "worker", "identity")
        rows = [
            tuple(row)
            for name in tables
            for row in connection.exec_driver_sql(f"SELECT * FROM {name}")
        ]
    assert len(rows) > 5 and user.openid not in repr(rows)


def test_turns_are_recorded_with_their_worker(user: User, known: Resources) -> None:
    user.says(QUESTION)
    user.says("要啥条件")
    recorded = known.database.fetch(
        "SELECT count(*), count(DISTINCT conversation_id), min(channel) FROM turn"
    )
    assert recorded == (2, 1, "official_account")
    workers = known.database.fetch("SELECT count(DISTINCT worker_id) FROM conversation")
    assert workers == (1,)


def test_without_the_settings_there_is_no_callback(client: FlaskClient) -> None:
    assert client.get("/wechat").status_code == 404
    assert client.post("/wechat").status_code == 404


def test_the_description_of_the_api_leaves_the_callback_out(app: APIFlask) -> None:
    assert "/wechat" not in json.dumps(app.test_client().get("/openapi.json").json)
