"""Values that can't be mistaken go in by every path, and are looked for wherever something stays.

The server is the real one, in processes of its own; what it prints is kept. Looked through are the
data directory (database, write-ahead log, keys, indexes) or the files of the PostgreSQL cluster, a
backup, what the server printed, and every reply that tells of an error.
"""

import base64
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from server.database.db import Database
from tests import citizens
from tests.casework import ELIGIBLE, MEASURE
from tests.postgres import Cluster
from tests.serving import free_port
from tests.verifying import size

ROOT = Path(__file__).parents[2]
EACH = 9
"""Values of one person."""
_EMPTY = 256
"""Zero bytes in a row: longer than any value in any encoding has."""


@dataclass
class Somebody:
    """One person with values of their own, each of them found nowhere else."""

    number: int
    name: str = field(init=False)
    child: str = field(init=False)
    place: str = field(init=False)
    words: str = field(init=False)

    def __post_init__(self) -> None:
        # Characters that no policy uses.
        rare = "".join(chr(0x9F00 + (self.number * 7 + n * 31) % 0x90) for n in range(4))
        self.name, self.child = f"龘{rare}", f"靐{rare}"
        self.place, self.words = f"河北齉{rare}村", f"我家在爨{rare}巷，等钱用"

    @property
    def profile(self) -> dict[str, Any]:
        made = citizens.person(self.number + 300).model_dump()
        return {**made, "name": self.name, "native_place": self.place}

    @property
    def minor(self) -> dict[str, str]:
        born = date(2019, 1, 1 + self.number % 28)
        number = citizens.identity_number(self.number + 600, born)
        return {"name": self.child, "born_on": born.isoformat(), "identity_number": number}

    @property
    def values(self) -> list[str]:
        profile = self.profile
        numbers = [profile[name] for name in ("identity_number", "phone", "bank_card")]
        asked_about = citizens.phone(self.number + 900)
        return [
            self.name, self.child, self.place, self.words, *numbers,
            self.minor["identity_number"], asked_about,
        ]  # fmt: skip


class Served:
    """The service in processes of its own."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder, self.printed = folder / "var", folder / "printed.log"
        self.port = free_port()
        kept = {n: v for n, v in os.environ.items() if not n.startswith("NUANGANG_")}
        self.environment = kept | {
            "NUANGANG_DATA_DIR": str(self.folder),
            "NUANGANG_DATABASE_URL": database_url,
            "NUANGANG_PORT": str(self.port),
            "NUANGANG_RATE_SIGN_IN": "100000/minute",
            "NUANGANG_RATE_CHAT": "100000/minute",
        }
        self.errors: list[str] = []
        self.began = time.time() - 1
        """For the times of files, which go by a clock of coarse steps."""

    def run(self, *arguments: str) -> str:
        """One command of the program; what it says is kept, too."""
        done = subprocess.run(
            [sys.executable, "-c", "import sys; from server.cli import main; sys.exit(main())",
             *arguments],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        with self.printed.open("a") as log:
            log.write(done.stdout + done.stderr)
        return done.stdout

    @contextmanager
    def serving(self) -> Iterator[None]:
        with self.printed.open("ab") as log:
            server = subprocess.Popen(
                [sys.executable, "-c",
                 "import sys; from server.cli import main; sys.exit(main(['serve']))"],
                cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        try:
            self._wait()
            yield
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(30)

    def call(self, method: str, path: str, body: Any = None, token: str = "") -> Any:
        headers = {"Idempotency-Key": secrets.token_hex(8)}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        reply = requests.request(
            method, f"http://127.0.0.1:{self.port}{path}", json=body, headers=headers, timeout=30
        )
        if reply.status_code >= 400:
            self.errors.append(reply.text + repr(dict(reply.headers)))
        return reply

    def _wait(self) -> None:
        until = time.monotonic() + 60
        while True:
            try:
                requests.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5).raise_for_status()
                return
            except requests.RequestException:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)


def _live(served: Served, who: Somebody) -> None:
    """One person's way through everything that takes words or numbers, right and wrong."""
    signed = served.call("POST", "/api/v1/session", {"code": f"dev:{who.number}"}).json()
    token = signed["token"]

    def call(method: str, path: str, body: Any = None) -> Any:
        return served.call(method, f"/api/v1{path}", body, token)

    assert call("PUT", "/me", who.profile).status_code == 403
    for purpose in ("identity", "payment", "children", "handoff", "materials"):
        assert call("PUT", f"/consents/{purpose}", {"version": 1}).status_code == 200
    wrong = {name: f"{value}0" for name, value in who.profile.items()}
    assert call("PUT", "/me", wrong).status_code == 422
    assert call("PUT", "/me", {who.profile["phone"]: who.name}).status_code == 422
    assert call("PUT", "/me", who.profile).status_code == 200
    assert call("PUT", "/me", {**who.profile, "version": 7}).status_code == 409
    assert call("POST", "/me/children", who.minor).status_code == 201
    for value in who.values:
        # In addresses, as fields' names, in place of what is expected.
        assert call("GET", f"/me/children/{value}").status_code in (404, 405)
        assert call("DELETE", f"/me/children/{value}").status_code == 404
        assert call("POST", "/self-check", {"region": value, "facts": {}}).status_code == 422
        assert served.call("POST", "/api/v1/session", {"code": value}).status_code == 401
        assert served.call("GET", f"/{value}").status_code == 404
    asked = f"石狮被裁了有钱领吗，我的电话{who.values[-1]}，身份证{who.profile['identity_number']}"
    talked = call("POST", "/chat", {"text": asked}).json()
    draft = call("PUT", f"/drafts/{MEASURE}", {"facts": ELIGIBLE})
    assert draft.status_code in (200, 201), draft.text
    made = call("POST", "/applications", {"measure": MEASURE, "facts": ELIGIBLE})
    assert made.status_code == 201, made.text
    id, version = made.json()["id"], made.json()["version"]
    assert call("POST", f"/applications/{id}/appeal",
                {"version": version, "words": who.words}).status_code >= 400  # fmt: skip
    helped = call("POST", "/requests", {"category": "wages", "region": "石狮", "words": who.words,
                                        "conversation": talked["conversation"]})  # fmt: skip
    assert helped.status_code == 201, helped.text
    assert call("POST", f"/applications/{id}/withdraw",
                {"version": version, "words": who.words}).status_code < 500  # fmt: skip
    assert who.name in call("GET", "/me/export").text


def _encodings(value: str) -> Iterator[bytes]:
    """How a value may stand in a file, and still be read by anybody."""
    plain = value.encode()
    yield plain
    yield json.dumps(value)[1:-1].encode()
    yield value.encode("utf-16-le")
    yield plain.hex().encode()
    yield repr(plain)[2:-1].encode()
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + plain).rstrip(b"=")
        # Without the ends, which depend on what stands beside.
        yield coded[4 if shift else 0 : -2]


def _found(values: list[str], places: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """Where which value can be read."""
    # In thousands of files at once: nearly always there is nothing to be found in any.
    everything = b"\0".join(places.values())
    standing = [
        (value, coded) for value in values for coded in _encodings(value) if coded in everything
    ]
    return sorted(
        {
            (value, place)
            for place, content in places.items()
            for value, coded in standing
            if coded in content
        }
    )


def _files(folder: Path, since: float = 0.0) -> dict[str, bytes]:
    """What was written since an instant: in older files nothing that came later can stand.

    Without the room that files keep for later, which is most of a cluster's.
    """
    return {
        str(path.relative_to(folder)): path.read_bytes().replace(bytes(_EMPTY), b"")
        for path in folder.rglob("*")
        if path.is_file() and path.stat().st_mtime >= since
    }


def _places(served: Served, cluster: Cluster | None, url: str) -> dict[str, bytes]:
    """Everything that stays of what went in."""
    places = _files(served.folder)
    places["printed"] = served.printed.read_bytes()
    places["errors"] = "\n".join(served.errors).encode()
    if cluster is not None:
        # Other tests' databases lie there, too, hundreds of megabytes.
        written = _files(cluster._folder, served.began)
        places |= {f"cluster/{name}": held for name, held in written.items()}
        # Long texts are compressed in the files: read them as rows as well.
        with psycopg.connect(url) as connection:
            for (table,) in connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall():
                with connection.cursor().copy(f'COPY "{table}" TO STDOUT') as rows:
                    places[f"table {table}"] = b"".join(bytes(row) for row in rows)
    return places


@pytest.fixture
def served(prepared_url: str, home: Path) -> Served:
    return Served(home.parent, "" if prepared_url.startswith("sqlite") else prepared_url)


@pytest.mark.fault
def test_no_value_can_be_read_anywhere(
    served: Served, request: pytest.FixtureRequest, tell: Any, control: Any
) -> None:
    people = [Somebody(number) for number in range(size(3, 24))]
    values = [value for who in people for value in who.values]
    assert len(set(values)) == len(values) == EACH * len(people)
    with served.serving():
        for who in people:
            _live(served, who)
        # While it runs: the log that precedes the file.
        url = served.environment["NUANGANG_DATABASE_URL"]
        cluster = request.getfixturevalue("cluster") if url else None
        if cluster is not None:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("CHECKPOINT")
        found = _found(values, _places(served, cluster, url))
    served.run("audit", "anchor")
    served.run("jobs", "erase")
    assert "as written" in served.run("audit", "verify")
    found += _found(values, _places(served, cluster, url))
    tell(f"values in clear, of {len(values)}", len(found), 0)
    assert found == []
    _control(served, values[:EACH], cluster, url)
    control("values found that were written in clear", EACH, EACH)


def _control(served: Served, values: list[str], cluster: Cluster | None, url: str) -> None:
    """What is written in clear, by whatever slip, is found: in the database and in a log."""
    database = Database(url or f"sqlite:///{served.folder / 'nuangang.db'}")
    with database.begin() as session:
        session.connection().exec_driver_sql(
            "INSERT INTO release (note, created_at) VALUES ('{}', '{}')".format(
                " ".join(values), datetime.now(UTC).isoformat(sep=" ")
            )
        )
    with served.printed.open("a") as log:
        log.write(json.dumps(values))
    found = _found(values, _places(served, cluster, url))
    assert {value for value, place in found if place == "printed"} == set(values)
    assert {value for value, place in found if place != "printed"} == set(values)
    database.release()


@pytest.mark.fault
def test_nothing_of_the_person_opens_with_all_keys_once_they_are_erased(
    home: Path, tmp_path: Path, tell: Any, control: Any
) -> None:
    """With the keys of the settings, the keys' database of now and a backup of the data."""
    served = Served(tmp_path, "")
    who = Somebody(1)
    with served.serving():
        _live(served, who)
        backup = tmp_path / "backup"
        shutil.copytree(served.folder, backup)
        before = _opened(served, backup, tmp_path / "a")
        assert before == {who.name, who.profile["phone"]}
        control("the same fields with the keys of before", len(before), 2)
        token = served.call("POST", "/api/v1/session", {"code": f"dev:{who.number}"}).json()
        assert served.call("DELETE", "/api/v1/me", token=token["token"]).status_code == 200
        for name in ("keys.db", "keys.db-wal", "keys.db-shm"):
            if (served.folder / name).exists():
                shutil.copy(served.folder / name, backup / name)
            else:
                (backup / name).unlink(missing_ok=True)
    left = _opened(served, backup, tmp_path / "b")
    tell("fields that open from a backup after the erasure", len(left), 0)
    assert left == set()


def _opened(served: Served, folder: Path, work: Path) -> set[str]:
    """What somebody reads who has a copy of a data directory and every key there is."""
    from server.clock import utc_now
    from server.confidential.subject_keys import KeyLost, SubjectErased
    from server.personal.profiles import get
    from server.settings import Settings, with_development_secrets
    from server.web.resources import make_safe, make_subject_keys

    shutil.copytree(folder, work)
    settings = with_development_secrets(Settings(data_dir=work))
    database = Database(settings.database)
    keys = make_subject_keys(settings, database, make_safe(settings), utc_now)
    try:
        # The last to come: those of the demonstration were there before.
        last = database.fetch("SELECT max(worker_id) FROM profile")
        assert last is not None
        with database.read() as session:
            person = get(session, keys.safe_of(last[0]), last[0]).person
            return {person.name, person.phone}
    except (SubjectErased, KeyLost):
        return set()
    finally:
        keys._keys.release()
        database.release()
