"""The self-check in conversation: one question at a time, numbered answers, reasons at the end."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace

from bot import about_the_service, caring, going_on
from bot.answers import Answer, Check, Kind
from bot.check_wishes import grown_up, wish
from bot.composing import Part, fitted
from bot.self_check.fact_answers import Asked, Read, Unread, read_answer
from bot.self_check.questions import asked_again
from bot.self_check.reading_ahead import Told, Unsure, read_ahead
from bot.self_check.stepping import (
    ask,
    ask_next,
    conclude,
    criteria_of,
    fits,
    given,
    open_questions,
    results_of,
)
from bot.turn import Turn
from bot.words.normalising import normalise
from knowledge.eligibility.asking import next_question
from knowledge.eligibility.facts import APPLICANT_ROLE
from knowledge.eligibility.verdicts import is_open
from knowledge.measures import Aspect, Audience

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
    if check is None or turn.picked or not fits(turn, check):
        return None
    text = normalise(turn.message).strip(" 。.!！?？~")
    if _STOP.fullmatch(text):
        return conclude(turn, check, stopped=True)
    if _GO_ON.fullmatch(text):
        return ask(turn, check)
    if _BACK.fullmatch(text):
        return _went_back(turn, check)
    if corrected := _CORRECTED.fullmatch(text):
        return _went_back(turn, check, corrected["new"])
    if _ANEW.fullmatch(text):
        return ask_next(turn, replace(check, answers=check.answers[: check.fixed]))
    if _WHY.fullmatch(text):
        return ask(turn, check, _reason(turn, check))
    if check.measures and (told := _told_of_check(turn, check, text)):
        return ask(turn, check, told)
    return _answered(turn, check, text)


def _told_of_check(turn: Turn, check: Check, text: str) -> str:
    """What is still to be answered, or where the clause has the word somebody asks for."""
    if _HOW_FAR.fullmatch(text):
        left = open_questions(results_of(turn, check), check)
        called = [fact.called for id, fact in turn.library.facts.items() if id in left]
        return turn.composer.say("check_left_to_ask", labels="、".join(called))
    if found := _WORD.fullmatch(text):
        said = [c for scope in criteria_of(turn, check) for c in scope.criteria]
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
        return ask_next(turn, _with(check, read))
    if read is Unread.NOT_UNDERSTOOD and (told := _told_ahead(turn, check, text)):
        return told
    if read is Unread.NOT_UNDERSTOOD:
        talk = None if text.isdigit() else caring.small_talk(turn)
        if talk is not None:
            return ask(turn, check) if talk.reason == _AGREED else None
        only_here = turn.places == (check.region,) and not turn.question.content
        asked = turn.question.asked
        of_more = set(asked.aspects) - _OF_WHOM and not turn.question.content  # 咋整, and not 外省
        another = asked.firm or of_more or (len(text) > _SHORT and _ANOTHER.search(text))
        wished = wish(text)
        another = another or _is_of_something_else(turn)
        if (wished and not wished.alone) or another or (turn.places and not only_here):
            return None
    return ask(turn, check, asked_again(turn, fact, read))


def _is_of_something_else(turn: Turn) -> bool:
    """Tell whether it asks the service, or tells of a swindler: neither is an answer."""
    asked = about_the_service.topic_of_the_service(turn) or going_on.topic_surely_meant(turn)
    return asked is not None


def _told_ahead(turn: Turn, check: Check, text: str) -> Answer | None:
    """Note what answers questions that are still to come, and say so; ask on where it's unsure."""
    say = turn.composer.say
    if check.asked == APPLICANT_ROLE and (who := grown_up(text)):
        role = Read([Audience.WORKER.value])
        return ask_next(turn, _with(check, role), say("check_for_other", who=who))
    found = _read_ahead(turn, check)
    if found is Unsure.OF_THIS:
        return ask(turn, check, say("check_not_sure"))
    if found is Unsure.OF_ANOTHER:
        return ask(turn, check, say("check_later"))
    return _noted(turn, check, found) if found else None


def _read_ahead(turn: Turn, check: Check) -> list[Told] | Unsure:
    """What a message tells of the facts of the one measure that is checked."""
    if not check.measures:
        return []
    facts, open_ = turn.library.facts, open_questions(results_of(turn, check), check)
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
        results_of(turn, answered), given(turn, answered), turn.library.rules
    )
    if lines and nothing_left is not None:
        lines[-1] += say("check_take_back")
    if nothing_left is None or check.asked in dict(noted):
        return ask_next(turn, answered, *lines)
    return ask(turn, answered, *lines)


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


def with_reminder(turn: Turn, reply: Answer) -> Answer:
    """Keep a check that another question interrupted, and say that it can go on."""
    check = turn.context.check
    if check is None or reply.reason.startswith("check"):
        return reply
    if not fits(turn, check):
        return replace(reply, context=replace(reply.context, check=None))
    kept = replace(reply, context=replace(reply.context, check=check))
    if reply.kind is Kind.HANDOFF:
        return kept
    say = turn.composer.say
    text = fitted([Part(reply.reply), Part(say("check_paused"), 1)])
    return replace(kept, reply=text, suggestions=(say("check_go_on"), say("check_stop")))


def _went_back(turn: Turn, check: Check, instead: str = "") -> Answer:
    """Ask the last question again, or take what it should have been answered with."""
    if len(check.answers) <= check.fixed:
        return ask(turn, check, turn.composer.say("check_first"))
    last, _ = check.answers[-1]
    before = replace(check, answers=check.answers[:-1], asked=last)
    read = _read(turn, before, instead)
    return ask_next(turn, _with(before, read)) if isinstance(read, Read) else ask(turn, before)


def _reason(turn: Turn, check: Check) -> str:
    """Say what the question is asked for: the words of the clause, or the measures that need it."""
    scope = [c for c in criteria_of(turn, check) if check.asked in c.facts]
    if check.measures and scope:
        quotes = dict.fromkeys(c.quote for c in scope[0].criteria if c.fact == check.asked)
        return turn.composer.say("check_why", quote="……".join(quotes))
    titles = [c.measure.title for c in scope if is_open(c, turn.today)]
    return turn.composer.say("check_why_of_many", titles="、".join(titles[:_MOST_TITLES]))
