"""The library: everything the bot may say, as one consistent whole that a process serves.

A library comes from files (`read_library`) or from the editions of a release
(`Library.from_editions`); `editions` gives it back as plain data.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, StringConstraints

from knowledge.aspects import AspectReader, AspectRules
from knowledge.care import CareEntry, CareSentences, Helpline, SmallTalk
from knowledge.cleaning import CorrectionMissesText
from knowledge.consistency import (
    KINDS,
    UNNEEDED,
    IncompleteLibrary,
    misfits,
    misplaced_regions,
    misshapen_places,
    missing_pieces,
)
from knowledge.documents import Document, DocumentEntry
from knowledge.eligibility.criteria import Rulebook
from knowledge.eligibility.facts import Fact
from knowledge.eligibility.faults import rule_troubles
from knowledge.entries import Entry
from knowledge.faults import Code, Fault, Location, Trouble, refused, unforeseen
from knowledge.files import (
    KnowledgeFileRefused,
    Problem,
    ReadFile,
    dump_model,
    read_located,
    read_text,
)
from knowledge.lexicon import Lexicon, LexiconEntry
from knowledge.materials import Checklist, MaterialKind
from knowledge.measures import Measure
from knowledge.regions import Region, Regions, read_places
from knowledge.sentences import Sentences
from knowledge.topics import OutsideTopic, Topic

__all__ = ["DATA", "SHAPES", "Edition", "IncompleteLibrary", "Library", "read_library"]

DATA = Path(__file__).parent / "data"

Edition = tuple[str, str, dict[str, Any]]
"""Kind, key within the kind, and content: one immutable piece of a release."""


def _not_blank(raw: str) -> str:
    if not raw.strip():
        raise refused(Fault(Code.FILE_EMPTY))
    return raw


class SourceText(Entry):
    """A document as it came, with what is known of it."""

    about: DocumentEntry
    raw: Annotated[str, StringConstraints(strip_whitespace=False), AfterValidator(_not_blank)]


class PlacesNotCovered(Entry):
    """The places of the country, one line a city; see the head of the file."""

    lines: tuple[str, ...]


Named = TypeVar("Named", bound=Entry)


class Library:
    """Documents, measures, places and language of one release; never changed once built."""

    def __init__(self, editions: Iterable[Edition]) -> None:
        """Build it from editions; raises `IncompleteLibrary` or Pydantic's `ValidationError`."""
        self.editions = tuple(editions)
        contents = _by_kind(self.editions)

        def read(kind: str, shape: type[Named]) -> dict[str, Named]:
            return {key: shape.model_validate(data) for key, data in contents[kind].items()}

        sources = read("document", SourceText)
        self.documents: Mapping[str, Document] = {
            key: Document(source.about, source.raw) for key, source in sources.items()
        }
        self.measures: Mapping[str, Measure] = read("measure", Measure)
        self.topics: Mapping[str, Topic] = read("topic", Topic)
        self.outside: Mapping[str, OutsideTopic] = read("outside", OutsideTopic)
        self.facts: Mapping[str, Fact] = read("fact", Fact)
        self.materials: Mapping[str, MaterialKind] = read("material", MaterialKind)
        self.checklists: Mapping[str, Checklist] = read("checklist", Checklist)
        self.helplines: Mapping[str, Helpline] = read("helpline", Helpline)
        self.care: Mapping[str, CareEntry] = read("care", CareEntry)
        self.small_talk: Mapping[str, SmallTalk] = read("small_talk", SmallTalk)
        self._lexicon = read("lexicon", LexiconEntry)["all"]
        self.aspects = AspectReader(read("aspects", AspectRules)["all"])
        self.care_sentences = read("care_sentences", CareSentences)["all"]
        self.sentences = read("sentences", Sentences)["all"]
        regions = read("region", Region)
        lines = read("places_not_covered", PlacesNotCovered)["all"].lines
        parents = {region.id: region.parent for region in regions.values()}
        troubles = [*misfits(self, parents), *misplaced_regions(parents), *misshapen_places(lines)]
        if troubles:
            raise IncompleteLibrary(troubles)
        self.regions = Regions(regions.values(), read_places(lines))
        if troubles := list(rule_troubles(self)):
            raise IncompleteLibrary(troubles)

    @cached_property
    def rules(self) -> Rulebook:
        """The rules of the measures, ready for evaluation."""
        return Rulebook(self)

    @cached_property
    def lexicon(self) -> Lexicon:
        """The colloquial words and what they stand for."""
        return Lexicon(self._lexicon)


def _by_kind(editions: Iterable[Edition]) -> dict[str, dict[str, dict[str, Any]]]:
    contents: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in KINDS}
    for kind, key, content in editions:
        if kind not in contents:
            fault = Fault(Code.NO_SUCH_KIND, {"kind": kind})
            raise IncompleteLibrary([Trouble(kind, key, (), fault)])
        contents[kind][key] = content
    if troubles := list(missing_pieces(contents)):
        raise IncompleteLibrary(troubles)
    return contents


# -- files ------------------------------------------------------------------------------------


def read_library(folder: Path = DATA) -> Library:
    """Read a folder of knowledge files.

    Raises `KnowledgeFileRefused` with every problem of every file; nothing is taken partly.
    """
    return read_and_locate(folder)[0]


def read_and_locate(folder: Path = DATA) -> tuple[Library, Callable[[Trouble], Problem]]:
    """Read a folder as `read_library` does; also what finds file and line of a trouble."""
    reading = _Reading(folder)
    reading.read()
    if reading.problems:
        raise KnowledgeFileRefused(reading.problems)
    try:
        library = Library(reading.editions)
        if troubles := list(uncleanable(library)):
            raise IncompleteLibrary(troubles)
    except IncompleteLibrary as error:
        raise KnowledgeFileRefused(map(reading.located, error.troubles)) from error
    except Exception as error:
        # Each piece is sound; whatever putting them together breaks on, the whole is refused.
        raise KnowledgeFileRefused.of(folder.name, unforeseen(error)) from error
    return library, reading.located


def uncleanable(library: Library) -> Iterator[Trouble]:
    """Clean every document, which otherwise happens when it is first looked into."""
    for key, document in library.documents.items():
        try:
            _ = document.cleaning
        except CorrectionMissesText as error:
            befores = [correction.before for correction in document.entry.corrections]
            at = befores.index(error.correction.before)
            yield Trouble("document", key, ("corrections", at, "before"), error.fault)


_LISTS: tuple[tuple[str, str, type[Entry]], ...] = (
    ("topic", "topics.yaml", Topic),
    ("outside", "outside.yaml", OutsideTopic),
    ("fact", "facts.yaml", Fact),
    ("helpline", "helplines.yaml", Helpline),
    ("care", "care.yaml", CareEntry),
    ("small_talk", "small_talk.yaml", SmallTalk),
    ("region", "regions.yaml", Region),
    ("material", "materials.yaml", MaterialKind),
    ("checklist", "checklists.yaml", Checklist),
)
_WHOLES: tuple[tuple[str, str, type[Entry]], ...] = (
    ("lexicon", "lexicon.yaml", LexiconEntry),
    ("care_sentences", "care_sentences.yaml", CareSentences),
    ("aspects", "aspects.yaml", AspectRules),
    ("sentences", "sentences.yaml", Sentences),
)
SHAPES: Mapping[str, type[Entry]] = {
    "document": SourceText,
    "measure": Measure,
    **{kind: shape for kind, _, shape in (*_LISTS, *_WHOLES)},
    "places_not_covered": PlacesNotCovered,
}
"""What each kind of edition holds."""


class _Reading:
    """Reads a folder: the editions, the place of each in the files, and every problem."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[Problem] = []
        self.editions: list[Edition] = []
        self._origins: dict[tuple[str, str], tuple[ReadFile[Any], Location]] = {}

    def read(self) -> None:
        """Read every file, whatever is wrong with others."""
        for path in sorted(self.folder.rglob("*.yml")):
            self.problems.append(Problem.of(self._name(path), Fault(Code.NO_KNOWLEDGE_FILE)))
        for path in self._found("documents"):
            self._attempt(self._read_document, path)
        for path in sorted((self.folder / "documents").glob("*.txt")):
            about = path.with_suffix(".yaml")
            if not about.exists():
                fault = Fault(Code.NOTHING_ABOUT_IT, {"file": about.name})
                self.problems.append(Problem.of(self._name(path), fault))
        for path in self._found("measures"):
            self._attempt(self._read_list, "measure", path, Measure)
        for kind, name, shape in _LISTS:
            if kind not in UNNEEDED or (self.folder / name).exists():
                self._attempt(self._read_list, kind, self.folder / name, shape)
        for kind, name, shape in _WHOLES:
            self._attempt(self._read_whole, kind, self.folder / name, shape)
        self._attempt(self._read_places, self.folder / "places_not_covered.tsv")

    def located(self, trouble: Trouble) -> Problem:
        """A trouble with the file and the line where it stands."""
        file, above = self._origins[trouble.kind, trouble.key]
        # Where a piece is meant as a whole, it is its name that is shown.
        return file.problem((*above, *(trouble.location or ("id",))), trouble)

    def _attempt(self, read: Callable[..., None], *arguments: Any) -> None:
        try:
            read(*arguments)
        except KnowledgeFileRefused as refused:
            self.problems.extend(refused.problems)

    def _found(self, name: str) -> list[Path]:
        paths = sorted((self.folder / name).glob("*.yaml"))
        if not paths:
            self.problems.append(Problem.of(name, Fault(Code.NO_FILES)))
        return paths

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def _keep(self, kind: str, key: str, content: Entry, file: ReadFile[Any], at: Location) -> None:
        if (kind, key) in self._origins:
            twice = Trouble("", "", (), Fault(Code.ID_TWICE, {"id": key}))
            self.problems.append(file.problem((*at, "id"), twice))
            return
        self._origins[kind, key] = (file, at)
        self.editions.append((kind, key, dump_model(content)))

    def _read_document(self, path: Path) -> None:
        file = read_located(path, DocumentEntry, self._name(path))
        source = path.with_suffix(".txt")
        raw = read_text(source, self._name(source))
        if not raw.strip():
            raise KnowledgeFileRefused.of(self._name(source), Fault(Code.FILE_EMPTY))
        content = SourceText(about=file.content, raw=raw)
        self._keep("document", file.content.id, content, file, ())

    def _read_list(self, kind: str, path: Path, shape: type[Entry]) -> None:
        file: ReadFile[list[Any]] = read_located(
            path,
            list[shape],  # type: ignore[valid-type]
            self._name(path),
        )
        if not file.content:
            nothing = Trouble(kind, "", (), Fault(Code.NO_PIECE, {"kind": kind}))
            raise KnowledgeFileRefused([file.problem((), nothing)])
        self._origins[kind, ""] = (file, ())
        for place, entry in enumerate(file.content):
            self._keep(kind, entry.id, entry, file, (place,))

    def _read_whole(self, kind: str, path: Path, shape: type[Entry]) -> None:
        file = read_located(path, shape, self._name(path))
        self._keep(kind, "all", file.content, file, ())

    def _read_places(self, path: Path) -> None:
        name = self._name(path)
        text = read_text(path, name).removeprefix("\ufeff")
        text = text.replace("\r\n", "\n").removesuffix("\n")
        lines = tuple(text.split("\n"))
        file = ReadFile(name, lines, None)
        self._keep("places_not_covered", "all", PlacesNotCovered(lines=lines), file, ())
