"""Questions back: which place is meant, which measure, and the number that picks one."""

import re
from collections.abc import Sequence
from dataclasses import replace

from bot import about_the_service, gates, hotlines, replying, side_by_side
from bot.answers import Answer, Choice, Context, Kind
from bot.composing import Part, fitted
from bot.document_names import CLAUSE
from bot.question import content
from bot.retrieval.matching import Candidate
from bot.turn import Turn
from bot.words import firms, wages
from bot.words import leaning as leaning_words
from knowledge.figures import spelled_value
from knowledge.measures import Aspect, Audience, Measure

_NUMBER = re.compile(
    r"(?:我?[选要]|回复|就?是)?(?:第|no\.?)?([0-9]{1,3}|[一二三四五六七八九十]{1,3}|[一二三四五六七八九]百[一二三四五六七八九十]{0,3})(?:个|号|条|项|吧|呢|的|[.。、,，!?])*"
)
_MOST_CHOICES = 12
_MOST_LISTED = 30
_SHOWN = 4
_HARDLY_A_SUBJECT = 2
_KEPT_QUESTION = 200
_AS_LIKELY = 1.7
"""So near to the best, a measure elsewhere may be the one that is meant."""
_CLEAR = 4.0
"""What is less well understood is asked for its place only if it is about some kind of help."""
_KIND_OF_HELP = 1.6
_A_KIND_OF_HELP = 0.685
"""So near to how a kind of help is asked for, two characters name it: 失业, 开店."""
_LIKELY_ENOUGH = 4.0
"""The same for a measure of the best one's topic, if it is not too far behind."""
_TOO_FAR = 2.4
_HARDLY = 2.6
"""Below this a story is not of the measure that it seems to be of."""
_HARDLY_OF_LOST_WORK = 4.0
"""The same of who lost their work: of what there is then, no one measure is all."""
_AFTER_LOST_WORK = ("失业", "找工作")
_IN_ONE_CHARACTER = 4.0
_NEAR_TO_OUTSIDE = 0.7
"""What one character must come to, to be a subject: 书 does, 厂没了 does not."""
_AHEAD = 1.0
"""So far ahead of every other town, something not quite clear is answered."""
_OVERVIEW = re.compile(
    r"(?:都|还)?(?:有|能)?(?:什么|哪些|啥)(?:好|新|最新|惠民|优惠|扶持|帮扶|福利|的)*(?:政策|补贴|帮助|福利|好处|待遇|措施)"
    r"|^(?:还有|(?:还|都)?有?(?:什么|哪些|(?:什么|哪些)?(?:别的|其他|其它)))(?:的|吗|呢|么|没有?|不)*$|^(?:就|只有?)这些"
    r"|(?:政策|补贴|福利)(?:有哪些|有什么|大全|一览)|(?:能|可以)(?:领|享受)(?:什么|哪些)|10条措施"
)
_OTHER = "(?:什么|哪些|啥)?(?:别的|其他的?|其它的?)(?:什么|哪些|啥)?"
_THAN_THIS = (
    "除了?(?:(?:这|那)(?:[个些条样种]|1[个样种条])?(?:补贴|补助|以外|之外|外)?"
    "|[^,，。?？!！]{0,10}?(?:金|贴|助|[券卡袋盒包]|返还|贷款|培训|体检|优惠|政策|待遇|福利)"
    "(?:以外|之外|外)?)[,， ]?"
)
"""What else there is beside a kind of help; «除了身份证还有别的吗» asks for no other one."""
_WHAT_ELSE = (
    "(?:补贴|补助|救助|帮助|帮扶|扶持|支持|路子?|办法|法子|政策|福利|待遇|好处|钱)?"
    "(?:可以|能)?(?:领|拿|申请|走)?的?(?:吗|么|嘛|没有?|不|呢)?[?!。 ]*"
)
_SOMETHING_ELSE = re.compile(
    f"那?么?(?:{_THAN_THIS}(?:我|我们)?还?(?:有没有|有|能领|能拿|可以领)(?:{_OTHER}|什么|哪些|啥)"
    f"|(?:我|我们)?还?(?:有没有|有|能领|能拿|可以领){_OTHER}){_WHAT_ELSE}"
)
"""Behind an answer it asks for what else there is: 除了这个还有别的吗, 还有没有别的路."""
_ANY_HELP = re.compile(
    r"(?:都|还)?(?:有没有(?:什么|哪些|啥)?|(?:有|能|给|(?:能|可以)?(?:领|享受|拿|申请)到?)?[点些]?(?:什么|哪些|啥))"
    r"(?:样的|相关的?|可以的)?(?:优惠|救助|照顾|补助|补贴|帮助|帮扶|扶持|支持|福利|政策|待遇|好处|说法|钱)(?:政策|措施)?"
    r"(?:(?:可以|能|好)?(?:领|拿|申请|享受|得))?(?:到)?(?:没有?|吗)?"
    r"|(?:能|可以)(?:领|享受|拿|申请|得|捞)(?:到|着|上)?点?(?:什么|哪些|啥)(?:钱|东西|实惠|好处)?"
    r"|(?:都|还|能|可以)*沾(?:上|到)?点?(?:什么|哪些|啥)光"
    r"|给不给(?:点|些)?(?:补(?:贴|助)?|钱)|会不会(?:补|给钱)"
    r"|(?:都|还)?有(?:没有)?(?:什么|哪些|啥)(?:地方)?(?:能|可以)(?:给?(?:我|俺|咱|我们|俺们|咱们|大家|打工的))?"
    r"(?:帮|照顾|救助|扶持)(?:上|到|帮|一下|下|得上|点)?忙?(?:我|俺|咱)?们?的?(?:没有?|吗|不)?"
    r"|能(?:不能)?(?:帮|给)(?:我|俺|咱)?们?(?:[点些]?(?:什么|啥)(?:忙|帮助|补助|补贴|救助)?|帮忙|一?下忙?)(?:吗|不|么)?"
)
"""As a first message, with nothing else in it but who asks, it asks for all there is."""
_ANY_KIND = re.compile(
    "(?:(?:我|帮我|想|要|来|请)*(?:查|看|问|咨询|了解|打听|领|拿|申请)(?:[1一]?下|查|看|询|问|点|个)?)?"
    "(?:(?:补贴|补助|福利|政策|优惠)(?:的事情?|方面的?)?[。!? ]*)+"
)
_WHAT_NOW = re.compile(
    "(?:那|这|现在|以后|接下来|往后)*(?:我|俺|咱)?(?:们)?(?:这些人|这些工人|打工的|大家|一家子|一家)?"
    "(?:该|要|可|可以|能)?(?:咋|怎么|怎)(?:办|弄|整|搞)(?:啊|呀|呢|才好)?"
)
_CLAUSE_ENDS = re.compile("[,.，。?？!！;；、 ]+")
_WHO_ASKS = re.compile(
    r"像?(?:我|俺|咱|你)们?(?:家)?(?:这样|这种|这些|这个|现在)?的?(?:情况|样子)?的?"
    r"|(?:这种|这个|这样的)情况|(?:外地|外来|打工|务工|普通|一般)(?:来)?的?(?:人员?|工人|朋友|老百姓)?|农民工|打工[人仔妹]"
    r"|(?:当|做)老板的?|(?:开|办)[个家小]*(?:店|厂子?|公司|作坊)的|做[点个小]*(?:生意|买卖)的"
    r"|(?:小|小微|中小)?(?:企业|公司|老板)的?|(?:帮我?)?查(?:[1一]下|查|看|询)|政府|国家|公家|上头|[市区县]里|在?(?:这儿|这里|这边)"
)

_WORKS_THERE = re.compile(
    "(?:我|俺|咱)?们?(?:现在|如今|目前|都|就|也|一直|刚|今年|(?<![0-9])[0-9]{1,3}(?![0-9])多?岁?了?|是|在|到|来)*"
    "(?:(?:这边|那边|这里|那里|这儿|工地|厂里?|工厂|饭店|饭馆|餐馆|车间)*(?:上|里)?"
    "(?:打工|务工|上班|干活|做工|做事|工作|干|(?<=厂里)|(?<=工地上)|(?<=工厂里))"
    "(?:的|了|呢|着|好|几|多|(?<![0-9])[0-9]{1,3}(?![0-9])个?|年|个?月)*)?"
)
"""Who says no more than how old they are and that they work there asks for nothing yet."""
_TIME = re.compile("(?:20\\d\\d年|[今明去]年|现在|最近|目前)(?:春节|过年|底|初)?")


def taken_choice(turn: Turn) -> Turn:
    """Return the turn in which a bare number stands for the choice the last reply offered."""
    number, choices = _number(turn), turn.context.choices
    if number is None or not 1 <= number <= len(choices):
        return turn
    choice = choices[number - 1]
    region = choice.region or turn.spoken_of
    check = turn.context.check
    context = Context(region=region, chosen=turn.chosen, choices=choices, check=check)
    return replace(turn, message=choice.question, context=context, picked=True)


def number_out_of_range(turn: Turn) -> Answer | None:
    """Say which numbers there are to choose from; without choices, ask for words."""
    if turn.picked or _number(turn) is None:
        return None
    count = len(turn.context.choices)
    if CLAUSE.match(turn.question.text) and (not count or turn.region):
        return None
    reply = turn.composer.say("number_range", last=str(count)) if count else ""
    return Answer(
        kind=Kind.CLARIFY,
        reply=reply or turn.composer.say("number_alone"),
        reason="number-out-of-range",
        region=turn.region,
        choices=turn.context.choices,
        context=turn.kept_context(),
    )


def _number(turn: Turn) -> int | None:
    found = _NUMBER.fullmatch(turn.question.text)
    if not found:
        return None
    written = found.group(1)
    return int(written) if written.isdigit() else int(spelled_value(written))


def something_else(turn: Turn) -> Answer | None:
    """List what else the place has than what was told, what is akin to that first."""
    told = [
        turn.library.measures[id] for id in turn.context.measures if id in turn.library.measures
    ]
    asked = _SOMETHING_ELSE.fullmatch(turn.question.rest)
    if not asked or not turn.region or not turn.library.regions.get(turn.region).own:
        return None
    if not told:
        return everything(turn)
    akin = {topic for measure in told for topic in measure.topics}
    measures = [m for m in _for_anybody(turn) if m not in told]
    measures.sort(key=lambda m: (m.audience is not told[0].audience, akin.isdisjoint(m.topics)))
    return listed(turn, measures[:_MOST_LISTED]) if measures else None


def _for_anybody(turn: Turn) -> list[Measure]:
    """The measures of the place that are no government's own."""
    assert turn.region is not None
    measures = turn.measures_in(turn.region)
    return [m for m in measures if m.audience is not Audience.GOVERNMENT]


def overview(turn: Turn) -> Answer | None:
    """List what a place has for «the policies», or for nothing but the name of the place."""
    text = turn.asked_text
    timeless = _TIME.sub("", text)
    left = _OVERVIEW.sub("", timeless)
    asked = left != timeless and len(content(left)) <= _HARDLY_A_SUBJECT
    about = [left] if asked and content(left) else []
    asked = asked or (not turn.context.question and _asks_for_any_help(timeless))
    asked = asked or (not turn.context.question and bool(_ANY_KIND.fullmatch(timeless)))
    only_place = turn.places and (
        _asks_for_nothing(turn, turn.question.asked.left, turn.question.rest)
        if not turn.context.question
        else turn.names_the_place_asked_for and _asked_for_nothing(turn)
    )
    if not asked and not only_place:
        return None
    return everything_there(turn, text, about)


def everything_there(turn: Turn, text: str, about: Sequence[str]) -> Answer:
    """List the measures of the place; ask which it is where none is known that has its own."""
    if turn.region is not None and turn.library.regions.get(turn.region).own:
        return everything(turn, about=about)
    covered = turn.library.regions.covered
    inside = turn.scope(turn.region) if turn.region else frozenset(covered)
    return ask_place(turn, [r for r in covered if r in inside], text)


def _asked_for_nothing(turn: Turn) -> bool:
    """Tell whether what was said before the place asks for nothing, or what nothing is near."""
    before = turn.context.question
    left = turn.library.aspects.read(before).left
    return _asks_for_nothing(turn, left, before) or (
        bool(turn.context.choices) and not gates.understood(turn.local[:1])
    )


def _asks_for_nothing(turn: Turn, left: str, said: str) -> bool:
    if not content(_TIME.sub("", left)):
        return not turn.context.question
    clauses = filter(None, _CLAUSE_ENDS.split(said))
    return all(_WORKS_THERE.fullmatch(each) or not content(_TIME.sub("", each)) for each in clauses)


def help_for_lost_work(turn: Turn) -> Answer | None:
    """List what the place has where somebody's work is gone, and they ask for help or what now."""
    told = turn.asked_text
    if not wages.work_is_gone(told) or wages.are_owed(told) or firms.ask(told):
        return None
    clauses = _CLAUSE_ENDS.split(told)
    asked = any(_asks_for_any_help(clause) or _WHAT_NOW.fullmatch(clause) for clause in clauses)
    if not asked or not _is_a_story(turn, clauses, _HARDLY_OF_LOST_WORK):
        return None
    return everything_there(turn, told, _AFTER_LOST_WORK)


def any_help_after_a_story(turn: Turn) -> Answer | None:
    """List what the place has where somebody tells of what no document names, and asks for help."""
    clauses = _CLAUSE_ENDS.split(turn.asked_text)
    asked = next(filter(_asks_for_any_help, clauses), "")
    own = turn.region is not None and turn.library.regions.get(turn.region).own
    if not own or not asked or not _is_a_story(turn, clauses, _HARDLY):
        return None
    return everything(turn, asked)


def _is_a_story(turn: Turn, clauses: Sequence[str], hardly: float) -> bool:
    """Tell whether more is told than asked, as a first message, and no measure is meant."""
    goes_on = bool(turn.context.question) and not turn.names_the_place_asked_for
    meant = turn.local and turn.local[0].score >= hardly and gates.outside(turn) is None
    return len(clauses) > 1 and not goes_on and not meant


def _asks_for_any_help(text: str) -> bool:
    left = _ANY_HELP.sub("", text)
    return left != text and not content(_WHO_ASKS.sub("", left))


def everything(turn: Turn, asked: str | None = None, about: Sequence[str] = ()) -> Answer:
    """List the measures of the place, those first that are for whoever asks (with `asked`).

    Before them those of the kinds of help that `about` names: 失业有什么补贴. What is over comes
    after what is not.
    """
    assert turn.region is not None
    for_firms = firms.ask(turn.asked_text if asked is None else asked)
    named = [turn.weighed(words).topic for words in about]
    kinds = [kind.id for kind in named if kind.near >= _A_KIND_OF_HELP]

    def place(measure: Measure) -> tuple[int, bool, bool]:
        of_kind = [at for at, kind in enumerate(kinds) if kind in measure.topics]
        is_for_firms = measure.audience is Audience.EMPLOYER
        over = not measure.validity.open_on(turn.today)
        return min(of_kind, default=len(kinds)), is_for_firms is not for_firms, over

    return listed(turn, sorted(_for_anybody(turn), key=place)[:_MOST_LISTED])


def no_subject(turn: Turn) -> Answer | None:
    """Ask what it is about where a message names nothing: «能补多少啊»."""
    question = turn.question
    nothing = (
        not question.content
        or turn.tells_in_passing
        or _is_hardly_a_word(turn)
        or _only_says_who_one_is(turn)
    )
    if turn.context.question or not nothing:
        return None
    if told := about_the_service.of_the_service(turn):
        return told
    if Aspect.PHONE in question.asked.aspects and (local := hotlines.local(turn)):
        return replying.from_the_documents(turn.asking_only(local[0].question))
    topics = [turn.library.topics[id] for id in _first_topics(turn)]
    choices = tuple(Choice(t.label, f"{t.label} {question.rest}", turn.region) for t in topics)
    return Answer(
        kind=Kind.CLARIFY,
        reply=fitted([Part(turn.composer.say("which_one")), *_numbered(turn, choices)]),
        reason="no-subject",
        region=turn.region,
        choices=choices,
        context=Context(region=turn.last_place(), chosen=turn.chosen, choices=choices),
    )


def _only_says_who_one_is(turn: Turn) -> bool:
    """Tell whether it says who somebody is, which nothing of the place is for: 我是建筑工人."""
    told = leaning_words.tell_who_one_is(turn.question.text)
    return told and gates.not_in_this_place(turn) is not None


def _is_hardly_a_word(turn: Turn) -> bool:
    """Tell whether a message has one character of its own, which means no subject for sure."""
    if len(turn.question.content) > 1 or turn.question.asked.aspects:
        return False
    surely = any(c.own >= _IN_ONE_CHARACTER for c in turn.local[:4])
    return not surely and turn.alone.outside.near < _NEAR_TO_OUTSIDE


def _first_topics(turn: Turn) -> Sequence[str]:
    """The subjects to choose from; of a place, those that it has."""
    first = turn.library.sentences.first_topics
    measures = turn.measures_in(turn.region) if turn.region else []
    there = {topic for measure in measures for topic in measure.topics}
    return [topic for topic in first if topic in there] or first


def which_place(turn: Turn) -> Answer | None:
    """Ask for the place, once, where the answer depends on it."""
    if unclear := turn.question.places.unclear:
        return ask_place(turn, unclear[0].choices, turn.asked_text)
    if turn.region is not None and turn.library.regions.get(turn.region).own:
        return None
    if not turn.local:
        return None
    best = turn.local[0]
    near = [c for c in turn.local if _may_be_meant(c, best)]
    regions = list(dict.fromkeys(c.measure.region for c in near))
    if len({turn.town(region) for region in regions}) < 2 or _named_only_there(turn, best):
        return None
    if best.score < _CLEAR and turn.candidates.topic.score < _KIND_OF_HELP:
        rivals = [
            c.score for c in near if turn.town(c.measure.region) != turn.town(best.measure.region)
        ]
        if best.score - max(rivals) >= _AHEAD:
            return None
        return None if turn.follows_up else gates.no_answer(turn)
    if turn.question.asks_which or any(c.region for c in turn.context.choices):
        # Asked for the places, or asked once already: a short answer for each place.
        shown = {c.measure.region: (c,) for c in reversed(near[:_SHOWN])}
        return side_by_side.for_several(turn, shown, also=regions)
    return ask_place(turn, regions, turn.asked_text)


def _named_only_there(turn: Turn, best: Candidate) -> bool:
    """Tell whether the message names a paper that only the best one's town has: 再就业优惠证."""
    papers = re.findall("《(.+?)》", "".join(best.measure.quotes))
    town = turn.town(best.measure.region)
    elsewhere = [
        quote
        for measure in turn.library.measures.values()
        if turn.town(measure.region) != town
        for quote in measure.quotes
    ]
    return any(
        paper in turn.asked_text and not any(paper in quote for quote in elsewhere)
        for paper in papers
    )


def _may_be_meant(candidate: Candidate, best: Candidate) -> bool:
    same = not set(candidate.measure.topics).isdisjoint(best.measure.topics)
    return candidate.score >= best.score - _AS_LIKELY or (
        same and candidate.score >= max(_LIKELY_ENOUGH, best.score - _TOO_FAR)
    )


def ask_place(
    turn: Turn, regions: list[str] | tuple[str, ...], question: str, *, whole_towns: bool = True
) -> Answer:
    """Ask which of these places is meant; picking one asks `question` there."""
    towns = list(dict.fromkeys(turn.town(region) if whole_towns else region for region in regions))
    # Nobody is from a town without a name.
    towns.sort(key=lambda town: turn.library.regions.get(town).unnamed)
    question = question[:_KEPT_QUESTION]
    choices = tuple(
        Choice(turn.composer.region_label(town), question, town) for town in towns[:_MOST_CHOICES]
    )
    parts = [
        Part(turn.composer.say("which_place")),
        *_numbered(turn, choices),
        Part(turn.composer.say("elsewhere"), 1),
    ]
    return Answer(
        kind=Kind.CLARIFY,
        reply=fitted(parts),
        reason="which-place",
        choices=choices,
        measures=tuple(c.measure.id for c in turn.ranked[:6] if c.measure.region in regions),
        context=replace(turn.turned_context(), question=question, choices=choices, measures=()),
    )


def listed(turn: Turn, measures: list[Measure]) -> Answer:
    """Name measures of a place with numbers to choose by."""
    region = turn.region or measures[0].region
    over = turn.composer.say("over")
    labels = [m.title if m.validity.open_on(turn.today) else m.title + over for m in measures]
    # A place that was only chosen in the app binds no choice: it may be chosen anew.
    bound = region if turn.last_place() else None
    choices = tuple(
        Choice(label, m.question, bound) for label, m in zip(labels, measures, strict=True)
    )
    label = turn.composer.region_label(region)
    parts = [Part(turn.composer.say("overview", region=label)), *_numbered(turn, choices)]
    return Answer(
        kind=Kind.ANSWER,
        reply=fitted(parts),
        reason="overview",
        region=region,
        choices=choices,
        suggestions=(turn.composer.say("check_suggestion"),),
        measures=tuple(m.id for m in measures),
        sources=tuple(turn.composer.source(m) for m in measures),
        context=Context(region=turn.last_place(), chosen=turn.chosen, choices=choices),
    )


def _numbered(turn: Turn, choices: tuple[Choice, ...]) -> list[Part]:
    return [
        Part(turn.composer.say("choice", number=str(number), label=choice.label))
        for number, choice in enumerate(choices, start=1)
    ]
