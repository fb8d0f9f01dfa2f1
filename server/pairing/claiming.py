"""Pairings go along where an entry of the register moves to who proved to be its person."""

from sqlalchemy import select
from sqlmodel import Session, col

from server.confidential.sealing import Safe, sealed_anew
from server.pairing import visiting
from server.pairing.tables import Pairing, Visit, VisitPhoto


def move(
    session: Session, old: Safe, own: Safe, entry_id: str, before: int, worker_id: int
) -> None:
    """Give the pairings of an entry to its person, sealed anew; photos keep their own keys."""
    pairings = session.scalars(
        select(Pairing)
        .where(col(Pairing.entry_id) == entry_id, col(Pairing.worker_id) == before)
        .with_for_update()
    ).all()
    for pairing in pairings:
        pairing.worker_id = worker_id
        # Another version: a page from before would seal with a key that is destroyed.
        pairing.version += 1
        for name in ("sealed_reasons", "sealed_words"):
            purpose = f"pairing.{name}:{pairing.id}"
            setattr(pairing, name, sealed_anew(old, own, getattr(pairing, name), purpose))
        session.add(pairing)
    ids = [pairing.id for pairing in pairings]
    visits = session.scalars(select(Visit).where(col(Visit.pairing_id).in_(ids))).all()
    for visit in visits:
        visit.sealed = sealed_anew(old, own, visit.sealed, visiting.visit_purpose(visit.id))
        session.add(visit)
    of_visits = col(VisitPhoto.visit_id).in_([visit.id for visit in visits])
    for photo in session.scalars(select(VisitPhoto).where(of_visits)):
        sealed = sealed_anew(old, own, photo.sealed_key, visiting.key_purpose(photo.id))
        photo.sealed_key = sealed or ""
        session.add(photo)
    session.flush()
