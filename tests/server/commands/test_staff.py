"""`nuangang staff`: the first officer, and the way back in."""

import argparse
import re
from pathlib import Path

import pytest

from server.commands import staff
from server.db import Database
from server.staff import accounts, passwords


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in (("DATA_DIR", str(tmp_path)), ("ENV", "development")):
        monkeypatch.setenv(f"NUANGANG_{name}", value)
    return tmp_path


def run(*arguments: str) -> int:
    """Run a command as the program does."""
    parser = argparse.ArgumentParser()
    staff.add_to(parser.add_subparsers())
    parsed = parser.parse_args(["staff", *arguments])
    return int(parsed.run(parsed))


def test_somebody_is_let_in_reset_and_kept_out(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add = ["add", "zhang.wei", "--name", "张伟", "--role", "administrator"]
    assert run(*add, "--region", "石狮") == 0
    first = capsys.readouterr().out.splitlines()[-1]
    database = Database(f"sqlite:///{data_dir / 'nuangang.db'}")

    def matches(password: str) -> bool:
        with database.read() as session:
            account = accounts.by_username(session, "zhang.wei")
        assert account is not None and account.starting
        return passwords.matches(account.password_hash, password)

    assert re.fullmatch(r"([a-z2-9]{4}-){3}[a-z2-9]{4}", first) and matches(first)
    assert run(*add, "--region", "石狮") == 1
    assert run(*add[:1], "li", *add[2:], "--region", "nowhere") == 1
    assert run("reset", "zhang.wei") == 0
    second = capsys.readouterr().out.splitlines()[-1]
    assert matches(second) and not matches(first)
    assert run("disable", "zhang.wei") == 0
    assert run("disable", "nobody") == 1
    assert run("list") == 0
    assert "zhang.wei" in (told := capsys.readouterr().out) and told.rstrip().endswith("out")
    database.release()
