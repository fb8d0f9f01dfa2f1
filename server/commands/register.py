"""`nuangang register …`: large spreadsheets into the register, and the register as a roster."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from server.commands.at_hand import FAILED, OK, AtHand, Refused, by_officer, day

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from knowledge.eligibility.facts import Vocabulary
    from server.casework.officers import Officer
    from server.register.importing import Desk, Fate, Told

_TOLD = 20


def add_to(commands: Any) -> None:
    """Add the commands to the parser of `nuangang`."""
    register = commands.add_parser("register", help="people in hardship: import, undo, match")
    verbs = register.add_subparsers(title="commands", required=True, metavar="COMMAND")
    read = verbs.add_parser(
        "import",
        help="tell what would become of every line of a spreadsheet; changes nothing",
        description="Keeps the file sealed and tells the fate of every line. `register enter` "
        "then enters it.",
    )
    read.add_argument("file", type=Path, help="CSV or XLSX")
    read.add_argument("--region", required=True, help="of the lines that name none")
    read.add_argument("--level", choices=("below_line", "above_line"), help="of lines without one")
    read.add_argument("--already", choices=("update", "keep"), default="update")
    read.add_argument("--twice", choices=("first", "last", "none"), default="first")
    read.add_argument("--take", type=int, action="append", default=[], metavar="LINE")
    read.add_argument(
        "--column", action="append", default=[], metavar="HEADER=USE", help="what a column is"
    )
    by_officer(read, _desk, _import)
    enter = verbs.add_parser("enter", help="enter an import, or go on with one that stopped")
    enter.add_argument("id")
    enter.add_argument(
        "--confirm", required=True, metavar="DIGEST", help="what the dry run printed"
    )
    by_officer(enter, _desk, _enter)
    undo = verbs.add_parser("undo", help="undo an import as a whole")
    undo.add_argument("id")
    by_officer(undo, _desk, _undo)
    match = verbs.add_parser("match", help="everybody against every measure of a region, as CSV")
    match.add_argument("--region", required=True)
    match.add_argument("--as-of", required=True, type=day, help="the day, YYYY-MM-DD")
    by_officer(match, _desk, _match)
    roster = verbs.add_parser("roster", help="write everybody of a region as a private roster file")
    roster.add_argument("file", type=Path)
    roster.add_argument("--region", required=True)
    by_officer(roster, _desk, _roster)


def _desk(at: AtHand, officer: "Officer") -> "Desk":
    from server.clock import utc_now
    from server.register.importing import Desk

    return Desk(at.database, at.keys(), at.safe, at.library(), officer, utc_now)


def _import(desk: "Desk", parsed: argparse.Namespace) -> int:
    from server.register import importing, sheets
    from server.register.importing import Already, Plan, Twice
    from server.register.tables import Level

    uses = _uses(sheets.headers_of(parsed.file), desk.library.facts, parsed.column)
    plan = Plan(
        uses,
        Level(parsed.level) if parsed.level else None,
        Already(parsed.already),
        Twice(parsed.twice),
        frozenset(parsed.take),
    )
    region = desk.library.regions.get(parsed.region).id
    with desk.database.begin() as session:
        row = importing.keep(session, desk, parsed.file.read_bytes(), region)
        importing.choose(session, row, plan, now=desk.clock())
    told = importing.dry_run(desk, row)
    _tell(told)
    print(f"nuangang register enter {row.id} --confirm {told.digest} --officer {desk.officer.id}")
    return OK


def _uses(headers: "Sequence[str]", facts: "Vocabulary", said: "Sequence[str]") -> dict[str, str]:
    """What each column is by its header, or as was said; what nobody knows is refused."""
    from server.register import sheets

    uses = sheets.guessed(headers, facts)
    for pair in said:
        header, _, use = pair.partition("=")
        if header not in uses:
            raise Refused(f"no column {header!r}: there are {', '.join(uses)}")
        if use not in {sheets.NOTHING, *sheets.COLUMNS, *facts}:
            known = ", ".join((sheets.NOTHING, *sheets.COLUMNS))
            raise Refused(f"nothing is called {use!r}: a column is one of {known}, or a fact")
        uses[header] = use
    return uses


def _tell(told: "Told") -> None:
    for bad in told.bad[:_TOLD]:
        print(f"line {bad.line}, {bad.column or 'the line'}: {bad.fault}", file=sys.stderr)
    for line, fate, _ in told.asked[:_TOLD]:
        print(f"line {line}: {fate}: left out unless --take {line}", file=sys.stderr)
    rest = len(told.bad) + len(told.asked) - _TOLD
    if rest > 0:
        print(f"… {rest} more may have to be looked at", file=sys.stderr)
    _count(told.counts)


def _count(counts: "Counter[Fate]") -> None:
    for fate, lines in sorted(counts.items()):
        print(f"{lines:8,} {fate}")


def _enter(desk: "Desk", parsed: argparse.Namespace) -> int:
    from server.register import importing

    counts: Counter[Fate] | None = None
    for counts in importing.go_on(desk, parsed.id, parsed.confirm):
        if sys.stderr.isatty():
            print(f"{counts.total():,} lines …", end="\r", file=sys.stderr, flush=True)
    if counts is not None:
        _count(counts)
    return OK


def _undo(desk: "Desk", parsed: argparse.Namespace) -> int:
    from server.register import undoing

    print(f"{undoing.undo(desk, parsed.id):,} people as they were before")
    return OK


def _match(desk: "Desk", parsed: argparse.Namespace) -> int:
    from knowledge.eligibility.matching import HEADER, Match
    from server.register import rostering

    regions = desk.library.regions
    region = regions.get(parsed.region).id
    criteria = desk.library.rules.of(region)
    sys.stdout.write(HEADER)
    people = 0
    for chunk in rostering.chunks(desk, {region, *regions.descendants(region)}, parsed.as_of):
        sys.stdout.write(Match(chunk, criteria, region, parsed.as_of).lines())
        people += len(chunk.lines)
    print(f"{people:,} people × {len(criteria)} measures", file=sys.stderr)
    return OK if people else FAILED


def _roster(desk: "Desk", parsed: argparse.Namespace) -> int:
    from server.confidential import private_files
    from server.records.audit import Action
    from server.register import rostering

    regions = desk.library.regions
    region = regions.get(parsed.region).id
    within = {region, *regions.descendants(region)}
    content, people = rostering.roster_csv(desk, within, action=Action.EXPORTED)
    private_files.write(parsed.file, content)
    print(f"{people:,} people")
    return OK
