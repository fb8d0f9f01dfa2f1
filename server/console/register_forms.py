"""The form of an entry of the register: who is entered, from what, and what is said otherwise."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from flask import Blueprint, Response, url_for
from pydantic import Field

from server import money
from server.casework import cases
from server.casework.officers import Role, scope
from server.casework.tables import Case
from server.clock import china_day
from server.confidential.masking import mask_name
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectErased
from server.console import forms
from server.console.case import opened as opened_case
from server.console.entering import actor, first_region, officer, regions
from server.console.forms import Asked, Form, Line, Yuan
from server.console.register import FORM_WORDS, LABELS, NUMBERS, held_of, refuse
from server.console.rendering import go_to, page
from server.personal.persons import IdentityNumber, Name, NativePlace, NotBornYet, Phone
from server.records.audit import Action
from server.register import keeping
from server.register.hardship import Cause, Need, Registered, Relation
from server.register.keeping import AlreadyRegistered, DayImpossible, Held, Standing
from server.register.naming import CAUSES, LEVELS, NEEDS, RELATIONS
from server.register.tables import Level
from server.web.admitting import Who, admits
from server.web.resources import resources

blueprint = Blueprint("register_forms", __name__, url_prefix="/register")


class WhereAsked(Asked):
    """What a new entry comes from: a case, or the household of somebody."""

    case: Annotated[str, Field(max_length=16)] | None = None
    household: Annotated[str, Field(max_length=16)] | None = None


class CircumstancesAsked(Asked):
    """Why somebody is in the register, as it is typed."""

    address: Annotated[str, Field(max_length=100)] | None = None
    employer: Annotated[str, Field(max_length=64)] | None = None
    relation: Relation | None = None
    income: Annotated[Yuan, Field(ge=0, le=100_000_00)] | None = None
    members: Annotated[int, Field(ge=1, le=30)] | None = None
    causes: tuple[Cause, ...] = ()
    needs: tuple[Need, ...] = ()
    words: Annotated[str, Field(max_length=500)] = ""
    region: Line
    level: Level
    looked_on: date | None = None
    due_on: date | None = None
    version: int = 0


class EntryAsked(CircumstancesAsked):
    """The same with who it is."""

    name: Name
    identity_number: IdentityNumber
    phone: Phone | None = None
    native_place: NativePlace | None = None


@blueprint.get("/new")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def get_new() -> Response:
    """The form to enter somebody, also from a case or into a household."""
    asked = forms.read_query(WhereAsked)
    today = china_day(resources().clock())
    region = first_region()
    if asked.case is not None:
        region = opened_case(asked.case)[0].region
    return _form(asked, forms.empty(region=region, looked_on=today.isoformat()))


@blueprint.post("/new")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_new() -> Response:
    """Enter somebody."""
    where = forms.read_query(WhereAsked)
    form: Form[Any] = forms.read(
        EntryAsked if where.case is None else CircumstancesAsked, FORM_WORDS
    )
    _check_region(form)
    if form.asked is None:
        return _form(where, form, 422)
    try:
        id = _entered(where, form.asked)
    except (AlreadyRegistered, DayImpossible, NotBornYet) as error:
        refuse(form, error)
        return _form(where, form, 409 if isinstance(error, AlreadyRegistered) else 422)
    return go_to(url_for("desk.register.get_entry", id=id), "登记好了。")


@blueprint.get("/<id>/change")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def get_change(id: str) -> Response:
    """The form with what stands there, in full: noted as such."""
    held, _ = held_of(id)
    known = resources()
    with known.database.begin() as session:
        keeping.record_looks(
            session, known.safe, [held.entry], by=actor(), fields=list(LABELS)[:3],
            action=Action.UNMASKED, now=known.clock(),
        )  # fmt: skip
    return _change_form(held, forms.empty(**_typed(held)))


@blueprint.post("/<id>/change")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_change(id: str) -> Response:
    """Say otherwise who somebody is and why."""
    known = resources()
    held, own = held_of(id)
    form: Form[Any] = forms.read(EntryAsked, FORM_WORDS)
    _check_region(form)
    asked = form.asked
    if asked is None or held.registered is None or own is None:
        return _change_form(held, form, 422)
    before = held.registered
    try:
        with known.database.begin() as session:
            keeping.change(
                session,
                own,
                regions(),
                keeping.of_officer(session, id, officer(), regions()),
                registered=_registered(asked, asked, before.facts),
                region=asked.region,
                level=asked.level,
                by=officer(),
                version=asked.version,
                now=known.clock(),
            )
    except (AlreadyRegistered, NotBornYet) as error:
        refuse(form, error)
        return _change_form(held, form, 409)
    return go_to(url_for("desk.register.get_entry", id=id), "保存了。")


def _entered(where: WhereAsked, asked: Any) -> str:
    known = resources()
    standing = Standing(asked.region, asked.level, asked.looked_on, asked.due_on)
    if where.case is None:
        registered = _registered(asked, asked)
        # First: of whom nothing is entered, nothing must be left.
        keeping.check(registered, standing, by=officer(), regions=regions(), now=known.clock())
        with known.database.begin() as session:
            worker = keeping.worker_of(session, known.safe, registered, now=known.clock())
        own = known.subject_keys.safe_of(worker)
    else:
        case, found = opened_case(where.case)
        if found is None:
            raise SubjectErased
        own, worker = found, case.worker_id
        person = cases.frozen(case, own).person
        if person is None:
            raise SubjectErased
        registered = _registered(asked, _FromCase(person))
    with known.database.begin() as session:
        entry = keeping.enter(
            session,
            own,
            regions(),
            worker_id=worker,
            registered=registered,
            standing=standing,
            household_id=where.household,
            members=asked.members,
            by=officer(),
            now=known.clock(),
        )
        return entry.id


class _FromCase:
    """The person of a case, as the register takes them."""

    def __init__(self, person: Mapping[str, Any]) -> None:
        self.name = person["name"]
        self.identity_number = person["identity_number"]
        self.phone = person.get("phone")
        self.native_place = person.get("native_place")


def _registered(
    asked: CircumstancesAsked, who: Any, facts: Mapping[str, Any] | None = None
) -> Registered:
    return Registered(
        name=who.name,
        identity_number=who.identity_number,
        phone=who.phone,
        native_place=who.native_place,
        address=asked.address,
        employer=asked.employer,
        relation=asked.relation,
        income_fen=asked.income,
        causes=asked.causes,
        needs=asked.needs,
        facts=dict(facts or {}),
        words=asked.words,
    )


def _check_region(form: Form[Any]) -> None:
    if form.asked is not None and form.asked.region not in scope(officer(), regions()):
        form.refuse("region", "请从列表里选一个你负责的地区。")


def _typed(held: Held) -> dict[str, Any]:
    """An entry as it would be typed."""
    who, entry = held.registered, held.entry
    if who is None:
        return {}
    told: dict[str, Any] = {
        name: getattr(who, name)
        for name in ("name", *NUMBERS, "native_place", "address", "employer", "words")
    }
    told |= {
        "relation": who.relation,
        "income": None if who.income_fen is None else money.spoken(who.income_fen),
        "causes": [cause.value for cause in who.causes],
        "needs": [need.value for need in who.needs],
        "region": entry.region,
        "level": entry.level,
    }
    return {name: "" if value is None else value for name, value in told.items()}


def _change_form(held: Held, form: Form[Any], status: int = 200) -> Response:
    entry = held.entry
    action = url_for(".post_change", id=entry.id)
    return _entry_form(form, action, status, title="修改台账", version=entry.version, back=entry.id)


def _form(where: WhereAsked, form: Form[Any], status: int = 200) -> Response:
    action = url_for(".post_new", case=where.case, household=where.household)
    case = None if where.case is None else opened_case(where.case)
    shown = "" if case is None else _name_in(case)
    return _entry_form(
        form, action, status, title="登记困难职工", case=where.case, case_name=shown,
        household=where.household,
    )  # fmt: skip


def _name_in(case: tuple[Case, Safe | None]) -> str:
    person = cases.frozen(*case).person
    return "" if person is None else mask_name(person["name"])


def _entry_form(form: Form[Any], action: str, status: int, *, title: str, **more: Any) -> Response:
    tree = regions()
    mine = sorted(scope(officer(), tree))
    given: dict[str, Any] = {
        "case": None, "case_name": "", "household": None, "version": None, "back": None,
    }  # fmt: skip
    return page(
        "register_form.html",
        title=title,
        status=status,
        form=form,
        action=action,
        labels=LABELS,
        places=[(id, tree.get(id).label) for id in mine if id in tree],
        levels=[(level.value, label) for level, label in LEVELS.items()],
        causes=[(cause.value, label) for cause, label in CAUSES.items()],
        needs=[(need.value, label) for need, label in NEEDS.items()],
        relations=[(relation.value, label) for relation, label in RELATIONS.items()],
        **(given | more),
    )
