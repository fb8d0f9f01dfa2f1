"""The library: everything the bot may say, as one consistent whole that a process serves.

A library comes from files (`read_library`) or from the editions of a release
(`Library.from_editions`); `editions` gives it back as plain data.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field, ValidationError

from knowledge.aspects import AspectReader, AspectRules
from knowledge.care import CareEntry, CareSentences, Helpline, SmallTalk
from knowledge.documents import Document, DocumentEntry
from knowledge.files import KnowledgeFileRefused, dump_model, read_yaml
from knowledge.lexicon import Lexicon, LexiconEntry
from knowledge.measures import Entry, Measure, Text
from knowledge.regions import Region, Regions, read_places
from knowledge.topics import OutsideTopic, Topic

DATA = Path(__file__).parent / "data"

Edition = tuple[str, str, dict[str, Any]]
"""Kind, key within the kind, and content: one immutable piece of a release."""


class Sentences(Entry):
    """The bot's fixed sentences; names in braces are filled in."""

    text: dict[str, Text]
    detail_names: dict[Text, Text]
    default_unit: Text
    general_helpline: Text
    first_topics: tuple[Text, ...]
    """What is offered to somebody who hasn't said what it is about."""


class SourceText(Entry):
    """A document as it came, with what is known of it."""

    about: DocumentEntry
    raw: Annotated[str, Field(min_length=1)]


class PlacesNotCovered(Entry):
    """The places of the country, one line a city; see the head of the file."""

    lines: tuple[str, ...]


class IncompleteLibrary(ValueError):
    """Pieces that do not fit together: something names what isn't there."""


Named = TypeVar("Named", bound=Entry)


class Library:
    """Documents, measures, places and language of one release; never changed once built."""

    def __init__(self, editions: Iterable[Edition]) -> None:
        """Build it from editions; raises `IncompleteLibrary` or Pydantic's `ValidationError`."""
        self.editions = tuple(editions)
        contents: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in _KINDS}
        for kind, key, content in self.editions:
            if kind not in contents:
                raise IncompleteLibrary(f"no such kind of edition: {kind}")
            contents[kind][key] = content

        def read(kind: str, shape: type[Named]) -> dict[str, Named]:
            return {key: shape.model_validate(data) for key, data in contents[kind].items()}

        sources = read("document", SourceText)
        self.documents: Mapping[str, Document] = {
            key: Document(source.about, source.raw) for key, source in sources.items()
        }
        self.measures: Mapping[str, Measure] = read("measure", Measure)
        self.topics: Mapping[str, Topic] = read("topic", Topic)
        self.outside: Mapping[str, OutsideTopic] = read("outside", OutsideTopic)
        self.helplines: Mapping[str, Helpline] = read("helpline", Helpline)
        self.care: Mapping[str, CareEntry] = read("care", CareEntry)
        self.small_talk: Mapping[str, SmallTalk] = read("small_talk", SmallTalk)
        lines = read("places_not_covered", PlacesNotCovered)["all"].lines
        self.regions = Regions(read("region", Region).values(), read_places(lines))
        self._lexicon = read("lexicon", LexiconEntry)["all"]
        self.aspects = AspectReader(read("aspects", AspectRules)["all"])
        self.care_sentences = read("care_sentences", CareSentences)["all"]
        self.sentences = read("sentences", Sentences)["all"]
        _check_references(self)

    @cached_property
    def lexicon(self) -> Lexicon:
        """The colloquial words and what they stand for."""
        return Lexicon(self._lexicon)


_KINDS = (
    "document", "measure", "topic", "outside", "helpline", "care", "small_talk", "region",
    "places_not_covered", "lexicon", "sentences", "aspects", "care_sentences",
)  # fmt: skip


def _check_references(library: Library) -> None:
    problems: list[str] = []
    for measure in library.measures.values():
        if measure.document not in library.documents:
            problems.append(f"{measure.id}: no document {measure.document}")
        if measure.region not in library.regions:
            problems.append(f"{measure.id}: no region {measure.region}")
        problems += [
            f"{measure.id}: no topic {t}" for t in measure.topics if t not in library.topics
        ]
    heard = library.care_sentences.heard
    problems += [f"care_sentences: no kind {kind}" for kind in heard if kind not in library.care]
    for care in library.care.values():
        problems += [
            f"{care.id}: no helpline {h}" for h in care.helplines if h not in library.helplines
        ]
    if library.sentences.general_helpline not in library.helplines:
        problems.append(f"sentences: no helpline {library.sentences.general_helpline}")
    topics = library.sentences.first_topics
    problems += [f"sentences: no topic {topic}" for topic in topics if topic not in library.topics]
    if problems:
        raise IncompleteLibrary("; ".join(problems))


# -- files ------------------------------------------------------------------------------------


def read_library(folder: Path = DATA) -> Library:
    """Read a folder of knowledge files.

    Raises `KnowledgeFileRefused` with every problem of every file; nothing is taken partly.
    """
    problems: list[str] = []
    editions: list[Edition] = []
    for reader in (_read_documents, _read_measures, _read_lists, _read_wholes):
        try:
            editions.extend(reader(folder))
        except KnowledgeFileRefused as refused:
            problems.extend(refused.problems)
    if problems:
        raise KnowledgeFileRefused(problems)
    try:
        return Library(editions)
    except (IncompleteLibrary, ValidationError, ValueError) as error:
        raise KnowledgeFileRefused([f"{folder.name}:1: {error}"]) from error


def _read_documents(folder: Path) -> Iterator[Edition]:
    for path in _found(folder / "documents", "*.yaml"):
        about = read_yaml(path, DocumentEntry)
        try:
            raw = path.with_suffix(".txt").read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise KnowledgeFileRefused([f"{about.id}.txt:1: cannot be read: {error}"]) from error
        yield "document", about.id, dump_model(SourceText(about=about, raw=raw))


def _read_measures(folder: Path) -> Iterator[Edition]:
    seen: set[str] = set()
    for path in _found(folder / "measures", "*.yaml"):
        for measure in read_yaml(path, list[Measure]):
            if measure.id in seen:
                raise KnowledgeFileRefused([f"{path.name}:1: {measure.id} stands twice"])
            seen.add(measure.id)
            yield "measure", measure.id, dump_model(measure)


_LISTS: tuple[tuple[str, str, type[Entry]], ...] = (
    ("topic", "topics.yaml", Topic),
    ("outside", "outside.yaml", OutsideTopic),
    ("helpline", "helplines.yaml", Helpline),
    ("care", "care.yaml", CareEntry),
    ("small_talk", "small_talk.yaml", SmallTalk),
    ("region", "regions.yaml", Region),
)


def _read_lists(folder: Path) -> Iterator[Edition]:
    for kind, name, shape in _LISTS:
        seen: set[str] = set()
        entries: list[Any] = read_yaml(folder / name, list[shape])  # type: ignore[valid-type]
        for entry in entries:
            if entry.id in seen:
                raise KnowledgeFileRefused([f"{name}:1: {entry.id} stands twice"])
            seen.add(entry.id)
            yield kind, entry.id, dump_model(entry)


def _read_wholes(folder: Path) -> Iterator[Edition]:
    yield "lexicon", "all", dump_model(read_yaml(folder / "lexicon.yaml", LexiconEntry))
    yield "care_sentences", "all", dump_model(read_yaml(folder / "care_sentences.yaml", CareSentences))
    yield "aspects", "all", dump_model(read_yaml(folder / "aspects.yaml", AspectRules))
    yield "sentences", "all", dump_model(read_yaml(folder / "sentences.yaml", Sentences))
    path = folder / "places_not_covered.tsv"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeFileRefused([f"{path.name}:1: cannot be read: {error}"]) from error
    yield "places_not_covered", "all", dump_model(PlacesNotCovered(lines=tuple(lines)))


def _found(folder: Path, pattern: str) -> list[Path]:
    paths = sorted(folder.glob(pattern))
    if not paths:
        raise KnowledgeFileRefused([f"{folder.name}:1: no {pattern} here"])
    return paths
