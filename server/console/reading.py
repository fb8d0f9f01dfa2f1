"""What an officer reads in a document of a fact that the applicant left open."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask import request

from knowledge.eligibility.facts import Fact, FactsRefused, FactType, Vocabulary, read_value
from server.console import words
from server.console.forms import Form

_YES, _NO, _NONE = "yes", "no", "none"


@dataclass(frozen=True, slots=True)
class Entry:
    """How a fact is entered: choices, of which several may hold, or a number or day."""

    options: tuple[tuple[str, str], ...] = ()
    several: bool = False
    kind: str = "number"
    unit: str = ""
    chosen: str | list[str] = ""
    more: Mapping[str, Any] = field(default_factory=dict)


def entry_of(fact: Fact, value: Any) -> Entry:
    """How a fact is entered, with what was entered before."""
    match fact.type:
        case FactType.BOOLEAN:
            chosen = "" if value is None else _YES if value else _NO
            options = tuple((key, words.value_of(fact, key == _YES)) for key in (_YES, _NO))
            return Entry(options, chosen=chosen)
        case FactType.CHOICE | FactType.MULTI_CHOICE:
            options = tuple((option.value, option.label) for option in fact.options)
            if fact.type is FactType.CHOICE:
                return Entry(options, chosen=value or "")
            if fact.may_be_none:
                options = (*options, (_NONE, "都不是"))
            return Entry(options, several=True, chosen=[_NONE] if value == [] else value or [])
        case FactType.DATE:
            return Entry(kind="date", chosen=value or "")
        case _:
            bounds = {"min": fact.least, "max": fact.most, "step": 1}
            chosen = "" if value is None else str(value)
            return Entry(unit=words.unit_of(fact), chosen=chosen, more=bounds)


def read(names: Iterable[str], facts: Vocabulary, day: date | None) -> Form[Any]:
    """What was entered for these facts, as JSON has it; what can't be read is told beside it.

    No day lies after `day`.
    """
    found: Form[Any] = Form(values={})
    values: dict[str, Any] = {}
    for name in names:
        typed = [each.strip() for each in request.form.getlist(f"fact-{name}") if each.strip()]
        if not typed or name not in facts:
            continue
        value = _value(facts[name], typed)
        try:
            read_value(facts[name], value, day or date.max)
            values[name] = value
        except FactsRefused:
            values[name] = None
            found.refuse(name, _wrong(facts[name]))
    if found.errors:
        # The page shows what was typed.
        values = {
            name: request.form.getlist(f"fact-{name}")
            if facts[name].type is FactType.MULTI_CHOICE
            else request.form.get(f"fact-{name}", "")
            for name in values
        }
    found.values = values
    return found


def _value(fact: Fact, typed: list[str]) -> Any:
    match fact.type:
        case FactType.BOOLEAN:
            return {_YES: True, _NO: False}.get(typed[-1], typed[-1])
        case FactType.MULTI_CHOICE:
            return [each for each in typed if each != _NONE]
        case FactType.INTEGER:
            return int(typed[-1]) if typed[-1].isascii() and typed[-1].isdigit() else typed[-1]
        case _:
            return typed[-1]


def _wrong(fact: Fact) -> str:
    match fact.type:
        case FactType.INTEGER:
            return f"{fact.label}：请填{fact.least}到{fact.most}的整数。"
        case FactType.DATE:
            return f"{fact.label}：请填日期，不能晚于提交的那天。"
        case _:
            return f"{fact.label}：请从列出的里面选。"
