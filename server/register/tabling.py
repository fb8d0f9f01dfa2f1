"""Small tables: each line read strictly by its header and told, all entered in one transaction.

So an import that stops half way has done nothing.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from knowledge.eligibility.cells import plain
from server.register.sheets import Bad, SheetUnfit

F = TypeVar("F", bound=StrEnum)
L = TypeVar("L", bound=BaseModel)
T = TypeVar("T")

MOST_LINES = 5_000

Columns = Mapping[str, tuple[str, ...]]
"""What a column is for, with what it is usually called, the first as it is told."""


@dataclass(slots=True)
class Found(Generic[F, T]):
    """What would become of every line, and what of them is to be entered."""

    counts: Counter[F] = field(default_factory=Counter)
    bad: list[Bad] = field(default_factory=list)
    to_enter: list[T] = field(default_factory=list)


def places_of(headers: Sequence[str], columns: Columns, needed: Sequence[str]) -> Mapping[str, int]:
    """At which place each column stands; raises `SheetUnfit`."""
    named = {plain(name): use for use, names in columns.items() for name in names}
    places: dict[str, int] = {}
    for at, header in enumerate(headers):
        use = named.get(plain(header))
        if use in places:
            raise SheetUnfit(twice=header)
        if use is not None:
            places[use] = at
    if missing := tuple(use for use in needed if use not in places):
        raise SheetUnfit(missing)
    return places


def values_of(cells: Sequence[str], places: Mapping[str, int]) -> dict[str, Any]:
    """What a line says, by column; what is empty is not said."""
    values = {use: plain(cells[at]) for use, at in places.items()}
    return {use: value for use, value in values.items() if value}


def read_line(model: type[L], values: Mapping[str, Any], columns: Columns) -> L | tuple[str, str]:
    """A line as the model takes it; else the column that is wrong, and what is."""
    try:
        return model.model_validate(values)
    except ValidationError as refused:
        error = refused.errors(include_url=False, include_context=False, include_input=False)[0]
        return columns[str(error["loc"][0])][0], error["type"]
