"""The table of security requirements names tests that exist, and says what is open."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs" / "asvs.md").read_text("utf-8")
ROWS = re.findall(r"^\| ([\d.,–  ]+) \| ([12, ]+) \| (.+) \| (.+) \|$", TABLE, re.M)
WORDS = re.compile(r"`|\*read\*|decision|the (same|runbook)|as (\d|above)|mypy|rules")


def test_every_test_it_names_exists() -> None:
    named = set(re.findall(r"`((?:\w+/)+test_\w+\.py)`", TABLE))
    assert len(named) > 30
    assert {name for name in named if not (ROOT / "tests" / name).exists()} == set()


def test_every_row_says_what_covers_it() -> None:
    assert len(ROWS) > 100
    for number, _, _, covered in ROWS:
        assert WORDS.search(covered), number
    numbers = [number for row in ROWS for number in row[0].split(", ")]
    assert len(numbers) == len(set(numbers))


def test_nothing_is_left_open() -> None:
    assert "*open*" not in TABLE
