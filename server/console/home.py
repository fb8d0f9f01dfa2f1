"""The first page after signing in: what waits for whom is there."""

from flask import Blueprint, Response

from server.admitting import Who, admits
from server.casework import cases
from server.casework.cases import Wanted
from server.casework.officers import Role
from server.clock import china_day
from server.console import case_lists
from server.console.entering import officer, regions
from server.console.rendering import page
from server.resources import resources

blueprint = Blueprint("home", __name__)

_SHOWN = 8


@blueprint.get("/")
@admits(Who.OFFICER)
def get_home() -> Response:
    """What there is to do, by role."""
    known, who = resources(), officer()
    waiting: list[tuple[str, str, Wanted]] = []
    if Role.APPROVER in who.roles:
        waiting.append(("待我审批", "decide", case_lists.WHOSE["decide"](who)))
        waiting.append(("申诉待处理", "objections", case_lists.WHOSE["objections"](who)))
    if Role.CASE_OFFICER in who.roles:
        waiting.append(("我在办的", "mine", case_lists.WHOSE["mine"](who)))
        waiting.append(("待认领", "unassigned", case_lists.WHOSE["unassigned"](who)))
    lists = []
    late = 0
    with known.database.read() as session:
        for title, whose, wanted in waiting:
            found = cases.listed(session, who, regions(), wanted, at_most=_SHOWN)
            count = sum(cases.counted(session, who, regions(), wanted).values())
            lists.append((title, whose, case_lists.rows(session, found), count))
        if waiting:
            overdue = Wanted(overdue_on=china_day(known.clock()))
            late = sum(cases.counted(session, who, regions(), overdue).values())
    return page("home.html", title="首页", lists=lists, late=late)
