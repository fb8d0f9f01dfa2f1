"""Workbooks that are inert: no text becomes a formula, a number or a link by itself."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.clock import CHINA


@dataclass(frozen=True, slots=True)
class Writing:
    """A workbook that is being written; its bytes are there once it is closed."""

    book: Any
    written: io.BytesIO


@contextmanager
def workbook(title: str, at: datetime) -> Iterator[Writing]:
    """A new workbook in memory; the same content and instant give the same bytes."""
    import xlsxwriter

    written = io.BytesIO()
    book = xlsxwriter.Workbook(
        written,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        },
    )
    book.set_properties({"title": title, "created": at.astimezone(CHINA).replace(tzinfo=None)})
    yield Writing(book, written)
    book.close()


def text_sheet(
    writing: Writing, name: str, head: Sequence[str], rows: Sequence[Sequence[str]]
) -> None:
    """One sheet whose every cell is text, so that nothing rounds a sum or an account."""
    text = writing.book.add_format({"num_format": "@"})
    sheet = writing.book.add_worksheet(name)
    for number, row in enumerate([head, *rows]):
        for place, cell in enumerate(row):
            sheet.write_string(number, place, cell, text)
    sheet.set_column(0, len(head) - 1, 22, text)
    sheet.freeze_panes(1, 0)
