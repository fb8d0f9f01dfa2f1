"""`nuangang match`: a roster in, every verdict out, and what is wrong told beside."""

import csv
import io
import os
import sys
import tracemalloc
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from knowledge.eligibility.rosters import RosterRefused, read_roster
from knowledge.library import Library
from knowledge.regions import UnknownRegion
from server.cli import main
from server.commands.eligibility import Telling, match_roster
from tests.server.conftest import Typed

AS_OF = date(2022, 4, 10)
HEADER = "编号,替谁问,参加失业保险,失业保险缴费月数,非本人意愿失业,已办失业登记,有求职、创业意愿"
ELIGIBLE = "甲,worker,是,12,是,是,是"
ONE_AWAY = "乙,worker,是,12,是,,是"
INELIGIBLE = "丙,worker,是,11,是,是,是"
BAD = "丁,worker,是,-1,是,是,是"


class Matched:
    """What a match gave back."""

    def __init__(self, code: int, out: str, asks: str, unread: str, err: str) -> None:
        self.code, self.err = code, err
        self.rows, self.asks, self.unread = (
            list(csv.DictReader(io.StringIO(text))) for text in (out, asks, unread)
        )

    def of(self, measure: str) -> dict[str, tuple[str, str]]:
        """Outcome and missing facts by id."""
        return {
            row["id"]: (row["outcome"], row["missing"])
            for row in self.rows
            if row["measure"] == measure
        }


Match = Callable[..., Matched]


@pytest.fixture
def match(library: Library, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Match:
    def matched(*lines: str, files: bool = True, region: str = "石狮") -> Matched:
        path = tmp_path / "roster.csv"
        path.write_text("\n".join(lines), encoding="utf-8")
        out, asks, unread = io.StringIO(), io.StringIO(), io.StringIO()
        telling = Telling(library, asks, unread) if files else Telling(library)
        code = match_roster(library, region, AS_OF, path, {}, out, telling)
        return Matched(
            code, out.getvalue(), asks.getvalue(), unread.getvalue(), capsys.readouterr().err
        )

    return matched


def test_every_person_meets_every_measure_of_the_region(match: Match, library: Library) -> None:
    found = match(HEADER, ELIGIBLE, ONE_AWAY, INELIGIBLE)
    measures = [criteria.measure.id for criteria in library.rules.of("石狮")]
    people = [("2", "甲"), ("3", "乙"), ("4", "丙")]
    assert [(row["line"], row["id"], row["measure"]) for row in found.rows] == [
        (*person, measure) for person in people for measure in measures
    ]
    assert found.code == 0
    assert found.of("shishi-4a") == {
        "甲": ("eligible", ""),
        "乙": ("undetermined", "unemployment_registered"),
        "丙": ("ineligible", ""),
    }


def test_the_ask_list_names_who_is_one_answer_away(match: Match, library: Library) -> None:
    asks = [row for row in match(HEADER, ELIGIBLE, ONE_AWAY).asks if row["measure"] == "shishi-4a"]
    assert asks == [
        {
            "line": "3",
            "id": "乙",
            "measure": "shishi-4a",
            "fact": "unemployment_registered",
            "question": library.facts["unemployment_registered"].question,
        }
    ]


def test_a_bad_line_is_told_and_is_nobody(match: Match) -> None:
    found = match(HEADER, ELIGIBLE, BAD, "戊,worker", ONE_AWAY)
    assert found.code == 0
    assert {row["id"] for row in found.rows} == {"甲", "乙"}
    assert [(row["line"], row["column"]) for row in found.unread] == [
        ("3", "失业保险缴费月数"),
        ("4", ""),
    ]
    assert "out_of_range" in found.unread[0]["reason"]
    assert "2 lines unread" in found.err


def test_without_a_file_twenty_bad_lines_are_told_and_all_are_counted(match: Match) -> None:
    found = match(HEADER, ELIGIBLE, *[BAD] * 50, ONE_AWAY, files=False)
    told = [line for line in found.err.splitlines() if line.startswith("line ")]
    assert len(told) == 20
    assert told[0].startswith("line 3, 失业保险缴费月数: out_of_range")
    assert "50 lines unread" in found.err
    assert "asking unemployment_registered can make 1 eligible for shishi-4a" in found.err


def test_what_a_person_is_called_stands_in_no_message(match: Match) -> None:
    found = match(HEADER, "张三丰,worker,是,-1,是,是,是", "李四,大概,,,,,", files=False)
    assert "张三丰" not in found.err and "李四" not in found.err and "大概" not in found.err


def test_a_roster_of_which_nothing_can_be_read_fails(match: Match) -> None:
    for lines in ((HEADER,), (HEADER, BAD, BAD), ("编号,姓名", "1,张")):
        found = match(*lines)
        assert found.code == 1 and not found.rows
        assert "nuangang: " in found.err


def test_an_unknown_column_is_told_with_the_known_ones_and_without_a_sum(match: Match) -> None:
    told = match("编号,姓名", "1,张").err
    assert "unknown columns: '姓名'" in told and "Known: 编号, " in told
    assert all(name in told for name in HEADER.split(","))
    assert "0 people" not in told


def test_a_damaged_excel_file_is_called_one(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "roster.xlsx"
    path.write_bytes(b"\xff\xfe\x00not a workbook")
    with pytest.raises(RosterRefused, match="no Excel file, or a damaged one"):
        next(iter(read_roster(path, library.facts, AS_OF)))


def test_a_pipe_is_not_called_empty(library: Library, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "roster.csv")
    with pytest.raises(RosterRefused, match="a pipe"):
        list(read_roster(tmp_path / "roster.csv", library.facts, AS_OF))


def test_an_id_is_no_formula(match: Match) -> None:
    found = match(HEADER, ELIGIBLE.replace("甲", '"=HYPERLINK(""http://x"")"'))
    assert {row["id"] for row in found.rows} == {'\'=HYPERLINK("http://x")'}


def test_a_place_without_rules_is_unknown(match: Match) -> None:
    with pytest.raises(UnknownRegion):
        match(HEADER, ELIGIBLE, region="保定")


def test_memory_does_not_grow_with_the_people(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    peaks = []
    for people in (17_000, 42_000):
        with path.open("w", encoding="utf-8") as file:
            file.write("id,替谁问\n")
            file.writelines(f"p{number},worker\n" for number in range(people))
        with open(os.devnull, "w", encoding="utf-8") as out:
            tracemalloc.start()
            try:
                telling = Telling(library, out, out)
                assert match_roster(library, "辛集", AS_OF, path, {}, out, telling) == 0
                peaks.append(tracemalloc.get_traced_memory()[1])
            finally:
                tracemalloc.stop()
        assert telling.people == people
    assert peaks[1] < peaks[0] * 1.1


# -- as people run it -------------------------------------------------------------------------


def test_the_command_writes_its_files_and_reads_a_mapping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in os.environ if name.startswith("NUANGANG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NUANGANG_DATA_DIR", str(tmp_path / "data"))
    for stream in (sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "reconfigure", lambda **_: None, raising=False)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    roster, mapping, asks, unread = (
        tmp_path / name for name in ("roster.csv", "mapping.yaml", "asks.csv", "unread.csv")
    )
    lines = [HEADER.replace("编号", "工号"), ELIGIBLE, BAD, ONE_AWAY]
    roster.write_bytes("\r\n".join(lines).encode("gb18030"))
    mapping.write_text("工号: id\n", encoding="utf-8")
    options = ("--as-of", "2022-04-10", "--mapping", str(mapping), "--ask-list", str(asks),
               "--unread", str(unread))  # fmt: skip
    assert main(["match", "--region", "石狮市", *options, str(roster)]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {row["id"] for row in rows} == {"甲", "乙"}
    # With the mark by which spreadsheets know UTF-8.
    for path, line in ((asks, "4"), (unread, "3")):
        text = path.read_text(encoding="utf-8")
        assert text.startswith("\ufeffline,")
        assert line in {row["\ufeffline"] for row in csv.DictReader(io.StringIO(text))}

    assert main(["match", "--region", "保定", *options, str(roster)]) == 1
    assert "unknown region" in capsys.readouterr().err
    assert main(["match", "--region", "石狮", *options, str(tmp_path / "none.csv")]) == 1
    with pytest.raises(SystemExit):
        main(["match", "--region", "石狮", "--as-of", "today", str(roster)])


def test_a_roster_is_not_written_over(nuangang: Typed, tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text(HEADER, encoding="utf-8")
    line = ["match", "--region", "石狮", "--as-of", "2022-04-10", str(roster)]
    other = str(tmp_path / "other.csv")
    for files in (
        ["--unread", str(roster)],
        ["--ask-list", str(tmp_path / "." / "roster.csv")],
        ["--unread", other, "--ask-list", other],
    ):
        ran = nuangang(*line, *files)
        assert ran.code == 1 and "is named twice" in ran.err
    assert roster.read_text(encoding="utf-8") == HEADER
