"""What is on today is told from the offers as they stand, in the place that was understood."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.answers import Context, Kind
from server.chat import live_answers
from server.clock import china_day
from server.offers.tables import OfferKind
from tests.server.offers.conftest import SEWING, Fair, fair

if TYPE_CHECKING:
    from bot.answers import Answer
    from server.chat.serving import Served

__all__ = ["fair"]

Ask = Callable[..., "Answer"]


@pytest.fixture
def ask(fair: Fair, served: "Served") -> Ask:
    def asked(text: str, region: str | None = "石狮", days: int = 0) -> "Answer":
        now = fair.now + timedelta(days=days)
        found = served.answer(text, Context(), today=china_day(now), region=region)
        return live_answers.instead(found, served, fair.database, now=now).answer

    return asked


def test_vacancies_are_told_with_pay_places_last_day_and_the_day_of_the_answer(
    fair: Fair, ask: Ask
) -> None:
    fair.opened()
    told = ask("附近有什么招聘")
    assert told.kind is Kind.ANSWER
    for words in (
        "2026年3月1日的情况",
        "缝纫工，某服装厂，月工资5000到8000元，还有2个名额，报名到2026年3月20日。电话0595-88000000。",
        "不用先交钱",
    ):
        assert words in told.reply


@pytest.mark.parametrize(
    ("pay", "said"),
    [
        ({"pay_from": 5000_50, "pay_to": 5800_05}, "月工资5000.50到5800.05元"),
        ({"pay_from": 5000_50}, "月工资5000.50元起"),
        ({"pay_to": 99}, "月工资0.99元以内"),
        ({"pay_from": 5000_00}, "月工资5000元起"),
    ],
)
def test_pay_is_told_to_the_fen(fair: Fair, ask: Ask, pay: dict[str, int], said: str) -> None:
    fair.opened(details={"trade": "缝纫", **pay})
    assert said in ask("附近有什么招聘").reply


def test_nothing_of_another_place_and_nothing_that_is_over_is_told(fair: Fair, ask: Ask) -> None:
    fair.opened()
    assert "缝纫工" not in ask("附近有什么招聘", region="锦州").reply
    assert "缝纫工" not in ask("附近有什么招聘", days=30).reply
    assert "缝纫工" in ask("附近有什么招聘").reply


def test_where_nothing_is_on_that_is_said_with_the_day(fair: Fair, ask: Ask) -> None:
    told = ask("附近有什么招聘")
    assert told.reply == "石狮市现在没有在招人的（2026年3月1日的情况）。"
    asked_back = ask("附近有什么招聘", region=None)
    assert asked_back.kind is Kind.CLARIFY and "石狮附近有什么招聘" in asked_back.reply


def test_the_place_that_the_text_names_wins(fair: Fair, ask: Ask) -> None:
    fair.opened()
    assert "缝纫工" in ask("石狮现在有什么招聘", region="锦州").reply


def test_questions_for_the_documents_stay_theirs(fair: Fair, ask: Ask) -> None:
    fair.opened()
    assert ask("失业金要什么条件").measures == ("shishi-4a",)


def test_a_coach_is_told_with_its_way_and_its_hour(fair: Fair, ask: Ask) -> None:
    way = {"origin": "石狮", "destination": "达州"}
    fair.opened(
        replace(SEWING, kind=OfferKind.TRIP, title="返乡专车", details=way),
        begins_at=fair.now + timedelta(days=25),
    )
    assert "从石狮到达州，2026年3月26日17:30开始" in ask("哪天有车回达州").reply


def test_many_are_told_within_the_length_of_a_message(fair: Fair, ask: Ask) -> None:
    for _ in range(7):
        fair.opened(title="缝纫工" * 20, organiser="某某服装有限公司" * 8)
    told = ask("附近有什么招聘")
    assert "5条以上" in told.reply
    assert len(told.reply.encode()) <= 2048


def test_several_who_are_owed_wages_are_told_that_they_can_report_it_together(
    fair: Fair, ask: Ask, served: "Served"
) -> None:
    text, today = "老板欠我们十几个人工钱", china_day(fair.now)
    told = ask(text)
    plain = served.answer(text, Context(), today=today, region="石狮").answer
    assert told.reply.startswith(plain.reply) and told.reply.endswith("一次交给劳动监察。")
    assert (told.kind, told.measures, told.sources) == (plain.kind, plain.measures, plain.sources)
    # The control: one alone.
    assert "一起反映" not in ask("老板欠我工钱").reply
