"""Accounts, second factors and sessions, on both databases."""

import contextlib
import threading
from datetime import datetime, timedelta
from errno import ENOSPC

import pyotp
import pytest

from knowledge.library import Library
from server.casework import officers
from server.casework.officers import Officer, Role
from server.confidential.sealing import Safe
from server.database.db import Database, DatabaseBusy
from server.records import audit
from server.staff import accounts, passwords, second_factors, sessions
from server.staff.accounts import CodeRefused, UsernameRefused, UsernameTaken
from server.staff.passwords import PasswordTooWeak
from server.staff.sessions import IDLE_FOR, LASTS_FOR, SignInFailed
from server.staff.tables import StaffAccount
from tests import casework

BY = audit.Actor.job("test")


@pytest.fixture
def officer(database: Database, safe: Safe, library: Library, now: datetime) -> Officer:
    made = casework.officer(database, safe, library, Role.CASE_OFFICER, now=now)
    with database.begin() as session:
        accounts.add(
            session, safe, made, username="chen", password_hash="x", starting=False, by=BY, now=now
        )
    return made


def begin(
    database: Database,
    safe: Safe,
    who: Officer,
    now: datetime,
    code: str = "",
    needs_second_factor: bool = False,
) -> str:
    with database.begin() as session:
        return sessions.begin(
            session,
            safe,
            session.get_one(StaffAccount, who.id),
            code=code,
            device="device",
            needs_second_factor=needs_second_factor,
            now=now,
        )


def test_a_name_is_one_officers_and_well_formed(
    database: Database, safe: Safe, library: Library, officer: Officer, now: datetime
) -> None:
    second = casework.officer(database, safe, library, Role.EDITOR, now=now)
    for name, error in (
        ("chen", UsernameTaken), (" CHEN ", UsernameTaken), ("ab", UsernameRefused),
        ("1abc", UsernameRefused), ("a" * 33, UsernameRefused), ("王伟a", UsernameRefused),
        ("a b c", UsernameRefused), ("", UsernameRefused),
    ):  # fmt: skip
        with pytest.raises(error), database.begin() as session:
            accounts.add(session, safe, second, username=name, password_hash="x", by=BY, now=now)


def test_a_name_nobody_has_takes_as_long_as_a_wrong_password() -> None:
    assert not passwords.is_outdated(passwords._NOBODYS)
    assert not passwords.matches(None, "whatever it may be")


def test_a_code_is_good_once_also_for_two_at_once(
    database: Database, safe: Safe, officer: Officer, now: datetime
) -> None:
    secret = second_factors.made()
    before = pyotp.TOTP(secret).at(now - timedelta(seconds=30))
    with database.begin() as session:
        accounts.set_second_factor(session, safe, officer.id, secret=secret, code=before, now=now)
    code = pyotp.TOTP(secret).at(now)
    won: list[str] = []

    def try_it() -> None:
        with contextlib.suppress(SignInFailed):
            won.append(begin(database, safe, officer, now, code))

    threads = [threading.Thread(target=try_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def test_a_code_may_be_half_a_minute_off_and_no_more(now: datetime) -> None:
    secret = second_factors.made()
    code = pyotp.TOTP(secret).at
    for seconds, right in ((0, True), (-30, True), (30, True), (-60, False), (60, False)):
        given = code(now + timedelta(seconds=seconds))
        assert (second_factors.step_of(secret, given, now=now) is not None) is right
    for wrong in ("", "12345", "abcdef", "１２３４５６", "\ud800"):
        assert second_factors.step_of(secret, wrong, now=now) is None


def test_a_wrong_first_code_sets_nothing_up(
    database: Database, safe: Safe, officer: Officer, now: datetime
) -> None:
    with pytest.raises(CodeRefused), database.begin() as session:
        accounts.set_second_factor(session, safe, officer.id, secret="A" * 32, code="0", now=now)
    with database.read() as session:
        assert session.get_one(StaffAccount, officer.id).sealed_secret is None


@pytest.mark.parametrize("error", [OSError(ENOSPC, "full"), DatabaseBusy()])
def test_where_nothing_can_be_written_who_is_signed_in_goes_on_reading(
    database: Database, safe: Safe, officer: Officer, now: datetime, error: Exception,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    token, later = begin(database, safe, officer, now), now + timedelta(minutes=2)

    def refuse(wrong: Exception) -> None:
        def begin() -> contextlib.AbstractContextManager[object]:
            raise wrong

        monkeypatch.setattr(database, "begin", begin)

    refuse(error)
    found = sessions.find(database, token, now=later)
    assert found is not None and found.officer.id == officer.id
    refuse(RuntimeError())
    with pytest.raises(RuntimeError):
        sessions.find(database, token, now=later)


def test_sessions_end_and_are_swept(
    database: Database, safe: Safe, officer: Officer, now: datetime
) -> None:
    token = begin(database, safe, officer, now)
    assert sessions.find(database, token, now=now) is not None
    assert sessions.find(database, token + "x", now=now) is None
    assert sessions.find(database, token, now=now + IDLE_FOR) is None
    at = now
    while at < now + LASTS_FOR - IDLE_FOR:
        at += IDLE_FOR - timedelta(minutes=1)
        assert sessions.find(database, token, now=at) is not None
    assert sessions.find(database, token, now=now + LASTS_FOR) is None
    with database.begin() as session:
        assert sessions.forget_over(session, now=now + LASTS_FOR) == 1
    with database.begin() as session:
        assert sessions.forget_over(session, now=now + sessions.DEVICE_KNOWN_FOR) == 1


def test_a_start_becomes_a_whole_session_under_another_token_in_a_browser_known_from_then_on(
    database: Database, safe: Safe, officer: Officer, now: datetime
) -> None:
    def is_known(at: datetime) -> bool:
        with database.read() as session:
            return sessions.is_known(session, "device", officer.id, now=at)

    start = begin(database, safe, officer, now, needs_second_factor=True)
    found = sessions.find(database, start, now=now)
    assert found is not None and found.starting and not is_known(now)
    with database.begin() as session:
        whole = sessions.renew(session, start, "device", now=now)
    assert sessions.find(database, start, now=now) is None
    found = sessions.find(database, whole, now=now)
    assert found is not None and not found.starting
    last = now + sessions.DEVICE_KNOWN_FOR
    assert is_known(last - timedelta(seconds=1)) and not is_known(last)
    assert database.fetch(
        "SELECT actor, actor_id FROM audit_entry WHERE action = 'signed_in'"
    ) == ("officer", str(officer.id))  # fmt: skip


def test_an_officers_other_sessions_end_and_nobody_elses(
    database: Database, safe: Safe, library: Library, officer: Officer, now: datetime
) -> None:
    other = casework.officer(database, safe, library, Role.EDITOR, now=now)
    with database.begin() as session:
        accounts.add(
            session, safe, other, username="wang", password_hash="x", starting=False, by=BY, now=now
        )
    own, second = (begin(database, safe, officer, now) for _ in range(2))
    theirs = begin(database, safe, other, now)
    with database.begin() as session:
        sessions.end_others(session, own)
    stay = [sessions.find(database, each, now=now) is not None for each in (own, second, theirs)]
    assert stay == [True, False, True]


def test_whoever_left_does_not_sign_in(
    database: Database, safe: Safe, library: Library, officer: Officer, now: datetime
) -> None:
    with database.begin() as session:
        officers.change(
            session, safe, library.regions, officer.id, version=1, roles=officer.roles,
            where=officer.regions, active=False, by=BY, now=now,
        )  # fmt: skip
    with pytest.raises(SignInFailed):
        begin(database, safe, officer, now)


def test_passwords_are_long_and_not_the_first_that_one_would_try() -> None:
    for weak in (
        "", "a" * 11, "a" * 200, "chenchenchen1", "zhou zhou zhou zhou", "123456789012",
        "abcdefghijklm", "aabbaabbaabb", "98765432109876",
    ):  # fmt: skip
        with pytest.raises(PasswordTooWeak):
            passwords.check_chosen(weak, "chen" if "chen" in weak else "zhou")
    for strong in ("correct horse battery", "我家门口有两棵枣树，一棵高", passwords.made()):
        passwords.check_chosen(strong, "zhou")


def test_a_password_is_known_again_in_any_of_its_written_forms() -> None:
    kept = passwords.hashed("Ａｂｃ一二三四五六七八九")
    assert passwords.matches(kept, "Abc一二三四五六七八九")
    assert not passwords.matches(kept, "abc一二三四五六七八九")
    assert not passwords.matches(None, "abc")
    assert not passwords.matches("no hash", "abc")
    assert not passwords.is_outdated(kept)
