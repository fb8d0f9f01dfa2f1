"""What a command has at hand, in a process of its own: in the tests' every module is there."""

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from server.database.db import Database
from server.personal.holdings import holdings
from server.published import releases
from tests.server.commands.conftest import Run
from tests.small import small_editions

if TYPE_CHECKING:
    from knowledge.library import Library

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


def test_a_release_that_this_program_cannot_read_is_told_of_in_words(
    run: Run, database: Database, library: "Library", now: datetime
) -> None:
    fewer = [edition for edition in small_editions(library) if edition[0] != "fact"]
    with database.begin() as session:
        release = releases.publish(session, fewer, note="of another version", now=now)
    line = ("staff", "add", "li.na", "--name", "李娜", "--role", "editor", "--region", "石狮")
    code, _, told = run(*line)
    assert code == 1 and told.startswith(f"nuangang: release {release} cannot be served by")
