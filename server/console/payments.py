"""Batches of payments: collected, locked, released by a second officer, to the bank and back."""

import base64
import json
import zlib
from collections.abc import Callable, Iterable, Set
from dataclasses import asdict
from typing import Annotated, Any

from flask import Blueprint, Response, request, url_for
from pydantic import Field
from sqlmodel import Session

from server.casework import (
    bank_files,
    funds,
    payable,
    payment_batches,
    payment_results,
    payments,
    reservations,
)
from server.casework.bank_files import BankFileRefused
from server.casework.fund_tables import BatchState, PaymentBatch, Reservation
from server.casework.officers import LOOKERS, Role, SecondOfficerNeeded
from server.casework.payment_batches import BatchAltered, PayeesLost, StepRefused
from server.casework.payment_results import Bad, Fault, Result, ResultsRefused
from server.casework.payments import Cashier, keys_of
from server.confidential.private_files import in_memory
from server.confidential.sealing import SealBroken
from server.console import forms, naming
from server.console.entering import officer, regions, takes
from server.console.help_requests import name_of
from server.console.rendering import attached, go_to, page
from server.money import yuan
from server.web.admitting import Who, admits
from server.web.resources import post, resources

_AT_ONCE = 50
"""Rows of a bank's result that are taken in one transaction."""
_ON_A_PAGE = 50
_MOST_BAD = 200
_NO_SECOND = "归集、锁定、经办或审批过其中办件的人不能放行。"

FAULTS = {
    Fault.UNREADABLE: "看不懂",
    Fault.UNKNOWN: "不是这个批次的流水号",
    Fault.TWICE: "流水号重复",
    Fault.AMOUNT: "金额和批次里的不一样",
    Fault.PAYEE: "户名或者账号和批次里的不一样",
    Fault.REASON: "失败了，没有写原因",
    Fault.CONTRADICTS: "和上次的结果相反",
    Fault.ON_ITS_WAY: "这笔退回来了，但同一办件有另一期正在发放：请先从文件里去掉这一行，"
    "等那个批次办完或者作废，再传这一行",
    Fault.LOOKED_AT_AGAIN: "这笔退回来了，但这个办件正在重新审核：请先从文件里去掉这一行，"
    "等审批完，再传这一行",
    Fault.GIVEN_UP: "这笔退回来了，但余下的本人不要了，或者已经停发，不能重新发放："
    "请从文件里去掉这一行，写进备注，和银行另外处理",
    Fault.ERASED: "这笔退回来了，但本人的资料已经删除，不能重新发放：请从文件里去掉这一行，"
    "和银行另外处理",
}

_DETAILED = frozenset(
    {
        Fault.UNREADABLE,
        Fault.UNKNOWN,
        Fault.TWICE,
        Fault.ON_ITS_WAY,
        Fault.LOOKED_AT_AGAIN,
        Fault.GIVEN_UP,
        Fault.ERASED,
    }
)

blueprint = Blueprint("payments", __name__, url_prefix="/payments")


class _Wanted(forms.Asked):
    fund: int
    instalment: int = 1


class _CollectAsked(_Wanted):
    cases: list[str]
    """Those that were ticked."""


class _ExportAsked(forms.Asked):
    kind: str = "xlsx"


class _SettleAsked(forms.Asked):
    results: str


class _PageAsked(forms.Asked):
    page: Annotated[int, Field(ge=1, le=10_000)] = 1


@blueprint.get("/")
@admits(Who.OFFICER, *LOOKERS)
def get_payments() -> Response:
    """What is to be paid by fund, and the batches, the newest first."""
    asked, who = forms.read_query(_PageAsked), officer()
    with resources().database.read() as session:
        mine = funds.listed(session, who, regions())
        names = {fund.id: fund.name for fund in mine}
        waiting = {}
        if Role.CASE_OFFICER in who.roles:
            waiting = {
                fund.id: payments.waiting(session, post(), who, fund.id or 0) for fund in mine
            }
        skipping = (asked.page - 1) * _ON_A_PAGE
        batches = payment_batches.listed(
            session, who, regions(), at_most=_ON_A_PAGE + 1, skipping=skipping
        )
    return page(
        "payments.html",
        title="发放",
        funds=mine,
        waiting=waiting,
        most=payments.MOST_IN_A_BATCH,
        batches=batches[:_ON_A_PAGE],
        names=names,
        states=naming.BATCH_STATES,
        number=asked.page,
        more=len(batches) > _ON_A_PAGE,
    )


@blueprint.get("/collect")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def get_collect() -> Response:
    """What would go into a new batch."""
    asked = _asked_of_query()
    who = officer()
    with resources().database.read() as session:
        fund = funds.of_officer(session, asked.fund, who, regions())
        waiting = payments.due(session, post(), who, asked.fund, instalment=asked.instalment)
        sums = {
            case.id: reservations.instalment_fen(
                session.get_one(Reservation, case.id), asked.instalment
            )
            for case in waiting
        }
        came_back = payable.that_came_back(session, sums.keys())
    return page(
        "collect.html",
        title="归集发放批次",
        fund=fund,
        asked=asked,
        waiting=waiting,
        came_back=came_back,
        sums=sums,
        total=sum(sums.values()),
        most=payments.MOST_IN_A_BATCH,
    )


@blueprint.post("/collect")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_collect() -> Response:
    """Put what is due into a new batch; whoever can't be paid is left out, and told why."""
    asked = forms.read(_CollectAsked).asked
    if asked is None or not 1 <= asked.instalment <= reservations.MOST_INSTALMENTS:
        raise funds.FundUnknown
    known, who = resources(), officer()
    with known.database.read() as session:
        funds.of_officer(session, asked.fund, who, regions())
        waiting = payments.due(session, post(), who, asked.fund, instalment=asked.instalment)
    chosen = frozenset(asked.cases)
    workers = [case.worker_id for case in waiting if case.id in chosen]
    cashier = _cashier(workers, ordering=True)
    with known.database.begin() as session:
        found = payments.collect(
            session, cashier, asked.fund, instalment=asked.instalment, only=chosen
        )
    if found.batch is not None and not found.left_out:
        return go_to(_at(found.batch.id), f"归集了{found.batch.payments}笔。")
    return page(
        "collected.html",
        title="归集结果",
        batch=found.batch,
        left_out=[
            (case_id, naming.NOT_PAYABLE[why]) for case_id, why in sorted(found.left_out.items())
        ],
    )


@blueprint.get("/batches/<id>")
@admits(Who.OFFICER, *LOOKERS)
def get_batch(id: str) -> Response:
    """One batch: how its payments stand, who did what, what can be done now."""
    return _batch_page(id)


@blueprint.post("/batches/<id>/lock")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_lock(id: str) -> Response:
    """Fix what is to be paid."""
    _step(id, payment_batches.lock)
    return go_to(_at(id), "已锁定。请另一位审批人放行。")


@blueprint.post("/batches/<id>/unlock")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_unlock(id: str) -> Response:
    """Undo a lock, as long as nobody has released it."""
    _step(id, payment_batches.unlock)
    return go_to(_at(id), "已解锁。")


@blueprint.get("/batches/<id>/release")
@admits(Who.OFFICER, Role.APPROVER)
def get_release(id: str) -> Response:
    """Are you sure: from here on it may be paid."""
    return _confirm_page(id, "release")


@blueprint.post("/batches/<id>/release")
@admits(Who.OFFICER, Role.APPROVER)
def post_release(id: str) -> Response:
    """Let it go to the bank; by somebody who had no hand in it."""
    try:
        _step(id, payment_batches.release)
    except SecondOfficerNeeded:
        return _batch_page(id, 409, f"放行要换一个人：{_NO_SECOND}")
    except BatchAltered:
        return _batch_page(id, 409, "批次和锁定时不一样，不能放行，请作废后重新归集。")
    except PayeesLost as lost:
        return _batch_page(id, 409, _who_is_lost(lost))
    return go_to(_at(id), "已放行。")


@blueprint.get("/batches/<id>/cancel")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def get_cancel(id: str) -> Response:
    """Are you sure."""
    return _confirm_page(id, "cancel")


@blueprint.post("/batches/<id>/cancel")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_cancel(id: str) -> Response:
    """Undo a batch that the bank can't have yet."""
    _step(id, payment_batches.cancel)
    return go_to(_at(id), "批次已作废，办件可以重新归集。")


@blueprint.get("/batches/<id>/export")
@admits(Who.OFFICER, Role.CASE_OFFICER, Role.APPROVER)
def get_export(id: str) -> Response:
    """Are you sure: once the bank may have it, only the bank says what became of it."""
    return _confirm_page(id, "export")


@blueprint.post("/batches/<id>/export")
@admits(Who.OFFICER, Role.CASE_OFFICER, Role.APPROVER)
def post_export(id: str) -> Response:
    """The file for the bank; who got it is noted for each person in it."""
    asked = forms.read(_ExportAsked).asked or _ExportAsked()
    try:
        batch, lines = _step(id, payment_batches.export)
    except BatchAltered:
        return _batch_page(id, 409, "批次和锁定时不一样，不能导出，请联系管理员。")
    except PayeesLost as lost:
        return _batch_page(id, 409, _who_is_lost(lost))
    assert batch.exported_at is not None
    if asked.kind == "csv":
        return attached(bank_files.csv_file(lines), f"{batch.id}.csv")
    return attached(bank_files.xlsx(batch.id, lines, batch.exported_at), f"{batch.id}.xlsx")


@blueprint.post("/batches/<id>/result")
@admits(Who.OFFICER, Role.CASE_OFFICER, Role.APPROVER)
@takes(megabytes=10)
def post_result(id: str) -> Response:
    """Read the bank's result and show what it would settle; nothing is kept or changed."""
    file = request.files.get("file")
    content = b"" if file is None else file.read()
    cashier = _cashier_at(id)
    if not content:
        return _batch_page(id, 422, errors={"file": "请选银行给的结果文件。"})
    try:
        with in_memory(content) as path:
            results, bad = bank_files.read_results(path)
    except BankFileRefused:
        return _batch_page(id, 422, errors={"file": _UNREAD})
    with resources().database.read() as session:
        found, wrong = payment_results.check(session, cashier, id, results)
        batch = payment_batches.find(session, id, officer(), regions())
    faults = sorted([*bad, *wrong], key=lambda each: each.line)
    return page(
        "batch_result.html",
        title="核对银行结果",
        status=422 if faults else 200,
        batch=batch,
        found=found,
        faults=[(each.line, FAULTS[each.fault], _detail(each)) for each in faults[:_MOST_BAD]],
        bad_rows=len({each.line for each in faults}),
        results="" if faults else _sealed(id, results, found.taken_back),
    )


@blueprint.post("/batches/<id>/settle")
@admits(Who.OFFICER, Role.CASE_OFFICER, Role.APPROVER)
@takes(megabytes=1)
def post_settle(id: str) -> Response:
    """Take the result that was looked at."""
    asked = forms.read(_SettleAsked).asked
    known = resources()
    workers = _cashier_at(id)
    try:
        results, coming_back = _unsealed(id, "" if asked is None else asked.results)
    except SealBroken:
        return _batch_page(id, 422, errors={"file": "请重新选银行给的结果文件。"})
    settled = payment_results.Settled()
    try:
        for start in range(0, len(results), _AT_ONCE):
            with known.database.begin() as session:
                settled += payment_results.settle(
                    session,
                    _now(workers),
                    id,
                    results[start : start + _AT_ONCE],
                    coming_back=coming_back,
                )
    except ResultsRefused:
        return _batch_page(
            id, 409, "批次刚刚有了变化，请重新上传结果文件。已经处理的不会再处理一遍。"
        )
    back = f"，发放后退回{len(settled.taken_back)}笔" if settled.taken_back else ""
    return go_to(_at(id), f"已处理：发放成功{settled.paid}笔，退回{settled.returned}笔{back}。")


_UNREAD = "这个文件读不了：要CSV或者XLSX，第一行有流水号、金额、结果、原因这几列。"


def _who_is_lost(lost: PayeesLost) -> str:
    named = "；".join(
        f"{case_id}：{naming.NOT_PAYABLE[why]}" for case_id, why in lost.cases.items()
    )
    return f"归集以后有了变化，现在不能发。请把批次作废，再重新归集。{named}。"


def _detail(bad: Bad) -> str:
    # Of an unreadable row only which column; what stands in it is not repeated.
    return bad.detail if bad.fault in _DETAILED else ""


def _asked_of_query() -> _Wanted:
    given = request.args.get("fund", ""), request.args.get("instalment", "1")
    if not all(each.isascii() and each.isdecimal() and len(each) < 10 for each in given):
        raise funds.FundUnknown
    return _Wanted(
        fund=int(given[0]), instalment=min(max(int(given[1]), 1), reservations.MOST_INSTALMENTS)
    )


def _cashier(workers: Iterable[int], *, ordering: bool = False) -> Cashier:
    known = resources()
    keys = keys_of(known.subject_keys, workers, ordering=ordering)
    return Cashier(officer(), post(), keys, known.clock())


def _cashier_at(batch_id: str) -> Cashier:
    with resources().database.read() as session:
        payment_batches.find(session, batch_id, officer(), regions())
        workers = payment_batches.workers_of(session, batch_id)
    return _cashier(workers)


def _now(cashier: Cashier) -> Cashier:
    """The same officer, as late as it is."""
    return Cashier(cashier.officer, cashier.post, cashier.keys, resources().clock())


def _step(batch_id: str, act: Callable[[Session, Cashier, str], Any]) -> Any:
    cashier = _cashier_at(batch_id)
    with resources().database.begin() as session:
        return act(session, cashier, batch_id)


def _at(batch_id: str) -> str:
    return url_for("desk.payments.get_batch", id=batch_id)


def _sealed(batch_id: str, results: list[Result], coming_back: Set[str]) -> str:
    """What was read, for the form to bring back: without names and accounts, and unreadable.

    With it which payments were shown to come back, that no others do.
    """
    rows = [{**asdict(each), "name": None, "bank_card": None} for each in results]
    shown = json.dumps([rows, sorted(coming_back)], ensure_ascii=False)
    packed = base64.b64encode(zlib.compress(shown.encode()))
    return resources().safe.seal(packed.decode(), _purpose(batch_id))


def _unsealed(batch_id: str, sealed: str) -> tuple[list[Result], frozenset[str]]:
    packed = resources().safe.unseal(sealed, _purpose(batch_id))
    rows, coming_back = json.loads(zlib.decompress(base64.b64decode(packed)))
    return [Result(**row) for row in rows], frozenset(coming_back)


def _purpose(batch_id: str) -> str:
    return f"bank result and what comes back:{batch_id}:{officer().id}"


def _confirm_page(id: str, step: str) -> Response:
    with resources().database.read() as session:
        batch = payment_batches.find(session, id, officer(), regions())
    starts = {
        "release": (BatchState.LOCKED,),
        "cancel": (BatchState.COLLECTED, BatchState.LOCKED, BatchState.RELEASED),
        "export": (BatchState.RELEASED, BatchState.EXPORTED, BatchState.SETTLED),
    }
    if batch.state not in starts[step]:
        raise StepRefused(id, BatchState(batch.state))
    return page(
        "batch_confirm.html",
        title={"release": "放行", "cancel": "作废批次", "export": "导出给银行"}[step],
        batch=batch,
        step=step,
        total=yuan(batch.total_fen),
    )


def _batch_page(
    id: str, status: int = 200, refused: str = "", errors: dict[str, str] | None = None
) -> Response:
    who = officer()
    with resources().database.read() as session:
        batch = payment_batches.find(session, id, who, regions())
        counted = payment_batches.counted(session, id)
        rows = payment_batches.rows_of(session, id)
        paid_before = payment_batches.paid_before(session, batch)
        fund = funds.find(session, batch.fund_id)
        may_release = payment_batches.may_release(session, batch, who)
        steps = [
            (label, at, name_of(session, by))
            for label, at, by in _steps(batch)
            if at is not None and by is not None
        ]
    state = BatchState(batch.state)
    return page(
        "batch.html",
        title=f"批次{id}",
        status=status,
        batch=batch,
        fund=fund,
        counted=counted,
        rows=rows,
        paid_before=paid_before,
        steps=steps,
        state=state,
        states=naming.BATCH_STATES,
        payment_states=naming.PAYMENT_STATES,
        refused=refused,
        form=forms.Form(errors=dict(errors or {})),
        is_cashier=Role.CASE_OFFICER in who.roles,
        is_approver=Role.APPROVER in who.roles,
        may_release=may_release,
        no_second=_NO_SECOND,
    )


def _steps(batch: PaymentBatch) -> list[tuple[str, Any, int | None]]:
    return [
        ("归集", batch.collected_at, batch.collected_by),
        ("锁定", batch.locked_at, batch.locked_by),
        ("放行", batch.released_at, batch.released_by),
        ("交银行", batch.exported_at, batch.exported_by),
    ]
