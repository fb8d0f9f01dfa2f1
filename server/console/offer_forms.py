"""The form of an offer: how it is typed, read, and shown again."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from flask import Response
from pydantic import Field, ValidationError

from server import money
from server.casework.officers import scope
from server.clock import CHINA
from server.console import forms, naming
from server.console.entering import officer, regions
from server.console.forms import Asked, Form, Line, Yuan
from server.console.rendering import page
from server.offers import details, offering
from server.offers.offering import Proposal
from server.offers.tables import Offer, OfferKind
from server.web.problems import words_of_field

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
_IN_YUAN = ("pay_from", "pay_to")
_WORDS = {
    "contact": "电话只写数字和短横线，例如0595-88000000。",
    "begins_time": "时间写成 09:30 这样。",
}
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


def read() -> Form[OfferAsked]:
    """What was typed."""
    return forms.read(OfferAsked, _WORDS)


def form_page(kind: OfferKind, form: Form[Any], action: str, status: int = 200) -> Response:
    """The form, empty or with what was typed."""
    names = [
        (id, regions().get(id).label)
        for id in sorted(scope(officer(), regions()))
        if id in regions()
    ]
    return page(
        "offer_form.html",
        title=f"登记{naming.OFFER_KINDS[kind]}",
        status=status,
        kind=kind,
        form=form,
        action=action,
        labels=_LABELS,
        kinds=naming.OFFER_KINDS,
        details=_DETAILS[kind],
        region_names=names,
    )


def proposal(kind: OfferKind, form: Form[OfferAsked]) -> Proposal | None:
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
    if asked.begins_time is None:
        # A time that nobody gave would be told to people, and a bus counts as gone by it.
        form.refuse("begins_time", "写了日期，也请写时间。")
        return None
    hour, minute = (int(part) for part in asked.begins_time.split(":"))
    start = datetime(asked.begins_on.year, asked.begins_on.month, asked.begins_on.day, tzinfo=CHINA)
    return start + timedelta(hours=hour, minutes=minute)


def typed(offer: Offer) -> dict[str, Any]:
    """An offer as it would be typed."""
    told = {name: getattr(offer, name) for name in OfferAsked.model_fields if hasattr(offer, name)}
    if offer.begins_at is not None:
        local = offer.begins_at.astimezone(CHINA)
        told |= {"begins_on": f"{local:%Y-%m-%d}", "begins_time": f"{local:%H:%M}"}
    more = offering.details_of(offer)
    told |= {n: money.spoken(v) if n in _IN_YUAN else v for n, v in more.items()}
    return {name: _as_typed(value) for name, value in told.items()}


def _as_typed(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value


def shown(offer: Offer) -> list[tuple[str, str]]:
    """What only this kind has, as words."""
    told = []
    for name, value in offering.details_of(offer).items():
        words = money.spoken(value) if name in _IN_YUAN else str(value)
        if isinstance(value, bool):
            words = "是" if value else "否"
        told.append((_LABELS[name], words))
    return told
