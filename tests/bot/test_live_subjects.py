"""Questions after what is on today are told from those that documents answer."""

import json
from pathlib import Path

import pytest

from bot.live_subjects import LiveSubject, live_subject

_EVALUATION = Path(__file__).parents[2] / "evaluation"


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("附近有什么招聘", LiveSubject.WORK),
        ("石狮哪里有厂在招人", LiveSubject.WORK),
        ("帮我找个岗位", LiveSubject.WORK),
        ("最近有没有活干", LiveSubject.WORK),
        ("哪天有车回达州", LiveSubject.TRIP),
        ("有没有返乡车", LiveSubject.TRIP),
        ("什么时候开班", LiveSubject.COURSE),
        ("附近有哪些培训课", LiveSubject.COURSE),
        ("这两天有啥活动", LiveSubject.ACTIVITY),
        ("老板欠我们十几个人工钱", LiveSubject.ARREARS),
        ("我们十几个人的工资老板不给", LiveSubject.ARREARS),
        ("工地拖欠大家三个月工资", LiveSubject.ARREARS),
        ("包工头跑了，欠我们20多人血汗钱", LiveSubject.ARREARS),
        ("我的申请到哪一步了", LiveSubject.PROGRESS),
        ("我交的材料审好了没", LiveSubject.PROGRESS),
        ("办件进度", LiveSubject.PROGRESS),
        ("帮我查下我的申请进度", LiveSubject.PROGRESS),
        ("我前几天报的那个补贴批下来了吗", LiveSubject.PROGRESS),
        ("补贴批下来要多久", None),
        ("申请要审几天", None),
        ("老板欠我工钱", None),
        ("欠薪找谁", None),
        ("我们工资什么时候发", None),
        ("我们单位不给交社保，工资照发", None),
        ("找不到工作有补贴吗", None),
        ("培训补贴怎么领", None),
        ("工作站在哪里有", None),
        ("失业金要什么条件", None),
        ("今天没地方住", None),
        ("你好", None),
        ("", None),
    ],
)
def test_what_is_on_today_is_told_from_what_documents_say(
    text: str, subject: LiveSubject | None
) -> None:
    assert live_subject(text) is subject


def test_hardly_a_question_for_the_documents_is_taken_for_one_of_the_day() -> None:
    asked = [
        json.loads(line)["turns"][-1]
        for file in sorted(_EVALUATION.glob("*.jsonl"))
        for line in file.read_text("utf-8").splitlines()
    ]
    taken = [text for text in asked if live_subject(text)]
    assert len(taken) <= len(asked) // 25, taken
