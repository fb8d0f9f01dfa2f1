"""What is open near a worker, found by place, kind and words."""

from collections.abc import Collection
from datetime import date

from sqlalchemy import ColumnElement, func, or_, select
from sqlmodel import Session, col

from knowledge.regions import Regions
from server.casework.officers import NotAllowed, Officer, Role, scope
from server.database.db import Database
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


def is_any_open(database: Database, regions: Collection[str], kind: OfferKind, today: date) -> bool:
    """Whether `listed` would find anything; a tenth of what building its query costs."""
    places = {f"place_{number}": region for number, region in enumerate(regions)}
    found = database.fetch(
        "SELECT 1 FROM offer WHERE kind = :kind AND state = :state AND last_on >= :today"
        f" AND region IN ({', '.join(f':{name}' for name in places)}) LIMIT 1",
        kind=kind.value,
        state=OfferState.OPEN.value,
        today=today.isoformat(),
        **places,
    )
    return found is not None


def for_desk(
    session: Session,
    officer: Officer,
    regions: Regions,
    *,
    kind: OfferKind | None = None,
    state: OfferState | None = None,
    page: int = 1,
) -> tuple[list[Offer], int]:
    """One page of the offers in the officer's regions, what waits to be checked first; and how
    many there are. Raises `NotAllowed`.
    """
    if not officer.roles & {Role.CASE_OFFICER, Role.APPROVER, Role.AUDITOR}:
        raise NotAllowed
    wanted: list[ColumnElement[bool]] = [col(Offer.region).in_(scope(officer, regions))]
    if kind is not None:
        wanted.append(col(Offer.kind) == kind)
    if state is not None:
        wanted.append(col(Offer.state) == state)
    total = session.scalar(select(func.count()).select_from(Offer).where(*wanted)) or 0
    rows = session.scalars(
        select(Offer)
        .where(*wanted)
        .order_by(col(Offer.state) != OfferState.PROPOSED, col(Offer.id).desc())
        .limit(MOST)
        .offset((page - 1) * MOST)
    )
    return list(rows), total


def proposals(session: Session, worker_id: int) -> list[Offer]:
    """What somebody proposed as an employer, the newest first."""
    mine = select(Offer).where(col(Offer.proposed_by) == worker_id)
    return list(session.scalars(mine.order_by(col(Offer.id).desc()).limit(MOST)))


def published(session: Session, offer_id: str) -> Offer:
    """An offer that everybody may see, over or not; raises `OfferUnknown`."""
    offer = session.get(Offer, offer_id)
    if offer is None or offer.state in (OfferState.PROPOSED, OfferState.REFUSED):
        raise OfferUnknown(offer_id)
    return offer
