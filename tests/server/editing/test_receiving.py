"""What editors upload is read or refused whole, in a process of its own."""

import io
import random
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docx
import pytest
from pypdf import PdfWriter

from knowledge import archives
from knowledge.files import KnowledgeFileRefused
from server.editing import receiving
from server.editing.recognising import Kind, Refusal, Refused, recognise
from tests.small import small_editions
from tests.verifying import size

if TYPE_CHECKING:
    from knowledge.library import Edition, Library

LINES = ["关于稳岗的通知", "一、补贴。每人每月补贴500元，到2022年3月31日为止。"]
HTML = (
    "<!doctype html><html><head><meta charset='gbk'><title>通知</title></head><body>"
    f"<nav>首页</nav><article><h1>{LINES[0]}</h1><p>{LINES[1]}</p><p>二、交通。可以报销车票。</p>"
    "<table><tr><td>项目</td><td>金额</td></tr><tr><td>培训</td><td>300元</td></tr></table>"
    "<script>alert(1)</script></article></body></html>"
)


def docx_of(lines: list[str]) -> bytes:
    document = docx.Document()
    for line in lines:
        document.add_paragraph(line)
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "培训", "300元"
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()


def pdf_of(pages: int = 1, password: str = "") -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 200)
    if password:
        writer.encrypt(password)
    held = io.BytesIO()
    writer.write(held)
    return held.getvalue()


def bomb() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * (60 * 1024 * 1024))
    return held.getvalue()


def zip_of(**files: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/"), content)
    return held.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-8-sig"])
def test_a_text_is_read_in_its_encoding(encoding: str) -> None:
    assert recognise("\n".join(LINES).encode(encoding)) == (Kind.TEXT, "\n".join(LINES))


def test_of_a_page_its_body_is_kept_with_its_table() -> None:
    kind, text = recognise(HTML.encode("gbk"))
    assert kind is Kind.HTML
    assert LINES[1] in text and "300元" in text
    assert "alert" not in text


def test_a_document_of_word_is_read_in_order_with_its_tables() -> None:
    assert recognise(docx_of(LINES)) == (Kind.DOCX, "\n".join([*LINES, "培训 | 300元"]))


def test_the_process_tells_the_same_as_the_function() -> None:
    assert receiving.page_of(docx_of(LINES)) == recognise(docx_of(LINES))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: b"", Refusal.EMPTY),
        (lambda: b"  \n ", Refusal.EMPTY),
        (lambda: bytes(range(256)) * 20, Refusal.KIND),
        (lambda: b"\x89PNG\r\n\x1a\n" + bytes(2000), Refusal.KIND),
        (lambda: b"%PDF-1.7 nothing of the kind", Refusal.BROKEN),
        (lambda: pdf_of(), Refusal.NO_TEXT),
        (lambda: pdf_of(201), Refusal.TOO_LARGE),
        (lambda: pdf_of(password="secret"), Refusal.LOCKED),
        (lambda: b"PK\x03\x04 broken", Refusal.BROKEN),
        (lambda: zip_of(readme=b"x"), Refusal.KIND),
        (lambda: zip_of(word__document_xml=b"<x"), Refusal.KIND),
        (bomb, Refusal.TOO_LARGE),
        (lambda: docx_of(LINES)[:-400], Refusal.BROKEN),
        (lambda: ("一" * 400_001).encode(), Refusal.TOO_LARGE),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(
    make: Callable[[], bytes], why: Refusal
) -> None:
    with pytest.raises(Refused) as refused:
        recognise(make())
    assert refused.value.why is why


def test_a_file_that_takes_all_memory_ends_its_process_alone(tmp_path: Path) -> None:
    nested = b"<html><body>" + b"<div>" * 1_500_000
    with pytest.raises(Refused):
        receiving.page_of(nested)
    with pytest.raises(Refused) as refused:
        receiving.page_of(b"x" * (receiving.LONGEST_UPLOAD + 1))
    assert refused.value.why is Refusal.TOO_LARGE


# -- whole releases ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def editions(library: "Library") -> "list[Edition]":
    return small_editions(library)


def test_a_release_comes_back_as_it_went(editions: "list[Edition]") -> None:
    packed = archives.pack(editions)
    assert packed == archives.pack(editions)
    read = receiving.release_of(packed)
    assert {e[:2]: e[2] for e in read} == {e[:2]: e[2] for e in editions}


def test_a_folder_around_all_files_is_no_fault(editions: "list[Edition]") -> None:
    held = io.BytesIO()
    packed = zipfile.ZipFile(io.BytesIO(archives.pack(editions)))
    with packed, zipfile.ZipFile(held, "w") as archive:
        for name in packed.namelist():
            archive.writestr(f"我的知识/{name}", packed.read(name))
    assert len(archives.read_archive(held.getvalue())) == len(editions)


@pytest.mark.parametrize(
    "make",
    [
        lambda: b"",
        lambda: b"no zip",
        lambda: zip_of(evil__path=b"x"),
        lambda: zip_of(**{"../../outside.yaml": b"x"}),
        lambda: zip_of(**{"/etc__passwd": b"x"}),
        lambda: zip_of(**{"measures/../../x.yaml": b"x"}),
        lambda: bomb(),
        lambda: zip_of(**{"topics.yaml": b"a: &a [x,x]\nb: &b [*a,*a]\n" + b"- " * 3000}),
    ],
)
def test_a_hostile_archive_writes_nothing_and_is_refused(
    make: Callable[[], bytes], tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    with pytest.raises(KnowledgeFileRefused) as refused:
        archives.unpack(make(), folder)
        archives.read_archive(make())
    assert refused.value.problems
    assert not (tmp_path / "outside.yaml").exists()


def test_every_line_that_is_refused_is_told_with_its_file(editions: "list[Edition]") -> None:
    wrong = []
    for kind, key, content in editions:
        piece = dict(content)
        if (kind, key) == ("measure", "shishi-4a"):
            piece["summary"] = "每月领9876元。"
        if (kind, key) == ("measure", "jinzhou-4"):
            piece["quotes"] = ["原文里没有这句话"]
        wrong.append((kind, key, piece))
    with pytest.raises(KnowledgeFileRefused) as refused:
        archives.read_archive(archives.pack(wrong))
    found = list(map(str, refused.value.problems))
    assert any(p.startswith("measures/石狮.yaml:") and "9876" in p for p in found)
    assert any(p.startswith("measures/锦州.yaml:") and "没有这句话" in p for p in found)


def test_a_release_from_before_a_detail_had_its_name_is_refused_with_the_line(
    editions: "list[Edition]",
) -> None:
    older = [
        (kind, key, _without_name(content, "replacement") if kind == "sentences" else content)
        for kind, key, content in editions
    ]
    with pytest.raises(KnowledgeFileRefused) as refused:
        archives.read_archive(archives.pack(older))
    (told,) = refused.value.problems
    assert re.fullmatch(r"sentences\.yaml:\d+: the name of replacement is missing", str(told))


def _without_name(content: dict[str, Any], detail: str) -> dict[str, Any]:
    names = {name: words for name, words in content["detail_names"].items() if name != detail}
    return {**content, "detail_names": names}


def test_five_hundred_damaged_releases_and_none_gets_in(editions: "list[Edition]") -> None:
    """Each is damaged in another place; what is still a sound release is one, whole."""
    packed = archives.pack(editions)
    texts = {}
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        texts = {name: archive.read(name) for name in archive.namelist()}
    dice = random.Random(6)
    refused = whole = 0
    trials = size(30, 500)
    for number in range(trials):
        try:
            read = archives.read_archive(_damaged(packed, texts, dice, number))
        except KnowledgeFileRefused as error:
            assert error.problems and all(problem.line for problem in error.problems)
            refused += 1
        else:
            assert {e[:2] for e in read} == {e[:2] for e in editions}
            whole += 1
    assert refused + whole == trials
    assert refused > 0.8 * trials


def _damaged(packed: bytes, texts: dict[str, bytes], dice: random.Random, number: int) -> bytes:
    """A release that lost bytes on the way, or one of whose files did."""
    if number % 2:
        at = dice.randrange(len(packed))
        how = number % 3
        if how == 0:
            return packed[:at]
        if how == 1:
            return packed[:at] + bytes(dice.randrange(256) for _ in range(40)) + packed[at + 40 :]
        return packed[:at] + packed[at + dice.randrange(1, 500) :]
    name = dice.choice(sorted(texts))
    text = texts[name]
    at = dice.randrange(len(text))
    damage = [
        lambda: text[:at],
        lambda: text[:at] + b"\x00\xff" + text[at:],
        lambda: text[:at] + b"\n  : [" + text[at:],
        lambda: b"",
        lambda: None,
    ][number // 2 % 5]()
    changed = {**texts, name: damage}
    return zip_of(**{n: t for n, t in changed.items() if t is not None})
