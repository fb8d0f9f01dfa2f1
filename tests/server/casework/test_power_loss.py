"""The power goes: what was acknowledged is on the disk, whichever writes had reached it."""

import random
import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from server.database.db import Database
from tests import power_loss
from tests.ground import Field, faults_of, ground_on
from tests.power_loss import Disk, Step
from tests.serving import post
from tests.verifying import size

_ACKNOWLEDGED = re.compile(rb'\{"id":"([^"]+)"[^{}]*"state":"submitted"')
_FILES = re.compile(r"(nuangang|keys)\.db(-wal)?$")


@pytest.fixture
def ground(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Field]:
    with ground_on(f"sqlite:///{home / 'nuangang.db'}", home, monkeypatch) as made:
        yield made


@pytest.mark.fault
def test_nothing_acknowledged_is_lost_whichever_writes_reach_the_disk(
    ground: Field, tmp_path: Path, tell: Any
) -> None:
    before, steps = _recorded(ground, tmp_path, None, size(60, 1500))
    lost, tried, acknowledged = _lost(before, steps, tmp_path, size(60, 3000))
    tell("power losses, at any write, with any of the writes since the last sync", tried, "-")
    tell("acknowledged cases lost, half or twice there", len(lost), f"0 of {acknowledged}")
    assert acknowledged >= size(60, 1500) and lost == []


@pytest.mark.fault
def test_with_less_syncing_acknowledged_cases_are_lost(
    ground: Field, tmp_path: Path, control: Any
) -> None:
    """The control: synchronous=NORMAL, which any kill survives."""
    app = "tests.server.casework.drowsy_app:create_app()"
    before, steps = _recorded(ground, tmp_path, app, 30)
    lost, tried, _ = _lost(before, steps, tmp_path, 20)
    control(f"cases lost under synchronous=NORMAL in {tried} power losses", len(lost), "> 0")
    assert lost


def _recorded(
    ground: Field, folder: Path, app: str | None, number: int
) -> tuple[dict[str, bytes], list[Step]]:
    """The files before the service started, and all it did while people applied."""
    intents = ground.intend(number)
    for database in (ground.known.database, ground.known.subject_keys._keys):
        database.release()
    before = {
        str(path): path.read_bytes() for path in folder.rglob("*") if _FILES.search(str(path))
    }
    log = folder / "recording"
    ground.service.start(app, under=(*power_loss.RECORDING, "-o", str(log)))

    def submit(intent: tuple[str, str, str]) -> None:
        ground.submit(ground.service.port, intent, post)

    with ThreadPoolExecutor(4) as hands:
        list(hands.map(submit, intents))
    ground.service.kill()
    assert len(ground.acknowledged) == number
    return before, power_loss.read(log)


def _lost(
    before: dict[str, bytes], steps: list[Step], folder: Path, losses: int
) -> tuple[list[str], int, int]:
    """What is missing after so many losses of power; how many there were, and of how many cases."""
    chance = random.Random(8)
    writes = [n for n, step in enumerate(steps) if step.kind != "sent" and _FILES.search(step.path)]
    moments = set(chance.sample(writes, min(losses, len(writes)))) | {len(steps) - 1}
    disk = Disk({path: bytearray(content) for path, content in before.items()})
    acknowledged: set[str] = set()
    found: list[str] = []
    for number, step in enumerate(steps):
        disk.take(number, step)
        if step.kind == "sent":
            acknowledged |= {id.decode() for id in _ACKNOWLEDGED.findall(step.content)}
        if number in moments:
            found += _missing(disk, chance, folder / "after", acknowledged)
    return found, len(moments), len(acknowledged)


def _missing(disk: Disk, chance: random.Random, folder: Path, acknowledged: set[str]) -> list[str]:
    folder.mkdir()
    for path, content in disk.after_power_loss(chance):
        if _FILES.search(path):
            (folder / Path(path).name).write_bytes(content)
    try:
        return _read(folder, lambda database: faults_of(database, acknowledged))
    finally:
        shutil.rmtree(folder)


def _read(folder: Path, look: Callable[[Database], list[str]]) -> list[str]:
    found: list[str] = []
    for name in ("nuangang.db", "keys.db"):
        database = Database(f"sqlite:///{folder / name}")
        row = database.fetch("PRAGMA integrity_check")
        if row != ("ok",):
            found.append(f"{name} is damaged: {row}")
        elif name == "nuangang.db":
            found += look(database)
        database.release()
    return found
