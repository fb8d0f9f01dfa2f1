"""`nuangang check` and `nuangang match`: the rules for people one by one, and for a roster."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from server.commands.at_hand import FAILED, OK, Refused, day, words

if TYPE_CHECKING:
    from knowledge.eligibility.matching import Ask
    from knowledge.eligibility.rosters import Mapped, Unread
    from knowledge.library import Library
    from knowledge.regions import Regions

_TOLD = 20
"""Lines on stderr about what has no file of its own."""


def add_to(commands: Any) -> None:
    """Add the commands to the parser of `nuangang`."""
    check = commands.add_parser("check", help="self-checks in a batch, one JSON a line on stdin")
    check.add_argument("--jsonl", action="store_true", required=True, help="the only format")
    check.description = (
        'Each line: {"id": …, "region": "石狮", "as_of": "2022-04-10", "facts": {KEY: VALUE, …}}, '
        'and "already": [MEASURE, …] for what the person has. A fact that is left out or '
        "null is not known; the keys, and what each may be, stand in knowledge/data/facts.yaml and "
        "behind /api/v1/facts?region=… ."
    )
    check.set_defaults(run=_check)

    match = commands.add_parser(
        "match",
        help="every person of a roster against every measure of a region, as CSV",
        description="Checks every person of a roster against every measure of a region. CSV on "
        "stdout, a line for each person and measure. A line of the roster that can't be read is "
        "told, and stops no other. The roster's first line names its columns: 编号 for who it is, "
        "and as many facts as are known, by label or key: "
        "编号,替谁问,参加失业保险,失业保险缴费月数. Cells are labels or keys of the answers, "
        "是 or 否, numbers and days; empty: not known.",
    )
    match.add_argument("--region", type=words, required=True, help="the place whose measures count")
    match.add_argument("--as-of", required=True, type=day, help="the day of the check, YYYY-MM-DD")
    match.add_argument(
        "--mapping",
        type=Path,
        help="YAML, header: a fact, id, null to leave the column out, or {fact: …, cells: {…: …}}",
    )
    match.add_argument(
        "--ask-list",
        type=Path,
        metavar="FILE",
        help="CSV for those whom one answer makes eligible for a measure that is open",
    )
    match.add_argument(
        "--unread", type=Path, metavar="FILE", help="CSV for the lines that can't be read, and why"
    )
    match.add_argument("roster", type=Path, metavar="ROSTER", help="CSV or XLSX")
    match.set_defaults(run=_match)


def unknown_region(region: str, regions: "Regions") -> str:
    """That a place has no documents, and which have."""
    return f"unknown region {region!r}; covered: {', '.join(regions.covered)}"


def _check(_: argparse.Namespace) -> int:
    return check_lines(sys.stdin, sys.stdout)


def check_lines(lines: Iterable[str], out: TextIO) -> int:
    """Check each line; one that can't be read is told on stderr, and stops no other."""
    from pydantic import BaseModel, ConfigDict, StrictInt, StrictStr

    from knowledge.files import told_plainly
    from knowledge.regions import UnknownRegion
    from server.chat.self_checks import Day, checked
    from server.web.resources import load_served

    class Line(BaseModel):
        model_config = ConfigDict(extra="ignore")
        id: StrictStr | StrictInt
        region: str
        as_of: Day
        facts: dict[str, Any]
        already: list[str] = []

    served = load_served()
    result = OK
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            asked = Line.model_validate(json.loads(line))
            region = served.region(asked.region)
            found = checked(
                served.library, region, asked.facts, as_of=asked.as_of, already=asked.already
            )
        except UnknownRegion:
            told = unknown_region(asked.region, served.library.regions)
            print(f"line {number}: {told}", file=sys.stderr)
            result = FAILED
        except (RecursionError, ValueError) as error:
            print(f"line {number}: {told_plainly(error)}", file=sys.stderr)
            result = FAILED
        else:
            data = {"id": asked.id, **found.as_data(served.library)}
            print(json.dumps(data, ensure_ascii=False), file=out, flush=True)
    return result


# -- match ------------------------------------------------------------------------------------


def _match(parsed: argparse.Namespace) -> int:
    from knowledge.eligibility.rosters import read_mapping
    from knowledge.regions import UnknownRegion
    from server.web.resources import load_served

    _refuse_to_write_over(parsed)
    mapped = read_mapping(parsed.mapping) if parsed.mapping else {}
    served = load_served()
    try:
        region = served.region(parsed.region)
    except UnknownRegion:
        print(f"nuangang: {unknown_region(parsed.region, served.library.regions)}", file=sys.stderr)
        return FAILED
    with ExitStack() as files:
        telling = Telling(
            served.library,
            *(
                files.enter_context(path.open("w", encoding="utf-8-sig")) if path else None
                for path in (parsed.ask_list, parsed.unread)
            ),
        )
        return match_roster(
            served.library, region, parsed.as_of, parsed.roster, mapped, sys.stdout, telling
        )


def _refuse_to_write_over(parsed: argparse.Namespace) -> None:
    """What is read is not written to, and nothing twice: a roster would be gone unread."""
    named = (parsed.roster, parsed.mapping, parsed.ask_list, parsed.unread)
    paths = [path.resolve() for path in named if path]
    for path in filter(None, (parsed.ask_list, parsed.unread)):
        if paths.count(path.resolve()) > 1:
            raise Refused(f"{path} is named twice: give what is written a file of its own")


def match_roster(
    library: "Library",
    region: str,
    as_of: date,
    path: Path,
    mapped: "Mapped",
    out: TextIO,
    telling: "Telling",
) -> int:
    """Match a roster chunk by chunk; fails where nobody can be read, or not to the end."""
    from knowledge.eligibility.matching import HEADER, Match
    from knowledge.eligibility.rosters import RosterRefused, read_roster

    criteria = library.rules.of(region)
    refused = ""
    try:
        for number, chunk in enumerate(read_roster(path, library.facts, as_of, mapped)):
            if number == 0:
                out.write(HEADER)
            match = Match(chunk, criteria, region, as_of)
            out.write(match.lines())
            telling.unread(chunk.unread)
            telling.asks(match.asks(library.facts))
            telling.progress(len(chunk.lines))
    except RosterRefused as error:
        refused = str(error)
    telling.close(len(criteria), refused)
    return FAILED if refused or not telling.people else OK


class Telling:
    """What is told beside the verdicts: into files, or in short on stderr."""

    def __init__(
        self, library: "Library", asks: TextIO | None = None, unread: TextIO | None = None
    ) -> None:
        self.people = 0
        self.lines_unread = 0
        self._facts = library.facts
        self._asks, self._unread = asks, unread
        self._asked: Counter[tuple[str, str]] = Counter()
        self._told = 0
        self._write(asks, "line", "id", "measure", "fact", "question")
        self._write(unread, "line", "column", "reason")

    def _write(self, file: TextIO | None, *cells: object) -> None:
        from knowledge.eligibility.matching import csv_cell

        if file:
            file.write(",".join(csv_cell(str(cell)) for cell in cells) + "\n")

    def _say(self, text: str) -> None:
        end = "\x1b[K\n" if sys.stderr.isatty() else "\n"
        print(text, end=end, file=sys.stderr)

    def unread(self, found: "Iterable[Unread]") -> None:
        """Tell the lines that can't be read."""
        lines = set()
        for each in found:
            lines.add(each.line)
            self._write(self._unread, each.line, each.column, each.reason)
            if not self._unread and self._told < _TOLD:
                self._told += 1
                column = f", {each.column}" if each.column else ""
                self._say(f"line {each.line}{column}: {each.reason}")
        self.lines_unread += len(lines)

    def asks(self, found: "Iterable[Ask]") -> None:
        """Tell whom one answer would make eligible."""
        for ask in found:
            self._asked[ask.fact, ask.measure] += 1
            question = self._facts[ask.fact].question
            self._write(self._asks, ask.line, ask.id, ask.measure, ask.fact, question)

    def progress(self, people: int) -> None:
        """Count people, and show it where somebody watches."""
        self.people += people
        if sys.stderr.isatty():
            print(f"{self.people:,} people …", end="\r", file=sys.stderr, flush=True)

    def close(self, measures: int, refused: str) -> None:
        """Sum up."""
        if not self._asks:
            for (fact, measure), people in self._asked.most_common(_TOLD):
                self._say(f"asking {fact} can make {people:,} eligible for {measure}")
        if self.people or not refused:
            self._say(
                f"{self.people:,} people × {measures} measures, "
                f"{self.lines_unread:,} lines unread, "
                f"{self._asked.total():,} times one answer away"
            )
        if refused:
            self._say(f"nuangang: {refused}")
        elif not self.people:
            self._say("nuangang: nobody could be read")
