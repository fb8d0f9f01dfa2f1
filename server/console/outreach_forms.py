"""The form of a campaign: how it is typed, read, and shown again."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from flask import Response
from pydantic import Field, StringConstraints

from server.casework.officers import scope
from server.console import naming
from server.console.entering import officer, regions
from server.console.forms import Asked, Form, Line
from server.console.rendering import page
from server.outreach import audiences, campaigns
from server.outreach.audiences import Audience, Having, Outcome
from server.outreach.campaigns import Proposal
from server.outreach.policy_changes import PolicyChange
from server.outreach.tables import Campaign, Channel
from server.register.naming import LEVELS
from server.register.tables import Level
from server.web.resources import resources

CHANNELS: Mapping[Channel, str] = {
    Channel.WECHAT: "微信（小程序订阅消息）",
    Channel.SMS: "短信（导出号码，用工会的短信工具发）",
}
HAVING: Mapping[Having, str] = {
    Having.DRAFT: "填了一半，还没提交的",
    Having.CASE: "已经提交的",
}
OUTCOMES: Mapping[Outcome, str] = {
    Outcome.ELIGIBLE: "按台账和办件里的情况，够条件的",
    Outcome.ONE_AWAY: "只差一样没说清楚的",
}
LABELS: Mapping[str, str] = {
    "title": "标题",
    "words": "正文",
    "sender": "谁发的",
    "region": "地区",
    "level": "困难等级",
    "measure": "哪项政策",
    "having": "办过这项政策的",
    "outcomes": "可能用得上这项政策的",
    "channels": "用什么发",
    "last_on": "最晚发到哪天",
    "read": "逐字看过",
    "reason": "原因",
    "file": "回执文件",
}
UNFIT: Mapping[str, str] = {
    "channels": "至少选一种。",
    "last_on": f"从今天起，{campaigns.LONGEST.days}天以内。",
    "words": "微信的内容检查没有通过这段文字，请改一改。",
}


class CampaignAsked(Asked):
    """A campaign as it is typed."""

    title: Annotated[str, Field(min_length=1, max_length=20)]
    words: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    sender: Annotated[str, Field(min_length=1, max_length=20)]
    region: Line
    level: Level | None = None
    measure: str | None = None
    having: tuple[Having, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    channels: tuple[Channel, ...] = ()
    last_on: date
    release: int | None = None


def form_page(form: Form[Any], action: str, status: int = 200) -> Response:
    """The form, empty or with what was typed."""
    library = resources().serving.current().library
    seen = scope(officer(), regions())
    around = {place for each in seen for place in regions().within(each)} | seen
    return page(
        "outreach_form.html",
        title="写一次群发",
        status=status,
        form=form,
        action=action,
        labels=LABELS,
        places=[(each.id, each.label) for each in regions() if each.id in seen],
        levels=list(LEVELS.items()),
        measures=[
            (each.id, f"{naming.place_of(library, each.region)}：{each.title}")
            for each in library.measures.values()
            if each.region in around
        ],
        having=list(HAVING.items()),
        outcomes=list(OUTCOMES.items()),
        channels=list(CHANNELS.items()),
    )


def proposal(form: Form[CampaignAsked]) -> Proposal | None:
    """What was typed as a campaign; None where something is wrong, with the words beside it."""
    asked = form.asked
    if asked is None:
        return None
    chosen = bool(asked.having or asked.outcomes)
    if asked.region not in scope(officer(), regions()):
        form.refuse("region", "请从列表里选一个你负责的地区。")
    library = resources().serving.current().library
    if asked.measure is not None and asked.measure not in library.measures:
        form.refuse("measure", "请从列表里选。")
    if chosen and asked.measure is None:
        form.refuse("measure", "按政策选人，请先选是哪项政策。")
    if asked.outcomes and asked.measure and asked.measure not in library.rules.criteria:
        form.refuse("outcomes", "这项政策没有可以比对的条件。")
    if not asked.channels:
        form.refuse("channels", UNFIT["channels"])
    if form.asked is None:
        return None
    return Proposal(
        title=asked.title,
        words=asked.words,
        sender=asked.sender,
        audience=Audience(
            region=asked.region,
            level=asked.level,
            measure=asked.measure if chosen else None,
            having=frozenset(asked.having),
            outcomes=frozenset(asked.outcomes),
        ),
        # WeChat first: it costs nothing, and the link opens at once.
        channels=tuple(channel for channel in Channel if channel in asked.channels),
        last_on=asked.last_on,
        measure=asked.measure,
        release_id=asked.release,
    )


def prepared(change: PolicyChange) -> dict[str, Any]:
    """What tells of a change of policy, and to whom, as it would be typed."""
    audience = change.audience
    return {
        "title": change.heading,
        "words": change.words,
        "region": audience.region,
        "measure": audience.measure,
        "having": sorted(audience.having),
        "outcomes": sorted(audience.outcomes),
        "release": change.release_id,
    }


def typed(campaign: Campaign) -> dict[str, Any]:
    """A campaign as it would be typed."""
    audience = audiences.read(campaign.audience)
    return {
        "title": campaign.title,
        "words": campaign.words,
        "sender": campaign.sender,
        "region": audience.region,
        "level": audience.level or "",
        "measure": campaign.measure or "",
        "having": sorted(audience.having),
        "outcomes": sorted(audience.outcomes),
        "channels": list(campaigns.channels_of(campaign)),
        "last_on": campaign.last_on.isoformat(),
        "release": campaign.release_id or "",
    }
