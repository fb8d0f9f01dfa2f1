"""No message, and no document, keeps a pattern of ours busy for ever."""

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import pytest

import bot
import knowledge
import server
from knowledge.files import read_yaml
from knowledge.library import DATA, Library
from knowledge.pumping import endless

_IN_DATA = ("aspects", "care", "lexicon", "outside", "small_talk")
_HOW_DEEP = 3


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not found.name.endswith((".__main__", ".env")):
            yield importlib.import_module(found.name)


def _held(value: Any, deep: int = _HOW_DEEP) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        yield value
    elif deep and isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from _held(each, deep - 1)
    elif deep and isinstance(value, Mapping):
        yield from _held(list(value.values()), deep)


def _written(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _written(each)
    elif isinstance(value, dict):
        yield from _written(list(value.values()))


def _of_the_program() -> dict[str, int]:
    return {
        each.pattern: each.flags & ~re.UNICODE
        for package in (bot, knowledge, server)
        for module in _modules(package)
        for each in _held(vars(module))
    }


def _of_the_data(library: Library) -> dict[str, int]:
    # Those for what is asked for are put together from pieces.
    found = {each.pattern: 0 for each in _held(vars(library.aspects))}
    for name in _IN_DATA:
        # Also what is no pattern: as one it costs nothing, and nothing has to say which is which.
        for text in _written(read_yaml(DATA / f"{name}.yaml", Any)):
            try:
                re.compile(text)
            except re.error:
                continue
            found[text] = 0
    return found


def test_no_pattern_of_the_program_can_be_kept_busy() -> None:
    patterns = _of_the_program()
    assert len(patterns) > 300
    assert [(p, found) for p, flags in patterns.items() if (found := endless(p, flags))] == []


def test_no_pattern_of_the_data_can_be_kept_busy(library: Library) -> None:
    patterns = _of_the_data(library)
    assert len(patterns) > 500
    assert [(p, found) for p in patterns if (found := endless(p))] == []


@pytest.mark.parametrize(
    "pattern",
    [
        "(?:快|要|快要)*崩溃",
        "(?:我|[0-9]+岁?|的)*上班$",
        "(?:(?:嗯+|呃)[,。]?)+$",
        "(?:跑到[^,。]{1,6}去|跑|去)*递",
    ],
)
def test_one_that_can_be_is_found(pattern: str) -> None:
    """The control: as such they stood in the program."""
    assert endless(pattern) is not None
    assert endless(pattern.replace(")*", ")*+").replace(")+", ")++")) is None
