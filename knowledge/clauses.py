"""Splitting a cleaned document into clauses, each with the locator by which people cite it.

The usual numbering of Chinese documents is known (一、 （一） 1. ① 一是); what a document orders
otherwise (by town, by department) is given by its `headings`.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from unicodedata import normalize

from knowledge.figures import spelled_value

PREAMBLE = "前言"
_DIGITS = "一二三四五六七八九十"
_NUMBERINGS: tuple[tuple[int, re.Pattern[str]], ...] = (
    (1, re.compile(rf"([{_DIGITS}]{{1,3}})(?:、|是)")),
    (2, re.compile(rf"(（[{_DIGITS}]{{1,3}}）)")),
    # A line may begin with a sum: 1.5万元 opens no clause.
    (3, re.compile(r"(\d{1,2})[.．](?!\d{1,2}(?:%|[万亿倍折]|元))")),
    (4, re.compile(r"([①-⑳])")),
)
_NUMBER = re.compile(rf"(?:^|(?<=（))[{_DIGITS}]{{1,3}}(?=[（）\d①-⑳]|$)|\d{{1,2}}$|[①-⑳]$")
_NAMED_RANK = 5
_PLACE_RANK = 0
_RESPONSIBLE = "责任单位"
_INLINE = re.compile(rf"(?=[①-⑳])|(?<=。)(?=[{_DIGITS}]是)")


@dataclass(frozen=True, slots=True)
class Heading:
    """Words that open a clause which carries no number; `place` puts it above every number."""

    opens: str
    label: str
    place: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """One numbered or named part: `text` is its own, without that of the clauses inside it."""

    locator: str
    text: str
    parent: str | None


def split_clauses(text: str, headings: Sequence[Heading] = ()) -> tuple[Clause, ...]:
    """Split a cleaned text; every line belongs to exactly one clause, in order.

    What stands under one locator at two places makes one clause: see `begun_twice`.
    """
    lines: dict[str, list[str]] = {}
    parents: dict[str, str | None] = {}
    for placed in _placed(text, headings):
        parents.setdefault(placed.locator, placed.parent)
        lines.setdefault(placed.locator, []).append(placed.piece)
    return tuple(Clause(loc, "\n".join(own), parents[loc]) for loc, own in lines.items())


def begun_twice(text: str, headings: Sequence[Heading] = ()) -> tuple[str, ...]:
    """The locators that more than one clause begins with: nobody can tell which one is cited."""
    begun = Counter(placed.locator for placed in _placed(text, headings) if placed.opens)
    return tuple(locator for locator, count in begun.items() if count > 1)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A piece of the text and where it belongs; `opens`: a clause begins with it."""

    piece: str
    locator: str
    parent: str | None
    opens: bool = False


def _placed(text: str, headings: Sequence[Heading]) -> Iterator[_Placed]:
    stack: list[tuple[int, str]] = []
    for piece in _pieces(text, headings):
        opening = _opening(piece, headings)
        if opening is not None:
            rank, label = opening
            stack = [level for level in stack if level[0] < rank]
            parent = _locator(stack) or None
            stack.append((rank, label))
            yield _Placed(piece, _locator(stack), parent, opens=True)
        elif piece.startswith(_RESPONSIBLE):
            top = [level for level in stack if level[0] <= 1]
            yield _Placed(piece, _locator(top) or _locator(stack) or PREAMBLE, None)
        else:
            yield _Placed(piece, _locator(stack) or PREAMBLE, None)


def without_number(text: str) -> str:
    """Return a text without the number that opens it, if one does."""
    for _, numbering in _NUMBERINGS:
        if found := numbering.match(text):
            return text[found.end() :]
    return text


def numbers(locator: str) -> tuple[int, ...]:
    """The numbers that a clause is cited by, the outer one first: 四（二）5 is 4, 2, 5."""
    found = _NUMBER.findall(locator.rpartition("·")[2])
    return tuple(int(spelled_value(normalize("NFKC", number))) for number in found)


def _pieces(text: str, headings: Sequence[Heading]) -> list[str]:
    marks = [re.escape(h.opens) for h in headings if not h.place]
    inline = re.compile("|".join([_INLINE.pattern, *(f"(?={mark})" for mark in marks)]))
    return [
        piece
        for line in text.split("\n")
        for piece in inline.split(line)
        if piece and piece.strip()
    ]


def _opening(piece: str, headings: Sequence[Heading]) -> tuple[int, str] | None:
    for heading in headings:
        if heading.place and piece == heading.opens:
            return _PLACE_RANK, heading.label + "·"
        if not heading.place and piece.startswith(heading.opens):
            return _NAMED_RANK, heading.label
    for rank, numbering in _NUMBERINGS:
        if found := numbering.match(piece):
            return rank, found.group(1)
    return None


def _locator(stack: Sequence[tuple[int, str]]) -> str:
    return "".join(label for _, label in stack).rstrip("·")
