"""Outreach at the desk: what is said to whom, counted first, confirmed by a second officer."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, request, url_for
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from knowledge.eligibility.verdicts import is_open
from server.casework.bank_files import BankFileRefused
from server.casework.officers import LOOKERS, MOVERS, Role, scope
from server.clock import china_day
from server.confidential.private_files import in_memory
from server.console import forms, naming, outreach_forms
from server.console.entering import first_region, officer, regions, takes
from server.console.forms import Asked, Form, Text, VersionAsked
from server.console.help_requests import name_of
from server.console.outreach_forms import CHANNELS, HAVING, LABELS, OUTCOMES, UNFIT, CampaignAsked
from server.console.rendering import attached, go_to, page
from server.console.screened import screened
from server.outreach import audiences, campaigns, choosing, counting, policy_changes, texting
from server.outreach.campaigns import AudienceMoved, CampaignUnfit, Proposal
from server.outreach.choosing import Chosen, Place, Why
from server.outreach.policy_changes import Sort
from server.outreach.sending import mailing_of
from server.outreach.tables import Campaign, CampaignState, Channel
from server.outreach.texting import ResultsUnreadable
from server.platform.screening import Step, Use
from server.register.naming import LEVELS
from server.web.admitting import Who, admits
from server.web.browsers import own_address
from server.web.resources import resources

blueprint = Blueprint("outreach", __name__, url_prefix="/outreach")

_DAYS = 7
"""So long a new campaign may go out, if nobody says otherwise."""

STATES: Mapping[CampaignState, tuple[str, str]] = {
    CampaignState.PROPOSED: ("等另一个人看过", "warn"),
    CampaignState.SENDING: ("正在发", "busy"),
    CampaignState.DONE: ("发完了", "good"),
    CampaignState.STOPPED: ("中途停了", "bad"),
    CampaignState.REFUSED: ("不发", "empty"),
}
WHY: Mapping[str, str] = {
    Why.OPTED_OUT: "本人退订了",
    Why.NO_CHANNEL: "联系不上：没有小程序，也没有手机号",
    Why.SAME_PERSON: "同一个人的另一个账号",
    Why.SAME_PHONE: "和别人同一个手机号，一个号码只发一条",
}
ERRORS: Mapping[str, str] = {
    "43101": "没有订阅这类消息",
    "no_address": "没有小程序",
    "no_template": "消息模板没有配置",
    "opted_out": "发之前退订了",
    "stopped": "中途停了",
    "too_late": "过了最后一天",
    "gone": "资料已经删除",
    "unknown": "不确定到没到",
    "lease_ran_out": "不确定到没到",
}
SORTS: Mapping[Sort, str] = {
    Sort.NEW: "新的政策",
    Sort.CLOSED: "不再办理",
    Sort.GRANTS: "待遇变了",
    Sort.TERMS: "条件变了",
    Sort.TIME: "办理时间变了",
}


class ChangeAsked(Asked):
    """Which change of policy a new campaign is to tell."""

    change: str | None = None


class _ConfirmAsked(VersionAsked):
    read: bool = False


class _ReasonAsked(VersionAsked):
    reason: Text


class _TextsAsked(Asked):
    format: str = "xlsx"
    again: bool = False


@blueprint.get("/")
@admits(Who.OFFICER, *LOOKERS)
def get_campaigns() -> Response:
    """The campaigns of the officer's regions, and changes of policy that nobody was told of."""
    known = resources()
    library = known.serving.current().library
    with known.database.read() as session:
        found = campaigns.listed(session, officer(), regions())
        effects = {each.id: counting.effect(session, each) for each in found}
        untold = policy_changes.untold(session, library, officer(), regions(), _today())
    return page(
        "outreach.html",
        title="群发",
        campaigns=found,
        counts={each.id: campaigns.counts_of(each) for each in found},
        effects=effects,
        states=STATES,
        untold=untold,
        sorts=SORTS,
        places={each: naming.place_of(library, each) for each in {c.region for c in found}},
        may_enter=Role.CASE_OFFICER in officer().roles,
    )


@blueprint.get("/new")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def get_new() -> Response:
    """The form; for a change of policy with what it says and whom it concerns."""
    asked = forms.read_query(ChangeAsked)
    given: dict[str, Any] = {
        "region": first_region(),
        "channels": list(Channel),
        "last_on": (_today() + timedelta(days=_DAYS)).isoformat(),
    }
    if asked.change is not None:
        library = resources().serving.current().library
        with resources().database.read() as session:
            change = policy_changes.find(session, library, asked.change, _today())
        if change is not None and change.region in scope(officer(), regions()):
            given |= outreach_forms.prepared(change)
    return outreach_forms.form_page(forms.empty(**given), url_for(".post_new"))


@blueprint.post("/new")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_new() -> Response:
    """Count whom it would reach, and keep it for a second officer."""
    known = resources()
    form = forms.read(CampaignAsked)
    proposal = outreach_forms.proposal(form)
    if proposal is None:
        return outreach_forms.form_page(form, url_for(".post_new"), 422)
    chosen = _counted(proposal)
    try:
        with known.database.begin() as session:
            campaign = campaigns.propose(
                session, known.safe, proposal, chosen, by=officer(), regions=regions(),
                now=known.clock(),
            )  # fmt: skip
    except CampaignUnfit as error:
        form.refuse(error.field, UNFIT[error.field])
        return outreach_forms.form_page(form, url_for(".post_new"), 422)
    return go_to(url_for(".get_campaign", id=campaign.id), "数好了，等另一个人看过再发。")


@blueprint.get("/<id>")
@admits(Who.OFFICER, *LOOKERS)
def get_campaign(id: str) -> Response:
    """One campaign: what it says, to whom, how many, what came of it."""
    with resources().database.read() as session:
        return _page(session, campaigns.of_officer(session, id, officer(), regions()))


@blueprint.get("/<id>/change")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def get_change(id: str) -> Response:
    """The form with what stands in it."""
    with resources().database.read() as session:
        campaign = campaigns.of_officer(session, id, officer(), regions())
    action = url_for(".post_change", id=id, version=campaign.version)
    return outreach_forms.form_page(forms.empty(**outreach_forms.typed(campaign)), action)


@blueprint.post("/<id>/change/<int:version>")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_change(id: str, version: int) -> Response:
    """Say it otherwise or to others; it is counted anew."""
    known = resources()
    with known.database.read() as session:
        campaigns.of_officer(session, id, officer(), regions())
    form = forms.read(CampaignAsked)
    action = url_for(".post_change", id=id, version=version)
    proposal = outreach_forms.proposal(form)
    if proposal is None:
        return outreach_forms.form_page(form, action, 422)
    chosen = _counted(proposal)
    try:
        with known.database.begin() as session:
            campaigns.change(
                session, known.safe, campaigns.of_officer(session, id, officer(), regions()),
                proposal, chosen, by=officer(), regions=regions(), version=version,
                now=known.clock(),
            )  # fmt: skip
    except CampaignUnfit as error:
        form.refuse(error.field, UNFIT[error.field])
        return outreach_forms.form_page(form, action, 422)
    return go_to(url_for(".get_campaign", id=id), "改好了，也重新数过了。")


@blueprint.post("/<id>/count")
@admits(Who.OFFICER, Role.CASE_OFFICER, Role.APPROVER)
def post_count(id: str) -> Response:
    """Count anew."""
    _recount(id, forms.version())
    return go_to(url_for(".get_campaign", id=id), "重新数好了。")


@blueprint.post("/<id>/confirm")
@admits(Who.OFFICER, Role.APPROVER)
def post_confirm(id: str) -> Response:
    """Let it go; where others are meant than were counted, it shows the new count instead."""
    known = resources()
    form = forms.read(_ConfirmAsked)
    with known.database.read() as session:
        campaign = campaigns.of_officer(session, id, officer(), regions())
        if form.asked is None or not form.asked.read:
            form.refuse("read", "请逐字看过再打勾。")
            return _page(session, campaign, form, 422)
    if screened(f"{campaign.title}。{campaign.words}", use=Use.NOTICE) is Step.TURN_AWAY:
        form.refuse("", UNFIT["words"])
        with known.database.read() as session:
            return _page(session, campaign, form, 422)
    asked, chosen = form.asked, _counted_of(campaign)
    try:
        with known.database.begin() as session:
            campaigns.confirm(
                session, known.safe, campaigns.of_officer(session, id, officer(), regions()),
                chosen, by=officer(), regions=regions(), version=asked.version, now=known.clock(),
            )  # fmt: skip
    except AudienceMoved:
        _recount(id, asked.version, chosen)
        return go_to(url_for(".get_campaign", id=id), "人和数的时候不一样了，重新数过了，请再看。")
    return go_to(url_for(".get_campaign", id=id), "开始发了。")


@blueprint.post("/<id>/refuse")
@admits(Who.OFFICER, Role.CASE_OFFICER, Role.APPROVER)
def post_refuse(id: str) -> Response:
    """Let it not go."""
    return _ended(id, campaigns.refuse, "不发了。")


@blueprint.post("/<id>/stop")
@admits(Who.OFFICER, Role.CASE_OFFICER, Role.APPROVER)
def post_stop(id: str) -> Response:
    """Send no more of it."""
    return _ended(id, campaigns.stop, "停了。还没有发出去的都不发了。")


@blueprint.post("/<id>/texts")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_texts(id: str) -> Response:
    """The telephones of today's text messages, for the union's own tool; a look that is noted."""
    known = resources()
    asked = forms.read(_TextsAsked).asked or _TextsAsked()
    try:
        with known.database.begin() as session:
            campaign = campaigns.of_officer(session, id, officer(), regions())
            lines = texting.export(
                session, known.safe, known.subject_keys, campaign, page=f"{own_address()}/",
                by=officer(), regions=regions(), again=asked.again, now=known.clock(),
            )  # fmt: skip
    except IntegrityError:
        # Another campaign went to one of these people at this moment.
        return go_to(
            url_for(".get_campaign", id=id), "没有导出：刚好有别的群发也在发。请再点一次。"
        )
    if asked.format == "csv":
        return attached(texting.csv_file(lines), f"texts-{id}.csv")
    return attached(texting.xlsx(campaign, lines, known.clock()), f"texts-{id}.xlsx")


@blueprint.post("/<id>/results")
@takes(megabytes=8)
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_results(id: str) -> Response:
    """What the tool says became of the text messages."""
    known = resources()
    form: Form[Any] = forms.empty()
    file = request.files.get("file")
    content = b"" if file is None else file.read()
    with known.database.read() as session:
        campaign = campaigns.of_officer(session, id, officer(), regions())
        if not content:
            form.refuse("file", "请选文件。")
            return _page(session, campaign, form, 422)
    try:
        with in_memory(content) as path:
            results = texting.read_results(path)
        with known.database.begin() as session:
            noted = texting.note_results(
                session, known.safe, campaigns.of_officer(session, id, officer(), regions()),
                results, by=officer(), regions=regions(), now=known.clock(),
            )  # fmt: skip
    except (ResultsUnreadable, BankFileRefused):
        form.refuse("file", "看不懂这个文件：要有“编号”和“结果”两列，结果写成功、失败或者退订。")
        with known.database.read() as session:
            return _page(session, campaign, form, 422)
    told = "，".join(f"{word}{count}条" for word, count in sorted(noted.counts.items()))
    bad = f"看不懂的行：{'、'.join(map(str, noted.bad[:20]))}。" if noted.bad else ""
    return go_to(url_for(".get_campaign", id=id), f"记下了：{told or '没有一条'}。{bad}")


def _ended(id: str, act: Any, told: str) -> Response:
    known = resources()
    form = forms.read(_ReasonAsked)
    with known.database.begin() as session:
        campaign = campaigns.of_officer(session, id, officer(), regions())
        if form.asked is None:
            return _page(session, campaign, form, 422)
        act(
            session, known.safe, campaign, by=officer(), regions=regions(),
            version=form.asked.version, reason=form.asked.reason, now=known.clock(),
        )  # fmt: skip
    return go_to(url_for(".get_campaign", id=id), told)


def _recount(id: str, version: int, chosen: Chosen | None = None) -> None:
    known = resources()
    with known.database.read() as session:
        campaign = campaigns.of_officer(session, id, officer(), regions())
    counted = chosen or _counted_of(campaign)
    with known.database.begin() as session:
        campaigns.recount(
            session, known.safe, campaigns.of_officer(session, id, officer(), regions()), counted,
            by=officer(), regions=regions(), version=version, now=known.clock(),
        )  # fmt: skip


def _counted(proposal: Proposal) -> Chosen:
    return choosing.choose(_place(), proposal.audience, proposal.channels, _today())


def _counted_of(campaign: Campaign) -> Chosen:
    audience, channels = audiences.read(campaign.audience), campaigns.channels_of(campaign)
    return choosing.choose(_place(), audience, channels, _today())


def _place() -> Place:
    known = resources()
    app_id = mailing_of(known.settings, known.safe).app_id
    library = known.serving.current().library
    return Place(known.database, known.subject_keys, known.safe, library, app_id)


def _today() -> date:
    return china_day(resources().clock())


def _page(
    session: Session, campaign: Campaign, form: Form[Any] | None = None, status: int = 200
) -> Response:
    library = resources().serving.current().library
    who, state = officer(), CampaignState(campaign.state)
    counts = campaigns.counts_of(campaign)
    effect = counting.effect(session, campaign)
    is_waiting = state is CampaignState.PROPOSED
    return page(
        "outreach_campaign.html",
        title=campaign.title,
        status=status,
        campaign=campaign,
        form=form or forms.empty(),
        labels=LABELS,
        state=STATES[state],
        whom=_whom(campaign),
        measure=campaign.measure and naming.measure_of(library, campaign.measure),
        is_closed=_is_closed(campaign),
        counts=counts,
        had_one=counts.get(Why.HAD_ONE_TODAY, 0),
        why=[(words, counts[key]) for key, words in WHY.items() if counts.get(key)],
        channels=[
            (CHANNELS[each], counts.get(each, 0)) for each in campaigns.channels_of(campaign)
        ],
        effect=effect,
        errors=[
            (ERRORS.get(error, error or "没有说原因"), count)
            for error, count in counting.errors(session, campaign.id)
        ],
        days=counting.APPLIED_WITHIN.days,
        by=name_of(session, campaign.proposed_by),
        decided=campaign.decided_by and name_of(session, campaign.decided_by),
        may_change=is_waiting and Role.CASE_OFFICER in who.roles,
        may_confirm=is_waiting and Role.APPROVER in who.roles and who.id != campaign.proposed_by,
        may_end=bool(who.roles & MOVERS),
        texts=texting.standing(session, campaign, _today()),
        may_text=Role.CASE_OFFICER in who.roles and campaign.confirmed_at is not None,
    )


def _is_closed(campaign: Campaign) -> bool:
    """Whether nobody can get today what the campaign is about."""
    criteria = resources().serving.current().library.rules.criteria.get(campaign.measure or "")
    return criteria is not None and not is_open(criteria, _today())


def _whom(campaign: Campaign) -> list[str]:
    """Whom it is meant for, in words."""
    library = resources().serving.current().library
    audience = audiences.read(campaign.audience)
    told = [f"{naming.place_of(library, audience.region)}，包括下面的地方"]
    if audience.level is not None:
        told.append(f"台账里{LEVELS[audience.level]}的")
    parts = [HAVING[each] for each in sorted(audience.having)]
    parts += [OUTCOMES[each] for each in sorted(audience.outcomes)]
    if audience.measure is not None:
        told.append(f"{naming.measure_of(library, audience.measure)}：{'，或者'.join(parts)}")
    elif audience.level is None:
        told.append("台账里的人、办过件的人、登记过想找工作或者找车的人")
    return told
