"""`nuangang register`: a spreadsheet in, matched, out as a roster, undone, as clerks type it."""

from pathlib import Path

import pytest

from knowledge.library import Library
from server.casework.officers import Role
from server.clock import utc_now
from server.database.db import Database
from server.settings import load_settings
from server.web.resources import make_safe
from tests import casework, citizens
from tests.server.commands.conftest import Run


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What the commands call is tested on both databases."""
    return sqlite_url


def test_a_spreadsheet_goes_in_is_matched_and_undone(
    run: Run, database: Database, library: Library, tmp_path: Path
) -> None:
    assert run("register", "undo", "none", "--officer", 1)[2] == "nuangang: no such officer\n"
    now = utc_now()
    clerk = casework.officer(
        database, make_safe(load_settings()), library, Role.CASE_OFFICER, now=now
    )
    table, roster = tmp_path / "table.csv", tmp_path / "roster.csv"
    people = [citizens.person(number) for number in range(3)]
    lines = [f"{who.name},{who.identity_number},{who.phone}" for who in people]
    table.write_text("\n".join(("谁,身份证号,电话", *lines, "没有号码,1,2")), "utf-8")
    given = ("--region", "石狮", "--officer", clerk.id)
    code, _, err = run("register", "import", table, *given)
    assert (code, err) == (
        1, "nuangang: no column for name: say which with --column HEADER=USE\n",
    )  # fmt: skip
    for slip, why in (
        ("谁=nane", "nothing is called 'nane': a column is one of -, name, identity_number, "),
        ("谁", "nothing is called '': a column is one of -, name, "),
        ("准=name", "no column '准': there are 谁, 身份证号, 电话"),
    ):
        code, _, err = run("register", "import", table, "--column", slip, *given)
        assert code == 1 and err.startswith(f"nuangang: {why}")
    odd = tmp_path / "odd.xlsx"
    for content, why in (
        (b"", "no Excel file, or a damaged one; save it anew or as CSV"),
        (b"PK\x03\x04", "breaks off after line 0: File is not a zip file"),
    ):
        odd.write_bytes(content)
        assert run("register", "import", odd, *given)[2] == f"nuangang: odd.xlsx: {why}\n"
    odd = odd.with_suffix(".csv")
    for content, why in ((b"", "empty"), (b"\xff\xfe1\x00", "line 1, the header: bytes that are")):
        odd.write_bytes(content)
        assert run("register", "import", odd, *given)[2].startswith(f"nuangang: odd.csv: {why}")
    how = ("--column", "谁=name", "--level", "below_line")
    code, out, err = run("register", "import", table, *how, *given)
    assert code == 0 and "1 bad" in out and "3 new" in out
    assert err == "line 5, 身份证号: identity_form\n"
    assert database.fetch("SELECT count(*) FROM register_entry") == (0,)
    command = out.splitlines()[-1].split()[1:]
    assert run(*command)[0] == 0
    assert run(*command)[2].startswith("nuangang: the import is done")

    code, out, err = run("register", "match", "--as-of", "2026-03-01", *given)
    assert code == 0 and "3 people ×" in err
    assert out.count(",shishi-4a,") == 3 and citizens.name(0) not in out
    exported = "SELECT count(*) FROM audit_entry WHERE action = 'exported'"
    assert database.fetch(exported) == (0,)
    into = run("register", "roster", tmp_path, *given)
    assert into == (1, "", f"nuangang: {tmp_path} is a folder, not a file\n")
    assert run("register", "roster", roster, *given)[0] == 0
    # Their numbers have left the service: each of them is noted as given out, by whom. It is
    # noted before it is written, and so twice here.
    assert database.fetch(exported) == (6,)
    noted = "SELECT DISTINCT actor, about, fields FROM audit_entry WHERE action = 'exported'"
    fields = "name,identity_number,phone,facts"
    assert database.fetch(noted) == ("officer", "register_entry", fields)
    assert people[0].identity_number in roster.read_text("utf-8-sig")
    assert roster.stat().st_mode & 0o077 == 0
    assert citizens.name(0) in roster.read_text("utf-8-sig")
    code, out, _ = run("register", "undo", command[2], "--officer", clerk.id)
    assert (code, out) == (0, "3 people as they were before\n")
    assert run("register", "match", "--as-of", "2026-03-01", *given)[0] == 1
