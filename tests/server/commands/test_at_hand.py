"""What a command has at hand, in a process of its own: in the tests' every module is there."""

import os
import subprocess
import sys
from pathlib import Path

from server.personal.holdings import holdings

ROOT = Path(__file__).parents[3]


def test_a_command_knows_every_table_also_where_the_database_is_up_to_date(home: Path) -> None:
    """One that brings the tables up to date sees them all; this one has no cause to."""
    environment = {**os.environ, "NUANGANG_DATA_DIR": str(home)}
    typed = "import sys; from server.cli import main; sys.exit(main())"
    erased, rotated = (
        subprocess.run(
            [sys.executable, "-c", typed, *words],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60,
        )
        for words in (("jobs", "erase"), ("keys", "rotate"))
    )  # fmt: skip
    ending = {name for name, each in holdings().items() if each.has_an_end}
    told = {line.split()[3] for line in erased.stdout.splitlines() if " rows of " in line}
    assert told == ending
    assert (rotated.returncode, rotated.stdout) == (
        0, "nothing is left: older keys can be taken out\n"
    ), rotated.stderr  # fmt: skip
