"""Helpers at the desk: who helps, with place and capacity, by hand or from a spreadsheet."""

from typing import Annotated, Any

from flask import Blueprint, Response, url_for
from pydantic import Field

from server.casework.officers import LOOKERS, Role, scope
from server.console import forms, sheet_trials
from server.console.entering import actor, first_region, officer, regions, takes
from server.console.forms import Asked, Form, Line
from server.console.rendering import go_to, page
from server.pairing import helper_sheets, helping
from server.pairing.helper_sheets import HelperFate
from server.pairing.helping import CapacityTaken, HelperKnown, Known, RankUnfit, Told
from server.pairing.naming import KINDS, RANKS
from server.pairing.tables import Helper, HelperKind, HelperState, Rank
from server.personal.persons import Phone
from server.register.hardship import Need
from server.register.naming import NEEDS
from server.web.admitting import Who, admits
from server.web.resources import resources

blueprint = Blueprint("helping", __name__, url_prefix="/pairings/helpers")

_LABELS = {
    "kind": "类别",
    "name": "姓名（企业写名称）",
    "phone": "手机号",
    "unit": "单位",
    "rank": "职级",
    "region": "地区",
    "capacity": "能帮几户",
    "gives": "能帮什么",
}
_WORDS = {"capacity": f"请填1到{helping.MOST}之间的整数。"}
FATES = {
    HelperFate.NEW: "新登记",
    HelperFate.UPDATE: "更新已有的",
    HelperFate.SAME: "和已有的一样",
    HelperFate.TWICE: "表里重复，不算这一行",
    HelperFate.TOO_FEW: "现在帮的户数比表里多，不更新",
    HelperFate.ELSEWHERE: "别的地区已经登记了，不算这一行",
    HelperFate.BAD: "读不了，不登记",
}


class HelpersAsked(Asked):
    """Who is to be listed."""

    kind: HelperKind | None = None
    page: Annotated[int, Field(ge=1, le=100_000)] = 1


class HelperAsked(Asked):
    """A helper as it is typed."""

    kind: HelperKind
    name: Annotated[str, Field(min_length=1, max_length=50)]
    phone: Phone | None = None
    unit: Annotated[str, Field(min_length=1, max_length=64)]
    rank: Rank | None = None
    region: Line
    capacity: Annotated[int, Field(ge=1, le=helping.MOST)]
    gives: tuple[Need, ...] = ()
    version: int = 0


@blueprint.get("/")
@admits(Who.OFFICER, *LOOKERS)
def get_helpers() -> Response:
    """Who helps in the officer's regions; looking is noted."""
    return _list_page()


@blueprint.get("/new")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def get_new() -> Response:
    """The form to enter a helper."""
    region = first_region()
    return _form(forms.empty(region=region, capacity=1), url_for(".post_new"))


@blueprint.post("/new")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_new() -> Response:
    """Enter a helper."""
    known = resources()
    form = forms.read(HelperAsked, _WORDS)
    told = _told(form)
    if told is not None:
        try:
            with known.database.begin() as session:
                helping.enter(session, known.safe, regions(), told, by=officer(), now=known.clock())
        except (HelperKnown, RankUnfit) as error:
            _refuse(form, error)
    if form.asked is None:
        return _form(form, url_for(".post_new"), status=422)
    return go_to(url_for(".get_helpers"), "登记好了。")


@blueprint.post("/import")
@admits(Who.OFFICER, Role.CASE_OFFICER)
@takes(megabytes=sheet_trials.RETURNED_MEGABYTES)
def post_import() -> Response:
    """Tell what would become of every line of a table; once that was seen, enter it as a whole."""
    return sheet_trials.imported(
        _kind(),
        title="导入帮扶人：试算",
        action=url_for(".post_import"),
        back=url_for(".get_helpers"),
        refused=_list_page,
    )


@blueprint.get("/<id>")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def get_helper(id: str) -> Response:
    """The form with what stands there; looking at the telephone is noted."""
    known = resources()
    with known.database.begin() as session:
        row = helping.of_officer(session, id, officer(), regions())
        helping.record_looks(
            session, known.safe, [row], by=actor(), fields=("name", "phone"), now=known.clock()
        )
    told = helping.opened(known.safe, row).told
    typed = {name: value or "" for name, value in told.model_dump().items()}
    return _form(forms.empty(**typed), url_for(".post_helper", id=id), row)


@blueprint.post("/<id>")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_helper(id: str) -> Response:
    """Say it otherwise; who had left helps again."""
    known = resources()
    form = forms.read(HelperAsked, _WORDS)
    with known.database.begin() as session:
        row = helping.of_officer(session, id, officer(), regions())
        told = _told(form)
        if told is not None and form.asked is not None:
            version = form.asked.version
            try:
                helping.change(
                    session, known.safe, regions(), row, told, by=officer(), version=version,
                    now=known.clock(),
                )  # fmt: skip
            except (HelperKnown, RankUnfit, CapacityTaken) as error:
                _refuse(form, error)
    if form.asked is None:
        return _form(form, url_for(".post_helper", id=id), row, 422)
    return go_to(url_for(".get_helpers"), "保存了。")


@blueprint.post("/<id>/leave")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_leave(id: str) -> Response:
    """Note that somebody helps no more."""
    known = resources()
    version = forms.version()
    with known.database.begin() as session:
        row = helping.of_officer(session, id, officer(), regions())
        helping.leave(
            session, known.safe, regions(), row, by=officer(), version=version, now=known.clock()
        )
    return go_to(url_for(".get_helpers"), "记下了，以后不再给他提结对。")


def shown(helpers: list[Helper]) -> list[Known]:
    """Helpers with their names; each name that is shown is a look, and noted."""
    known = resources()
    if helpers:
        with known.database.begin() as session:
            helping.record_looks(session, known.safe, helpers, by=actor(), now=known.clock())
    return [helping.opened(known.safe, helper) for helper in helpers]


def _kind() -> sheet_trials.Kind:
    known, tree, by = resources(), regions(), officer()
    return sheet_trials.Kind(
        "helpers",
        "一个帮扶人",
        helper_sheets.COLUMNS,
        FATES,
        lambda session, rows, region, called: helper_sheets.read(
            session, known.safe, rows, region=region, regions=called
        ),
        lambda session, found: helper_sheets.enter(
            session, known.safe, tree, found, by=by, now=known.clock()
        ),
    )


def _told(form: Form[HelperAsked]) -> Told | None:
    """What was typed; None where something is wrong, with the words beside it."""
    if form.asked is not None and form.asked.region not in scope(officer(), regions()):
        form.refuse("region", "请从列表里选一个你负责的地区。")
    return None if form.asked is None else Told(**form.asked.model_dump(exclude={"version"}))


def _refuse(form: Form[HelperAsked], error: Exception) -> None:
    if isinstance(error, HelperKnown):
        form.refuse("name", "这个单位已经有同名的帮扶人，请去改那一条。")
    elif isinstance(error, CapacityTaken):
        form.refuse("capacity", f"现在有{error.taken}个结对，不能比这少。")
    else:
        form.refuse("rank", "党员干部要选职级，别的帮扶人不选。")


def _list_page(status: int = 200, refused: str = "") -> Response:
    asked = forms.read_query(HelpersAsked)
    mine = scope(officer(), regions())
    with resources().database.read() as session:
        found, total = helping.listed(session, mine, kind=asked.kind, page=asked.page)
    return page(
        "helpers.html",
        title="帮扶人",
        status=status,
        refused=refused,
        form=forms.empty(),
        asked=asked,
        helpers=shown(found),
        total=total,
        pages=-(-total // helping.AT_ONCE),
        kinds=KINDS,
        ranks=RANKS,
        needs=NEEDS,
        gives_of=helping.gives_of,
        may_enter=Role.CASE_OFFICER in officer().roles,
    )


def _form(
    form: Form[Any], action: str, helper: Helper | None = None, status: int = 200
) -> Response:
    tree = regions()
    mine = sorted(scope(officer(), tree))
    return page(
        "helper_form.html",
        title="帮扶人",
        status=status,
        form=form,
        action=action,
        helper=helper,
        may_leave=helper is not None and helper.state == HelperState.ON and not helper.taken,
        labels=_LABELS,
        kinds=[(kind.value, label) for kind, label in KINDS.items()],
        ranks=[(rank.value, label) for rank, label in RANKS.items()],
        needs=[(need.value, label) for need, label in NEEDS.items()],
        places=[(id, tree.get(id).label) for id in mine if id in tree],
    )
