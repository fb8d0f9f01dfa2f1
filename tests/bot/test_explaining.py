"""Why the bot says what it says: the same answer, with the steps and scores that led to it."""

from datetime import date
from typing import TYPE_CHECKING

import pytest

from bot.answers import Context, Kind
from bot.explaining import shared
from bot.retrieval.indexing import Shelf
from knowledge.regions import UnknownRegion

if TYPE_CHECKING:
    from server.chat.serving import Served

TODAY = date(2026, 3, 2)
QUESTIONS = ("失业金怎么领", "锦州社保能缓交吗", "你好", "深圳有啥补贴", "明天天气怎么样")


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_is_explained_is_what_is_answered(served: "Served", question: str) -> None:
    told = served.explain(question, today=TODAY, region="石狮")
    given = served.answer(question, Context(), today=TODAY, region="石狮").answer
    assert told.answer == given
    answered = [step for step in told.steps if step.reason is not None]
    assert [step.reason for step in answered] == [given.reason]
    assert told.steps[-1] == answered[0]


def test_the_measure_answered_from_passes_every_gate_and_others_name_theirs(
    served: "Served",
) -> None:
    told = served.explain("失业金怎么领", today=TODAY, region="石狮")
    gates = {each.measure.id: each.gate for each in told.weighed}
    assert told.answer.kind is Kind.ANSWER
    assert all(gates[id] == "" for id in told.answer.measures if id in gates)
    elsewhere = [e for e in told.weighed if e.measure.region not in ("石狮", "福建")]
    assert elsewhere and all(each.gate == "region" for each in elsewhere)


def test_the_words_in_common_are_told_each_kind_without_the_ones_before() -> None:
    told = shared("失业金咋领", "失业保险金怎么领")
    assert "失业" in told.words
    assert "领" in told.characters and not set("失业") & set(told.characters)
    assert ("石", "十") in shared("石狮", "十狮").sounds


def test_a_rival_subject_is_shown_with_its_evidence(served: "Served") -> None:
    told = served.explain("我不想活了", today=TODAY)
    care = next(rival for rival in told.rivals if rival.shelf is Shelf.CARE)
    assert told.answer.kind is Kind.HANDOFF and care.score > 0.5


def test_a_region_that_is_none_is_refused(served: "Served") -> None:
    with pytest.raises(UnknownRegion):
        served.explain("失业金怎么领", today=TODAY, region="月球")
