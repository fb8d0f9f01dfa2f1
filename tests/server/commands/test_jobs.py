"""`nuangang jobs …`, as a timer and the staff run it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from server import leaving, tallying
from server.arrears import handling
from server.casework import advancing, deciding, drafting, objecting, sweeping
from server.casework.tables import Case, Officer
from server.chat import conversations
from server.chat.chatting import Channel
from server.chat.conversations import RecordedTurn, masked_json, new_conversation_id, record_within
from server.clock import utc_now
from server.commands import jobs
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectKeys
from server.database.db import Database
from server.database.tables import NoticeState, Worker
from server.editing import unanswered
from server.editing.tables import Became
from server.notices import outbox
from server.personal import erasing, people
from server.personal.holdings import Holding
from server.preparing import prepare
from server.published import releases
from server.register import importing
from server.settings import Settings, load_settings
from server.staff import sessions as staff_sessions
from server.vouchers import lapsing, rounds
from server.web import rate_limits, sessions
from server.web.resources import make_safe
from server.wechat import followers, receipts
from tests.server.commands.conftest import Run
from tests.server.conftest import Typed
from tests.wechat_platform.state import APP_ID, Fault, PlatformState

ROOT = Path(__file__).parents[3]


@pytest.fixture
def environment(
    wechat_settings: Settings, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Database, Safe]]:
    """A database as the settings of the environment name it, and its keys."""
    for name in [name for name in os.environ if name.startswith("NUANGANG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NUANGANG_DATA_DIR", str(home))
    for name in ("wechat_app_id", "wechat_api_base"):
        monkeypatch.setenv(f"NUANGANG_{name}".upper(), str(getattr(wechat_settings, name)))
    for name in ("wechat_app_secret", "wechat_token", "wechat_aes_key"):
        secret = getattr(wechat_settings, name).get_secret_value()
        monkeypatch.setenv(f"NUANGANG_{name}".upper(), secret)
    settings = load_settings()
    database = prepare(settings, now=utc_now())
    yield database, make_safe(settings)
    database.release()


def _add(environment: tuple[Database, Safe], text: str) -> str:
    database, safe = environment
    with database.begin() as session:
        return outbox.add_text(
            session, safe, app_id=APP_ID, openid="o" * 28, text=text, now=utc_now()
        )


def test_whoever_asked_in_vain_is_told_once_their_question_is_answered(
    nuangang: Typed, environment: tuple[Database, Safe], wechat: PlatformState
) -> None:
    database, safe = environment
    now, question = utc_now(), "失业保险金谁能领"
    with database.begin() as session:
        worker = people.recognise(session, safe, issuer=APP_ID, subject="o" * 28, now=now)
        editor = Officer(name="林写", roles="[]", regions="[]", active=True, version=1,
                         created_at=now)  # fmt: skip
        session.add(editor)
        session.flush()
        asked = RecordedTurn(
            new_conversation_id(), now - timedelta(hours=1), Channel.OFFICIAL_ACCOUNT, question,
            "decline", "没有写。", region="石狮", worker_id=worker,
        )  # fmt: skip
        record_within(session, asked, masked_json({}))
        unanswered.settle(
            session, [unanswered.fingerprint(question, "石狮")], became=Became.SIMILAR,
            kind="measure", key="shishi-4a", officer_id=editor.id or 0,
            now=now - timedelta(minutes=5),
        )  # fmt: skip
        release = releases.current_id(session)
        assert release is not None
        releases.put_in_force(session, release, now)
    assert nuangang("jobs", "deliver").out == "delivered: 1 sent\n"
    (told,) = wechat.texts()
    assert told.startswith(f"你之前问过“{question}”，现在有答案了：") and "失业保险金" in told


def test_notices_are_delivered_and_stuck_ones_shown_and_sent_again(
    nuangang: Typed, environment: tuple[Database, Safe], wechat: PlatformState
) -> None:
    for text in ("一", "二"):
        _add(environment, text)
    ran = nuangang("jobs", "deliver")
    assert (ran.code, ran.out) == (0, "delivered: 2 sent\n")
    assert sorted(wechat.texts()) == ["一", "二"]
    wechat.faults = [Fault(code=45015, path="/cgi-bin/message")]
    stuck = _add(environment, "canary")
    assert nuangang("jobs", "deliver").out == "delivered: 1 refused\n"
    shown = nuangang("jobs", "outbox").out
    assert stuck in shown and "45015" in shown and "1 refused" in shown and "canary" not in shown
    wechat.faults = []
    assert nuangang("jobs", "deliver").out == "delivered: nothing was due\n"
    assert nuangang("jobs", "outbox", "--again", "unknown").code == 1
    assert nuangang("jobs", "outbox", "--again", stuck).code == 0
    assert nuangang("jobs", "deliver").out == "delivered: 1 sent\n"
    assert wechat.texts()[-1] == "canary"


def test_sending_all_again_sends_nothing_that_may_have_arrived(
    nuangang: Typed, environment: tuple[Database, Safe], wechat: PlatformState
) -> None:
    database, safe = environment
    late, unknown, refused = (_add(environment, text) for text in ("late", "unknown", "refused"))
    with database.begin() as session:
        outbox.claim(session, safe, at_most=9, now=utc_now())
        outcomes = (
            outbox.Outcome(late, NoticeState.REFUSED, 9, outbox.TOO_LATE),
            outbox.Outcome(unknown, NoticeState.UNKNOWN, 1, "unknown"),
            outbox.Outcome(refused, NoticeState.REFUSED, 1, "43101"),
        )
        outbox.settle(session, outcomes, now=utc_now())
    assert nuangang("jobs", "outbox", "--again", "all").out == "1 notices are due again\n"
    assert nuangang("jobs", "deliver").out == "delivered: 1 sent\n"
    assert wechat.texts() == ["late"]
    assert nuangang("jobs", "outbox", "--again", "all").code == 1


def test_watching_goes_on_until_it_is_told_to_stop(
    environment: tuple[Database, Safe], wechat: PlatformState
) -> None:
    program = "import sys; from server.cli import main; sys.exit(main())"
    watching = subprocess.Popen(
        [sys.executable, "-c", program, "jobs", "deliver", "--watch"],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    for text in ("一", "二"):
        _add(environment, text)
        for _ in range(1200):
            if text in wechat.texts():
                break
            assert watching.poll() is None
            _pause()
        else:
            pytest.fail(f"{text} was not delivered within a minute")
    watching.terminate()
    told, _ = watching.communicate(timeout=20)
    assert (watching.returncode, told) == (0, "delivered: 2 sent\n")


def _pause() -> None:
    import time

    time.sleep(0.05)


def test_without_wechat_delivery_says_what_to_set(
    nuangang: Typed,
    environment: tuple[Database, Safe],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("APP_ID", "APP_SECRET", "TOKEN", "AES_KEY"):
        monkeypatch.delenv(f"NUANGANG_WECHAT_{name}")
    ran = nuangang("jobs", "deliver", "--watch")
    assert ran.code == jobs.NOT_SET_UP and "NUANGANG_WECHAT" in ran.err


def test_a_sweep_forgets_what_is_over_and_nothing_else(
    nuangang: Typed,
    environment: tuple[Database, Safe],
) -> None:
    database, safe = environment
    long_ago = utc_now() - timedelta(days=90)
    with database.begin() as session:
        worker = Worker(created_at=long_ago)
        session.add(worker)
        session.flush()
        assert worker.id is not None
        sessions.sign_in(session, worker.id, now=long_ago)
        kept, _ = sessions.sign_in(session, worker.id, now=utc_now())
        over = outbox.add_text(session, safe, app_id=APP_ID, openid="o", text="x", now=long_ago)
        outbox.claim(session, safe, at_most=1, now=long_ago)
        sent = outbox.Outcome(over, NoticeState.SENT, 1)
        outbox.settle(session, [sent], now=long_ago)
    due = _add(environment, "due")
    ran = nuangang("jobs", "sweep")
    assert ran.code == 0
    told = {
        name: count
        for count, name in (
            line.strip().removesuffix(" forgotten").split(" ", 1) for line in ran.out.splitlines()
        )
    }
    assert told["sessions"] == told["notices"] == "1"
    assert {"contexts", "rate counts", "receipts", "followers"} < set(told)
    assert sessions.worker_of(database, kept, now=utc_now()) == worker.id
    assert database.fetch("SELECT id FROM notice") == (due,)


def _fail(*_: object, **__: object) -> int:
    raise RuntimeError("13800138000")


def test_a_chore_that_fails_keeps_no_other_from_being_done_and_is_told_at_the_end(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    chores = (
        (deciding, "overdue", "cases go on"),
        (objecting, "final", "cases closed"),
        (drafting, "old", "drafts given up"),
        (deciding, "ask_anew", "people asked"),
        (rounds, "go_on_all", "people of rounds"),
        (lapsing, "lapse", "fen of vouchers"),
        (lapsing, "warn_all", "people told"),
        (handling, "lapse", "joint reports"),
    )
    assert run("jobs", "cases")[0] == 0
    for room, name, told in chores:
        with monkeypatch.context() as patched:
            patched.setattr(room, name, _fail)
            code, out, err = run("jobs", "cases")
        said = [each for _, _, each in chores if each in out]
        assert (code, said) == (1, [each for _, _, each in chores if each != told])
        assert "RuntimeError" in err and "13800138000" not in err


def test_a_case_that_cannot_go_on_keeps_no_other_from_it_and_none_waits_for_all(
    run: Run, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each in a transaction of its own: an officer who decides at this moment waits for one."""
    at, states = "2026-01-01 09:30:00.000000+00:00", ("material_requested", "refused", "draft")
    long_ago = "2025-01-01 09:30:00.000000+00:00"
    database.insert("INSERT INTO worker (id, created_at) VALUES {}", [(7, at)])
    assert run("jobs", "cases")[0] == 0
    database.insert(
        "INSERT INTO cases (id, worker_id, origin, measure, region, period, state, version,"
        " release_id, edition_id, unit, despite_warning, begun_at, changed_at, due_on, decided_at)"
        " VALUES {}",
        [
            (f"{state}-{number}"[-16:], 7, "application", "m", "石狮", "2026", state, 1, 1, 1, "",
             False, at, long_ago, "2026-01-15", at)
            for state in states
            for number in (1, 2, 3)
        ],
    )  # fmt: skip
    moved: list[tuple[object, ...] | None] = []

    def advance(session: Session, case: Case, *given: Any, **named: Any) -> Case:
        if case.id.endswith("2"):
            raise RuntimeError("13800138000")
        if case.id.endswith("3"):
            moved.append(
                database.fetch("SELECT version FROM cases WHERE id = :id", id=case.id[:-1] + "1")
            )
        return advancing.advance(session, case, *given, **named)

    with monkeypatch.context() as patched:
        for room in (deciding, objecting, drafting):
            patched.setattr(room, "advance", advance)
        code, out, err = run("jobs", "cases")
    assert (code, moved) == (1, [(2,)] * 3)
    for told in ("cases go on without the material", "cases closed", "drafts given up"):
        assert f"     2 {told}\n" in out
    assert err.count("RuntimeError") == 3 and "13800138000" not in err and "draft-2" in err
    code, out, _ = run("jobs", "cases")
    assert code == 0 and "     1 cases closed\n" in out
    assert database.fetch("SELECT count(*) FROM cases WHERE version = 2") == (9,)


def test_a_sweep_goes_on_after_what_fails_and_says_so_at_the_end(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    chores = (
        (tallying, "tally_due", "hours of messages counted"),
        (sessions, "forget_expired", " sessions forgotten"),
        (staff_sessions, "forget_over", "sessions of the staff forgotten"),
        (conversations, "forget_expired", "contexts forgotten"),
        (outbox, "forget_settled", "notices forgotten"),
        (rate_limits, "forget_over", "rate counts forgotten"),
        (receipts, "forget_expired", "receipts forgotten"),
        (followers, "forget_expired", "followers forgotten"),
        (importing, "forget_old", "files for the register forgotten"),
        (sweeping, "sweep", "objects deleted"),
    )
    assert run("jobs", "sweep")[0] == 0
    for room, name, told in chores:
        with monkeypatch.context() as patched:
            patched.setattr(room, name, _fail)
            code, out, err = run("jobs", "sweep")
        said = [each for _, _, each in chores if each in out]
        assert (code, said) == (1, [each for _, _, each in chores if each != told])
        assert "RuntimeError" in err and "13800138000" not in err


def test_what_cannot_be_erased_keeps_nothing_else_from_being_erased(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget = erasing.forget_over

    def some_stay(session: Session, holding: Holding, *, now: datetime) -> int:
        return _fail() if holding.table == "turn" else forget(session, holding, now=now)

    def one_stays(*given: Any, worker_id: int, **named: Any) -> list[str]:
        return [] if worker_id == 2 else [str(_fail())]

    code, whole, _ = run("jobs", "erase")
    assert code == 0
    monkeypatch.setattr(SubjectKeys, "erased", lambda _: {1, 2, 3})
    for room, name, act, missing in (
        (erasing, "forget_over", some_stay, "rows of turn erased"),
        (SubjectKeys, "erased", _fail, "worker 2 erased again"),
        (leaving, "leave", one_stays, "worker 1 erased again"),
        (SubjectKeys, "destroy_unclaimed", _fail, "keys without a worker destroyed"),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(leaving, "leave", lambda *_, **__: [])
            patched.setattr(room, name, act)
            code, out, err = run("jobs", "erase")
        assert code == 1 and missing not in out
        assert [line for line in whole.splitlines() if line not in out] == [
            line for line in whole.splitlines() if missing in line
        ]
        assert ("worker 2 erased again" in out) == (name != "erased")
        assert "RuntimeError" in err and "13800138000" not in err


def test_between_deliveries_a_chore_that_fails_keeps_no_other_from_being_done() -> None:
    done: list[str] = []
    between = jobs._Between(None, None)  # type: ignore[arg-type]
    for name in ("_answer_owed", "_catch_up", "_hand_over", "_ask_unionids"):

        def fail(name: str = name) -> None:
            done.append(name)
            raise RuntimeError

        fail.__name__ = name
        setattr(between, name, fail)
    between()
    assert len(done) == 4
