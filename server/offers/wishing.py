"""What people look for, and how it is brought together with what is offered."""

import secrets
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select
from sqlmodel import Session, col

from server.clock import china_day
from server.confidential.sealing import Safe
from server.database.tables import Worker
from server.offers import details
from server.offers.details import Journey, Trip, Vacancy, Work
from server.offers.tables import Offer, OfferKind, Wish, WishKind
from server.records import audit
from server.records.audit import Action

LONGEST_DAYS = 90
"""A wish is forgotten so many days after it was said last."""


class WishTooLong(ValueError):
    """A wish can't be kept that long."""


class Reason(StrEnum):
    """Why an offer fits, or what is otherwise than wished for."""

    SAME_PLACE = "same_place"
    NEAR_PLACE = "near_place"
    SAME_TRADE = "same_trade"
    OTHER_TRADE = "other_trade"
    PAY_FITS = "pay_fits"
    PAY_LESS = "pay_less"
    PAY_NOT_TOLD = "pay_not_told"
    START_FITS = "start_fits"
    START_EARLIER = "start_earlier"


_WEIGHT: Mapping[Reason, int] = {
    Reason.SAME_TRADE: 4,
    Reason.SAME_PLACE: 3,
    Reason.PAY_FITS: 2,
    Reason.NEAR_PLACE: 1,
    Reason.START_FITS: 1,
    Reason.PAY_NOT_TOLD: 0,
    Reason.START_EARLIER: -1,
    Reason.PAY_LESS: -2,
    Reason.OTHER_TRADE: -4,
}


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a vacancy fits a wish, and why."""

    offer: Offer
    score: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Pool:
    """People who want to go the same way on the same day."""

    origin: str
    destination: str
    day: date
    wishes: tuple[Wish, ...]


def wish(
    session: Session,
    own: Safe,
    *,
    worker_id: int,
    kind: WishKind,
    region: str,
    until_on: date,
    told: Mapping[str, Any],
    today: date,
    now: datetime,
) -> Wish:
    """Note what somebody looks for, in place of what they looked for before.

    Raises `WishTooLong`, and Pydantic's ValidationError for what is told.
    """
    if not 0 <= (until_on - today).days <= LONGEST_DAYS:
        raise WishTooLong(LONGEST_DAYS)
    stored = details.wished(kind, told)
    # Two at once: the second takes the place of the first.
    session.execute(
        select(col(Worker.id)).where(col(Worker.id) == worker_id).with_for_update(key_share=True)
    )
    forget(session, worker_id=worker_id, kind=kind)
    made = Wish(
        id=secrets.token_hex(16),
        worker_id=worker_id,
        kind=kind,
        region=region,
        until_on=until_on,
        details=stored,
        changed_at=now,
    )
    session.add(made)
    session.flush()
    audit.record(
        session,
        own,
        by=audit.Actor.worker(worker_id),
        action=Action.CHANGED,
        about="wish",
        row=made.id,
        worker_id=worker_id,
        now=now,
    )
    return made


def forget(session: Session, *, worker_id: int, kind: WishKind) -> bool:
    """Take a wish back; whether there was one."""
    gone = session.connection().execute(
        delete(Wish).where(col(Wish.worker_id) == worker_id, col(Wish.kind) == kind)
    )
    return gone.rowcount == 1


def unite(session: Session, kept: int, gone: int) -> None:
    """Two workers turn out to be one: of two wishes of a kind that of the older stays."""
    there = select(col(Wish.kind)).where(col(Wish.worker_id) == kept)
    session.execute(delete(Wish).where(col(Wish.worker_id) == gone, col(Wish.kind).in_(there)))


def of_worker(session: Session, worker_id: int, today: date) -> list[Wish]:
    """What somebody still looks for."""
    return list(
        session.scalars(
            select(Wish)
            .where(col(Wish.worker_id) == worker_id, col(Wish.until_on) >= today)
            .order_by(col(Wish.kind))
        )
    )


def wishes(
    session: Session, *, kind: WishKind, regions: Collection[str], today: date
) -> list[Wish]:
    """Everything that is looked for in the regions."""
    return list(
        session.scalars(
            select(Wish)
            .where(
                col(Wish.kind) == kind,
                col(Wish.region).in_(regions),
                col(Wish.until_on) >= today,
            )
            .order_by(col(Wish.changed_at), col(Wish.id))
        )
    )


def fits(wanted: Wish, offers: Iterable[Offer]) -> list[Fit]:
    """Vacancies that fit a wish for work, the best first; what fits in nothing is left out."""
    work = Work.model_validate_json(wanted.details)
    found = [_fit(wanted.region, work, offer) for offer in offers]
    return sorted((fit for fit in found if fit.score > 0), key=lambda fit: -fit.score)


def seekers(session: Session, offer: Offer, *, regions: Collection[str], today: date) -> list[Wish]:
    """Whose wish a vacancy or a trip meets; nobody's for other kinds."""
    if offer.kind == OfferKind.VACANCY:
        wanted = wishes(session, kind=WishKind.WORK, regions=regions, today=today)
        return [each for each in wanted if fits(each, [offer])]
    if offer.kind == OfferKind.TRIP and offer.begins_at is not None:
        way = Trip.model_validate_json(offer.details)
        day = china_day(offer.begins_at)
        return [
            each
            for pool in pools(wishes(session, kind=WishKind.TRIP, regions=regions, today=today))
            if (pool.origin, pool.destination, pool.day) == (way.origin, way.destination, day)
            for each in pool.wishes
        ]
    return []


def by_trade(work: Iterable[Wish]) -> list[tuple[str, int]]:
    """How many look for work, by trade, the most wanted first; "": whatever there is."""
    trades = Counter(Work.model_validate_json(each.details).trade or "" for each in work)
    return sorted(trades.items(), key=lambda pair: (-pair[1], pair[0]))


def pools(trips: Iterable[Wish]) -> list[Pool]:
    """Who could travel together: the same way, the same day; the largest group first."""
    groups: dict[tuple[str, str, date], list[Wish]] = {}
    for each in trips:
        journey = Journey.model_validate_json(each.details)
        groups.setdefault((journey.origin, journey.destination, journey.day), []).append(each)
    found = [Pool(*way, tuple(people)) for way, people in groups.items()]
    return sorted(found, key=lambda pool: (-len(pool.wishes), pool.day, pool.destination))


def _fit(region: str, work: Work, offer: Offer) -> Fit:
    vacancy = Vacancy.model_validate_json(offer.details)
    reasons = [Reason.SAME_PLACE if offer.region == region else Reason.NEAR_PLACE]
    if work.trade is not None:
        reasons.append(
            Reason.SAME_TRADE if _same_trade(work.trade, vacancy, offer) else Reason.OTHER_TRADE
        )
    if work.pay_from is not None:
        reasons.append(_pay(work.pay_from, vacancy))
    if work.from_on is not None and vacancy.starts_on is not None:
        is_late = vacancy.starts_on >= work.from_on
        reasons.append(Reason.START_FITS if is_late else Reason.START_EARLIER)
    return Fit(offer, sum(_WEIGHT[reason] for reason in reasons), tuple(reasons))


def _same_trade(trade: str, vacancy: Vacancy, offer: Offer) -> bool:
    return trade in vacancy.trade or vacancy.trade in trade or trade in offer.title


def _pay(wanted: int, vacancy: Vacancy) -> Reason:
    most = vacancy.pay_to if vacancy.pay_to is not None else vacancy.pay_from
    if most is None:
        return Reason.PAY_NOT_TOLD
    return Reason.PAY_FITS if most >= wanted else Reason.PAY_LESS
