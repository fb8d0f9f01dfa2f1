"""A settlement as a workbook: every cell is text, so that nothing rounds a sum or an account."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from server.casework.workbooks import text_sheet, workbook
from server.clock import CHINA
from server.money import yuan
from server.vouchers.settling import Owed, Used

_LINES = ("流水号", "户名", "账号", "开户行", "金额", "商户", "笔数", "用途")
_USES = ("商户", "核销编号", "时间", "券", "金额")


def xlsx(
    settlement_id: str,
    owed: Sequence[Owed],
    used: Mapping[str, Sequence[Used]],
    what_for: str,
    at: datetime,
) -> bytes:
    """One sheet for the bank, one with every redemption; the same gives the same bytes.

    `used` are the redemptions by line.
    """
    lines = [
        (
            each.line.id, each.account.payee, each.account.number, each.account.bank,
            yuan(each.line.amount_fen), each.merchant, str(each.line.redemptions), what_for,
        )
        for each in owed
    ]  # fmt: skip
    uses = [
        (
            each.merchant, one.redemption.id,
            f"{one.redemption.at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}", one.title,
            yuan(one.redemption.amount_fen),
        )
        for each in owed
        for one in used[each.line.id]
    ]  # fmt: skip
    with workbook(settlement_id, at) as writing:
        text_sheet(writing, "付款", _LINES, lines)
        text_sheet(writing, "明细", _USES, uses)
    return writing.written.getvalue()
