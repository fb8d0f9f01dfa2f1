"""Taking the text out of what editors upload: runs as a process of its own, with little of both.

    python recognising.py < file > report, a line of JSON, and the text

Nothing of the service is in here: whatever a file does to its reader, it does it to nobody else.
"""

import io
import json
import re
import resource
import sys
import unicodedata
import zipfile
from enum import StrEnum
from typing import Any

CPU_SECONDS = 10
ADDRESS_SPACE = 700 * 1024 * 1024
MOST_UNPACKED = 48 * 1024 * 1024
MOST_PAGES = 200
LONGEST_TEXT = 400_000
"""Characters: ten times the longest document there is."""
_HTML = re.compile(rb"<(?:!doctype html|html|head|body|div|p|table)[\s>]", re.I)
_CHARSET = re.compile(rb"""charset=["']?([a-zA-Z0-9_-]{2,20})""")


class Kind(StrEnum):
    """What a file is."""

    TEXT = "text"
    HTML = "html"
    DOCX = "docx"
    PDF = "pdf"


class Refusal(StrEnum):
    """Why a file is not taken."""

    EMPTY = "empty"
    KIND = "kind"
    """None of the kinds that can be read."""
    BROKEN = "broken"
    TOO_LARGE = "too_large"
    """More pages, text or unpacked content than a policy document has."""
    LOCKED = "locked"
    NO_TEXT = "no_text"
    """A scan: pictures of pages."""
    TOO_HARD = "too_hard"


class Refused(ValueError):
    """A file that is not taken; `why` says why."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(why)
        self.why = why


def recognise(content: bytes) -> tuple[Kind, str]:
    """The kind of a file and its text; raises `Refused`."""
    if not content.strip():
        raise Refused(Refusal.EMPTY)
    if content.startswith(b"%PDF-"):
        return Kind.PDF, _checked(unicodedata.normalize("NFKC", _of_pdf(content)))
    if content.startswith(b"PK"):
        return Kind.DOCX, _checked(_of_docx(content))
    text = _decoded(content)
    if _HTML.search(content[:20_000]):
        return Kind.HTML, _checked(_of_html(text))
    return Kind.TEXT, _checked(text)


def _checked(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    if not text.strip():
        raise Refused(Refusal.NO_TEXT)
    if len(text) > LONGEST_TEXT:
        raise Refused(Refusal.TOO_LARGE)
    return text


def _decoded(content: bytes) -> str:
    """A text in the encoding that it says or shows; anything else is no text."""
    declared = _CHARSET.search(content[:4096])
    tried = [declared.group(1).decode("ascii")] if declared else []
    for encoding in (*tried, "utf-8-sig", "gb18030", "utf-16"):
        try:
            text = content.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
        odd = sum(
            1 for char in text if unicodedata.category(char) == "Cc" and char not in "\t\r\n\f"
        )
        if odd <= len(text) // 200:
            return text
    raise Refused(Refusal.KIND)


def _of_html(text: str) -> str:
    import trafilatura

    found = trafilatura.extract(
        text, include_tables=True, include_comments=False, favor_recall=True, deduplicate=False
    )
    if not found:
        raise Refused(Refusal.NO_TEXT)
    return str(found)


def _of_docx(content: bytes) -> str:
    import docx
    from docx.table import Table

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            listed = archive.infolist()
            if "word/document.xml" not in archive.namelist():
                raise Refused(Refusal.KIND)
            if sum(info.file_size for info in listed) > MOST_UNPACKED or len(listed) > 2000:
                raise Refused(Refusal.TOO_LARGE)
            if any(info.flag_bits & 1 for info in listed):
                raise Refused(Refusal.LOCKED)
        document = docx.Document(io.BytesIO(content))
        lines: list[str] = []
        for block in document.iter_inner_content():
            if isinstance(block, Table):
                lines += [" | ".join(cell.text.strip() for cell in row.cells) for row in block.rows]
            else:
                lines.append(block.text)
    except (Refused, MemoryError):
        raise
    except Exception as error:
        raise Refused(Refusal.BROKEN) from error
    return "\n".join(lines)


def _of_pdf(content: bytes) -> str:
    import pypdf

    try:
        reader = pypdf.PdfReader(io.BytesIO(content))
        if reader.is_encrypted:
            raise Refused(Refusal.LOCKED)
        if len(reader.pages) > MOST_PAGES:
            raise Refused(Refusal.TOO_LARGE)
        return "\n".join(page.extract_text() for page in reader.pages)
    except (Refused, MemoryError):
        raise
    except Exception as error:
        raise Refused(Refusal.BROKEN) from error


def main() -> None:
    """Read a file from the standard input and write what was found."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    report: dict[str, Any]
    text = ""
    try:
        kind, text = recognise(sys.stdin.buffer.read())
        report = {"kind": kind}
    except Refused as refused:
        report = {"refused": refused.why}
    except (MemoryError, RecursionError):
        report = {"refused": Refusal.TOO_HARD}
    head = json.dumps(report).encode() + b"\n"
    sys.stdout.buffer.write(head + text.encode("utf-8", "replace"))


if __name__ == "__main__":
    main()
