"""/offers, /places, /wishes: vacancies, courses, trips and activities that people take part in."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import partial
from typing import Annotated

from apiflask import APIBlueprint
from flask import Response, abort
from pydantic import Field, ValidationError
from sqlmodel import Session

from mini_app_api.access import own_safe, signed_in, worker
from mini_app_api.models import Request, Words
from mini_app_api.offer_models import (
    AttendanceAsked,
    FitsView,
    FitView,
    OffersView,
    OfferView,
    PlacesView,
    PlaceView,
    ProposalsView,
    ProposalView,
    ProposedView,
    VacancyAsked,
    WishAsked,
    WishesView,
    WishView,
)
from mini_app_api.writing import SIGNED_IN, once
from server.clock import china_day
from server.confidential.sealing import Safe
from server.offers import details, offering, searching, seats, taking_part, telling, wishing
from server.offers.offering import Proposal
from server.offers.tables import (
    Offer,
    OfferKind,
    OfferState,
    Participation,
    PlaceState,
    Wish,
    WishKind,
)
from server.web.admitting import Who, admits
from server.web.problems.requests import FieldsRefused
from server.web.resources import post, resources

blueprint = APIBlueprint("offers", __name__, url_prefix="/api/v1", tag="offers")

_FITS_AT_MOST = 20
_SEARCHED = 5000


class OffersAsked(Request):
    """Which offers; `region` includes what lies in it, and what it lies in."""

    region: Annotated[Words, Field(min_length=1, max_length=64)]
    kind: OfferKind | None = None
    text: Annotated[Words, Field(max_length=60)] = ""
    after: Annotated[Words, Field(max_length=16)] | None = None


@blueprint.get("/offers")
@blueprint.input(OffersAsked, location="query", arg_name="asked")
@blueprint.output(OffersView)
@blueprint.doc(summary="What is offered near a place", operation_id="list_offers")
@admits(Who.EVERYBODY)
def get_offers(asked: OffersAsked) -> OffersView:
    """What one can join now, the newest first; raises `UnknownRegion`."""
    today = _today()
    with resources().database.read() as session:
        found = searching.listed(
            session,
            regions=_around(asked.region),
            today=today,
            kind=asked.kind,
            text=asked.text,
            after=asked.after,
        )
        views = _views(session, found, worker())
    after = found[-1].id if len(found) == searching.MOST else None
    return OffersView(as_of=today, offers=views, after=after)


@blueprint.get("/offers/<id>")
@blueprint.output(OfferView)
@blueprint.doc(summary="One offer", operation_id="get_offer")
@admits(Who.EVERYBODY)
def get_offer(id: str) -> OfferView:
    """An offer, also one that is over; raises `OfferUnknown`."""
    with resources().database.read() as session:
        return _views(session, [searching.published(session, id)], worker())[0]


@blueprint.post("/offers")
@blueprint.input(VacancyAsked, arg_name="asked")
@blueprint.output(ProposedView, status_code=201)
@blueprint.doc(summary="Enter a vacancy", operation_id="propose_vacancy", security=SIGNED_IN)
@admits(Who.WORKER)
def post_offer(asked: VacancyAsked) -> Response:
    """Propose a vacancy as an employer; an officer checks it first. Raises `TooManyProposals`."""
    known = resources()
    served, now = known.serving.current(), known.clock()
    told = asked.model_dump() | {"region": served.region(asked.region)}
    proposal = Proposal(kind=OfferKind.VACANCY, begins_at=None, **told)
    with _details_told():
        proposal.columns()

    def propose(session: Session, worker: int) -> ProposedView:
        regions = served.library.regions
        made = offering.propose(session, known.safe, proposal, by=worker, regions=regions, now=now)
        return ProposedView(id=made.id)

    return once(propose, status=201)


@blueprint.get("/proposals")
@blueprint.output(ProposalsView)
@blueprint.doc(summary="What I proposed", operation_id="list_proposals", security=SIGNED_IN)
@admits(Who.WORKER)
def get_proposals() -> ProposalsView:
    """The vacancies that an employer proposed, and what became of each."""
    mine = signed_in()
    with resources().database.read() as session:
        found = searching.proposals(session, mine)
    return ProposalsView(proposals=[_proposal(offer) for offer in found])


@blueprint.post("/offers/<id>/join")
@blueprint.output(PlaceView)
@blueprint.doc(summary="Take a place", operation_id="join_offer", security=SIGNED_IN)
@admits(Who.WORKER)
def post_join(id: str) -> Response:
    """Take a place or wait for one; raises `OfferUnknown`, `OfferOver`, `ProfileMissing`."""
    own, now = _at_hand()

    def join(session: Session, worker: int) -> PlaceView:
        place = taking_part.join(session, own, id, worker_id=worker, now=now)
        return _place(session, own, place)

    return once(join)


@blueprint.post("/offers/<id>/leave")
@blueprint.output(PlaceView)
@blueprint.doc(summary="Give the place back", operation_id="leave_offer", security=SIGNED_IN)
@admits(Who.WORKER)
def post_leave(id: str) -> Response:
    """Give one's place back; whoever waits longest gets it and is told."""
    own, now = _at_hand()
    told = partial(telling.tell_all, hint=telling.MOVED_UP, now=now)
    by_post = post()

    def leave(session: Session, worker: int) -> PlaceView:
        place, moved = taking_part.leave(session, own, id, worker_id=worker, now=now)
        told(session, by_post, session.get_one(Offer, id), moved)
        return _place(session, own, place)

    return once(leave)


@blueprint.post("/offers/<id>/attendance")
@blueprint.input(AttendanceAsked, arg_name="asked")
@blueprint.output(PlaceView)
@blueprint.doc(summary="Say that one is there", operation_id="attend_offer", security=SIGNED_IN)
@admits(Who.WORKER)
def post_attendance(id: str, asked: AttendanceAsked) -> Response:
    """Note one's attendance by the day's code; a wrong one leaves the state as it was."""
    own, now = _at_hand()
    safe = resources().safe

    def attend(session: Session, worker: int) -> PlaceView:
        place = taking_part.attend(
            session, own, safe, id, worker_id=worker, code=asked.code, now=now
        )
        return _place(session, own, place)

    return once(attend)


@blueprint.get("/places")
@blueprint.output(PlacesView)
@blueprint.doc(summary="Where I take part", operation_id="list_places", security=SIGNED_IN)
@admits(Who.WORKER)
def get_places() -> PlacesView:
    """Where the worker takes part, waits, or was."""
    mine = signed_in()
    own = own_safe(mine)
    with resources().database.read() as session:
        found = taking_part.of_worker(session, mine)
        return PlacesView(places=[_place(session, own, place) for place, _ in found])


@blueprint.get("/wishes")
@blueprint.output(WishesView)
@blueprint.doc(summary="What I look for", operation_id="list_wishes", security=SIGNED_IN)
@admits(Who.WORKER)
def get_wishes() -> WishesView:
    """The worker's wishes for work and for a way home."""
    mine = signed_in()
    with resources().database.read() as session:
        return WishesView(wishes=[_wish(w) for w in wishing.of_worker(session, mine, _today())])


@blueprint.put("/wishes/<kind>")
@blueprint.input(WishAsked, arg_name="asked")
@blueprint.output(WishView)
@blueprint.doc(summary="Say what I look for", operation_id="put_wish", security=SIGNED_IN)
@admits(Who.WORKER)
def put_wish(kind: str, asked: WishAsked) -> Response:
    """Note a wish, in place of the last one of its kind; raises `WishTooLong`."""
    own, now = _at_hand()
    wanted, region = _kind(kind), resources().serving.current().region(asked.region)
    today = _today()
    until_on = asked.until_on or today + timedelta(days=wishing.LONGEST_DAYS)
    with _details_told():
        details.wished(wanted, asked.details)

    def wish(session: Session, worker: int) -> WishView:
        made = wishing.wish(
            session,
            own,
            worker_id=worker,
            kind=wanted,
            region=region,
            until_on=until_on,
            told=asked.details,
            today=today,
            now=now,
        )
        return _wish(made)

    return once(wish)


@blueprint.delete("/wishes/<kind>")
@blueprint.output({}, status_code=204)
@blueprint.doc(summary="Look for it no more", operation_id="delete_wish", security=SIGNED_IN)
@admits(Who.WORKER)
def delete_wish(kind: str) -> Response:
    """Take a wish back."""
    wanted = _kind(kind)

    def forget(session: Session, worker: int) -> None:
        wishing.forget(session, worker_id=worker, kind=wanted)

    return once(forget)


@blueprint.get("/wishes/work/fits")
@blueprint.output(FitsView)
@blueprint.doc(summary="Vacancies that fit me", operation_id="list_fits", security=SIGNED_IN)
@admits(Who.WORKER)
def get_fits() -> FitsView:
    """Vacancies for the worker's wish, the best first, each with its reasons."""
    mine, today = signed_in(), _today()
    with resources().database.read() as session:
        wanted = [w for w in wishing.of_worker(session, mine, today) if w.kind == WishKind.WORK]
        if not wanted:
            return FitsView(fits=[])
        offers = searching.listed(
            session,
            regions=_around(wanted[0].region),
            today=today,
            kind=OfferKind.VACANCY,
            at_most=_SEARCHED,
        )
        fits = wishing.fits(wanted[0], offers)[:_FITS_AT_MOST]
        views = _views(session, [fit.offer for fit in fits], mine)
    return FitsView(
        fits=[
            FitView(offer=view, reasons=list(fit.reasons))
            for view, fit in zip(views, fits, strict=True)
        ]
    )


@contextmanager
def _details_told() -> Iterator[None]:
    """What does not fit is told by its name, before anything is written."""
    try:
        yield
    except ValidationError as error:
        raise FieldsRefused(
            (".".join(("details", *map(str, each["loc"]))), each["type"])
            for each in error.errors(include_url=False, include_context=False)
        ) from None


def _kind(name: str) -> WishKind:
    try:
        return WishKind(name)
    except ValueError:
        abort(404)


def _at_hand() -> tuple[Safe, datetime]:
    return own_safe(signed_in()), resources().clock()


def _today() -> date:
    return china_day(resources().clock())


def _around(region: str) -> set[str]:
    """A region, what it lies in, and what lies in it."""
    served = resources().serving.current()
    id, regions = served.region(region), served.library.regions
    return {*regions.within(id), *regions.descendants(id)}


def _views(session: Session, offers: Iterable[Offer], mine: int | None) -> list[OfferView]:
    shown = list(offers)
    ids = [offer.id for offer in shown]
    queued = seats.waiting(session, ids)
    states = taking_part.states(session, mine, ids) if mine is not None else {}
    return [_view(offer, queued.get(offer.id, 0), states.get(offer.id)) for offer in shown]


def _view(offer: Offer, queued: int, state: PlaceState | None) -> OfferView:
    told = {name: getattr(offer, name) for name in OfferView.model_fields if hasattr(offer, name)}
    return OfferView.model_validate(
        {
            **told,
            "details": json.loads(offer.details),
            "left": None if offer.seats is None else offer.seats - offer.taken,
            "waiting": queued,
            "open": offering.is_open(offer, resources().clock()),
            "state": state,
        }
    )


def _place(session: Session, own: Safe, place: Participation) -> PlaceView:
    offer = session.get_one(Offer, place.offer_id)
    view = _view(
        offer,
        seats.waiting(session, [offer.id]).get(offer.id, 0),
        PlaceState(place.state),
    )
    return PlaceView(
        offer=view,
        state=PlaceState(place.state),
        joined_at=place.joined_at,
        hours=place.hours,
        certificate=taking_part.certificate_of(own, place),
        tries_left=max(0, taking_part.MOST_WRONG_CODES - place.wrong_codes),
    )


def _proposal(offer: Offer) -> ProposalView:
    told = {name: getattr(offer, name) for name in ProposalView.model_fields}
    if offer.state == OfferState.OPEN:
        # What an officer noted in publishing it is not for the employer.
        told["reason"] = ""
    return ProposalView.model_validate(told)


def _wish(wish: Wish) -> WishView:
    return WishView(
        kind=WishKind(wish.kind),
        region=wish.region,
        until_on=wish.until_on,
        details=json.loads(wish.details),
    )
