"""Who looked at whose case: for auditors."""

from datetime import date, timedelta
from typing import Annotated

from flask import Blueprint, Response
from pydantic import Field

from server.admitting import Who, admits
from server.audit import Action
from server.casework import looks, officers
from server.casework.looks import Look, Wanted
from server.casework.moves import Move
from server.casework.officers import Role
from server.casework.verifying import SEEN
from server.clock import china_day
from server.console import forms, words
from server.console.entering import officer, regions
from server.console.rendering import page
from server.resources import resources

blueprint = Blueprint("looks", __name__, url_prefix="/looks")

_DAYS = 7
_ON_A_PAGE = 100
ACTIONS = {
    Action.READ: "打开看了",
    Action.UNMASKED: "看了完整的号码",
    Action.CHANGED: "办了一步",
    Action.DECIDED: "作了决定",
    Action.CREATED: "新建",
    Action.EXPORTED: "导出",
    Action.PAID: "发放",
    Action.DELETED: "删除",
    Action.ERASED: "抹掉个人信息",
}
_FIELDS = {**words.PERSON_FIELDS, "state": "状态", "assigned_to": "经办人"}


class _Asked(forms.Asked):
    first: date | None = None
    last: date | None = None
    action: Action | None = None
    officer: int | None = None
    case: Annotated[str, Field(max_length=20)] = ""
    page: Annotated[int, Field(ge=1, le=10_000)] = 1


@blueprint.get("/")
@admits(Who.OFFICER, Role.AUDITOR)
def get_looks() -> Response:
    """What was done with cases of the officer's regions, newest first."""
    known = resources()
    asked = forms.read_query(_Asked)
    last = asked.last or china_day(known.clock())
    first = min(asked.first or last - timedelta(days=_DAYS - 1), last)
    wanted = Wanted(first, last, asked.action, asked.officer, asked.case)
    with known.database.read() as session:
        who = officer()
        total = looks.counted(session, who, regions(), wanted)
        pages = max(1, -(-total // _ON_A_PAGE))
        number = min(asked.page, pages)
        found = looks.listed(
            session, who, regions(), wanted, skip=(number - 1) * _ON_A_PAGE, at_most=_ON_A_PAGE
        )
        names = officers.names(session)
    values = {"first": first, "last": last, "action": asked.action or "", "case": asked.case}
    return page(
        "looks.html",
        title="查看记录",
        form=forms.empty(**values, officer=asked.officer or ""),
        actions=[(each.value, said) for each, said in ACTIONS.items()],
        names=sorted(names.items(), key=lambda pair: pair[1]),
        rows=[
            (each, names.get(each.officer_id or 0) or words.ACTORS.get(each.actor, ""), _what(each))
            for each in found
        ],
        total=total,
        number=number,
        pages=pages,
    )


def _what(look: Look) -> str:
    """What was done, in words."""
    told = ACTIONS.get(look.action, "")
    if look.reason == SEEN:
        told = "核对了填报的来源"
    elif look.reason in set(Move):
        told = words.HAPPENED[Move(look.reason)]
    elif look.reason:
        told = f"{told}：{look.reason}"
    fields = "、".join(_FIELDS[name] for name in look.fields if name in words.PERSON_FIELDS)
    return f"{told}（{fields}）" if fields else told
