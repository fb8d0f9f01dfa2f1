"""Turning the bot or applications off and on, everywhere or in one region: for administrators."""

from flask import Blueprint, Response, url_for

from server import switches
from server.casework.officers import Role, require
from server.console import forms
from server.console.entering import officer, regions
from server.console.forms import Form
from server.console.rendering import go_to, page
from server.database.tables import Part
from server.switches import EVERYWHERE
from server.web.admitting import Who, admits
from server.web.resources import resources

blueprint = Blueprint("switches", __name__, url_prefix="/switches")

_PARTS = {Part.BOT: "机器人回答", Part.APPLICATIONS: "提交申请"}


class Turned(forms.Asked):
    """What is turned, where, and what people are told; no words: it is turned on."""

    part: Part
    region: str = EVERYWHERE
    off: bool
    says: forms.Line | None = None
    confirmed: str = ""


@blueprint.get("/")
@admits(Who.OFFICER, Role.ADMINISTRATOR)
def get_switches() -> Response:
    """What is off, and a form to change it."""
    return _page(forms.empty(part=Part.BOT.value, off="true"))


@blueprint.post("/")
@admits(Who.OFFICER, Role.ADMINISTRATOR)
def post_switch() -> Response:
    """Turn a part off, after a question, or on; raises `NotAllowed` outside their regions."""
    form = forms.read(Turned)
    asked = form.asked
    if asked is not None and asked.region and asked.region not in regions():
        form.refuse("region", "没有这个地区，请重新选。")
    if asked is not None and asked.off and not asked.says:
        form.refuse("says", "停办要写一句话：什么停了，什么时候好，急事找谁。")
    if form.asked is None or asked is None:
        return _page(form, status=422)
    if forms.typed("again"):
        return _page(form)
    who, known = officer(), resources()
    # Everywhere is every region there is.
    for region in [asked.region] if asked.region else [region.id for region in regions()]:
        require(who, Role.ADMINISTRATOR, region, regions())
    if asked.off and not asked.confirmed:
        return _sure(asked)
    with known.database.begin() as session:
        switches.turn(
            session,
            asked.part,
            asked.region,
            off=asked.off,
            says=asked.says or "",
            by=f"officer {who.id}",
            now=known.clock(),
        )
    return go_to(url_for("desk.switches.get_switches"), "已保存，两秒内生效。")


def _sure(asked: Turned) -> Response:
    where = regions().get(asked.region).label if asked.region else "全部地区"
    return page(
        "sure.html",
        title="请核对",
        action=url_for("desk.switches.post_switch"),
        again=True,
        question=f"停办{where}的“{_PARTS[asked.part]}”吗？两秒内生效，工人看到的是：{asked.says}",
        yes="停办",
        danger=True,
        hidden=[
            ("part", asked.part.value), ("region", asked.region), ("off", "true"),
            ("says", asked.says), ("confirmed", "yes"),
        ],
    )  # fmt: skip


def _page(form: Form[Turned], *, status: int = 200) -> Response:
    with resources().database.read() as session:
        found = switches.listed(session)
    tree = regions()
    names = {region.id: region.label for region in tree}
    return page(
        "switches.html",
        title="开关",
        status=status,
        form=form,
        parts=[(part.value, words) for part, words in _PARTS.items()],
        places=[(region.id, region.label) for region in tree if officer().covers(region.id, tree)],
        switches=[
            (_PARTS[Part(each.part)], names.get(each.region, each.region) or "全部地区", each)
            for each in found
        ],
    )
