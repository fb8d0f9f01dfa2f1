"""The files of the page as they are sent: small, compressed once, under an address that names
their content, so that a browser keeps them for good.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import brotli
from rjsmin import jsmin

from server.web.compressing import Encoding, gzipped

_FOLDER = Path(__file__).with_name("static")
_TYPES = {".js": "text/javascript", ".css": "text/css"}


@dataclass(frozen=True, slots=True)
class Sent:
    """One file, small but not compressed."""

    media_type: str
    plain: bytes


@cache
def files() -> Mapping[str, Sent]:
    """Every file by its name."""
    found = {}
    for path in sorted(_FOLDER.iterdir()):
        if path.suffix in _TYPES:
            source = path.read_text("utf-8")
            plain = (jsmin(source) if path.suffix == ".js" else _tight(source)).encode()
            found[path.name] = Sent(_TYPES[path.suffix], plain)
    return found


@cache
def compressed(name: str, encoding: Encoding) -> bytes:
    """A file as it is sent; compressed when first asked for, so as not to hold up the start."""
    plain = files()[name].plain
    if encoding is Encoding.BROTLI:
        small: bytes = brotli.compress(plain, mode=brotli.MODE_TEXT, quality=11)
        return small
    return gzipped(plain, level=9)


@cache
def version() -> str:
    """Names the content of all files together."""
    whole = hashlib.sha256()
    for name, file in files().items():
        whole.update(f"{name} {len(file.plain)}\n".encode() + file.plain)
    return whole.hexdigest()[:12]


def _tight(style: str) -> str:
    """Leave out the blanks of a style sheet that part nothing."""
    return re.sub(r"\s*([{};])\s*|([:,])\s+", r"\1\2", style)
