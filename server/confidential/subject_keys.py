"""A key for each worker: what it seals is gone, in backups too, once the key is destroyed.

The keys lie in a database of their own, each wrapped by the keys of the settings. A backup of the
main database holds none of them, so nothing that is restored from it brings an erased person back.
"""

import base64
import os
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, delete, event, func, select, text
from sqlmodel import Session, col

from server.clock import Clock, china_day
from server.confidential.sealing import Safe, SealBroken
from server.database.db import Database, load_within
from server.database.tables import Lifetime, SubjectKey, Worker, stored_instant

# A key that nobody claims after so long belongs to a worker whose making or erasing broke off.
_UNCLAIMED_FOR = timedelta(hours=1)
_AT_ONCE = 500
_TABLES = {
    "wrapped_key": "id VARCHAR(16) PRIMARY KEY, wrapped TEXT, made_at VARCHAR(32) NOT NULL,"
    " erased_at VARCHAR(32)",
    # Since when the data lacks whoever came, and until when: a backup was put in its place.
    "restoration": "made_at VARCHAR(32) NOT NULL, restored_at VARCHAR(32) NOT NULL",
}


class SubjectErased(Exception):
    """The worker's key was destroyed: what it sealed can't be read by anybody any more."""


class KeyLost(Exception):
    """The database of keys lacks a key that was never erased; the message is its id."""


class Rewrapped(NamedTuple):
    """How many keys were wrapped anew, which could not be opened, and after which to go on."""

    done: int
    broken: tuple[str, ...]
    after: str | None


class SubjectKeys:
    """The keys of all workers; each worker's come as a `Safe`."""

    def __init__(self, database: Database, keys: Database, safe: Safe, clock: Clock) -> None:
        self._database = database
        self._keys = keys
        self._safe = safe
        self._clock = clock
        if keys.is_sqlite:
            # What is erased must not stay readable in a page that happens to be free.
            event.listen(keys.engine, "connect", _overwrite_what_is_deleted)

    def prepare(self) -> None:
        """Make the tables where there are none."""
        for table, columns in _TABLES.items():
            try:
                self._keys.fetch(f"SELECT made_at FROM {table}")
            except Exception:
                with self._keys.migrating() as connection:
                    connection.exec_driver_sql(f"CREATE TABLE IF NOT EXISTS {table} ({columns})")

    def can_be_read(self) -> bool:
        """Whether their database answers: without it nobody's data can be read."""
        try:
            self._keys.fetch("SELECT id FROM wrapped_key LIMIT 1")
        except Exception:
            return False
        return True

    def safe_of(self, worker_id: int, lifetime: Lifetime = Lifetime.PERSON) -> Safe:
        """What seals and opens this worker's data; makes the key on the first time.

        To be called outside any transaction. Raises `SubjectErased`, `KeyLost`.
        """
        row = self._database.fetch(
            "SELECT string_agg(id, ',' ORDER BY made_at DESC, id), max(made_at) FROM subject_key"
            " WHERE worker_id = :worker AND lifetime = :lifetime",
            worker=worker_id,
            lifetime=lifetime.value,
        )
        if row is None or row[0] is None or self._is_due(lifetime, row[1]):
            self._make(worker_id, lifetime)
            return self.safe_of(worker_id, lifetime)
        return self._safe_with(row[0].split(","))

    def safes_of(
        self, worker_ids: Iterable[int], lifetime: Lifetime = Lifetime.PERSON
    ) -> dict[int, Safe]:
        """The safes of several workers who have one; those who were erased are left out."""
        wanted = list(dict.fromkeys(worker_ids))
        ids: dict[int, list[str]] = {}
        with self._database.read() as session:
            for start in range(0, len(wanted), _AT_ONCE):
                some = wanted[start : start + _AT_ONCE]
                rows = session.execute(
                    select(col(SubjectKey.worker_id), col(SubjectKey.id))
                    .where(
                        col(SubjectKey.worker_id).in_(some), col(SubjectKey.lifetime) == lifetime
                    )
                    .order_by(col(SubjectKey.made_at).desc(), col(SubjectKey.id))
                )
                for worker_id, key_id in rows:
                    ids.setdefault(worker_id, []).append(key_id)
        plain = self._opened(key_id for key_ids in ids.values() for key_id in key_ids)
        found: dict[int, Safe] = {}
        for worker_id, key_ids in ids.items():
            keys = {key_id: plain[key_id] for key_id in key_ids if key_id in plain}
            if keys:
                found[worker_id] = Safe(keys, self._safe.secret)
        return found

    def make_many(self, count: int) -> list[tuple[str, Safe]]:
        """Make keys for people who have none yet, with their ids, for `give` to say whose they are.

        Keys that nobody is given harm nobody: `destroy_unclaimed` finds them.
        """
        made: list[tuple[str, Safe]] = []
        rows: list[tuple[str, str, str]] = []
        at = stored_instant(self._clock())
        for _ in range(count):
            key_id, plain, wrapped = self._new()
            made.append((key_id, Safe({key_id: plain}, self._safe.secret)))
            rows.append((key_id, wrapped, at))
        with self._keys.begin() as session:
            load_within(session, "wrapped_key", ("id", "wrapped", "made_at"), rows)
        return made

    def destroy(self, key_ids: Iterable[str]) -> None:
        """Erase keys for good; nothing in this or an older copy of the main database needs them."""
        at, ids = stored_instant(self._clock()), list(key_ids)
        erase = text(
            "UPDATE wrapped_key SET wrapped = NULL, erased_at = :at"
            " WHERE id IN :ids AND wrapped IS NOT NULL"
        ).bindparams(bindparam("ids", expanding=True))
        with self._keys.begin() as session:
            for start in range(0, len(ids), _AT_ONCE):
                session.execute(erase, {"at": at, "ids": ids[start : start + _AT_ONCE]})
        if self._keys.is_sqlite:
            # The write-ahead log still has the pages as they were.
            with self._keys.gate():
                self._keys.fetch("PRAGMA wal_checkpoint(TRUNCATE)")

    def note_restored(self, made_at: datetime, *, now: datetime) -> None:
        """Keep the keys that were made between a backup and its coming back, until `give_up_held`.

        The data that came back knows nothing of them, a newer backup may.
        """
        # As of a moment after it was begun; and a key is made a little before whose it is is said.
        since = stored_instant(made_at - _UNCLAIMED_FOR)
        self._keys.insert(
            "INSERT INTO restoration (made_at, restored_at) VALUES {}",
            [(since, stored_instant(now))],
        )

    def destroy_unclaimed(self) -> int:
        """Erase keys that no worker has: their making or erasing broke off half way."""
        unclaimed = self._unclaimed(held=False)
        if unclaimed:
            self.destroy(unclaimed)
        return len(unclaimed)

    def held(self) -> int:
        """How many keys no worker has that `note_restored` keeps."""
        return len(self._unclaimed(held=True))

    def give_up_held(self) -> None:
        """Keep them no longer: no newer backup is going to be restored."""
        with self._keys.begin() as session:
            session.execute(text("DELETE FROM restoration"))

    def _unclaimed(self, *, held: bool) -> list[str]:
        is_held = (
            "EXISTS (SELECT * FROM restoration WHERE wrapped_key.made_at >= restoration.made_at"
            " AND wrapped_key.made_at <= restored_at)"
        )
        before = stored_instant(self._clock() - _UNCLAIMED_FOR)
        with self._keys.read() as session:
            ids = session.scalars(
                text(
                    "SELECT id FROM wrapped_key WHERE wrapped IS NOT NULL AND made_at < :before"
                    f" AND {is_held if held else f'NOT {is_held}'}"
                ),
                params={"before": before},
            ).all()
        with self._database.read() as session:
            claimed = set(session.scalars(select(col(SubjectKey.id))))
        return [key_id for key_id in ids if key_id not in claimed]

    def erased(self) -> set[int]:
        """Workers whose key was destroyed though their rows are there: restored from a backup."""
        with self._keys.read() as session:
            gone = set(session.scalars(text("SELECT id FROM wrapped_key WHERE wrapped IS NULL")))
        with self._database.read() as session:
            rows = session.execute(
                select(col(SubjectKey.worker_id), col(SubjectKey.id)).where(
                    col(SubjectKey.lifetime) == Lifetime.PERSON
                )
            ).all()
        return {worker_id for worker_id, key_id in rows if key_id in gone}

    def behind(self) -> int:
        """How many keys are wrapped by another than the first key of the settings."""
        row = self._keys.fetch(
            "SELECT count(*) FROM wrapped_key WHERE substr(wrapped, 1, :length) <> :newest",
            **self._newest(),
        )
        return 0 if row is None else int(row[0])

    def rewrap(self, after: str = "", at_most: int = 200) -> Rewrapped:
        """Wrap some keys anew with the first key of the settings, those with ids past `after`."""
        asked = text(
            "SELECT id, wrapped FROM wrapped_key WHERE id > :after"
            " AND substr(wrapped, 1, :length) <> :newest ORDER BY id LIMIT :most"
        )
        # A key that is destroyed at this moment must stay so.
        change = text("UPDATE wrapped_key SET wrapped = :new WHERE id = :id AND wrapped = :old")
        done, broken = 0, []
        with self._keys.begin() as session:
            values = {"after": after, "most": at_most, **self._newest()}
            rows = session.execute(asked, values).all()
            for key_id, old in rows:
                purpose = _purpose(key_id)
                try:
                    new = self._safe.seal(self._safe.unseal(old, purpose), purpose)
                except SealBroken:
                    broken.append(purpose)
                    continue
                session.execute(change, {"new": new, "id": key_id, "old": old})
                done += 1
        return Rewrapped(done, tuple(broken), rows[-1][0] if len(rows) == at_most else None)

    def _safe_with(self, key_ids: list[str]) -> Safe:
        keys = self._opened(key_ids)
        if not keys:
            raise SubjectErased
        return Safe(
            {key_id: keys[key_id] for key_id in key_ids if key_id in keys}, self._safe.secret
        )

    def _opened(self, key_ids: Iterable[str]) -> dict[str, bytes]:
        """The keys that were not erased, by id; raises `KeyLost`."""
        wanted = list(key_ids)
        keys: dict[str, bytes] = {}
        missing: set[str] = set(wanted)
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            for key_id, wrapped in self._wrapped(some):
                missing.discard(key_id)
                if wrapped is not None:
                    keys[key_id] = base64.b64decode(self._safe.unseal(wrapped, _purpose(key_id)))
        if missing:
            raise KeyLost(min(missing))
        return keys

    def _wrapped(self, key_ids: list[str]) -> Iterable[tuple[str, str | None]]:
        if len(key_ids) == 1:
            # What every request asks: without a session around it.
            row = self._keys.fetch("SELECT wrapped FROM wrapped_key WHERE id = :id", id=key_ids[0])
            return [] if row is None else [(key_ids[0], row[0])]
        asked = text("SELECT id, wrapped FROM wrapped_key WHERE id IN :ids").bindparams(
            bindparam("ids", expanding=True)
        )
        with self._keys.read() as session:
            return [(row[0], row[1]) for row in session.execute(asked, {"ids": key_ids})]

    def _new(self) -> tuple[str, bytes, str]:
        """A key: its id, itself, and as it is kept; AES or SM4, as the keys of the settings are."""
        plain = os.urandom(len(next(iter(self._safe.keys.values()))))
        key_id = secrets.token_hex(8)
        encoded = base64.b64encode(plain).decode()
        return key_id, plain, self._safe.seal(encoded, _purpose(key_id))

    def _make(self, worker_id: int, lifetime: Lifetime) -> None:
        key_id, _, wrapped = self._new()
        now = self._clock()
        # First the key, then whose it is: a key without a worker harms nobody.
        self._keys.insert(
            "INSERT INTO wrapped_key (id, wrapped, made_at) VALUES {}",
            [(key_id, wrapped, stored_instant(now))],
        )
        with self._database.begin() as session:
            # Two at once must end at one key: what the second seals has to open for the first.
            erased_at = session.scalar(
                select(col(Worker.erased_at))
                .where(col(Worker.id) == worker_id)
                .with_for_update(key_share=True)
            )
            if erased_at is not None and lifetime is Lifetime.PERSON:
                raise SubjectErased
            made_at = session.scalar(
                select(func.max(col(SubjectKey.made_at))).where(_of(worker_id, lifetime))
            )
            if made_at is None or self._is_due(lifetime, made_at):
                session.add(
                    SubjectKey(id=key_id, worker_id=worker_id, lifetime=lifetime, made_at=now)
                )

    def _is_due(self, lifetime: Lifetime, made_at: str | datetime) -> bool:
        """Whether another key is due: the books of each year are kept for as long."""
        made = datetime.fromisoformat(made_at) if isinstance(made_at, str) else made_at
        is_old = china_day(made).year != china_day(self._clock()).year
        return lifetime is Lifetime.ACCOUNTS and is_old

    def _newest(self) -> dict[str, Any]:
        newest = next(iter(self._safe.keys)) + ":"
        return {"newest": newest, "length": len(newest)}


def release(session: Session, worker_id: int, lifetime: Lifetime) -> list[str]:
    """Let go of a worker's keys; to be destroyed once this transaction has ended."""
    ids = list(session.scalars(select(col(SubjectKey.id)).where(_of(worker_id, lifetime))))
    session.execute(delete(SubjectKey).where(col(SubjectKey.id).in_(ids)))
    return ids


def give(session: Session, keys: Sequence[tuple[str, int]], *, now: datetime) -> None:
    """Say whose keys are that `make_many` made: ids with workers, for as long as they want."""
    rows = [(id, worker, Lifetime.PERSON.value, stored_instant(now)) for id, worker in keys]
    load_within(session, "subject_key", ("id", "worker_id", "lifetime", "made_at"), rows)


def _of(worker_id: int, lifetime: Lifetime) -> ColumnElement[bool]:
    return and_(col(SubjectKey.worker_id) == worker_id, col(SubjectKey.lifetime) == lifetime)


def _purpose(key_id: str) -> str:
    return f"wrapped_key.wrapped:{key_id}"


def _overwrite_what_is_deleted(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA secure_delete=ON")
