"""What cleaning did to figures, days and tables is found, whatever else it changed."""

import pytest

from knowledge.unkept import Sort, unkept


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("每人每月 500 元", "每人每月500元"),
        ("每人５００元", "每人500元"),
        ("補貼500元", "补贴500元"),
        ("一、补贴500元。\n分享到微信", "一、补贴500元。"),
        ("培训 | 300元", "培训 |  300元"),
        ("到2022年3月31\n日为止", "到2022年3月31日为止"),
    ],
)
def test_what_only_looks_otherwise_is_kept(raw: str, cleaned: str) -> None:
    assert unkept(raw, cleaned) == []


def test_a_figure_that_is_lost_or_new_is_named_with_where_it_stands() -> None:
    lost, new = unkept("每人每月补贴500元，先到先得", "每人每月补贴5000元，先到先得")
    assert (lost.sort, lost.words, lost.lost) == (Sort.FIGURE, "-500元", True)
    assert (new.sort, new.words, new.lost) == (Sort.FIGURE, "+5000元", False)
    assert "每月补贴500元" in lost.context and "每月补贴5000元" in new.context


def test_a_day_is_named_as_a_day() -> None:
    found = unkept("到2022年3月31日为止", "到2022年3月为止")
    assert {each.sort for each in found} == {Sort.DATE}
    assert "-31日" in {each.words for each in found}


def test_a_row_of_a_table_that_is_lost_is_told_whole() -> None:
    (row,) = unkept("项目 | 怎么办\n培训 | 报名\n说明", "项目 | 怎么办\n说明")
    assert (row.sort, row.words, row.lost) == (Sort.TABLE, "培训 | 报名", True)
