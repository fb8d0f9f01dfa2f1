"""Money: kept in fen, written in yuan; one reader of what people type, and its writers."""

import re

_FULL_WIDTH = str.maketrans("０１２３４５６７８９，．－", "0123456789,.-")
# At most twelve digits before the point: what is more is a slip, and would overflow a column.
_WRITTEN = re.compile(
    r"(-?)(?:([0-9]{1,12}|[0-9]{1,3}(?:,[0-9]{3}){1,3})(?:\.([0-9]{0,2}))?|\.([0-9]{1,2}))元?"
)


class NoSum(ValueError):
    """What was written is no sum in yuan."""


def fen(written: str) -> int:
    """Fen from yuan as people write them: 5000000, 0.50, 1,200元, -3; raises `NoSum`."""
    read = _WRITTEN.fullmatch(written.strip().translate(_FULL_WIDTH))
    if read is None:
        raise NoSum
    sign, whole, after, only = read.groups()
    sum = int((whole or "0").replace(",", "")) * 100 + int((after or only or "").ljust(2, "0"))
    return -sum if sign else sum


def yuan(fen: int) -> str:
    """`1500.00`: as files and sentences have it."""
    return _sign(fen) + f"{abs(fen) // 100}.{abs(fen) % 100:02}"


def grouped(fen: int) -> str:
    """`1,500.00`: as tables have it, to be read at a glance."""
    return _sign(fen) + f"{abs(fen) // 100:,}.{abs(fen) % 100:02}"


def spoken(fen: int) -> str:
    """`1500`, and `1500.50` where there are fen: as people say pay."""
    return yuan(fen).removesuffix(".00")


def _sign(fen: int) -> str:
    return "-" if fen < 0 else ""
