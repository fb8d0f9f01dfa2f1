"""A week of offers in numbers, for the weekly report: from events that are only ever added."""

from collections import Counter
from collections.abc import Set
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from server.casework.weekly_reports import Week
from server.offers.tables import Offer, OfferEvent


@dataclass(frozen=True, slots=True)
class OfferLine:
    """Vacancies, courses, trips or activities of one region."""

    region: str
    kind: str
    published: int = 0
    cancelled: int = 0
    joined: int = 0
    """Places taken."""
    left: int = 0
    """Places given back."""
    attended: int = 0


def lines(session: Session, week: Week, regions: Set[str]) -> list[OfferLine]:
    """What happened to the offers of some regions in a week."""
    sums: dict[tuple[str, str], Counter[str]] = {}
    key = (col(Offer.region), col(Offer.kind), col(OfferEvent.what))
    rows = session.execute(
        select(*key, func.count())
        .join(OfferEvent, col(OfferEvent.offer_id) == col(Offer.id))
        .where(
            col(OfferEvent.at) >= week.begin,
            col(OfferEvent.at) < week.end,
            col(Offer.region).in_(regions),
        )
        .group_by(*key)
    )
    for region, kind, what, count in rows:
        sums.setdefault((region, kind), Counter())[what] += count
    return [OfferLine(*key, **dict[str, Any](counted)) for key, counted in sorted(sums.items())]
