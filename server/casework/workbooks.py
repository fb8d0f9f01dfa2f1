"""Workbooks that are inert: no text becomes a formula, a number or a link by itself."""

import io
from collections.abc import Iterator
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
