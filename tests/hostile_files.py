"""Files that somebody could send instead of a photo; each hides a marker that must not be kept."""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from PIL import Image, PngImagePlugin
from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    StreamObject,
    TextStringObject,
)

MARK = b"CANARY-4417"
GPS = 0x8825
_WORD = MARK.decode()


class Hostile(NamedTuple):
    """A file; `refused`: it must be, None: it may be taken, but clean."""

    name: str
    content: bytes
    refused: bool | None


def hostile_files(count: int) -> Iterator[Hostile]:
    """So many files, every kind in turn, each time otherwise; always the same ones."""
    for number in range(count):
        make, refused = _KINDS[number % len(_KINDS)]
        rng = random.Random(number)
        yield Hostile(f"{number:03}-{make.__name__.strip('_')}", make(rng), refused)


def kinds() -> int:
    """How many kinds of hostile files there are."""
    return len(_KINDS)


# -- honest ones to begin with --------------------------------------------------------------------


def image(rng: random.Random, side: int = 320) -> Image.Image:
    """Something with a picture's noise in it."""
    size = (side + rng.randrange(80), side + rng.randrange(80))
    return Image.effect_noise(size, 40 + rng.random() * 40).convert("RGB")


def labels(picture: Image.Image) -> Image.Exif:
    """What a phone writes beside the pixels: who made it, and where."""
    exif = picture.getexif()
    exif[0x010F] = _WORD
    exif[GPS] = {1: "N", 2: (24.0, 44.0, 12.0), 3: "E", 4: (118.0, 38.0, 5.0), 29: _WORD}
    return exif


def jpeg(rng: random.Random, **more: object) -> bytes:
    """A photo that tells where it was taken."""
    picture = image(rng)
    return _saved(picture, "JPEG", exif=labels(picture), comment=MARK, **more)


def png(rng: random.Random) -> bytes:
    """The same as PNG, with words."""
    picture, words = image(rng), PngImagePlugin.PngInfo()
    words.add_text("Comment", _WORD)
    return _saved(picture, "PNG", exif=labels(picture), pnginfo=words)


def webp(rng: random.Random) -> bytes:
    """The same as WebP."""
    picture = image(rng)
    return _saved(picture, "WEBP", exif=labels(picture), xmp=MARK)


def pdf(rng: random.Random) -> bytes:
    """A document of photos that tell where they were taken."""
    return _document(lambda writer: None, rng)


def _saved(picture: Image.Image, form: str, **more: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **more)  # type: ignore[arg-type]
    return out.getvalue()


def _document(change: Callable[[PdfWriter], None], rng: random.Random) -> bytes:
    writer = PdfWriter()
    page = writer.add_blank_page(300, 300)
    photo = StreamObject()
    photo._data = jpeg(rng)
    photo.update(
        {
            NameObject("/Type"): NameObject("/XObject"),
            NameObject("/Subtype"): NameObject("/Image"),
            NameObject("/Width"): NumberObject(320),
            NameObject("/Height"): NumberObject(320),
            NameObject("/BitsPerComponent"): NumberObject(8),
            NameObject("/ColorSpace"): NameObject("/DeviceRGB"),
            NameObject("/Filter"): NameObject("/DCTDecode"),
        }
    )
    shown = DictionaryObject({NameObject("/Im0"): writer._add_object(photo)})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/XObject"): shown})
    drawn = DecodedStreamObject()
    drawn.set_data(b"q 300 0 0 300 0 0 cm /Im0 Do Q")
    page[NameObject("/Contents")] = writer._add_object(drawn)
    writer.add_metadata({"/Author": _WORD, "/Title": _WORD})
    change(writer)
    return _written(writer)


def _written(writer: PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("a.html", MARK)
    return out.getvalue()


# -- other kinds of file --------------------------------------------------------------------------


def _html_as_jpg(rng: random.Random) -> bytes:
    return b"<!DOCTYPE html><script>/*" + MARK + rng.randbytes(200) + b"*/alert(1)</script>"


def _svg(rng: random.Random) -> bytes:
    return b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><!--" + MARK + b"--></svg>"


def _xml_with_entities(rng: random.Random) -> bytes:
    bomb = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "{_WORD}">{bomb}]><x>&l9;</x>'.encode()


def _gif(rng: random.Random) -> bytes:
    return _saved(image(rng), "GIF", comment=MARK)


def _tiff(rng: random.Random) -> bytes:
    return _saved(image(rng), "TIFF", description=_WORD)


def _program(rng: random.Random) -> bytes:
    return rng.choice([b"MZ", b"\x7fELF", b"#!/bin/sh\n"]) + MARK + rng.randbytes(500)


def _archive(rng: random.Random) -> bytes:
    return _zip()


def _heic(rng: random.Random) -> bytes:
    return b"\0\0\0\x18ftypheic\0\0\0\0heicmif1" + MARK + rng.randbytes(2000)


def _noise(rng: random.Random) -> bytes:
    return rng.randbytes(rng.randrange(1, 5000)) + MARK


def _only_the_head(rng: random.Random) -> bytes:
    heads = [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x10\0\0\0WEBPVP8 ", b"%PDF-1.7\n"]
    return rng.choice(heads) + MARK + rng.randbytes(rng.randrange(3000))


def _postscript(rng: random.Random) -> bytes:
    return b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(" + MARK + b") show\n"


# -- two kinds at once ----------------------------------------------------------------------------


def _photo_and_archive(rng: random.Random) -> bytes:
    return rng.choice([jpeg, png, webp])(rng) + _zip()


def _photo_and_page(rng: random.Random) -> bytes:
    return jpeg(rng) + b"<html><body onload=alert(1)>" + MARK


def _photo_with_script(rng: random.Random) -> bytes:
    return _saved(image(rng), "JPEG", comment=b"<script>alert('" + MARK + b"')</script>")


def _picture_with_php(rng: random.Random) -> bytes:
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", f"<?php system('{_WORD}'); ?>")
    return _saved(image(rng), "PNG", pnginfo=words)


def _photo_with_document(rng: random.Random) -> bytes:
    whole = _saved(image(rng), "JPEG", comment=b"%PDF-1.7 " + MARK)
    return whole + pdf(rng)


def _document_and_archive(rng: random.Random) -> bytes:
    return pdf(rng) + _zip()


def _document_and_page(rng: random.Random) -> bytes:
    return pdf(rng) + b"\n<html><script>alert(1)</script>" + MARK


def _document_after_junk(rng: random.Random) -> bytes:
    return MARK + rng.randbytes(100) + pdf(rng)


def _photo_and_more(rng: random.Random) -> bytes:
    # As phones do with a moving picture behind the photo.
    return jpeg(rng) + b"\0\0\0\x18ftypmp42" + MARK + rng.randbytes(3000)


# -- bombs ----------------------------------------------------------------------------------------


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png_of(width: int, height: int, *chunks: bytes) -> bytes:
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + _chunk(b"IEND", b"")


def _png_that_claims_much(rng: random.Random) -> bytes:
    side = rng.choice([13_000, 30_000, 65_535, 2**31 - 1])
    return _png_of(side, side, _chunk(b"IDAT", zlib.compress(bytes(100_000))), MARK)


def _png_that_is_much(rng: random.Random) -> bytes:
    side = rng.randrange(9_000, 12_000)
    packing = zlib.compressobj(9)
    line = bytes(side * 4 + 1)
    packed = b"".join(packing.compress(line) for _ in range(side)) + packing.flush()
    return _png_of(side, side, _chunk(b"IDAT", packed))


def _png_with_more_than_it_claims(rng: random.Random) -> bytes:
    return _png_of(2000, 2000, _chunk(b"IDAT", zlib.compress(bytes(200_000_000), 9)))


def _png_with_words_that_swell(rng: random.Random) -> bytes:
    kind, head = rng.choice([(b"zTXt", b"a\0\0"), (b"iCCP", b"a\0\0"), (b"iTXt", b"a\0\1\0\0\0")])
    swelling = [_chunk(kind, head + zlib.compress(bytes(60_000_000), 9)) for _ in range(4)]
    return _png_of(300, 300, *swelling, _chunk(b"IDAT", zlib.compress(bytes(300 * 1201))))


def _jpeg_that_claims_much(rng: random.Random) -> bytes:
    whole = bytearray(jpeg(rng))
    at = whole.index(b"\xff\xc0")
    whole[at + 5 : at + 9] = struct.pack(">HH", rng.randrange(20_000, 65_500), 65_000)
    return bytes(whole)


def _jpeg_of_many_scans(rng: random.Random) -> bytes:
    picture = Image.new("L", (3400, 3400), rng.randrange(256))
    whole = _saved(picture, "JPEG", progressive=True)
    last = whole.rindex(b"\xff\xda")
    scan = whole[last : whole.rindex(b"\xff\xd9")]
    times = min(20_000, 9_000_000 // len(scan))
    return whole[:last] + scan * times + b"\xff\xd9"


def _jpeg_of_much(rng: random.Random) -> bytes:
    picture = Image.new("RGB", (rng.randrange(7_000, 9_000), 7_500), (rng.randrange(256), 9, 9))
    return _saved(picture, "JPEG", quality=10, progressive=rng.random() < 0.5)


def _webp_that_claims_much(rng: random.Random) -> bytes:
    whole = bytearray(_saved(image(rng), "WEBP", exif=b"Exif\0\0" + MARK))
    at = whole.index(b"VP8X") + 12
    whole[at : at + 6] = (16_382).to_bytes(3, "little") * 2
    return bytes(whole)


def _webp_of_much(rng: random.Random) -> bytes:
    return _saved(Image.new("RGB", (9_000, 6_000)), "WEBP", quality=1, method=0)


def _moving(rng: random.Random) -> bytes:
    first, *others = [image(rng).resize((200, 200)) for _ in range(5)]
    form = rng.choice(["PNG", "WEBP"])
    return _saved(first, form, save_all=True, append_images=others, duration=50)


def _speck(rng: random.Random) -> bytes:
    return _saved(image(rng).resize((20, 20)), "JPEG", comment=MARK)


# -- documents that act ---------------------------------------------------------------------------


def _action(kind: str, **more: str) -> DictionaryObject:
    made = DictionaryObject({NameObject("/S"): NameObject(kind)})
    for key, value in more.items():
        made[NameObject(f"/{key}")] = TextStringObject(value)
    return made


def _acting_document(rng: random.Random) -> bytes:
    actions = [
        _action("/JavaScript", JS=f"app.alert('{_WORD}')"),
        _action("/Launch", F="cmd.exe"),
        _action("/SubmitForm", F="http://example.invalid/" + _WORD),
        _action("/ImportData", F="a.fdf"),
        _action("/GoToR", F="file:///etc/passwd"),
        _action("/GoToE", F="a.pdf"),
    ]
    acting = rng.choice(actions)
    places = ("open", "page", "note", "chain")
    place = rng.choice(places)

    def change(writer: PdfWriter) -> None:
        held = writer._add_object(acting)
        page = writer.pages[0]
        if place == "open":
            writer.root_object[NameObject("/OpenAction")] = held
        elif place == "page":
            page[NameObject("/AA")] = DictionaryObject({NameObject("/O"): held})
        else:
            first = DictionaryObject(
                {NameObject("/S"): NameObject("/URI"), NameObject("/Next"): ArrayObject([held])}
            )
            note = DictionaryObject(
                {
                    NameObject("/Type"): NameObject("/Annot"),
                    NameObject("/Subtype"): NameObject("/Link"),
                    NameObject("/Rect"): ArrayObject(map(NumberObject, (0, 0, 300, 300))),
                    NameObject("/A"): held if place == "note" else first,
                }
            )
            page[NameObject("/Annots")] = ArrayObject([writer._add_object(note)])

    return _document(change, rng)


def _document_with_attachment(rng: random.Random) -> bytes:
    return _document(lambda writer: _ignore(writer.add_attachment("a.exe", MARK)), rng)


def _document_with_form(rng: random.Random) -> bytes:
    def change(writer: PdfWriter) -> None:
        form = DictionaryObject({NameObject("/XFA"): TextStringObject(_WORD)})
        writer.root_object[NameObject("/AcroForm")] = writer._add_object(form)

    return _document(change, rng)


def _locked_document(rng: random.Random) -> bytes:
    return _document(lambda writer: writer.encrypt("secret", algorithm="RC4-128"), rng)


def _document_that_swells(rng: random.Random) -> bytes:
    def change(writer: PdfWriter) -> None:
        packing = zlib.compressobj(9)
        packed = b"".join(packing.compress(bytes(1 << 20)) for _ in range(300)) + packing.flush()
        times = rng.choice([1, 2])
        swelling = StreamObject()
        swelling._data = zlib.compress(packed) if times == 2 else packed
        swelling[NameObject("/Filter")] = ArrayObject([NameObject("/FlateDecode")] * times)
        writer.pages[0][NameObject("/Contents")] = writer._add_object(swelling)

    return _document(change, rng)


def _document_of_a_huge_picture(rng: random.Random) -> bytes:
    return pdf(rng).replace(b"/Width 320", b"/Width 99999")


def _document_that_goes_round(rng: random.Random) -> bytes:
    loop = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    loop += b"2 0 obj<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2/Parent 2 0 R>>endobj\n%" + MARK
    return loop + b"\ntrailer<</Root 1 0 R/Size 3>>\nstartxref\n0\n%%EOF\n"


def _document_nested_deeply(rng: random.Random) -> bytes:
    deep = rng.randrange(2_000, 200_000)
    body = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R/X " + b"[" * deep + b"]" * deep
    body += b">>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%" + MARK
    return body + b"\ntrailer<</Root 1 0 R/Size 3>>\nstartxref\n0\n%%EOF\n"


def _document_without_end(rng: random.Random) -> bytes:
    whole = pdf(rng)
    return whole[: rng.randrange(200, len(whole) - 10)]


def _ignore(_: object) -> None:
    """What it returns does not matter."""


# -- nearly honest ones ---------------------------------------------------------------------------


def _photo_with_place(rng: random.Random) -> bytes:
    return rng.choice([jpeg, png, webp])(rng)


def _document_with_place(rng: random.Random) -> bytes:
    return pdf(rng)


def _document_with_words_about_it(rng: random.Random) -> bytes:
    def change(writer: PdfWriter) -> None:
        about = DecodedStreamObject()
        about.set_data(b"<x:xmpmeta>exif:GPSLatitude 24,44.2N " + MARK + b"</x:xmpmeta>")
        held = writer._add_object(about)
        writer.root_object[NameObject("/Metadata")] = held
        writer.pages[0][NameObject("/Metadata")] = held
        writer.pages[0][NameObject("/PieceInfo")] = DictionaryObject(
            {NameObject("/Maker"): TextStringObject(_WORD)}
        )

    return _document(change, rng)


def _cut_off(rng: random.Random) -> bytes:
    whole = rng.choice([jpeg, png, webp])(rng)
    return whole[: rng.randrange(len(whole) // 3, len(whole) - 1)]


def _changed_bytes(rng: random.Random) -> bytes:
    whole = bytearray(rng.choice([jpeg, png, webp, pdf])(rng))
    for _ in range(rng.randrange(1, 40)):
        whole[rng.randrange(12, len(whole))] = rng.randrange(256)
    return bytes(whole)


_KINDS: list[tuple[Callable[[random.Random], bytes], bool | None]] = [
    *((make, True) for make in (
        _html_as_jpg, _svg, _xml_with_entities, _gif, _tiff, _program, _archive, _heic, _noise,
        _only_the_head, _postscript, _photo_and_archive, _photo_and_page, _photo_with_script,
        _picture_with_php, _photo_with_document, _document_and_archive, _document_and_page,
        _document_after_junk, _png_that_claims_much, _png_that_is_much, _jpeg_that_claims_much,
        _jpeg_of_much, _webp_that_claims_much, _webp_of_much, _moving, _speck, _acting_document,
        _document_with_attachment, _document_with_form, _locked_document, _document_that_swells,
        _document_of_a_huge_picture, _document_that_goes_round, _document_nested_deeply,
    )),
    *((make, False) for make in (
        _photo_with_place, _document_with_place, _document_with_words_about_it, _photo_and_more,
    )),
    *((make, None) for make in (
        _jpeg_of_many_scans, _png_with_more_than_it_claims, _png_with_words_that_swell, _cut_off,
        _changed_bytes, _document_without_end,
    )),
]  # fmt: skip


# -- workbooks ------------------------------------------------------------------------------------


def bloated(workbook: bytes) -> bytes:
    """The same workbook with a part that nobody looks at, and that unpacks to 49 MB."""
    written = io.BytesIO(workbook)
    with zipfile.ZipFile(written, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image1.bmp", bytes(49 << 20))
    return written.getvalue()
