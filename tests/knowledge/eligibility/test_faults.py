"""A library with a rule that is missing, broken or senseless is refused, with file and line."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from knowledge.files import KnowledgeFileRefused
from knowledge.library import DATA, read_library

FILE = "measures/shishi.yaml"


class Damaged:
    """A copy of the data with one document, whose measures are all made after one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / FILE
        measures = f"\n{self.path.read_text(encoding='utf-8')}".split("\n- id: ")
        self.model = next(m for m in measures if m.startswith("shishi-1b\n")).strip()
        self.path.write_text("", encoding="utf-8")

    def add(self, id: str, **changes: str | None) -> None:
        """Add a measure with some keys written otherwise, None: left out."""
        lines = ["- id: " + id, *self.model.split("\n")[1:]]
        for key, written in changes.items():
            lines = _without(key, lines)
            if written:
                lines.append(f"  {key}: {written}")
        with self.path.open("a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n\n")
        with (self.folder / "checklists.yaml").open("a", encoding="utf-8") as file:
            file.write(f"- {{id: {id}, usual: [identity_card]}}\n")

    def line(self, id: str, words: str) -> int:
        """The line of these words in a measure."""
        lines = self.path.read_text(encoding="utf-8").split("\n")
        start = lines.index(f"- id: {id}")
        return next(n for n in range(start, len(lines)) if words in lines[n]) + 1

    def problems(self) -> tuple[str, ...]:
        with pytest.raises(KnowledgeFileRefused) as refused:
            read_library(self.folder)
        return tuple(map(str, refused.value.problems))


def _without(key: str, lines: list[str]) -> list[str]:
    start = next((n for n, line in enumerate(lines) if line.startswith(f"  {key}:")), None)
    if start is None:
        return lines
    end = start + 1
    while end < len(lines) and lines[end].startswith(("   ", "  -")):
        end += 1
    return lines[:start] + lines[end:]


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Damaged]:
    def copy() -> Damaged:
        folder = tmp_path_factory.mktemp("faults") / "data"
        shutil.copytree(DATA, folder)
        for path in [*folder.glob("documents/*"), *folder.glob("measures/*")]:
            if path.stem != "shishi":
                path.unlink()
        # No measure is left that they could be of; each that is added brings its own.
        (folder / "checklists.yaml").write_text("", encoding="utf-8")
        return Damaged(folder)

    return copy


SAID = "say: 说, quote: 引"
SIZE = f"{{fact: company_size, in: [micro, small], {SAID}}}"
RULES = {
    "an unknown fact": (f"{{fact: months_insured, at_least: 3, {SAID}}}",
                        "no fact months_insured"),
    "an unknown option": (f"{{fact: company_size, in: [tiny], {SAID}}}",
                          "company_size has no option tiny"),
    "a number for a choice": (f"{{fact: company_size, at_least: 3, {SAID}}}",
                              "company_size is a choice and has no such bounds"),
    "a text for a boolean": (f"{{fact: wage_arrears, is: 是, {SAID}}}",
                             "wage_arrears is true or false"),
    "a reference to nothing": (f"{{meets: x-9, {SAID}}}", "x-9 has no rule"),
    "a reference to itself": (f"{{meets: SELF, {SAID}}}", "SELF rests on itself"),
    "nobody": (f"{{not: {{everyone: true, {SAID}}}}}", "nobody is meant"),
    "everyone beside others": (f"{{all: [{SIZE}, {{everyone: true, {SAID}}}]}}",
                               "everyone stands beside other conditions, or a list is empty"),
    "a contradiction": (f"{{all: [{SIZE}, {{not: {SIZE}}}]}}",
                        "contradicts itself: nobody can meet it"),
    "a contradiction to the place": (f"{{fact: work_region, in: [锦州], {SAID}}}",
                                     "contradicts itself: nobody can meet it"),
    "what all pass": (f"{{any: [{SIZE}, {{not: {SIZE}}}], say: 说}}",
                      "says nothing: nobody can fail it"),
    "too many branches": (f"{{all: [{', '.join([f'{{any: [{SIZE}, {SIZE}], say: 说}}'] * 12)}]}}",
                          "too branched to check: 4096 alternatives"),
}  # fmt: skip
UNREADABLE = {
    "an empty all": "{all: []}",
    "an empty any": "{any: [], say: 说}",
    "one of one": f"{{any: [{SIZE}], say: 说}}",
    "any without a sentence": f"{{any: [{SIZE}, {SIZE}]}}",
    "no comparison": f"{{fact: company_size, {SAID}}}",
    "two comparisons": f"{{fact: company_size, in: [micro], at_least: 3, {SAID}}}",
    "no option": f"{{fact: company_size, in: [], {SAID}}}",
    "reversed bounds": f"{{fact: training_hours, at_least: 5, at_most: 3, {SAID}}}",
    "bounds of two types": f"{{fact: training_hours, at_least: 5, at_most: 2021-01-01, {SAID}}}",
    "a fraction": f"{{fact: training_hours, at_least: 2.5, {SAID}}}",
    "no quote": "{fact: company_size, in: [micro], say: 说}",
    "an empty quote": "{fact: company_size, in: [micro], say: 说, quote: ''}",
    "no words": "{fact: company_size, in: [micro], quote: 引}",
    "an unknown key": f"{{fact: company_size, in: [micro], about: 3, {SAID}}}",
    "two kinds at once": f"{{fact: company_size, in: [micro], meets: x-9, {SAID}}}",
    "everyone is false": f"{{everyone: false, {SAID}}}",
    "nothing": "{}",
    "a text": "人人都有",
    "a list": f"[{SIZE}]",
}


ON_GRANTS = {
    "a condition that names no fact": (f"{{fact: zz, is: true, {SAID}}}", "no fact zz"),
    "a condition that contradicts itself": (f"{{all: [{SIZE}, {{not: {SIZE}}}]}}",
                                            "contradicts itself: nobody can meet it"),
    "a condition that contradicts the rule": (f"{{fact: company_size, in: [large], {SAID}}}",
                                              "contradicts itself: nobody can meet it"),
    "a condition that all meet": (f"{{any: [{SIZE}, {{not: {SIZE}}}], say: 说}}",
                                  "says nothing: nobody can fail it"),
}  # fmt: skip


def _id(name: str) -> str:
    return "x-" + name.replace(" ", "-")


def _grants(when: str) -> str:
    return f"[{{what: 钱, quote: 引}},\n    {{what: 更多, quote: 引, when: {when}}}]"


@pytest.fixture(scope="module")
def senseless(copied: Callable[[], Damaged]) -> tuple[Damaged, tuple[str, ...]]:
    """Every senseless rule in one file, a sound one in between, and what is said of them."""
    damaged = copied()
    for name, (written, _) in RULES.items():
        damaged.add(_id(name), rule=written.replace("SELF", _id(name)))
    damaged.add("x-sound", rule=SIZE, excludes=f"[{{measure: {_id('nobody')}, {SAID}}}]")
    for name, (written, _) in ON_GRANTS.items():
        damaged.add(_id(name), rule=SIZE, grants=_grants(written))
    damaged.add("x-other", excludes=f"[{{measure: x-sound, {SAID}}},\n   {{measure: x-9, {SAID}}}]")
    damaged.add("x-itself", excludes=f"[{{measure: x-itself, {SAID}}}]")
    damaged.add("x-none", rule=None)
    damaged.add("x-office", audience="government")
    return damaged, damaged.problems()


@pytest.mark.parametrize("name", RULES)
def test_a_senseless_rule_is_named_with_its_line(senseless: Any, name: str) -> None:
    damaged, problems = senseless
    line = damaged.line(_id(name), "  rule:")
    assert (
        f"{FILE}:{line}: {_id(name)}: rule: {RULES[name][1].replace('SELF', _id(name))}" in problems
    )


@pytest.mark.parametrize("name", ON_GRANTS)
def test_a_condition_on_a_grant_is_named_with_its_own_line(senseless: Any, name: str) -> None:
    damaged, problems = senseless
    line = damaged.line(_id(name), "    {what: 更多")
    assert f"{FILE}:{line}: {_id(name)}: grants.when: {ON_GRANTS[name][1]}" in problems


@pytest.mark.parametrize(
    ("id", "words", "reason"),
    [
        ("x-other", "{measure: x-9", "excludes: no other measure x-9"),
        ("x-itself", "{measure: x-itself", "excludes: no other measure x-itself"),
        ("x-none", "- id: x-none", "rule: there is no rule"),
        ("x-office", "  rule:", "a measure for the government has no rule"),
    ],
)
def test_what_else_is_wrong_is_named_with_its_line(
    senseless: Any, id: str, words: str, reason: str
) -> None:
    damaged, problems = senseless
    assert f"{FILE}:{damaged.line(id, words)}: {id}: {reason}" in problems


def test_nothing_but_what_is_wrong_is_named(senseless: Any) -> None:
    _, problems = senseless
    assert len(problems) == len(RULES) + len(ON_GRANTS) + 4
    assert not [problem for problem in problems if "x-sound" in problem.split(": ")[1]]


@pytest.fixture(scope="module")
def unreadable(copied: Callable[[], Damaged]) -> tuple[Damaged, tuple[str, ...]]:
    damaged = copied()
    for name, written in UNREADABLE.items():
        damaged.add(_id(name), rule=written)
    return damaged, damaged.problems()


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_rule_that_is_not_one_is_named_with_its_line(unreadable: Any, name: str) -> None:
    damaged, problems = unreadable
    start = f"{FILE}:{damaged.line(_id(name), '  rule:')}: {list(UNREADABLE).index(name)}.rule"
    assert any(problem.startswith(start) for problem in problems), problems


def test_the_files_that_are_damaged_here_are_sound_otherwise(
    copied: Callable[[], Damaged],
) -> None:
    data = copied()
    micro = f"{{fact: company_size, in: [micro], {SAID}}}"
    data.add("x-sound", rule=SIZE, grants=_grants(micro))
    data.add("x-other", excludes=f"[{{measure: x-sound, {SAID}}}]")
    data.add("x-office", audience="government", rule=None)
    rules = read_library(data.folder).rules
    assert set(rules.criteria) == {"x-sound", "x-other"}
    assert rules.criteria["x-sound"].facts[2:] == ("company_size",)
