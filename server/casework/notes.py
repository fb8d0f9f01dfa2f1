"""What officers note of a case for each other; whoever asks for their data gets to read it, too."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from server.casework.advancing import by_officer
from server.casework.deciding import Desk
from server.casework.officers import NotAllowed
from server.casework.tables import Case, CaseNote
from server.confidential.sealing import Safe
from server.records import audit
from server.records.audit import Action


@dataclass(frozen=True, slots=True)
class Noted:
    """A note as it reads; the text is empty where the person was erased."""

    at: datetime
    officer_id: int
    text: str


def add(session: Session, desk: Desk, case: Case, text: str) -> None:
    """Note something; raises `NotAllowed` for who makes no moves in the case's region."""
    officer, regions = desk.officer, desk.post.library.regions
    if not officer.actors or not officer.covers(case.region, regions):
        raise NotAllowed
    note_id = secrets.token_hex(8)
    session.add(
        CaseNote(
            id=note_id,
            case_id=case.id,
            officer_id=officer.id,
            at=desk.now,
            sealed_text=desk.own.seal(text, _purpose(note_id)),
        )
    )
    session.flush()
    audit.record(
        session,
        desk.own,
        by=by_officer(officer).audited,
        action=Action.CREATED,
        about="case_note",
        row=note_id,
        worker_id=case.worker_id,
        fields=("text",),
        now=desk.now,
    )


def of_case(session: Session, case_id: str, own: Safe | None) -> list[Noted]:
    """The notes of a case, the newest first; `own` None: erased, the words are gone."""
    rows = session.scalars(
        select(CaseNote)
        .where(col(CaseNote.case_id) == case_id)
        .order_by(col(CaseNote.at).desc(), col(CaseNote.id))
    )
    return [
        Noted(
            row.at,
            row.officer_id,
            ""
            if own is None or row.sealed_text is None
            else own.unseal(row.sealed_text, _purpose(row.id)),
        )
        for row in rows
    ]


def _purpose(note_id: str) -> str:
    return f"case_note.sealed_text:{note_id}"
