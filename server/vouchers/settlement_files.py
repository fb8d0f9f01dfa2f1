"""A settlement as a workbook: every cell is text, so that nothing rounds a sum or an account."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from server.casework.payments import yuan
from server.casework.workbooks import workbook
from server.clock import CHINA
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
        text = writing.book.add_format({"num_format": "@"})
        for name, head, rows in (("付款", _LINES, lines), ("明细", _USES, uses)):
            sheet = writing.book.add_worksheet(name)
            for number, row in enumerate([head, *rows]):
                for place, cell in enumerate(row):
                    sheet.write_string(number, place, cell, text)
            sheet.set_column(0, len(head) - 1, 22, text)
            sheet.freeze_panes(1, 0)
    return writing.written.getvalue()
