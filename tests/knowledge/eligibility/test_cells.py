"""A cell is read as people write it, and never guessed at."""

from datetime import date
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.eligibility.cells import read_cell
from knowledge.eligibility.facts import FactsRefused, FactType, Interval, Reason
from knowledge.library import Library

AS_OF = date(2022, 4, 10)
DAY = date(2021, 1, 15)


def read(library: Library, fact: str, text: str) -> Any:
    return read_cell(library.facts[fact], text, AS_OF)


@pytest.mark.parametrize(
    ("text", "value"),
    [("是", True), (" 有 ", True), ("TRUE", True), ("yes", True), ("True", True),
     ("否", False), ("没有", False), ("无", False), ("不是", False), ("false", False),
     ("No", False),
     ("", None), ("  ", None), ("不清楚", None), ("不知道", None), ("unknown", None)],
)  # fmt: skip
def test_yes_and_no(library: Library, text: str, value: bool | None) -> None:
    assert read(library, "unemployment_insured", text) is value


@pytest.mark.parametrize(
    "text", ["worker;child", "自己、孩子", "自己（打工的、找活的、下岗失业的、生活困难的），孩子"]
)
def test_an_option_is_read_by_its_label_with_or_without_what_explains_it(
    library: Library, text: str
) -> None:
    assert read(library, "applicant_role", text) == {"worker", "child"}


def test_what_an_option_may_be_is_told_by_value_and_label(library: Library) -> None:
    with pytest.raises(FactsRefused) as refused:
        read(library, "applicant_role", "打工的")
    assert refused.value.refusals[0].allowed == "worker 自己 | child 孩子 | employer 单位"


@pytest.mark.parametrize(
    ("text", "value"),
    [("12", 12), ("１２", 12), ("12.0", 12), ("0", 0), ("不清楚", None), ("", None),
     ("5-8", Interval(5, 8)), ("5~8", Interval(5, 8)), ("5～8", Interval(5, 8)),
     ("5 到 8", Interval(5, 8)), ("5至8", Interval(5, 8)), ("5—8", Interval(5, 8)), ("5-5", 5),
     (">=5", Interval(5, None)), ("≥ 5", Interval(5, None)), ("5以上", Interval(5, None)),
     ("至少5", Interval(5, None)), ("5及以上", Interval(5, None)),
     ("<=5", Interval(None, 5)), ("5以下", Interval(None, 5)), ("至多5", Interval(None, 5))],
)  # fmt: skip
def test_numbers_and_their_bounds(library: Library, text: str, value: object) -> None:
    assert read(library, "unemployment_insurance_months", text) == value


@pytest.mark.parametrize(
    "text",
    ["2021-01-15", "2021/1/15", "2021年1月15日", "2021.1.15", "20210115", "2021-01-15 00:00:00",
     "２０２１年１月１５日", "2021/1/15 0:00"],
)  # fmt: skip
def test_days(library: Library, text: str) -> None:
    assert read(library, "job_loss_date", text) == DAY


def test_bounds_of_a_day(library: Library) -> None:
    bounds = Interval(DAY, date(2021, 2, 1))
    assert read(library, "job_loss_date", "2021-01-15~2021-02-01") == bounds
    assert read(library, "job_loss_date", "2021年1月15日至2021年2月1日") == bounds


def test_every_option_is_read_by_its_key_and_by_its_label(library: Library) -> None:
    for fact in library.facts.values():
        for option in fact.options:
            several = fact.type is FactType.MULTI_CHOICE
            value = frozenset([option.value]) if several else option.value
            assert read_cell(fact, option.value, AS_OF) == value
            assert read_cell(fact, option.label, AS_OF) == value


@pytest.mark.parametrize("separator", [";", "；", "、", "|", ", ", "，"])
def test_several_options_stand_in_one_cell_though_labels_hold_separators(
    library: Library, separator: str
) -> None:
    for fact in library.facts.values():
        if fact.type is FactType.MULTI_CHOICE:
            for one, other in permutations(fact.options, 2):
                text = separator.join((one.label, other.value))
                assert read_cell(fact, text, AS_OF) == {one.value, other.value}


def test_no_option_where_one_has_to_hold_is_not_known(library: Library) -> None:
    for text in ("无", "都不是", ""):
        assert read(library, "applicant_role", text) is None


def test_none_of_several_is_an_answer_and_an_empty_cell_is_none(library: Library) -> None:
    assert read(library, "priority_groups", "都不是") == frozenset()
    assert read(library, "priority_groups", "无") == frozenset()
    assert read(library, "priority_groups", "") is None
    assert read(library, "priority_groups", "不清楚") is None


@pytest.mark.parametrize(
    ("fact", "text", "reason"),
    [("unemployment_insured", "1", Reason.WRONG_TYPE),
     ("unemployment_insured", "是吧", Reason.WRONG_TYPE),
     ("unemployment_insured", "#N/A", Reason.WRONG_TYPE),
     ("unemployment_insurance_months", "-1", Reason.OUT_OF_RANGE),
     ("unemployment_insurance_months", "601", Reason.OUT_OF_RANGE),
     ("unemployment_insurance_months", "8-5", Reason.OUT_OF_RANGE),
     ("unemployment_insurance_months", "12.5", Reason.WRONG_TYPE),
     ("unemployment_insurance_months", "一年", Reason.WRONG_TYPE),
     ("unemployment_insurance_months", "12个月", Reason.WRONG_TYPE),
     ("unemployment_insurance_months", "200%", Reason.WRONG_TYPE),
     ("unemployment_insurance_months", "1e2", Reason.WRONG_TYPE),
     ("unemployment_insurance_months", "9" * 5000, Reason.WRONG_TYPE),
     ("job_loss_date", "2021-02-30", Reason.NOT_A_DAY),
     ("job_loss_date", "2021-13-01", Reason.NOT_A_DAY),
     ("job_loss_date", "2021-01/15", Reason.NOT_A_DAY),
     ("job_loss_date", "2022-04-11", Reason.AFTER_AS_OF),
     ("job_loss_date", "44211", Reason.NOT_A_DAY),
     ("job_loss_date", "2021-01-15 08:30:00", Reason.NOT_A_DAY),
     ("company_size", "小", Reason.UNKNOWN_OPTION),
     ("company_size", "micro;small", Reason.UNKNOWN_OPTION),
     ("priority_groups", "残疾人;富人", Reason.UNKNOWN_OPTION),
     ("priority_groups", "残疾人;", Reason.UNKNOWN_OPTION),
     ("priority_groups", "disabled;" * 5000, Reason.WRONG_TYPE)],
)  # fmt: skip
def test_what_is_not_understood_is_refused_with_the_reason(
    library: Library, fact: str, text: str, reason: Reason
) -> None:
    with pytest.raises(FactsRefused) as refused:
        read(library, fact, text)
    assert [(each.fact, each.reason) for each in refused.value.refusals] == [(fact, reason)]


@given(text=st.text(max_size=30))
def test_any_text_is_read_or_refused(library: Library, text: str) -> None:
    for fact in library.facts.values():
        try:
            read_cell(fact, text, AS_OF)
        except FactsRefused as refused:
            assert refused.refusals[0].fact == fact.id
