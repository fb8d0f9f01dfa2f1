"""Making a file harmless: runs as a process of its own, which nothing of the service is in.

    python recoding.py < file > report, a line of JSON, and what may be kept

A photo is decoded and written anew as JPEG, upright, without anything but its pixels. Of a PDF the
pages are written anew without whatever acts, is attached or tells where and with what it was made.
What is neither, or both, or more than a phone would send, is refused.
"""

import io
import json
import re
import resource
import signal
import sys
import zlib
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, NamedTuple

CPU_SECONDS = 2
_ENOUGH_SECONDS = 1.8
"""Of the processor, too. The kernel looks at its own limit only now and then, this keeps below."""
ADDRESS_SPACE = 150 * 1024 * 1024

LONGEST_SIDE = 20_000
SHORTEST_SIDE = 100
MOST_PIXELS = {"JPEG": 32_000_000, "PNG": 8_500_000, "WEBP": 5_500_000}
"""As many as their decoders manage in the memory there is; only JPEG is decoded at a scale."""
_MOST_DECODED = 12_500_000
_MOST_COEFFICIENTS = 46_000_000
KEPT_SIDE = 2600
"""Pixels of the longer side of what is kept: 220 to the inch of a sheet of A4."""
_QUALITY = 86

MOST_PAGES = 60
_MOST_OBJECTS = 20_000
_MOST_UNPACKED = 64 * 1024 * 1024


class Refusal(StrEnum):
    """Why a file is not taken."""

    DAMAGED = "damaged"
    """Not the file that was announced."""
    EMPTY = "empty"
    KIND = "kind"
    """Neither a photo nor a PDF, or not of a form that can be read."""
    MIXED = "mixed"
    """It can be read as two kinds of file, or carries another one."""
    BROKEN = "broken"
    TOO_LARGE = "too_large"
    """More pixels, pages or unpacked content than a photo or a document has."""
    TOO_SMALL = "too_small"
    ANIMATED = "animated"
    ACTIVE = "active"
    """A document that does something by itself, or has files attached."""
    LOCKED = "locked"
    """A document with a password."""
    TOO_HARD = "too_hard"
    """Reading it takes more time or memory than any honest file."""


class Refused(Exception):
    """The file is not taken; the argument is the `Refusal`."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(why)
        self.why = why


class Recoded(NamedTuple):
    """What may be kept; `width` and `height` of a photo, `pages` of a document."""

    content: bytes
    media_type: str
    width: int | None = None
    height: int | None = None
    pages: int | None = None


def recode(content: bytes) -> Recoded:
    """Write a photo or a document anew; raises `Refused`."""
    if not content:
        raise Refused(Refusal.EMPTY)
    shape = _shape(content)
    if shape is None:
        raise Refused(Refusal.KIND)
    if _is_mixed(content, shape):
        raise Refused(Refusal.MIXED)
    return _document(content) if shape == "PDF" else _photo(content, shape)


# -- what it is -------------------------------------------------------------------------------

_MARKUP = re.compile(rb"<(?:!doctype html|html|script|\?php|svg[ >])", re.IGNORECASE)
_ZIP_END = b"PK\x05\x06"
_ZIP_END_WITHIN = 65_557
_PDF_WITHIN = 1024


def _shape(content: bytes) -> str | None:
    if content.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    return "PDF" if re.match(rb"%PDF-[12]\.\d", content) else None


def _is_mixed(content: bytes, shape: str) -> bool:
    """Whether a program of another kind would read it, too."""
    if _ZIP_END in content[-_ZIP_END_WITHIN:]:
        return True
    if shape == "PDF":
        return not _ends_as_pdf(content)
    return b"%PDF-" in content[:_PDF_WITHIN] or _MARKUP.search(content) is not None


def _ends_as_pdf(content: bytes) -> bool:
    end = content.rfind(b"%%EOF")
    return end >= 0 and not content[end + 5 :].strip(b"\r\n \t\0")


# -- photos -----------------------------------------------------------------------------------


def _photo(content: bytes, shape: str) -> Recoded:
    from PIL import Image, ImageOps, UnidentifiedImageError

    # The header is looked at below, by our own limits.
    Image.MAX_IMAGE_PIXELS = None
    try:
        image: Any = Image.open(io.BytesIO(content), formats=(shape,))
        _check_size(image.width, image.height, MOST_PIXELS[shape])
        if shape == "JPEG":
            _scale_down(image)
        elif getattr(image, "is_animated", False):
            raise Refused(Refusal.ANIMATED)
        image.load()
        turned = image.getexif().get(_ORIENTATION)
        image = _flat(image)
        image.thumbnail((KEPT_SIDE, KEPT_SIDE))
        if turned in range(2, 9):
            image = _turned(image, turned, ImageOps)
        # From the pixels alone: whatever else the file said is left behind.
        clean = Image.frombytes("RGB", image.size, image.tobytes())
    except Refused:
        raise
    except MemoryError:
        raise Refused(Refusal.TOO_HARD) from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, TypeError, KeyError,
            IndexError, AttributeError, OverflowError, EOFError, zlib.error) as error:  # fmt: skip
        raise Refused(Refusal.BROKEN) from error
    out = io.BytesIO()
    clean.save(out, "JPEG", quality=_QUALITY)
    return Recoded(out.getvalue(), "image/jpeg", clean.width, clean.height)


_ORIENTATION = 0x0112


def _check_size(width: int, height: int, most: int) -> None:
    if max(width, height) > LONGEST_SIDE or width * height > most:
        raise Refused(Refusal.TOO_LARGE)
    if min(width, height) < SHORTEST_SIDE:
        raise Refused(Refusal.TOO_SMALL)


def _scale_down(image: Any) -> None:
    """Have a JPEG decoded at a scale that leaves what is kept, and fits into the memory."""
    width, height = image.size
    if image.info.get("progressive"):
        # All of it is held at once, two bytes for each coefficient.
        parts = [across * down for _, across, down, *_ in image.layer]
        if width * height * sum(parts) / max(parts) > _MOST_COEFFICIENTS:
            raise Refused(Refusal.TOO_LARGE)
    scale = 1
    while scale < 8 and (
        max(width, height) >= 2 * scale * KEPT_SIDE
        or width * height > _MOST_DECODED * scale * scale
    ):
        scale *= 2
    image.draft("RGB", (width // scale, height // scale))


def _flat(image: Any) -> Any:
    """Without transparency: on white, as on paper."""
    from PIL import Image

    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        # More shades than eight bits hold would all become white.
        image = image.point(lambda value: value / 256).convert("L")
    if "A" in image.mode or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A"))
        return white
    return image if image.mode == "RGB" else image.convert("RGB")


def _turned(image: Any, turned: int, operations: Any) -> Any:
    from PIL import Image

    carrier = Image.Exif()
    carrier[_ORIENTATION] = turned
    image.info = {"exif": carrier.tobytes()}
    return operations.exif_transpose(image)


# -- documents --------------------------------------------------------------------------------

_ACTIVE_KEYS = frozenset(
    {"/JS", "/JavaScript", "/EmbeddedFiles", "/EF", "/RichMedia", "/XFA", "/RichMediaContent",
     "/Collection"}
)  # fmt: skip
_ACTIVE_VALUES = {
    "/S": frozenset(
        {"/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/Rendition",
         "/Movie", "/Sound", "/RichMediaExecute"}
    ),
    "/Subtype": frozenset({"/FileAttachment", "/RichMedia", "/Movie", "/Sound", "/Screen", "/3D"}),
    "/Type": frozenset({"/EmbeddedFile"}),
}  # fmt: skip
_TELLING = frozenset({"/Metadata", "/PieceInfo", "/LastModified", "/Thumb", "/AA", "/A", "/PA"})
_PAGE_KEEPS = frozenset(
    {"/Type", "/Parent", "/Resources", "/MediaBox", "/CropBox", "/Rotate", "/Contents", "/Annots",
     "/UserUnit", "/Group"}
)  # fmt: skip


def _document(content: bytes) -> Recoded:
    import logging

    import pypdf
    from pypdf.errors import FileNotDecryptedError, PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = pypdf.PdfReader(io.BytesIO(content), strict=False)
        # Offices lock theirs against changes only: those open without a password.
        if reader.is_encrypted and not reader.decrypt(""):
            raise Refused(Refusal.LOCKED)
        things = list(_reachable(reader.trailer))
        _check_objects(things)
        count = len(reader.pages)
        if not count:
            raise Refused(Refusal.BROKEN)
        if count > MOST_PAGES:
            raise Refused(Refusal.TOO_LARGE)
        _quieten(things)
        writer = pypdf.PdfWriter()
        for page in reader.pages:
            for key in set(page) - _PAGE_KEEPS:
                del page[key]
            # With what it still leads to, and nothing else.
            writer.add_page(page)
        writer.metadata = None
        out = io.BytesIO()
        writer.write(out)
    except Refused:
        raise
    except (MemoryError, RecursionError):
        raise Refused(Refusal.TOO_HARD) from None
    except FileNotDecryptedError:
        raise Refused(Refusal.LOCKED) from None
    except (PyPdfError, ValueError, TypeError, KeyError, IndexError, AttributeError, OSError,
            AssertionError, OverflowError, zlib.error) as error:  # fmt: skip
        raise Refused(Refusal.BROKEN) from error
    return Recoded(out.getvalue(), "application/pdf", pages=count)


def _check_objects(things: Iterable[Any]) -> None:
    """Look at everything that can be reached from a document; raises `Refused`."""
    unpacked = 0
    for thing in things:
        if not isinstance(thing, dict):
            continue
        if _ACTIVE_KEYS & thing.keys() or any(
            thing.get(key) in values for key, values in _ACTIVE_VALUES.items()
        ):
            raise Refused(Refusal.ACTIVE)
        if thing.get("/Subtype") == "/Image":
            width, height = int(thing.get("/Width", 0)), int(thing.get("/Height", 0))
            if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS["JPEG"]:
                raise Refused(Refusal.TOO_LARGE)
        unpacked += _unpacked(thing, _MOST_UNPACKED - unpacked)


def _reachable(trailer: Any) -> Iterator[Any]:
    """All objects of a document, once each; raises `Refused` where there are too many."""
    from pypdf.generic import IndirectObject

    seen: set[tuple[int, int]] = set()
    waiting: list[Any] = [trailer]
    looked_at = 0
    while waiting:
        thing = waiting.pop()
        if isinstance(thing, IndirectObject):
            if (thing.idnum, thing.generation) in seen:
                continue
            seen.add((thing.idnum, thing.generation))
            thing = thing.get_object()
        looked_at += 1
        if looked_at > _MOST_OBJECTS * 10 or len(seen) > _MOST_OBJECTS:
            raise Refused(Refusal.TOO_LARGE)
        yield thing
        if isinstance(thing, dict):
            # As they stand: looking a value up would follow its reference at once.
            waiting += [dict.__getitem__(thing, key) for key in dict.keys(thing)]
        elif isinstance(thing, list):
            waiting += list(list.__iter__(thing))


def _unpacked(thing: Any, room: int) -> int:
    """How many bytes a stream has once it is unpacked; raises `Refused` beyond `room`."""
    data = getattr(thing, "_data", None)
    if not isinstance(data, bytes):
        return 0
    filters = thing.get("/Filter")
    names = [filters] if not isinstance(filters, list) else [each.get_object() for each in filters]
    flat = [str(name) for name in names if name is not None]
    if len(flat) > 2 or flat.count("/FlateDecode") > 1:
        # Packed again and again: only a bomb needs it.
        raise Refused(Refusal.TOO_LARGE)
    if flat[:1] == ["/FlateDecode"]:
        size, machine, rest = 0, zlib.decompressobj(), data
        while rest and not machine.eof:
            size += len(machine.decompress(rest, 1 << 20))
            if size > room:
                raise Refused(Refusal.TOO_LARGE)
            rest = machine.unconsumed_tail
        return size
    # A letter of run lengths stands for 128 at most, one of LZW for four thousand.
    factor = {"/RunLengthDecode": 128, "/LZWDecode": 4096}.get(flat[0] if flat else "", 1)
    if len(data) * factor > room:
        raise Refused(Refusal.TOO_LARGE)
    return len(data) * factor


def _quieten(things: Iterable[Any]) -> None:
    """Take out of every object what would act, or tell of more than the page shows."""
    from pypdf.generic import NameObject, NumberObject

    for held in things:
        if not isinstance(held, dict):
            continue
        if held.keys() & {"/Type", "/Subtype"}:
            # Elsewhere it may be what a font or a picture is called on its page.
            for key in _TELLING & held.keys():
                del held[NameObject(key)]
        data = getattr(held, "_data", None)
        if isinstance(data, bytes) and data.startswith(b"\xff\xd8\xff"):
            clean = without_labels(data)
            vars(held)["_data"] = clean
            held[NameObject("/Length")] = NumberObject(len(clean))


def without_labels(jpeg: bytes) -> bytes:
    """A JPEG without the parts that tell where, when and with what it was taken.

    Raises `Refused` where it is no JPEG.
    """
    kept, at = [jpeg[:2]], 2
    while jpeg[at : at + 1] == b"\xff":
        mark, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if mark == 0xDA:
            return b"".join([*kept, jpeg[at:]])
        if length < 2 or at + 2 + length > len(jpeg):
            break
        # APP0 is JFIF's own, APP14 says how the colours are written.
        if not (0xE1 <= mark <= 0xED or mark in (0xEF, 0xFE)):
            kept.append(jpeg[at : at + 2 + length])
        at += 2 + length
    raise Refused(Refusal.BROKEN)


# -- the process ------------------------------------------------------------------------------


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    signal.setitimer(signal.ITIMER_PROF, _ENOUGH_SECONDS)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Read a file from the standard input and write what became of it."""
    _limit()
    try:
        made = recode(sys.stdin.buffer.read())
    except Refused as refused:
        print(json.dumps({"refused": refused.why}))
        return
    except MemoryError:
        print(json.dumps({"refused": Refusal.TOO_HARD}))
        return
    report = {name: value for name, value in made._asdict().items() if name != "content"}
    sys.stdout.buffer.write(json.dumps(report).encode() + b"\n" + made.content)


if __name__ == "__main__":
    main()
