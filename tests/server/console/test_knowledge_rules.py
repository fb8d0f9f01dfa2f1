"""A rule that is opened in the form and saved as it is stays the same rule."""

import re
from typing import TYPE_CHECKING, Any

import pytest

from server.console.knowledge_rules import rows_of, rule_of, shown_subject, shown_value

if TYPE_CHECKING:
    from knowledge.library import Library


def without_nulls(value: Any) -> Any:
    """A rule as it is written in the files: what says nothing is not there."""
    if isinstance(value, dict):
        # `judged` is false where nothing is said.
        told = {name: each for name, each in value.items() if each is not None}
        return {
            name: without_nulls(each)
            for name, each in told.items()
            if each is not False or name == "is"
        }
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


def test_every_rule_in_force_survives_the_form(library: "Library") -> None:
    seen = 0
    for _, key, content in library.editions:
        rule = content.get("rule")
        if rule is None:
            continue
        # As it is stored: with every key, those that say nothing as null.
        rows = list(rows_of(rule))
        for row in rows:
            # The form shows facts and options in words, and takes them in words.
            value, row.subject = shown_value(row, library.facts), shown_subject(row, library.facts)
            row.value = value
            assert row.kind != "fact" or not re.search("[a-z]", row.subject + row.value), key
        assert without_nulls(rule_of(rows, library.facts)) == without_nulls(rule), key
        seen += 1
    assert seen > 100


def test_a_bound_that_is_not_there_is_not_shown_as_one() -> None:
    stored = {
        "fact": "unemployment_insurance_months",
        "at_least": 12,
        "at_most": None,
        "is": None,
        "in": None,
        "say": "缴满一年",
        "quote": "满一年",
    }
    (row,) = rows_of(stored)
    assert (row.op, row.value) == ("at_least", "12")


@pytest.mark.parametrize("value", [True, False])
def test_yes_and_no_stay_what_they_are(value: bool) -> None:
    stored = {"fact": "seeking_work", "is": value, "at_least": None, "say": "想找工作"}
    (row,) = rows_of(stored)
    assert (row.op, row.value) == ("is", "是" if value else "否")
