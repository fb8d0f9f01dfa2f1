"""Sealing anew with the first key of the settings, so that an older one can be taken out of use.

The service goes on meanwhile: every step takes a few rows, changes only what it has read, and can
be broken off and repeated. What a worker's key seals stays as it is: only the key is wrapped anew.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, select, tuple_, update
from sqlmodel import Session

from server.confidential.sealing import Safe, SealBroken
from server.confidential.subject_keys import SubjectKeys
from server.database.db import Database
from server.personal.holdings import Holding, holdings, key_of

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Step:
    """A few rows: what they are, how many were sealed anew, which could not be opened."""

    what: str
    done: int
    broken: tuple[str, ...] = ()


def behind(database: Database, keys: SubjectKeys, safe: Safe) -> int:
    """How much is sealed with another than the first key."""
    found = keys.behind()
    with database.read() as session:
        for holding, column in _service_columns():
            old = _is_old(holding, column, safe)
            found += session.scalar(select(func.count()).select_from(holding.rows).where(old)) or 0
    return found


def rotate(database: Database, keys: SubjectKeys, safe: Safe) -> Iterator[Step]:
    """Seal all anew, step by step; stop whenever you like."""
    after: str | None = ""
    while after is not None:
        done, broken, after = keys.rewrap(after, _AT_ONCE)
        yield Step("subject_key", done, broken)
    for holding, column in _service_columns():
        yield from _reseal(database, holding, column, safe)


def _service_columns() -> Iterator[tuple[Holding, str]]:
    for holding in holdings().values():
        for column in holding.service:
            yield holding, column


def _reseal(database: Database, holding: Holding, column: str, safe: Safe) -> Iterator[Step]:
    what = f"{holding.table}.{column}"
    last: tuple[object, ...] | None = None
    while True:
        with database.begin() as session:
            last, step = _reseal_some(session, holding, column, safe, last, what)
        yield step
        if last is None:
            return


def _reseal_some(
    session: Session,
    holding: Holding,
    column: str,
    safe: Safe,
    after: tuple[object, ...] | None,
    what: str,
) -> tuple[tuple[object, ...] | None, Step]:
    keys = list(holding.rows.primary_key)
    sealed = holding.rows.c[column]
    asked = select(*keys, sealed).where(_is_old(holding, column, safe)).order_by(*keys)
    if after is not None:
        asked = asked.where(tuple_(*keys) > tuple_(*after))
    rows = session.execute(asked.limit(_AT_ONCE)).mappings().all()
    done = 0
    broken: list[str] = []
    for row in rows:
        purpose = f"{what}:{key_of(holding, dict(row))}"
        try:
            anew = safe.seal(safe.unseal(row[column], purpose), purpose)
        except SealBroken:
            broken.append(purpose)
            continue
        same = and_(*(key == row[key.name] for key in keys), sealed == row[column])
        done += (
            session.connection()
            .execute(update(holding.rows).where(same).values({column: anew}))
            .rowcount
        )
    last = tuple(rows[-1][key.name] for key in keys) if len(rows) == _AT_ONCE else None
    return last, Step(what, done, tuple(broken))


def _is_old(holding: Holding, column: str, safe: Safe) -> ColumnElement[bool]:
    newest = next(iter(safe.keys)) + ":"
    sealed = holding.rows.c[column]
    return and_(sealed.is_not(None), sealed != "", func.substr(sealed, 1, len(newest)) != newest)
