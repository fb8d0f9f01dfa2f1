"""The filing list and the yearly assessment as workbooks: every cell is text, exact and inert."""

from collections.abc import Callable, Sequence
from datetime import datetime

from server.casework.workbooks import text_sheet, workbook
from server.clock import china_day
from server.money import yuan
from server.pairing.filing import Filed, Owing, UnitYear
from server.pairing.naming import RANKS
from server.pairing.tables import Rank

_FILED = ("单位", "帮扶人", "职级", "帮扶对象", "地区", "结对日期")
_OWING = ("单位", "干部", "地区", "情况")
_YEAR = (
    "单位", "帮扶人", "其中必须结对", "还没有结对", "年末结对", "本年新结对", "本年结束",
    "应走访", "已走访", "其中晚了", "逾期未走访", "给的东西和钱（元）",
)  # fmt: skip
_RULES = (
    ("依据", "《意见》三（三）、四（三）"),
    ("必须结对", "副县（处）级以上领导干部，每人至少一名困难职工"),
    ("应走访", "结对期间每满一个走访间隔算一次；间隔在结对时约定"),
    ("其中晚了", "走访那天已经过了到期日"),
    ("逾期未走访", "到年末（当年算到今天）走访已经到期、还没有去的结对"),
    ("走访和金额", "按走访那天算在哪一年；写错后撤回的不算"),
)


def filing_list(
    filed: Sequence[Filed], owing: Sequence[Owing], place: Callable[[str], str], at: datetime
) -> bytes:
    """Both lists of opinion 四(三), and who must pair and has not."""
    leading = [line for line in filed if line.rank is Rank.COUNTY]
    others = [line for line in filed if line.rank is not Rank.COUNTY]
    with workbook(f"结对帮扶备案名单 {china_day(at)}", at) as writing:
        text_sheet(writing, "副县级以上", _FILED, [_cells(line, place) for line in leading])
        text_sheet(writing, "科级和以下", _FILED, [_cells(line, place) for line in others])
        text_sheet(
            writing, "必须结对还没有结对", _OWING,
            [(line.unit, line.helper, place(line.region), "还没有结对") for line in owing],
        )  # fmt: skip
    return writing.written.getvalue()


def assessment(year: int, units: Sequence[UnitYear], at: datetime) -> bytes:
    """One line for each unit, and what each column counts."""
    lines = [
        (
            each.unit, *map(str, (
                each.helpers, each.must, each.owing, each.standing, each.accepted, each.ended,
                each.due, each.visits, each.late, each.overdue,
            )), yuan(each.given_fen),
        )
        for each in units
    ]  # fmt: skip
    with workbook(f"结对帮扶考核表 {year}", at) as writing:
        text_sheet(writing, f"{year}年", _YEAR, lines)
        text_sheet(writing, "怎么算的", ("项目", "说明"), _RULES)
    return writing.written.getvalue()


def _cells(line: Filed, place: Callable[[str], str]) -> tuple[str, ...]:
    person = f"{line.person}的孩子" if line.for_child else line.person
    rank = RANKS[line.rank]
    return line.unit, line.helper, rank, person, place(line.region), line.since.isoformat()
