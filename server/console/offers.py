"""Offers at the desk: vacancies, courses, trips and activities, who comes, who could be asked."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from flask import Blueprint, Response, abort, url_for
from pydantic import Field
from sqlmodel import Session

from server.casework import opting_out
from server.casework.officers import LOOKERS, Role, scope
from server.clock import china_day
from server.console import forms, naming, offer_forms
from server.console.entering import first_region, officer, regions
from server.console.forms import Asked, Form
from server.console.rendering import go_to, page
from server.console.screened import screened
from server.offers import offering, searching, seats, taking_part, telling, wishing
from server.offers.offering import STEPS, LastDayPast, OfferUnknown, ReasonNeeded, SeatsTaken, Step
from server.offers.tables import (
    Offer,
    OfferKind,
    OfferState,
    Participation,
    PlaceState,
    Wish,
    WishKind,
)
from server.personal.people import address
from server.platform.screening import Step as Screening
from server.platform.screening import Use
from server.web.admitting import Who, admits
from server.web.resources import post, resources

blueprint = Blueprint("offers", __name__, url_prefix="/offers")

STATES: Mapping[OfferState, str] = {
    OfferState.PROPOSED: "待审核",
    OfferState.OPEN: "已发布",
    OfferState.REFUSED: "没通过",
    OfferState.CANCELLED: "已取消",
}
PLACES: Mapping[PlaceState, str] = {
    PlaceState.JOINED: "已报名",
    PlaceState.WAITING: "排队",
    PlaceState.LEFT: "已退出",
    PlaceState.ATTENDED: "到场",
    PlaceState.ABSENT: "没来",
}
STEP_NAMES: Mapping[Step, str] = {
    Step.CHANGE: "修改",
    Step.PUBLISH: "发布",
    Step.REFUSE: "不通过",
    Step.CANCEL: "取消",
}
_STEPS: Mapping[str, Any] = {
    Step.PUBLISH: offering.publish,
    Step.REFUSE: offering.refuse,
    Step.CANCEL: offering.cancel,
}
_PAST = "报名最后一天已经过了。"
_UNFIT = {
    Screening.TURN_AWAY: "微信的内容检查没让这些话过关。请先改掉不合适的话，或者不通过。",
    Screening.WAIT: "微信的内容检查现在连不上。过几分钟再发布。",
    Screening.ASK_STAFF: "微信的内容检查说要有人看一看。确认没有问题的话，请写明核实的情况。",
}


class OffersAsked(Asked):
    """What is to be listed."""

    kind: OfferKind | None = None
    state: OfferState | None = None
    page: Annotated[int, Field(ge=1, le=100_000)] = 1


class KindAsked(Asked):
    """What is to be entered."""

    kind: OfferKind = OfferKind.VACANCY


class StepAsked(Asked):
    """One step, and the version that was looked at."""

    version: int
    reason: Annotated[str, Field(max_length=500)] = ""


class NoteAsked(Asked):
    """What is noted of somebody who was there, or not."""

    state: PlaceState
    hours: Annotated[int, Field(ge=0, le=2000)] | None = None
    certificate: Annotated[str, Field(max_length=64)] | None = None


@blueprint.get("/")
@admits(Who.OFFICER, *LOOKERS)
def get_offers() -> Response:
    """What is offered in the officer's regions."""
    asked = forms.read_query(OffersAsked)
    today = china_day(resources().clock())
    with resources().database.read() as session:
        found, total = searching.for_desk(
            session, officer(), regions(), kind=asked.kind, state=asked.state, page=asked.page
        )
        waiting = seats.waiting(session, [offer.id for offer in found])
    return page(
        "offers.html",
        title="招聘、课程、出行",
        offers=found,
        waiting=waiting,
        asked=asked,
        total=total,
        pages=-(-total // searching.MOST),
        kinds=naming.OFFER_KINDS,
        states=STATES,
        today=today,
        may_enter=Role.CASE_OFFICER in officer().roles,
    )


@blueprint.get("/new")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def get_new() -> Response:
    """An empty form."""
    kind = forms.read_query(KindAsked).kind
    form = forms.empty(region=first_region())
    return offer_forms.form_page(kind, form, url_for(".post_new", kind=kind))


@blueprint.post("/new")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_new() -> Response:
    """Enter an offer; it waits to be checked like any other."""
    kind = forms.read_query(KindAsked).kind
    form = offer_forms.read()
    proposal = offer_forms.proposal(kind, form)
    if proposal is None:
        return offer_forms.form_page(kind, form, url_for(".post_new", kind=kind), 422)
    known = resources()
    try:
        with known.database.begin() as session:
            offer = offering.propose(
                session, known.safe, proposal, by=officer(), regions=regions(), now=known.clock()
            )
    except LastDayPast:
        form.refuse("last_on", _PAST)
        return offer_forms.form_page(kind, form, url_for(".post_new", kind=kind), 422)
    return go_to(url_for(".get_offer", id=offer.id), "已登记，核对后请发布。")


@blueprint.get("/wishes")
@admits(Who.OFFICER, *LOOKERS)
def get_wishes() -> Response:
    """What people look for: how many seek work by trade, who could travel together."""
    now = resources().clock()
    mine = scope(officer(), regions())
    with resources().database.read() as session:
        work = wishing.wishes(session, kind=WishKind.WORK, regions=mine, today=china_day(now))
        trips = wishing.wishes(session, kind=WishKind.TRIP, regions=mine, today=china_day(now))
    return page(
        "offer_wishes.html",
        title="找工作和找车的人",
        trades=wishing.by_trade(work),
        pools=wishing.pools(trips),
    )


@blueprint.get("/<id>")
@admits(Who.OFFICER, *LOOKERS)
def get_offer(id: str) -> Response:
    """One offer, with the steps that can be taken now."""
    with resources().database.read() as session:
        return _page(session, offering.of_officer(session, id, officer(), regions()), forms.empty())


@blueprint.get("/<id>/change")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def get_change(id: str) -> Response:
    """The form with what stands in the offer."""
    with resources().database.read() as session:
        offer = offering.of_officer(session, id, officer(), regions())
    form = forms.empty(**offer_forms.typed(offer))
    action = url_for(".post_change", id=id, version=offer.version)
    return offer_forms.form_page(OfferKind(offer.kind), form, action)


@blueprint.post("/<id>/change/<int:version>")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_change(id: str, version: int) -> Response:
    """Say an offer otherwise; whoever moves up is told."""
    form = offer_forms.read()
    known = resources()
    with known.database.begin() as session:
        offer = offering.of_officer(session, id, officer(), regions())
        kind = OfferKind(offer.kind)
        proposal = offer_forms.proposal(kind, form)
        if proposal is not None:
            before = (offer.begins_at, offer.place)
            try:
                moved = offering.change(
                    session,
                    known.safe,
                    offer,
                    proposal,
                    by=officer(),
                    regions=regions(),
                    version=version,
                    now=known.clock(),
                )
                telling.tell_all(session, post(), offer, moved, telling.MOVED_UP, now=known.clock())
                if before != (offer.begins_at, offer.place):
                    _tell_moved(session, offer, known.clock())
            except LastDayPast:
                form.refuse("last_on", _PAST)
            except SeatsTaken:
                form.refuse("seats", f"已经有{offer.taken}人报名，名额不能比这少。")
            except ReasonNeeded as needed:
                told = f"有骗局的迹象：{'、'.join(needed.signs)}。已经发布的不能加上这些话。"
                form.refuse("words", f"{told}核实过没有问题的，请取消这一条，重新登记一条再发布。")
    if form.asked is None:
        action = url_for(".post_change", id=id, version=version)
        return offer_forms.form_page(kind, form, action, 422)
    return go_to(url_for(".get_offer", id=id), "已保存。")


@blueprint.post("/<id>/steps/<step>")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_step(id: str, step: str) -> Response:
    """Publish, refuse or cancel; who takes part is told of the end."""
    if step not in _STEPS:
        abort(404)
    form = forms.read(StepAsked)
    known, wanted = resources(), Step(step)
    if wanted is Step.PUBLISH and form.asked is not None:
        _refuse_unfit(id, form)
    with known.database.begin() as session:
        offer = offering.of_officer(session, id, officer(), regions())
        if form.asked is not None:
            try:
                _do(session, offer, wanted, form.asked)
            except ReasonNeeded as needed:
                form.refuse(f"reason-{step}", _why(needed))
            except LastDayPast:
                form.refuse(f"reason-{step}", f"{_PAST}请先改日期，或者不通过。")
        if form.asked is None:
            return _page(session, offer, form, 422)
        telling.tell_proposer(session, post(), offer, wanted, now=known.clock())
        if wanted is Step.CANCEL:
            people = taking_part.places(session, id)
            telling.tell_all(session, post(), offer, people, telling.CANCELLED, now=known.clock())
    return go_to(url_for(".get_offer", id=id), f"已{STEP_NAMES[wanted]}。")


@blueprint.post("/<id>/roll")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_roll(id: str) -> Response:
    """The list with names and telephones: a look at people, noted as one."""
    known = resources()
    with known.database.read() as session:
        offer = offering.of_officer(session, id, officer(), regions())
        workers = [place.worker_id for place in taking_part.places(session, offer.id)]
    safes = known.subject_keys.safes_of(workers)
    with known.database.begin() as session:
        offer = offering.of_officer(session, id, officer(), regions())
        people = taking_part.roll(
            session, safes, offer, by=officer(), regions=regions(), now=known.clock()
        )
    return page(
        "offer_roll.html",
        title=f"名单：{offer.title}",
        offer=offer,
        people=people,
        places=PLACES,
        code=taking_part.attendance_code(known.safe, offer, known.clock()),
        noted=[(state, PLACES[state]) for state in (PlaceState.ATTENDED, PlaceState.ABSENT)],
        empty=forms.empty(),
    )


@blueprint.post("/<id>/places/<place>")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_place(id: str, place: str) -> Response:
    """Note who was there, for how many hours, with which certificate."""
    form = forms.read(NoteAsked)
    if form.asked is None:
        words = "没有保存：学时是0到2000的整数，证书号最多64个字。"
        return go_to(url_for(".get_offer", id=id), words)
    known = resources()
    with known.database.read() as session:
        offer = offering.of_officer(session, id, officer(), regions())
        row = session.get(Participation, place)
        if row is None or row.offer_id != offer.id:
            raise OfferUnknown(id)
    own = known.subject_keys.safe_of(row.worker_id)
    with known.database.begin() as session:
        taking_part.note(
            session,
            own,
            row,
            **form.asked.model_dump(),
            by=officer(),
            regions=regions(),
            now=known.clock(),
        )
    return go_to(url_for(".get_offer", id=id), "已记下。")


@blueprint.post("/<id>/invitations")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_invitations(id: str) -> Response:
    """Tell those whose wish it meets; nobody twice."""
    known = resources()
    now = known.clock()
    with known.database.begin() as session:
        offer = offering.of_officer(session, id, officer(), regions())
        if not offering.is_open(offer, now):
            raise offering.OfferOver(offer.last_on)
        people = [each.worker_id for each in _seekers(session, offer, now)]
        told = telling.tell_invited(session, post(), offer, people, now=now)
    before = f"，{len(people) - told}个人以前通知过" if told < len(people) else ""
    return go_to(url_for(".get_offer", id=id), f"已通知{told}个人{before}。")


def _tell_moved(session: Session, offer: Offer, now: datetime) -> None:
    """Tell those who mean to come, or wait to, of another time or place."""
    comes = (PlaceState.JOINED, PlaceState.WAITING)
    people = [place for place in taking_part.places(session, offer.id) if place.state in comes]
    if offer.state == OfferState.OPEN:
        telling.tell_all(session, post(), offer, people, telling.MOVED, now=now)


def _do(session: Session, offer: Offer, step: Step, asked: StepAsked) -> None:
    known = resources()
    _STEPS[step](
        session,
        known.safe,
        offer,
        by=officer(),
        regions=regions(),
        version=asked.version,
        reason=asked.reason,
        now=known.clock(),
    )


def _refuse_unfit(id: str, form: Form[StepAsked]) -> None:
    """What an employer wrote goes through WeChat's content check before everybody sees it."""
    known = resources()
    assert form.asked is not None
    with known.database.read() as session:
        offer = offering.of_officer(session, id, officer(), regions())
        employer, app_id = offer.proposed_by, known.settings.wechat_mini_app_id
        if employer is None:
            return
        openid = None if app_id is None else address(session, known.safe, employer, app_id)
    next_step = screened(offering.said_in(offer), openid=openid, use=Use.PUBLICATION)
    is_told = next_step is Screening.ASK_STAFF and form.asked.reason.strip()
    if next_step in _UNFIT and not is_told:
        form.refuse("reason-publish", _UNFIT[next_step])


def _why(needed: ReasonNeeded) -> str:
    if needed.signs:
        return f"有骗局的迹象：{'、'.join(needed.signs)}。确认没有问题的话，请写明核实的情况。"
    return "请写明原因。"


def _page(session: Session, offer: Offer, form: Form[Any], status: int = 200) -> Response:
    now = resources().clock()
    places = taking_part.places(session, offer.id)
    return page(
        "offer.html",
        title=offer.title,
        status=status,
        offer=offer,
        details=offer_forms.shown(offer),
        form=form,
        signs=offering.signs_of(offer),
        steps=[
            (step, STEP_NAMES[step], rule.needs_reason)
            for step, rule in STEPS.items()
            if offer.state in rule.from_ and Role.CASE_OFFICER in officer().roles
        ],
        kind=naming.OFFER_KINDS[OfferKind(offer.kind)],
        state=STATES[OfferState(offer.state)],
        open=offering.is_open(offer, now),
        counts=[
            (words, sum(place.state == state for place in places))
            for state, words in PLACES.items()
            if state is not PlaceState.LEFT
        ],
        seekers=len(_seekers(session, offer, now)),
    )


def _seekers(session: Session, offer: Offer, now: datetime) -> list[Wish]:
    tree = regions()
    around = {*tree.within(offer.region), *tree.descendants(offer.region)}
    found = wishing.seekers(session, offer, regions=around, today=china_day(now))
    # Who comes already knows of it, and so does who offers it; who opted out is asked nothing.
    known = {place.worker_id for place in taking_part.places(session, offer.id)}
    unaware = {each.worker_id for each in found} - {*known, offer.proposed_by}
    asked = opting_out.without_refusing(session, resources().safe, unaware)
    return [each for each in found if each.worker_id in asked]
