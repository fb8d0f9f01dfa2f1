"""The rows of a CSV or XLSX file as texts, one after the other; a broken row stops no other."""

import codecs
import csv
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import Any, TextIO

_XLSX = b"PK\x03\x04"
_XLS = b"\xd0\xcf\x11\xe0"
_BLOCK = 1 << 16
_MOST_UNPACKED = 48 * 1024 * 1024
# As many as Excel has.
_MOST_ROWS = 1_048_576
# A cell far to the right makes up all the empty ones before it. So many may be made of any sheet,
# and one more for each few bytes of it: a cell that is filled takes some forty.
_CELLS_OF_ANY = 1_000_000
_BYTES_PER_CELL = 4
_MOST_AGAIN = 8 * 1024 * 1024
_TIMES_AGAIN = 8


class SheetRefused(ValueError):
    """A file that can't be read as a table, or not to its end."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row, with the line it begins at; `broken` says why its cells can't be told."""

    line: int
    cells: list[str]
    broken: str = ""


def read_rows(path: Path) -> Iterator[Row]:
    """Read the rows that aren't blank, the first as the header; raises `SheetRefused`.

    Every row has as many cells as the header, or is broken.
    """
    if path.is_fifo():
        raise SheetRefused(f"{path.name}: a pipe, which can't be read twice; save it as a file")
    with path.open("rb") as file:
        begin = file.read(4)
    if begin == _XLS:
        raise SheetRefused(f"{path.name}: an old Excel file; save it as .xlsx or CSV")
    if path.suffix.lower() == ".xlsx" and begin != _XLSX:
        raise SheetRefused(f"{path.name}: no Excel file, or a damaged one; save it anew or as CSV")
    return _xlsx_rows(path) if begin == _XLSX else _csv_rows(path)


def refuse_bloated(path: Path) -> None:
    """Raise `SheetRefused` for an Excel file that unpacks to more than any that is handed in holds.

    A hundred kilobytes can become gigabytes, and all texts of a workbook are read before its first
    row. Who reads a file of their own, of a million people for one, need not ask.
    """
    with path.open("rb") as file:
        if file.read(4) != _XLSX:
            return
    try:
        size = _unpacked(path)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise SheetRefused(f"{path.name}: a damaged Excel file: {error}") from error
    if size > _MOST_UNPACKED:
        raise SheetRefused(f"{path.name}: unpacks to more than {_MOST_UNPACKED >> 20} MB")


def _unpacked(path: Path) -> int:
    """How many bytes a packed file holds; no member gives more than it says."""
    with zipfile.ZipFile(path) as packed:
        return sum(member.file_size for member in packed.infolist())


def _fitted(cells: list[str], width: int) -> list[str] | None:
    """Cut off blank cells behind the last column; None where cells are left over or missing."""
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    return cells if len(cells) == width else None


def _heading(cells: list[str]) -> list[str]:
    while cells and not cells[-1].strip():
        cells.pop()
    return cells


# -- CSV --------------------------------------------------------------------------------------


def _csv_rows(path: Path) -> Iterator[Row]:
    encoding, whole = _encoding_of(path)
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        lines = _Lines(file)
        reader = csv.reader(lines, strict=True)
        width = 0
        while True:
            broken = ""
            cells: list[str] = []
            lines.begin()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                broken = str(error)
            if not broken and not any(map(str.strip, cells)):
                continue
            if not width:
                cells = _heading(cells)
                width = len(cells)
            elif not broken:
                found = len(cells)
                fitted = _fitted(cells, width)
                broken = "" if fitted else f"{found} cells under {width} headers"
            if not broken and not whole and any("\ufffd" in cell for cell in cells):
                broken = f"bytes that are not {encoding}"
            yield Row(lines.first, [] if broken else cells, broken)
            if broken and not lines.give_back():
                raise SheetRefused(f"{path.name}: line {lines.first}: too many rows without an end")


class _Lines:
    """The lines of a file, counted; those of a broken row but the first can be read again.

    A quote that isn't closed takes in the rows after it, as many as a cell may be long: they are
    sound, and are given back. Where each row is such a one, all would be read for each of them.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._taken: list[str] = []
        self._given_back: list[str] = []
        self._read = self._again = 0
        self.first = 1
        """The line at which the row begins."""

    def begin(self) -> None:
        """Take the next line as the first of a row."""
        self.first += len(self._taken)
        self._taken.clear()

    def give_back(self) -> bool:
        """Let the lines of the row after its first be read again; False: that came too often."""
        self._given_back += self._taken[:0:-1]
        self._again += sum(map(len, self._taken[1:]))
        del self._taken[1:]
        return self._again <= _MOST_AGAIN + _TIMES_AGAIN * self._read

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if self._given_back:
            line = self._given_back.pop()
        else:
            line = next(self._file)
            self._read += len(line)
        self._taken.append(line)
        return line


def _encoding_of(path: Path) -> tuple[str, bool]:
    """Return the encoding of a text, and whether every byte of it is of that encoding."""
    for encoding in ("utf-8", "gb18030"):
        if _decodable(path, encoding):
            return ("utf-8-sig" if encoding == "utf-8" else encoding), True
    with path.open("rb") as file:
        head = file.readline(_BLOCK)
    try:
        head.decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030", False
    return "utf-8-sig", False


def _decodable(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while block := file.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


# -- XLSX -------------------------------------------------------------------------------------


def workbook_rows(path: Path, *, data_only: bool) -> Iterator[tuple[Any, ...]]:
    """The first sheet of an Excel file, row by row; whatever openpyxl stumbles over is raised.

    `data_only`: of a formula its last result, not as it stands.
    """
    from openpyxl import load_workbook

    cells, most_cells = 0, _CELLS_OF_ANY + _unpacked(path) // _BYTES_PER_CELL
    # Not by its path: what was sent to the desk has no name, and only `.xlsx` would be read.
    with (
        path.open("rb") as file,
        closing(load_workbook(file, read_only=True, data_only=data_only)) as book,
    ):
        sheet = book.worksheets[0]
        # What the file says of its own size is often wrong.
        sheet.reset_dimensions()
        # A row may say that it is the two thousand millionth: all above it would be made up.
        rows = sheet.iter_rows(max_row=_MOST_ROWS + 1, values_only=True)
        for line, values in enumerate(rows, start=1):
            cells += len(values)
            if line > _MOST_ROWS or cells > most_cells:
                raise SheetRefused("more rows or cells than a table of people has")
            yield values


def _xlsx_rows(path: Path) -> Iterator[Row]:
    line = 0
    width = 0
    try:
        for line, values in enumerate(workbook_rows(path, data_only=True), start=1):
            cells = [_text(value) for value in values]
            if not any(map(str.strip, cells)):
                continue
            if not width:
                cells = _heading(cells)
                width = len(cells)
            cells += [""] * (width - len(cells))
            found = len(cells)
            broken = "" if _fitted(cells, width) else f"{found} cells under {width} headers"
            yield Row(line, cells, broken)
    except Exception as error:
        # A damaged workbook may break the reading of it anywhere.
        raise SheetRefused(f"{path.name}: breaks off after line {line}: {error}") from error


def _text(value: Any) -> str:
    """Return a cell as it would stand in a CSV file."""
    if value is None:
        return ""
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
