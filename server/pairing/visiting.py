"""Visits: what was seen, what was given and what it is worth, photos, and when the next is due.

Opinion 三(三): 要经常深入到困难职工家庭. What a unit is assessed by (四(三)) is counted from them.
"""

import base64
import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlmodel import Session, col

from knowledge.regions import Regions
from server.casework.inspecting import inspect
from server.casework.officers import Officer
from server.casework.recoding import Refusal, Refused
from server.casework.uploading import MOST_BYTES, FileTooLarge
from server.clock import china_day
from server.confidential.sealing import Safe
from server.material_store import Store
from server.pairing import keeping
from server.pairing.keeping import PairingUnknown
from server.pairing.moves import Move
from server.pairing.tables import Pairing, PairState, Visit, VisitPhoto
from server.records import audit
from server.records.audit import Action, Actor

MOST_PHOTOS = 6
MOST_FEN = 10_000_000_00
_KEY = 32


class VisitDayImpossible(Exception):
    """A visit is of a day since the pairing began, until today."""


@dataclass(frozen=True, slots=True)
class Report:
    """What is told of a visit; `given_fen`: what was given is worth so much."""

    visited_on: date
    words: str
    given: str = ""
    given_fen: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """A photo that lies in the store already, to be named by a row."""

    id: str
    key: bytes
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Seen:
    """A visit as it can be read; words are empty where nobody can any more."""

    visit: Visit
    words: str
    given: str
    photos: tuple[VisitPhoto, ...]


def keep_photo(store: Store, content: bytes) -> Kept:
    """Check a photo, write it anew and keep it sealed; to be called outside any transaction.

    Raises `Refused`, `FileTooLarge`, `InspectionBusy`, `StoreAway`.
    """
    if len(content) > MOST_BYTES:
        raise FileTooLarge
    recoded = inspect(content)
    if not recoded.media_type.startswith("image/"):
        raise Refused(Refusal.BROKEN)
    id, key = secrets.token_hex(16), secrets.token_bytes(_KEY)
    store.put(object_name(id), _photo_safe(key).seal_bytes(recoded.content, _photo_purpose(id)))
    return Kept(id, key, recoded.media_type, len(recoded.content))


def photo_content(store: Store, own: Safe, photo: VisitPhoto) -> bytes:
    """What a photo shows; raises `ObjectMissing`, `StoreAway`, `SealBroken`."""
    key = base64.b64decode(own.unseal(photo.sealed_key, key_purpose(photo.id)))
    return _photo_safe(key).unseal_bytes(store.get(object_name(photo.id)), _photo_purpose(photo.id))


def note(
    session: Session,
    own: Safe,
    regions: Regions,
    pairing: Pairing,
    report: Report,
    photos: Sequence[Kept] = (),
    *,
    by: Officer,
    version: int,
    now: datetime,
) -> Visit:
    """Note a visit; the next is due so many days after the last one.

    Raises `PairingChanged`, `NotAllowed`, `VisitDayImpossible`.
    """
    keeping.check_move(pairing, Move.VISIT, by, regions, version)
    assert pairing.accepted_at is not None
    began = china_day(pairing.accepted_at)
    if not began <= report.visited_on <= china_day(now):
        raise VisitDayImpossible
    before = _last(session, pairing, report.visited_on) or began
    id = secrets.token_hex(8)
    told = json.dumps({"words": report.words, "given": report.given}, ensure_ascii=False)
    visit = Visit(
        id=id,
        pairing_id=pairing.id,
        visited_on=report.visited_on,
        was_due_on=before + timedelta(days=pairing.every_days),
        given_fen=report.given_fen,
        sealed=own.seal(told, visit_purpose(id)),
        noted_at=now,
        noted_by=by.id,
    )
    session.add(visit)
    session.flush()
    for photo in photos:
        key = own.seal(base64.b64encode(photo.key).decode(), key_purpose(photo.id))
        session.add(
            VisitPhoto(
                id=photo.id, visit_id=id, sealed_key=key, media_type=photo.media_type,
                size=photo.size, added_at=now,
            )
        )  # fmt: skip
    session.flush()
    _set_due(session, pairing, began)
    _record(session, own, pairing, visit, Action.CREATED, by, now)
    return visit


def strike(
    session: Session,
    own: Safe,
    regions: Regions,
    pairing: Pairing,
    visit_id: str,
    *,
    by: Officer,
    now: datetime,
) -> None:
    """Take back a visit that was noted by mistake; it stays to be seen, and counts no more.

    Raises `PairingUnknown`, `PairingChanged` for one that is taken back already, `NotAllowed`.
    """
    keeping.check_move(pairing, Move.STRIKE, by, regions)
    visit = session.get(Visit, visit_id, with_for_update=True, populate_existing=True)
    if visit is None or visit.pairing_id != pairing.id:
        raise PairingUnknown(visit_id)
    if visit.struck_at is not None:
        raise keeping.PairingChanged(pairing.id)
    visit.struck_at, visit.struck_by = now, by.id
    session.add(visit)
    session.flush()
    if pairing.state == PairState.ACCEPTED and pairing.accepted_at is not None:
        _set_due(session, pairing, china_day(pairing.accepted_at))
    _record(session, own, pairing, visit, Action.CHANGED, by, now)


def of_pairings(
    session: Session, safes: Mapping[str, Safe | None], pairing_ids: Collection[str]
) -> Mapping[str, list[Seen]]:
    """The visits of some pairings, the newest first; `safes` opens each, by pairing."""
    visits = session.scalars(
        select(Visit)
        .where(col(Visit.pairing_id).in_(pairing_ids))
        .order_by(col(Visit.visited_on).desc(), col(Visit.noted_at).desc(), col(Visit.id))
    ).all()
    photos = session.scalars(
        select(VisitPhoto)
        .where(col(VisitPhoto.visit_id).in_([visit.id for visit in visits]))
        .order_by(col(VisitPhoto.id))
    ).all()
    found: dict[str, list[Seen]] = {id: [] for id in pairing_ids}
    for visit in visits:
        told = _told(safes.get(visit.pairing_id), visit)
        shown = tuple(photo for photo in photos if photo.visit_id == visit.id)
        found[visit.pairing_id].append(Seen(visit, told["words"], told["given"], shown))
    return found


def photo_of(session: Session, pairing: Pairing, photo_id: str) -> VisitPhoto:
    """A photo of a pairing; raises `PairingUnknown`."""
    photo = session.get(VisitPhoto, photo_id)
    visit = None if photo is None else session.get(Visit, photo.visit_id)
    if photo is None or visit is None or visit.pairing_id != pairing.id:
        raise PairingUnknown(photo_id)
    return photo


def named(session: Session, names: Collection[str]) -> set[str]:
    """Those of some objects of the store that are photos of visits."""
    ids = [name.split("/")[1] for name in names if name.startswith("visits/")]
    rows = session.scalars(select(col(VisitPhoto.id)).where(col(VisitPhoto.id).in_(ids)))
    return {object_name(id) for id in rows}


def object_name(photo_id: str) -> str:
    """Where the sealed bytes of a photo lie in the store."""
    return f"visits/{photo_id}"


def visit_purpose(visit_id: str) -> str:
    """What the words of a visit are sealed for."""
    return f"pairing_visit.sealed:{visit_id}"


def key_purpose(photo_id: str) -> str:
    """What the key of a photo is sealed for."""
    return f"visit_photo.sealed_key:{photo_id}"


def _last(session: Session, pairing: Pairing, until: date | None = None) -> date | None:
    asked = select(func.max(col(Visit.visited_on))).where(
        col(Visit.pairing_id) == pairing.id, col(Visit.struck_at).is_(None)
    )
    return session.scalar(asked if until is None else asked.where(col(Visit.visited_on) <= until))


def _set_due(session: Session, pairing: Pairing, began: date) -> None:
    last = _last(session, pairing) or began
    due_on = last + timedelta(days=pairing.every_days)
    keeping.change(session, pairing, pairing.version, {"due_on": due_on})


def _told(own: Safe | None, visit: Visit) -> Mapping[str, str]:
    if own is None or not visit.sealed:
        return {"words": "", "given": ""}
    told: Mapping[str, str] = json.loads(own.unseal(visit.sealed, visit_purpose(visit.id)))
    return told


def _photo_safe(key: bytes) -> Safe:
    return Safe({"photo": key}, b"")


def _photo_purpose(photo_id: str) -> str:
    return f"visit_photo.content:{photo_id}"


def _record(
    session: Session,
    own: Safe,
    pairing: Pairing,
    visit: Visit,
    action: Action,
    by: Officer,
    now: datetime,
) -> None:
    audit.record(
        session, own, by=Actor.officer(by.id), action=action, about="pairing_visit",
        row=visit.id, worker_id=pairing.worker_id, now=now,
    )  # fmt: skip
