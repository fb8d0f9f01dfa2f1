"""`nuangang audit`, `keys`, `jobs erase`: what staff run who look after people's data."""

import base64
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.cli import main
from server.database.db import Database
from server.personal import people, profiles
from server.records.audit import Actor
from server.settings import Settings, SettingsRefused, load_settings
from server.web.resources import make_safe, make_subject_keys
from tests import citizens
from tests.server.records.test_audit import tamper

OLD = "old:" + base64.b64encode(bytes(32)).decode()
NEW = "new:" + base64.b64encode(bytes(range(32))).decode()
NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@pytest.fixture
def data_dir(sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory with one person in it, sealed with the old key."""
    for name in [name for name in os.environ if name.startswith("NUANGANG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NUANGANG_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NUANGANG_ENCRYPTION_KEYS", OLD)
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(getattr(sys, name), "reconfigure", lambda **_: None, raising=False)
    (tmp_path / "nuangang.db").write_bytes(sqlite_template.read_bytes())
    settings = load_settings()
    database, safe = Database(settings.database), make_safe(settings)
    with database.begin() as session:
        worker = people.recognise(session, safe, issuer=people.DEVELOPER, subject="w", now=NOW)
    own = make_subject_keys(settings, database, safe).safe_of(worker)
    by = Actor.job("test")
    with database.begin() as session:
        profiles.take_from_register(
            session, own, worker_id=worker, person=citizens.person(1), by=by, now=NOW
        )
    database.release()
    return tmp_path


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(arguments)
    said = capsys.readouterr()
    return code, said.out + said.err


def _person(settings: Settings) -> object:
    database, safe = Database(settings.database), make_safe(settings)
    keys = make_subject_keys(settings, database, safe)
    with database.read() as session:
        return profiles.get(session, keys.safe_of(1), 1).person


def test_a_key_is_changed_in_three_steps(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NUANGANG_ENCRYPTION_KEYS", f"{NEW},{OLD}")
    code, said = _run(capsys, "keys", "rotate")
    assert code == 0 and "of 2 sealed anew" in said and "older keys can be taken out" in said
    monkeypatch.setenv("NUANGANG_ENCRYPTION_KEYS", NEW)
    assert _person(load_settings()) == citizens.person(1)
    code, said = _run(capsys, "keys", "rotate")
    assert (code, said) == (0, "nothing is left: older keys can be taken out\n")


def test_a_key_that_was_taken_out_too_early_is_missed_by_name(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NUANGANG_ENCRYPTION_KEYS", NEW)
    code, said = _run(capsys, "keys", "rotate")
    assert code == 1 and "sealed with none of these keys" in said


def test_the_audit_is_anchored_and_verified(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, line = _run(capsys, "audit", "anchor")
    assert code == 0 and json.loads(line)["position"] == 1
    copy = data_dir / "copy.jsonl"
    copy.write_text((data_dir / "audit_anchors.jsonl").read_text())
    for arguments in ((), ("--anchors", str(copy))):
        code, said = _run(capsys, "audit", "verify", *arguments)
        assert (code, said) == (0, "1 entries, 0 not yet in the chain, 1 anchors: as written\n")
    copy.write_text(line.replace('"position": 1', '"position": 2'))
    code, said = _run(capsys, "audit", "verify", "--anchors", str(copy))
    assert code == 1 and "line 1" in said
    code, said = _run(capsys, "audit", "verify", "--anchors", str(data_dir / "none"))
    assert code == 1 and "does not exist" in said


def test_an_anchor_beyond_the_end_tells_of_a_cut(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = Database(load_settings().database)
    _run(capsys, "audit", "anchor")
    tamper(database, "DELETE FROM audit_link", "DELETE FROM audit_entry")
    code, said = _run(capsys, "audit", "verify")
    assert code == 1 and said.startswith("cut: position 1\n") and "NOT as written" in said


def test_the_job_says_what_it_erased(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = load_settings()
    keys = Database(settings.keys_database)
    with keys.begin() as session:
        # Somebody was erased, and then a backup of the data was put back.
        session.connection().exec_driver_sql(
            "UPDATE wrapped_key SET wrapped = NULL, erased_at = '2026-03-01'"
        )
    keys.release()
    code, said = _run(capsys, "jobs", "erase")
    assert code == 0 and "worker 1 erased again" in said and "0 rows of turn erased" in said
    assert Database(settings.database).fetch("SELECT count(*) FROM profile") == (0,)
    code, said = _run(capsys, "jobs", "erase")
    assert code == 0 and "erased again" not in said


def test_the_job_keeps_what_a_newer_backup_may_need_until_somebody_says_otherwise(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load_settings()
    database, safe = Database(settings.database), make_safe(settings)
    keys = make_subject_keys(settings, database, safe, lambda: NOW)
    # Of somebody who came after the backup that was restored.
    keys.make_many(1)
    keys.note_restored(NOW - timedelta(hours=1), now=NOW + timedelta(hours=1))
    code, said = _run(capsys, "jobs", "erase")
    assert code == 0 and "     0 keys without a worker destroyed" in said
    assert "     1 keys kept" in said and "--newer-keys-too" in said
    code, said = _run(capsys, "jobs", "erase", "--newer-keys-too")
    assert code == 0 and "     1 keys without a worker destroyed" in said
    assert "keys kept" not in said


def test_data_and_keys_never_share_a_database(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUANGANG_KEYS_URL", load_settings().database)
    with pytest.raises(SettingsRefused, match="NUANGANG_KEYS_URL"):
        load_settings()
