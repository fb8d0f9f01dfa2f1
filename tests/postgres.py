"""A PostgreSQL cluster of its own for one test run, in a temporary folder, reached by a socket."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import psycopg

WHAT_TO_INSTALL = "PostgreSQL is missing: please install postgresql (apt-get install postgresql)"
_ALWAYS = ("listen_addresses=",)
_QUICK = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    # A thousand tests begin with the knowledge, two megabytes: the usual way takes twice as long.
    "default_toast_compression=lz4",
)


class Cluster:
    """Started once; `new_database` gives an empty database or a copy of one."""

    def __init__(self, *, durable: bool = False) -> None:
        """`durable`: as in service, what is acknowledged is on the disk."""
        self._programs = _programs()
        self._as_user = _other_user()
        self._folder = Path(tempfile.mkdtemp(prefix="nuangang-pg-"))
        if "user" in self._as_user:
            shutil.chown(self._folder, self._as_user["user"], self._as_user["group"])
        self._made = 0
        data = str(self._folder / "data")
        self._run("initdb", "-D", data, "-U", "nuangang", "-A", "trust", "-E", "UTF8", "-N",
                  "--locale=C.UTF-8")  # fmt: skip
        chosen = _ALWAYS if durable else (*_ALWAYS, *_QUICK)
        options = " ".join(f"-c {option}" for option in chosen) + f" -k '{self._folder}'"
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", data, "-w", "-l", log, "-o", options, "start")

    def url(self, name: str) -> str:
        return f"postgresql://nuangang@/{name}?host={self._folder}"

    def new_database(self, template: str = "template1", within: Path | None = None) -> str:
        """The name of a new database that is a copy of `template`; its tables lie in `within`."""
        self._made += 1
        name = f"test_{self._made}"
        place = ""
        if within is not None:
            folder = within / name
            folder.mkdir()
            for above in (folder, *folder.parents):
                # The server runs as somebody else.
                mode = above.stat().st_mode
                if mode & 0o755 != 0o755:
                    above.chmod(mode | 0o755)
            if "user" in self._as_user:
                shutil.chown(folder, self._as_user["user"], self._as_user["group"])
            self._execute(f"CREATE TABLESPACE {name} LOCATION '{folder}'")
            place = f" TABLESPACE {name}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template}{place}")
        return name

    def drop_database(self, name: str) -> None:
        self._execute(f"DROP DATABASE {name} WITH (FORCE)")
        self._execute(f"DROP TABLESPACE IF EXISTS {name}")

    def first_process(self) -> int:
        """The number of the process that all the others of it come from."""
        return int((self._folder / "data" / "postmaster.pid").read_text().split()[0])

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _execute(self, statement: Any) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._programs / program), *arguments],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
            **self._as_user,
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr.decode(errors='replace').strip()}")


class DatabaseInTurn:
    """One database that tests use one after the other; each finds it as a copy of `template`.

    To make and drop a database, and to warm up connections to it, takes 30 times as long.
    """

    def __init__(self, cluster: Cluster, template: str) -> None:
        self._cluster, self._template = cluster, template
        self._begin()

    @property
    def url(self) -> str:
        return self._cluster.url(self._name)

    def give_back(self) -> None:
        """Make it as it was; where its schema was touched, by dropping it."""
        try:
            if self._tidied():
                return
        except psycopg.Error:
            pass
        self._connection.close()
        self._cluster.drop_database(self._name)
        self._begin()

    def close(self) -> None:
        self._connection.close()

    def _begin(self) -> None:
        self._name = self._cluster.new_database(self._template)
        self._connection = psycopg.connect(self.url, autocommit=True)
        self._connection.execute("SET session_replication_role = replica")  # no trigger refuses
        self._schema = self._one(_SCHEMA)
        tables = [row[0] for row in self._connection.execute(_TABLES)]
        self._has_rows = " UNION ALL ".join(
            f"SELECT '{table}' WHERE EXISTS (SELECT FROM \"{table}\")" for table in tables
        )
        self._rows = {table: self._one(_ROWS.format(table)) for table in self._filled()}

    def _tidied(self) -> bool:
        self._connection.execute(_END_OTHERS)
        if self._one(_SCHEMA) != self._schema:
            return False
        with self._connection.transaction():
            for table in self._filled():
                self._connection.execute(f'DELETE FROM "{table}"')
            for table, rows in self._rows.items():
                self._connection.execute(_PUT_BACK.format(table), [rows])
            self._connection.execute(_RESTART_SEQUENCES)
        return True

    def _filled(self) -> list[str]:
        return [row[0] for row in self._connection.execute(self._has_rows)]

    def _one(self, query: str) -> Any:
        row = self._connection.execute(query).fetchone()
        assert row is not None
        return row[0]


_END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
_ROWS = """SELECT json_agg(r)::text FROM "{0}" r"""
_PUT_BACK = """INSERT INTO "{0}" SELECT * FROM json_populate_recordset(NULL::"{0}", %s::json)"""
_RESTART_SEQUENCES = """
SELECT setval(format('%I', sequencename)::regclass, start_value, false)
FROM pg_sequences WHERE last_value IS NOT NULL
"""
_SCHEMA = """
SELECT md5(string_agg(found, ',' ORDER BY found)) FROM (
  SELECT format('%s %s %s %s', c.relname, c.relkind, a.attname, a.atttypid) AS found
  FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid
  WHERE c.relnamespace = 'public'::regnamespace
  UNION ALL SELECT format('%s %s', tgname, tgenabled) FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL SELECT format('%s %s', conname, conrelid) FROM pg_constraint
  UNION ALL SELECT md5(prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
) AS everything
"""


def _programs() -> Path:
    """The folder of initdb, of the newest version where there are several."""
    if (found := shutil.which("initdb")) is not None:
        # A link on the PATH leads to the folder that holds the others, too.
        return Path(found).resolve().parent
    packaged = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3])
    )
    if not packaged:
        raise RuntimeError(WHAT_TO_INSTALL)
    return packaged[-1].parent


def _other_user() -> dict[str, Any]:
    """Arguments that run a program as somebody else, where root must not run it."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise RuntimeError("root must not run PostgreSQL, and there is no other user to run it as")
