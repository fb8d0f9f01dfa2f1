"""`nuangang funds`, `payments`, `proactive`: from a register to money, as clerks type it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from knowledge.library import Library
from server.casework import deciding
from server.casework.moves import Move, State
from server.casework.officers import Role
from server.casework.tables import Case
from server.clock import utc_now
from server.database.db import Database
from server.settings import load_settings
from server.web.resources import make_safe, make_subject_keys
from tests import casework, citizens, funding
from tests.casework import MEASURE
from tests.funding import Office
from tests.server.commands.conftest import Run


@pytest.fixture
def office(run: Run, database: Database, library: Library) -> Iterator[Office]:
    """An office with the keys that the commands use."""
    settings = load_settings()
    safe = make_safe(settings)
    keys = make_subject_keys(settings, database, safe)
    yield funding.office(database, safe, library, keys, utc_now())


def _approve_all(office: Office, amount_fen: int) -> None:
    with office.database.read() as session:
        found = session.scalars(select(Case).where(col(Case.state) == State.SUBMITTED)).all()
    for case in found:
        own = office.keys.safe_of(case.worker_id)
        desk = casework.desk(office.author, office.post, own, office.now)
        with office.database.begin() as session:
            taken = deciding.take(session, desk, session.get_one(Case, case.id), version=1)
            deciding.recommend(
                session, desk, taken, Move.APPROVE, version=2, reason="符合", amount_fen=amount_fen
            )
        office.approve(case.id)


def test_from_a_register_to_money(run: Run, office: Office, tmp_path: Path) -> None:
    outcome, roster = tmp_path / "outcome.csv", tmp_path / "roster.csv"
    people = [citizens.person(number) for number in range(3)]
    rows = [f"{n},{n},{MEASURE},eligible,true,\n" for n in range(2, 5)]
    outcome.write_text("line,id,measure,outcome,open,missing\n" + "".join(rows), "utf-8")
    rows = [
        f"{n},{who.name},{who.identity_number},{who.phone},{who.bank_card}\n"
        for n, who in enumerate(people, start=2)
    ]
    roster.write_text("编号,姓名,身份证号,手机号,银行卡号\n" + "".join(rows), "utf-8")

    code, out, _ = run("proactive", outcome, roster, "--officer", office.author.id)
    assert code == 0 and f"{MEASURE}: 3 proposed" in out
    digest = out.split("--confirm ")[1].split()[0]
    proposing = ("proactive", outcome, roster, "--officer", office.author.id, "--confirm")
    assert run(*proposing, "0" * 12)[0] == 1
    assert "3 proposed" in run(*proposing, digest)[1]
    assert "3 has_case" in run(*proposing, digest)[1]

    code, out, _ = run(
        "funds", "add", "专项资金", "--purpose", "稳岗", "--budget", "5000000",
        "--measure", MEASURE, "--region", "石狮", "--officer", office.administrator.id,
    )  # fmt: skip
    assert code == 0 and out.startswith("fund ")
    fund = out.split()[1]
    _approve_all(office, 123_45)

    code, out, _ = run("payments", "collect", "--fund", fund, "--officer", office.cashier.id)
    assert code == 0 and "3 payments, 370.35" in out
    batch = out.split()[1].rstrip(":")
    assert run("payments", "collect", "--fund", fund, "--officer", office.cashier.id)[1] == (
        "nothing to pay\n"
    )
    assert run("payments", "lock", batch, "--officer", office.cashier.id)[0] == 0
    code, _, told = run("payments", "release", batch, "--officer", office.approver.id)
    assert code == 1 and "another officer" in told
    assert run("payments", "release", batch, "--officer", office.releaser.id)[0] == 0
    files = tmp_path / "bank"
    exporting = ("payments", "export", batch, "--to", files, "--officer", office.cashier.id)
    assert run(*exporting)[0] == 0
    first = {file.name: file.read_bytes() for file in files.iterdir()}
    assert run(*exporting)[0] == 0
    assert {file.name: file.read_bytes() for file in files.iterdir()} == first
    assert sorted(first) == [f"{batch}.csv", f"{batch}.xlsx"]

    answer = tmp_path / "answer.csv"
    answer.write_bytes(funding.answered(first[f"{batch}.csv"], [1]))
    importing = ("payments", "import", batch, answer, "--officer", office.cashier.id)
    assert run(*importing, "--dry-run")[1] == ("would be: 2 paid, 1 returned, 0 known before\n")
    assert run(*importing)[1] == "2 paid, 1 returned, 0 known before\n"
    assert run(*importing)[1] == "0 paid, 0 returned, 3 known before\n"
    out = run("payments", "show", batch, "--officer", office.cashier.id)[1]
    assert "2 paid" in out and "settled" in out
    code, out, _ = run("funds", "show", "--officer", office.cashier.id)
    assert code == 0
    assert "5000000.00 given, 123.45 held back, 246.90 paid, 4999629.65 left" in out


def test_what_was_paid_comes_back_only_where_it_was_said_how_many(
    run: Run, office: Office, tmp_path: Path
) -> None:
    fund = office.fund(1_000_000)
    case_id, _ = office.approved(), office.approved()
    batch = office.released(fund)
    run("payments", "export", batch, "--to", tmp_path, "--officer", office.cashier.id)
    exported = (tmp_path / f"{batch}.csv").read_bytes()
    place = [row["办件编号"] for row in funding.rows_of(exported)].index(case_id)
    answer = tmp_path / "answer.csv"
    importing = ("payments", "import", batch, answer, "--officer", office.cashier.id)
    answer.write_bytes(funding.answered(exported))
    assert run(*importing)[0] == 0
    answer.write_bytes(funding.answered(exported, [place]))
    counted = "0 paid, 0 returned, 1 known before, 1 paid before and taken back"
    assert run(*importing, "--dry-run")[:2] == (0, f"would be: {counted}\n")
    for more in ((), ("--taking-back", "2")):
        code, out, _ = run(*importing, *more)
        assert code == 1 and out == f"{counted}: nothing is taken without --taking-back 1\n"
    assert office.state(case_id) == State.PAID
    assert run(*importing, "--taking-back", "1")[:2] == (0, f"{counted}\n")
    assert office.state(case_id) == State.APPROVED
    assert run(*importing, "--taking-back", "1")[1] == "0 paid, 0 returned, 2 known before\n"
    assert run("funds", "show", "--officer", office.cashier.id)[0] == 0


def test_bad_rows_are_told_and_nothing_is_taken(run: Run, office: Office, tmp_path: Path) -> None:
    fund = office.fund(1_000_000)
    office.approved()
    batch = office.released(fund)
    run("payments", "export", batch, "--to", tmp_path, "--officer", office.cashier.id)
    answer = tmp_path / "answer.csv"
    content = funding.answered((tmp_path / f"{batch}.csv").read_bytes()).decode("utf-8-sig")
    answer.write_text(content + "PNOBODY,,,1.00,,,成功,\nPNOBODY,,,,,,成功,\n", "utf-8")
    code, out, told = run("payments", "import", batch, answer, "--officer", office.cashier.id)
    assert code == 1 and "2 bad rows: nothing is taken" in out
    assert told.splitlines() == ["line 3: unknown PNOBODY", "line 4: unreadable 金额"]
    assert office.sums(fund)[2] == 0


def test_what_an_officer_may_not_do_is_told(run: Run, office: Office, tmp_path: Path) -> None:
    fund = office.fund(1_000_000)
    office.approved()
    batch = office.released(fund)
    stranger = casework.officer(
        office.database,
        office.safe,
        office.library,
        *Role,
        where=("锦州",),
        now=datetime(2026, 3, 1, tzinfo=UTC),
    )
    for arguments, expected in (
        (("payments", "export", batch, "--officer", stranger.id), "no such batch"),
        (("payments", "lock", "F0", "--officer", office.cashier.id), "no such batch"),
        (("payments", "cancel", batch, "--officer", 999), "no such officer"),
        (("payments", "cancel", batch, "--officer", office.approver.id), "may not do that"),
        (("funds", "grant", fund.id, "-10000", "--officer", office.administrator.id), "only"),
        (("funds", "grant", fund.id, "0", "--officer", office.administrator.id), "a sum"),
        (
            (
                "funds",
                "add",
                "另一笔",
                "--purpose",
                "稳岗",
                "--budget",
                "0",
                "--measure",
                MEASURE,
                "--region",
                "石狮",
                "--officer",
                office.administrator.id,
            ),
            "a fund has a name, a sum",
        ),
        (("payments", "import", batch, tmp_path / "no.csv", "--officer", office.cashier.id), "no"),
    ):
        code, _, told = run(*arguments)
        assert code == 1 and expected in told, arguments
    for no_sum in ("0.001", "9e999999", "many"):
        code, _, told = run("funds", "grant", fund.id, no_sum, "--officer", office.author.id)
        assert code == 2 and "no sum like 5000000 or 0.50" in told, no_sum
    for none in ("0", "-1", "first"):
        code, _, told = run(
            "payments", "collect", "--fund", fund.id, "--instalment", none,
            "--officer", office.cashier.id,
        )  # fmt: skip
        assert code == 2 and "no instalment: they are counted from 1" in told, none
