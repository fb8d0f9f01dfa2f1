"""What documents and clauses are called by, beside their place: 狮委办〔2022〕19号, 第七条."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from bot.words.normalising import normalise, with_arabic_numerals
from knowledge.library import Library

_A_CLAUSE = "(?:条|项|点|款|个(?=措施|举措|政策|方面|条))"
CLAUSE = re.compile(
    r"(?<![法例同规约章》])(?<![法例同规约章][里中的上])"
    rf"第([一二三四五六七八九十]{{1,3}}|\d{{1,2}}){_A_CLAUSE}(?:具体|主要|里面?|中)*"
)
"""A clause by its number; not of a law, a contract or the rules of a firm: 劳动法第四十条."""

_ISSUER = re.compile(r"[^\W\d]+")
_REST_OF_A_NUMBER = (
    r"(?:[\[〔(【]? ?(?:19|20)\d\d年? ?[\]〕)】]?)?(?:第? ?\d+ ?号)?的?(?:文件|文|通知|公告)?"
)


@dataclass(frozen=True, slots=True)
class DocumentNames:
    """`places`: the words that name a document, each with the place it is for."""

    places: tuple[tuple[str, str], ...]
    pattern: re.Pattern[str]
    """Finds them with what belongs to them, also where the name of a place was taken out."""


@lru_cache(maxsize=4)
def document_names(library: Library) -> DocumentNames:
    """The names of a library's documents, as they stand in tidied texts."""
    numbers = tuple(_numbers(library))
    called = tuple(_called(library))
    ways = [re.escape(words) for words, _ in called]
    for words, region in numbers:
        names = (region, *library.regions.get(region).aliases)
        starts = [name for name in names if words.startswith(name) and words != name]
        place = max(starts, key=len, default="")
        rest = re.escape(words.removeprefix(place))
        ways.append((f"(?:{re.escape(place)})?" if place else "") + rest + _REST_OF_A_NUMBER)
    ways.sort(key=len, reverse=True)
    return DocumentNames((*numbers, *called), re.compile("|".join(ways) or "(?!)"))


def _numbers(library: Library) -> Iterator[tuple[str, str]]:
    """The offices that stand in document numbers, with the towns whose measures have them."""
    towns: dict[str, set[str]] = {}
    for measure in library.measures.values():
        number = library.documents[measure.document].entry.number_of(measure.locator)
        if office := _ISSUER.match(normalise(number or "")):
            town = library.regions.within(measure.region)[-1]
            towns.setdefault(office.group(), set()).add(town)
    for words, theirs in towns.items():
        if len(theirs) == 1:
            yield words, min(theirs)


def _called(library: Library) -> Iterator[tuple[str, str]]:
    for id, document in library.documents.items():
        measures = [m for m in library.measures.values() if m.document == id]
        towns = {library.regions.within(measure.region)[-1] for measure in measures}
        if len(towns) == 1:
            for words in document.entry.called:
                yield with_arabic_numerals(normalise(words)), min(towns)
