"""Sweeping the store: objects that no row names are deleted."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import select
from sqlmodel import Session, col

from server.casework.materials import object_name
from server.casework.tables import Material, Upload
from server.database.db import Database
from server.material_store import Store

LEFT_ALONE = timedelta(days=1)
"""An object is written before the row that names it."""
_AT_ONCE = 500


Namer = Callable[[Session, Collection[str]], set[str]]
"""Those of some objects that rows of another part of the service name."""


def sweep(database: Database, store: Store, *, others: Sequence[Namer] = (), now: datetime) -> int:
    """Delete what no row names any more, and return how many; raises `StoreAway`."""
    swept = 0
    old = (name for name, written_at in store.names() if written_at < now - LEFT_ALONE)
    for names in _some(old):
        named = _named(database, names, others)
        orphans = [name for name in names if name not in named]
        store.delete(orphans)
        swept += len(orphans)
    return swept


def named_of(database: Database, names: Iterable[str], others: Sequence[Namer]) -> set[str]:
    """Those of some objects that a row names."""
    found: set[str] = set()
    for some in _some(iter(names)):
        found |= _named(database, some, others)
    return found


def _some(names: Iterator[str]) -> Iterator[list[str]]:
    while some := list(islice(names, _AT_ONCE)):
        yield some


def _named(database: Database, names: list[str], others: Sequence[Namer]) -> set[str]:
    """Those of the objects that a row names."""
    ids = {name.split("/")[1] for name in names}
    with database.read() as session:
        kept = session.scalars(select(col(Material.id)).where(col(Material.id).in_(ids)))
        named = {object_name(id) for id in kept}
        for pieces in session.scalars(select(col(Upload.pieces)).where(col(Upload.id).in_(ids))):
            named.update(json.loads(pieces))
        for other in others:
            named |= other(session, names)
    return named
