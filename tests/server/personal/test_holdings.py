"""No column about a person is forgotten: the list and the tables say the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from sqlalchemy import Column, ForeignKey, Integer, String, Table

import server.schema  # noqa: F401
from server.database.tables import Row
from server.personal import holdings as module
from server.personal.holdings import Holding, OnErasure, holdings, parents_first

LIST = Path(module.__file__).with_suffix(".yaml")
IMPERSONAL = frozenset(yaml.safe_load(LIST.read_text(encoding="utf-8"))["impersonal"])
"""The tables that tell of nobody."""
_TELLING = ("sealed", "hash", "name", "phone", "card", "address")


def test_the_list_is_complete() -> None:
    assert faults() == []
    assert {*holdings(), *IMPERSONAL} == set(Row.metadata.tables)


def test_a_table_that_nobody_listed_is_noticed() -> None:
    stray = Table("stray", Row.metadata, Column("id", Integer, primary_key=True))
    try:
        assert any(fault.startswith("stray:") for fault in faults())
    finally:
        Row.metadata.remove(stray)
    assert faults() == []


def test_a_column_that_nobody_listed_is_noticed() -> None:
    table = Row.metadata.tables["profile"]
    table.append_column(Column("nickname", String(20)))
    try:
        assert faults() == ["profile: nickname"]
    finally:
        table._columns.remove(table.c.nickname)
    assert faults() == []


def test_a_column_with_a_telling_name_is_none_of_the_others() -> None:
    for holding in holdings().values():
        readable = [c for c in holding.other if not c.endswith("_at")]
        told = [c for c in readable if any(word in c for word in _TELLING)]
        assert told == [], holding.table


def test_every_table_that_points_to_a_worker_is_a_holding() -> None:
    for table in Row.metadata.sorted_tables:
        if any(key.column.table.name == "worker" for key in table.foreign_keys):
            assert holdings()[table.name].owner, table.name


def test_what_stays_is_explained_plainly() -> None:
    for holding in holdings().values():
        if holding.on_erasure is not OnErasure.DELETE:
            assert holding.why and holding.why.endswith("。") and "您" not in holding.why


def test_parents_come_before_what_points_to_them() -> None:
    order = [holding.table for holding in parents_first()]
    assert order.index("worker") < order.index("conversation") < order.index("turn")
    assert set(order) == set(holdings())


def test_rows_without_a_known_owner_are_refused() -> None:
    holding = holdings()["wechat_follower"]
    with pytest.raises(ValueError, match="whose"):
        holding.owned_by(1)


def test_a_key_of_several_columns_is_joined() -> None:
    pair = Table(
        "pair",
        Row.metadata,
        Column("a", ForeignKey("worker.id"), primary_key=True),
        Column("b", Integer, primary_key=True),
    )
    try:
        made = module.Holding(
            table="pair", title="x", on_erasure=OnErasure.DELETE, other=("a", "b"), owner=("a",)
        )
        assert module.key_of(made, {"a": 1, "b": 2}) == "1:2"
    finally:
        Row.metadata.remove(pair)


def faults() -> list[str]:
    """Where the list and the tables differ; empty is right."""
    found: list[str] = []
    for table in Row.metadata.sorted_tables:
        holding = holdings().get(table.name)
        if (holding is None) == (table.name not in IMPERSONAL):
            found.append(f"{table.name}: to be listed once, as a holding or as impersonal")
        if holding is None:
            continue
        if sorted(holding.columns) != sorted(table.columns.keys()):
            differing = set(holding.columns) ^ set(table.columns.keys())
            found.append(f"{table.name}: {', '.join(sorted(differing)) or 'a column named twice'}")
        found += _contradictions(holding)
    listed = {*holdings(), *IMPERSONAL}
    found += [f"{name}: no such table" for name in sorted(listed - set(Row.metadata.tables))]
    return found


def _contradictions(holding: Holding) -> Iterator[str]:
    keeps = holding.on_erasure is not OnErasure.DELETE
    if keeps and not holding.why:
        yield f"{holding.table}: says not why it stays"
    if (holding.keep_days is None) != (holding.since is None):
        yield f"{holding.table}: keep_days and since come together"
    if holding.follows is not None and holding.keep_days is not None:
        yield f"{holding.table}: has an end of its own, or follows another"
    if holding.owner is None and holding.on_erasure is not OnErasure.KEEP:
        yield f"{holding.table}: nobody can tell whose rows to erase"
    if holding.on_erasure is OnErasure.BLANK:
        key = {column.name for column in holding.rows.primary_key}
        if key & set(holding.emptied):
            yield f"{holding.table}: a key can't be emptied"
    if bool(holding.withheld) != bool(holding.withheld_where):
        yield f"{holding.table}: withheld and withheld_where come together"
    conditions = (
        holding.only, holding.until_erased, holding.delete_where, holding.withheld_where,
    )  # fmt: skip
    named = {
        *(holding.owner or ()),
        *({holding.since, holding.follows} - {None}),
        *holding.withheld,
        *(n for each in conditions for n in each or ()),
    }
    if not named <= set(holding.columns):
        yield f"{holding.table}: names a column that it doesn't list"
