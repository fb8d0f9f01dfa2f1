"""Gunicorn for 暖岗: threads in a few processes, all loaded once before the fork.

Start it with `nuangang serve`. New code needs a restart: with preloading, HUP keeps the old code.
"""

import gc
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from server.monitoring.counting import share_counts
from server.settings import load_settings

# While the program is loaded there is nothing to collect, and looking takes a fifth of the start.
gc.disable()

_settings = load_settings()
# Before anything that counts is loaded.
share_counts()

wsgi_app = "server.app:create_app()"
_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host
bind = f"{_host}:{_settings.port}"
# Gunicorn's gthread, sharing out connections evenly.
worker_class = "server.web.accepting.FewestFirst"
workers = _settings.workers
threads = _settings.threads
# Dictionary, knowledge and index are loaded once and shared by all workers.
preload_app = True
# Longer than nginx keeps an idle connection upstream, so that it never meets a closed one.
keepalive = 75
graceful_timeout = 15
timeout = 60
# A process is replaced now and then, whatever may pile up in it; never all at the same time. It
# finishes what it has begun, and the others go on.
max_requests = 200_000
max_requests_jitter = 50_000
# Heartbeats on a disk stall with the disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
# No access log: its lines would hold addresses of persons. Errors go to stderr.
accesslog = None
loglevel = "warning"
proc_name = "nuangang"


def when_ready(_server: Any) -> None:
    """Moves all that was loaded out of the collector's sight, so that workers keep sharing it.

    Unlooked at: of a million objects two thousand are garbage, and to find them takes 0.2 s.
    """
    gc.freeze()
    gc.enable()


def post_fork(_server: Any, _worker: Any) -> None:
    """Collects again, also in the processes that a reload starts."""
    gc.enable()


def child_exit(_server: Any, worker: Any) -> None:
    """Forgets what a process held that has ended, however it ended; what it counted stays."""
    from server.monitoring.metrics import forget_process

    worker.leave()
    # An error here would end the whole server.
    with suppress(Exception):
        forget_process(worker.pid)
