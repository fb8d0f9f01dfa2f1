"""The first page after signing in: what waits for whom is there."""

from dataclasses import dataclass

from flask import Blueprint, Response, url_for
from sqlmodel import Session

from knowledge.expiring import turning
from server.casework import cases, payment_batches
from server.casework.cases import Wanted
from server.casework.officers import Officer, Role
from server.clock import china_day
from server.console import case_lists, navigation
from server.console.entering import officer, regions
from server.console.rendering import page
from server.editing import drafts, publishing
from server.outreach import campaigns, policy_changes
from server.vouchers import rounds
from server.web.admitting import Who, admits
from server.web.resources import post, resources

blueprint = Blueprint("home", __name__)

_SHOWN = 8
_ABOUT = {
    "desk.cases.get_list": "查办件，看每一步是谁办的、凭什么",
    "desk.help_requests.get_requests": "看求助和答复",
    "desk.arrears.get_reports": "看联名反映的欠薪",
    "desk.payments.get_payments": "看发放批次",
    "desk.funds.get_funds": "看预算、发了多少、还剩多少",
    "desk.offers.get_offers": "看招聘、课程、专车和活动",
    "desk.register.get_entries": "看困难人员的台账和走访",
    "desk.pairings.get_pairings": "看谁帮扶谁、走访了没有",
    "desk.outreach.get_campaigns": "看群发了什么、发给多少人、有多少人申请",
    "desk.vouchers.get_issues": "看卡和券的发放、核销和结算",
    "desk.reports.get_reports": "看每周五的报告",
    "desk.insights.get_insight": "看人们问什么、答得怎么样",
    "desk.audit_views.get_audit_views": "看谁打开过谁的办件、看过谁的号码",
    "desk.people.get_people": "加人，改角色和地区，重设密码",
    "desk.switches.get_switches": "停用或者恢复机器人和申请",
    "desk.knowledge.get_overview": "改政策、词表、地区和电话",
}
"""What an officer does there who has no list of their own."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What waits in the knowledge, for editors and publishers."""

    drafts: int
    mine: int
    """Drafts that the officer wrote last."""
    waiting: list[tuple[int, str, bool]]
    """Proposals: number, what they change, whether this officer may publish them."""
    turning: int
    """Measures that begin or end within the next days."""


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
        letters = campaigns.waiting_for(session, who, regions())
        given = rounds.waiting_for(session, post(), who)
        batches = payment_batches.waiting_for(session, who, regions())
        changes = _changes(session, who)
        edits = who.roles & {Role.EDITOR, Role.PUBLISHER}
        kept = _kept(session, who) if edits else None
    return page(
        "home.html",
        title="首页",
        lists=lists,
        late=late,
        kept=kept,
        letters=letters,
        rounds=given,
        batches=batches,
        changes=changes,
        links=[] if lists or kept else _links(who),
    )


@blueprint.get("/here")
@admits(Who.OFFICER)
def get_here() -> Response:
    """Nothing: that somebody is at the desk is noted with it, as with any page."""
    return Response(status=204)


def _changes(session: Session, who: Officer) -> int:
    """How many changes of policy nobody has told those whom they concern."""
    if Role.CASE_OFFICER not in who.roles:
        return 0
    known = resources()
    library, today = known.serving.current().library, china_day(known.clock())
    return len(policy_changes.untold(session, library, who, regions(), today))


def _kept(session: Session, who: Officer) -> Kept:
    known = resources()
    chosen = drafts.listed(session)
    measures = known.serving.current().library.measures.values()
    return Kept(
        len(chosen),
        sum(1 for draft in chosen if draft.changed_by == who.id),
        [
            (each.id, each.note, Role.PUBLISHER in who.roles and who.id not in each.authors)
            for each in publishing.waiting(session)
        ],
        len(list(turning(measures, china_day(known.clock())))),
    )


def _links(who: Officer) -> list[tuple[str, str, str]]:
    """Where somebody without a list goes on: address, name, what for."""
    about = {url_for(endpoint): words for endpoint, words in _ABOUT.items()}
    return [
        (entry.address, entry.label, about.get(entry.address, ""))
        for entry in navigation.entries(who)
        if not entry.current
    ]
