"""`nuangang knowledge import` and `publish` go through the gate of the desk."""

import json
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert

from bot.evaluation import Gold
from knowledge.writing import write_library
from server.casework import tables
from server.database.db import Database
from server.editing import gold
from server.published import releases
from tests.server.conftest import Typed
from tests.small import small_editions

if TYPE_CHECKING:
    from knowledge.library import Library

Run = Callable[..., tuple[int, str]]
ANNA, BERT, ELSEWHERE = 1, 2, 3
QUESTION = "失业保险金谁能领"


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    home = tmp_path / "var"
    home.mkdir()
    return home


@pytest.fixture
def run(
    sqlite_template: Path,
    library: "Library",
    now: datetime,
    data_dir: Path,
    typed: Typed,
) -> Run:
    """The commands over a small release in force and three officers."""
    shutil.copy(sqlite_template, data_dir / "nuangang.db")
    database = Database(f"sqlite:///{data_dir / 'nuangang.db'}")
    with database.begin() as session:
        releases.publish(session, small_editions(library), note="small", now=now)
        session.execute(
            insert(tables.Officer),
            [
                {
                    "id": number, "name": str(number), "roles": '["editor", "publisher"]',
                    "regions": json.dumps([where]), "active": True, "version": 1,
                    "created_at": now,
                }
                for number, where in ((ANNA, "石狮"), (BERT, "石狮"), (ELSEWHERE, "锦州"))
            ],
        )  # fmt: skip
        right = {"id": "held", "turns": [QUESTION], "region": "石狮", "kind": "answer"}
        held = Gold.model_validate({**right, "measures": ["shishi-4a"]})
        gold.add_question(session, held, officer_id=None, now=now)
    database.release()

    def in_knowledge(*arguments: object) -> tuple[int, str]:
        ran = typed("knowledge", *map(str, arguments))
        return ran.code, ran.out + ran.err

    return in_knowledge


def files(library: "Library", folder: Path, **changes: object) -> Path:
    """The small release as files, with a measure changed."""
    changed = [
        (kind, key, {**content, **changes} if (kind, key) == ("measure", "shishi-4a") else content)
        for kind, key, content in small_editions(library)
    ]
    write_library(changed, folder)
    return folder


def test_what_an_editor_imports_only_a_second_person_publishes(
    run: Run, library: "Library", tmp_path: Path
) -> None:
    folder = files(library, tmp_path / "in", advice=["先打电话问一问。"])
    code, told = run("import", folder, "--officer", ANNA)
    assert code == 0 and "proposed as release 2" in told
    for who, why in ((None, "--officer"), (ANNA, "whoever wrote"), (ELSEWHERE, "not everywhere")):
        code, told = run("publish", 2, *(("--officer", who) if who else ()))
        assert code == 1 and why in told
    assert run("publish", 2, "--officer", BERT) == (0, "release 2 is in force\n")
    assert "2 " in next(line for line in run("releases")[1].splitlines() if "in force" in line)


def test_a_rollback_puts_nothing_in_force_that_nobody_published(
    run: Run, library: "Library", tmp_path: Path, data_dir: Path
) -> None:
    folder = files(library, tmp_path / "in", advice=["先打电话问一问。"])
    assert run("import", folder, "--officer", ANNA)[0] == 0
    code, told = run("rollback", 2)
    assert code == 1 and "nobody published" in told
    assert "in force  small" in run("releases")[1]
    assert run("publish", 2, "--officer", BERT)[0] == 0
    assert run("rollback") == (0, "release 1 is in force\n")
    database = Database(f"sqlite:///{data_dir / 'nuangang.db'}")
    noted = database.fetch(
        "SELECT actor, row FROM audit_entry WHERE about = 'current_release' AND reason = 'rollback'"
    )
    assert noted == ("job", "1")
    database.release()


def test_what_is_answered_worse_needs_a_reason_and_the_audit_keeps_it(
    run: Run, library: "Library", tmp_path: Path, data_dir: Path
) -> None:
    others = {"similar": ["石狮老年大学怎么报名"], "question": "老年大学怎么报名？"}
    others |= {"title": "老年大学", "negative": [QUESTION, "失业保险金怎么领"]}
    assert run("import", files(library, tmp_path / "in", **others))[0] == 0
    code, told = run("publish")
    assert code == 1 and f"worse: {QUESTION}" in told and "--reason" in told
    assert "in force  small" in run("releases")[1]
    assert run("publish", "--reason", "没有别的办法")[0] == 0
    database = Database(f"sqlite:///{data_dir / 'nuangang.db'}")
    noted = database.fetch(
        "SELECT actor, row, reason FROM audit_entry WHERE about = 'current_release'"
    )
    assert noted == ("job", "2", "没有别的办法")
    database.release()


def test_who_publishes_what_no_editor_proposed_is_not_named_in_vain(
    run: Run, library: "Library", tmp_path: Path
) -> None:
    assert run("import", files(library, tmp_path / "in", advice=["先打电话问一问。"]))[0] == 0
    code, told = run("publish", "--officer", BERT)
    assert code == 1 and "--officer would be noted nowhere" in told
    assert "in force  small" in run("releases")[1]
    assert run("publish")[0] == 0


def test_no_release_has_the_number_nought(run: Run) -> None:
    for verb in ("publish", "rollback"):
        assert run(verb, 0) == (1, "nuangang: no release 0\n")


def test_gold_is_stored_whole_or_refused_with_its_file_and_line(run: Run, tmp_path: Path) -> None:
    def told(verb: str, text: str, encoding: str = "utf-8") -> str:
        path = tmp_path / "gold.jsonl"
        path.write_text(text, encoding=encoding)
        return run(verb, path)[1]

    question = '{"id":"%s","turns":[%s],"kind":"chat"}\n'
    assert "question b can't be stored, and none was" in told(
        "questions", question % ("a", '"你好"') + question % ("b", "")
    )
    # What ends a line elsewhere ends none of JSON.
    assert told("questions", question % ("a", '"你\u2028好\x85"')) == "1 of 1 questions are new\n"
    assert "gold.jsonl:3: story is missing" in told("personas", '\n\n{"id":"x"}\n')
    person = '{"id":"p","story":"甲","region":"石狮","as_of":"2022-04-10","facts":{},%s}'
    unfit = person % '"expect":{"moushi-1":"eligible"}'
    assert "gold.jsonl:1: 石狮 has no measure moushi-1" in told("personas", unfit)
    fit = person % '"expect":{"shishi-4a":"undetermined"}'
    assert told("personas", fit) == "1 of 1 persons are new\n"
    stays = "0 of 1 persons are new\n1 stay as they stood there under their names\n"
    assert told("personas", fit.replace("undetermined", "eligible")) == stays
    assert "gold.jsonl: no UTF-8" in told("personas", '{"id":"甲"}', "gbk")


def test_a_person_whom_a_release_cannot_be_checked_for_is_named(
    run: Run, library: "Library", tmp_path: Path
) -> None:
    path = tmp_path / "persons.jsonl"
    person = {"id": "p", "story": "甲", "region": "石狮", "as_of": "2022-04-10"}
    person |= {"facts": {}, "expect": {"shishi-4a": "undetermined"}}
    path.write_text(json.dumps(person), encoding="utf-8")
    assert run("personas", path)[0] == 0
    renamed = [
        (kind, "shishi-4z", {**content, "id": "shishi-4z"}) if key == "shishi-4a" else edition
        for edition in small_editions(library)
        for kind, key, content in (edition,)
    ]
    write_library(renamed, tmp_path / "in")
    assert run("import", tmp_path / "in")[0] == 0
    code, told = run("publish")
    assert code == 1 and "checked no more: p names what this release has not" in told
