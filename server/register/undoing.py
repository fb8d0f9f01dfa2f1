"""Undoing an import: whole, as if the file had never come, or not at all."""

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, exists, false, func, or_, select, update
from sqlmodel import Session, col

from server.casework.officers import NotAllowed
from server.confidential.sealing import Safe
from server.database.tables import Identity, Row, SubjectKey, Worker
from server.records import audit
from server.records.audit import Action, Actor
from server.register import bulk, keeping
from server.register.importing import Desk, ImportMoved, find
from server.register.tables import (
    EntryMove,
    Household,
    ImportState,
    RegisterEntry,
    RegisterEvent,
)

_AT_ONCE = 500


class TouchedSince(Exception):
    """Of so many people of the import something was done or found out since: it can't be undone."""

    def __init__(self, people: int) -> None:
        super().__init__(people)
        self.people = people


def undo(desk: Desk, id: str) -> int:
    """Undo an import that is under way or done; how many people it was about.

    Raises `ImportUnknown`, `ImportMoved`, `TouchedSince`, `NotAllowed`.
    """
    with desk.database.read() as session:
        before = _changed(session, id)
    safes = desk.keys.safes_of(entry.worker_id for _, entry in before)
    with desk.database.begin() as session:
        row = find(session, id, desk)
        session.refresh(row, with_for_update=True)
        if row.state == ImportState.UNDONE:
            raise ImportMoved(row.state)
        _hold(session, id, desk)
        changed = _changed(session, id)
        if _places(changed) != _places(before):
            # More was entered meanwhile, or somebody of it proved who they are.
            raise ImportMoved(row.state)
        _refuse_touched(session, id)
        entered = _entered(session, id)
        _audit(session, desk, id, [(entry_id, worker) for entry_id, worker, _ in entered])
        for event, entry in changed:
            _put_back(session, event, entry, safes.get(entry.worker_id))
        key_ids = _take_out(session, id, entered)
        row.state, row.sealed, row.changed_at = ImportState.UNDONE, None, desk.clock()
        session.add(row)
    desk.keys.destroy(key_ids)
    return len(entered) + len(changed)


def _hold(session: Session, id: str, desk: Desk) -> None:
    """Let nobody change the people of the import before this is done; raises `NotAllowed`.

    Whoever imported it may have worked for more places than who undoes it.
    """
    mine = select(col(RegisterEvent.entry_id)).where(col(RegisterEvent.import_id) == id)
    held = select(col(RegisterEntry.region)).where(col(RegisterEntry.id).in_(mine))
    places = session.scalars(held.order_by(col(RegisterEntry.id)).with_for_update()).all()
    if not all(desk.officer.covers(each, desk.library.regions) for each in set(places)):
        raise NotAllowed


def _places(changed: Sequence[tuple[RegisterEvent, RegisterEntry]]) -> set[tuple[str, int, int]]:
    return {(event.entry_id, event.version, entry.worker_id) for event, entry in changed}


def _refuse_touched(session: Session, id: str) -> None:
    mine = select(col(RegisterEvent.entry_id)).where(col(RegisterEvent.import_id) == id)
    # Only who would be deleted: a pairing from before stays with whom the import changed.
    entered = col(RegisterEntry.id).in_(mine.where(col(RegisterEvent.move) == EntryMove.ENTER))
    of_import = (
        select(func.max(col(RegisterEvent.version)))
        .where(
            col(RegisterEvent.entry_id) == col(RegisterEntry.id),
            col(RegisterEvent.import_id) == id,
        )
        .correlate(RegisterEntry)
        .scalar_subquery()
    )
    touched = session.scalar(
        select(func.count())
        .select_from(RegisterEntry)
        .where(
            col(RegisterEntry.id).in_(mine),
            (col(RegisterEntry.version) > of_import)
            | (entered & or_(false(), *_named_elsewhere())),
        )
    )
    if touched:
        raise TouchedSince(touched)


def _named_elsewhere() -> Iterator[ColumnElement[bool]]:
    """Whether a row of another table than the register's own names the entry: a pairing does."""
    entries: Table = Row.metadata.tables["register_entry"]
    for table in Row.metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.column.table is entries and table.name != "register_event":
                yield exists().where(key.parent == col(RegisterEntry.id)).correlate(entries)


def _entered(session: Session, id: str) -> list[tuple[str, int, datetime]]:
    """The entries that the import made: id, worker, and when."""
    rows = session.execute(
        select(col(RegisterEntry.id), col(RegisterEntry.worker_id), col(RegisterEntry.entered_at))
        .join(RegisterEvent, col(RegisterEvent.entry_id) == col(RegisterEntry.id))
        .where(col(RegisterEvent.import_id) == id, col(RegisterEvent.move) == EntryMove.ENTER)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _changed(session: Session, id: str) -> list[tuple[RegisterEvent, RegisterEntry]]:
    rows = session.execute(
        select(RegisterEvent, RegisterEntry)
        .join(RegisterEntry, col(RegisterEntry.id) == col(RegisterEvent.entry_id))
        .where(
            col(RegisterEvent.import_id) == id,
            col(RegisterEvent.move) == EntryMove.CHANGE,
            col(RegisterEvent.sealed_before).is_not(None),
        )
    )
    return [(row[0], row[1]) for row in rows]


def _put_back(
    session: Session, event: RegisterEvent, entry: RegisterEntry, own: Safe | None
) -> None:
    """Make an entry what it was before the import changed it."""
    if own is None or event.sealed_before is None:
        return
    purpose = bulk.before_purpose(event.entry_id, event.version)
    before = json.loads(own.unseal(event.sealed_before, purpose))
    registered = keeping.read_sealed(json.dumps(before["registered"]))
    values: dict[str, Any] = {
        "level": before["level"],
        "region": before["region"],
        "looked_on": date.fromisoformat(before["looked_on"]) if before["looked_on"] else None,
        "due_on": date.fromisoformat(before["due_on"]),
        "version": event.version - 1,
        **keeping.kept(own, entry.id, registered),
    }
    session.execute(
        delete(RegisterEvent).where(
            col(RegisterEvent.entry_id) == event.entry_id,
            col(RegisterEvent.version) == event.version,
        )
    )
    session.execute(update(RegisterEntry).where(col(RegisterEntry.id) == entry.id).values(**values))


def _take_out(session: Session, id: str, entered: Sequence[tuple[str, int, datetime]]) -> list[str]:
    """Delete the entries with whom nobody else knows; returns the keys to be destroyed."""
    key_ids: list[str] = []
    for start in range(0, len(entered), _AT_ONCE):
        some = entered[start : start + _AT_ONCE]
        ids = [entry_id for entry_id, _, _ in some]
        session.execute(delete(RegisterEvent).where(col(RegisterEvent.entry_id).in_(ids)))
        session.execute(delete(RegisterEntry).where(col(RegisterEntry.id).in_(ids)))
        alone = _alone(session, [worker for _, worker, _ in some], {at for _, _, at in some})
        of_alone = col(SubjectKey.worker_id).in_(alone)
        key_ids += session.scalars(select(col(SubjectKey.id)).where(of_alone))
        session.execute(delete(SubjectKey).where(of_alone))
        session.execute(delete(Identity).where(col(Identity.worker_id).in_(alone)))
        session.execute(delete(Worker).where(col(Worker.id).in_(alone)))
    is_lived_in = exists().where(col(RegisterEntry.household_id) == col(Household.id))
    session.execute(delete(Household).where(col(Household.import_id) == id, ~is_lived_in))
    session.execute(update(Household).where(col(Household.import_id) == id).values(import_id=None))
    return key_ids


def _alone(session: Session, workers: Sequence[int], made_at: set[datetime]) -> list[int]:
    """Those of the workers whom the import made and whom nothing else is about."""
    rows = session.scalars(
        select(col(Worker.id)).where(
            col(Worker.id).in_(workers),
            col(Worker.created_at).in_(made_at),
            *(~about for about in _about_worker()),
        )
    )
    return [id for id in rows if id is not None]


def _about_worker() -> Iterator[ColumnElement[bool]]:
    """Whether a row that undoing does not take away names the worker: a letter does."""
    workers: Table = Row.metadata.tables["worker"]
    for table in Row.metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.column.table is workers and table.name not in ("identity", "subject_key"):
                yield exists().where(key.parent == col(Worker.id)).correlate(workers)


def _audit(session: Session, desk: Desk, id: str, entered: Sequence[tuple[str, int]]) -> None:
    audit.record_all(
        session,
        desk.safe,
        by=Actor.officer(desk.officer.id),
        action=Action.DELETED,
        about="register_entry",
        rows=entered,
        reason=f"import {id}",
        now=desk.clock(),
    )
    audit.record(
        session,
        desk.safe,
        by=Actor.officer(desk.officer.id),
        action=Action.DELETED,
        about="register_import",
        row=id,
        worker_id=None,
        now=desk.clock(),
    )
