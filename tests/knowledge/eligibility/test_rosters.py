"""A roster is read line by line; what is wrong with one line is told, and stops no other."""

import csv
import io
import random
import tracemalloc
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from knowledge.eligibility.facts import Interval, Reason
from knowledge.eligibility.rosters import (
    Chunk,
    Mapped,
    RosterRefused,
    Unread,
    read_mapping,
    read_roster,
)
from knowledge.files import KnowledgeFileRefused
from knowledge.library import Library

AS_OF = date(2022, 4, 10)
HEADER = ["编号", "参加失业保险", "unemployment_insurance_months", "失业日期", "替谁问"]
GOOD = ["甲1", "是", "12", "2021/1/15", "worker;employer"]
SAID = {
    "unemployment_insured": True,
    "unemployment_insurance_months": 12,
    "job_loss_date": date(2021, 1, 15),
    "applicant_role": frozenset({"worker", "employer"}),
}
People = list[tuple[int, str, dict[str, Any]]]
Read = Callable[..., tuple[People, list[Unread]]]


def people_of(chunks: Iterable[Chunk]) -> tuple[People, list[Unread]]:
    people: People = []
    unread: list[Unread] = []
    for chunk in chunks:
        unread += chunk.unread
        for number, (line, id) in enumerate(zip(chunk.lines, chunk.ids, strict=True)):
            values = {
                fact: column.levels[column.codes[number]] for fact, column in chunk.columns.items()
            }
            people.append((line, id, {key: v for key, v in values.items() if v is not None}))
    return people, unread


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


@pytest.fixture
def read(library: Library, tmp_path: Path) -> Read:
    def reading(
        content: str | bytes | Path, mapped: Mapped | None = None, size: int = 3
    ) -> tuple[People, list[Unread]]:
        path = tmp_path / "roster.csv"
        if isinstance(content, Path):
            path = content
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return people_of(read_roster(path, library.facts, AS_OF, mapped, size))

    return reading


@pytest.mark.parametrize("id", ["编号", "id", "ID", " 编号 "])
def test_labels_and_keys_head_the_columns(read: Read, id: str) -> None:
    assert read(csv_text([[id, *HEADER[1:]], GOOD])) == ([(2, "甲1", SAID)], [])


def test_columns_may_be_called_as_workers_read_them(read: Read) -> None:
    people, unread = read("编号,单位的原因没了工作\n甲,是\n")
    assert (people, unread) == ([(2, "甲", {"job_loss_involuntary": True})], [])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_encodings_and_line_ends_of_spreadsheets(read: Read, encoding: str, end: str) -> None:
    text = end.join([",".join(HEADER), ",".join(GOOD)])
    assert read(text.encode(encoding)) == ([(2, "甲1", SAID)], [])


def test_an_empty_cell_and_not_sure_are_unknown(read: Read) -> None:
    people, unread = read(csv_text([HEADER, ["a", "", "不清楚", "", ""]]))
    assert people == [(2, "a", {})] and not unread


def test_bounds_stay_bounds(read: Read) -> None:
    people, _ = read(csv_text([HEADER, ["a", "", "5-8", "", ""]]))
    assert people[0][2] == {"unemployment_insurance_months": Interval(5, 8)}


def test_the_line_tells_people_apart_where_no_column_does(read: Read) -> None:
    people, _ = read("参加失业保险\n是\n\n否\n")
    assert people == [
        (2, "", {"unemployment_insured": True}),
        (4, "", {"unemployment_insured": False}),
    ]


# -- bad lines --------------------------------------------------------------------------------

BAD = {
    "cell": ["b", "大概", "12", "", ""],
    "number": ["b", "是", "-3", "", ""],
    "day": ["b", "是", "3", "2031-01-01", ""],
    "short": ["b", "是"],
    "long": ["b", "是", "12", "", "", "是"],
}


@given(kinds=st.lists(st.sampled_from([*BAD, "good"]), max_size=12), size=st.integers(1, 5))
@settings(max_examples=60)
def test_a_bad_line_stops_no_other_and_is_nobody(
    library: Library, tmp_path_factory: pytest.TempPathFactory, kinds: list[str], size: int
) -> None:
    path = tmp_path_factory.mktemp("rosters") / "roster.csv"
    path.write_text(csv_text([HEADER, *(BAD.get(kind, GOOD) for kind in kinds)]), "utf-8")
    people, unread = people_of(read_roster(path, library.facts, AS_OF, size=size))
    lines = dict(enumerate(kinds, start=2))
    assert people == [(line, "甲1", SAID) for line, kind in lines.items() if kind == "good"]
    assert [each.line for each in unread] == [n for n, kind in lines.items() if kind != "good"]


def test_every_bad_cell_is_told_with_line_column_and_reason(read: Read) -> None:
    _, unread = read(csv_text([HEADER, GOOD, ["b", "大概", "-3", "", ""], BAD["long"]]))
    assert unread == [
        Unread(3, "参加失业保险", "wrong_type (allowed: true | false)", Reason.WRONG_TYPE),
        Unread(
            3,
            "unemployment_insurance_months",
            "out_of_range (allowed: 0 to 600)",
            Reason.OUT_OF_RANGE,
        ),
        Unread(4, "", "6 cells under 5 headers"),
    ]


def test_a_quote_that_is_not_closed_takes_no_other_line_with_it(read: Read) -> None:
    lines = [",".join(HEADER), *(f"p{n},是,12,," for n in range(200))]
    lines[100] = 'x,"是,12,,'
    people, unread = read("\n".join(lines))
    assert [line for line, _, _ in people] == [n for n in range(2, 202) if n != 101]
    assert [each.line for each in unread] == [101]


def test_rows_that_never_end_are_not_all_read_again_for_each_of_them(read: Read) -> None:
    text = ",".join(HEADER) + "\n" + 'a","b\n' * 20_000
    with pytest.raises(RosterRefused, match="without an end"):
        read(text)


def test_a_quoted_cell_may_hold_line_ends(read: Read) -> None:
    text = '编号,备注,参加失业保险\na,"一\n二",是\nb,三,否\n'
    people, unread = read(text, {"备注": None})
    assert [(line, id) for line, id, _ in people] == [(2, "a"), (4, "b")] and not unread


def test_bytes_of_no_encoding_break_only_their_line(read: Read) -> None:
    for encoding in ("utf-8", "gb18030"):
        rows = [",".join(each).encode(encoding) for each in (HEADER, GOOD, GOOD, GOOD)]
        rows[2] = b"\xff\x80" + rows[2]
        people, unread = read(b"\n".join(rows))
        assert people == [(2, "甲1", SAID), (4, "甲1", SAID)]
        assert [each.line for each in unread] == [3]


# -- what is refused whole --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [("", "empty"), ("\n\n", "empty"), ("编号\n1\n", "no column is a fact"),
     ("编号,姓名,电话,参加失业保险\n", "'姓名', '电话'"),
     ("参加失业保险,unemployment_insured\n", "two columns for unemployment_insured"),
     ("id,编号,参加失业保险\n", "two columns for id"),
     ("编号,\"参加失业保险\n是\n", "the header")],
)  # fmt: skip
def test_a_roster_whose_columns_are_not_known_is_refused_at_once(
    read: Read, text: str, told: str
) -> None:
    with pytest.raises(RosterRefused, match=told):
        read(text)


def test_what_is_neither_csv_nor_xlsx_is_refused(read: Read) -> None:
    for content in (b"\xd0\xcf\x11\xe0" + bytes(100), b"PK\x03\x04" + bytes(100), bytes(100)):
        with pytest.raises(RosterRefused):
            read(content)


# -- mappings ---------------------------------------------------------------------------------


def mapping(tmp_path: Path, text: str) -> Mapped:
    path = tmp_path / "mapping.yaml"
    path.write_text(text, encoding="utf-8")
    return read_mapping(path)


def test_a_mapping_says_what_columns_and_cells_are(read: Read, tmp_path: Path) -> None:
    mapped = mapping(
        tmp_path,
        """
        工号: id
        姓名: null
        参保: unemployment_insured
        身份: {fact: applicant_role, cells: {务工: [worker], 待定: null, 2: [employer]}}
        缴费: {fact: unemployment_insurance_months, cells: {满一年: {at_least: 12}}}
        """,
    )
    text = "工号,姓名,参保,身份,缴费\n7,张,是,务工,满一年\n8,李,否,待定,3\n9,王,否,2,\n5,赵,否,孩,"
    people, unread = read(text, mapped)
    assert people == [
        (2, "7", {
            "unemployment_insured": True,
            "applicant_role": frozenset({"worker"}),
            "unemployment_insurance_months": Interval(12, None),
        }),
        (3, "8", {"unemployment_insured": False, "unemployment_insurance_months": 3}),
        (4, "9", {"unemployment_insured": False, "applicant_role": frozenset({"employer"})}),
    ]  # fmt: skip
    assert [(each.line, each.column) for each in unread] == [(5, "身份")]


def test_a_mapping_may_leave_out_a_column_that_is_a_fact(read: Read) -> None:
    people, _ = read(csv_text([HEADER, GOOD]), {"失业日期": None})
    assert people == [(2, "甲1", {k: v for k, v in SAID.items() if k != "job_loss_date"})]


@pytest.mark.parametrize(
    "text",
    ["参加失业保险: no_such_fact", "参加失业保险: {fact: no_such_fact, cells: {a: 1}}",
     "参加失业保险: {fact: unemployment_insured, cells: {满: 12}}",
     "编号: {fact: id, cells: {a: b}}"],
)  # fmt: skip
def test_a_mapping_to_what_is_no_fact_or_value_is_refused(
    read: Read, tmp_path: Path, text: str
) -> None:
    with pytest.raises(RosterRefused):
        read(csv_text([HEADER, GOOD]), mapping(tmp_path, text))


@pytest.mark.parametrize(
    "text", ["- a", "a: {fact: b}", "a: {fact: b, cells: {yes: true}}", "a: b\na: c"]
)
def test_a_mapping_of_another_shape_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(KnowledgeFileRefused, match=r"mapping\.yaml:\d"):
        mapping(tmp_path, text)


# -- XLSX -------------------------------------------------------------------------------------


def workbook(path: Path, rows: Iterable[Sequence[object]]) -> Path:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def test_a_workbook_is_read_as_the_same_table_in_csv(read: Read, tmp_path: Path) -> None:
    order = random.Random(1)
    native: list[list[object]] = [list(HEADER)]
    written: list[list[str]] = [list(HEADER)]
    for number in range(40):
        insured = order.choice([True, False, None])
        months = order.choice([None, -1, 3, 12.0, 600])
        day = date(2021, order.randint(1, 12), order.randint(1, 28))
        said = order.choice([day, datetime(day.year, day.month, day.day)])
        role = order.choice(["worker", "worker；child", "谁", None])
        native.append([number, insured, months, said, role])
        months_said = "" if months is None else str(int(months))
        insured_said = {True: "是", False: "否", None: ""}[insured]
        written.append([str(number), insured_said, months_said, day.isoformat(), role or ""])
    from_book = read(workbook(tmp_path / "roster.xlsx", native))
    assert from_book == read(csv_text(written))
    assert from_book[0] and from_book[1]


def test_blank_lines_and_cells_of_a_workbook_count_for_nothing(read: Read, tmp_path: Path) -> None:
    rows = [[], [*HEADER, None], [], ["a", True], [None, " "], ["b", False, 3, None, None, None]]
    people, unread = read(workbook(tmp_path / "roster.xlsx", rows))
    assert [(line, id) for line, id, _ in people] == [(4, "a"), (6, "b")] and not unread


def test_a_workbook_that_was_sent_has_no_name_and_is_read(read: Read, tmp_path: Path) -> None:
    path = workbook(tmp_path / "roster.xlsx", [HEADER, GOOD])
    assert read(path.rename(tmp_path / "3"))[0]


def test_a_workbook_that_breaks_off_is_told(read: Read, tmp_path: Path) -> None:
    path = workbook(tmp_path / "roster.xlsx", [HEADER, *([GOOD] * 5000)])
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(RosterRefused):
        read(path)


def changed(path: Path, part: str, change: Callable[[str], str]) -> Path:
    """A workbook in which one part of the file is otherwise."""
    other = path.with_name("other.xlsx")
    with ZipFile(path) as whole, ZipFile(other, "w") as archive:
        for name in whole.namelist():
            text = whole.read(name).decode()
            archive.writestr(name, change(text) if name == part else text)
    return other


def test_a_row_that_says_it_is_far_below_is_refused_before_all_above_are_made_up(
    read: Read, tmp_path: Path
) -> None:
    path = workbook(tmp_path / "roster.xlsx", [HEADER, GOOD])
    far = changed(
        path,
        "xl/worksheets/sheet1.xml",
        lambda text: text.replace('<row r="2"', '<row r="99999999"'),
    )
    with pytest.raises(RosterRefused, match="more rows"):
        read(far)


def test_cells_far_to_the_right_are_refused_before_all_between_are_made_up(
    read: Read, tmp_path: Path
) -> None:
    wide = [None] * 16_383 + ["x"]
    with pytest.raises(RosterRefused, match="or cells"):
        read(workbook(tmp_path / "far.xlsx", [HEADER, *[wide] * 200]))
    sparse = [*GOOD, *[None] * 60, " "]
    people, unread = read(workbook(tmp_path / "sparse.xlsx", [HEADER, *[sparse] * 2_000]))
    assert len(people) + len(unread) == 2_000 and people


# -- streaming --------------------------------------------------------------------------------


def peak_of(library: Library, path: Path, lines: int) -> int:
    """Bytes at most while a roster of so many different people is read."""
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(HEADER) + "\n")
        for number in range(lines):
            file.write(f"id-{number},是,{number % 300}-{300 + number // 300 % 300},,\n")
    tracemalloc.start()
    try:
        assert sum(len(c.lines) for c in read_roster(path, library.facts, AS_OF, size=500)) == lines
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_roster(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    peak_of(library, path, 1000)
    short, long = (peak_of(library, path, lines) for lines in (5_000, 20_000))
    assert long < short * 1.2
