"""Linking the audit's entries into their chain, every second, beside the requests."""

import os
import random
import threading
import weakref

import structlog

from server.confidential.sealing import Safe
from server.database.db import Database
from server.records import audit

_EVERY_SECONDS = 1.0
# What comes very late, of a long import on PostgreSQL, is looked for among all entries.
_WHOLE_EVERY = 600

_log = structlog.get_logger()


class Linking:
    """Make it before the fork, wake it in every worker; whoever is first links for all."""

    def __init__(self, database: Database, safe: Safe) -> None:
        self._database = database
        self._safe = safe
        self._awake_in = 0
        self._starting = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Start in this process, where it does not run yet."""
        if self._awake_in == os.getpid():
            return
        with self._starting:
            if self._awake_in != os.getpid():
                self._thread = threading.Thread(
                    target=_go_on,
                    args=(weakref.ref(self), self._database, self._ended),
                    name="audit",
                    daemon=True,
                )
                self._thread.start()
                self._awake_in = os.getpid()

    def link(self, *, whole: bool = False) -> None:
        """Link what there is; a fault of one round is one of that round."""
        try:
            if whole or audit.any_unlinked(self._database):
                with self._database.begin() as session:
                    audit.link(session, self._safe, whole=whole)
        except Exception as error:
            _log.warning("audit_not_linked", reason=type(error).__name__)

    def close(self) -> None:
        """End it in this process."""
        self._ended.set()
        if self._thread is not None and self._awake_in == os.getpid():
            self._thread.join(5)


def _go_on(known: "weakref.ref[Linking]", database: Database, ended: threading.Event) -> None:
    # Of several processes each looks at another time.
    round = random.randrange(_WHOLE_EVERY)
    while not ended.wait(_EVERY_SECONDS):
        linking = known()
        if linking is None:
            break
        round += 1
        # On SQLite one writes at a time: nothing comes late.
        linking.link(whole=not database.is_sqlite and round % _WHOLE_EVERY == 0)
        del linking
    database.leave()
