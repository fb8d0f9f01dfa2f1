"""The form of a measure, read back into a draft: whatever is typed, right or wrong."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from flask import request

from knowledge.library import Library
from knowledge.measures import Aspect
from server.console import forms
from server.console.knowledge_rules import DEEPEST, KINDS, Row, rule_of

LINES = ("quotes", "similar", "negative", "unanswered", "advice", "readings", "parts")
PLAIN = ("region", "document", "locator", "title", "audience", "form", "summary", "question")
PERIODS = ("validity", "application")
_LONGEST = 4000
_DAY = re.compile(r"([0-9]{4}) *[年./-] *([0-9]{1,2}) *[月./-] *([0-9]{1,2}) *日?")
_MOST_ROWS = 80
_TURNS = ("from", "to", "locator", "quote", "note")


def read_measure(id: str, before: Mapping[str, Any], library: Library) -> dict[str, Any]:
    """The measure that the form says; what the form does not show stays as it was."""
    made: dict[str, Any] = {**before, "id": id}
    for name in PLAIN:
        made[name] = _value(name)
    made["uptake"] = _value("uptake")
    made["topics"] = [each for each in request.form.getlist("topics") if each]
    for name in LINES:
        made[name] = _lines(name)
    for name in ("advice", "readings", "parts", "unanswered"):
        if not made[name] and name not in before:
            del made[name]
    made["grants"] = _grants(before.get("grants"))
    rows = sorted(_rules(), key=lambda pair: pair[0])
    made["rule"] = rule_of([row for _, row in rows], library.facts)
    made["answers"] = _answers()
    made["not_stated"] = [each for each in request.form.getlist("not_stated") if each]
    made["responsible"] = {
        "lead": _lines("lead"),
        "cooperating": _lines("cooperating"),
        "quote": _value("responsible-quote") or None,
        "locator": _value("responsible-locator") or None,
    }
    made["phones"] = [
        row for row in _rows("phones", ("number", "of", "quote")) if any(row.values())
    ]
    made["excludes"] = [
        row for row in _rows("excludes", ("measure", "say", "quote")) if any(row.values())
    ]
    made["if_unmet"] = _if_unmet()
    for name in ("excludes", "if_unmet"):
        if not made[name] and name not in before:
            del made[name]
    for name in PERIODS:
        period: dict[str, Any] = {each: _value(f"{name}-{each}") for each in _TURNS}
        period |= {each: day_of(period[each]) or None for each in ("from", "to")}
        made[name] = period if name == "validity" or any(period.values()) else None
    if made["application"] is None and "application" not in before:
        del made["application"]
    return made


def _value(name: str) -> str:
    return forms.typed(name)[:_LONGEST]


def day_of(text: str) -> str:
    """A day as the files have it, also where it is typed as documents write it, 2022年3月31日."""
    found = _DAY.fullmatch(text)
    return f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}" if found else text


def number_of(name: str) -> int:
    """A number of the form, 0 where there is none."""
    given = _value(name)
    return int(given) if given.isdigit() and len(given) < 10 else 0


def _lines(name: str) -> list[str]:
    return [line.strip() for line in forms.typed(name).splitlines() if line.strip()]


def _rows(name: str, fields: Iterable[str]) -> "list[dict[str, Any]]":
    count = min(number_of(f"{name}-count"), _MOST_ROWS)
    return [{each: _value(f"{name}-{n}-{each}") for each in fields} for n in range(count)]


def _grants(before: Any) -> list[dict[str, Any]]:
    found = []
    known = before if isinstance(before, list) else []
    rows = _rows("grants", ("what", "value", "unit", "per", "cap", "quote"))
    for number, row in enumerate(rows):
        if not any(row[name] for name in ("what", "value", "quote")):
            continue
        grant: dict[str, Any] = {"what": row["what"], "quote": row["quote"]}
        if row["value"]:
            grant["amount"] = {
                "value": row["value"],
                "unit": row["unit"],
                "per": row["per"] or None,
                "cap": row["cap"] == "yes",
            }
        if number < len(known) and isinstance(known[number], Mapping) and known[number].get("when"):
            grant["when"] = known[number]["when"]
        found.append(grant)
    return found


def _if_unmet() -> dict[str, str]:
    found: dict[str, str] = {}
    for row in _rows("if_unmet", ("fact", "say")):
        if any(row.values()):
            # Two of one fact are told one after the other: nothing that was typed is lost.
            found[row["fact"]] = found.get(row["fact"], "") + row["say"]
    return found


def _rules() -> list[tuple[float, Row]]:
    names = (
        "order",
        "depth",
        "kind",
        "subject",
        "op",
        "value",
        "judged",
        "say",
        "quote",
        "locator",
    )
    found = []
    for number, row in enumerate(_rows("rule", names)):
        depth = min(int(row["depth"]), DEEPEST) if row["depth"].isdigit() else 0
        try:
            order = float(row["order"])
        except ValueError:
            order = float(number)
        found.append(
            (
                order,
                Row(
                    depth=depth,
                    kind=row["kind"] if row["kind"] in KINDS else "",
                    subject=row["subject"],
                    op=row["op"],
                    value=row["value"],
                    judged=row["judged"] == "yes",
                    say=row["say"],
                    quote=row["quote"],
                    locator=row["locator"],
                ),
            )
        )
    return found


def _answers() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for aspect in Aspect:
        say, quote = _value(f"answers-{aspect}-say"), _value(f"answers-{aspect}-quote")
        if not say and not quote:
            continue
        answer: dict[str, Any] = {"say": say, "quote": quote}
        if locator := _value(f"answers-{aspect}-locator"):
            answer["locator"] = locator
        if _value(f"answers-{aspect}-partly"):
            answer["partly"] = True
        found[aspect.value] = answer
    return found


def read_materials(id: str) -> dict[str, Any]:
    """The list of materials that the form says."""
    rows = _rows("stated", ("kind", "quote", "locator"))
    stated = [
        {**row, "locator": row["locator"] or None} for row in rows if row["kind"] or row["quote"]
    ]
    usual = [each for each in request.form.getlist("usual") if each]
    return {"id": id, "stated": stated, "usual": usual}


def without_blanks(listed: Any, id: str) -> dict[str, Any]:
    """A list of materials as the form would say it, to compare with; none is one of nothing."""
    if not isinstance(listed, Mapping):
        listed = {}
    return {
        "id": id,
        "stated": [
            {"kind": s.get("kind"), "quote": s.get("quote"), "locator": s.get("locator")}
            for s in listed.get("stated", ())
        ],
        "usual": list(listed.get("usual", ())),
    }
