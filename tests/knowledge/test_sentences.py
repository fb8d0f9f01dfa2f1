"""The sentences that must be there are exactly those that the bot says."""

import ast
import copy
from collections.abc import Iterable, Iterator

from knowledge.library import DATA, Library
from knowledge.sentences import PLACEHOLDERS, SAID_LATER


def _said() -> Iterator[tuple[set[str], set[str]]]:
    """Yield for every call of `say` the names it may have and what it fills in."""
    for path in sorted((DATA.parents[1] / "bot").rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                strings = set(_strings(ast.walk(function)))
                for call in ast.walk(function):
                    if isinstance(call, ast.Call) and _is(call, "say"):
                        yield _names(call, strings), _filled(call)
                    elif isinstance(call, ast.Call) and _is(call, "say_as_is"):
                        name = _names(call, strings)
                        yield name, {gap for each in name for gap in PLACEHOLDERS[each]}


def _strings(nodes: Iterable[ast.AST | None]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _is(call: ast.Call, function: str) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name == function


def _names(call: ast.Call, strings: set[str]) -> set[str]:
    # Where it is not written here, the name is chosen further up in the function.
    return set(_strings(call.args[:1])) or strings.intersection(PLACEHOLDERS)


def _filled(call: ast.Call) -> set[str]:
    filled = {keyword.arg for keyword in call.keywords if keyword.arg}
    for keyword in call.keywords:
        if keyword.arg is None and isinstance(keyword.value, ast.Dict):
            filled.update(_strings(keyword.value.keys))
    return filled


def test_the_sentences_are_those_that_the_bot_says() -> None:
    said = list(_said())
    assert set().union(*(names for names, _ in said)) == set(PLACEHOLDERS)
    for names, filled in said:
        if len(names) == 1:
            assert filled >= set(PLACEHOLDERS[next(iter(names))]), names
        else:
            assert any(filled >= set(PLACEHOLDERS[name]) for name in names), names


def test_a_release_of_before_there_were_these_sentences_and_gaps_is_read_and_says_them(
    library: Library,
) -> None:
    """One that officers published stays in force when a new version of the program comes."""
    before = {kind: copy.deepcopy(content) for kind, _, content in library.editions
              if kind in ("sentences", "aspects")}  # fmt: skip
    for name in SAID_LATER:
        del before["sentences"]["text"][name]
    before["aspects"]["rules"][0]["patterns"].append("[^。?!]{0,8}一共几个")
    stored = Library((k, name, before.get(k, content)) for k, name, content in library.editions)
    for name, text in SAID_LATER.items():
        assert stored.sentences.said(name) == library.sentences.text[name] == text
