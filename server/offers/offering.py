"""Offers from the proposal to their end: who may do what, from where to where."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from knowledge.regions import Regions
from server.casework.officers import NotAllowed, Officer, Role, require
from server.clock import china_day
from server.confidential.sealing import Safe
from server.database import db, numbering
from server.offers import details, seats
from server.offers.fraud_signs import fraud_signs
from server.offers.tables import Offer, OfferHappening, OfferKind, OfferState, Participation
from server.records import audit
from server.records.audit import Action

MOST_WAITING = 20
"""So many of what one employer proposed wait for an officer at once."""


class OfferUnknown(LookupError):
    """There is no such offer, or none for whoever asks."""


class OfferChanged(Exception):
    """Somebody else has changed the offer meanwhile."""


class OfferOver(Exception):
    """The offer is not open, or no longer: `last_on` was its last day."""

    def __init__(self, last_on: date) -> None:
        super().__init__(last_on)
        self.last_on = last_on


class LastDayPast(ValueError):
    """Nobody could join any more, nor see it: `last_on` is past."""

    def __init__(self, last_on: date) -> None:
        super().__init__(last_on)
        self.last_on = last_on


class StepRefused(Exception):
    """The offer does not stand where this step starts."""

    def __init__(self, step: "Step", state: str) -> None:
        super().__init__(step, state)
        self.step = step
        self.state = state


class ReasonNeeded(Exception):
    """The step needs a reason: `signs` of fraud that it overrules, or that people read it.

    A change of what is published has none: it raises this where it brings in such signs.
    """

    def __init__(self, signs: tuple[str, ...] = ()) -> None:
        super().__init__(signs)
        self.signs = signs


class TooManyProposals(Exception):
    """As many as may wait of what this employer proposed are not checked yet."""


class SeatsTaken(Exception):
    """More places are taken than there would be."""


class Step(StrEnum):
    """What officers do with an offer."""

    CHANGE = "change"
    PUBLISH = "publish"
    REFUSE = "refuse"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Rule:
    """What one step needs and does."""

    from_: frozenset[OfferState]
    to: OfferState | None
    """None: it stays where it is."""
    needs_reason: bool = False


STEPS: Mapping[Step, Rule] = {
    Step.CHANGE: Rule(frozenset({OfferState.PROPOSED, OfferState.OPEN}), None),
    Step.PUBLISH: Rule(frozenset({OfferState.PROPOSED}), OfferState.OPEN),
    Step.REFUSE: Rule(frozenset({OfferState.PROPOSED}), OfferState.REFUSED, True),
    Step.CANCEL: Rule(frozenset({OfferState.OPEN}), OfferState.CANCELLED, True),
}
"""The one table of what can be done to an offer; code, pages and tests read it."""


_COUNTED = {Step.PUBLISH: OfferHappening.PUBLISHED, Step.CANCEL: OfferHappening.CANCELLED}


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an offer says, as it was entered and checked."""

    kind: OfferKind
    region: str
    title: str
    words: str
    organiser: str
    contact: str
    place: str
    begins_at: datetime | None
    last_on: date
    seats: int | None
    details: Mapping[str, Any]
    measure: str | None = None

    def columns(self) -> dict[str, Any]:
        """The columns of the row; raises Pydantic's ValidationError for the details."""
        told = {name: getattr(self, name) for name in self.__slots__}
        return {**told, "details": details.offered(self.kind, self.details)}


def propose(
    session: Session,
    safe: Safe,
    proposal: Proposal,
    *,
    by: Officer | int,
    regions: Regions,
    now: datetime,
) -> Offer:
    """Enter an offer, as an officer of its region or (`by` a number) as an employer.

    It waits for an officer to check it either way. Raises `NotAllowed`, `TooManyProposals`,
    `LastDayPast`.
    """
    _require_to_come(proposal.last_on, now)
    if isinstance(by, Officer):
        require(by, Role.CASE_OFFICER, proposal.region, regions)
    elif proposal.kind is not OfferKind.VACANCY:
        raise NotAllowed
    elif _waiting(session, by) >= MOST_WAITING:
        raise TooManyProposals
    offer = Offer(
        id=numbering.number(now, "O"),
        state=OfferState.PROPOSED,
        proposed_by=None if isinstance(by, Officer) else by,
        created_at=now,
        changed_at=now,
        **proposal.columns(),
    )
    session.add(offer)
    session.flush()
    _audit(session, safe, offer, by, Action.CREATED, now)
    return offer


def change(
    session: Session,
    safe: Safe,
    offer: Offer,
    proposal: Proposal,
    *,
    by: Officer,
    regions: Regions,
    version: int,
    now: datetime,
) -> list[Participation]:
    """Say it otherwise; the kind stays. Returns who moved up where there are more places now.

    Raises `StepRefused`, `OfferChanged`, `NotAllowed`, `SeatsTaken`, `LastDayPast` for another last
    day, and `ReasonNeeded` where everybody would read signs of fraud that nobody has checked.
    """
    require(by, Role.CASE_OFFICER, proposal.region, regions)
    if proposal.kind != offer.kind:
        raise ValueError("an offer stays of its kind")
    if proposal.last_on != offer.last_on:
        _require_to_come(proposal.last_on, now)
    # Nobody joins between this look and the change.
    session.refresh(offer, with_for_update=True)
    if proposal.seats is not None and proposal.seats < offer.taken:
        raise SeatsTaken(offer.taken)
    if offer.state == OfferState.OPEN and (
        new := tuple(sign for sign in signs_of(proposal) if sign not in signs_of(offer))
    ):
        raise ReasonNeeded(new)
    _step(session, safe, offer, Step.CHANGE, by, regions, version, now, **proposal.columns())
    return seats.fill(session, offer, now) if is_open(offer, now) else []


def publish(
    session: Session,
    safe: Safe,
    offer: Offer,
    *,
    by: Officer,
    regions: Regions,
    version: int,
    reason: str = "",
    now: datetime,
) -> None:
    """Open an offer to everybody; raises `ReasonNeeded` with the signs of fraud in its words.

    Whoever publishes in spite of them says why. Raises `LastDayPast` where nobody would see it.
    """
    _require_to_come(offer.last_on, now)
    signs = signs_of(offer)
    if signs and not reason.strip():
        raise ReasonNeeded(signs)
    _step(session, safe, offer, Step.PUBLISH, by, regions, version, now, reason=reason)


def refuse(
    session: Session,
    safe: Safe,
    offer: Offer,
    *,
    by: Officer,
    regions: Regions,
    version: int,
    reason: str,
    now: datetime,
) -> None:
    """Refuse a proposal; raises `ReasonNeeded`, `StepRefused`, `OfferChanged`, `NotAllowed`."""
    _step(session, safe, offer, Step.REFUSE, by, regions, version, now, reason=reason)


def cancel(
    session: Session,
    safe: Safe,
    offer: Offer,
    *,
    by: Officer,
    regions: Regions,
    version: int,
    reason: str,
    now: datetime,
) -> None:
    """Call an open offer off; telling the people is the caller's, with `taking_part.roll`."""
    _step(session, safe, offer, Step.CANCEL, by, regions, version, now, reason=reason)


def signs_of(offer: Offer | Proposal) -> tuple[str, ...]:
    """Signs of fraud in the words of a vacancy."""
    return fraud_signs(said_in(offer)) if offer.kind == OfferKind.VACANCY else ()


def said_in(offer: Offer | Proposal) -> str:
    """All that is written freely in an offer: who is after money writes it wherever there is room.

    Each a sentence of its own.
    """
    more = details_of(offer) if isinstance(offer, Offer) else offer.details
    told = (value for value in more.values() if isinstance(value, str))
    return "。".join((offer.title, offer.words, offer.organiser, offer.place, *told))


def is_open(offer: Offer, now: datetime) -> bool:
    """Whether one can still join: published, its last day not over, and no bus that has left."""
    if offer.state != OfferState.OPEN or china_day(now) > offer.last_on:
        return False
    return offer.kind != OfferKind.TRIP or offer.begins_at is None or now < offer.begins_at


def of_officer(session: Session, offer_id: str, officer: Officer, regions: Regions) -> Offer:
    """An offer of the officer's regions; raises `OfferUnknown`, `NotAllowed`."""
    if not officer.roles & {Role.CASE_OFFICER, Role.APPROVER, Role.AUDITOR}:
        raise NotAllowed
    offer = session.get(Offer, offer_id)
    if offer is None or not officer.covers(offer.region, regions):
        raise OfferUnknown(offer_id)
    return offer


def details_of(offer: Offer) -> dict[str, Any]:
    """What only this kind has."""
    found: dict[str, Any] = json.loads(offer.details)
    return found


def _step(
    session: Session,
    safe: Safe,
    offer: Offer,
    step: Step,
    by: Officer,
    regions: Regions,
    version: int,
    now: datetime,
    **values: Any,
) -> None:
    require(by, Role.CASE_OFFICER, offer.region, regions)
    rule = STEPS[step]
    if offer.version != version:
        raise OfferChanged(offer.id)
    if offer.state not in rule.from_:
        raise StepRefused(step, offer.state)
    if rule.needs_reason and not str(values.get("reason", "")).strip():
        raise ReasonNeeded
    if rule.to is not None:
        values["state"] = rule.to
    values |= {"changed_at": now, "officer_id": by.id}
    if not db.change_version(session, offer, version, **values):
        raise OfferChanged(offer.id)
    if (what := _COUNTED.get(step)) is not None:
        seats.happened(session, offer.id, what, now)
    _audit(session, safe, offer, by, Action.CHANGED, now, step)


def _require_to_come(last_on: date, now: datetime) -> None:
    if last_on < china_day(now):
        raise LastDayPast(last_on)


def _waiting(session: Session, employer: int) -> int:
    """How many of an employer's proposals nobody has checked yet."""
    counted = select(func.count()).where(
        col(Offer.proposed_by) == employer, col(Offer.state) == OfferState.PROPOSED
    )
    return session.scalar(counted) or 0


def _audit(
    session: Session,
    safe: Safe,
    offer: Offer,
    by: Officer | int,
    action: Action,
    now: datetime,
    step: Step | None = None,
) -> None:
    is_officer = isinstance(by, Officer)
    audit.record(
        session,
        safe,
        by=audit.Actor.officer(by.id) if isinstance(by, Officer) else audit.Actor.worker(by),
        action=action,
        about="offer",
        row=offer.id,
        worker_id=None if is_officer else offer.proposed_by,
        reason=step or "",
        now=now,
    )
