"""Files for the bank: every digit as it is, nothing that runs; its answer is read strictly."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from server.casework import bank_files
from server.casework.bank_files import BankFileRefused, read_results
from server.casework.payment_batches import Line
from server.casework.payment_results import Fault, Result
from server.casework.payments import yuan
from server.confidential.private_files import in_memory
from tests.funding import answered
from tests.hostile_files import bloated

AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
CARD = "6217001234567890123"
"""More digits than a spreadsheet's number holds."""


def _line(**other: object) -> Line:
    values = {
        "payment_id": "PABCDEFGHJKLMNPQ",
        "case_id": "261122K7M39QZT",
        "name": "王小明",
        "bank_card": CARD,
        "amount_fen": 300_000_001,
        "what_for": "失业保险金",
        **other,
    }
    return Line(**values)  # type: ignore[arg-type]


LIVE = ("=1+1", '=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "\t=1", "http://x.cn", "1E5")


def test_every_cell_of_the_workbook_is_text(tmp_path: Path) -> None:
    lines = [_line(name=text, what_for=text) for text in LIVE]
    file = tmp_path / "batch.xlsx"
    file.write_bytes(bank_files.xlsx("F261122ABC", lines, AT))
    with ZipFile(file) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet and "hyperlink" not in sheet
    rows = list(load_workbook(file).worksheets[0].iter_rows(min_row=2))
    for row, text in zip(rows, LIVE, strict=True):
        assert {cell.data_type for cell in row} == {"s"}
        assert [cell.value for cell in row] == [
            "PABCDEFGHJKLMNPQ", text, CARD, "3000000.01", text, "261122K7M39QZT",
        ]  # fmt: skip


def test_a_cell_that_is_written_otherwise_is_live(tmp_path: Path) -> None:
    """The control: with the library's own defaults a name becomes a formula."""
    import xlsxwriter

    file = tmp_path / "live.xlsx"
    with xlsxwriter.Workbook(file) as book:
        book.add_worksheet().write(0, 0, "=1+1")
    with ZipFile(file) as archive:
        assert "<f>" in archive.read("xl/worksheets/sheet1.xml").decode()


def test_the_csv_has_every_digit_and_nothing_live() -> None:
    content = bank_files.csv_file([_line(name=text) for text in LIVE])
    assert content.startswith("\ufeff".encode())
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))[1:]
    for row, text in zip(rows, LIVE, strict=True):
        assert row[2] == CARD and row[3] == "3000000.01"
        assert row[1] in (text, f"'{text}")
        assert not row[1].startswith(("=", "+", "-", "@", "\t"))


def test_the_same_lines_give_the_same_bytes() -> None:
    lines = [_line()]
    assert bank_files.xlsx("F1", lines, AT) == bank_files.xlsx("F1", lines, AT)
    assert bank_files.xlsx("F1", lines, AT) != bank_files.xlsx("F1", [_line(amount_fen=1)], AT)


@given(fen=st.integers(1, 10**13))
def test_a_sum_comes_back_to_the_fen(fen: int) -> None:
    text = yuan(fen)
    whole, part = text.split(".")
    assert int(whole) * 100 + int(part) == fen and len(part) == 2


def test_what_the_bank_sends_back_is_read(tmp_path: Path) -> None:
    file = tmp_path / "answer.csv"
    file.write_bytes(answered(bank_files.csv_file([_line(), _line(payment_id="PB")]), [1]))
    results, bad = read_results(file)
    assert bad == []
    assert results == [
        Result(2, "PABCDEFGHJKLMNPQ", 300_000_001, True, "", "王小明", CARD),
        Result(3, "PB", 300_000_001, False, "账号与户名不符", "王小明", CARD),
    ]


HEADER = "流水号,金额,结果,原因\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_encodings_of_banks_are_read(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "answer.csv"
    file.write_bytes((HEADER + "PA,1.5,失败,销户\n").encode(encoding))
    assert read_results(file) == ([Result(2, "PA", 150, False, "销户")], [])


@pytest.mark.parametrize(
    "row",
    ["PA,,成功,", "PA,1.234,成功,", "PA,-1,成功,", "PA,1e3,成功,", "PA,1,好,", "PA,1,成功",
     "PA,1,成功,,5", 'PA,"1,00.00",成功,', "PA,１.00.0,成功,", "PA,=1,成功,", "PA,nan,成功,"],
)  # fmt: skip
def test_a_row_that_cannot_be_read_is_told_with_its_line(tmp_path: Path, row: str) -> None:
    file = tmp_path / "answer.csv"
    file.write_text(HEADER + "PB,1,成功,\n" + row + "\n", encoding="utf-8")
    results, bad = read_results(file)
    assert [each.payment_id for each in results] == ["PB"]
    assert [(each.line, each.fault) for each in bad] == [(3, Fault.UNREADABLE)]


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\xff", HEADER.encode(), "流水号,金额,结果\nPA,1,成功\n".encode(),
     "流水号,金额,结果,原因,余额\nPA,1,成功,,2\n".encode(),
     "流水号,流水号,金额,结果,原因\nPA,PA,1,成功,\n".encode(), b"PK\x03\x04no workbook",
     (HEADER + 'PA,"1,成功,\n').encode()],
    ids=["empty", "bytes", "no rows", "column missing", "column unknown", "column twice",
         "no workbook", "open quote"],
)  # fmt: skip
def test_a_file_that_is_no_answer_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "answer"
    file.write_bytes(content)
    with pytest.raises(BankFileRefused):
        read_results(file)


def test_a_workbook_that_breaks_off_within_is_refused(tmp_path: Path) -> None:
    file, damaged = tmp_path / "answer.xlsx", tmp_path / "damaged.xlsx"
    file.write_bytes(bank_files.xlsx("F261122ABC", [_line()], AT))
    with ZipFile(file) as whole, ZipFile(damaged, "w") as archive:
        for name in whole.namelist():
            part = whole.read(name)
            archive.writestr(name, part[: len(part) // 2] if "sheet1" in name else part)
    with pytest.raises(BankFileRefused):
        read_results(damaged)


def test_a_workbook_that_unpacks_to_more_than_any_answer_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "answer.xlsx"
    file.write_bytes(bloated(bank_files.xlsx("F261122ABC", [_line()], AT)))
    assert file.stat().st_size < 100_000
    with pytest.raises(BankFileRefused, match="unpacks"):
        read_results(file)


def test_a_workbook_is_read_as_it_stands(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    sheet.append(["流水号", "账号", "金额", "结果", "原因"])
    sheet.append(["PA", CARD, 3000, "成功", None])
    sheet.append(["PB", int(CARD), 3000.5, "失败", "销户"])
    sheet.append(["PC", CARD, "=1+1", "成功", None])
    sheet.append([None, None, None, None, None])
    file = tmp_path / "answer.xlsx"
    book.save(file)
    # As it is sent to the desk: without its name.
    with in_memory(file.read_bytes()) as path:
        results, bad = read_results(path)
    assert [(each.payment_id, each.amount_fen) for each in results] == [
        ("PA", 300_000),
        ("PB", 300_050),
    ]
    # What a spreadsheet made of the digits is not taken for the account.
    assert results[0].bank_card == CARD
    assert [(each.line, each.fault) for each in bad] == [(4, Fault.UNREADABLE)]
