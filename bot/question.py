"""A question taken apart: its place words, what is left for retrieval, the aspects asked for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from bot.document_names import document_names
from bot.places.named import Mention, Places, find_places
from bot.words.input_method import InputMethod
from bot.words.misspelt import WellKnown, put_right, well_known
from bot.words.normalising import normalise, with_arabic_numerals
from bot.words.pinyin import respaced
from knowledge.aspects import Asked
from knowledge.library import Library
from knowledge.regions import Use
from knowledge.sentences import DETAILS

_FILLER = re.compile(
    r"(?:文件里?|政策里?)?(?:哪一?条|哪里|哪儿)(?:里|上)?[写说规]定?的|[这那][样种]东西|那个|那么|这个|那边|这边|这里|那里|请问|麻烦|问一?下|问问|想问|想知道|你好|您好|告诉我|帮我?|一下|到底|问|现在|的话|时候|为止|单位|部门|几样|几"
    r"|如果|要是|还有|就是|关于|情况|哪些|什么|怎么样?|怎样|如何|多少|可以|能不能|是不是|有没有|能|会|该|是|有|要|给|去"
    r"|找|那|这|它|他|我们?|你们?|咱们?|自己|的|了|吗|呢|啊|呀|吧|嘛|么|哦|哈|诶|哎|嗯|呗|还|也|就|都|又|再|个|些|和|跟|与"
    r"|嘞|咧|哩|先$|想|说|听说|知道|不|没|在|到|把|被|对|做|办|弄|搞|领|拿|钱|人|号|事|地方|换成|分别|各|□|\W"
)
_DENIED = re.compile(
    "(?:不是在?|不在|没在|并非|(?<![开解扣免消清])除了|不问|别说|离开了?)(?:我们|那个)?$"
)
_NOT_FROM = re.compile("(?:本地|当地|市|县)?(?:人|户口|户籍)")
_OF_THE_HUKOU = re.compile("(?:户口|户籍|老家)[^,。?!]{0,4}$")
"""Who is not of a place says what they are, and means the place: 我不是沧州人，能领红包吗."""
_CORRECTED = re.compile(
    "[呃哦啊嗯哎唉][,， ]*不是(?!吗)"
    "|[呃哦啊嗯哎唉]?[,， ]*(?:不对|[说讲打写]错了?)(?=[,，。 ]|是|应该|$)"
)
"""What follows is meant instead: 我在沧州，不对，衡水."""
_TAKEN_BACK = re.compile(
    "(?:(?:[哦呃啊嗯哎唉诶]|不是|不对)[,， ]{0,3}){0,4}"
    "(?:我?[说讲打写搞弄按发选]错了?|手滑了?|手误|口误)"
    "(?:地方|字)?[,，。 ]{0,3}(?:应该)?(?:我?[是在])?"
    "|[哦呃啊嗯哎唉诶,， ]{1,4}不对[,，。 ]{1,3}(?:应该)?我?[是在]"
)
"""The same further on, and what the place then is said to be: 石狮的补贴，哦打错了，我是锦州的."""
_SET_ASIDE = re.compile(
    "[^,。?!]{1,8}(?:先(?:不|别)(?:说|提|管|问|谈)|(?:先)?放一边|暂且不(?:说|提|谈))了?[,。 ]+"
    "|^(?:那?[我俺]?们?不是|那[我俺]?们?没)[^,。?!吗么死活命]{1,8}[, ]+"
    "(?:就|而|只|其实)?是(?![不否])"
)
_GOES_HOME = re.compile("(?<![不没])回(?:去|老家|家|乡)")
_CITY = 2
"""How deep a city lies at most: 福建 › 泉州."""
_STORY = 40
"""Of a longer text only the sentences that ask tell what is asked for."""
_SENTENCE = re.compile("(?<=[。!;?])")
ASKS = re.compile(r"[吗呢么几谁哪怎何咋?]|多少|什么|问|([^\W\d_a-z])[不没]\1")
_ASKS_WHICH = re.compile(
    r"(?<![去到找在往从上])(?:哪些|哪几个)(?:地方|城市|市|地区)(?:都|也)?(?:能|可以)(?:领|申请)"
    r"|(?<![去到找在往从上])(?:哪个|哪些|哪几个|哪座)(?:地方|城市|市|地区|县区|区县)(?:里|才|又|还)?"
    r"(?!办|领|申|交|报|盖|登|能办|可以办|能领|可以领|受理|问|找)"
)
_LONGEST = 2100
"""Characters that are read; normalising may have made more of them."""


@dataclass(frozen=True, slots=True)
class Question:
    """One message as the steps see it."""

    text: str
    """Normalised, dialect and mistypings rewritten, numerals in Arabic digits."""
    places: Places
    rest: str
    """`text` without its place words."""
    asked: Asked
    denied: frozenset[str] = frozenset()
    """The covered regions of which the message says that they are not meant: 我不在石狮."""
    asks_which: bool = False
    """It asks which places have it, not for the place where one can go."""
    sets_aside: bool = False
    """It leaves what was spoken of: 钱先不说，过年有地方玩吗."""

    @property
    def content(self) -> str:
        """What remains of `rest` without filler words and the words that ask for an aspect."""
        return content(self.asked.left)


def content(text: str) -> str:
    """Return what a text says beyond filler words."""
    return _FILLER.sub("", text)


def tidy(text: str, library: Library) -> str:
    """Bring a text into the form that is searched: entries of the index pass it as well."""
    return _in_standard_words(_plain(text), library)


def _plain(text: str) -> str:
    return respaced(normalise(text)[:_LONGEST])


def _in_standard_words(plain: str, library: Library) -> str:
    spelled = put_right(library.lexicon.rewrite(plain), words_asked_for(library))
    return with_arabic_numerals(spelled)


def _cities_elsewhere(library: Library) -> Iterator[str]:
    """The cities and provinces that no document is of, as people call them."""
    for name in library.regions.names:
        if not name.place.region and name.use is Use.FREE and len(name.place.path) <= _CITY:
            yield name.words


@lru_cache(maxsize=2)
def words_asked_for(library: Library) -> WellKnown:
    """The words of what can be asked for, and of how a detail of it is called."""
    texts = (
        *(measure.title for measure in library.measures.values()),
        *(topic.label for topic in library.topics.values()),
        *library.lexicon.policy_terms,
        *map(library.sentences.name_of, DETAILS),
        *_cities_elsewhere(library),
    )
    return well_known(map(normalise, texts), (name.words for name in library.regions.names))


def parse(
    message: str,
    library: Library,
    input_method: InputMethod,
    here: str | None = None,
    told: tuple[str, ...] = (),
) -> Question:
    """Take a message apart; any string will do.

    `here` is the place it is read in, `told` the measures the last reply was made from.
    """
    typed = _plain(message)
    text = _in_standard_words(input_method.read(typed), library)
    left = _SET_ASIDE.sub("", text)
    sets_aside, text = bool(left) and left != text, left or text
    asks_which = bool(_ASKS_WHICH.search(text))
    found = find_places(text, library.regions, typed, here)
    places, denied = _parted_from_denied(_place_meant_instead(found, text), text)
    places = _with_documents(_from_there(places, text, library), text, library)
    spoken_of = [
        m.words
        for m in places.uncovered
        if _in_a_clause(
            m.words, places, library, here if _is_carried_to(m.words, text) else None,
            anywhere=asks_which,
        ) or (not places.covered and _goes_where_told(m.words, text, library, told))
    ]  # fmt: skip
    if spoken_of:
        # 锦州有去敦煌的车吗: the clause speaks of the other place, so it belongs to the subject.
        kept = tuple(m for m in places.uncovered if m.words not in spoken_of)
        rest = " ".join((places.rest, *spoken_of))
        places = replace(places, uncovered=kept, rest=rest)
    asked = _asked(places.rest, library)
    return Question(text, places, places.rest, asked, denied, asks_which, sets_aside)


def _asked(text: str, library: Library) -> Asked:
    """What a text asks for; in a story 每个月都得借钱 tells, and asks for nothing."""
    sentences = _SENTENCE.split(text) if len(text) > _STORY else [text]
    asking = [sentence for sentence in sentences if ASKS.search(sentence)]
    told = "".join(sentence for sentence in sentences if sentence not in asking)
    if not asking or not told:
        return library.aspects.read(text)
    asked = library.aspects.read("".join(asking))
    return replace(asked, left=told + asked.left)


def _place_meant_instead(places: Places, text: str) -> Places:
    """Take the place that somebody puts right for the one they mean, wherever it is their own."""
    found = _TAKEN_BACK.search(text)
    named = (*places.covered, *places.uncovered, *places.origins)
    right = [mention for mention in named if found and mention.start >= found.end()]
    if not found or not right or (found.start() and len(right) == len(named)):
        return places
    return replace(
        places,
        covered=tuple(mention for mention in right if mention.region),
        uncovered=tuple(mention for mention in right if not mention.region),
        origins=(),
        rest=_TAKEN_BACK.sub(" ", places.rest).strip(" ,，"),
    )


def _parted_from_denied(places: Places, text: str) -> tuple[Places, frozenset[str]]:
    """Take out the places of which the text says that they are not meant; name the covered ones."""

    last = max((m.start for m in (*places.covered, *places.uncovered)), default=0)

    def meant(mention: Mention) -> bool:
        corrected = mention.start < last and _CORRECTED.match(text, mention.end)
        denied = _DENIED.search(text[: mention.start])
        if denied and not corrected:
            of_hukou = _OF_THE_HUKOU.search(text[: denied.start()])
            return bool(_NOT_FROM.match(text, mention.end) or of_hukou)
        return not corrected

    left = replace(
        places,
        covered=tuple(filter(meant, places.covered)),
        uncovered=tuple(filter(meant, places.uncovered)),
    )
    return left, frozenset(m.region for m in places.covered if not meant(m))


def _from_there(places: Places, text: str, library: Library) -> Places:
    """Take the place somebody comes from for the one meant: if they go back there, or if its clause
    tells where they go.

    老家石狮，回去能领什么; 锦州到敦煌的工人: the workers of 锦州, of whom its document speaks.
    """
    home = tuple(m for m in places.origins if m.region)
    if places.covered or not places.uncovered:
        return places
    if home and _GOES_HOME.search(text, home[0].end):
        return replace(places, covered=home, uncovered=())
    left = replace(places, covered=home)
    if any(_in_a_clause(m.words, left, library) for m in places.uncovered):
        return left
    return places


def _with_documents(places: Places, text: str, library: Library) -> Places:
    """Take the place of the document that is named, where no other is: 狮委办19号文."""
    if places.covered or places.uncovered or places.unclear:
        return places
    for words, region in document_names(library).places:
        start = text.find(words)
        if start >= 0:
            label = library.regions.get(region).label
            named = Mention(label, start, start + len(words), words, region, landmark=True)
            return replace(places, covered=(named,))
    return places


def _is_carried_to(words: str, text: str) -> bool:
    """Tell whether a text asks how one gets there, as 去敦煌的车 does; 我在敦煌打工 does not."""
    name = re.escape(words)
    return bool(re.search(f"[去到往]{name}", text)) and bool(
        re.search("车|大巴|[接包]?[送运](?:人|我|过|到|去|工)|返岗|专列|包机", text)
    )


def _goes_where_told(words: str, text: str, library: Library, told: tuple[str, ...]) -> bool:
    """Tell whether a text asks on about where the clause told of goes: 去敦煌的还有吗."""
    clauses = [library.measures[id].quotes for id in told if id in library.measures]
    named = any(words in quote for quotes in clauses for quote in quotes)
    return named and re.search(f"[去到往]{re.escape(words)}(?!了)", text) is not None


def _in_a_clause(
    words: str,
    places: Places,
    library: Library,
    here: str | None = None,
    *,
    anywhere: bool = False,
) -> bool:
    """Tell whether a clause of these places speaks of it, or of `here` where none is named.

    `anywhere`: of any, if none is named.
    """
    regions = {mention.region for mention in places.covered} or {here} - {None}
    return any(
        words in quote
        for measure in library.measures.values()
        if measure.region in regions or (anywhere and not regions)
        for quote in measure.quotes
    )
