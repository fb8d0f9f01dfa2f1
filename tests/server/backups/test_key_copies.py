"""The copy of the workers' keys is whole, and never replaced by one that lacks some of them."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from pysqlite3 import dbapi2 as sqlite_driver

from server.backups import key_copies, service_copies
from server.backups.database_copies import BackupRefused
from server.confidential.sealing import Safe
from server.settings import Settings
from server.web.resources import make_safe
from tests.backing_up import (
    NOW,
    backed_up,
    elsewhere,
    files_of,
    keys_of,
    name_of,
    new_machine,
    new_worker,
    settings,
)
from tests.postgres import Cluster
from tests.verifying import size

__all__ = ["elsewhere", "new_machine", "settings"]


def test_without_the_keys_nothing_is_brought_back(
    settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    worker = new_worker(settings)
    made = backed_up(settings, tmp_path)
    safe = make_safe(settings)
    with pytest.raises(BackupRefused, match="no copy of the keys"):
        service_copies.restore(elsewhere, safe, made.folder, tmp_path / "nowhere", now=NOW)
    service_copies.restore(elsewhere, safe, made.folder, tmp_path / "keys", now=NOW)
    assert name_of(elsewhere, worker) == "王小明"


def test_a_damaged_copy_of_the_keys_is_noticed_before_anything_is_brought_back(
    settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    worker = new_worker(settings)
    made, safe = backed_up(settings, tmp_path), make_safe(settings)
    assert key_copies.verify(settings, safe, tmp_path / "keys") == NOW
    (held,) = (path for path in (tmp_path / "keys").iterdir() if path.name != key_copies.NOTE)
    whole = held.read_bytes()
    held.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BackupRefused, match="damaged"):
        key_copies.verify(settings, safe, tmp_path / "keys")
    with pytest.raises(BackupRefused, match="damaged"):
        service_copies.restore(elsewhere, safe, made.folder, tmp_path / "keys", now=NOW)
    assert not elsewhere.data_dir.exists()
    held.write_bytes(whole)
    service_copies.restore(elsewhere, safe, made.folder, tmp_path / "keys", now=NOW)
    assert name_of(elsewhere, worker) == "王小明"


def test_a_copy_of_the_keys_that_other_keys_sealed_is_refused(
    settings: Settings, tmp_path: Path
) -> None:
    backed_up(settings, tmp_path)
    wrong = Safe({"other": bytes(32)}, make_safe(settings).secret)
    with pytest.raises(BackupRefused, match="ENCRYPTION_KEYS"):
        key_copies.verify(settings, wrong, tmp_path / "keys")


def test_a_copy_of_the_keys_from_before_there_were_notes_comes_back(
    settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    worker = new_worker(settings)
    made, safe = backed_up(settings, tmp_path), make_safe(settings)
    (tmp_path / "keys" / key_copies.NOTE).unlink()
    assert key_copies.verify(settings, safe, tmp_path / "keys") is None
    service_copies.restore(elsewhere, safe, made.folder, tmp_path / "keys", now=NOW)
    assert name_of(elsewhere, worker) == "王小明"


def test_a_backup_killed_between_the_note_and_the_keys_leaves_both_right(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_worker(settings)
    backed_up(settings, tmp_path)
    new_worker(settings, "李明")
    replace_file = os.replace

    def die(source: Path, target: Path) -> None:
        if Path(target).stem == "keys" and Path(target).suffix != ".json":
            raise KeyboardInterrupt
        replace_file(source, target)

    monkeypatch.setattr(os, "replace", die)
    with pytest.raises(KeyboardInterrupt):
        backed_up(settings, tmp_path, NOW + timedelta(minutes=5))
    monkeypatch.undo()
    assert key_copies.verify(settings, make_safe(settings), tmp_path / "keys") is not None


def test_where_there_are_keys_already_nothing_is_brought_back(
    settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    worker = new_worker(settings)
    made, safe = backed_up(settings, tmp_path), make_safe(settings)
    left = elsewhere.data_dir / "keys.db"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"of another service")
    with pytest.raises(BackupRefused, match="exists"):
        service_copies.restore(elsewhere, safe, made.folder, tmp_path / "keys", now=NOW)
    left.rename(tmp_path / "moved away")
    service_copies.restore(elsewhere, safe, made.folder, tmp_path / "keys", now=NOW)
    assert name_of(elsewhere, worker) == "王小明"


@pytest.fixture(params=["sqlite", "postgresql"])
def keys_apart(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    """The same service, with its keys in each kind of database."""
    if request.param == "sqlite":
        return settings
    cluster: Cluster = request.getfixturevalue("cluster")
    changed = settings.model_copy(update={"keys_url": cluster.url(cluster.new_database())})
    with keys_of(changed, NOW):
        return changed


def _emptied(settings: Settings) -> None:
    """The database of keys is another, new one: its disk was lost, or its address."""
    with keys_of(settings, NOW) as keys, keys._keys.begin() as session:
        session.connection().exec_driver_sql("DELETE FROM wrapped_key")


def test_the_only_copy_of_the_keys_gives_way_to_no_copy_that_lacks_one(
    keys_apart: Settings, elsewhere: Settings, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    worker = new_worker(keys_apart)
    made, kept = backed_up(keys_apart, tmp_path), files_of(tmp_path / "keys")
    _emptied(keys_apart)
    with pytest.raises(BackupRefused, match="lacks 1 of the keys"):
        backed_up(keys_apart, tmp_path, NOW + timedelta(minutes=5))
    # Nor to that of a service which makes keys of its own.
    with keys_of(keys_apart, NOW) as keys:
        keys.make_many(3)
    with pytest.raises(BackupRefused, match="lacks 1 of the keys"):
        backed_up(keys_apart, tmp_path, NOW + timedelta(minutes=10))
    assert files_of(tmp_path / "keys") == kept
    assert [path.name for path in (tmp_path / "data").iterdir()] == [made.folder.name]
    there = elsewhere
    if keys_apart.keys_url is not None:
        cluster: Cluster = request.getfixturevalue("cluster")
        empty = cluster.url(cluster.new_database("template0"))
        there = elsewhere.model_copy(update={"keys_url": empty})
    safe = make_safe(there)
    service_copies.restore(there, safe, made.folder, tmp_path / "keys", now=NOW)
    assert name_of(there, worker) == "王小明"


def test_keys_that_come_are_emptied_and_wrapped_anew_are_backed_up_as_ever(
    keys_apart: Settings, tmp_path: Path
) -> None:
    new_worker(keys_apart)
    backed_up(keys_apart, tmp_path)
    before = files_of(tmp_path / "keys")
    new_worker(keys_apart, "李明")
    with keys_of(keys_apart, NOW) as keys:
        row = keys._database.fetch("SELECT min(id) FROM subject_key")
        assert row is not None
        keys.destroy([row[0]])
    assert keys_apart.encryption_keys is not None
    rotated = f"new:{'A' * 43}=,{keys_apart.encryption_keys.get_secret_value()}"
    keys_apart = keys_apart.model_copy(update={"encryption_keys": SecretStr(rotated)})
    with keys_of(keys_apart, NOW) as keys:
        assert keys.rewrap().done == 1
    later = NOW + timedelta(minutes=5)
    backed_up(keys_apart, tmp_path, later)
    assert key_copies.verify(keys_apart, make_safe(keys_apart), tmp_path / "keys") == later
    assert files_of(tmp_path / "keys").keys() == before.keys()
    assert files_of(tmp_path / "keys") != before


@pytest.mark.parametrize("prepared_url", ["sqlite"], indirect=True)
def test_keys_that_are_missing_are_not_backed_up_as_none(
    settings: Settings, tmp_path: Path
) -> None:
    new_worker(settings)
    backed_up(settings, tmp_path)
    kept = files_of(tmp_path / "keys")
    live = settings.data_dir / "keys.db"
    for path in live.parent.glob("keys.db*"):
        path.unlink()
    with pytest.raises(BackupRefused, match="missing"):
        backed_up(settings, tmp_path, NOW + timedelta(minutes=5))
    assert not live.exists()
    live.write_bytes(b"")
    with pytest.raises(BackupRefused, match="no keys table"):
        backed_up(settings, tmp_path, NOW + timedelta(minutes=5))
    assert files_of(tmp_path / "keys") == kept


def test_keys_in_another_kind_of_database_are_those_that_were_copied(
    settings: Settings, tmp_path: Path, cluster: Cluster
) -> None:
    """The address of the keys is gone from the settings: the service begins with none."""
    there = settings.model_copy(update={"keys_url": cluster.url(cluster.new_database())})
    new_worker(there)
    backed_up(there, tmp_path)
    kept = files_of(tmp_path / "keys")
    with pytest.raises(BackupRefused, match="lacks 1 of the keys"):
        backed_up(settings, tmp_path, NOW + timedelta(minutes=5))
    assert files_of(tmp_path / "keys") == kept


def test_a_copy_of_the_keys_that_cant_be_read_is_not_replaced(
    keys_apart: Settings, tmp_path: Path
) -> None:
    new_worker(keys_apart)
    backed_up(keys_apart, tmp_path)
    (there,) = (path for path in (tmp_path / "keys").iterdir() if path.name != key_copies.NOTE)
    there.write_bytes(b"x" * 9000)
    with pytest.raises(BackupRefused, match="move it elsewhere"):
        backed_up(keys_apart, tmp_path, NOW + timedelta(minutes=5))
    there.rename(tmp_path / "elsewhere")
    backed_up(keys_apart, tmp_path, NOW + timedelta(minutes=5))


@pytest.mark.fault
def test_backups_that_overlap_leave_whole_keys_behind(settings: Settings, tmp_path: Path) -> None:
    workers = [new_worker(settings, name) for name in ("王小明", "李明")]
    at_once = size(4, 20)
    with ThreadPoolExecutor(at_once) as pool:
        nows = (NOW + timedelta(minutes=number) for number in range(at_once))
        made = list(pool.map(lambda now: backed_up(settings, tmp_path, now), nows))
    assert len({each.folder for each in made}) == at_once
    safe, last = make_safe(settings), NOW + timedelta(minutes=at_once - 1)
    assert key_copies.verify(settings, safe, tmp_path / "keys") == last
    (kept,) = (path for path in (tmp_path / "keys").iterdir() if path.name != key_copies.NOTE)
    if kept.suffix == ".db":
        connection = sqlite_driver.connect(str(kept))
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (keys,) = connection.execute("SELECT count(*) FROM wrapped_key").fetchone()
        connection.close()
        assert keys >= len(workers)
