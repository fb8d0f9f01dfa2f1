"""Regular expressions are read back as they were compiled, and match the same."""

import pickle
import re
from typing import Any

import pytest

from knowledge.library import Library
from server.published.kept_patterns import dumped

PATTERNS = [
    re.compile("(?<![死养救])不活(?:了|啦|咯)|[^,。!? ]{0,8}(?=[一二三])"),
    re.compile(r"(?P<day>\d+)号(?P<rest>.*)", re.DOTALL),
    re.compile(rb"[\x00-\x1f]+"),
    re.compile(r"[a-z]+(?:\s\w+)*", re.IGNORECASE | re.ASCII),
]


def read(content: bytes) -> tuple[Any, int]:
    """What a pickle holds, and how many patterns were compiled to read it."""
    asked: list[object] = []
    compile = re._compile  # type: ignore[attr-defined]

    def noted(*given: object) -> object:
        asked.append(given)
        return compile(*given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(re, "_compile", noted)
        found = pickle.loads(content)
    return found, len(asked)


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda each: repr(each.pattern))
def test_a_pattern_is_read_without_compiling_it(pattern: re.Pattern[str]) -> None:
    found, compiled = read(dumped(pattern))
    assert (found, compiled) == (pattern, 0)
    assert found.groupindex == pattern.groupindex and found.groups == pattern.groups


def test_a_plain_pickle_compiles_each_again() -> None:
    assert read(pickle.dumps(PATTERNS)) == (PATTERNS, len(PATTERNS))


def test_distress_is_heard_as_before(library: Library) -> None:
    for entry in library.care.values():
        assert any(entry.fires(example) for example in entry.examples)
        again = pickle.loads(dumped(entry))
        for other in library.care.values():
            for example in other.examples:
                assert again.fires(example) == entry.fires(example)


def test_where_programs_are_kept_otherwise_a_pattern_is_pickled_as_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(re, "_parser")
    assert pickle.loads(dumped(PATTERNS[0])) == PATTERNS[0]
