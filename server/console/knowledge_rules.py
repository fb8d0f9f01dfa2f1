"""The conditions of a measure as rows of a form, and as plain Chinese; and back into a rule.

A row has a depth: what stands deeper below «都要满足», «满足一条就行» or «不能» belongs to it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from knowledge.eligibility.facts import Fact, FactType
from knowledge.eligibility.rules import AS_OF
from knowledge.faults import Location

GROUPS = {"all": "下面的都要满足", "any": "下面的满足一条就行", "not": "下面的不能满足"}
KINDS = {
    "fact": "比一件事",
    **GROUPS,
    "assessed_by": "要由单位认定",
    "everyone": "谁都可以",
    "meets": "和另一项政策的条件一样",
}
OPS = {
    "is": "是",
    "in": "是其中之一",
    "has": "有其中之一",
    "at_least": "至少",
    "at_most": "最多",
    "between": "在两者之间",
}
DEEPEST = 5
TODAY = "查的那一天"
"""How the day of the check is called, which nobody is asked for."""
_YES = {"是": True, "true": True, "否": False, "不是": False, "false": False}
_SEPARATORS = str.maketrans({"，": ",", "、": ",", "；": ",", "～": "~", "－": "~"})


@dataclass
class Row:
    """One line of the form; texts as they are typed."""

    depth: int = 0
    kind: str = ""
    subject: str = ""
    """The fact, who judges, or the other measure."""
    op: str = ""
    value: str = ""
    judged: bool = False
    say: str = ""
    quote: str = ""
    locator: str = ""
    place: Location = field(default_factory=tuple)
    """Where it stands in the rule."""


def rows_of(rule: Any, place: Location = ("rule",), depth: int = 0) -> Iterator[Row]:
    """The rows of a rule; what is no rule yet gives what can be seen of it."""
    if not isinstance(rule, Mapping):
        return
    # What is in force is stored with every key, those that say nothing as null.
    rule = {name: value for name, value in rule.items() if value is not None}
    kind = next((name for name in KINDS if name in rule), "")
    row = Row(
        depth=depth,
        kind=kind,
        say=_text(rule.get("say")),
        quote=_text(rule.get("quote")),
        locator=_text(rule.get("locator")),
        judged=rule.get("judged") is True,
        place=place,
    )
    if kind in ("fact", "assessed_by", "meets"):
        row.subject = _text(rule.get(kind))
    if kind == "fact":
        row.op, row.value = _compared(rule)
    yield row
    if kind in ("all", "any"):
        parts = rule[kind] if isinstance(rule[kind], list) else []
        for number, part in enumerate(parts):
            yield from rows_of(part, (*place, kind, number), depth + 1)
    elif kind == "not":
        yield from rows_of(rule["not"], (*place, "not"), depth + 1)


def rule_of(rows: list[Row], facts: Mapping[str, Fact]) -> Any:
    """The rule that rows make; several at the top all have to hold. None where there is none."""
    told = [row for row in rows if row.kind]
    tops: list[Any] = []
    at = 0
    while at < len(told):
        made, at = _node(told, at, facts)
        tops.append(made)
    if not tops:
        return None
    return tops[0] if len(tops) == 1 else {"all": tops}


def _node(rows: list[Row], at: int, facts: Mapping[str, Fact]) -> tuple[Any, int]:
    row = rows[at]
    at += 1
    if row.kind not in GROUPS:
        return _leaf(row, facts), at
    parts: list[Any] = []
    while at < len(rows) and rows[at].depth > row.depth:
        part, at = _node(rows, at, facts)
        parts.append(part)
    if row.kind == "not":
        inner = parts[0] if len(parts) == 1 else {"all": parts} if parts else None
        return {"not": inner}, at
    made: dict[str, Any] = {row.kind: parts}
    if row.kind == "any":
        made["say"] = row.say
    return made, at


def _leaf(row: Row, facts: Mapping[str, Fact]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if row.kind == "everyone":
        made["everyone"] = True
    else:
        made[row.kind] = row.subject
    if row.kind == "fact":
        named = _fact_named(row.subject, facts)
        made["fact"] = named.id if named else AS_OF if row.subject == TODAY else row.subject
        made |= _comparison(row, named)
        if row.judged:
            made["judged"] = True
    made |= {"say": row.say, "quote": row.quote}
    if row.locator:
        made["locator"] = row.locator
    return made


def _fact_named(named: str, facts: Mapping[str, Fact]) -> Fact | None:
    """The fact that is called so, by its id or by its words."""
    if named in facts:
        return facts[named]
    return next((fact for fact in facts.values() if fact.label == named), None)


def _comparison(row: Row, fact: Fact | None) -> dict[str, Any]:
    given = row.value.translate(_SEPARATORS).strip()
    if row.op in ("in", "has"):
        values = _by_value(row.value, fact).translate(_SEPARATORS).split(",")
        return {row.op: [each.strip() for each in values if each.strip()]}
    if row.op == "between":
        low, _, high = given.partition("~")
        return {"at_least": _bound(low.strip()), "at_most": _bound(high.strip())}
    if row.op in ("at_least", "at_most"):
        return {row.op: _bound(given)}
    if row.op == "is":
        if fact is None or fact.type is FactType.BOOLEAN:
            return {"is": _YES.get(given, given)}
        return {"is": _by_value(row.value, fact).strip()}
    return {}


def _by_value(given: str, fact: Fact | None) -> str:
    """What is typed, with the values of options in the place of their words.

    The longest words first: they may hold a comma, or other words.
    """
    for option in sorted(fact.options if fact else (), key=lambda option: -len(option.label)):
        given = given.replace(option.label, option.value)
    return given


def shown_subject(row: Row, facts: Mapping[str, Fact]) -> str:
    """What a row is about as the form shows it: a fact by its words."""
    if row.kind != "fact":
        return row.subject
    return facts[row.subject].label if row.subject in facts else _other(row.subject)


def _other(subject: str) -> str:
    return TODAY if subject == AS_OF else subject


def shown_value(row: Row, facts: Mapping[str, Fact]) -> str:
    """What a row compares with as the form shows it: options by their words."""
    fact = facts.get(row.subject) if row.kind == "fact" else None
    if fact is None or not fact.options:
        return row.value
    return "、".join(fact.option_label(value) for value in row.value.split("、"))


def _bound(given: str) -> Any:
    try:
        return int(given)
    except ValueError:
        return given


def _compared(rule: Mapping[str, Any]) -> tuple[str, str]:
    if "at_least" in rule and "at_most" in rule:
        return "between", f"{rule['at_least']}~{rule['at_most']}"
    for op in OPS:
        if op in rule:
            value = rule[op]
            if isinstance(value, bool):
                return op, "是" if value else "否"
            if isinstance(value, list):
                return op, "、".join(map(str, value))
            return op, _text(value)
    return "", ""


def words_of_row(row: Row, facts: Mapping[str, Fact]) -> str:
    """A row in plain Chinese."""
    if row.kind in GROUPS:
        return GROUPS[row.kind] + "："
    if row.kind == "everyone":
        return "谁都可以"
    if row.kind == "assessed_by":
        return f"由{row.subject or '？'}认定"
    if row.kind == "meets":
        return f"符合政策“{row.subject or '？'}”的条件"
    fact = facts.get(row.subject)
    name = fact.label if fact else _other(row.subject) or "？"
    unit = (fact.unit if fact else None) or ""
    values = [fact.option_label(v) if fact else v for v in row.value.split("、")]
    match row.op:
        case "is" if row.value in ("是", "否"):
            said = f"{name}：{row.value}"
        case "is":
            said = f"{name}是“{values[0]}”"
        case "in":
            said = f"{name}是{'、'.join(f'“{v}”' for v in values)}里的一个"
        case "has":
            said = f"{name}有{'、'.join(f'“{v}”' for v in values)}里的一个"
        case "at_least":
            said = f"{name}不少于{row.value}{unit}"
        case "at_most":
            said = f"{name}不超过{row.value}{unit}"
        case "between":
            low, _, high = row.value.partition("~")
            said = f"{name}从{low}到{high}{unit}"
        case _:
            said = f"{name}？"
    return said + ("（自己说，要核实）" if row.judged else "")


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)
