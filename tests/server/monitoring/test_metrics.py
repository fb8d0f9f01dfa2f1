"""Figures of all processes together, of those too that have ended."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from server.monitoring import counting
from server.monitoring.counting import FOLDER, share_counts

ROOT = Path(__file__).parents[3]
COUNT = """
import os, sys
from server.monitoring.counting import share_counts
share_counts()
from server.monitoring import metrics
children = []
for number in range(3):
    pid = os.fork()
    if pid == 0:
        metrics.REQUESTS.labels("GET", "/", 200).inc(number + 1)
        metrics.LATENCY.labels("/").observe(0.02)
        os._exit(0)
    os.waitpid(pid, 0)
    children.append(pid)
for pid in children[:2]:
    metrics.forget_process(pid)
    metrics.forget_process(pid)
folder = os.environ["PROMETHEUS_MULTIPROC_DIR"]
sys.stderr.write(" ".join(sorted(os.listdir(folder))) + f" {children[2]}")
sys.stdout.buffer.write(metrics.page([metrics.Gauge("queue", "Waiting", {"a": 2}, "of")]))
"""


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER, raising=False)


def test_what_all_processes_counted_is_added_up_and_the_dead_leave_one_file(alone: None) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", COUNT], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert 'nuangang_requests_total{method="GET",route="/",status="200"} 6.0' in ran.stdout
    assert 'nuangang_request_seconds_bucket{le="0.025",route="/"} 3.0' in ran.stdout
    assert 'nuangang_request_seconds_count{route="/"} 3.0' in ran.stdout
    assert 'nuangang_queue{of="a"} 2.0' in ran.stdout
    *files, living = ran.stderr.split()
    assert {f"{kind}_{pid}.db" for kind in ("counter", "histogram") for pid in (0, living)} == {
        file for file in files if not file.endswith(f"_{os.getpid()}.db")
    }


def test_the_folder_is_private_and_goes_with_its_server(
    alone: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = tmp_path / "nuangang-counts-999999999-x"
    left.mkdir()
    monkeypatch.setattr(counting.atexit, "register", lambda *_: None)
    monkeypatch.setenv(FOLDER, "")
    monkeypatch.delenv(FOLDER)
    made = share_counts(tmp_path)
    assert made.parent == tmp_path and made.stat().st_mode & 0o77 == 0
    assert not left.exists()
    (made / "counter_1.db").touch()
    assert share_counts(tmp_path) == made and (made / "counter_1.db").exists()
    given = tmp_path / "given"
    monkeypatch.setenv(FOLDER, str(given))
    given.mkdir()
    (given / "counter_1.db").touch()
    assert share_counts() == given and list(given.iterdir()) == []
