"""The self-check in conversation: one question at a time, numbered answers, reasons at the end."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace

from bot import about_the_service, caring, choosing, gates, replying
from bot.answers import Answer, Check, Choice, Context, Kind
from bot.check_wishes import CHILD, GROWN_UP, SMALL, grown_up, whether_one_gets, wish
from bot.composing import Part, fitted
from bot.self_check.fact_answers import Asked, Read, Unread, read_answer
from bot.self_check.questions import asked_again, conditions, named, question
from bot.self_check.reading_ahead import Told, Unsure, read_ahead
from bot.self_check.results import measure_result, region_result
from bot.turn import Turn
from bot.words import firms
from bot.words.normalising import normalise
from knowledge.eligibility.asking import next_question, rest
from knowledge.eligibility.criteria import Criteria
from knowledge.eligibility.facts import (
    APPLICANT_ROLE,
    WORK_REGION,
    FactsRefused,
    Given,
    read_facts,
)
from knowledge.eligibility.near_misses import near_misses
from knowledge.eligibility.verdicts import Person, Result, is_open, verdict
from knowledge.measures import Aspect, Audience, Measure

_EARLIER = (
    "(?:(?:刚才|刚刚|前面|上面)(?:[的那一个题道面说答选填]|答案|回答)*"
    "|[上前](?:一[个道]?|个|面)题?(?!月))"
)
_WRONG = "我?(?:选|答|按|点|说|讲|打|写|填|弄|搞)错了?"
_CHANGE = "我?(?:想|要)?(?:再|重新)?(?:改|换|更正|重[答选填])(?:一?[下改])?"
_BACK = re.compile(
    "返回|上一[题步个]|后退|退回|回上一[题步]|back"
    f"|{_CHANGE}(?:{_EARLIER})?|(?:{_EARLIER})?(?:{_WRONG}|{_CHANGE})|{_EARLIER}不对"
)
_CORRECTED = re.compile(
    f"(?:(?:{_EARLIER})?{_WRONG}|{_CHANGE}{_EARLIER}|{_EARLIER}(?:不对|{_CHANGE}|应该)|改(?=[成为]))"
    "[,，。:： ]*(?:应该|其实|改|换|就|是|成|为|选)*[,，:： ]*(?P<new>.+)"
)
"""The last question was answered wrong, and this is what it should be: 刚才说错了，没交."""
_STOP = re.compile(
    "停|停止|退出|结束|取消|不[查做测答玩](?:了|下去了?)?|不想[查做测答](?:了)?|算了|够了|不用了|不需要了?|stop|quit"
)
_GO_ON = re.compile("继续|接着(?:来|查|答|做)?|go on|下一[题步]")
_ANEW = re.compile(
    "(?:(?:不对|错了|算了)[,， ]*)?(?:重新?|从头|再)"
    "(?:开始|来|查|查查|测|答|做)(?:一?[次遍下]|过|吧)*"
)
_WHY = re.compile(
    "(?:这|这个|这题|这话|你)?是?(?:什么|啥)意思|(?:这个?)?(?:为什么|为啥|干嘛|干吗|咋)要?问(?:我?这个?|这些)?"
    "|问(?:我?这个?|这些)(?:干嘛|干啥|干什么|做什么|有什么用)|(?:没|不|听不|看不|没看|没听|不太)(?:懂|明白)"
)
_HOW_FAR = re.compile(
    "(?:那|现在)?(?:我?还?(?:差|缺|少)(?:了|的)?(?:什么|啥|哪些|哪[1一几]?[样条个])|(?:有|出)?(?:什么|啥)?结果(?:呢|怎么样|出来了?吗?|是什么|是啥)?"
    "|还[有要]?(?:问|答)?(?:几|多少|什么|哪些)个?题?(?:没?[问答])?)"
)
"""What is still missing to a result: 还差什么, 结果呢, 还有几题."""
_WORD = re.compile("(?P<word>[^,，。?？!！ ]{2,8}?)(?:是|指的?是?)?(?:什么|啥)(?:意思|东西)?")
"""What a word of the conditions means."""
_ANOTHER = re.compile("[?？吗呢]|什么|怎么|咋|多少|哪|为啥|谁|电话|[你您]|[^还从也都][不没]$")
"""What a message has that is a question of its own and no answer."""
_OF_WHOM = {Aspect.WHO, Aspect.CONDITION}
_SHORT = 4
_MOST_TITLES = 3
_AGREED = "small-talk:ok"


def answer_to_question(turn: Turn) -> Answer | None:
    """Take the message as the answer to the question asked last, or as 返回, 停, 重来 or 继续."""
    check = turn.context.check
    if check is None or turn.picked or not _fits(turn, check):
        return None
    text = normalise(turn.message).strip(" 。.!！?？~")
    if _STOP.fullmatch(text):
        return _result(turn, check, stopped=True)
    if _GO_ON.fullmatch(text):
        return _question(turn, check)
    if _BACK.fullmatch(text):
        return _went_back(turn, check)
    if corrected := _CORRECTED.fullmatch(text):
        return _went_back(turn, check, corrected["new"])
    if _ANEW.fullmatch(text):
        return _next(turn, replace(check, answers=check.answers[: check.fixed]))
    if _WHY.fullmatch(text):
        return _question(turn, check, _reason(turn, check))
    if check.measures and (told := _told_of_check(turn, check, text)):
        return _question(turn, check, told)
    return _answered(turn, check, text)


def _told_of_check(turn: Turn, check: Check, text: str) -> str:
    """What is still to be answered, or where the clause has the word somebody asks for."""
    if _HOW_FAR.fullmatch(text):
        left = _open_questions(_results(turn, check), check)
        called = [fact.called for id, fact in turn.library.facts.items() if id in left]
        return turn.composer.say("check_left_to_ask", labels="、".join(called))
    if found := _WORD.fullmatch(text):
        said = [c for scope in _scope(turn, check) for c in scope.criteria]
        quotes = [c.quote for c in said if found["word"] in c.quote]
        quotes = quotes or [c.quote for c in said if found["word"] in c.say]
        if quotes:
            return turn.composer.say("check_word", quote=quotes[0])
    return ""


def _answered(turn: Turn, check: Check, text: str) -> Answer | None:
    fact = turn.library.facts[check.asked]
    read = _read(turn, check, turn.message)
    if read is Unread.NOT_UNDERSTOOD and isinstance(
        again := _read(turn, check, turn.question.text), Read
    ):
        read = again  # dialect and mistypings in standard words
    if isinstance(read, Read):
        ahead = _read_ahead(turn, check) if read.value is True and len(text) > _SHORT else []
        if isinstance(ahead, list) and any(each.read == read for each in ahead):
            return _noted(turn, check, ahead)  # 交了14个月
        return _next(turn, _with(check, read))
    if read is Unread.NOT_UNDERSTOOD and (told := _told_ahead(turn, check, text)):
        return told
    if read is Unread.NOT_UNDERSTOOD:
        talk = None if text.isdigit() else caring.small_talk(turn)
        if talk is not None:
            return _question(turn, check) if talk.reason == _AGREED else None
        only_here = turn.places == (check.region,) and not turn.question.content
        asked = turn.question.asked
        of_more = set(asked.aspects) - _OF_WHOM and not turn.question.content  # 咋整, and not 外省
        another = asked.firm or of_more or (len(text) > _SHORT and _ANOTHER.search(text))
        wished = wish(text)
        another = another or about_the_service.topic_of_the_service(turn) is not None
        if (wished and not wished.alone) or another or (turn.places and not only_here):
            return None
    return _question(turn, check, asked_again(turn, fact, read))


def _told_ahead(turn: Turn, check: Check, text: str) -> Answer | None:
    """Note what answers questions that are still to come, and say so; ask on where it's unsure."""
    say = turn.composer.say
    if check.asked == APPLICANT_ROLE and (who := grown_up(text)):
        role = Read([Audience.WORKER.value])
        return _next(turn, _with(check, role), say("check_for_other", who=who))
    found = _read_ahead(turn, check)
    if found is Unsure.OF_THIS:
        return _question(turn, check, say("check_not_sure"))
    if found is Unsure.OF_ANOTHER:
        return _question(turn, check, say("check_later"))
    return _noted(turn, check, found) if found else None


def _read_ahead(turn: Turn, check: Check) -> list[Told] | Unsure:
    """What a message tells of the facts of the one measure that is checked."""
    if not check.measures:
        return []
    facts, open_ = turn.library.facts, _open_questions(_results(turn, check), check)
    asked = Asked(facts[check.asked], turn.today, check.region, turn.library.regions)
    return read_ahead(turn.message, asked, [facts[id] for id in facts if id in open_])


def _noted(turn: Turn, check: Check, found: Sequence[Told]) -> Answer:
    """Go on with what was told, and say what was taken for which question's answer."""
    say = turn.composer.say
    noted = [(told.fact.id, json.dumps(told.read.value)) for told in found]
    answered = replace(check, answers=(*check.answers, *noted))
    lines = [
        say("check_noted", words=told.words, question=told.fact.question, answer=_shown(turn, told))
        for told in found
        if told.fact.id != check.asked
    ]
    nothing_left = next_question(
        _results(turn, answered), _given(turn, answered), turn.library.rules
    )
    if lines and nothing_left is not None:
        lines[-1] += say("check_take_back")
    if nothing_left is None or check.asked in dict(noted):
        return _next(turn, answered, *lines)
    return _question(turn, answered, *lines)


def _shown(turn: Turn, told: Told) -> str:
    """How a value that was noted is said, where it has words."""
    value = told.read.value
    if isinstance(value, bool):
        return turn.composer.say("check_yes" if value else "check_no")
    chosen = value if isinstance(value, list) else [value]
    return "、".join(told.fact.option_label(v) for v in chosen) if told.fact.options else told.words


def _read(turn: Turn, check: Check, message: str) -> Read | Unread:
    fact = turn.library.facts[check.asked]
    return read_answer(message, Asked(fact, turn.today, check.region, turn.library.regions))


def _with(check: Check, read: Read) -> Check:
    return replace(check, answers=(*check.answers, (check.asked, json.dumps(read.value))))


def start(turn: Turn) -> Answer | None:
    """Start where the message is hardly more than the wish for a check, for what is at hand."""
    if turn.elsewhere or len(turn.places) > 1:
        return None
    text = turn.question.rest
    if turn.places and not turn.question.content:
        text = turn.asked_text  # the place that was asked for
    wished = wish(text)
    if wished is None or wished.subject:
        return None
    who = wished.who
    at_hand = _at_hand(turn)
    if wished.of_kin and not _is_for_them(at_hand[:1], who):
        return None
    regions = list(dict.fromkeys(measure.region for measure in at_hand))
    if len(regions) > 1:
        return choosing.ask_place(turn, regions, text, whole_towns=False)
    if at_hand:
        return _started(turn, at_hand[:1], regions[0], who)
    region = turn.region
    if region is not None and turn.library.regions.get(region).own:
        return _started(turn, [], region, who)
    if wished.alone:
        return None
    covered = turn.library.regions.covered
    inside = turn.scope(region) if region else frozenset(covered)
    return choosing.ask_place(turn, [r for r in covered if r in inside], text)


def start_for_subject(turn: Turn) -> Answer | None:
    """Start for the measure that a message names along with its wish for a check.

    Who asks whether they get it is told what it is before; of what is over, or everybody's, that
    is the whole answer.
    """
    text = turn.asked_text if turn.places and not turn.question.content else turn.question.rest
    wished = wish(text)
    asked = None if wished else whether_one_gets(text)
    found = wished or asked
    best = replying.chosen(turn) if found and found.subject else None
    if found is None or best is None or best.score < gates.UNDERSTOOD:
        return None
    measure = best.measure
    if asked is None:
        return _started(turn, [measure], measure.region, found.who)
    rule = turn.library.rules.criteria.get(measure.id)
    if rule is None or rule.everyone or measure.phones or not is_open(rule, turn.today):
        return None
    if measure.audience is Audience.EMPLOYER and not re.fullmatch(firms.NAMES, found.who):
        return None  # it is told for whom it is
    return _started(turn, [measure], measure.region, found.who, measure.summary)


def with_reminder(turn: Turn, reply: Answer) -> Answer:
    """Keep a check that another question interrupted, and say that it can go on."""
    check = turn.context.check
    if check is None or reply.reason.startswith("check"):
        return reply
    if not _fits(turn, check):
        return replace(reply, context=replace(reply.context, check=None))
    kept = replace(reply, context=replace(reply.context, check=check))
    if reply.kind is Kind.HANDOFF:
        return kept
    say = turn.composer.say
    text = fitted([Part(reply.reply), Part(say("check_paused"), 1)])
    return replace(kept, reply=text, suggestions=(say("check_go_on"), say("check_stop")))


# -- what is at hand --------------------------------------------------------------------------


def _at_hand(turn: Turn) -> list[Measure]:
    """The measures that were spoken of last, as far as the place that is meant now has them."""
    known = (turn.library.measures.get(id) for id in turn.context.measures)
    return [
        measure
        for measure in known
        if measure is not None
        and measure.audience is not Audience.GOVERNMENT
        and (turn.region is None or measure.region in turn.scope(turn.region))
    ]


def _is_for_them(at_hand: Sequence[Measure], who: str) -> bool:
    """Tell whether what was spoken of is for people like them: a child gets no worker's money.

    A telephone that anybody may call is nothing to be checked.
    """
    wanted = Audience.CHILD if re.fullmatch(CHILD, who) else Audience.WORKER
    return any(measure.audience is wanted and not measure.phones for measure in at_hand)


def _started(
    turn: Turn, measures: Sequence[Measure], region: str, who: str, *before: str
) -> Answer | None:
    facts = [(WORK_REGION, json.dumps(region))]
    role = _role(measures[0].audience if measures else None, who)
    if role:
        facts.append((APPLICANT_ROLE, json.dumps([role.value])))
    check = Check(region, tuple(m.id for m in measures), tuple(facts), "", len(facts))
    if not any(is_open(criteria, turn.today) for criteria in _scope(turn, check)):
        return _not_open(turn, measures[0]) if measures else _nothing_open(turn, region)
    say, label = turn.composer.say, turn.composer.region_label(region)
    lines = [say("check_start_region", region=label)]
    if measures:
        start = say("check_start", title=named(measures[0]))
        lines = [*before, start, *conditions(turn, measures[0])]
    if who and role is not Audience.CHILD and not re.fullmatch(firms.NAMES, who):
        lines.append(say("check_for_other", who=who))
    if turn.context.check is None:
        lines.append(say("check_help"))
    return _next(turn, check, *lines)


def _role(audience: Audience | None, who: str) -> Audience | None:
    """For whom somebody asks, as far as it is beyond doubt; None has to be asked."""
    if re.fullmatch(firms.NAMES, who):
        return Audience.EMPLOYER if audience in (Audience.EMPLOYER, None) else None
    if audience is Audience.WORKER:
        # Whoever asks «can I get it» of what is for workers asks for a worker.
        return audience
    if audience is None and re.fullmatch(GROWN_UP, who):
        return Audience.WORKER
    # A son may be grown up, where it isn't a matter of children anyway.
    child = re.fullmatch(CHILD if audience is Audience.CHILD else SMALL, who)
    return Audience.CHILD if child and audience in (Audience.CHILD, None) else None


def _not_open(turn: Turn, measure: Measure) -> Answer:
    """Tell the conditions of a measure that can't be applied for now, and that it can't."""
    lines = [turn.composer.closing_note(measure, turn.today), *conditions(turn, measure)]
    return Answer(
        kind=Kind.ANSWER,
        reply=fitted(
            [Part(turn.composer.say("check_not_open", title=named(measure))), *map(Part, lines)]
        ),
        reason="check-not-open",
        region=measure.region,
        measures=(measure.id,),
        sources=(turn.composer.source(measure),),
        context=_spoken_of(turn, measure),
    )


def _spoken_of(turn: Turn, measure: Measure) -> Context:
    """The context once a check of a measure has ended: what is said next is said of that."""
    return replace(
        turn.kept_context(),
        check=None,
        question=measure.question,
        measures=(measure.id,),
        choices=(),
    )


def _nothing_open(turn: Turn, region: str) -> Answer:
    label = turn.composer.region_label(region)
    return Answer(
        kind=Kind.ANSWER,
        reply=turn.composer.say("check_nothing_open", region=label),
        reason="check-nothing-open",
        region=region,
        context=replace(turn.kept_context(), check=None),
    )


# -- one step ---------------------------------------------------------------------------------


def _scope(turn: Turn, check: Check) -> list[Criteria]:
    rules = turn.library.rules
    if check.measures:
        return [rules.criteria[id] for id in check.measures if id in rules.criteria]
    return list(rules.of(check.region))


def _fits(turn: Turn, check: Check) -> bool:
    """Tell whether a check can go on; where the knowledge has changed it may fit no more."""
    known = turn.library
    if check.asked not in known.facts or check.region not in known.regions:
        return False
    try:
        _given(turn, check)
    except FactsRefused:
        return False
    return all(id in known.rules.criteria for id in check.measures)


def _given(turn: Turn, check: Check) -> Given:
    """What has been answered so far; raises `FactsRefused`."""
    data = {fact: json.loads(value) for fact, value in check.answers}
    return read_facts(data, turn.library.facts, turn.today)


def _results(turn: Turn, check: Check) -> list[Result]:
    person = Person(_given(turn, check).values, turn.today)
    return [verdict(criteria, person, turn.today) for criteria in _scope(turn, check)]


def _next(turn: Turn, check: Check, *before: str) -> Answer:
    fact = next_question(_results(turn, check), _given(turn, check), turn.library.rules)
    if fact is None:
        return _result(turn, check, *before)
    return _question(turn, replace(check, asked=fact), *before)


def _went_back(turn: Turn, check: Check, instead: str = "") -> Answer:
    """Ask the last question again, or take what it should have been answered with."""
    if len(check.answers) <= check.fixed:
        return _question(turn, check, turn.composer.say("check_first"))
    last, _ = check.answers[-1]
    before = replace(check, answers=check.answers[:-1], asked=last)
    read = _read(turn, before, instead)
    return _next(turn, _with(before, read)) if isinstance(read, Read) else _question(turn, before)


def _question(turn: Turn, check: Check, *before: str) -> Answer:
    say, results = turn.composer.say, _results(turn, check)
    fact = turn.library.facts[check.asked]
    number, asked = str(len(check.answers) - check.fixed + 1), fact.question
    if check.measures:
        left = str(len(_open_questions(results, check)))
        line = say("check_question", number=number, left=left, question=asked)
    else:
        left = str(rest(results, _given(turn, check)))
        line = say("check_question_of_many", number=number, left=left, question=asked)
    starts = turn.context.check is None
    if not starts and turn.chosen not in (None, turn.context.chosen, check.region):
        before = (say("check_still", region=turn.composer.region_label(check.region)), *before)
    measures = [turn.library.measures[id] for id in check.measures]
    return replace(
        question(turn, fact, line, before, measures if starts else ()),
        measures=check.measures,
        kind=Kind.ANSWER if starts and measures else Kind.CLARIFY,
        region=check.region,
        context=replace(turn.kept_context(), choices=(), check=check),
    )


def _open_questions(results: Sequence[Result], check: Check) -> set[str]:
    answered = {fact for fact, _ in check.answers}
    return {fact for result in results for fact in result.missing} - answered


def _reason(turn: Turn, check: Check) -> str:
    """Say what the question is asked for: the words of the clause, or the measures that need it."""
    scope = [c for c in _scope(turn, check) if check.asked in c.facts]
    if check.measures and scope:
        quotes = dict.fromkeys(c.quote for c in scope[0].criteria if c.fact == check.asked)
        return turn.composer.say("check_why", quote="……".join(quotes))
    titles = [c.measure.title for c in scope if is_open(c, turn.today)]
    return turn.composer.say("check_why_of_many", titles="、".join(titles[:_MOST_TITLES]))


def _result(turn: Turn, check: Check, *before: str, stopped: bool = False) -> Answer:
    """The verdict, with reasons and the way to apply; the answers are forgotten."""
    if stopped and len(check.answers) <= check.fixed:
        return _left(turn, check)
    say, results = turn.composer.say, _results(turn, check)
    parts = [Part(line) for line in (*before, say("check_stopped") if stopped else "")]
    choices: tuple[Choice, ...] = ()
    if check.measures:
        parts += measure_result(turn, results[0])
        shown = check.measures
    else:
        listed, found = region_result(turn, results)
        parts += [Part(say("check_region", region=turn.composer.region_label(check.region)))]
        parts += listed
        choices = tuple(Choice(m.title, m.question, check.region) for m in found)
        shown = tuple(m.id for m in found)
    context = replace(turn.kept_context(), check=None, choices=choices)
    if check.measures:
        context = _spoken_of(turn, turn.library.measures[check.measures[0]])
    return Answer(
        kind=Kind.ANSWER,
        reply=fitted(parts),
        reason="check-result",
        region=check.region,
        measures=shown,
        sources=tuple(turn.composer.source(turn.library.measures[id]) for id in shown),
        choices=choices,
        near_misses=() if stopped else near_misses(results, turn.library),
        context=context,
    )


def _left(turn: Turn, check: Check) -> Answer:
    """Stopped before anything was answered: there is nothing to tell."""
    return Answer(
        kind=Kind.CHAT,
        reply=turn.composer.say("check_left"),
        reason="check-left",
        region=check.region,
        context=replace(turn.kept_context(), check=None, choices=()),
    )
