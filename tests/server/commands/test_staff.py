"""`nuangang staff`: the first officer, and the way back in."""

import re
from pathlib import Path

import pytest

from server.database.db import Database
from server.staff import accounts, passwords
from tests.server.conftest import Typed


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path


def test_somebody_is_let_in_reset_and_kept_out(data_dir: Path, typed: Typed) -> None:
    add = ["add", "zhang.wei", "--name", "张伟", "--role", "administrator"]
    first = typed("staff", *add, "--region", "石狮").out.splitlines()[-1]
    database = Database(f"sqlite:///{data_dir / 'nuangang.db'}")

    def matches(password: str) -> bool:
        with database.read() as session:
            account = accounts.by_username(session, "zhang.wei")
        assert account is not None and account.starting
        return passwords.matches(account.password_hash, password)

    assert re.fullmatch(r"([a-z2-9]{4}-){3}[a-z2-9]{4}", first) and matches(first)
    for words, refusal in (
        ((*add, "--region", "石狮"), "somebody signs in as 'zhang.wei' already"),
        ((*add[:2], "--name", " ", *add[4:], "--region", "石狮"), "--name must say something"),
        ((add[0], "li", *add[2:], "--region", "nowhere"), "unknown region 'nowhere'"),
    ):
        ran = typed("staff", *words)
        assert (ran.code, ran.err) == (1, f"nuangang: {refusal}\n")
    second = typed("staff", "reset", "zhang.wei").out.splitlines()[-1]
    assert matches(second) and not matches(first)
    assert typed("staff", "disable", "zhang.wei").code == 0
    assert typed("staff", "disable", "nobody").code == 1
    told = typed("staff", "list").out
    assert "zhang.wei" in told and told.rstrip().endswith("out")
    database.release()
