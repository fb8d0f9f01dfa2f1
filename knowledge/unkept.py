"""What cleaning did to figures, dates and tables of a page: it may lose or alter none unseen."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from knowledge.cleaning import simplify
from knowledge.figures import Figure, figures

_DAYS = frozenset({"年", "月", "日"})
_ROW = re.compile(r"^.*(?: \| |\t).*$", re.M)
_BLANK = re.compile(r"\s+")
_AROUND = 14


class Sort(StrEnum):
    """What is otherwise."""

    FIGURE = "figure"
    DATE = "date"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Unkept:
    """One figure, date or row of a table on one side only.

    `words` names it, the same each time; `context` is where it stands; `lost`: it stood in the
    page and no longer does, else it stands in the cleaned text alone.
    """

    sort: Sort
    words: str
    context: str
    lost: bool


def unkept(raw: str, cleaned: str) -> list[Unkept]:
    """Everything that only one of the two has."""
    raw = unicodedata.normalize("NFKC", simplify(raw))
    cleaned = unicodedata.normalize("NFKC", cleaned)
    before, after = figures(_joined(raw)), figures(_joined(cleaned))
    found = [_figure(raw, figure, lost=True) for figure in sorted(before - after, key=_order)]
    found += [_figure(cleaned, figure, lost=False) for figure in sorted(after - before, key=_order)]
    rows, kept = list(_rows(raw)), {_plain(row) for row in _rows(cleaned)}
    found += [Unkept(Sort.TABLE, row, row, True) for row in rows if _plain(row) not in kept]
    return found


def _figure(text: str, figure: Figure, *, lost: bool) -> Unkept:
    sort = Sort.DATE if figure.unit in _DAYS else Sort.FIGURE
    value = f"{figure.value:f}"
    found = re.search(rf"(?<![\d.]){re.escape(value)}(?![\d.])", text)
    at = found.start() if found else -1
    context = text[max(0, at - _AROUND) : at + _AROUND].replace("\n", " ") if at >= 0 else ""
    side = "-" if lost else "+"
    return Unkept(sort, f"{side}{value}{figure.unit}", context, lost)


def _order(figure: Figure) -> tuple[str, str]:
    return f"{figure.value:f}", figure.unit


def _rows(text: str) -> Iterator[str]:
    yield from (" ".join(row.split()) for row in _ROW.findall(text))


def _plain(row: str) -> str:
    return _BLANK.sub("", row)


def _joined(text: str) -> str:
    """A text in which breaks within a figure do not part it from its unit."""
    return re.sub(r"(?<=\d)\s+(?=[\u3400-\u9fff%])", "", text)
