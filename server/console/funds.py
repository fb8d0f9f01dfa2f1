"""Funds: what each has, holds back, has paid and has left; no budget without a reason."""

from itertools import groupby
from typing import Annotated

from flask import Blueprint, Response, url_for
from pydantic import Field

from server.casework import funds
from server.casework.funds import MOST_FEN, BudgetChanged, FundNameTaken, FundShort
from server.casework.officers import LOOKERS, Role, scope
from server.console import forms, naming
from server.console.entering import officer, regions
from server.console.forms import YUAN_WORDS, Form, Text, Yuan
from server.console.help_requests import name_of
from server.console.rendering import go_to, page
from server.money import yuan
from server.web.admitting import Who, admits
from server.web.resources import resources

_LOOKERS = (*LOOKERS, Role.ADMINISTRATOR)

blueprint = Blueprint("funds", __name__, url_prefix="/funds")


_WORDS = {"budget": YUAN_WORDS, "measures": "请选一项政策。", "where": "请选地区。"}


class _FundAsked(forms.Asked):
    name: Annotated[str, Field(min_length=1, max_length=60)]
    purpose: Text
    budget: Annotated[Yuan, Field(gt=0, le=MOST_FEN)]
    measures: Annotated[list[str], Field(min_length=1)]
    where: Annotated[list[str], Field(min_length=1)]
    reason: Text
    confirmed: str = ""


class _GrantAsked(forms.Asked):
    amount: Annotated[Yuan, Field(ge=-MOST_FEN, le=MOST_FEN)]
    reason: Text
    confirmed: str = ""
    before: Yuan = 0
    """The budget that was confirmed to change."""


@blueprint.get("/")
@admits(Who.OFFICER, *_LOOKERS)
def get_funds() -> Response:
    """The funds of the officer's regions."""
    library = resources().serving.current().library
    with resources().database.read() as session:
        mine = funds.listed(session, officer(), regions())
        sums = {fund.id: funds.sums(session, fund.id or 0) for fund in mine}
    return page(
        "funds.html",
        title="资金",
        funds=mine,
        sums=sums,
        places={fund.id: _places(funds.regions_of(fund)) for fund in mine},
        may_add=Role.ADMINISTRATOR in officer().roles,
        library=library,
    )


@blueprint.get("/new")
@admits(Who.OFFICER, Role.ADMINISTRATOR)
def get_new_fund() -> Response:
    """The form for a new fund."""
    return _new_page(forms.empty())


@blueprint.post("/")
@admits(Who.OFFICER, Role.ADMINISTRATOR)
def post_fund() -> Response:
    """Set up a fund, after a look at what was typed."""
    form = forms.read(_FundAsked, _WORDS)
    asked = form.asked
    known = resources()
    library = known.serving.current().library
    if asked is not None:
        if any(id not in library.measures for id in asked.measures):
            form.refuse("measures", "请从列表里选。")
        if any(id not in scope(officer(), regions()) for id in asked.where):
            form.refuse("where", "请从列表里选。")
    if asked is None or form.asked is None:
        return _new_page(form, 422)
    if forms.typed("again"):
        return _new_page(form)
    if not asked.confirmed:
        return page(
            "sure.html",
            title="请核对",
            action=url_for("desk.funds.post_fund"),
            again=True,
            question=f"新设资金“{asked.name}”，预算{yuan(asked.budget)}元。",
            hidden=[
                ("name", asked.name), ("purpose", asked.purpose), ("budget", yuan(asked.budget)),
                *(("measures", id) for id in asked.measures),
                *(("where", id) for id in asked.where),
                ("reason", asked.reason), ("confirmed", "yes"),
            ],
        )  # fmt: skip
    try:
        with known.database.begin() as session:
            fund = funds.add(
                session, known.safe, regions(), name=asked.name, purpose=asked.purpose,
                budget_fen=asked.budget, measures=sorted(set(asked.measures)),
                where=sorted(set(asked.where)), reason=asked.reason, by=officer(),
                now=known.clock(),
            )  # fmt: skip
    except FundNameTaken:
        form.refuse("name", "已经有同名的资金，请换个名称。")
        return _new_page(form, 422)
    return go_to(url_for("desk.funds.get_fund", id=fund.id), "资金已设好。")


@blueprint.get("/<int:id>")
@admits(Who.OFFICER, *_LOOKERS)
def get_fund(id: int) -> Response:
    """One fund with how its budget came about."""
    return _fund_page(id, forms.empty())


@blueprint.post("/<int:id>/grants")
@admits(Who.OFFICER, Role.ADMINISTRATOR)
def post_grant(id: int) -> Response:
    """Give a fund more, or take back from what it has left."""
    known = resources()
    form = forms.read(_GrantAsked, {"amount": YUAN_WORDS})
    asked = form.asked
    with known.database.read() as session:
        fund = funds.of_officer(session, id, officer(), regions())
        sums = funds.sums(session, id)
    if asked is not None and not asked.amount:
        form.refuse("amount", YUAN_WORDS)
    if asked is None or form.asked is None:
        return _fund_page(id, form, 422)
    if forms.typed("again"):
        return _fund_page(id, form)
    if not asked.confirmed:
        change = "追加" if asked.amount > 0 else "收回"
        after = sums.budget_fen + asked.amount
        return page(
            "sure.html",
            title="请核对",
            action=url_for("desk.funds.post_grant", id=id),
            again=True,
            question=f"{fund.name}：{change}{yuan(abs(asked.amount))}元，"
            f"预算从{yuan(sums.budget_fen)}元变为{yuan(max(after, 0))}元。",
            hidden=[
                ("amount", yuan(asked.amount)), ("reason", asked.reason), ("confirmed", "yes"),
                ("before", yuan(sums.budget_fen)),
            ],
        )  # fmt: skip
    try:
        with known.database.begin() as session:
            funds.grant(
                session, known.safe, regions(), id, asked.amount, reason=asked.reason,
                before_fen=asked.before, by=officer(), now=known.clock(),
            )  # fmt: skip
    except BudgetChanged as error:
        form.refuse(
            "amount", f"预算现在是{yuan(error.budget_fen)}元，这次没有改。还要改的，请再填一次。"
        )
        return _fund_page(id, form, 409)
    except FundShort as error:
        form.refuse("amount", f"剩下的只有{yuan(error.left_fen)}元，最多收回这么多。")
        return _fund_page(id, form, 422)
    return go_to(url_for("desk.funds.get_fund", id=id), "预算已更新。")


def _places(ids: list[str]) -> str:
    return "、".join(naming.place_of(resources().serving.current().library, id) for id in ids)


def _new_page(form: Form[_FundAsked], status: int = 200) -> Response:
    library = resources().serving.current().library
    seen = scope(officer(), regions())
    return page(
        "fund_new.html",
        title="新设资金",
        status=status,
        form=form,
        measures=[
            (
                naming.place_of(library, place),
                [(measure.id, measure.title) for measure in of_place],
            )
            for place, of_place in groupby(
                sorted(
                    (m for m in library.measures.values() if m.region in seen),
                    key=lambda m: m.region,
                ),
                key=lambda m: m.region,
            )
        ],
        places=[(region.id, region.label) for region in regions() if region.id in seen],
    )


def _fund_page(id: int, form: Form[_GrantAsked], status: int = 200) -> Response:
    library = resources().serving.current().library
    with resources().database.read() as session:
        fund = funds.of_officer(session, id, officer(), regions())
        sums = funds.sums(session, id)
        grants = [
            (entry, "" if entry.officer_id is None else name_of(session, entry.officer_id))
            for entry in funds.grants_of(session, id)
        ]
        balanced = funds.sums_of_ledger(session, id) == sums
    return page(
        "fund.html",
        title=fund.name,
        status=status,
        fund=fund,
        sums=sums,
        balanced=balanced,
        grants=grants,
        form=form,
        places=_places(funds.regions_of(fund)),
        measures=[naming.measure_of(library, id) for id in funds.measures_of(fund)],
        may_grant=Role.ADMINISTRATOR in officer().roles,
    )
