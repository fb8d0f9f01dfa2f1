"""Objects are whole, durable and private, in a directory and in a bucket alike."""

import re
import secrets
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from server.material_store import Bucket, Folder, ObjectMissing, Store, StoreAway, make_store
from server.settings import Settings, SettingsRefused, load_settings

NAME = "materials/0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A server of the S3 interface on this machine."""
    boto3 = pytest.importorskip("boto3")
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    boto3.client(
        "s3",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
    ).create_bucket(Bucket="nuangang")
    yield address
    server.stop()


def bucket_settings(endpoint: str, data_dir: Path, folder: str = "") -> Settings:
    return Settings(
        data_dir=data_dir,
        materials_url=f"s3://nuangang/{folder or secrets.token_hex(4)}",
        s3_endpoint=endpoint,
        s3_access_key=SecretStr("key"),
        s3_secret_key=SecretStr("secret"),
    )


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return make_store(Settings(data_dir=tmp_path))
    return make_store(bucket_settings(request.getfixturevalue("endpoint"), tmp_path))


def test_what_was_put_comes_back_byte_for_byte(store: Store) -> None:
    content = secrets.token_bytes(700_000)
    store.put(NAME, content)
    assert store.get(NAME) == content
    store.put(NAME, b"other")
    assert store.get(NAME) == b"other"


def test_every_object_is_listed_with_its_time(store: Store) -> None:
    assert list(store.names()) == []
    for number in range(5):
        store.put(f"pieces/abc/{number:08}-0f", b"x")
    store.put(NAME, b"x")
    listed = dict(store.names())
    assert set(listed) == {NAME, *(f"pieces/abc/{number:08}-0f" for number in range(5))}
    for written in listed.values():
        assert abs(datetime.now(UTC) - written) < timedelta(minutes=1)


def test_what_was_deleted_is_gone_and_deleting_twice_does_nothing(store: Store) -> None:
    store.put(NAME, b"x")
    store.delete([NAME])
    store.delete([NAME])
    with pytest.raises(ObjectMissing):
        store.get(NAME)
    assert list(store.names()) == []


def test_two_folders_of_a_bucket_know_nothing_of_each_other(endpoint: str, tmp_path: Path) -> None:
    one, other = (make_store(bucket_settings(endpoint, tmp_path, name)) for name in ("a", "b/c"))
    one.put(NAME, b"one")
    assert list(other.names()) == []
    with pytest.raises(ObjectMissing):
        other.get(NAME)


_FORKING = """
import os, sys
from pathlib import Path
from tests.server.test_material_store import NAME, bucket_settings
from server.material_store import StoreAway, make_store
store = make_store(bucket_settings(sys.argv[1], Path(sys.argv[2]), "forking"))
if sys.argv[3] == "used":
    store.put(NAME, b"before")
if os.fork() == 0:
    try:
        store.put(NAME, b"after")
        os._exit(0 if store.get(NAME) == b"after" else 1)
    except StoreAway as error:
        os._exit(7 if str(error) == "UsedBeforeFork" else 2)
sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
"""


@pytest.mark.parametrize(("before", "ends"), [("made", 0), ("used", 7)])
def test_a_bucket_made_before_a_fork_works_in_the_child_and_one_used_before_says_so(
    endpoint: str, tmp_path: Path, before: str, ends: int
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FORKING, endpoint, str(tmp_path), before],
        cwd=Path(__file__).parents[2],
        timeout=60,
    )
    assert done.returncode == ends


def test_a_store_that_is_away_says_so(tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{held.getsockname()[1]}"
        away = make_store(bucket_settings(nobody, tmp_path))
        for act in (
            lambda: away.put(NAME, b"x"),
            lambda: away.get(NAME),
            lambda: away.delete([NAME]),
            lambda: list(away.names()),
        ):
            with pytest.raises(StoreAway):
                act()


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "materials").write_text("a file is in the way")
    with pytest.raises(StoreAway):
        Folder(tmp_path / "materials").put(NAME, b"x")


def test_files_of_the_folder_are_for_the_service_alone(tmp_path: Path) -> None:
    Folder(tmp_path / "materials").put(NAME, b"x")
    for path in (tmp_path / "materials").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


@pytest.mark.parametrize("name", ["../x", "materials/../../x", "/etc/passwd", "materials/", "x"])
def test_a_name_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    folder = Folder(tmp_path / "materials")
    for act in (lambda: folder.put(name, b"x"), lambda: folder.get(name)):
        with pytest.raises(ValueError, match=re.escape(name)):
            act()


def test_what_broke_off_leaves_no_object_but_a_draft_that_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(tmp_path / "materials")
    folder.put(NAME, b"whole")

    def broken(_: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("server.material_store.os.fsync", broken)
    with pytest.raises(StoreAway):
        folder.put(NAME, b"half")
    assert folder.get(NAME) == b"whole"
    assert [name for name, _ in folder.names()] == [NAME]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"MATERIALS_URL": "https://bucket"}, "NUANGANG_MATERIALS_URL"),
        ({"S3_SECRET_KEY": ""}, "NUANGANG_S3_SECRET_KEY"),
        ({"S3_ENDPOINT": "http://s3.example"}, "NUANGANG_S3_ENDPOINT"),
    ],
)
def test_the_service_does_not_start_with_half_a_bucket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str], named: str
) -> None:
    right = {
        "DATA_DIR": str(tmp_path),
        "MATERIALS_URL": "s3://nuangang/photos",
        "S3_ENDPOINT": "https://s3.example",
        "S3_ACCESS_KEY": "key",
        "S3_SECRET_KEY": "secret",
    }
    for name, value in right.items():
        monkeypatch.setenv(f"NUANGANG_{name}", value)
    assert load_settings().materials_url == "s3://nuangang/photos", "the control"
    for name, value in wrong.items():
        monkeypatch.setenv(f"NUANGANG_{name}", value)
    with pytest.raises(SettingsRefused, match=named):
        load_settings()


def test_the_settings_choose(tmp_path: Path) -> None:
    assert isinstance(make_store(Settings(data_dir=tmp_path)), Folder)
    assert isinstance(make_store(bucket_settings("https://s3.example", tmp_path)), Bucket)
