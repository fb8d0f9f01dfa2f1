"""Files with people in them: each lies whole or not at all, or is never on a disk."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write(path: Path, content: bytes) -> None:
    """Put a file in its place whole, or not at all; only its owner can read it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with open(part, "xb", opener=_private) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def in_memory(content: bytes) -> Iterator[Path]:
    """A file that is never on a disk, for readers that take a path."""
    descriptor = os.memfd_create("upload")
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)
