"""Merchants at the desk: their phones, what they are owed, settlements for the bank."""

from collections.abc import Mapping
from typing import Annotated

from flask import Blueprint, Response, abort, url_for
from pydantic import Field
from sqlalchemy import select
from sqlmodel import Session, col

from server.casework import funds
from server.casework.fund_tables import Fund
from server.casework.officers import LOOKERS, MOVERS, Role, scope
from server.console import forms, naming
from server.console.entering import first_region, officer, regions
from server.console.forms import Asked, Form, Line
from server.console.help_requests import name_of
from server.console.rendering import attached, go_to, page
from server.console.vouchers import TAKES
from server.vouchers import merchants, settlement_files, settling
from server.vouchers.merchants import Account, AccountChanged, MerchantNameTaken
from server.vouchers.tables import Issue, LineState, MerchantKind, SettlementState
from server.web.admitting import Who, admits
from server.web.resources import resources

blueprint = Blueprint("merchants", __name__, url_prefix="/merchants")


SETTLEMENT_STATES: Mapping[SettlementState, tuple[str, str]] = {
    SettlementState.COLLECTED: ("待放行", "warn"),
    SettlementState.RELEASED: ("已放行", "busy"),
    SettlementState.EXPORTED: ("已交银行", "busy"),
    SettlementState.SETTLED: ("已办结", "good"),
    SettlementState.CANCELLED: ("已作废", "empty"),
}
LINE_STATES: Mapping[LineState, tuple[str, str]] = {
    LineState.ORDERED: ("待付", "busy"),
    LineState.PAID: ("已付", "good"),
    LineState.RETURNED: ("银行退回", "bad"),
    LineState.CANCELLED: ("已作废", "empty"),
}
_BANK_SAYS: Mapping[str, bool] = {LineState.PAID: True, LineState.RETURNED: False}
_LABELS: Mapping[str, str] = {
    "name": "名称",
    "kind": "类别",
    "region": "地区",
    "place": "地址",
    "payee": "户名",
    "bank": "开户行",
    "number": "账号",
}


class MerchantAsked(Asked):
    """A merchant as it is typed; whoever is owed nothing needs no account."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    kind: MerchantKind
    region: Line
    place: Annotated[str, Field(max_length=128)] = ""
    payee: Annotated[str, Field(max_length=64)] = ""
    bank: Annotated[str, Field(max_length=64)] = ""
    number: Annotated[str, Field(pattern=r"^(?:[0-9]{6,32})?$")] = ""


class AccountAsked(Asked):
    """Where a merchant is paid, as it is typed."""

    payee: Annotated[str, Field(min_length=1, max_length=64)]
    bank: Annotated[str, Field(min_length=1, max_length=64)]
    number: Annotated[str, Field(pattern=r"^[0-9]{6,32}$")]
    before: Annotated[str | None, Field(pattern="^[0-9a-f]{32}$")] = None
    """The account that was looked at, as `merchants.account_mark` names it."""


class _FundAsked(Asked):
    fund: int


@blueprint.get("/")
@admits(Who.OFFICER, *LOOKERS)
def get_merchants() -> Response:
    """The merchants of the officer's regions."""
    library = resources().serving.current().library
    with resources().database.read() as session:
        found = merchants.listed(session, officer(), regions())
        phones = {merchant.id: merchants.phones(session, merchant.id or 0) for merchant in found}
    return page(
        "merchants.html",
        title="商户",
        merchants=found,
        phones=phones,
        kinds=TAKES,
        places={merchant.id: naming.place_of(library, merchant.region) for merchant in found},
        may_enter=Role.CASE_OFFICER in officer().roles,
    )


@blueprint.get("/new")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def get_new_merchant() -> Response:
    """The form for a merchant."""
    return _new_merchant_page(forms.empty(region=first_region()))


@blueprint.post("/")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_merchant() -> Response:
    """Note a merchant with the account where it is paid."""
    known = resources()
    form = forms.read(MerchantAsked)
    asked = form.asked
    if asked is not None:
        if asked.region not in scope(officer(), regions()):
            form.refuse("region", "请从列表里选一个你负责的地区。")
        given = (asked.payee, asked.bank, asked.number)
        if any(given) and not all(given):
            form.refuse("number", "户名、开户行、账号要一起填，或者都不填。")
    if asked is None or form.asked is None:
        return _new_merchant_page(form, 422)
    account = Account(asked.payee, asked.bank, asked.number) if asked.number else None
    try:
        with known.database.begin() as session:
            merchant = merchants.add(
                session, known.safe, regions(), name=asked.name, kind=asked.kind,
                region=asked.region, place=asked.place, account=account, by=officer(),
                now=known.clock(),
            )  # fmt: skip
    except MerchantNameTaken:
        form.refuse("name", "已经有同名的商户，请核对。")
        return _new_merchant_page(form, 422)
    return go_to(url_for("desk.merchants.get_merchant", id=merchant.id), "存好了。")


@blueprint.get("/<int:id>")
@admits(Who.OFFICER, *LOOKERS)
def get_merchant(id: int) -> Response:
    """One merchant; the account's number is masked but for its end."""
    return _merchant_page(id)


@blueprint.post("/<int:id>/account")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_account(id: int) -> Response:
    """Note another account; settlements from now on go there."""
    known = resources()
    form = forms.read(AccountAsked, {"number": "账号是6到32位数字。"})
    status = 422
    with known.database.begin() as session:
        merchant = merchants.of_officer(session, id, officer(), regions())
        if form.asked is not None:
            account = Account(form.asked.payee, form.asked.bank, form.asked.number)
            try:
                merchants.change_account(
                    session,
                    known.safe,
                    merchant,
                    account,
                    before=form.asked.before,
                    by=officer(),
                    regions=regions(),
                    now=known.clock(),
                )
            except AccountChanged:
                form.refuse("number", "别人刚改过这个账号。请先核对现在的账号，要改再保存一次。")
                status = 409
    if form.asked is None:
        return _merchant_page(id, form=form, status=status)
    return go_to(url_for("desk.merchants.get_merchant", id=id), "账号改好了，以后的结算用新的。")


@blueprint.post("/<int:id>/start")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_start(id: int) -> Response:
    """A code for one phone to sign in with, shown this once."""
    known = resources()
    with known.database.begin() as session:
        merchant = merchants.of_officer(session, id, officer(), regions())
        code = merchants.start_code(
            session, known.safe, merchant, by=officer(), regions=regions(), now=known.clock()
        )
    return _merchant_page(id, code)


@blueprint.post("/<int:id>/phones")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_phones(id: int) -> Response:
    """Sign all phones of a merchant out; `active` empty: it takes no more vouchers."""
    known, active = resources(), bool(forms.typed("active"))
    with known.database.begin() as session:
        merchant = merchants.of_officer(session, id, officer(), regions())
        merchants.revoke(
            session, known.safe, merchant, active=active, by=officer(), regions=regions(),
            now=known.clock(),
        )  # fmt: skip
    told = "手机都退出了。" if active else "这家商户不再收券。"
    return go_to(url_for("desk.merchants.get_merchant", id=id), told)


@blueprint.get("/settlements/")
@admits(Who.OFFICER, *LOOKERS)
def get_settlements() -> Response:
    """What is owed to the officer's merchants out of each fund, and their settlements so far."""
    with resources().database.read() as session:
        mine = _funds_of_issues(session)
        return page(
            "settlements.html",
            title="商户结算",
            funds=mine,
            owed={
                fund.id: settling.owed(session, fund.id or 0, officer(), regions()) for fund in mine
            },
            settlements=settling.listed(
                session, [fund.id or 0 for fund in mine], officer(), regions()
            ),
            names={fund.id: fund.name for fund in mine},
            states=SETTLEMENT_STATES,
            may_collect=Role.CASE_OFFICER in officer().roles,
        )


@blueprint.post("/settlements/")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_settlement() -> Response:
    """Collect what is owed out of one fund."""
    known = resources()
    form = forms.read(_FundAsked)
    with known.database.begin() as session:
        settlement = settling.collect(
            session, known.safe, regions(), form.asked.fund if form.asked else 0, by=officer(),
            now=known.clock(),
        )  # fmt: skip
    return go_to(
        url_for("desk.merchants.get_settlement", id=settlement.id), "归集好了，等另一位放行。"
    )


@blueprint.get("/settlements/<id>")
@admits(Who.OFFICER, *LOOKERS)
def get_settlement(id: str) -> Response:
    """One settlement with a line for each merchant."""
    known = resources()
    with known.database.read() as session:
        settlement = settling.of_officer(session, id, officer(), regions())
        state = SettlementState(settlement.state)
        roles = officer().roles
        lines = settling.lines(session, known.safe, settlement.id)
        accounts_by = settling.accounts_by(session, settlement.id)
        return page(
            "settlement.html",
            title=f"结算{settlement.id}",
            settlement=settlement,
            lines=lines,
            accounts_by={each: name_of(session, each) for each in accounts_by},
            own_account=officer().id in accounts_by,
            fund=funds.find(session, settlement.fund_id),
            state=SETTLEMENT_STATES[state],
            line_states=LINE_STATES,
            collected_by=name_of(session, settlement.collected_by),
            released_by="" if settlement.released_by is None
            else name_of(session, settlement.released_by),
            may_release=state is SettlementState.COLLECTED and Role.APPROVER in roles
            and officer().id not in {settlement.collected_by, *accounts_by},
            may_export=state in (SettlementState.RELEASED, SettlementState.EXPORTED,
                                 SettlementState.SETTLED) and Role.CASE_OFFICER in roles,
            may_settle=state is SettlementState.EXPORTED and Role.CASE_OFFICER in roles,
            may_cancel=state in (SettlementState.COLLECTED, SettlementState.RELEASED)
            and bool(roles & MOVERS),
        )  # fmt: skip


@blueprint.post("/settlements/<id>/release")
@admits(Who.OFFICER, Role.APPROVER)
def post_release(id: str) -> Response:
    """Let a settlement go to the bank, as the second officer."""
    known = resources()
    with known.database.begin() as session:
        settlement = settling.of_officer(session, id, officer(), regions())
        settling.release(session, known.safe, settlement, by=officer(), now=known.clock())
    return go_to(url_for("desk.merchants.get_settlement", id=id), "放行了。")


@blueprint.post("/settlements/<id>/workbook")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_workbook(id: str) -> Response:
    """The workbook for the bank; from here on only the bank says what became of it."""
    known = resources()
    with known.database.begin() as session:
        settlement = settling.of_officer(session, id, officer(), regions())
        owed = settling.export(session, known.safe, settlement, by=officer(), now=known.clock())
        used = {each.line.id: settling.used(session, each.line.id) for each in owed}
        content = settlement_files.xlsx(
            settlement.id, owed, used, funds.find(session, settlement.fund_id).name,
            settlement.collected_at,
        )  # fmt: skip
    return attached(content, f"settlement-{id}.xlsx")


@blueprint.post("/settlements/<id>/lines/<line>/<word>")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_line(id: str, line: str, word: str) -> Response:
    """Note the bank's word on one line: that it paid, or that the money came back."""
    if word not in _BANK_SAYS:
        abort(404)
    known = resources()
    with known.database.begin() as session:
        settlement = settling.of_officer(session, id, officer(), regions())
        settling.settle(
            session, known.safe, settlement, line, paid=_BANK_SAYS[word], by=officer(),
            now=known.clock(),
        )  # fmt: skip
    return go_to(url_for("desk.merchants.get_settlement", id=id), "记下了。")


@blueprint.post("/settlements/<id>/cancel")
@admits(Who.OFFICER, Role.CASE_OFFICER, Role.APPROVER)
def post_cancel(id: str) -> Response:
    """Undo a settlement that the bank does not have yet."""
    known = resources()
    with known.database.begin() as session:
        settlement = settling.of_officer(session, id, officer(), regions())
        settling.cancel(session, known.safe, settlement, by=officer(), now=known.clock())
    return go_to(url_for("desk.merchants.get_settlement", id=id), "作废了，里面的还要再结。")


def _new_merchant_page(form: Form[MerchantAsked], status: int = 200) -> Response:
    seen = scope(officer(), regions())
    return page(
        "merchant_new.html",
        title="新商户",
        status=status,
        form=form,
        labels=_LABELS,
        kinds=[(kind.value, words) for kind, words in TAKES.items()],
        places=[(region.id, region.label) for region in regions() if region.id in seen],
    )


def _merchant_page(
    id: int, code: str = "", form: Form[AccountAsked] | None = None, status: int = 200
) -> Response:
    known = resources()
    library = known.serving.current().library
    with known.database.read() as session:
        merchant = merchants.of_officer(session, id, officer(), regions())
        phones = merchants.phones(session, id)
    account = merchants.account_of(known.safe, merchant)
    return page(
        "merchant.html",
        title=merchant.name,
        status=status,
        form=form or forms.empty(),
        labels=_LABELS,
        merchant=merchant,
        phones=phones,
        account=account,
        before=merchants.account_mark(known.safe, merchant),
        number="" if account is None else f"尾号{account.number[-4:]}",
        kind=TAKES[MerchantKind(merchant.kind)],
        place=naming.place_of(library, merchant.region),
        code=code,
        may_change=Role.CASE_OFFICER in officer().roles,
    )


def _funds_of_issues(session: Session) -> list[Fund]:
    standing = set(session.scalars(select(col(Issue.fund_id)).distinct()))
    return [fund for fund in funds.listed(session, officer(), regions()) if fund.id in standing]
