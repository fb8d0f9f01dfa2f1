"""Knowledge files are taken whole or refused with file, line and reason: never anything else."""

import random
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge.checking import honesty_troubles
from knowledge.files import KnowledgeFileRefused
from knowledge.library import DATA, IncompleteLibrary, Library, read_library

_PROBLEM = re.compile(r"[^:\n]+:\d+: \S.*")
_KEPT = {"outside.yaml": (10, 7), "topics.yaml": (99, 4), "care.yaml": (99, 8)}
"""Entries of a file, and lines of an entry."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real files, cut short: two documents, two measures a file, few examples."""
    folder = tmp_path_factory.mktemp("small") / "data"
    shutil.copytree(DATA, folder)
    for path in [*folder.glob("documents/*"), *folder.glob("measures/*")]:
        if path.stem not in ("liwan", "shishi"):
            path.unlink()
    for path in folder.glob("measures/*"):
        path.write_text("\n- id:".join(_text(path).split("\n- id:")[:3]) + "\n", encoding="utf-8")
    _keep_those_of(folder, "checklists.yaml")
    for name, (entries, lines) in _KEPT.items():
        _shorten(folder / name, entries, lines)
    for name in ("care_sentences.yaml", "lexicon.yaml", "aspects.yaml"):
        _thin_out(folder / name)
    places = folder / "places_not_covered.tsv"
    places.write_text("\n".join(_text(places).split("\n")[:20]) + "\n", encoding="utf-8")
    return folder


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")


def _shorten(path: Path, most: int, lines: int) -> None:
    entries = _text(path).split("\n- id:")[: most + 1]
    path.write_text(
        "\n- id:".join("\n".join(entry.split("\n")[:lines]) for entry in entries) + "\n",
        encoding="utf-8",
    )


def _keep_those_of(folder: Path, name: str) -> None:
    """Keep the entries of the measures that are left."""
    kept = "".join(_text(path) for path in folder.glob("measures/*"))
    head, *entries = _text(folder / name).split("\n- id: ")
    left = [entry for entry in entries if f"- id: {entry.split()[0]}\n" in kept]
    (folder / name).write_text("\n- id: ".join([head, *left]).rstrip() + "\n", encoding="utf-8")


def _thin_out(path: Path) -> None:
    """Keep the first of the list items that follow each other."""
    kept: list[str] = []
    run = 0
    for line in _text(path).split("\n"):
        if not line.lstrip().startswith("#"):
            run = run + 1 if line.lstrip().startswith("- ") else 0
        if run <= 5:
            kept.append(line)
    path.write_text("\n".join(kept), encoding="utf-8")


@pytest.fixture
def copied(small: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small, tmp_path / "data"))


def _refused(folder: Path) -> tuple[str, ...]:
    with pytest.raises(KnowledgeFileRefused) as caught:
        read_library(folder)
    told = tuple(map(str, caught.value.problems))
    for problem in told:
        assert _PROBLEM.fullmatch(problem), problem
    return told


def _line_of(path: Path, words: str) -> int:
    return next(n for n, line in enumerate(_text(path).split("\n"), 1) if words in line)


def _changed(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = _text(folder / name)
        assert old in text
        (folder / name).write_bytes(text.replace(old, new, 1).encode())

    return change


def _written(name: str, text: str) -> Callable[[Path], None]:
    return _overwritten(name, text.encode())


def _overwritten(name: str, raw: bytes) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).write_bytes(raw)

    return change


def _without(name: str, start: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        lines = _text(folder / name).split("\n")
        kept = [line for line in lines if not line.startswith(start)]
        assert kept != lines
        (folder / name).write_text("\n".join(kept), encoding="utf-8")

    return change


# What is done to a file, the words of the line that is named (None: the first), and the reason.
DAMAGES: dict[str, tuple[Callable[[Path], None], str, str | None, str]] = {
    "a sentence is missing": (
        _without("sentences.yaml", "  not_understood:"),
        "sentences.yaml",
        "  empty:",
        "the sentence not_understood is missing",
    ),
    "a wrong placeholder": (
        _changed("sentences.yaml", "给谁：{who}", "给谁：{whom}"),
        "sentences.yaml",
        "  who: 给谁",
        "{whom} is not filled in; {who} is missing",
    ),
    "a placeholder is missing": (
        _changed("sentences.yaml", "  source: 出处：{source}", "  source: 出处"),
        "sentences.yaml",
        "  source: 出处",
        "source: {source} is missing",
    ),
    "a lone brace": (
        _changed("sentences.yaml", "给谁：{who}", "给谁：{who"),
        "sentences.yaml",
        "  who: 给谁",
        "who: ",
    ),
    "a placeholder with a format": (
        _changed("sentences.yaml", "给谁：{who}", "给谁：{who:d}"),
        "sentences.yaml",
        "  who: 给谁",
        "only plain names",
    ),
    "a detail without a name": (
        _without("sentences.yaml", "  payee:"),
        "sentences.yaml",
        "  detail: ",
        "the name of payee is missing",
    ),
    "care without person": (
        _changed("care.yaml", "- id: person", "- id: human"),
        "care.yaml",
        "- id: self_harm",
        "the entry person is missing",
    ),
    **{
        f"{name} is empty": (_written(name, "[]\n"), name, None, f"there is no {kind}")
        for name, kind in {
            "care.yaml": "care",
            "outside.yaml": "outside",
            "topics.yaml": "topic",
            "helplines.yaml": "helpline",
            "small_talk.yaml": "small_talk",
            "regions.yaml": "region",
            "measures/liwan.yaml": "measure",
        }.items()
    },
    "no places": (
        _written("places_not_covered.tsv", "# nothing\n"),
        "places_not_covered.tsv",
        None,
        "there is no place",
    ),
    "a place of garbage": (
        _changed("places_not_covered.tsv", "东城-区!", "Xx%"),
        "places_not_covered.tsv",
        "Xx%",
        "not a place: 'Xx%'",
    ),
    "a line of garbage among the places": (
        _changed("places_not_covered.tsv", "天津|市\t", "天津|市 "),
        "places_not_covered.tsv",
        "天津|市 ",
        "not a province or city",
    ),
    "a line without columns": (
        _changed("places_not_covered.tsv", "河北|省\t.\t", "nonsense"),
        "places_not_covered.tsv",
        "nonsense",
        "1 columns, not 3",
    ),
    "an unhashable key": (
        _changed("small_talk.yaml", "- id: thanks", "- ? [a]\n  : b\n  id: thanks"),
        "small_talk.yaml",
        "- ? [a]",
        "a key must be plain text",
    ),
    "a day that isn't": (
        _changed("helplines.yaml", "checked_on: 2026-11-22", "checked_on: 2026-13-45"),
        "helplines.yaml",
        "2026-13-45",
        "cannot be read as tag:yaml.org,2002:timestamp",
    ),
    "a number that isn't": (
        _changed("helplines.yaml", 'number: "110"', 'number: !!int "a"'),
        "helplines.yaml",
        "!!int",
        "cannot be read as tag:yaml.org,2002:int",
    ),
    "a pattern that repeats too often": (
        _changed("care.yaml", "不活(?:了|啦", "不活{99999999999}(?:了|啦"),
        "care.yaml",
        None,
        "OverflowError",
    ),
    "an empty document": (
        _written("documents/liwan.txt", "\n"),
        "documents/liwan.txt",
        None,
        "is empty",
    ),
    "a correction that does not fit": (
        _changed("documents/liwan.yaml", "before: 落实者持续", "before: 落实著持续"),
        "documents/liwan.yaml",
        "before: 落实著持续",
        "'落实著持续援企稳岗' stands 0 times, not once",
    ),
    "an unknown topic": (
        _changed("measures/liwan.yaml", "topics: [stay_appeal,", "topics: [stay_apeal,"),
        "measures/liwan.yaml",
        "- id: liwan-1",
        "liwan-1: no topic stay_apeal",
    ),
    "an unknown region": (
        _changed("measures/liwan.yaml", "region: 广州荔湾区", "region: 荔湾区"),
        "measures/liwan.yaml",
        "- id: liwan-1",
        "liwan-1: no region 荔湾区",
    ),
    "an unknown document": (
        _changed("measures/liwan.yaml", "document: liwan", "document: liwam"),
        "measures/liwan.yaml",
        "- id: liwan-1",
        "liwan-1: no document liwam",
    ),
    "an unknown helpline": (
        _changed("care.yaml", "helplines: [mental_health,", "helplines: [mental,"),
        "care.yaml",
        "- id: self_harm",
        "self_harm: no helpline mental",
    ),
    "an unknown general helpline": (
        _changed("sentences.yaml", "general_helpline: labour", "general_helpline: labor"),
        "sentences.yaml",
        "general_helpline",
        "no helpline labor",
    ),
    "sentences of an unknown kind of distress": (
        _changed("care_sentences.yaml", "  self_harm:", "  selfharm:"),
        "care_sentences.yaml",
        None,
        "no kind selfharm",
    ),
    "a region in one that isn't there": (
        _changed("regions.yaml", "- id: 石狮\n  parent: 福建", "- id: 石狮\n  parent: 富建"),
        "regions.yaml",
        "- id: 石狮",
        "石狮: no region 富建",
    ),
    "a region in itself": (
        _changed("regions.yaml", "- id: 石狮\n  parent: 福建", "- id: 石狮\n  parent: 石狮"),
        "regions.yaml",
        "- id: 石狮",
        "石狮: lies in itself",
    ),
    "an entry twice": (
        _changed("helplines.yaml", "- id: ambulance", "- id: police "),
        "helplines.yaml",
        "- id: police ",
        "police stands twice",
    ),
    "a measure twice": (
        _changed("measures/liwan.yaml", "- id: liwan-2", "- id: liwan-1  # again"),
        "measures/liwan.yaml",
        "# again",
        "liwan-1 stands twice",
    ),
    "a document without what is known of it": (
        _written("documents/moushi.txt", "一、补贴"),
        "documents/moushi.txt",
        None,
        "there is no moushi.yaml beside it",
    ),
    "measures under another ending": (
        _written("measures/moushi.yml", "[]"),
        "measures/moushi.yml",
        None,
        "is no knowledge file",
    ),
    "a byte that is no text": (
        _overwritten("topics.yaml", b"- id: a\n  label: \xff\n"),
        "topics.yaml",
        "label: ",
        "cannot be read",
    ),
}
_ANYWHERE = (
    "a pattern that repeats too often",
    "sentences of an unknown",
)


def test_the_small_copy_is_sound(small: Path) -> None:
    assert isinstance(read_library(small), Library)


def test_a_document_is_kept_byte_for_byte(copied: Path) -> None:
    source = copied / "documents" / "liwan.txt"
    raw = b"\xef\xbb\xbf\r\n" + source.read_bytes() + b"\r\n\n"
    source.write_bytes(raw)
    assert read_library(copied).documents["liwan"].raw.encode() == raw


def test_a_mark_of_the_byte_order_before_a_file_is_no_part_of_it(copied: Path) -> None:
    before = read_library(copied).editions
    for name in ("places_not_covered.tsv", "topics.yaml"):
        path = copied / name
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_library(copied).editions == before


@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_files_are_refused_with_file_line_and_reason(copied: Path, name: str) -> None:
    damage, file, words, reason = DAMAGES[name]
    damage(copied)
    found = [p for p in _refused(copied) if p.startswith(f"{file}:") and reason in p]
    assert found, _refused(copied)
    if not name.startswith(_ANYWHERE):
        line = _line_of(copied / file, words) if words else 1
        assert found[0].startswith(f"{file}:{line}: ")


def test_every_problem_of_every_file_is_told_on_a_line_of_its_own(copied: Path) -> None:
    for name in ("an unknown topic", "an unknown helpline", "a wrong placeholder"):
        DAMAGES[name][0](copied)
    assert len(_refused(copied)) == 3
    for name in ("an entry twice", "an empty document", "no places", "outside.yaml is empty"):
        DAMAGES[name][0](copied)
    found = [problem.partition(":")[0] for problem in _refused(copied)]
    assert sorted(found) == ["documents/liwan.txt", "helplines.yaml", "outside.yaml"]


def test_a_release_without_a_piece_is_incomplete(library: Library) -> None:
    for kind in ("lexicon", "sentences", "places_not_covered", "care", "outside", "region"):
        with pytest.raises(IncompleteLibrary, match=kind):
            Library(edition for edition in library.editions if edition[0] != kind)


# -- whatever happens to a file ---------------------------------------------------------------

_TOKENS = (
    b"\x00", b"\xff", b"\t", b"- ", b": ", b"[", b"]", b"{", b"}", b"'", b'"', b"&a ", b"*a",
    b"!!int ", b"!!set ", b"? ", b"<<: ", b"#", b"|", b"~", b"\n", b"\n\n", b"(", b"*", b"(?i)",
    b"{1,99999999999}", b"2021-13-45", b".inf", b"0x", b"\xef\xbb\xbf", b"---\n",
    "５".encode(), "百分之５元".encode(),
)  # fmt: skip


def _mutated(raw: bytes, chance: random.Random) -> bytes:
    kind = chance.randrange(7)
    at = chance.randrange(len(raw) + 1)
    lines = raw.split(b"\n")
    line = chance.randrange(len(lines))
    if kind == 0:
        return raw[:at] + chance.choice(_TOKENS) + raw[at:]
    if kind == 1:
        return raw[:at] + raw[at + chance.randrange(1, 4) :]
    if kind == 2:
        return raw[:at] + bytes([chance.randrange(256)]) + raw[at + 1 :]
    if kind == 3:
        return raw[:at]
    if kind == 4:
        lines.insert(chance.randrange(len(lines)), lines[line])
    elif kind == 5:
        del lines[line]
    else:
        start, colon, _ = lines[line].partition(b": ")
        lines[line] = start + colon + chance.choice(_TOKENS)
    return b"\n".join(lines)


def test_no_mutation_of_a_file_does_anything_but_load_or_be_refused(copied: Path) -> None:
    chance = random.Random(20220331)
    files = sorted(path for path in copied.rglob("*") if path.is_file())
    refused = taken = 0
    deadline = time.monotonic() + 9
    # Fewer on a slow machine, but as many as what is asserted needs.
    while refused + taken < 150 or (refused + taken < 300 and time.monotonic() < deadline):
        path = chance.choice(files)
        raw = path.read_bytes()
        path.write_bytes(_mutated(raw, chance))
        try:
            honesty_troubles(read_library(copied))
            taken += 1
        except KnowledgeFileRefused as error:
            assert all(_PROBLEM.fullmatch(str(problem)) for problem in error.problems)
            refused += 1
        path.write_bytes(raw)
    assert refused > 50 and taken > 20
