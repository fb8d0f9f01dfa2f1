"""Measures the self-check: one person, a roster in columns, its memory, and how much is asked.

    python -m bench.eligibility

The roster is checked in columns, person by person, and by the same rules as SQL in DuckDB, in turns
and within one run, so that a busy machine slows them alike: read the ratios. People are random.
"""

import argparse
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from statistics import mean, median

import duckdb
import numpy as np

from bench.headlines import headline
from knowledge.eligibility.asking import next_question
from knowledge.eligibility.columns import Column, People, Truths, verdicts
from knowledge.eligibility.criteria import Criteria, Criterion, Every, Node, Rulebook
from knowledge.eligibility.facts import WORK_REGION, Fact, FactType, Given, Value, Vocabulary
from knowledge.eligibility.matching import csv_cell
from knowledge.eligibility.predicates import Predicate
from knowledge.eligibility.rules import AS_OF
from knowledge.eligibility.verdicts import Outcome, Person, Result, check, is_open, verdict
from knowledge.library import Library, read_library
from tests.serving import ROOT

REGION = "石狮"
DAY = date(2022, 4, 10)
KNOWN = 0.8
"""The share of facts that is known of a person in a roster."""
ROUNDS = 5
Known = dict[str, Value]


def value_of(fact: Fact, order: random.Random, as_of: date = DAY) -> Value:
    """Return any value of a fact, numbers where rules put their bounds."""
    match fact.type:
        case FactType.BOOLEAN:
            return order.random() < 0.5
        case FactType.CHOICE:
            return order.choice(fact.values)
        case FactType.MULTI_CHOICE:
            return frozenset(value for value in fact.values if order.random() < 0.4)
        case FactType.INTEGER:
            return order.randint(fact.least or 0, min(fact.most or 0, 60))
        case FactType.DATE:
            return as_of - timedelta(order.randint(0, 900))


def somebody(facts: Iterable[Fact], order: random.Random, known: float) -> Known:
    """Return a person of whom a share of the facts is known."""
    return {fact.id: value_of(fact, order) for fact in facts if order.random() < known}


# -- one person -------------------------------------------------------------------------------


def show_one_person(library: Library, people: int) -> None:
    """Processor time of one check of one person, by region."""
    order = random.Random(1)
    print("\none person against all measures of a region, microseconds of processor time\n")
    print(f"{'':22}{'measures':>9}{'median':>9}{'99 %':>9}")
    worst = 0.0
    for region in sorted({c.measure.region for c in library.rules.criteria.values()}):
        known = [somebody(library.facts.values(), order, KNOWN) for _ in range(people)]
        for person in known:
            person[WORK_REGION] = region
        taken = []
        for person in known:
            given = Given(person)
            began = time.thread_time()
            check(library.rules, region, given, DAY)
            taken.append((time.thread_time() - began) * 1e6)
        p99 = np.percentile(taken, 99)
        worst = max(worst, median(taken))
        measures = len(library.rules.of(region))
        print(f"{padded(region, 22)}{measures:9}{median(taken):9.0f}{p99:9.0f}")
    headline(
        "one person against all measures of a region, slowest region",
        f"{worst / 1000:.2f} ms",
        "1 ms",
    )
    print(f"slowest median: {worst:.0f} (aim: under 1000)")


def padded(text: str, width: int) -> str:
    """Pad a text with Chinese characters, which are two columns wide."""
    return text + " " * (width - len(text) - sum(ord(c) > 0x2E80 for c in text))


# -- a roster ---------------------------------------------------------------------------------


def random_columns(facts: Vocabulary, count: int) -> dict[str, Column]:
    """Return random columns; a share of the cells is unknown."""
    order, numbers = random.Random(1), np.random.default_rng(1)
    columns = {}
    for key, fact in facts.items():
        levels = [None, *dict.fromkeys(value_of(fact, order) for _ in range(500))]
        shares = [1 - KNOWN, *([KNOWN / (len(levels) - 1)] * (len(levels) - 1))]
        columns[key] = Column(numbers.choice(len(levels), count, p=shares), levels)
    return columns


def people_of(columns: dict[str, Column], numbers: range) -> list[Known]:
    """Return some people of the columns one by one."""
    people: list[Known] = []
    for number in numbers:
        said = {key: column.levels[column.codes[number]] for key, column in columns.items()}
        people.append({key: value for key, value in said.items() if value is not None})
    return people


Counts = list[tuple[int, int]]
"""For each measure, of how many it holds and of how many it fails."""


class InColumns:
    """All people at once."""

    def __init__(self, criteria: Sequence[Criteria], columns: dict[str, Column], count: int):
        self.criteria, self.columns, self.count = criteria, columns, count

    def outcomes(self) -> list[Truths]:
        people = People(self.columns, self.count, REGION, DAY)
        return [people.truths(one.node) for one in self.criteria if one.node]

    def counts(self) -> Counts:
        bits = People(self.columns, self.count, REGION, DAY).bits
        return [(int(bits(t.holds).sum()), int(bits(t.fails).sum())) for t in self.outcomes()]

    def with_missing(self) -> None:
        people = People(self.columns, self.count, REGION, DAY)
        for one in self.criteria:
            verdicts(one, people)


class OneByOne:
    """A loop over people with the evaluator for one person."""

    def __init__(self, criteria: Sequence[Criteria], people: list[Known]) -> None:
        self.criteria = criteria
        self.people = [{WORK_REGION: REGION, **known} for known in people]

    def counts(self) -> Counts:
        counts = [[0, 0] for _ in self.criteria]
        for known in self.people:
            person = Person(known, DAY)
            for one, count in zip(self.criteria, counts, strict=True):
                truth = person.truth(one.node) if one.node else None
                if truth is not None:
                    count[not truth] += 1
        return [(holds, fails) for holds, fails in counts]

    def with_missing(self) -> None:
        for known in self.people:
            person = Person(known, DAY)
            for one in self.criteria:
                verdict(one, person, DAY)


class InDuckDB:
    """The rules as SQL, which knows unknown as NULL; several choices are a column for each."""

    def __init__(
        self,
        criteria: Sequence[Criteria],
        columns: dict[str, Column],
        facts: Vocabulary,
        folder: Path,
    ) -> None:
        self.database = duckdb.connect()
        self._load(columns, facts, folder / "people.csv")
        measures = [f"{sql_of(one.node)} AS m{n}" for n, one in enumerate(criteria) if one.node]
        counted = [f"count_if(m{n}), count_if(NOT m{n})" for n in range(len(measures))]
        selected = f"SELECT {', '.join(measures)} FROM people"
        self._counting = f"SELECT {', '.join(counted)} FROM ({selected})"
        self._keeping = f"CREATE OR REPLACE TEMP TABLE verdicts AS {selected}"

    def _load(self, columns: dict[str, Column], facts: Vocabulary, path: Path) -> None:
        types: dict[str, str] = {}
        texts: list[list[str]] = []
        for key, column in columns.items():
            for name, kind, said in sql_columns(facts[key], column.levels):
                types[name] = kind
                texts.append([said[code] for code in column.codes.tolist()])
        with path.open("w", encoding="utf-8") as file:
            file.writelines(",".join(row) + "\n" for row in zip(*texts, strict=True))
        for key, fact in facts.items():
            if fact.type is FactType.CHOICE:
                self.database.execute(f"CREATE TYPE {key}_type AS ENUM ({sql_list(fact.values)})")
        listed = ", ".join(f"'{name}': '{kind}'" for name, kind in types.items())
        self.database.execute(
            f"CREATE TABLE people AS SELECT * FROM read_csv('{path}', header=false, "
            f"columns={{{listed}}})"
        )

    def counts(self) -> Counts:
        found = self.database.execute(self._counting).fetchone() or ()
        return list(zip(found[::2], found[1::2], strict=True))

    def kept(self) -> None:
        """Keep the outcome of every person, instead of only counting them."""
        self.database.execute(self._keeping)


def sql_columns(fact: Fact, levels: Sequence[Value | None]) -> Iterable[tuple[str, str, list[str]]]:
    """Yield the columns of a fact: name, type, and how each of its values is written."""
    if fact.type is FactType.MULTI_CHOICE:
        for option in fact.values:
            yield (
                f"{fact.id}_{option}",
                "BOOLEAN",
                [
                    "" if level is None else str(option in level)  # type: ignore[operator]
                    for level in levels
                ],
            )
        return
    kinds = {FactType.BOOLEAN: "BOOLEAN", FactType.INTEGER: "INTEGER", FactType.DATE: "DATE"}
    said = ["" if level is None else str(level) for level in levels]
    yield fact.id, kinds.get(fact.type, f"{fact.id}_type"), said


def sql_of(node: Node) -> str:
    """Write a rule as SQL."""
    if isinstance(node, Criterion):
        return sql_of_predicate(node.predicate) if node.predicate else "NULL::BOOLEAN"
    joined = " AND " if isinstance(node, Every) else " OR "
    return f"({joined.join(map(sql_of, node.parts))})"


def sql_of_predicate(predicate: Predicate) -> str:
    """Write a comparison as SQL."""
    fact = predicate.fact
    if fact == AS_OF:
        fact = f"DATE '{DAY}'"
    elif fact == WORK_REGION:
        fact = f"coalesce({fact}, '{REGION}')"
    if predicate.multiple:
        written = " OR ".join(
            f"{fact}_{option}" for option in sorted(map(str, predicate.allowed or ()))
        )
    elif predicate.allowed == frozenset([True]):
        written = fact
    elif predicate.allowed == frozenset([False]):
        written = f"NOT {fact}"
    elif predicate.allowed is not None:
        written = f"{fact} IN ({sql_list(predicate.allowed)})"
    else:
        bounds = ((">=", predicate.low), ("<=", predicate.high))
        written = " AND ".join(
            f"{fact} {sign} {f'DATE {bound.isoformat()!r}' if isinstance(bound, date) else bound}"
            for sign, bound in bounds
            if bound is not None
        )
    return f"(NOT ({written}))" if predicate.negated else f"({written})"


def sql_list(values: Iterable[object]) -> str:
    """Write texts as a list."""
    return ", ".join(f"'{value}'" for value in values)


def show_roster(library: Library, count: int, sample: int) -> None:
    """Seconds for a whole roster, in turns."""
    criteria = tuple(library.rules.criteria.values())
    columns = random_columns(library.facts, count)
    ours = InColumns(criteria, columns, count)
    alone = OneByOne(criteria, people_of(columns, range(sample)))
    with tempfile.TemporaryDirectory() as folder:
        peer = InDuckDB(criteria, columns, library.facts, Path(folder))
    part = {key: Column(each.codes[:sample], each.levels) for key, each in columns.items()}
    if ours.counts() != peer.counts():
        raise SystemExit("DuckDB says otherwise")
    if InColumns(criteria, part, sample).counts() != alone.counts():
        raise SystemExit("columns and the evaluator for one person disagree")
    runs: dict[str, Callable[[], object]] = {
        "in columns": ours.outcomes,
        "in columns, with what is missing": ours.with_missing,
        "DuckDB, counted": peer.counts,
        "DuckDB, kept": peer.kept,
        "one by one": alone.counts,
        "one by one, with what is missing": alone.with_missing,
    }
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            began = time.perf_counter()
            run()
            whole = count / sample if name.startswith("one by one") else 1
            taken[name].append((time.perf_counter() - began) * whole)
    seconds = {name: median(each) for name, each in taken.items()}
    print(
        f"\n{count:,} people × {len(criteria)} measures, seconds, median of {ROUNDS} turns "
        f"(one by one: {sample:,} people, extrapolated)\n"
    )
    for name, took in seconds.items():
        print(f"{name:34}{took:9.3f}")
    fastest = min(seconds["DuckDB, counted"], seconds["DuckDB, kept"])
    bare, whole = seconds["in columns"], seconds["in columns, with what is missing"]
    loop, loop_whole = seconds["one by one"], seconds["one by one, with what is missing"]
    print("\n  (the outcomes of all three are equal)")
    headline(
        "a roster one by one / in columns; DuckDB / in columns",
        f"{loop / bare:.0f}; {fastest / bare:.1f}",
        "20; 1",
    )
    print(f"  one by one / in columns: {loop / bare:.0f} (aim: 20)")
    print(f"  the same with what is missing: {loop_whole / whole:.0f} (aim: 20)")
    print(f"  DuckDB at its fastest / in columns: {fastest / bare:.1f} (aim: 1)")
    print(f"  DuckDB at its fastest / in columns with what is missing: {fastest / whole:.1f}")


# -- memory -----------------------------------------------------------------------------------

_STREAM = """
import sys, time
from datetime import date
from pathlib import Path
from knowledge.library import read_library
from server.commands.eligibility import Telling, match_roster
library = read_library()
began = time.perf_counter()
with open("/dev/null", "w") as out:
    code = match_roster(library, sys.argv[2], date.fromisoformat(sys.argv[3]), Path(sys.argv[1]),
                        {}, out, Telling(library, out, out))
took = time.perf_counter() - began
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]
print(code, took, int(peak) / 1e3)
"""


def show_streaming(library: Library, sizes: Sequence[int]) -> None:
    """Seconds and memory of `nuangang match` from file to file, for growing rosters."""
    order = random.Random(1)
    facts = [library.facts[key] for key in library.rules.facts_of(library.rules.of(REGION))]
    pool = [
        ",".join(
            csv_cell(cell_of(value_of(fact, order))) if order.random() < KNOWN else ""
            for fact in facts
        )
        for _ in range(5000)
    ]
    measures = len(library.rules.of(REGION))
    print(f"\nnuangang match, CSV to CSV, {len(facts)} facts × {measures} measures\n")
    print(f"{'people':>10}{'seconds':>10}{'peak MB':>10}")
    peaks = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "roster.csv"
            with path.open("w", encoding="utf-8") as file:
                file.write(",".join(["id", *(fact.id for fact in facts)]) + "\n")
                file.writelines(f"p{n},{order.choice(pool)}\n" for n in range(size))
            ran = subprocess.run(
                [sys.executable, "-c", _STREAM, str(path), REGION, DAY.isoformat()],
                cwd=ROOT,
                check=True,
                capture_output=True,
                text=True,
            )
        _, took, peak = map(float, ran.stdout.split())
        peaks.append(peak)
        print(f"{size:10,}{took:10.1f}{peak:10.0f}")
    headline(
        f"{sizes[-1]:,} people through `nuangang match`, memory at the peak / of {sizes[0]:,}",
        f"{took:.0f} s for {measures} measures, {peaks[-1]:.0f} MB; {peaks[-1] / peaks[0]:.2f}",
        "flat",
    )
    print(f"  peak of the longest / of the shortest: {peaks[-1] / peaks[0]:.2f}")


def cell_of(value: Value) -> str:
    """Write a value as it stands in a roster."""
    if isinstance(value, frozenset):
        return ";".join(sorted(value)) or "都不是"
    return str(value).lower()


# -- questions --------------------------------------------------------------------------------

Ask = Callable[[Sequence[Result], Given, Rulebook], str | None]


def best_day(criteria: Sequence[Criteria]) -> date:
    """Return the day on which most measures of a region are open."""
    begins = [c.measure.validity.from_ for c in criteria]
    begins += [c.measure.application.from_ for c in criteria if c.measure.application]
    days = {day for day in begins if day} | {DAY}
    return max(sorted(days), key=lambda day: sum(is_open(c, day) for c in criteria))


def in_order(results: Sequence[Result], given: Given, rules: Rulebook) -> str | None:
    """Ask one fact of the region after the other, until nothing can change any more."""
    if next_question(results, given, rules) is None:
        return None
    wanted = rules.facts_of(result.criteria for result in results)
    return next(fact for fact in wanted if fact not in given.values and fact != WORK_REGION)


def in_order_if_needed(results: Sequence[Result], given: Given, rules: Rulebook) -> str | None:
    """Ask in the same order, but only what a measure that is open still misses."""
    if next_question(results, given, rules) is None:
        return None
    missed = {
        fact
        for result in results
        if result.outcome is Outcome.UNDETERMINED and result.open
        for fact in result.missing
    }
    return next(fact for fact in rules.facts if fact in missed and fact not in given.values)


def asked(
    ask: Ask, person: Known, rules: Rulebook, region: str, as_of: date
) -> tuple[int, list[Outcome]]:
    """Ask a person until nothing can change; gives the number of questions, and the verdicts."""
    given = Given({})
    while True:
        results = check(rules, region, given, as_of)
        fact = ask(results, given, rules)
        if fact is None:
            return len(given.values), [result.outcome for result in results if result.open]
        given = Given({**given.values, fact: person[fact]}, last=fact)


def show_questions(library: Library, people: int) -> None:
    """Mean number of questions by region, for each way to ask."""
    rules = library.rules
    order = random.Random(1)
    ways: dict[str, Ask] = {
        "chosen": next_question,
        "in order": in_order,
        "in order, if needed": in_order_if_needed,
    }
    print(f"\nmean number of questions until nothing can change, {people} random people a region\n")
    print(f"{'':22}{'facts':>7}" + "".join(f"{name:>22}" for name in ways))
    overall: dict[str, list[int]] = {name: [] for name in ways}
    for region in sorted({c.measure.region for c in rules.criteria.values()}):
        criteria = rules.of(region)
        as_of = best_day(criteria)
        counts: dict[str, list[int]] = {name: [] for name in ways}
        for _ in range(people):
            person = {fact.id: value_of(fact, order, as_of) for fact in library.facts.values()}
            person[WORK_REGION] = region
            final = [r.outcome for r in check(rules, region, Given(person), as_of) if r.open]
            for name, ask in ways.items():
                number, outcomes = asked(ask, person, rules, region, as_of)
                if outcomes != final:
                    raise SystemExit(f"{region}: asked {name}, the verdicts are others")
                counts[name].append(number)
        for name in ways:
            overall[name] += counts[name]
        facts = len(rules.facts_of(criteria)) - 1
        print(
            f"{padded(region, 22)}{facts:7}" + "".join(f"{mean(c):22.1f}" for c in counts.values())
        )
    means = {name: mean(each) for name, each in overall.items()}
    print(f"{'all':22}{'':7}" + "".join(f"{each:22.1f}" for each in means.values()))
    print("\n  (the verdicts are those of all facts known, each time)")
    headline(
        f"questions until nothing can change: {' / '.join(ways)}",
        " / ".join(f"{each:.1f}" for each in means.values()),
        "fewer",
    )
    for name in list(ways)[1:]:
        print(f"  chosen / {name}: {means['chosen'] / means[name]:.2f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000, help="in the roster in columns")
    parser.add_argument("--sample", type=int, default=1000, help="of them one by one")
    parser.add_argument("--stream", default="100000,1000000", help="lines of the rosters in files")
    parser.add_argument("--each", type=int, default=200, help="people a region, checked one by one")
    parser.add_argument("--asked", type=int, default=20, help="people a region who are asked")
    options = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    library = read_library()
    show_one_person(library, options.each)
    show_roster(library, options.people, options.sample)
    show_streaming(library, [int(size) for size in options.stream.split(",")])
    show_questions(library, options.asked)


if __name__ == "__main__":
    main()
