"""What people are told of their vouchers, through the outbox.

Each is written in the transaction of what it tells of. That a voucher ends soon, or came unasked
with a round, arrives by day only; everything else at once, as somebody has just done it.
"""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import select
from sqlmodel import Session, col

from server.casework.advancing import Post, Recipient
from server.clock import CHINA, china_day
from server.database.tables import Worker
from server.money import yuan
from server.notices.templates import NoticeKind, next_time
from server.vouchers.tables import Issue, Voucher

_SHOW_IT = "用的时候，给商户看我的卡券里的码"
_LAST_DAYS = "过了这一天就不能用了"


def tell_issued(
    session: Session,
    post: Post,
    issue: Issue,
    vouchers: Iterable[Voucher],
    *,
    unasked: bool = False,
    now: datetime,
) -> None:
    """Tell people that they have a voucher, how much it is, and until when.

    Whoever asked for none (`unasked`) isn't woken by it.
    """
    is_open = issue.first_on <= china_day(now)
    values = {
        "title": issue.title,
        "worth": _sums(issue.amount_fen, issue.amount_fen, issue.uses) or "不限次数",
        "until": _day(issue.last_on),
        "hint": _SHOW_IT if is_open else f"{_day(issue.first_on)}起能用",
    }
    to = [Recipient(each.worker_id, {**values, "voucher": each.id}) for each in vouchers]
    due_at = next_time(NoticeKind.VOUCHER_ENDS, now) if unasked else None
    post.send_many(session, NoticeKind.VOUCHER, to, due_at=due_at, now=now)


def tell_ending(
    session: Session, post: Post, issue: Issue, vouchers: Iterable[Voucher], *, now: datetime
) -> None:
    """Tell people that what is left of a voucher can be used a few days longer."""
    values = {"title": issue.title, "until": _day(issue.last_on), "hint": _LAST_DAYS}
    to = [
        Recipient(each.worker_id, {**values, "left": _left(each, issue), "voucher": each.id})
        for each in vouchers
    ]
    post.send_many(session, NoticeKind.VOUCHER_ENDS, to, now=now)


def tell_used(
    session: Session,
    post: Post,
    *,
    redemption_id: str,
    voucher_id: str,
    merchant: str,
    amount_fen: int,
    refunded: bool = False,
    now: datetime,
) -> None:
    """Tell somebody where a voucher was used, or the use taken back, how much, what is left.

    Once for each; nobody where the person was erased meanwhile.
    """
    row = session.execute(
        select(Voucher, Issue)
        .join(Issue, col(Issue.id) == col(Voucher.issue_id))
        .join(Worker, col(Worker.id) == col(Voucher.worker_id))
        .where(col(Voucher.id) == voucher_id, col(Worker.erased_at).is_(None))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        return
    voucher, issue = row
    how_much = f"{yuan(amount_fen)}元" if issue.amount_fen else "1次"
    is_over = china_day(now) > issue.last_on
    at = now.astimezone(CHINA)
    post.send(
        session,
        NoticeKind.VOUCHER_USED,
        worker_id=voucher.worker_id,
        values={
            "voucher": voucher.id,
            "title": issue.title,
            "merchant": merchant,
            "used": f"退回{how_much}" if refunded else f"用了{how_much}",
            "left": "已经过期" if is_over else _left(voucher, issue),
            "at": f"{at:%Y-%m-%d %H:%M}",
        },
        key=f"redemption {redemption_id}{' refunded' if refunded else ''}",
        now=now,
    )


def _left(voucher: Voucher, issue: Issue) -> str:
    """What is left, short enough for a field of a message: a sum is never cut."""
    if voucher.ended_at is not None:
        return "已经收回"
    if voucher.left_uses == 0 or (issue.amount_fen and not voucher.left_fen):
        return "已经用完"
    told = _sums(issue.amount_fen, voucher.left_fen, voucher.left_uses)
    return f"还剩{told}" if told else "不限次数"


def _sums(amount_fen: int, fen: int, uses: int | None) -> str:
    money = [f"{yuan(fen)}元"] if amount_fen else []
    return "、".join([*money, *([] if uses is None else [f"{uses}次"])])


def _day(on: date) -> str:
    return f"{on:%Y-%m-%d}"
