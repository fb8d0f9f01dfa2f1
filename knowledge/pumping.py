"""What makes a pattern search for ever: a part of it, over and over, and then what does not fit.

Where two ways lead through the same text (快 and 要, or 快要), each piece more doubles the ways
that a failing search tries. Reading does not show it; it is tried, on the tree that Python's own
parser makes of a pattern. Only where nobody waits, and in the main thread: an alarm ends what does
not end by itself.
"""

import random
import re

# Python tells what a pattern is made of nowhere else, and types neither.
import re._constants as op  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
import signal
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any

TIMES = 40
"""So often a part is repeated: where each time doubles the ways there is no end to it."""
PATIENCE = 0.5
"""Seconds until it counts as without end."""
_MISFITS = ("\x00", "啥", "。")
_MANY = 8
_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT)
_ANYTHING = "我打天"

Node = tuple[Any, Any]


class _TooLong(Exception):
    """It is still searching."""


def endless(pattern: str, flags: int = 0, *, samples: int = 100) -> str | None:
    """A text that the pattern is not through with in `PATIENCE`; None where none was found."""
    compiled, tree = re.compile(pattern, flags), parser.parse(pattern, flags)
    chance = random.Random(repr(pattern))
    for node in _nodes(tree):
        kind, told = node
        if kind not in _REPEATS or told[1] <= _MANY:
            continue
        several = {each for each, _ in _nodes(told[2])} & {op.BRANCH, *_REPEATS}
        for text in {_text(tree, node, chance) for _ in range(samples if several else 2)}:
            for misfit in _MISFITS:
                if not _is_through(compiled, text + misfit):
                    return text + misfit
    return None


def _is_through(compiled: re.Pattern[str], text: str) -> bool:
    before = signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        compiled.fullmatch(text)
        compiled.search(text)
    except _TooLong:
        return False
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return True


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise _TooLong


def _within(node: Node) -> Sequence[Any]:
    """The sequences of nodes that a node holds."""
    kind, told = node
    if kind is op.BRANCH:
        return [*told[1]]
    if kind is op.SUBPATTERN:
        return [told[3]]
    if kind in (*_REPEATS, op.POSSESSIVE_REPEAT):
        return [told[2]]
    return [told] if kind is op.ATOMIC_GROUP else []


def _nodes(sequence: Any) -> Iterator[Node]:
    for node in sequence:
        yield node
        for inside in _within(node):
            yield from _nodes(inside)


def _text(sequence: Any, pumped: Node | None, chance: random.Random) -> str:
    """A text that fits, in which what stands at `pumped` is repeated."""
    return "".join(_piece(node, pumped, chance) for node in sequence)


def _piece(node: Node, pumped: Node | None, chance: random.Random) -> str:
    kind, told = node
    if kind is op.LITERAL:
        return chr(told)
    if kind in (op.NOT_LITERAL, op.ANY):
        return _ANYTHING[0]
    if kind is op.IN:
        return _one_of(told, chance)
    if kind is op.BRANCH:
        leading = [way for way in told[1] if pumped and any(n is pumped for n in _nodes(way))]
        return _text((leading or [chance.choice(told[1])])[0], pumped, chance)
    if kind in _REPEATS or kind is op.POSSESSIVE_REPEAT:
        least, _, inside = told
        if node is pumped:
            return _text(inside, None, chance) * TIMES
        leads = pumped is not None and any(n is pumped for n in _nodes(inside))
        return "".join(_text(inside, pumped, chance) for _ in range(max(least, leads)))
    return "".join(_text(inside, pumped, chance) for inside in _within(node))


def _one_of(items: Sequence[Node], chance: random.Random) -> str:
    kind, told = chance.choice(items)
    if any(each is op.NEGATE for each, _ in items):
        return chance.choice(_ANYTHING)
    if kind is op.LITERAL:
        return chr(told)
    if kind is op.RANGE:
        return chr(chance.randint(*told))
    return {op.CATEGORY_DIGIT: "1", op.CATEGORY_SPACE: " "}.get(told, "a")
