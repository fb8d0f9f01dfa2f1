"""What is held about people, as `holdings.yaml` lists it: no new column gets past that list."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Column, ColumnElement, Table, and_, or_, select
from sqlmodel import Session

from server.database.tables import Row

_FILE = Path(__file__).with_suffix(".yaml")


class OnErasure(StrEnum):
    """What becomes of a row when the person is erased."""

    DELETE = "delete"
    BLANK = "blank"
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One table, column by column; `owner` None: nobody can tell whose a row is."""

    table: str
    title: str
    on_erasure: OnErasure
    owner: tuple[str, ...] | None = None
    sealed: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    hashed: tuple[str, ...] = ()
    clear: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    why: str | None = None
    delete_where: Mapping[str, tuple[str, ...]] | None = None
    keep_days: int | None = None
    since: str | None = None
    follows: str | None = None
    kept_by: tuple[str, ...] = ()
    only: Mapping[str, tuple[str, ...]] | None = None
    until_erased: Mapping[str, tuple[str, ...]] | None = None
    unlinked: bool = False
    """It is about people, though nobody can tell whose a row is: told to each of them."""
    withheld: tuple[str, ...] = ()
    """What the service noted for itself: left out of the export of rows that are as follows."""
    withheld_where: Mapping[str, tuple[str, ...]] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that the list names, once for each time it is named."""
        return (
            *self.sealed, *self.accounts, *self.service, *self.hashed, *self.clear, *self.other,
        )  # fmt: skip

    @property
    def emptied(self) -> tuple[str, ...]:
        """The columns that a blank row has nothing in."""
        return (*self.sealed, *self.service, *self.hashed, *self.clear)

    @property
    def rows(self) -> Table:
        """The table itself."""
        return Row.metadata.tables[self.table]

    def owned_by(self, worker_id: int) -> ColumnElement[bool]:
        """Which rows are about a worker."""
        if self.owner is None:
            raise ValueError(f"nobody can tell whose the rows of {self.table} are")
        return or_(*(self._leads_to(self.rows.c[name], worker_id) for name in self.owner))

    @property
    def has_an_end(self) -> bool:
        """Whether its rows are over some day without anybody's doing."""
        return self.keep_days is not None or self.follows is not None

    def over(self, now: datetime) -> ColumnElement[bool]:
        """Which rows have been kept for long enough."""
        if self.follows is not None:
            return _is_among_over(self.rows.c[self.follows], now)
        if self.keep_days is None or self.since is None:
            raise ValueError(f"{self.table} has no end")
        ended = self.rows.c[self.since] < now - timedelta(days=self.keep_days)
        for link in self.kept_by:
            ended &= ~self._is_linked(Row.metadata.tables[link], now)
        if self.only:
            ended &= self.where(self.only)
        if self.until_erased:
            ended &= ~self.where(self.until_erased) | self._is_erased()
        return ended

    def _is_linked(self, link: Table, now: datetime) -> ColumnElement[bool]:
        """Which rows something that is not over needs; the link's other key leads there."""
        (own,) = (key.parent for key in link.foreign_keys if key.column.table is self.rows)
        (other,) = (key.parent for key in link.foreign_keys if key.column.table is not self.rows)
        (id,) = self.rows.primary_key
        return id.in_(select(own).where(~_is_among_over(other, now)))

    def _is_erased(self) -> ColumnElement[bool]:
        """Which rows are about somebody who was erased."""
        worker = Row.metadata.tables["worker"]
        erased = select(worker.c.id).where(worker.c.erased_at.is_not(None))
        return or_(*(self.rows.c[name].in_(erased) for name in self.owner or ()))

    def _leads_to(self, column: Column[Any], worker_id: int) -> ColumnElement[bool]:
        target = next((key.column for key in column.foreign_keys), None)
        if target is None or target.table.name == "worker":
            return column == worker_id
        parent = holdings()[target.table.name]
        return column.in_(select(target).where(parent.owned_by(worker_id)))

    def told(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """What of a row its owner gets to see."""
        where = self.withheld_where or {}
        kept_back = all(row[column] in values for column, values in where.items())
        return {name: row[name] for name in row if not (kept_back and name in self.withheld)}

    def where(self, values: Mapping[str, tuple[str, ...]]) -> ColumnElement[bool]:
        """Which rows have one of the values in each of the columns."""
        return and_(*(self.rows.c[column].in_(allowed) for column, allowed in values.items()))


@lru_cache(maxsize=1)
def holdings() -> Mapping[str, Holding]:
    """Every table that holds something about people, by name."""
    return {
        name: Holding(table=name, **{key: _frozen(key, value) for key, value in listed.items()})
        for name, listed in _read()["holdings"].items()
    }


def parents_first() -> Iterator[Holding]:
    """The holdings in an order in which every row comes after those it points to."""
    for table in Row.metadata.sorted_tables:
        if table.name in holdings():
            yield holdings()[table.name]


def key_of(holding: Holding, row: Mapping[str, Any]) -> str:
    """The key of a row, as it stands in what its columns are sealed for."""
    return ":".join(str(row[column.name]) for column in holding.rows.primary_key)


def owned_rows(session: Session, holding: Holding, worker_id: int) -> list[dict[str, Any]]:
    """The rows about a worker, as they are."""
    asked = select(holding.rows).where(holding.owned_by(worker_id))
    order = list(holding.rows.primary_key)
    return [dict(row) for row in session.execute(asked.order_by(*order)).mappings()]


def _is_among_over(key: Column[Any], now: datetime) -> ColumnElement[bool]:
    """Whether what a foreign key leads to was kept for long enough."""
    (target,) = (foreign.column for foreign in key.foreign_keys)
    return key.in_(select(target).where(holdings()[target.table.name].over(now)))


@lru_cache(maxsize=1)
def _read() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return read


def _frozen(key: str, value: Any) -> Any:
    if key == "on_erasure":
        return OnErasure(value)
    if key == "owner":
        return (value,) if isinstance(value, str) else tuple(value)
    if isinstance(value, dict):
        return {name: tuple(allowed) for name, allowed in value.items()}
    return tuple(value) if isinstance(value, list) else value
