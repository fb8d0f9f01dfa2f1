"""A line of a spreadsheet is read as the desk's form reads what is typed."""

from datetime import date
from typing import TYPE_CHECKING

import pytest

from knowledge.eligibility.sheets import Row, read_rows
from server.register.sheets import Bad, Fault, Read, Sheet
from server.register.tables import Level
from tests import citizens

if TYPE_CHECKING:
    from pathlib import Path

    from knowledge.library import Library

HEADERS = {"姓名": "name", "身份证号": "identity_number"}
WHO = (citizens.name(1), citizens.identity_number(1))


def read(library: "Library", header: str, use: str, cell: str) -> Read | Bad:
    sheet = Sheet(
        [*HEADERS, header],
        {**HEADERS, header: use},
        library.facts,
        region="石狮",
        regions={},
        level=Level.BELOW_LINE,
        today=date(2026, 3, 1),
    )
    return sheet.read(Row(2, [*WHO, cell]))


@pytest.mark.parametrize(
    ("cell", "fen"),
    [
        ("1234.56", 1234_56),
        ("1,200元", 1200_00),
        ("１２００．５", 1200_50),
        ("900", 900_00),
        ("0", 0),
        ("0.29", 29),
        ("100000", 100_000_00),
        ("1233.3333333333333", 1233_33),
        ("1234.5600000000002", 1234_56),
        ("1234.5649999999998", 1234_56),
        ("0.30000000000000004", 30),
    ],
)
def test_not_a_fen_of_an_income_is_lost(library: "Library", cell: str, fen: int) -> None:
    found = read(library, "人均月收入", "income", cell)
    assert isinstance(found, Read) and found.registered.income_fen == fen


@pytest.mark.parametrize(
    "cell", ["1.234", "-3", "100000.01", "100000.0100000001", "1e3", "nan", "一千", "1_000"]
)
def test_an_income_that_the_desk_would_not_take_is_told(library: "Library", cell: str) -> None:
    assert read(library, "人均月收入", "income", cell) == Bad(2, "人均月收入", Fault.CHOICE)


@pytest.mark.parametrize(("cell", "members"), [("3", 3), ("3.0", 3), ("3.5", None), ("三", None)])
def test_members_are_whole(library: "Library", cell: str, members: int | None) -> None:
    found = read(library, "家庭人口", "members", cell)
    if members is None:
        assert found == Bad(2, "家庭人口", Fault.CHOICE)
    else:
        assert isinstance(found, Read) and found.members == members


def test_a_quotient_of_a_workbook_is_its_fen(library: "Library", tmp_path: "Path") -> None:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["人均月收入"])
    for value in (3700 / 3, 1234.56, 1200.0, 0.1 + 0.2):
        sheet.append([value])
    book.save(tmp_path / "people.xlsx")
    cells = [row.cells[0] for row in read_rows(tmp_path / "people.xlsx")][1:]
    read_here = [read(library, "人均月收入", "income", cell) for cell in cells]
    assert [r.registered.income_fen for r in read_here if isinstance(r, Read)] == [
        1233_33, 1234_56, 1200_00, 30,
    ]  # fmt: skip
