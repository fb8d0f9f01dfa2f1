"""Vouchers and their uses in one sentence, the same on the phone and in the chat."""

from datetime import date

from server.clock import CHINA
from server.money import yuan
from server.vouchers import issuing
from server.vouchers.tables import Issue, Redemption, Voucher


def told(voucher: Voucher, issue: Issue, today: date) -> str:
    """What is left of a voucher and until when, or why it can't be used on a day."""
    if voucher.ended_at is not None:
        return "已经收回。"
    if today > issue.last_on:
        return f"已经过期，最后一天是{day(issue.last_on)}。"
    if not issuing.is_usable(voucher, issue, max(today, issue.first_on)):
        return "已经用完。"
    parts = []
    if voucher.amount_fen:
        parts.append(f"还剩{yuan(voucher.left_fen)}元")
    if voucher.left_uses is not None:
        parts.append(f"还能用{voucher.left_uses}次")
    if today < issue.first_on:
        parts.append(f"{day(issue.first_on)}起才能用")
    parts.append(f"用到{day(issue.last_on)}")
    return "，".join(parts) + "。"


def used(use: Redemption, merchant: str, title: str) -> str:
    """When, where and of what a voucher was used."""
    at = use.at.astimezone(CHINA)
    parts = [f"{at.month}月{at.day}日{at:%H:%M}", merchant, title]
    if use.amount_fen:
        parts.append(f"{yuan(use.amount_fen)}元")
    return "，".join(parts) + ("，已经退了。" if use.refunded_at else "。")


def day(on: date) -> str:
    """A day as people write it."""
    return f"{on.year}年{on.month}月{on.day}日"
