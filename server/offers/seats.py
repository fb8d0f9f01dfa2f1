"""Counting places; each function wants the offer locked."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from server.offers.tables import (
    Offer,
    OfferEvent,
    OfferHappening,
    Participation,
    PlaceState,
)

_COUNTED = {
    PlaceState.JOINED: OfferHappening.JOINED,
    PlaceState.LEFT: OfferHappening.LEFT,
    PlaceState.ATTENDED: OfferHappening.ATTENDED,
}


def take(session: Session, offer: Offer) -> bool:
    """Take a place, where there is one."""
    if offer.seats is not None and offer.taken >= offer.seats:
        return False
    _count(session, offer, 1)
    return True


def give_back(session: Session, offer: Offer) -> None:
    """Give a place back; `fill` hands it on."""
    _count(session, offer, -1)


def fill(session: Session, offer: Offer, now: datetime) -> list[Participation]:
    """Move those up who wait longest, while there are places; returns them, to be told."""
    free = None if offer.seats is None else offer.seats - offer.taken
    moved = list(
        session.scalars(
            select(Participation)
            .where(
                col(Participation.offer_id) == offer.id,
                col(Participation.state) == PlaceState.WAITING,
            )
            .order_by(col(Participation.joined_at), col(Participation.id))
            .limit(free)
        )
    )
    for place in moved:
        put(session, place, now, state=PlaceState.JOINED)
    if moved:
        _count(session, offer, len(moved))
    return moved


def put(session: Session, place: Participation, now: datetime, **values: Any) -> None:
    """Change somebody's place."""
    before, after = place.state, PlaceState(values.get("state", place.state))
    # Who only waited gives no place back.
    gives_back = after is not PlaceState.LEFT or before == PlaceState.JOINED
    if after != before and gives_back and (what := _COUNTED.get(after)) is not None:
        happened(session, place.offer_id, what, now)
    session.connection().execute(
        update(Participation)
        .where(col(Participation.id) == place.id)
        .values(version=col(Participation.version) + 1, changed_at=now, **values)
    )
    session.refresh(place)


def happened(session: Session, offer_id: str, what: OfferHappening, now: datetime) -> None:
    """Note for the weekly report what happened to an offer; not who it was."""
    session.add(OfferEvent(offer_id=offer_id, at=now, what=what))
    session.flush()


def waiting(session: Session, offer_ids: Collection[str]) -> dict[str, int]:
    """How many wait, by offer; who has nobody waiting is left out."""
    rows = session.execute(
        select(col(Participation.offer_id), func.count())
        .where(
            col(Participation.offer_id).in_(offer_ids),
            col(Participation.state) == PlaceState.WAITING,
        )
        .group_by(col(Participation.offer_id))
    )
    return {row[0]: row[1] for row in rows}


def _count(session: Session, offer: Offer, by: int) -> None:
    session.connection().execute(
        update(Offer).where(col(Offer.id) == offer.id).values(taken=col(Offer.taken) + by)
    )
    session.refresh(offer)
