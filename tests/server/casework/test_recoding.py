"""What workers send is made harmless or refused, in little time and memory; never kept as is."""

import io
import json
import random
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DecodedStreamObject, DictionaryObject, NameObject

from server import confining
from server.casework import inspecting, recoding
from server.casework.recoding import Refusal, Refused, recode, without_labels
from tests import hostile_files
from tests.hostile_files import GPS, MARK
from tests.verifying import size

if TYPE_CHECKING:
    from server.casework.recoding import Recoded

PROGRAM = Path(recoding.__file__)
SECONDS = 2.0
MEMORY = 150 * 1024 * 1024


class Run(NamedTuple):
    """What a process wrote, the processor's time it took, and the most memory it had."""

    out: bytes
    seconds: float
    memory: int


# In between, as a process begins with the most memory that the one had that made it.
_METER = """
import json, os, sys
child = os.posix_spawn(sys.executable, [sys.executable, "-I", *sys.argv[1:]], {})
used = os.wait4(child, 0)[2]
print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss]), file=sys.stderr)
"""


def run(program: list[str], content: bytes) -> Run:
    done = subprocess.run(
        [sys.executable, "-I", "-c", _METER, *program], input=content, capture_output=True
    )
    seconds, kilobytes = json.loads(done.stderr.splitlines()[-1])
    return Run(done.stdout, seconds, kilobytes * 1024)


def kept(out: bytes) -> bytes | None:
    """What may be stored of it, None where it is refused."""
    head, _, content = out.partition(b"\n")
    return None if not head or "refused" in json.loads(head) else content


def tells_a_place(content: bytes) -> bool:
    """Whether a photo, or one in a document, has a place in its labels."""
    if content.startswith(b"%PDF"):
        start = content.find(b"\xff\xd8\xff")
        return start >= 0 and tells_a_place(content[start:])
    return bool(Image.open(io.BytesIO(content)).getexif().get_ifd(GPS))


@pytest.mark.fault
def test_hostile_files_are_refused_or_come_out_clean_in_little_time_and_memory(
    tell: Callable[[str, object, object], None],
) -> None:
    # Each kind once, and in `make verify` each ten times or more.
    count = size(hostile_files.kinds(), 500)
    slowest, largest, taken = 0.0, 0, 0
    for file in hostile_files.hostile_files(count):
        ran = run([str(PROGRAM)], file.content)
        slowest, largest = max(slowest, ran.seconds), max(largest, ran.memory)
        content = kept(ran.out)
        assert ran.seconds <= SECONDS, file.name
        assert ran.memory <= MEMORY, file.name
        if file.refused is not None:
            assert (content is None) is file.refused, (file.name, ran.out[:80])
        if content is not None:
            taken += 1
            assert MARK not in content, file.name
            assert content not in file.content and file.content not in content, file.name
            assert not tells_a_place(content), file.name
    tell("hostile files", f"{count}, {count - taken} refused, {taken} cleaned", "none kept raw")
    tell("slowest", f"{slowest:.2f} s of the processor", f"{SECONDS:.0f} s")
    tell("largest", f"{largest / 1024 / 1024:.0f} MB", "150 MB")


@pytest.mark.fault
def test_a_reader_without_limits_does_fail_on_them() -> None:
    """The control: the meters see what a plain decoder does, and what it leaves in."""
    naive = "import sys,io; from PIL import Image; Image.MAX_IMAGE_PIXELS=None\n"
    naive += "Image.open(io.BytesIO(sys.stdin.buffer.read())).load()"
    bomb = hostile_files._png_that_is_much(random.Random(1))
    assert run(["-c", naive], bomb).memory > MEMORY
    photo = hostile_files.jpeg(random.Random(1))
    saved = io.BytesIO()
    original = Image.open(io.BytesIO(photo))
    original.save(saved, "JPEG", exif=original.info["exif"])
    assert tells_a_place(saved.getvalue()) and MARK in saved.getvalue()
    document = hostile_files.pdf(random.Random(1))
    assert tells_a_place(document) and MARK in document


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (hostile_files._svg, Refusal.KIND),
        (hostile_files._heic, Refusal.KIND),
        (hostile_files._photo_and_archive, Refusal.MIXED),
        (hostile_files._document_and_page, Refusal.MIXED),
        (hostile_files._png_that_claims_much, Refusal.TOO_LARGE),
        (hostile_files._jpeg_that_claims_much, Refusal.TOO_LARGE),
        (hostile_files._moving, Refusal.ANIMATED),
        (hostile_files._speck, Refusal.TOO_SMALL),
        (hostile_files._acting_document, Refusal.ACTIVE),
        (hostile_files._document_with_attachment, Refusal.ACTIVE),
        (hostile_files._locked_document, Refusal.LOCKED),
        (hostile_files._document_that_swells, Refusal.TOO_LARGE),
    ],
)
def test_each_refusal_says_why(make: Callable[[random.Random], bytes], why: Refusal) -> None:
    with pytest.raises(Refused) as refused:
        recode(make(random.Random(3)))
    assert refused.value.why is why


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_an_honest_picture_looks_the_same_and_is_a_jpeg(form: str) -> None:
    picture = Image.linear_gradient("L").convert("RGB").resize((500, 300))
    out = io.BytesIO()
    picture.save(out, form)
    made = recode(out.getvalue())
    again = Image.open(io.BytesIO(made.content))
    assert (made.media_type, again.format, again.size) == ("image/jpeg", "JPEG", (500, 300))
    pairs = zip(picture.convert("L").tobytes(), again.convert("L").tobytes(), strict=True)
    assert max(abs(a - b) for a, b in pairs) < 12


@pytest.mark.parametrize("turned", range(1, 9))
def test_a_photo_is_turned_as_its_phone_says(turned: int) -> None:
    upright = Image.new("RGB", (400, 200), "white")
    upright.paste("red", (0, 0, 100, 100))
    undo: dict[int, tuple[Image.Transpose, ...]] = {
        1: (),
        2: (Image.Transpose.FLIP_LEFT_RIGHT,),
        3: (Image.Transpose.ROTATE_180,),
        4: (Image.Transpose.FLIP_TOP_BOTTOM,),
        5: (Image.Transpose.TRANSPOSE,),
        6: (Image.Transpose.ROTATE_90,),
        7: (Image.Transpose.TRANSVERSE,),
        8: (Image.Transpose.ROTATE_270,),
    }
    held = upright
    for step in undo[turned]:
        held = held.transpose(step)
    exif = Image.Exif()
    exif[0x0112] = turned
    out = io.BytesIO()
    held.save(out, "JPEG", exif=exif)
    again = Image.open(io.BytesIO(recode(out.getvalue()).content))
    assert again.size == (400, 200)
    red, _, blue = again.getpixel((50, 50))  # type: ignore[misc]
    assert red > 200 and blue < 60
    assert min(again.getpixel((350, 150))) > 200  # type: ignore[type-var, arg-type]


def test_what_shines_through_lies_on_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (200, 200), (0, 0, 0, 0)).save(out, "PNG")
    again = Image.open(io.BytesIO(recode(out.getvalue()).content))
    assert again.getpixel((100, 100)) == (255, 255, 255)


def test_a_large_photo_is_made_as_small_as_can_be_read() -> None:
    out = io.BytesIO()
    Image.new("RGB", (4000, 3000), "grey").save(out, "JPEG")
    made = recode(out.getvalue())
    assert (made.width, made.height) == (recoding.KEPT_SIDE, 1950)


def test_a_document_keeps_its_pages_and_nothing_else() -> None:
    sent = hostile_files.pdf(random.Random(5))
    made = recode(sent)
    again = PdfReader(io.BytesIO(made.content))
    assert (made.media_type, made.pages, len(again.pages)) == ("application/pdf", 1, 1)
    assert not again.metadata or _is_plain(dict(again.metadata))
    assert len(again.pages[0].images) == 1
    before = PdfReader(io.BytesIO(sent)).pages[0].images[0].image
    after = again.pages[0].images[0].image
    assert before is not None and after is not None
    assert before.tobytes() == after.tobytes(), "the pixels are as they were"


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
def test_a_document_that_is_locked_against_changes_only_is_taken(algorithm: str) -> None:
    writer = PdfWriter(clone_from=io.BytesIO(hostile_files.pdf(random.Random(6))))
    writer.encrypt("", "the office's", algorithm=algorithm)
    out = io.BytesIO()
    writer.write(out)
    again = PdfReader(io.BytesIO(recode(out.getvalue()).content))
    assert not again.is_encrypted
    picture = again.pages[0].images[0].image
    assert picture is not None and picture.getbbox() is not None


def test_the_stamp_of_an_office_stays_and_what_it_links_to_goes() -> None:
    writer = PdfWriter(clone_from=io.BytesIO(hostile_files.pdf(random.Random(6))))
    look = DecodedStreamObject()
    look.set_data(b"1 0 0 rg 0 0 50 50 re f")
    look[NameObject("/Subtype")] = NameObject("/Form")
    stamp = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject("/Widget"),
            NameObject("/FT"): NameObject("/Sig"),
            NameObject("/A"): DictionaryObject({NameObject("/S"): NameObject("/URI")}),
            NameObject("/AP"): DictionaryObject({NameObject("/N"): writer._add_object(look)}),
        }
    )
    writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(stamp)])
    out = io.BytesIO()
    writer.write(out)
    made = recode(out.getvalue()).content
    page = PdfReader(io.BytesIO(made)).pages[0]
    kept = page["/Annots"][0].get_object()  # type: ignore[index]
    assert kept["/AP"]["/N"].get_object().get_data() == look.get_data()
    assert "/A" not in kept and b"/URI" in out.getvalue() and b"/URI" not in made


def _is_plain(told: dict[str, object]) -> bool:
    return set(told) <= {"/Producer"}


def test_labels_go_and_the_pixels_stay() -> None:
    photo = hostile_files.jpeg(random.Random(7))
    clean = without_labels(photo)
    assert MARK in photo and MARK not in clean
    before, after = Image.open(io.BytesIO(photo)), Image.open(io.BytesIO(clean))
    assert before.tobytes() == after.tobytes()
    assert clean == without_labels(clean)


def test_the_process_knows_nothing_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """No secret of the environment reaches what reads other people's files."""
    monkeypatch.setenv("NUANGANG_SECRET_KEY", "secret")
    given: dict[str, object] = {}
    real = subprocess.Popen

    def spy(*arguments: object, **named: object) -> object:
        given.update(named)
        return real(*arguments, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(confining.subprocess, "Popen", spy)
    made: Recoded = inspecting.inspect(hostile_files.jpeg(random.Random(9)))
    assert made.media_type == "image/jpeg"
    assert "NUANGANG_SECRET_KEY" not in dict(given["env"])  # type: ignore[call-overload]
    source = PROGRAM.read_text("utf-8")
    assert "import server" not in source and "from server" not in source


def test_a_process_that_is_ended_by_its_limits_refuses_the_file() -> None:
    scans = hostile_files._jpeg_of_many_scans(random.Random(1))
    assert sha256(scans).digest() != b"" and len(scans) < 10 * 1024 * 1024
    with pytest.raises(Refused):
        inspecting.inspect(scans)
