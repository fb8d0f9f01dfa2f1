"""Files for the bank and from it: what goes out is exact and inert, what comes in is read strictly.

XLSX is for people: every cell is text, so that no program rounds an account or runs a formula. CSV
is for the bank's program; opened in a spreadsheet it would lose digits, as any CSV does.
"""

import csv
import io
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from knowledge.eligibility.sheets import refuse_bloated, workbook_rows
from server.casework.payment_batches import Line
from server.casework.payment_results import Bad, Fault, Result
from server.casework.workbooks import text_sheet, workbook
from server.money import NoSum, fen, yuan

_COLUMNS = ("流水号", "户名", "账号", "金额", "用途", "办件编号")
_ANSWERS = ("结果", "原因")
_NEEDED = ("流水号", "金额", *_ANSWERS)
_ALLOWED = frozenset({*_COLUMNS, *_ANSWERS})
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_OUTCOMES = {"成功": True, "失败": False}
_MOST_BYTES = 10_000_000
_MOST_ROWS = 10_000
_LONGEST_REASON = 200


class BankFileRefused(Exception):
    """A file that is no table of results; the message says why."""


def xlsx(batch_id: str, lines: Sequence[Line], at: datetime) -> bytes:
    """The lines as a workbook; the same lines and instant give the same bytes."""
    with workbook(batch_id, at) as writing:
        text_sheet(writing, batch_id, _COLUMNS, [_cells(line) for line in lines])
    return writing.written.getvalue()


def csv_file(lines: Sequence[Line]) -> bytes:
    """The lines as CSV; a text that a spreadsheet would take for a formula is made inert."""
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    writer.writerows([_inert(cell) for cell in _cells(line)] for line in lines)
    return written.getvalue().encode("utf-8-sig")


def read_results(path: Path) -> tuple[list[Result], list[Bad]]:
    """The bank's word on each payment, and the rows that can't be read.

    Raises `BankFileRefused`.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise BankFileRefused(f"{path.name}: more than {_MOST_BYTES // 1_000_000} MB")
    rows = read_rows(path)
    _, header = next(rows, (0, []))
    columns = _header(path.name, header)
    results: list[Result] = []
    bad: list[Bad] = []
    for line, cells in rows:
        if not any(cells):
            continue
        if len(results) + len(bad) >= _MOST_ROWS:
            raise BankFileRefused(f"{path.name}: more than {_MOST_ROWS} rows")
        read = _result(line, columns, cells)
        (results if isinstance(read, Result) else bad).append(read)  # type: ignore[arg-type]
    if not results and not bad:
        raise BankFileRefused(f"{path.name}: no rows")
    return results, bad


def read_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV or XLSX file as texts, each with its line; raises `BankFileRefused`."""
    with path.open("rb") as file:
        begin = file.read(4)
    return _xlsx_rows(path) if begin == b"PK\x03\x04" else _csv_rows(path)


def _cells(line: Line) -> tuple[str, ...]:
    amount = yuan(line.amount_fen)
    return line.payment_id, line.name, line.bank_card, amount, line.what_for, line.case_id


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _header(name: str, cells: list[str]) -> list[str]:
    if missing := [column for column in _NEEDED if column not in cells]:
        raise BankFileRefused(f"{name}: no column {'、'.join(missing)}")
    if unknown := [cell for cell in cells if cell not in _ALLOWED]:
        raise BankFileRefused(f"{name}: unknown columns {unknown}")
    if len(set(cells)) != len(cells):
        raise BankFileRefused(f"{name}: a column stands twice")
    return cells


def _result(line: int, columns: list[str], cells: list[str]) -> Result | Bad:
    if len(cells) != len(columns):
        return Bad(line, Fault.UNREADABLE, f"{len(cells)} cells under {len(columns)} headers")
    row = dict(zip(columns, cells, strict=True))
    try:
        amount = fen(row["金额"])
    except NoSum:
        amount = -1
    if amount < 0:
        return Bad(line, Fault.UNREADABLE, "金额")
    if row["结果"] not in _OUTCOMES:
        return Bad(line, Fault.UNREADABLE, "结果")
    if len(row["原因"]) > _LONGEST_REASON:
        return Bad(line, Fault.UNREADABLE, "原因")
    return Result(
        line,
        row["流水号"],
        amount,
        _OUTCOMES[row["结果"]],
        row["原因"],
        row.get("户名"),
        row.get("账号"),
    )


def _csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    content = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise BankFileRefused(f"{path.name}: neither UTF-8 nor GB 18030")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for cells in reader:
            yield reader.line_num, [plain_cell(cell) for cell in cells]
    except csv.Error as error:
        raise BankFileRefused(f"{path.name}: line {reader.line_num}: {error}") from error


def _xlsx_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        refuse_bloated(path)
        width = 0
        # Formulas are read as they stand, so that none passes for its last result.
        for line, values in enumerate(workbook_rows(path, data_only=False), start=1):
            cells = ["" if value is None else plain_cell(str(value)) for value in values]
            while len(cells) > width and not cells[-1]:
                cells.pop()
            width = width or len(cells)
            yield line, cells + [""] * (width - len(cells))
    except Exception as error:
        # A damaged workbook may break the reading of it anywhere.
        raise BankFileRefused(f"{path.name}: no workbook: {error}") from error


def plain_cell(cell: str) -> str:
    """A cell without blanks around it, in one way of writing it."""
    return unicodedata.normalize("NFKC", cell).strip()
