"""Compiled regular expressions kept in a pickle: a plain one compiles each anew as it is read.

Those that recognise distress are thirty thousand characters, and took a tenth of a second of every
start. What a pattern is compiled to belongs to one version of Python; whoever keeps it says which.
"""

import io
import pickle
import re
from array import array
from typing import Any


def dumped(kept: object) -> bytes:
    """A pickle of anything, with its regular expressions as they are compiled."""
    written = io.BytesIO()
    _Pickler(written, protocol=pickle.HIGHEST_PROTOCOL).dump(kept)
    return written.getvalue()


class _Pickler(pickle.Pickler):
    def reducer_override(self, kept: object) -> Any:
        return _reduced(kept) if isinstance(kept, re.Pattern) else NotImplemented


def _reduced(pattern: "re.Pattern[Any]") -> Any:
    """How to make it again; as pickle does it where this Python keeps its programs otherwise."""
    try:
        parsed = re._parser.parse(pattern.pattern, pattern.flags)
        program = array("I", re._compiler._code(parsed, pattern.flags))  # type: ignore[attr-defined]
        made = pattern.pattern, pattern.flags, program, pattern.groups, dict(pattern.groupindex)
        # Patterns are equal where their programs are.
        if _compiled(*made) == pattern:
            return _compiled, made
    except (AttributeError, TypeError, ValueError):
        pass
    return NotImplemented


def _compiled(
    pattern: str | bytes, flags: int, program: "array[int]", groups: int, names: dict[str, int]
) -> "re.Pattern[Any]":
    by_number: list[str | None] = [None] * (groups + 1)
    for name, number in names.items():
        by_number[number] = name
    compile = re._compiler._sre.compile  # type: ignore[attr-defined]
    found: re.Pattern[Any] = compile(
        pattern, flags, program.tolist(), groups, names, tuple(by_number)
    )
    return found
