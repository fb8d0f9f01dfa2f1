"""Employers in the register at the desk: headcount, who stays, how many are looked for."""

from datetime import date
from typing import Annotated, Any

from flask import Blueprint, Response, url_for
from pydantic import Field
from stdnum.cn import uscc

from server.casework.officers import LOOKERS, Role, scope
from server.clock import china_day
from server.console import forms, sheet_trials
from server.console.entering import first_region, officer, regions, takes
from server.console.forms import Asked, Form, Line
from server.console.rendering import go_to, page
from server.register import employer_sheets, employers
from server.register.employer_sheets import EmployerFate
from server.register.employers import EmployerKnown, MoreThanThere, Told
from server.web.admitting import Who, admits
from server.web.resources import resources

blueprint = Blueprint("employers", __name__, url_prefix="/register/employers")

_LABELS = {
    "name": "单位",
    "region": "地区",
    "code": "统一社会信用代码",
    "contact": "单位电话",
    "trade": "行业",
    "headcount": "职工人数",
    "staying": "留岗人数",
    "hiring": "要招几人",
    "told_on": "截至哪天",
}
_WORDS = {
    "contact": "电话只写数字和短横线，例如0595-88000000。",
    "told_on": "日期请写成2026-03-01这样。",
}

FATES = {
    EmployerFate.NEW: "新登记",
    EmployerFate.UPDATE: "更新台账里的",
    EmployerFate.SAME: "和台账一样",
    EmployerFate.OLDER: "台账里的日期更晚，不更新",
    EmployerFate.TWICE: "表里重复，不算这一行",
    EmployerFate.BAD: "读不了，不登记",
}

Count = Annotated[int, Field(ge=0, le=1_000_000)]


class EmployersAsked(Asked):
    """What is to be listed."""

    hiring: bool = False
    page: Annotated[int, Field(ge=1, le=100_000)] = 1


class EmployerAsked(Asked):
    """An employer as it is typed."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    region: Line
    code: Annotated[str, Field(max_length=18)] | None = None
    contact: Annotated[str, Field(pattern=r"^[0-9+\-() ]{3,32}$")]
    trade: Annotated[str, Field(max_length=40)] = ""
    headcount: Count
    staying: Count
    hiring: Count
    told_on: date
    version: int = 0


@blueprint.get("/")
@admits(Who.OFFICER, *LOOKERS)
def get_employers() -> Response:
    """The employers, those first that look for most people."""
    return _list_page()


def _list_page(status: int = 200, refused: str = "") -> Response:
    asked = forms.read_query(EmployersAsked)
    mine = scope(officer(), regions())
    with resources().database.read() as session:
        found, total = employers.listed(session, mine, hiring=asked.hiring, page=asked.page)
        sums = employers.summed(session, mine)
    return page(
        "employers.html",
        title="用工单位台账",
        status=status,
        refused=refused,
        form=forms.empty(),
        asked=asked,
        employers=found,
        total=total,
        pages=-(-total // employers.AT_ONCE),
        sums=sums,
        may_enter=Role.CASE_OFFICER in officer().roles,
    )


@blueprint.get("/new")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def get_new() -> Response:
    """The form to enter an employer."""
    today = china_day(resources().clock()).isoformat()
    region = first_region()
    return _form(forms.empty(told_on=today, region=region), url_for(".post_new"))


@blueprint.post("/new")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_new() -> Response:
    """Enter an employer."""
    known = resources()
    form = forms.read(EmployerAsked, _WORDS)
    told = _told(form)
    if told is not None:
        try:
            with known.database.begin() as session:
                employers.enter(
                    session, known.safe, regions(), told, by=officer(), now=known.clock()
                )
        except (EmployerKnown, MoreThanThere) as error:
            _refuse(form, error)
    if form.asked is None:
        return _form(form, url_for(".post_new"), 422)
    return go_to(url_for(".get_employers"), "登记好了。")


@blueprint.post("/import")
@admits(Who.OFFICER, Role.CASE_OFFICER)
@takes(megabytes=sheet_trials.RETURNED_MEGABYTES)
def post_import() -> Response:
    """Tell what would become of every line of a table; once that was seen, enter it as a whole."""
    return sheet_trials.imported(
        _kind(),
        title="导入用工单位：试算",
        action=url_for(".post_import"),
        back=url_for(".get_employers"),
        refused=_list_page,
    )


def _kind() -> sheet_trials.Kind:
    known, tree, by = resources(), regions(), officer()
    today = china_day(known.clock())
    return sheet_trials.Kind(
        "employers",
        "一家单位",
        employer_sheets.COLUMNS,
        FATES,
        lambda session, rows, region, called: employer_sheets.read(
            session, rows, region=region, regions=called, today=today
        ),
        lambda session, found: employer_sheets.enter(
            session, known.safe, tree, found, by=by, now=known.clock()
        ),
    )


@blueprint.get("/<id>")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def get_employer(id: str) -> Response:
    """The form with what stands there."""
    with resources().database.read() as session:
        row = employers.of_officer(session, id, officer(), regions())
    typed = {name: "" if value is None else value for name, value in row.model_dump().items()}
    return _form(forms.empty(**typed), url_for(".post_employer", id=id))


@blueprint.post("/<id>")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_employer(id: str) -> Response:
    """Say it otherwise."""
    known = resources()
    form = forms.read(EmployerAsked, _WORDS)
    with known.database.begin() as session:
        row = employers.of_officer(session, id, officer(), regions())
        told = _told(form)
        if told is not None and form.asked is not None:
            try:
                employers.change(
                    session,
                    known.safe,
                    regions(),
                    row,
                    told,
                    by=officer(),
                    version=form.asked.version,
                    now=known.clock(),
                )
            except (EmployerKnown, MoreThanThere) as error:
                _refuse(form, error)
    if form.asked is None:
        return _form(form, url_for(".post_employer", id=id), 422)
    return go_to(url_for(".get_employers"), "保存了。")


def _told(form: Form[EmployerAsked]) -> Told | None:
    """What was typed; None where something is wrong, with the words beside it."""
    asked = form.asked
    if asked is None:
        return None
    if asked.region not in scope(officer(), regions()):
        form.refuse("region", "请从列表里选一个你负责的地区。")
    if asked.code is not None and not uscc.is_valid(asked.code):
        form.refuse("code", "统一社会信用代码是18位，请对着执照再看一遍。")
    if asked.told_on > china_day(resources().clock()):
        form.refuse("told_on", "这一天还没到。")
    if form.asked is None:
        return None
    return Told(**asked.model_dump(exclude={"version"}))


def _refuse(form: Form[EmployerAsked], error: Exception) -> None:
    if isinstance(error, EmployerKnown):
        form.refuse("name", "这个地区已经有同名的单位，请去改那一条。")
    else:
        form.refuse("staying", "留岗的不会比职工还多。")


def _form(form: Form[Any], action: str, status: int = 200) -> Response:
    tree = regions()
    mine = sorted(scope(officer(), tree))
    return page(
        "employer_form.html",
        title="用工单位",
        status=status,
        form=form,
        action=action,
        labels=_LABELS,
        places=[(id, tree.get(id).label) for id in mine if id in tree],
    )
