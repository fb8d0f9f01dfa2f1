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
_QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=")


class Cluster:
    """Started once; `new_database` gives an empty database or a copy of one."""

    def __init__(self) -> None:
        self._programs = _programs()
        self._as_user = _other_user()
        self._folder = Path(tempfile.mkdtemp(prefix="nuangang-pg-"))
        if "user" in self._as_user:
            shutil.chown(self._folder, self._as_user["user"], self._as_user["group"])
        self._made = 0
        data = str(self._folder / "data")
        self._run("initdb", "-D", data, "-U", "nuangang", "-A", "trust", "-E", "UTF8", "-N",
                  "--locale=C.UTF-8")  # fmt: skip
        options = " ".join(f"-c {option}" for option in _QUICK) + f" -k '{self._folder}'"
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
                above.chmod(above.stat().st_mode | 0o755)
                if above == Path("/tmp"):
                    break
            if "user" in self._as_user:
                shutil.chown(folder, self._as_user["user"], self._as_user["group"])
            self._execute(f"CREATE TABLESPACE {name} LOCATION '{folder}'")
            place = f" TABLESPACE {name}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template}{place}")
        return name

    def drop_database(self, name: str) -> None:
        self._execute(f"DROP DATABASE {name} WITH (FORCE)")
        self._execute(f"DROP TABLESPACE IF EXISTS {name}")

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
