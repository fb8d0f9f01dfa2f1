"""A week of vouchers in numbers, for the weekly report.

Told from instants that are written once (given, used, refunded, lapsed, taken back, held back and
given back by the fund), so that a past week gives the same numbers whenever it is asked for, and
need not be kept.
"""

from collections import Counter
from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, distinct, func, select
from sqlmodel import Session, col

from server.casework.fund_tables import EntryKind, FundEntry
from server.casework.weekly_reports import Week
from server.vouchers.tables import Issue, Merchant, Redemption, Return, ReturnWhy, Voucher


@dataclass(frozen=True, slots=True)
class IssueLine:
    """One issue in a week, and what is left of it at the end of the week."""

    region: str
    title: str
    issued: int = 0
    issued_fen: int = 0
    redeemed: int = 0
    redeemed_fen: int = 0
    refunded: int = 0
    refunded_fen: int = 0
    lapsed: int = 0
    """Of how many vouchers something was left after the last day."""
    lapsed_fen: int = 0
    taken_back: int = 0
    taken_back_fen: int = 0
    left_fen: int = 0
    """What the fund holds back for vouchers that are given or yet to be given."""


@dataclass(frozen=True, slots=True)
class MerchantLine:
    """One merchant in a week."""

    region: str
    name: str
    redeemed: int = 0
    redeemed_fen: int = 0
    refunded: int = 0
    refunded_fen: int = 0


def issues(session: Session, week: Week, regions: Set[str]) -> list[IssueLine]:
    """The issues of some regions of which anything was given, used, refunded, or is left."""
    counts: dict[str, Counter[str]] = {}
    _add(counts, "issued", _given(session, week.begin, week.end))
    for name, at, end in (("", week.begin, week.end), ("all_", None, week.end)):
        _add(counts, f"{name}redeemed", _used(session, Redemption.at, Issue.id, at, end))
        _add(counts, f"{name}refunded", _used(session, Redemption.refunded_at, Issue.id, at, end))
    for why in ReturnWhy:
        _add(counts, why, _returned(session, why, week))
    for kind in (EntryKind.RESERVE, EntryKind.RELEASE):
        _add(counts, kind, _of_ledger(session, kind, week))
    found = session.execute(
        select(col(Issue.id), col(Issue.region), col(Issue.title))
        .where(col(Issue.region).in_(regions))
        .order_by(col(Issue.region), col(Issue.title), col(Issue.id))
    )
    return [
        IssueLine(region, title, **_shown(counted), left_fen=_left(counted))
        for id, region, title in found
        if (counted := counts.get(id)) is not None and (_shown(counted) or _left(counted))
    ]


def merchants(session: Session, week: Week, regions: Set[str]) -> list[MerchantLine]:
    """The merchants of some regions where anything was used or refunded."""
    counts: dict[int, Counter[str]] = {}
    within = week.begin, week.end
    _add(counts, "redeemed", _used(session, Redemption.at, Merchant.id, *within))
    _add(counts, "refunded", _used(session, Redemption.refunded_at, Merchant.id, *within))
    found = session.execute(
        select(col(Merchant.id), col(Merchant.region), col(Merchant.name))
        .where(col(Merchant.region).in_(regions))
        .order_by(col(Merchant.region), col(Merchant.name))
    )
    return [
        MerchantLine(region, name, **dict(counts[id])) for id, region, name in found if id in counts
    ]


def _add(counts: dict[Any, Counter[str]], name: str, rows: Iterator[tuple[Any, int, int]]) -> None:
    for key, count, fen in rows:
        counts.setdefault(key, Counter()).update({name: count, f"{name}_fen": fen})


def _shown(counted: Counter[str]) -> dict[str, int]:
    names = ("issued", "redeemed", "refunded", *map(str, ReturnWhy))
    return {
        key: counted[key] for name in names for key in (name, f"{name}_fen") if counted.get(key)
    }


def _left(counted: Counter[str]) -> int:
    """What the fund holds back for it, without what merchants are owed or were paid."""
    held = counted[f"{EntryKind.RESERVE}_fen"] - counted[f"{EntryKind.RELEASE}_fen"]
    return held - counted["all_redeemed_fen"] + counted["all_refunded_fen"]


def _given(session: Session, begin: Any, end: Any) -> Iterator[tuple[str, int, int]]:
    rows = session.execute(
        select(col(Voucher.issue_id), func.count(), func.sum(col(Voucher.amount_fen)))
        .where(*_between(col(Voucher.issued_at), begin, end))
        .group_by(col(Voucher.issue_id))
    )
    for id, count, fen in rows:
        yield id, count, int(fen)


def _used(session: Session, at: Any, key: Any, begin: Any, end: Any) -> Iterator[Any]:
    rows = session.execute(
        select(key, func.count(), func.sum(col(Redemption.amount_fen)))
        .join(Voucher, col(Voucher.id) == col(Redemption.voucher_id))
        .join(Issue, col(Issue.id) == col(Voucher.issue_id))
        .join(Merchant, col(Merchant.id) == col(Redemption.merchant_id))
        .where(*_between(col(at), begin, end))
        .group_by(key)
    )
    for id, count, fen in rows:
        yield id, count, int(fen)


def _returned(session: Session, why: ReturnWhy, week: Week) -> Iterator[tuple[str, int, int]]:
    vouchers = func.count(distinct(col(Return.voucher_id)))
    rows = session.execute(
        select(col(Voucher.issue_id), vouchers, func.sum(col(Return.amount_fen)))
        .join(Voucher, col(Voucher.id) == col(Return.voucher_id))
        .where(col(Return.why) == why, *_between(col(Return.at), week.begin, week.end))
        .group_by(col(Voucher.issue_id))
    )
    for id, count, fen in rows:
        yield id, count, int(fen)


def _of_ledger(session: Session, kind: EntryKind, week: Week) -> Iterator[tuple[str, int, int]]:
    rows = session.execute(
        select(col(FundEntry.issue_id), func.count(), func.sum(col(FundEntry.amount_fen)))
        .where(
            col(FundEntry.kind) == kind,
            col(FundEntry.issue_id).is_not(None),
            col(FundEntry.at) < week.end,
        )
        .group_by(col(FundEntry.issue_id))
    )
    for id, count, fen in rows:
        yield id, count, int(fen)


def _between(at: Any, begin: Any, end: Any) -> list[ColumnElement[bool]]:
    return [at < end] if begin is None else [at >= begin, at < end]
