"""A small table between its dry run and its entry: it comes back with the form, sealed."""

import base64
import zlib

from knowledge.eligibility.sheets import SheetRefused
from server.console.entering import officer
from server.register.sheets import SheetUnfit
from server.register.tabling import Columns
from server.resources import resources
from server.sealing import SealBroken


def sealed(content: bytes, what: str) -> str:
    """A file to come back with the form, readable and changeable by nobody in between."""
    packed = base64.b64encode(zlib.compress(content)).decode()
    return resources().safe.seal(packed, _purpose(what))


def unsealed(text: str, what: str) -> bytes:
    """The file that comes back; nothing where it isn't this officer's."""
    try:
        return zlib.decompress(base64.b64decode(resources().safe.unseal(text, _purpose(what))))
    except SealBroken:
        return b""


def why(error: SheetRefused | SheetUnfit, columns: Columns, each: str) -> str:
    """Why nothing of a table can be read; `each`: what a line is."""
    if isinstance(error, SheetRefused):
        return f"这个文件读不了。要CSV或者XLSX，第一行是列名，每行{each}。"
    if error.twice:
        return f"有两列是同一项：{error.twice}。请只留一列。"
    return f"还要有这几列：{'、'.join(columns[use][0] for use in error.missing)}。"


def _purpose(what: str) -> str:
    return f"{what}.import:{officer().id}"
