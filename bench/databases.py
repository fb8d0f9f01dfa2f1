"""Empty databases to measure on: SQLite in a folder, and a PostgreSQL that loses nothing."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from server.database.db import Database
from tests.postgres import Cluster


def on_each(count: int = 1) -> Iterator[list[Database]]:
    """So many databases of SQLite, then so many of PostgreSQL; gone when the next are asked for."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _opened([f"sqlite:///{Path(folder) / f'{n}.db'}" for n in range(count)])
    cluster = Cluster(durable=True)
    try:
        yield from _opened([cluster.url(cluster.new_database()) for _ in range(count)])
    finally:
        cluster.stop()


def _opened(urls: list[str]) -> Iterator[list[Database]]:
    databases = [Database(url) for url in urls]
    try:
        yield databases
    finally:
        for database in databases:
            database.release()
