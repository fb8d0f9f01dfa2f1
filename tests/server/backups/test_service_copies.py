"""A backup of a service that goes on serving comes back whole, and only with its keys."""

import shutil
import threading
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from server.backups import service_copies
from server.backups.database_copies import BackupRefused
from server.casework.tables import Material
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectErased
from server.database.db import Database
from server.migrations import upgrade
from server.settings import Settings
from server.web.resources import make_safe, make_subject_keys
from tests.backing_up import (
    NOW,
    NewMachine,
    backed_up,
    elsewhere,
    files_of,
    keys_of,
    name_of,
    new_machine,
    new_worker,
    settings,
    written,
)
from tests.verifying import size

__all__ = ["elsewhere", "new_machine", "settings"]


def test_what_was_backed_up_comes_back_elsewhere(
    settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    worker = new_worker(settings)
    photo = settings.data_dir / "materials" / "pages" / "one"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(b"sealed")
    made = backed_up(settings, tmp_path)
    assert made.manifest.rows["worker"] == 1
    safe = make_safe(settings)
    service_copies.restore(elsewhere, safe, made.folder, tmp_path / "keys", now=NOW)
    assert name_of(elsewhere, worker) == "王小明"
    assert (elsewhere.data_dir / "materials/pages/one").read_bytes() == b"sealed"


def test_the_keys_lie_apart_from_the_data_or_nothing_is_copied(
    safe: Safe, tmp_path: Path, now: datetime
) -> None:
    """With the one folder somebody would have both, and who was erased would be in an old copy."""
    to = tmp_path / "backup"
    for keys_to in (to, to / "keys", tmp_path / "other" / ".." / "backup"):
        with pytest.raises(BackupRefused, match="apart"):
            service_copies.make(Settings(data_dir=tmp_path), safe, to, keys_to, now=now)
    assert not to.exists()


def test_with_another_key_or_secret_it_fails_loudly(
    settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    made = backed_up(settings, tmp_path)
    safe = make_safe(settings)
    name = next(iter(safe.keys))
    for wrong, told in (
        (Safe({name: bytes(32)}, safe.secret), "ENCRYPTION_KEYS"),
        (Safe({"other": safe.keys[name]}, safe.secret), "ENCRYPTION_KEYS"),
        (Safe(safe.keys, b"another"), "SECRET_KEY"),
    ):
        with pytest.raises(BackupRefused, match=told):
            service_copies.restore(elsewhere, wrong, made.folder, tmp_path / "keys", now=NOW)
    assert not (elsewhere.data_dir / "nuangang.db").exists()
    more = replace(safe, keys={"new": bytes(32), **safe.keys})
    service_copies.verify(made.folder, more)


def test_a_damaged_backup_is_refused_and_nothing_is_overwritten(
    settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    made = backed_up(settings, tmp_path)
    safe = make_safe(settings)
    with pytest.raises(BackupRefused, match=r"exists|has tables"):
        service_copies.restore(settings, safe, made.folder, tmp_path / "keys", now=NOW)
    (held,) = made.folder.glob("data.*")
    content = bytearray(held.read_bytes())
    content[len(content) // 2] ^= 1
    held.write_bytes(content)
    with pytest.raises(BackupRefused, match="damaged"):
        service_copies.restore(elsewhere, safe, made.folder, tmp_path / "keys", now=NOW)
    with pytest.raises(BackupRefused, match="apart"):
        service_copies.make(settings, safe, tmp_path / "all", tmp_path / "all" / "keys", now=NOW)


def test_who_was_erased_since_stays_erased(
    settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    worker = new_worker(settings)
    old = backed_up(settings, tmp_path)
    database, safe = Database(settings.database), make_safe(settings)
    keys = make_subject_keys(settings, database, safe)
    row = database.fetch("SELECT id FROM subject_key WHERE worker_id = :worker", worker=worker)
    assert row is not None
    keys.destroy([row[0]])
    keys._keys.release()
    database.release()
    backed_up(settings, tmp_path, NOW + timedelta(minutes=5))
    service_copies.restore(elsewhere, safe, old.folder, tmp_path / "keys", now=NOW)
    with pytest.raises(SubjectErased):
        name_of(elsewhere, worker)


def test_keys_of_who_came_after_a_backup_outlive_its_coming_back_by_mistake(
    settings: Settings, elsewhere: Settings, new_machine: NewMachine, tmp_path: Path
) -> None:
    first, safe = new_worker(settings), make_safe(settings)
    old = backed_up(settings, tmp_path)
    later = NOW + timedelta(hours=12)
    second = new_worker(settings, "李明", later)
    newer = backed_up(settings, tmp_path, later)
    mistaken = later + timedelta(hours=1)
    service_copies.restore(elsewhere, safe, old.folder, tmp_path / "keys", now=mistaken)
    assert name_of(elsewhere, first) == "王小明"
    # The job that is run after each restore, and every night; then the next backup.
    night = mistaken + timedelta(days=1)
    with keys_of(elsewhere, night) as keys:
        assert (keys.destroy_unclaimed(), keys.held()) == (0, 1)
    backed_up(elsewhere, tmp_path, night)
    again = new_machine("again")
    service_copies.restore(again, safe, newer.folder, tmp_path / "keys", now=night)
    assert name_of(again, second) == "李明"
    with keys_of(again, night + timedelta(days=1)) as keys:
        assert (keys.destroy_unclaimed(), keys.held()) == (0, 0)


def test_once_no_newer_backup_is_wanted_the_keys_of_who_is_missing_go(
    settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    old, safe = backed_up(settings, tmp_path), make_safe(settings)
    new_worker(settings, "李明", NOW + timedelta(hours=12))
    backed_up(settings, tmp_path, NOW + timedelta(hours=13))
    restored = NOW + timedelta(hours=14)
    service_copies.restore(elsewhere, safe, old.folder, tmp_path / "keys", now=restored)
    # Who breaks off afterwards is swept away as ever.
    with keys_of(elsewhere, restored + timedelta(minutes=1)) as keys:
        keys.make_many(1)
    with keys_of(elsewhere, restored + timedelta(hours=2)) as keys:
        assert (keys.destroy_unclaimed(), keys.held()) == (1, 1)
        keys.give_up_held()
        assert (keys.destroy_unclaimed(), keys.held()) == (1, 0)


def test_old_ones_are_thinned_out(settings: Settings, tmp_path: Path) -> None:
    made = [
        backed_up(settings, tmp_path, NOW + timedelta(days=day, minutes=5 * each)).folder.name
        for day in range(3)
        for each in range(3)
    ]
    service_copies.thin_out(tmp_path / "data", keep=2, daily=2)
    left = sorted(path.name for path in (tmp_path / "data").glob("[0-9]*"))
    assert left == [made[5], made[7], made[8]]
    assert service_copies.newest_of(tmp_path / "data").name == made[8]


def test_an_empty_service_pushes_out_no_backup_of_the_lost_one(
    settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    """The data alone were lost, and the service started anew: its keys are all there."""
    worker = new_worker(settings)
    made, kept = backed_up(settings, tmp_path), files_of(tmp_path / "keys")
    anew = elsewhere.model_copy(update={"keys_url": settings.keys_database})
    anew.data_dir.mkdir()
    database = Database(anew.database)
    upgrade(database)
    database.release()
    with pytest.raises(BackupRefused, match="move what is in that folder elsewhere"):
        backed_up(anew, tmp_path, NOW + timedelta(minutes=5))
    assert [path.name for path in (tmp_path / "data").iterdir()] == [made.folder.name]
    assert files_of(tmp_path / "keys") == kept
    assert name_of(settings, worker) == "王小明"
    # Who means it says so, by giving it a folder of its own.
    backed_up(anew, tmp_path / "another", NOW + timedelta(minutes=5))


def test_a_photo_that_was_copied_in_part_is_whole_the_next_time(
    settings: Settings, tmp_path: Path
) -> None:
    photo = settings.data_dir / "materials" / "pages" / "one"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(b"sealed")
    backed_up(settings, tmp_path)
    copy = tmp_path / "data" / "materials" / "pages" / "one"
    copy.write_bytes(b"sea")
    backed_up(settings, tmp_path, NOW + timedelta(minutes=5))
    assert copy.read_bytes() == b"sealed"


def test_a_deleted_photo_goes_from_the_copies_once_no_backup_needs_it(
    settings: Settings, tmp_path: Path
) -> None:
    """A worker deletes one of two; a week later its copy can't be read any more either."""
    photos = settings.data_dir / "materials" / "pages"
    photos.mkdir(parents=True)
    for name in ("taken back", "kept"):
        (photos / name).write_bytes(b"sealed")
    data, copies = tmp_path / "data", tmp_path / "data" / "materials" / "pages"

    def night(day: int) -> int:
        at = NOW + timedelta(days=day)
        backed_up(settings, tmp_path, at)
        service_copies.thin_out(data, keep=1, daily=3)
        return service_copies.forget_photos(settings, data, now=at + timedelta(minutes=1))

    assert night(0) == 0
    (photos / "taken back").unlink()
    # The backup of day 0 has the row that names it, that of day 1 may have.
    assert [night(day) for day in (1, 2, 3)] == [0, 0, 0]
    assert (copies / "taken back").exists()
    assert night(4) == 1
    assert [path.name for path in copies.iterdir()] == ["kept"]
    assert night(5) == 0


def test_a_photo_that_is_there_again_is_no_longer_on_its_way_out(
    settings: Settings, tmp_path: Path
) -> None:
    """So is each after a folder that was missing for a while, or after a restore."""
    photo, away = settings.data_dir / "materials" / "pages" / "one", tmp_path / "away"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(b"sealed")
    for day, is_live in enumerate((True, False, True, False, True, True)):
        if is_live and away.exists():
            away.rename(photo)
        if not is_live:
            photo.rename(away)
        at = NOW + timedelta(days=day)
        backed_up(settings, tmp_path, at)
        service_copies.thin_out(tmp_path / "data", keep=1, daily=2)
        service_copies.forget_photos(settings, tmp_path / "data", now=at + timedelta(minutes=1))
        assert (tmp_path / "data/materials/pages/one").exists()


def test_a_lost_photo_stays_among_the_copies_as_long_as_the_service_names_it(
    settings: Settings, tmp_path: Path
) -> None:
    """A disk of photos that broke is noticed late: the copies may be all that is left."""
    worker = new_worker(settings)
    with written(settings) as session:
        session.add(
            Material(id="lost", worker_id=worker, kind="id_card", media_type="image/jpeg", size=6,
                     added_at=NOW)
        )  # fmt: skip
    photo = settings.data_dir / "materials" / "materials" / "lost"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(b"sealed")
    data = tmp_path / "data"

    def night(day: int) -> int:
        at = NOW + timedelta(days=day)
        backed_up(settings, tmp_path, at)
        service_copies.thin_out(data, keep=1, daily=2)
        return service_copies.forget_photos(settings, data, now=at + timedelta(minutes=1))

    night(0)
    photo.unlink()
    assert [night(day) for day in range(1, 8)] == [0] * 7
    with written(settings) as session:
        session.delete(session.get_one(Material, "lost"))
    # The backup of the day before still has the row.
    assert [night(day) for day in (8, 9, 10)] == [0, 1, 0]


def test_photos_that_come_and_go_meanwhile_stop_no_backup(
    settings: Settings, tmp_path: Path
) -> None:
    photos = settings.data_dir / "materials"
    for name in ("pages", "drafts"):
        (photos / name).mkdir(parents=True)
    (photos / "drafts" / "half").write_bytes(b"sea")
    # As one is that was deleted between being listed and being opened.
    (photos / "pages" / "gone").symlink_to(photos / "nowhere")
    backed_up(settings, tmp_path)
    copied = tmp_path / "data" / "materials"
    assert [path for path in copied.rglob("*") if path.is_file()] == []


def test_a_backup_that_fails_or_is_killed_leaves_no_copy_behind(
    settings: Settings, tmp_path: Path
) -> None:
    broken = settings.model_copy(update={"keys_url": f"sqlite:///{tmp_path}/nowhere/keys.db"})
    data = tmp_path / "data"
    with pytest.raises(BackupRefused, match="missing"):
        backed_up(broken, tmp_path)
    assert not (tmp_path / "nowhere").exists()
    assert list(data.iterdir()) == []
    killed, under_way = data / ".draft-20260226T093000Z", data / ".draft-20260301T092500Z"
    for left in (killed, under_way):
        left.mkdir()
        (left / "data.db").write_bytes(b"")
    made = backed_up(settings, tmp_path)
    assert {path.name for path in data.iterdir()} == {made.folder.name, under_way.name}


def _fill(database: Database, cases: int) -> None:
    """So many cases with workers, events and audit entries; what is sealed in them is noise."""
    noise = "hex(randomblob(750))" if database.is_sqlite else "repeat(md5(random()::text), 47)"
    number = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {cases})"
    at = "'2026-03-01 09:30:00.000000+00:00'"
    with database.begin() as session:
        run = session.connection().exec_driver_sql
        run(f"INSERT INTO worker (id, created_at) {number} SELECT 1000 + i, {at} FROM n")
        run("INSERT INTO cases (id, worker_id, origin, measure, region, period, claim, state,"
            " version, release_id, edition_id, unit, despite_warning, begun_at, changed_at,"
            f" sealed_facts, sealed_verdict, sealed_person) {number}"
            " SELECT 'c' || i, 1000 + i, 'application', 'shishi-4a', 'shishi', '', 'shishi-4a',"
            f" 'submitted', 1, 1, 1, '', FALSE, {at}, {at}, {noise}, {noise}, {noise} FROM n"
            )  # fmt: skip
        run(f"INSERT INTO case_event (case_id, version, at, move, state, actor) {number}"
            f" SELECT 'c' || i, 1, {at}, 'submit', 'submitted', 'worker' FROM n")  # fmt: skip
        run("INSERT INTO audit_entry (at, actor, actor_id, action, about, row, worker_id, fields,"
            f" reason, nonce, mac) {number} SELECT {at}, 'worker', '1', 'create', 'cases',"
            " 'c' || i, 1000 + i, 'facts', '', '0', '0' FROM n")  # fmt: skip


@pytest.mark.fault
def test_many_cases_are_back_within_a_minute(
    settings: Settings, elsewhere: Settings, tmp_path: Path, tell: Any
) -> None:
    cases = size(1000, 100_000)
    database = Database(settings.database)
    _fill(database, cases)
    database.release()
    began = time.monotonic()
    made = backed_up(settings, tmp_path)
    took = time.monotonic() - began
    began = time.monotonic()
    service_copies.restore(elsewhere, make_safe(settings), made.folder, tmp_path / "keys", now=NOW)
    back = time.monotonic() - began
    restored = Database(elsewhere.database)
    row = restored.fetch("SELECT count(*) FROM cases")
    restored.release()
    tell(f"seconds until {cases} cases are back", round(back, 1), "<= 60")
    tell("seconds that a backup of them took", round(took, 1), "< 300, so that RPO <= 5 min")
    assert row == (cases,) and back <= 60 and took < 300


@pytest.mark.fault
def test_a_backup_made_while_people_write_is_of_one_moment(
    settings: Settings, elsewhere: Settings, tmp_path: Path, tell: Any
) -> None:
    """A counter and its double are written together: in each backup they agree."""
    database = Database(settings.database)
    with database.begin() as session:
        session.connection().exec_driver_sql("CREATE TABLE pair (a INTEGER, b INTEGER)")
        session.connection().exec_driver_sql("INSERT INTO pair VALUES (0, 0)")
    done = threading.Event()
    slowest = 0.0

    def write() -> None:
        nonlocal slowest
        while not done.is_set():
            began = time.monotonic()
            with database.begin() as session:
                session.connection().exec_driver_sql("UPDATE pair SET a = a + 1")
                session.connection().exec_driver_sql("UPDATE pair SET b = b + 2")
            slowest = max(slowest, time.monotonic() - began)

    writer = threading.Thread(target=write)
    writer.start()
    rounds = size(2, 20)
    safe = make_safe(settings)
    for number in range(rounds):
        made = backed_up(settings, tmp_path, NOW + timedelta(minutes=number))
    done.set()
    writer.join()
    service_copies.restore(elsewhere, safe, made.folder, tmp_path / "keys", now=NOW)
    restored = Database(elsewhere.database)
    row = restored.fetch("SELECT a, b FROM pair")
    restored.release()
    database.release()
    assert row is not None and row[1] == 2 * row[0] > 0
    tell(f"{rounds} backups while people write: pairs torn", 0, 0)
    tell("longest wait of a writer meanwhile, s", round(slowest, 2), "-")


@pytest.mark.parametrize("prepared_url", ["sqlite"], indirect=True)
@pytest.mark.fault
def test_a_file_that_is_copied_while_people_write_is_torn(
    settings: Settings, tmp_path: Path, control: Any
) -> None:
    """The control: the database's file alone, without its log, as `cp` would take it."""
    database = Database(settings.database)
    with database.begin() as session:
        session.connection().exec_driver_sql("CREATE TABLE pair (a INTEGER, b INTEGER)")
        session.connection().exec_driver_sql("INSERT INTO pair VALUES (1, 2)")
    shutil.copy(settings.data_dir / "nuangang.db", tmp_path / "copy.db")
    database.release()
    copied = Database(f"sqlite:///{tmp_path / 'copy.db'}")
    with pytest.raises(Exception, match="no such table"):
        copied.fetch("SELECT a FROM pair")
    copied.release()
    control("what was just written, in a file that was copied", "missing", "missing")
