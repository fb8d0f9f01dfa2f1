"""Offers at the desk: vacancies, courses, trips and activities, who comes, who could be asked."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from flask import Blueprint, Response, abort, url_for
from pydantic import Field, ValidationError
from sqlmodel import Session

from server import money
from server.admitting import Who, admits
from server.casework import opting_out
from server.casework.officers import LOOKERS, Role, scope
from server.clock import CHINA, china_day
from server.console import forms
from server.console.entering import first_region, officer, regions
from server.console.forms import Asked, Form, Line, Yuan
from server.console.rendering import go_to, page
from server.console.screened import screened
from server.offers import details, offering, searching, seats, taking_part, telling, wishing
from server.offers.offering import (
    STEPS,
    OfferUnknown,
    Proposal,
    ReasonNeeded,
    SeatsTaken,
    Step,
)
from server.offers.tables import (
    Offer,
    OfferKind,
    OfferState,
    Participation,
    PlaceState,
    Wish,
    WishKind,
)
from server.people import address
from server.problems import words_of_field
from server.resources import post, resources
from server.screening import Step as Screening
from server.screening import Use

blueprint = Blueprint("offers", __name__, url_prefix="/offers")


KINDS: Mapping[OfferKind, str] = {
    OfferKind.VACANCY: "招聘",
    OfferKind.SESSION: "培训课",
    OfferKind.TRIP: "专车",
    OfferKind.ACTIVITY: "活动",
}
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
_LABELS: Mapping[str, str] = {
    "title": "名称",
    "region": "地区",
    "organiser": "单位",
    "contact": "联系电话",
    "place": "地点",
    "begins_on": "开始日期",
    "begins_time": "开始时间",
    "last_on": "报名最后一天",
    "seats": "名额",
    "words": "说明",
    "trade": "工种",
    "pay_from": "月工资从（元）",
    "pay_to": "月工资到（元）",
    "starts_on": "上岗日期",
    "shared_until": "借用到哪天",
    "hours": "学时",
    "certificate": "发证书",
    "origin": "出发地",
    "destination": "目的地",
    "for_whom": "面向谁",
}
_DETAILS: Mapping[OfferKind, tuple[str, ...]] = {
    OfferKind.VACANCY: ("trade", "pay_from", "pay_to", "starts_on", "shared_until"),
    OfferKind.SESSION: ("trade", "hours", "certificate"),
    OfferKind.TRIP: ("origin", "destination"),
    OfferKind.ACTIVITY: ("for_whom",),
}
_STEPS: Mapping[str, Any] = {
    Step.PUBLISH: offering.publish,
    Step.REFUSE: offering.refuse,
    Step.CANCEL: offering.cancel,
}
_IN_YUAN = ("pay_from", "pay_to")
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


_Pay = Annotated[Yuan, Field(ge=0, le=100_000_00)]


class OfferAsked(Asked):
    """An offer as it is typed."""

    title: Annotated[str, Field(min_length=1, max_length=64)]
    region: Line
    organiser: Annotated[str, Field(min_length=1, max_length=64)]
    contact: Annotated[str, Field(pattern=r"^[0-9+\-() ]{3,32}$")]
    place: Annotated[str, Field(max_length=128)] = ""
    begins_on: date | None = None
    begins_time: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] | None = None
    last_on: date
    seats: Annotated[int, Field(ge=1, le=100_000)] | None = None
    words: Annotated[str, Field(max_length=2000)] = ""
    trade: str | None = None
    pay_from: _Pay | None = None
    pay_to: _Pay | None = None
    starts_on: date | None = None
    shared_until: date | None = None
    hours: int | None = None
    certificate: bool | None = None
    origin: str | None = None
    destination: str | None = None
    for_whom: str | None = None


class StepAsked(Asked):
    """One step, and the version that was looked at."""

    version: int
    reason: Annotated[str, Field(max_length=500)] = ""


class NoteAsked(Asked):
    """What is noted of somebody who was there, or not."""

    state: PlaceState
    hours: Annotated[int, Field(ge=0, le=2000)] | None = None
    certificate: Annotated[str, Field(max_length=64)] | None = None


_WORDS = {
    "contact": "电话只写数字和短横线，例如0595-88000000。",
    "begins_time": "时间写成 09:30 这样。",
}


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
        kinds=KINDS,
        states=STATES,
        today=today,
        may_enter=Role.CASE_OFFICER in officer().roles,
    )


@blueprint.get("/new")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def get_new() -> Response:
    """An empty form."""
    kind = forms.read_query(KindAsked).kind
    return _form(kind, forms.empty(region=first_region()), url_for(".post_new", kind=kind))


@blueprint.post("/new")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_new() -> Response:
    """Enter an offer; it waits to be checked like any other."""
    kind = forms.read_query(KindAsked).kind
    form = forms.read(OfferAsked, _WORDS)
    proposal = _proposal(kind, form)
    if proposal is None:
        return _form(kind, form, url_for(".post_new", kind=kind), 422)
    known = resources()
    with known.database.begin() as session:
        offer = offering.propose(
            session, known.safe, proposal, by=officer(), regions=regions(), now=known.clock()
        )
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
    action = url_for(".post_change", id=id, version=offer.version)
    return _form(OfferKind(offer.kind), forms.empty(**_typed(offer)), action)


@blueprint.post("/<id>/change/<int:version>")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_change(id: str, version: int) -> Response:
    """Say an offer otherwise; whoever moves up is told."""
    form = forms.read(OfferAsked, _WORDS)
    known = resources()
    with known.database.begin() as session:
        offer = offering.of_officer(session, id, officer(), regions())
        kind = OfferKind(offer.kind)
        proposal = _proposal(kind, form)
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
            except SeatsTaken:
                form.refuse("seats", f"已经有{offer.taken}人报名，名额不能比这少。")
            except ReasonNeeded as needed:
                told = f"有骗局的迹象：{'、'.join(needed.signs)}。已经发布的不能加上这些话。"
                form.refuse("words", f"{told}核实过没有问题的，请取消这一条，重新登记一条再发布。")
    if form.asked is None:
        return _form(kind, form, url_for(".post_change", id=id, version=version), 422)
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
        people = _seekers(session, offer, now)
        for each in people:
            telling.tell(session, post(), offer, each.worker_id, telling.INVITED, now=now)
    return go_to(url_for(".get_offer", id=id), f"已通知{len(people)}个人。")


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
        details=_shown(offer),
        form=form,
        signs=offering.signs_of(offer),
        steps=[
            (step, STEP_NAMES[step], rule.needs_reason)
            for step, rule in STEPS.items()
            if offer.state in rule.from_ and Role.CASE_OFFICER in officer().roles
        ],
        kind=KINDS[OfferKind(offer.kind)],
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


def _form(kind: OfferKind, form: Form[Any], action: str, status: int = 200) -> Response:
    names = [
        (id, regions().get(id).label)
        for id in sorted(scope(officer(), regions()))
        if id in regions()
    ]
    return page(
        "offer_form.html",
        title=f"登记{KINDS[kind]}",
        status=status,
        kind=kind,
        form=form,
        action=action,
        labels=_LABELS,
        kinds=KINDS,
        details=_DETAILS[kind],
        region_names=names,
    )


def _proposal(kind: OfferKind, form: Form[OfferAsked]) -> Proposal | None:
    """What was typed as an offer; None where something is wrong, with the words beside it."""
    asked = form.asked
    if asked is None:
        return None
    told = {name: value for name in _DETAILS[kind] if (value := getattr(asked, name)) is not None}
    try:
        details.offered(kind, told)
    except ValidationError as error:
        for each in error.errors(include_url=False, include_context=False):
            name = str(each["loc"][0]) if each["loc"] else "pay_to"
            form.refuse(name, words_of_field(each["type"]))
    if asked.region not in scope(officer(), regions()):
        form.refuse("region", "请从列表里选一个你负责的地区。")
    begins_at = _instant(asked, form)
    if form.asked is None:
        return None
    return Proposal(
        kind=kind,
        region=asked.region,
        title=asked.title,
        words=asked.words,
        organiser=asked.organiser,
        contact=asked.contact,
        place=asked.place,
        begins_at=begins_at,
        last_on=asked.last_on,
        seats=asked.seats,
        details=told,
    )


def _instant(asked: OfferAsked, form: Form[OfferAsked]) -> datetime | None:
    if asked.begins_on is None:
        if asked.begins_time is not None:
            form.refuse("begins_on", "写了时间，也请写日期。")
        return None
    if asked.last_on > asked.begins_on:
        form.refuse("last_on", "报名最后一天不能晚于开始的日期。")
    hour, minute = (int(part) for part in (asked.begins_time or "09:00").split(":"))
    start = datetime(asked.begins_on.year, asked.begins_on.month, asked.begins_on.day, tzinfo=CHINA)
    return start + timedelta(hours=hour, minutes=minute)


def _typed(offer: Offer) -> dict[str, Any]:
    """An offer as it would be typed."""
    told = {name: getattr(offer, name) for name in OfferAsked.model_fields if hasattr(offer, name)}
    if offer.begins_at is not None:
        local = offer.begins_at.astimezone(CHINA)
        told |= {"begins_on": f"{local:%Y-%m-%d}", "begins_time": f"{local:%H:%M}"}
    more = offering.details_of(offer)
    told |= {n: money.spoken(v) if n in _IN_YUAN else v for n, v in more.items()}
    return {name: "" if value is None else value for name, value in told.items()}


def _shown(offer: Offer) -> list[tuple[str, str]]:
    """What only this kind has, as words."""
    told = []
    for name, value in offering.details_of(offer).items():
        words = money.spoken(value) if name in _IN_YUAN else str(value)
        if isinstance(value, bool):
            words = "是" if value else "否"
        told.append((_LABELS[name], words))
    return told
