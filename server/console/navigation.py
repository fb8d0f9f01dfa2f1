"""The menu of the desk: who sees a line follows from the route that it leads to."""

from dataclasses import dataclass

from flask import current_app, request, url_for

from server.casework.officers import Officer
from server.web.admitting import admitted_roles


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the menu; what lies below its address belongs to it."""

    endpoint: str
    label: str


LINES = (
    Line("desk.home.get_home", "首页"),
    Line("desk.cases.get_list", "办件"),
    Line("desk.help_requests.get_requests", "求助"),
    Line("desk.arrears.get_reports", "欠薪"),
    Line("desk.payments.get_payments", "发放"),
    Line("desk.funds.get_funds", "资金"),
    Line("desk.rosters.get_rosters", "花名册"),
    Line("desk.reports.get_reports", "周报"),
    Line("desk.insights.get_insight", "运行情况"),
    Line("desk.offers.get_offers", "招聘和活动"),
    Line("desk.register.get_entries", "台账"),
    Line("desk.pairings.get_pairings", "结对帮扶"),
    Line("desk.vouchers.get_issues", "卡和券"),
    Line("desk.outreach.get_campaigns", "群发"),
    Line("desk.people.get_people", "人员"),
    Line("desk.audit_views.get_audit_views", "查看记录"),
    Line("desk.knowledge.get_overview", "知识"),
    Line("desk.switches.get_switches", "开关"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line as one officer sees it."""

    address: str
    label: str
    current: bool


def entries(officer: Officer) -> list[Entry]:
    """The lines that an officer may follow."""
    home = url_for(LINES[0].endpoint)
    found: list[Entry] = []
    for line in LINES:
        roles = admitted_roles(current_app.view_functions[line.endpoint])
        if not roles or roles & officer.roles:
            address = url_for(line.endpoint)
            is_here = request.path == address or (
                address != home and request.path.startswith(address)
            )
            found.append(Entry(address, line.label, is_here))
    return found
