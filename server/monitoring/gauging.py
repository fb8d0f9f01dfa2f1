"""What stands in the queues at this moment, and how much room is left: for those who watch."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlmodel import Session, col

from server.casework.request_tables import ServiceRequest
from server.casework.tables import Case
from server.confidential.subject_keys import SubjectKeys
from server.database.db import Database, fetch_within
from server.monitoring.metrics import Gauge
from server.notices import outbox

ROOM_NEEDED = 64 * 1024 * 1024
"""Bytes that must be free where the data are: below it the disk counts as full."""


def free_bytes(folder: Path) -> int:
    """How much the disk can still take."""
    return shutil.disk_usage(folder).free


def gauges(database: Database, data_dir: Path, release: int, *, now: datetime) -> Iterator[Gauge]:
    """All figures of the moment; of a database that can't be read only that it can't."""
    yield Gauge("release", "Number of the release that is served", {"": release})
    yield Gauge("disk_free_bytes", "Free bytes where the data are", {"": free_bytes(data_dir)})
    try:
        with database.read() as session:
            found = list(_of_database(session, now))
    except Exception:
        yield Gauge("database_up", "1 where the database can be read", {"": 0})
        return
    yield Gauge("database_up", "1 where the database can be read", {"": 1})
    yield from found


def of_keys(keys: SubjectKeys) -> Gauge:
    """Whether the database of the workers' keys answers; it is apart from the other."""
    return Gauge("keys_up", "1 where the workers' keys can be read", {"": keys.can_be_read()})


def _of_database(session: Session, now: datetime) -> Iterator[Gauge]:
    yield Gauge(
        "notices",
        "Notices in the outbox, by where they stand",
        {state.value: count for state, count in outbox.counts(session).items()},
        "state",
    )
    since = outbox.waiting_since(session)
    yield Gauge(
        "outbox_age_seconds",
        "For how long the oldest notice that could be sent has waited, campaigns apart",
        {"": 0 if since is None else max(0.0, (now - since).total_seconds())},
    )
    owed = fetch_within(session, "SELECT count(*) FROM wechat_receipt WHERE owed IS NOT NULL")
    yield Gauge("replies_owed", "Messages in WeChat still to be answered", {"": _number(owed)})
    unlinked = fetch_within(
        session,
        # By their numbers: counting both tables would read them whole.
        "SELECT coalesce(max(id), 0) - coalesce("
        "(SELECT entry_id FROM audit_link ORDER BY position DESC LIMIT 1), 0) FROM audit_entry",
    )
    yield Gauge("audit_unlinked", "Entries not in the audit's chain yet", {"": _number(unlinked)})
    for name, says, table in (
        ("cases", "Cases, by state", Case),
        ("service_requests", "Requests for help, by state", ServiceRequest),
    ):
        rows = session.execute(select(col(table.state), func.count()).group_by(col(table.state)))
        yield Gauge(name, says, {state: count for state, count in rows}, "state")


def _number(row: tuple[object, ...] | None) -> float:
    return float(str(row[0])) if row is not None else 0.0
