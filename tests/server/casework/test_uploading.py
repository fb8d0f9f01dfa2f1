"""Uploads under faults: two at once, a kill in between, hostile files through the whole way."""

import io
import os
import pickle
import random
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import update

from knowledge.library import Library
from server.casework import materials, uploading
from server.casework.inspecting import InspectionBusy
from server.casework.recoding import Refused
from server.casework.tables import Upload
from server.casework.uploading import LARGEST_PIECE, Announced, Intake, OffsetWrong
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectKeys
from server.database.db import Database
from server.material_store import Folder, Store
from server.records.audit import Actor
from tests import casework, hostile_files
from tests.hostile_files import MARK
from tests.verifying import size

ROOT = Path(__file__).parents[3]


def photo(side: int = 900) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((side, side), 30).convert("RGB").save(out, "JPEG", quality=90)
    return out.getvalue()


class Sender:
    """A worker whose phone sends files to an intake."""

    def __init__(
        self, database: Database, store: Store, library: Library, own: Safe, worker_id: int
    ) -> None:
        self.database, self.library, self.own, self.worker_id = database, library, own, worker_id
        self.intake = Intake(database, store, lambda: datetime.now(UTC))

    def begin(self, content: bytes, digest: str | None = None) -> str:
        announced = Announced("other", len(content), digest or sha256(content).hexdigest())
        with self.database.begin() as session:
            return uploading.begin(
                session,
                self.own,
                self.library.materials,
                announced,
                worker_id=self.worker_id,
                now=datetime.now(UTC),
            ).id

    def put(self, id: str, offset: int, piece: bytes) -> str:
        upload, _ = self.intake.take(
            self.own,
            self.library.materials,
            worker_id=self.worker_id,
            upload_id=id,
            offset=offset,
            piece=piece,
        )
        return upload.state

    def send(self, content: bytes) -> str:
        """Send a file whole; its id. Raises `Refused`."""
        id = self.begin(content)
        for offset in range(0, len(content), LARGEST_PIECE):
            self.put(id, offset, content[offset : offset + LARGEST_PIECE])
        return id

    def shown(self, store: Store, id: str) -> bytes:
        return materials.content(store, self.own, id)


@pytest.fixture
def store(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "materials")


@pytest.fixture
def sender(
    database: Database,
    store: Folder,
    library: Library,
    safe: Safe,
    subject_keys: SubjectKeys,
    now: datetime,
) -> Sender:
    worker_id = casework.worker(database, safe, subject_keys, now=now)
    return Sender(database, store, library, subject_keys.safe_of(worker_id), worker_id)


@pytest.mark.fault
def test_the_same_pieces_sent_by_many_at_once_make_one_material(
    sender: Sender, store: Folder
) -> None:
    content = photo()
    cut = len(content) // 2
    for _ in range(size(3, 50)):
        id = sender.begin(content)

        def send(_: int, id: str = id) -> None:
            for offset, piece in ((0, content[:cut]), (cut, content[cut:])):
                with suppress(OffsetWrong):
                    sender.put(id, offset, piece)

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(send, range(6)))
        assert sender.put(id, 0, content[:cut]) == "kept"
        Image.open(io.BytesIO(sender.shown(store, id))).load()
        with sender.database.begin() as session:
            mine = materials.mine(session, id, sender.worker_id)
            by = Actor.worker(sender.worker_id)
            materials.remove(session, sender.own, mine, by=by, now=datetime.now(UTC))
        sender.intake.forget([materials.object_name(id)])
    assert list(store.names()) == [], "no piece of a loser is left"


_KNOWN = "library.pickle"
_SENDING = """
import sys
from tests.server.casework.test_uploading import resumed
resumed(*sys.argv[1:])
"""


def resumed(url: str, keys: str, folder: str, worker: str, id: str) -> None:
    """A process that takes pieces from the standard input until it is killed."""
    safe = Safe({"k1": bytes(32)}, b"secret")
    database = Database(url)
    known = SubjectKeys(database, Database(keys), safe, lambda: datetime.now(UTC))
    own = known.safe_of(int(worker))
    library = pickle.loads(Path(folder).with_name(_KNOWN).read_bytes())
    sender = Sender(database, Folder(Path(folder)), library, own, int(worker))
    print("ready", flush=True)
    while head := sys.stdin.buffer.readline():
        offset, length = map(int, head.split())
        state = sender.put(id, offset, sys.stdin.buffer.read(length))
        print(state, offset + length, flush=True)


@pytest.mark.fault
def test_what_was_acknowledged_is_there_after_a_kill(
    sender: Sender,
    store: Folder,
    database_url: str,
    tmp_path: Path,
    tell: Callable[[str, object, object], None],
) -> None:
    content, kills, acknowledged = photo(1400), 0, 0
    # To read all files takes longer than all that is sent.
    (tmp_path / _KNOWN).write_bytes(pickle.dumps(sender.library))
    step = 40_000
    for _ in range(size(1, 20)):
        id = sender.begin(content)
        state = "open"
        while state == "open":
            # Only the piece that was under way may be missing, nothing that was acknowledged.
            with sender.database.read() as session:
                offset = uploading.of_worker(session, id, sender.worker_id).received
            assert offset >= acknowledged
            process = subprocess.Popen(
                [sys.executable, "-c", _SENDING, database_url,
                 f"sqlite:///{tmp_path / 'keys.db'}", str(tmp_path / "materials"),
                 str(sender.worker_id), id],
                cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
            )  # fmt: skip
            assert process.stdin and process.stdout
            assert process.stdout.readline() == b"ready\n"
            for _ in range(6):
                piece = content[offset : offset + step]
                process.stdin.write(f"{offset} {len(piece)}\n".encode() + piece)
                process.stdin.flush()
                state, reached = process.stdout.readline().decode().split()
                offset = acknowledged = int(reached)
                if state != "open":
                    break
            else:
                # In the middle of the next one.
                piece = content[offset : offset + step]
                process.stdin.write(f"{offset} {len(piece)}\n".encode() + piece)
                process.stdin.flush()
                time.sleep(secrets.randbelow(20) / 1000)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            process.stdin.close()
            process.stdout.close()
            kills += 1
        acknowledged = 0
        assert state == "kept"
        Image.open(io.BytesIO(sender.shown(store, id))).load()
    tell("kills during uploads", kills, "every acknowledged byte there")


@pytest.mark.fault
def test_nothing_of_a_hostile_file_is_stored_raw(
    sender: Sender, store: Folder, tmp_path: Path, tell: Callable[[str, object, object], None]
) -> None:
    count, taken = size(8, 500), 0
    every = max(1, hostile_files.kinds() // count)
    for number, file in enumerate(hostile_files.hostile_files(count * every)):
        if number % every or not file.content or len(file.content) > uploading.MOST_BYTES:
            continue
        with suppress(Refused):
            send_patiently(sender, file.content)
            taken += 1
        with sender.database.begin() as session:
            # So that the limit of a day is not what stops them.
            session.execute(update(Upload).values(begun_at=datetime(2020, 1, 1, tzinfo=UTC)))
    assert found(tmp_path) == []
    tell("hostile files sent", f"{count}, {taken} taken", "no marker on the disk")
    store.put("materials/raw", hostile_files.jpeg(random.Random(1)))
    assert [path.name for path in found(tmp_path)] == ["raw"], "the control"


def send_patiently(sender: Sender, content: bytes) -> str:
    """Send a file again where the machine had no time to look at it, as a phone does."""
    for _ in range(9):
        with suppress(InspectionBusy):
            return sender.send(content)
    return sender.send(content)


def found(folder: Path) -> list[Path]:
    """The files that hold the marker of a hostile file."""
    return [path for path in folder.rglob("*") if path.is_file() and MARK in path.read_bytes()]


def test_a_stranger_s_key_opens_nothing(
    sender: Sender, store: Folder, safe: Safe, subject_keys: SubjectKeys, now: datetime
) -> None:
    id = sender.send(photo(300))
    other = casework.worker(sender.database, safe, subject_keys, now=now)
    with pytest.raises(Exception, match=id):
        materials.content(store, subject_keys.safe_of(other), id)
    assert sender.shown(store, id).startswith(b"\xff\xd8\xff"), "the control"
