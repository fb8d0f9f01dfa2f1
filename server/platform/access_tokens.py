"""The platform's access tokens: one for each app, shared by all processes through the database.

Whoever finds the token over, or refused, takes the lease to fetch a new one; the others wait.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlmodel import Session, col

from server.clock import Clock
from server.confidential.sealing import Safe, SealBroken
from server.database.db import Database, insert_new
from server.database.tables import AccessToken

# Longer than fetching can take, so that only the lease of a dead process runs out.
LEASE = timedelta(seconds=20)
_WAITING_SECONDS = 12.0
_PAUSE_SECONDS = 0.05

Fetch = Callable[[bool], tuple[str, timedelta]]
"""Gets a token and for how long it is good; True: even though the platform holds one still good."""


class TokenAwaited(Exception):
    """Another process is fetching a token and takes long."""


class AccessTokens:
    """The tokens of one database."""

    def __init__(self, database: Database, safe: Safe, clock: Clock) -> None:
        self._database = database
        self._safe = safe
        self._clock = clock

    def get(self, app_id: str, fetch: Fetch, refused: str | None = None) -> str:
        """The token in force, other than the one that was `refused`; raises `TokenAwaited`.

        What `fetch` raises passes through, and the next who asks may try.
        """
        until = time.monotonic() + _WAITING_SECONDS
        while True:
            now = self._clock()
            sealed, token = self._held(app_id, now)
            if token is not None and token != refused:
                return token
            if self._lease(app_id, sealed, now):
                return self._fetched(app_id, fetch, token)
            if time.monotonic() > until:
                raise TokenAwaited
            time.sleep(_PAUSE_SECONDS)

    def _held(self, app_id: str, now: datetime) -> tuple[str | None, str | None]:
        """What is stored, and the token in it, None where it is over or can't be read."""
        with self._database.read() as session:
            row = session.get(AccessToken, app_id)
        if row is None or row.sealed is None:
            return None, None
        if row.expires_at is None or row.expires_at <= now:
            return row.sealed, None
        try:
            return row.sealed, self._safe.unseal(row.sealed, _purpose(app_id))
        except SealBroken:
            return row.sealed, None

    def _lease(self, app_id: str, seen: str | None, now: datetime) -> bool:
        """Take the lease, unless somebody has it or has stored another token than was seen."""
        with self._database.begin() as session:
            insert_new(session, AccessToken, app_id=app_id)
            taken = session.connection().execute(
                update(AccessToken)
                .where(
                    col(AccessToken.app_id) == app_id,
                    col(AccessToken.sealed).is_not_distinct_from(seen),
                    or_(
                        col(AccessToken.leased_until).is_(None),
                        col(AccessToken.leased_until) <= now,
                    ),
                )
                .values(leased_until=now + LEASE)
            )
        return taken.rowcount == 1

    def _fetched(self, app_id: str, fetch: Fetch, refused: str | None) -> str:
        try:
            token, good_for = fetch(False)
            if token == refused:
                token, good_for = fetch(True)
        except Exception:
            with self._database.begin() as session:
                _store(session, app_id, leased_until=None)
            raise
        # A call that starts just before the end should still arrive in time.
        expires_at = self._clock() + good_for - min(timedelta(minutes=1), good_for / 10)
        sealed = self._safe.seal(token, _purpose(app_id))
        with self._database.begin() as session:
            _store(session, app_id, sealed=sealed, expires_at=expires_at, leased_until=None)
        return token


def _store(session: Session, app_id: str, **values: object) -> None:
    session.execute(update(AccessToken).where(col(AccessToken.app_id) == app_id).values(**values))


def _purpose(app_id: str) -> str:
    return f"access_token.sealed:{app_id}"
