"""Indexed libraries kept on disk: indexing takes seconds, reading what is kept a tenth of one.

A file is a pickle, and reading a pickle can run code: each is sealed with the service's secret, and
one with another seal is not read. It is only ever a copy: whatever is wrong with it, the index is
built anew.
"""

import hashlib
import hmac
import os
import pickle
import sys
import tempfile
import time
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path

import structlog

import bot
import knowledge
from bot.retrieval.indexing import IndexedLibrary
from server.published import kept_patterns

_SEAL = hashlib.sha256().digest_size
_KEPT = 4
_DRAFT = "draft-"
_LONGEST_WRITE_SECONDS = 3600
_LONGEST_LINE = 4096
_BUILT_WITH = ("numpy", "opencc", "pydantic", "rapidfuzz", "rjieba")

_READ_WITH = Path(kept_patterns.__file__)

_log = structlog.get_logger()


class KeptIndexes:
    """The indexed libraries of a folder, by the fingerprint of their release."""

    def __init__(self, folder: Path, secret: bytes) -> None:
        self._folder = folder
        self._secret = secret

    def get(self, fingerprint: str) -> IndexedLibrary | None:
        """What is kept for a release and this very program, None where nothing is."""
        path = self._path(fingerprint)
        try:
            data = path.read_bytes()
            # What is read is not among the oldest, which go first.
            os.utime(path)
        except OSError:
            return None
        seal, content = data[:_SEAL], memoryview(data)[_SEAL:]
        if not hmac.compare_digest(seal, self._sealed(fingerprint, content)):
            _log.warning("kept_index_refused", release=fingerprint)
            return None
        found = pickle.Unpickler(_InSteps(content)).load()
        return found if isinstance(found, IndexedLibrary) else None

    def put(self, fingerprint: str, indexed: IndexedLibrary) -> None:
        """Keep an indexed library; a disk that takes nothing is no reason to stop."""
        content = kept_patterns.dumped(indexed)
        path = self._path(fingerprint)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            # First, as they may be what has filled the disk.
            self._forget_drafts()
            # Beside the place it goes to, and moved there whole: nobody reads half a file.
            handle, draft = tempfile.mkstemp(dir=self._folder, prefix=_DRAFT)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(self._sealed(fingerprint, memoryview(content)))
                    file.write(content)
                os.replace(draft, path)
            except BaseException:
                Path(draft).unlink(missing_ok=True)
                raise
            self._forget_all_but_the_newest()
        except OSError as error:
            _log.warning("index_not_kept", reason=str(error))

    def _sealed(self, fingerprint: str, content: memoryview) -> bytes:
        name = f"{fingerprint} {_program()}\0".encode()
        seal = hmac.new(self._secret, name, hashlib.sha256)
        seal.update(content)
        return seal.digest()

    def _path(self, fingerprint: str) -> Path:
        name = hashlib.sha256(f"{fingerprint} {_program()}".encode()).hexdigest()[:32]
        return self._folder / f"{name}.index"

    def _forget_drafts(self) -> None:
        """Clear away what a process was writing that was killed."""
        for path in self._folder.glob(f"{_DRAFT}*"):
            # Another process may move its own to its place at this moment.
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _LONGEST_WRITE_SECONDS:
                    path.unlink()

    def _forget_all_but_the_newest(self) -> None:
        kept = sorted(self._folder.glob("*.index"), key=lambda path: -path.stat().st_mtime)
        for path in kept[_KEPT:]:
            path.unlink(missing_ok=True)


class _InSteps:
    """Hands a pickle out piece by piece, from Python: between two of them other threads go on.

    Reading 18 MB at once kept them waiting for half a second; in steps it is a twentieth of that.
    """

    def __init__(self, content: memoryview) -> None:
        self._content = content
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        end = len(self._content) if size < 0 else self._at + size
        found = bytes(self._content[self._at : end])
        self._at += len(found)
        return found

    def readinto(self, buffer: bytearray) -> int:
        size = min(len(buffer), len(self._content) - self._at)
        buffer[:size] = self._content[self._at : self._at + size]
        self._at += size
        return size

    def readline(self) -> bytes:
        rest = bytes(self._content[self._at : self._at + _LONGEST_LINE])
        return self.read(rest.find(b"\n") + 1)


@cache
def _program() -> str:
    """The fingerprint of all that builds an index: our code and data, and the libraries."""
    digest = hashlib.sha256(sys.version.encode())
    for name in _BUILT_WITH:
        digest.update(f"{name} {metadata.version(name)}\0".encode())
    for path in _sources():
        digest.update(f"{path.parent.name}/{path.name}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _sources() -> list[Path]:
    """Our files that make an index, or that one is read back with."""
    # The data of knowledge stands in the release itself.
    made = [*Path(bot.__path__[0]).rglob("*.*"), *Path(knowledge.__path__[0]).rglob("*.py")]
    return sorted(path for path in [*made, _READ_WITH] if path.suffix != ".pyc")
