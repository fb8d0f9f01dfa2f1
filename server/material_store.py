"""Where the sealed bytes of materials lie: a directory, or a bucket of an S3-compatible service.

Objects are written whole and never changed. Rows say which of them count: one that no row names is
swept.
"""

import os
import re
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from server.settings import Settings

_NAME = re.compile("[a-z]+(/[a-z0-9_-]+)+")
DRAFTS = "drafts"


class ObjectMissing(LookupError):
    """There is no such object."""


class StoreAway(Exception):
    """The store can't be reached, or refuses; the argument is the kind of error."""


class Store(Protocol):
    """Objects by name."""

    def put(self, name: str, content: bytes) -> None:
        """Write an object; it is durable when this returns. Raises `StoreAway`."""

    def get(self, name: str) -> bytes:
        """Read an object; raises `ObjectMissing`, `StoreAway`."""

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects; those that are not there already don't matter. Raises `StoreAway`."""

    def names(self) -> Iterator[tuple[str, datetime]]:
        """Every object with the instant it was written at. Raises `StoreAway`."""


def make_store(settings: Settings) -> Store:
    """The store of the settings."""
    if settings.materials_url is None:
        return Folder(settings.data_dir / "materials")
    return Bucket(settings)


class Folder:
    """A directory on this machine."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, name: str, content: bytes) -> None:
        path = self._path(name)
        try:
            self._make(path.parent)
            self._make(self._root / DRAFTS)
            # mkstemp makes the file 0600; the name appears with all of the content or not at all.
            handle, draft = tempfile.mkstemp(dir=self._root / DRAFTS, prefix="")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(draft, path)
            except BaseException:
                os.unlink(draft)
                raise
            _sync(path.parent)
        except OSError as error:
            raise StoreAway(type(error).__name__) from error

    def get(self, name: str) -> bytes:
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            raise ObjectMissing(name) from None
        except OSError as error:
            raise StoreAway(type(error).__name__) from error

    def delete(self, names: Iterable[str]) -> None:
        try:
            for name in names:
                path = self._path(name)
                path.unlink(missing_ok=True)
                if path.parent.parent != self._root:
                    with suppress(OSError):
                        # Other pieces may be there, or come at this moment.
                        path.parent.rmdir()
        except OSError as error:
            raise StoreAway(type(error).__name__) from error

    def names(self) -> Iterator[tuple[str, datetime]]:
        for folder, _, files in os.walk(self._root):
            for file in files:
                path = Path(folder, file)
                with suppress(FileNotFoundError):
                    written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                    yield path.relative_to(self._root).as_posix(), written

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError(name)
        return self._root / name

    def _make(self, folder: Path) -> None:
        if folder.is_dir():
            return
        if folder != self._root:
            self._make(folder.parent)
        folder.mkdir(mode=0o700, parents=folder == self._root, exist_ok=True)
        _sync(folder.parent)


class Bucket:
    """A bucket; `s3://bucket` or `s3://bucket/folder`.

    What talks to it has threads of its own, one set for the whole process, which a fork leaves
    behind: each process makes it when it first needs it, and none that forks may have used it.
    """

    _used_by: int | None = None

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._working = threading.Lock()
        self._made: Any = None

    def put(self, name: str, content: bytes) -> None:
        import obstore

        self._try(lambda store: obstore.put(store, name, content, use_multipart=False))

    def get(self, name: str) -> bytes:
        import obstore

        content: bytes = self._try(lambda store: obstore.get(store, name).bytes().to_bytes())
        return content

    def delete(self, names: Iterable[str]) -> None:
        import obstore

        for name in names:
            with suppress(ObjectMissing):
                self._try(lambda store, name=name: obstore.delete(store, name))

    def names(self) -> Iterator[tuple[str, datetime]]:
        import obstore

        listed = self._try(lambda store: iter(obstore.list(store)))
        while (some := self._try(lambda _: next(listed, None))) is not None:
            for found in some:
                yield found["path"], found["last_modified"]

    def _try(self, act: Any) -> Any:
        from obstore.exceptions import BaseError

        try:
            return act(self._store())
        except FileNotFoundError as error:
            raise ObjectMissing from error
        except (BaseError, OSError) as error:
            raise StoreAway(type(error).__name__) from error

    def _store(self) -> Any:
        with self._working:
            if self._made is None or Bucket._used_by != os.getpid():
                if Bucket._used_by not in (None, os.getpid()):
                    # It would wait for ever for threads that are not here.
                    raise StoreAway("UsedBeforeFork")
                Bucket._used_by = os.getpid()
                self._made = self._connected()
            return self._made

    def _connected(self) -> Any:
        from datetime import timedelta

        from obstore.store import S3Store

        settings = self._settings
        place = urlsplit(settings.materials_url or "")
        endpoint = settings.s3_endpoint
        access, secret = settings.s3_access_key, settings.s3_secret_key
        return S3Store(
            place.netloc,
            prefix=place.path.strip("/") or None,
            endpoint=endpoint,
            region=settings.s3_region,
            access_key_id=access.get_secret_value() if access else None,
            secret_access_key=secret.get_secret_value() if secret else None,
            virtual_hosted_style_request=False,
            client_options={
                "timeout": "20s",
                "connect_timeout": "3s",
                "allow_http": bool(endpoint and endpoint.startswith("http:")),
            },
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=20)},
        )


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
