"""The one file for the inspectors: a list of the people, their proofs, a manifest with SHA-256.

Only here names and numbers stand in clear. The file is made in memory, one that is too large for it
in a place without a name, which is gone with the process. No transaction may be open meanwhile.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from server.arrears.joining import person_purpose
from server.arrears.tables import JointPart, JointReport
from server.casework.materials import content
from server.casework.tables import Material
from server.casework.workbooks import workbook
from server.clock import CHINA
from server.confidential.sealing import Safe, SealBroken
from server.material_store import ObjectMissing, Store
from server.money import yuan
from server.personal.persons import as_kept

LIST = "名单.xlsx"
MANIFEST = "SHA256SUMS.txt"
_COLUMNS = ("序号", "姓名", "身份证号", "手机号", "欠薪（元）", "已追回（元）", "证据")
_ERASED = "本人已要求删除资料"
_GONE = "读不出来"
_ENDINGS = {"image/jpeg": "jpg", "application/pdf": "pdf"}
_PIECE = 1 << 20
_IN_MEMORY = 32 << 20


@dataclass(frozen=True, slots=True)
class Packed:
    """The file, at its beginning, with its SHA-256 and length."""

    file: IO[bytes]
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Contents:
    """What goes into the file: all of it was read before."""

    report: JointReport
    place: str
    """What people call the region."""
    parts: Sequence[JointPart]
    proofs: Mapping[str, Sequence[Material]]
    """By part."""
    keys: Mapping[int, Safe]
    """By worker; who was erased is left out."""


def pack(contents: Contents, store: Store, folder: Path, *, at: datetime) -> Packed:
    """Write the file; raises `StoreAway`."""
    size = sum(each.size for some in contents.proofs.values() for each in some)
    # Whoever asked reads and closes it.
    file: IO[bytes] = BytesIO() if size < _IN_MEMORY else TemporaryFile(dir=folder)  # noqa: SIM115
    try:
        sums: dict[str, str] = {}
        with ZipFile(file, "w", ZIP_STORED) as packed:

            def write(name: str, data: bytes) -> None:
                packed.writestr(_entry(name, at), data)
                sums[name] = hashlib.sha256(data).hexdigest()

            rows = list(_rows(contents, store, write))
            write(LIST, _list(contents, rows, at))
            told = "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))
            packed.writestr(_entry(MANIFEST, at), told.encode())
        size = file.tell()
        return Packed(file, _digest(file), size)
    except BaseException:
        file.close()
        raise


def _rows(
    contents: Contents, store: Store, write: Callable[[str, bytes], None]
) -> Iterator[tuple[str, ...]]:
    for number, part in enumerate(contents.parts, start=1):
        own = contents.keys.get(part.worker_id)
        names = []
        for place, material in enumerate(contents.proofs.get(part.id, ()), start=1):
            ending = _ENDINGS.get(material.media_type, "bin")
            name = f"证据/{number:04}-{place:02}.{ending}"
            try:
                if own is None:
                    raise ObjectMissing(material.id)
                write(name, content(store, own, material.id))
            except (ObjectMissing, SealBroken):
                name += f"（{_GONE}）"
            names.append(name)
        owed, got = yuan(part.amount_fen), yuan(part.recovered_fen)
        yield (str(number), *_person(part, own), owed, got, "、".join(names) or "没有")


def _person(part: JointPart, own: Safe | None) -> tuple[str, str, str]:
    if own is None or part.sealed_person is None:
        return _ERASED, "", ""
    person = as_kept(json.loads(own.unseal(part.sealed_person, person_purpose(part.id))))
    return person.name, person.identity_number, person.phone


def _list(contents: Contents, rows: Sequence[Sequence[str]], at: datetime) -> bytes:
    report = contents.report
    head = (
        ("联名反映编号", report.id),
        ("单位", report.employer),
        ("地点", f"{contents.place}，{report.place}" if report.place else contents.place),
        ("欠薪月份", f"{report.first_month}至{report.last_month}"),
        ("人数", str(len(contents.parts))),
        ("合计（元）", yuan(sum(part.amount_fen for part in contents.parts))),
        ("制作时间", f"{at.astimezone(CHINA):%Y-%m-%d %H:%M}"),
    )
    with workbook(report.id, at) as writing:
        text = writing.book.add_format({"num_format": "@"})
        bold = writing.book.add_format({"bold": True, "num_format": "@"})
        sheet = writing.book.add_worksheet("名单")
        for line, (label, value) in enumerate(head):
            sheet.write_string(line, 0, label, bold)
            sheet.write_string(line, 1, value, text)
        begin = len(head) + 1
        for place, column in enumerate(_COLUMNS):
            sheet.write_string(begin, place, column, bold)
        for line, row in enumerate(rows, start=begin + 1):
            for place, cell in enumerate(row):
                sheet.write_string(line, place, cell, text)
        sheet.set_column(0, 5, 20)
        sheet.set_column(6, 6, 60)
        sheet.freeze_panes(begin + 1, 0)
    return writing.written.getvalue()


def _entry(name: str, at: datetime) -> ZipInfo:
    when = at.astimezone(CHINA)
    return ZipInfo(name, (when.year, when.month, when.day, when.hour, when.minute, when.second))


def _digest(file: IO[bytes]) -> str:
    file.seek(0)
    whole = hashlib.sha256()
    while piece := file.read(_PIECE):
        whole.update(piece)
    file.seek(0)
    return whole.hexdigest()
