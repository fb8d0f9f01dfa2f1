"""Whatever can be wrong with knowledge is told in words, and no words are of nothing."""

import ast
import copy
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any, get_args

import pydantic_core
import pytest

from bot.answers import Kind
from knowledge.drafting import shape_troubles
from knowledge.faults import Code, Fault, Trouble
from knowledge.library import SHAPES, Library
from server.console.fault_words import OF_CODE, OF_PYDANTIC, words_of, words_of_fault

PACKAGES = ("knowledge", "bot", "server")
ROOT = Path(__file__).parents[3]
UNFORESEEN = OF_CODE[Code.UNFORESEEN].partition("{")[0]


def _nodes() -> Iterator[tuple[Path, ast.AST]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            text = path.read_text("utf-8")
            if "Code." in text or "Fault(" in text:
                yield from ((path, node) for node in ast.walk(ast.parse(text)))


def _named(node: ast.AST) -> str | None:
    """The name in `Code.NAME`."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.attr if node.value.id == "Code" else None
    return None


def _found() -> Iterator[tuple[Path, Code, set[str]]]:
    """Every place where something is found wrong, with the names of the values it gives."""
    for path, node in _nodes():
        if not isinstance(node, ast.Call) or getattr(node.func, "id", "") != "Fault":
            continue
        if name := _named(node.args[0]) if node.args else None:
            given = node.args[1] if len(node.args) > 1 else ast.Dict(keys=[], values=[])
            assert isinstance(given, ast.Dict), f"{path}:{node.lineno} writes no values"
            yield path, Code[name], {ast.literal_eval(key) for key in given.keys if key}


def _gaps(words: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(words) if name}


def test_every_code_has_chinese_words_and_all_words_have_a_code() -> None:
    assert set(OF_CODE) == {code.value for code in Code}
    assert all(words.strip() for words in OF_CODE.values())
    foreign = set(get_args(pydantic_core.core_schema.ErrorType))
    assert set(OF_PYDANTIC) <= foreign
    assert not foreign & set(OF_CODE), "a code of Pydantic's would be taken for ours"


def test_every_code_is_of_something_that_is_found() -> None:
    found = {_named(node) for path, node in _nodes() if path.name != "fault_words.py"}
    assert {code.name for code in Code} - found == set()


def test_the_values_that_are_given_are_those_of_the_words() -> None:
    found = list(_found())
    assert len(found) > 80
    for path, code, given in found:
        assert given == _gaps(code.english) - {"field"}, (path, code.name)
    for code in Code:
        assert _gaps(OF_CODE[code.value]) <= _gaps(code.english) - {"field"}, code.name


def test_a_validators_fault_comes_back_with_its_values() -> None:
    twice = {"term": "失业保险金", "forms": ["失业金", "失业金"]}
    (trouble,) = shape_troubles("lexicon", "all", {"rewrites": [], "terms": [twice]})
    assert trouble.fault == Fault(Code.STAND_TWICE, {"forms": ("失业金",)})
    assert str(trouble) == "lexicon: stand twice: 失业金"
    assert words_of(trouble) == "这些写法有两条：失业金"


def test_aspects_and_kinds_are_called_by_their_words() -> None:
    left = Fault(Code.NEITHER_STATED_NOR_NOT, {"aspects": ("amount", "phone")})
    assert words_of(Trouble("measure", "x-1", (), left)).endswith("：多少钱、电话")
    for kind in Kind:
        said = words_of_fault(Fault(Code.OTHER_KIND, {"answered": kind.value}))
        assert said and not said.isascii()
    other = Fault(Code.OTHER_VERDICT, {"part": "open", "found": "True", "wanted": "False"})
    assert words_of_fault(other) == "在不在有效期里：是，应当是不是"
    assert words_of_fault(None) == ""


# -- whatever is typed in the place of a value ------------------------------------------------

ODD: tuple[Any, ...] = (
    None, 0, -1, 3.5, True, "", " ", "x", "一" * 5000, "(", "2022-13-45", "2022-01-01", [], [None],
    {}, {"x": 1}, [[]], float("inf"),
)  # fmt: skip


def _cut(content: Any) -> Any:
    """As much of a piece as has one of everything."""
    if isinstance(content, dict):
        return {name: _cut(value) for name, value in list(content.items())[:60]}
    return [_cut(value) for value in content[:2]] if isinstance(content, list) else content


def _places(content: Any) -> Iterator[tuple[Any, ...]]:
    steps = content.items() if isinstance(content, dict) else enumerate(content)
    for step, value in steps:
        yield (step,)
        if isinstance(value, (dict, list)):
            yield from ((step, *rest) for rest in _places(value))


def _spoilt(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for place in _places(content):
        for odd in ODD:
            spoilt = copy.deepcopy(content)
            holder: Any = spoilt
            for step in place[:-1]:
                holder = holder[step]
            holder[place[-1]] = odd
            yield spoilt


@pytest.mark.parametrize("kind", SHAPES)
def test_whatever_is_typed_for_a_value_is_refused_in_words(library: Library, kind: str) -> None:
    told = 0
    pieces = [(key, content) for k, key, content in library.editions if k == kind]
    for key, content in pieces[:: len(pieces) // 3 or 1]:
        for spoilt in _spoilt(_cut(content)):
            for trouble in shape_troubles(kind, key, spoilt):
                assert not words_of(trouble).startswith(UNFORESEEN), trouble
                told += 1
    assert told
