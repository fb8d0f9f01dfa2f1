"""Taking part in an offer: places are counted under the offer's lock, so none is given twice."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from knowledge.regions import Regions
from server.casework.officers import Officer, Role, require
from server.clock import china_day
from server.confidential.sealing import Safe
from server.offers import seats
from server.offers.offering import OfferOver, OfferUnknown, is_open
from server.offers.tables import (
    Offer,
    OfferHappening,
    OfferKind,
    OfferState,
    Participation,
    PlaceState,
)
from server.personal import profiles
from server.records import audit
from server.records.audit import Action

NEEDS_PROFILE = frozenset({OfferKind.VACANCY, OfferKind.SESSION, OfferKind.TRIP})
"""Where the organiser has to know who comes and how to call them."""

HOLDS_SEAT = frozenset({PlaceState.JOINED, PlaceState.ATTENDED, PlaceState.ABSENT})

_WORTH = (
    PlaceState.LEFT,
    PlaceState.WAITING,
    PlaceState.ABSENT,
    PlaceState.JOINED,
    PlaceState.ATTENDED,
)
"""Which place of a person says most of them, the last one."""

CODE_DIGITS = 6
MOST_WRONG_CODES = 5
"""So often a wrong attendance code may be given for one place."""
_LATEST_BEFORE = timedelta(hours=2)
"""So long before the beginning attendance can be noted."""


class NotTakingPart(LookupError):
    """Whoever asks has no place in this offer."""


class NotYet(Exception):
    """It has not begun, so nobody has attended."""


class TooManyCodes(Exception):
    """Wrong codes were given too often: an officer has to note the attendance."""


class NotedAbsent(Exception):
    """An officer noted that they were not there: only an officer can note otherwise."""


@dataclass(frozen=True, slots=True)
class OnTheList:
    """One line of an offer's list: who comes, and how to call them."""

    participation: Participation
    name: str
    phone: str


def join(
    session: Session, own: Safe, offer_id: str, *, worker_id: int, now: datetime
) -> Participation:
    """Take a place, or wait for one; who has one already keeps it.

    Raises `OfferUnknown`, `OfferOver`, and `ProfileMissing` where the organiser has to know who
    comes.
    """
    offer = _locked(session, offer_id)
    if not is_open(offer, now):
        raise OfferOver(offer.last_on)
    if offer.kind in NEEDS_PROFILE:
        profiles.get(session, own, worker_id)
    place = _place(session, offer_id, worker_id)
    if place is not None and place.state != PlaceState.LEFT:
        return place
    state = PlaceState.JOINED if seats.take(session, offer) else PlaceState.WAITING
    if place is None:
        place = Participation(
            id=secrets.token_hex(16),
            offer_id=offer_id,
            worker_id=worker_id,
            state=state,
            joined_at=now,
            changed_at=now,
        )
        session.add(place)
        session.flush()
        if state is PlaceState.JOINED:
            seats.happened(session, offer_id, OfferHappening.JOINED, now)
        _audit(session, own, place, audit.Actor.worker(worker_id), Action.CREATED, now)
    else:
        seats.put(session, place, now, state=state, joined_at=now)
        _audit(session, own, place, audit.Actor.worker(worker_id), Action.CHANGED, now)
    return place


def leave(
    session: Session, own: Safe, offer_id: str, *, worker_id: int, now: datetime
) -> tuple[Participation, list[Participation]]:
    """Give a place back; returns it, and whoever moved up from waiting, for the caller to tell.

    Raises `NotTakingPart`, and `OfferOver` once attendance is noted.
    """
    offer = _locked(session, offer_id)
    place = _place(session, offer_id, worker_id)
    if place is None:
        raise NotTakingPart(offer_id)
    if place.state == PlaceState.LEFT:
        return place, []
    if place.state in (PlaceState.ATTENDED, PlaceState.ABSENT):
        raise OfferOver(offer.last_on)
    had_seat = place.state == PlaceState.JOINED
    seats.put(session, place, now, state=PlaceState.LEFT)
    _audit(session, own, place, audit.Actor.worker(worker_id), Action.CHANGED, now)
    if not had_seat:
        return place, []
    seats.give_back(session, offer)
    return place, seats.fill(session, offer, now) if is_open(offer, now) else []


def let_go(
    session: Session, safe: Safe, *, worker_id: int, now: datetime
) -> list[tuple[Offer, list[Participation]]]:
    """Give back what somebody who is about to be erased holds of offers that are still to come.

    Returns each with whoever moved up, for the caller to tell.
    """
    found = session.scalars(
        select(col(Participation.offer_id))
        .join(Offer, col(Offer.id) == col(Participation.offer_id))
        .where(
            col(Participation.worker_id) == worker_id,
            col(Participation.state).in_((PlaceState.JOINED, PlaceState.WAITING)),
            (col(Offer.last_on) >= china_day(now)) | (col(Offer.begins_at) > now),
        )
        .order_by(col(Participation.offer_id))
    ).all()
    moved = [leave(session, safe, id, worker_id=worker_id, now=now)[1] for id in found]
    return [(session.get_one(Offer, id), each) for id, each in zip(found, moved, strict=True)]


def unite(
    session: Session, kept: int, gone: int, *, now: datetime
) -> list[tuple[Offer, list[Participation]]]:
    """Two workers turn out to be one: of two places in one offer the better one stays.

    The other is given back; returns each with whoever moved up, for the caller to tell.
    """
    theirs = select(col(Participation.offer_id)).where(col(Participation.worker_id) == gone)
    both = session.scalars(
        select(col(Participation.offer_id))
        .where(col(Participation.worker_id) == kept, col(Participation.offer_id).in_(theirs))
        .order_by(col(Participation.offer_id))
    ).all()
    moved = []
    for id in both:
        offer = _locked(session, id)
        found = [place for worker in (kept, gone) if (place := _place(session, id, worker))]
        spare = min(reversed(found), key=lambda place: _WORTH.index(PlaceState(place.state)))
        session.delete(spare)
        session.flush()
        if spare.state in HOLDS_SEAT:
            seats.give_back(session, offer)
            up = seats.fill(session, offer, now) if is_open(offer, now) else []
            moved.append((offer, up))
    return moved


def attendance_code(safe: Safe, offer: Offer, now: datetime) -> str:
    """Six digits for the day, which the leader shows on the spot."""
    told = safe.hash("attendance", f"{offer.id}:{china_day(now)}")
    return str(int(told, 16) % 10**CODE_DIGITS).zfill(CODE_DIGITS)


def attend(
    session: Session,
    own: Safe,
    safe: Safe,
    offer_id: str,
    *,
    worker_id: int,
    code: str,
    now: datetime,
) -> Participation:
    """Note that somebody is there; a wrong code is counted and leaves the place as it was.

    Raises `NotTakingPart`, `NotYet`, `NotedAbsent`, `TooManyCodes`, and `OfferOver` for what was
    called off.
    """
    offer = _locked(session, offer_id)
    if offer.state == OfferState.CANCELLED:
        raise OfferOver(offer.last_on)
    place = _place(session, offer_id, worker_id)
    if place is None or place.state not in HOLDS_SEAT:
        raise NotTakingPart(offer_id)
    if place.state == PlaceState.ATTENDED:
        return place
    if place.state == PlaceState.ABSENT:
        raise NotedAbsent
    if offer.begins_at is not None and now < offer.begins_at - _LATEST_BEFORE:
        raise NotYet
    if place.wrong_codes >= MOST_WRONG_CODES:
        raise TooManyCodes
    if not secrets.compare_digest(code.encode(), attendance_code(safe, offer, now).encode()):
        seats.put(session, place, now, wrong_codes=place.wrong_codes + 1)
        return place
    seats.put(session, place, now, state=PlaceState.ATTENDED)
    _audit(session, own, place, audit.Actor.worker(worker_id), Action.CHANGED, now)
    return place


def note(
    session: Session,
    own: Safe,
    place: Participation,
    *,
    state: PlaceState,
    hours: int | None = None,
    certificate: str | None = None,
    by: Officer,
    regions: Regions,
    now: datetime,
) -> None:
    """Note as an officer who was there, for how many hours, with which certificate.

    What is not said of who was there stays as it was noted before; who was not there has neither.
    Raises `NotTakingPart` for who only waits or left, `NotAllowed`.
    """
    offer = _locked(session, place.offer_id)
    require(by, Role.CASE_OFFICER, offer.region, regions)
    # As it stands under the lock: its person may have left since it was looked up.
    found = _place(session, place.offer_id, place.worker_id)
    if found is None or found.state not in HOLDS_SEAT or state not in HOLDS_SEAT:
        raise NotTakingPart(place.offer_id)
    more: dict[str, Any] = {}
    if state is PlaceState.ABSENT:
        more = {"hours": None, "sealed_certificate": None}
    if hours is not None:
        more["hours"] = hours
    if certificate:
        more["sealed_certificate"] = own.seal(certificate, _certificate(found.id))
    seats.put(session, found, now, state=state, **more)
    _audit(session, own, found, audit.Actor.officer(by.id), Action.CHANGED, now)


def certificate_of(own: Safe, place: Participation) -> str:
    """The number of a certificate; empty where there is none."""
    sealed = place.sealed_certificate
    return "" if sealed is None else own.unseal(sealed, _certificate(place.id))


def of_worker(session: Session, worker_id: int) -> list[tuple[Participation, Offer]]:
    """Where somebody takes part, the newest first."""
    rows = session.execute(
        select(Participation, Offer)
        .join(Offer, col(Offer.id) == col(Participation.offer_id))
        .where(col(Participation.worker_id) == worker_id)
        .order_by(col(Participation.joined_at).desc(), col(Participation.id))
    )
    return [(row[0], row[1]) for row in rows]


def states(session: Session, worker_id: int, offer_ids: Collection[str]) -> dict[str, PlaceState]:
    """Where somebody stands in some offers; where they take no part is left out."""
    rows = session.execute(
        select(col(Participation.offer_id), col(Participation.state)).where(
            col(Participation.worker_id) == worker_id, col(Participation.offer_id).in_(offer_ids)
        )
    )
    return {row[0]: PlaceState(row[1]) for row in rows}


def places(session: Session, offer_id: str) -> list[Participation]:
    """Everybody who has a place or waits for one, in the order they came."""
    return list(
        session.scalars(
            select(Participation)
            .where(
                col(Participation.offer_id) == offer_id,
                col(Participation.state) != PlaceState.LEFT,
            )
            .order_by(col(Participation.joined_at), col(Participation.id))
        )
    )


def roll(
    session: Session,
    safes: Mapping[int, Safe],
    offer: Offer,
    *,
    by: Officer,
    regions: Regions,
    now: datetime,
) -> list[OnTheList]:
    """The list for the leader, with telephones; each line is a look at somebody, and noted so.

    Who is not among `safes` was erased, and left out. Raises `NotAllowed`.
    """
    require(by, Role.CASE_OFFICER, offer.region, regions)
    found = []
    for place in places(session, offer.id):
        own = safes.get(place.worker_id)
        if own is None:
            continue
        held = profiles.read(
            session, own, worker_id=place.worker_id, by=audit.Actor.officer(by.id), now=now
        )
        name, phone = ("", "") if held is None else (held.person.name, held.person.phone)
        found.append(OnTheList(place, name, phone))
    return found


def _locked(session: Session, offer_id: str) -> Offer:
    # SQLite has no such lock: there the whole transaction is the only one that writes.
    offer = session.get(Offer, offer_id, with_for_update=True, populate_existing=True)
    if offer is None or offer.state in (OfferState.PROPOSED, OfferState.REFUSED):
        raise OfferUnknown(offer_id)
    return offer


def _place(session: Session, offer_id: str, worker_id: int) -> Participation | None:
    return session.scalar(
        select(Participation)
        .where(col(Participation.offer_id) == offer_id, col(Participation.worker_id) == worker_id)
        .execution_options(populate_existing=True)
    )


def _audit(
    session: Session,
    own: Safe,
    place: Participation,
    by: audit.Actor,
    action: Action,
    now: datetime,
) -> None:
    audit.record(
        session,
        own,
        by=by,
        action=action,
        about="participation",
        row=place.id,
        worker_id=place.worker_id,
        now=now,
    )


def _certificate(place_id: str) -> str:
    return f"participation.sealed_certificate:{place_id}"
