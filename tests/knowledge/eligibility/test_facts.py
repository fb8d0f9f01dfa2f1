"""What somebody gives for a fact is read strictly or refused by name: nothing is guessed."""

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from knowledge.eligibility.facts import (
    Fact,
    FactsRefused,
    Interval,
    Reason,
    Refusal,
    Value,
    read_facts,
)
from tests.knowledge.eligibility.making import FACTS

AS_OF = date(2022, 4, 10)
TAKEN: list[tuple[str, Any, Value]] = [
    ("b1", True, True),
    ("b1", False, False),
    ("c1", "p", "p"),
    ("m1", [], frozenset()),
    ("m1", ["x", "z"], frozenset("xz")),
    ("m1", ["x", "x"], frozenset("x")),
    ("n1", 0, 0),
    ("n1", 6, 6),
    ("n1", {"at_least": 2}, Interval(2, None)),
    ("n1", {"at_most": 2}, Interval(None, 2)),
    ("n1", {"at_least": 2, "at_most": 5}, Interval(2, 5)),
    ("n1", {"at_least": 2, "at_most": None}, Interval(2, None)),
    ("n1", {"at_least": 2, "at_most": 2}, 2),
    ("d1", "2022-04-10", date(2022, 4, 10)),
    ("d1", "2020-02-29", date(2020, 2, 29)),
    ("d1", "1900-01-01", date(1900, 1, 1)),
    ("d1", date(2022, 4, 10), date(2022, 4, 10)),
    ("d1", {"at_least": "2021-01-01", "at_most": "2021-12-31"},
     Interval(date(2021, 1, 1), date(2021, 12, 31))),
]  # fmt: skip
REFUSED: list[tuple[str, Any, Reason]] = [
    ("b1", 1, Reason.WRONG_TYPE),
    ("b1", 0, Reason.WRONG_TYPE),
    ("b1", "true", Reason.WRONG_TYPE),
    ("b1", "是", Reason.WRONG_TYPE),
    ("b1", [], Reason.WRONG_TYPE),
    ("b1", {"at_least": True}, Reason.WRONG_TYPE),
    ("c1", "s", Reason.UNKNOWN_OPTION),
    ("c1", "P", Reason.UNKNOWN_OPTION),
    ("c1", "", Reason.UNKNOWN_OPTION),
    ("c1", " p", Reason.UNKNOWN_OPTION),
    ("c1", True, Reason.WRONG_TYPE),
    ("c1", 1, Reason.WRONG_TYPE),
    ("c1", ["p"], Reason.WRONG_TYPE),
    ("m1", "x", Reason.WRONG_TYPE),
    ("m1", ["x", "w"], Reason.UNKNOWN_OPTION),
    ("m1", ["x", None], Reason.WRONG_TYPE),
    ("m1", ["x", 1], Reason.WRONG_TYPE),
    ("m1", {"x": True}, Reason.WRONG_TYPE),
    ("n1", -1, Reason.OUT_OF_RANGE),
    ("n1", 7, Reason.OUT_OF_RANGE),
    ("n1", 10**400, Reason.OUT_OF_RANGE),
    ("n1", True, Reason.WRONG_TYPE),
    ("n1", False, Reason.WRONG_TYPE),
    ("n1", 3.0, Reason.WRONG_TYPE),
    ("n1", 2.5, Reason.WRONG_TYPE),
    ("n1", float("nan"), Reason.WRONG_TYPE),
    ("n1", "3", Reason.WRONG_TYPE),
    ("n1", "", Reason.WRONG_TYPE),
    ("n1", [3], Reason.WRONG_TYPE),
    ("n1", {}, Reason.WRONG_TYPE),
    ("n1", {"at_least": None}, Reason.WRONG_TYPE),
    ("n1", {"at_least": None, "at_most": None}, Reason.WRONG_TYPE),
    ("n1", {"at_least": 1, "about": 3}, Reason.WRONG_TYPE),
    ("n1", {"about": 3}, Reason.WRONG_TYPE),
    ("n1", {"at_least": 5, "at_most": 2}, Reason.OUT_OF_RANGE),
    ("n1", {"at_least": -1}, Reason.OUT_OF_RANGE),
    ("n1", {"at_most": 200}, Reason.OUT_OF_RANGE),
    ("n1", {"at_least": True}, Reason.WRONG_TYPE),
    ("n1", {"at_least": 1.5}, Reason.WRONG_TYPE),
    ("n1", {"at_least": {"at_least": 1}}, Reason.WRONG_TYPE),
    ("d1", "2031-01-01", Reason.AFTER_AS_OF),
    ("d1", "2022-04-11", Reason.AFTER_AS_OF),
    ("d1", "2021-13-01", Reason.NOT_A_DAY),
    ("d1", "2021-02-29", Reason.NOT_A_DAY),
    ("d1", "2021-1-1", Reason.NOT_A_DAY),
    ("d1", "20210101", Reason.NOT_A_DAY),
    ("d1", "２０２１-０１-０１", Reason.NOT_A_DAY),
    ("d1", "2021-01-01\n", Reason.NOT_A_DAY),
    ("d1", "2021-01-01T00:00", Reason.NOT_A_DAY),
    ("d1", "去年三月", Reason.NOT_A_DAY),
    ("d1", "", Reason.NOT_A_DAY),
    ("d1", 20210101, Reason.WRONG_TYPE),
    ("d1", datetime(2021, 1, 1), Reason.WRONG_TYPE),
    ("d1", "1899-12-31", Reason.OUT_OF_RANGE),
    ("d1", {"at_least": "2021-06-01", "at_most": "2021-01-01"}, Reason.OUT_OF_RANGE),
    ("d1", {"at_least": "2031-01-01"}, Reason.AFTER_AS_OF),
    ("d1", {"at_most": "2021-13-01"}, Reason.NOT_A_DAY),
    ("d1", {}, Reason.WRONG_TYPE),
    ("months_insured", 12, Reason.UNKNOWN_FACT),
    ("as_of", "2022-04-10", Reason.UNKNOWN_FACT),
    ("", True, Reason.UNKNOWN_FACT),
    ("b1 ", None, Reason.UNKNOWN_FACT),
]


@pytest.mark.parametrize(("key", "said", "value"), TAKEN)
def test_what_is_taken(key: str, said: Any, value: Value) -> None:
    read = read_facts({key: said}, FACTS, AS_OF)
    assert read.values == {key: value} and type(read.values[key]) is type(value)
    assert read.last == key and not read.unsure


@pytest.mark.parametrize(("key", "said", "reason"), REFUSED)
def test_what_is_refused_is_named_with_its_reason(key: str, said: Any, reason: Reason) -> None:
    with pytest.raises(FactsRefused) as refused:
        read_facts({"b2": True, key: said, "b3": False}, FACTS, AS_OF)
    assert {(refusal.fact, refusal.reason) for refusal in refused.value.refusals} == {(key, reason)}
    assert f"{key}: {reason}" in str(refused.value)


def test_every_wrong_fact_is_named_at_once() -> None:
    wrong = {"b1": 1, "b2": True, "n1": -3, "zz": None, "c1": "s", "b3": None}
    with pytest.raises(FactsRefused) as refused:
        read_facts(wrong, FACTS, AS_OF)
    assert [(r.fact, r.reason.value) for r in refused.value.refusals] == [
        ("b1", "wrong_type"),
        ("n1", "out_of_range"),
        ("zz", "unknown_fact"),
        ("c1", "unknown_option"),
    ]


@pytest.mark.parametrize(
    ("key", "said", "allowed"),
    [
        ("b1", 1, "true | false"),
        ("c1", "s", "p P | q Q | r R"),
        ("m1", ["s"], "x X | y Y | z Z"),
        ("n1", 9, "0 to 6"),
        ("d1", "x", "YYYY-MM-DD"),
        ("d1", "2031-01-01", "up to 2022-04-10"),
    ],
)
def test_a_refusal_says_what_would_be_taken(key: str, said: Any, allowed: str) -> None:
    with pytest.raises(FactsRefused) as refused:
        read_facts({key: said}, FACTS, AS_OF)
    (refusal,) = refused.value.refusals
    assert refusal.allowed == allowed and str(refusal).endswith(f"(allowed: {allowed})")


def test_null_is_unsure_and_no_value() -> None:
    read = read_facts({"b1": None, "n1": None, "b2": False}, FACTS, AS_OF)
    assert read.values == {"b2": False}
    assert read.unsure == {"b1", "n1"}


def test_nothing_given_is_nothing_known() -> None:
    read = read_facts({}, FACTS, AS_OF)
    assert (read.values, read.unsure, read.last) == ({}, frozenset(), None)


def test_the_day_of_the_check_decides_what_is_in_the_future() -> None:
    assert read_facts({"d1": "2022-04-11"}, FACTS, date(2022, 4, 11)).values
    with pytest.raises(FactsRefused, match="d1: after_as_of"):
        read_facts({"d1": "2022-04-11"}, FACTS, date(2022, 4, 10))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*FACTS, "zz"]), _JSON, max_size=4))
def test_any_json_is_taken_whole_or_refused_by_name(said: dict[str, Any]) -> None:
    try:
        read = read_facts(said, FACTS, AS_OF)
    except FactsRefused as refused:
        assert refused.refusals and {r.fact for r in refused.refusals} <= set(said)
        assert all(isinstance(refusal, Refusal) for refusal in refused.refusals)
    else:
        assert set(read.values) | read.unsure == set(said)


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "boolean", "options": [{"value": "a", "label": "A"}]},
        {"type": "choice"},
        {"type": "choice", "options": [{"value": "a", "label": "A"}, {"value": "a", "label": "B"}]},
        {"type": "integer"},
        {"type": "integer", "least": 0},
        {"type": "date", "least": 0, "most": 3},
        {"id": "as_of", "type": "date"},
        {"type": "number"},
        {"type": "boolean", "says_yes": "(有"},
        {"type": "date", "says_no": "没有"},
        {"type": "boolean", "numbers": {"没签": 0}},
        {"type": "integer", "least": 0, "most": 9, "numbers": {"没签": 10}},
    ],
)
def test_a_fact_that_does_not_fit_its_type_is_refused(wrong: dict[str, Any]) -> None:
    right = {"id": "a", "group": "g", "label": "l", "question": "q"}
    assert Fact.model_validate({**right, "type": "boolean"})
    with pytest.raises(ValidationError):
        Fact.model_validate({**right, **wrong})
