"""What the library says is checked against the documents, and each check can fail."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from knowledge.checking import CATALOGUE, problems
from knowledge.library import Library


def test_the_library_has_no_problems(library: Library) -> None:
    assert problems(library, CATALOGUE) == []


def test_all_118_measures_are_there(library: Library) -> None:
    assert len(library.measures) == 118


def _damaged(library: Library, damage: Callable[[dict[str, Any]], None], key: str) -> Library:
    editions = []
    for kind, name, content in library.editions:
        if (kind, name) == tuple(key.split(":")):
            content = copy.deepcopy(content)
            damage(content)
        editions.append((kind, name, content))
    return Library(editions)


DAMAGES: dict[str, tuple[str, Callable[[dict[str, Any]], None], str]] = {
    "a wrong sum in a summary": (
        "measure:shishi-4c",
        lambda m: m.update(summary=m["summary"].replace("10000", "20000")),
        "20000元 is not in the clause",
    ),
    "another town's telephone number": (
        "measure:liwan-9",
        lambda m: m.update(summary=m["summary"] + "热线88712565。"),
        "88712565 is not in the clause",
    ),
    "a date that the clause does not give": (
        "measure:hebei-hengshui-3",
        lambda m: m.update(summary="消费券用到3月18日。"),
        "18日 is not in the clause",
    ),
    "a quote that is not verbatim": (
        "measure:shishi-2",
        lambda m: m.update(quotes=["按实际缴纳的社会保险费给予补贴"]),
        "not in clause 二",
    ),
    "a clause nobody answers for": (
        "document:hebei",
        lambda d: d["about"].update(
            no_measure=[m for m in d["about"]["no_measure"] if m["locator"] != "定州·一"]
        ),
        "clause 定州·一 belongs to no measure",
    ),
    "a title that differs from the catalogue": (
        "measure:shishi-7",
        lambda m: m.update(title="热线"),
        "the catalogue says",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_found(library: Library, name: str) -> None:
    key, damage, found = DAMAGES[name]
    assert any(found in problem for problem in problems(_damaged(library, damage, key), CATALOGUE))


def test_a_missing_measure_is_found(library: Library) -> None:
    fewer = Library(e for e in library.editions if e[1] != "hebei-xinji-1")
    assert "hebei-xinji-1: missing" in problems(fewer, CATALOGUE)
    assert any("clause 辛集 belongs to no measure" in p for p in problems(fewer))
