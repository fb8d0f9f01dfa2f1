"""What is open near a worker, found by place, kind and words."""

from collections.abc import Collection
from datetime import date

from sqlalchemy import or_, select
from sqlmodel import Session, col

from server.offers.offering import OfferUnknown
from server.offers.tables import Offer, OfferKind, OfferState

MOST = 50
"""So many at once."""


def listed(
    session: Session,
    *,
    regions: Collection[str],
    today: date,
    kind: OfferKind | None = None,
    text: str = "",
    after: str | None = None,
    at_most: int = MOST,
) -> list[Offer]:
    """What one can still join in any of the regions, the newest first.

    Every word of `text` stands in the title, the words, the organiser or the place. `after` is
    the id of the last one that was seen.
    """
    query = select(Offer).where(
        col(Offer.region).in_(regions),
        col(Offer.state) == OfferState.OPEN,
        col(Offer.last_on) >= today,
    )
    if kind is not None:
        query = query.where(col(Offer.kind) == kind)
    for word in text.split():
        told = (Offer.title, Offer.words, Offer.organiser, Offer.place)
        query = query.where(or_(*(col(column).contains(word, autoescape=True) for column in told)))
    if after is not None:
        query = query.where(col(Offer.id) < after)
    return list(session.scalars(query.order_by(col(Offer.id).desc()).limit(at_most)))


def published(session: Session, offer_id: str) -> Offer:
    """An offer that everybody may see, over or not; raises `OfferUnknown`."""
    offer = session.get(Offer, offer_id)
    if offer is None or offer.state in (OfferState.PROPOSED, OfferState.REFUSED):
        raise OfferUnknown(offer_id)
    return offer
