"""Settling with merchants: what each is owed out of a fund, released by a second officer, paid.

A redemption lies in one line at most, and one in a line can't be refunded any more. What the bank
returns is owed again, and lies in the next settlement.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlmodel import Session, col

from knowledge.regions import Regions
from server.casework import funds
from server.casework.officers import (
    LOOKERS,
    MOVERS,
    NotAllowed,
    Officer,
    Role,
    SecondOfficerNeeded,
    scope,
)
from server.confidential.sealing import Safe
from server.database import db, numbering
from server.records import audit
from server.records.audit import Action
from server.vouchers import merchants
from server.vouchers.merchants import Account
from server.vouchers.tables import (
    Issue,
    LineState,
    Merchant,
    Redemption,
    Settlement,
    SettlementLine,
    SettlementState,
    Voucher,
)


class SettlementUnknown(LookupError):
    """There is no such settlement, or none for whoever asks."""


class SettlementMoved(Exception):
    """The settlement, or its line, does not stand where this starts."""


class AccountOfOwn(Exception):
    """Whoever noted where a merchant is paid does not release the money that goes there."""


class NothingOwed(Exception):
    """No merchant with an account is owed anything out of this fund."""


@dataclass(frozen=True, slots=True)
class Owed:
    """One line of a settlement, as the bank and the officers see it."""

    line: SettlementLine
    merchant: str
    account: Account


@dataclass(frozen=True, slots=True)
class Used:
    """One redemption of a line: when, of what, how much."""

    redemption: Redemption
    title: str


def owed(
    session: Session, fund_id: int, officer: Officer, regions: Regions
) -> list[tuple[Merchant, int, int]]:
    """Each merchant of the officer's regions who is owed something out of a fund.

    With how many redemptions, and how much.
    """
    rows = session.execute(
        select(Merchant, func.count(), func.sum(col(Redemption.amount_fen)))
        .join(Redemption, col(Redemption.merchant_id) == col(Merchant.id))
        .where(
            col(Redemption.voucher_id).in_(_of_fund(fund_id)),
            col(Merchant.region).in_(scope(officer, regions)),
            *_open(),
        )
        .group_by(col(Merchant.id))
        .order_by(col(Merchant.name))
    )
    return [(row[0], row[1], int(row[2])) for row in rows]


def collect(
    session: Session,
    safe: Safe,
    regions: Regions,
    fund_id: int,
    *,
    by: Officer,
    now: datetime,
) -> Settlement:
    """Collect what is owed to every merchant of the officer's regions whose account is known.

    Raises `NotAllowed`, `FundUnknown`, `NothingOwed`.
    """
    _require(by, Role.CASE_OFFICER)
    funds.of_officer(session, fund_id, by, regions)
    found = owed(session, fund_id, by, regions)
    due = [row for row in found if row[0].sealed_account is not None]
    if not due:
        raise NothingOwed(fund_id)
    settlement = Settlement(
        id=numbering.number(now, "S"),
        fund_id=fund_id,
        state=SettlementState.COLLECTED,
        total_fen=0,
        collected_by=by.id,
        collected_at=now,
    )
    session.add(settlement)
    session.flush()
    for merchant, _, amount in due:
        settlement.total_fen += _collect(session, safe, settlement, merchant, amount)
    if not settlement.total_fen:
        # Somebody else has collected all of it at the same moment.
        raise NothingOwed(fund_id)
    session.add(settlement)
    session.flush()
    _audit(session, safe, settlement, by, Action.CREATED, now)
    return settlement


def release(
    session: Session, safe: Safe, settlement: Settlement, *, by: Officer, now: datetime
) -> None:
    """Let it go to the bank, as somebody who had no part in the sum or in where it goes.

    Raises `NotAllowed`, `SecondOfficerNeeded`, `AccountOfOwn`, `SettlementMoved`.
    """
    _require(by, Role.APPROVER)
    if by.id == settlement.collected_by:
        raise SecondOfficerNeeded
    if by.id in accounts_by(session, settlement.id):
        raise AccountOfOwn
    _step(
        session, settlement, (SettlementState.COLLECTED,),
        state=SettlementState.RELEASED, released_by=by.id, released_at=now,
    )  # fmt: skip
    _audit(session, safe, settlement, by, Action.DECIDED, now)


def export(
    session: Session, safe: Safe, settlement: Settlement, *, by: Officer, now: datetime
) -> list[Owed]:
    """The lines for the bank, the same each time; raises `NotAllowed`, `SettlementMoved`."""
    _require(by, Role.CASE_OFFICER)
    if settlement.state not in (SettlementState.EXPORTED, SettlementState.SETTLED):
        _step(
            session, settlement, (SettlementState.RELEASED,),
            state=SettlementState.EXPORTED, exported_at=now,
        )  # fmt: skip
    _audit(session, safe, settlement, by, Action.EXPORTED, now)
    return lines(session, safe, settlement.id)


def cancel(
    session: Session, safe: Safe, settlement: Settlement, *, by: Officer, now: datetime
) -> None:
    """Undo it before the bank may have it: all of it is owed again.

    Raises `NotAllowed`, `SettlementMoved`.
    """
    if not by.roles & MOVERS:
        raise NotAllowed
    _step(
        session, settlement, (SettlementState.COLLECTED, SettlementState.RELEASED),
        state=SettlementState.CANCELLED, ended_at=now,
    )  # fmt: skip
    mine = select(col(SettlementLine.id)).where(col(SettlementLine.settlement_id) == settlement.id)
    session.execute(
        update(Redemption)
        .where(col(Redemption.line_id).in_(mine))
        .values(line_id=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(SettlementLine)
        .where(col(SettlementLine.settlement_id) == settlement.id)
        .values(state=LineState.CANCELLED, settled_at=now)
    )
    _audit(session, safe, settlement, by, Action.CHANGED, now)


def settle(
    session: Session,
    safe: Safe,
    settlement: Settlement,
    line_id: str,
    *,
    paid: bool,
    by: Officer,
    now: datetime,
) -> None:
    """Note the bank's word on one line: paid, or returned, and then owed again.

    Raises `NotAllowed`, `SettlementUnknown`, `SettlementMoved` where it was noted before.
    """
    _require(by, Role.CASE_OFFICER)
    # Two who note the last two lines see each other's.
    session.refresh(settlement, with_for_update=True)
    line = session.get(SettlementLine, line_id)
    if line is None or line.settlement_id != settlement.id:
        raise SettlementUnknown(line_id)
    if settlement.state != SettlementState.EXPORTED:
        raise SettlementMoved(settlement.id)
    changed = session.connection().execute(
        update(SettlementLine)
        .where(col(SettlementLine.id) == line_id, col(SettlementLine.state) == LineState.ORDERED)
        .values(state=LineState.PAID if paid else LineState.RETURNED, settled_at=now)
    )
    if changed.rowcount != 1:
        raise SettlementMoved(settlement.id)
    if paid:
        funds.spend(session, settlement.fund_id, line.amount_fen, line_id=line_id, by=by, now=now)
    else:
        session.execute(
            update(Redemption)
            .where(col(Redemption.line_id) == line_id)
            .values(line_id=None)
            .execution_options(synchronize_session=False)
        )
    still = select(func.count()).where(
        col(SettlementLine.settlement_id) == settlement.id,
        col(SettlementLine.state) == LineState.ORDERED,
    )
    if not session.scalar(still):
        _step(
            session, settlement, (SettlementState.EXPORTED,),
            state=SettlementState.SETTLED, ended_at=now,
        )  # fmt: skip
    _audit(session, safe, settlement, by, Action.PAID if paid else Action.CHANGED, now)


def of_officer(
    session: Session, settlement_id: str, officer: Officer, regions: Regions
) -> Settlement:
    """A settlement with merchants of the officer's regions only, out of a fund for one of them.

    Raises `SettlementUnknown`, `NotAllowed`.
    """
    if not officer.roles & LOOKERS:
        raise NotAllowed
    settlement = session.get(Settlement, settlement_id)
    if settlement is None or session.scalar(_elsewhere(officer, regions, settlement_id)):
        raise SettlementUnknown(settlement_id)
    try:
        funds.of_officer(session, settlement.fund_id, officer, regions)
    except funds.FundUnknown:
        raise SettlementUnknown(settlement_id) from None
    return settlement


def listed(
    session: Session, fund_ids: list[int], officer: Officer, regions: Regions
) -> list[Settlement]:
    """The settlements out of some funds with merchants of the officer's only, the newest first."""
    return list(
        session.scalars(
            select(Settlement)
            .where(
                col(Settlement.fund_id).in_(fund_ids),
                col(Settlement.id).not_in(_elsewhere(officer, regions)),
            )
            .order_by(col(Settlement.collected_at).desc(), col(Settlement.id))
            .limit(100)
        )
    )


def lines(session: Session, safe: Safe, settlement_id: str) -> list[Owed]:
    """The lines of a settlement, by merchant, with the accounts as they were collected."""
    rows = session.execute(
        select(SettlementLine, col(Merchant.name))
        .join(Merchant, col(Merchant.id) == col(SettlementLine.merchant_id))
        .where(col(SettlementLine.settlement_id) == settlement_id)
        .order_by(col(Merchant.name))
    )
    return [
        Owed(line, name, Account(**json.loads(safe.unseal(line.sealed_account, _purpose(line.id)))))
        for line, name in rows
    ]


def accounts_by(session: Session, settlement_id: str) -> set[int]:
    """The officers who noted the accounts that a settlement goes to."""
    noted = select(col(SettlementLine.account_by)).where(
        col(SettlementLine.settlement_id) == settlement_id
    )
    return {each for each in session.scalars(noted) if each is not None}


def used(session: Session, line_id: str) -> list[Used]:
    """The redemptions of a line, the oldest first."""
    rows = session.execute(
        select(Redemption, col(Issue.title))
        .join(Voucher, col(Voucher.id) == col(Redemption.voucher_id))
        .join(Issue, col(Issue.id) == col(Voucher.issue_id))
        .where(col(Redemption.line_id) == line_id)
        .order_by(col(Redemption.at), col(Redemption.id))
    )
    return [Used(row[0], row[1]) for row in rows]


def _collect(
    session: Session, safe: Safe, settlement: Settlement, merchant: Merchant, amount: int
) -> int:
    """One line with what is owed at this moment, which is returned; none where it is nothing."""
    account = merchants.account_of(safe, merchant)
    assert account is not None and merchant.id is not None
    line_id = numbering.key("L")
    told = {"payee": account.payee, "bank": account.bank, "number": account.number}
    line = SettlementLine(
        id=line_id,
        settlement_id=settlement.id,
        merchant_id=merchant.id,
        redemptions=0,
        amount_fen=amount,
        state=LineState.ORDERED,
        sealed_account=safe.seal(json.dumps(told, ensure_ascii=False), _purpose(line_id)),
        account_by=merchant.account_by,
    )
    session.add(line)
    session.flush()
    session.execute(
        update(Redemption)
        .where(
            col(Redemption.merchant_id) == merchant.id,
            col(Redemption.voucher_id).in_(_of_fund(settlement.fund_id)),
            *_open(),
        )
        .values(line_id=line_id)
        .execution_options(synchronize_session=False)
    )
    # What was refunded or collected elsewhere since it was counted is not in it.
    count, total = session.execute(
        select(func.count(), func.coalesce(func.sum(col(Redemption.amount_fen)), 0)).where(
            col(Redemption.line_id) == line_id
        )
    ).one()
    if not count:
        session.delete(line)
        session.flush()
        return 0
    line.redemptions, line.amount_fen = count, int(total)
    session.add(line)
    session.flush()
    return int(total)


def _elsewhere(officer: Officer, regions: Regions, only: str | None = None) -> Select[str]:
    """The settlements, or this one, in which a merchant lies outside the officer's regions."""
    found = (
        select(col(SettlementLine.settlement_id))
        .join(Merchant, col(Merchant.id) == col(SettlementLine.merchant_id))
        .where(col(Merchant.region).not_in(scope(officer, regions)))
    )
    return found if only is None else found.where(col(SettlementLine.settlement_id) == only)


def _of_fund(fund_id: int) -> Any:
    return (
        select(col(Voucher.id))
        .join(Issue, col(Issue.id) == col(Voucher.issue_id))
        .where(col(Issue.fund_id) == fund_id)
    )


def _open() -> tuple[Any, ...]:
    return (
        col(Redemption.line_id).is_(None),
        col(Redemption.refunded_at).is_(None),
        col(Redemption.amount_fen) > 0,
    )


def _require(by: Officer, role: Role) -> None:
    if role not in by.roles:
        raise NotAllowed


def _step(
    session: Session, settlement: Settlement, stands: tuple[SettlementState, ...], **values: Any
) -> None:
    if not db.change(session, settlement, col(Settlement.state).in_(stands), **values):
        raise SettlementMoved(settlement.id)


def _purpose(line_id: str) -> str:
    return f"settlement_line.sealed_account:{line_id}"


def _audit(
    session: Session,
    safe: Safe,
    settlement: Settlement,
    by: Officer,
    action: Action,
    now: datetime,
) -> None:
    audit.record(
        session,
        safe,
        by=audit.Actor.officer(by.id),
        action=action,
        about="settlement",
        row=settlement.id,
        worker_id=None,
        now=now,
    )
