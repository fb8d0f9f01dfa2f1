"""What the clause that fits leaves open: the detail is declined, what is written is told."""

import re
from dataclasses import replace

from bot import good_for, hotlines, replying, stating
from bot.alternatives import chooses_of_what_is_unwritten
from bot.answers import Answer, Rejected
from bot.check_wishes import KIN, whether_one_gets
from bot.claims import states_all
from bot.composing import Part, without_repeats
from bot.declining import decline
from bot.named_details import unwritten_detail
from bot.place_notes import uncovered_note
from bot.retrieval.matching import Candidate
from bot.stating import states
from bot.turn import Turn
from bot.units_asked import costs_nothing, counts_in_what_is_unwritten
from bot.unknown_words import asks_on_in_unknown_words
from bot.whether import asks_whether_there_is
from bot.words import wording
from knowledge.measures import Aspect, Measure

_ASPECTS = frozenset(Aspect)
DETAIL = "detail"
"""What is asked for, where it is no aspect of its own."""
_A_WORD = 2
"""Characters of content that a subject has at least."""
_AND_THAT = re.compile("呢|也")
_KIN = re.compile(KIN)
"""Whom it is asked for is no detail: 我邻居是低保，他呢."""
_THE_SAME = re.compile("一样吗|一样不|也一样|相同吗")
_ASKS_WHAT_IS_GIVEN = re.compile(
    "(?:发|给|送|补|领|拿|得)(?:了|的|点|到|些)*(?:什么|哪些)(?:钱|东西|福利|好处|的)?"
    "(?:吗|呢|啊|呀|了)*[?!。 ]*$"
)
"""The whole measure answers it: 过年发什么."""
_ASKS = re.compile(
    r"[吗呢么不没几谁哪怎何否]|什么|多少|多久|多长|多大|要是|还是|[?？]"
    r"|\b(?:ma|me|ne|na|ji|shui|bu|mei|duo|how|what|when|where|which|who|can|do|does|is|are)\b"
)
"""Only what asks can ask for a detail; «沧州暖心红包» just names the thing."""
_NOTHING_ELSE = frozenset(
    {
        Aspect.COUNT,
        Aspect.OWN_SHARE,
        Aspect.REPLACEMENT,
        Aspect.STOPPING,
        Aspect.FEE,
        Aspect.CAP,
        Aspect.APPLY_BY,
        Aspect.AFTERWARDS,
    }
)
"""Who asks for these is not helped by another aspect that is stated."""
_FUNDS = re.compile("资金|专款|专项|经费|工资")
_FOR_ONE = re.compile("[每1](?:个?[人家户]|个?企业|个?单位)|个人|[我俺]")
_UNIT = re.compile(
    "(?:人社|民政|教育|税务|财政|住建|卫健|公安|社保|就业|劳动|医保|信访|司法|商务|文旅|交通|工商|房管)"
    "(?:局|委|厅|所|站)|妇联|残联|团委|居委会|村委会|派出所|法院|医院|工会"
)
_STILL = re.compile("还(?:有[得的]|[领拿赶轮]得|能不能|能|可以|给|发|送|有(?!什么|哪|别|其))")
_ANOTHER_TIME = re.compile("明年|后年|以后|下[次回批一]|补[领发办]|每年|年年")
"""Whether it comes again is open, where it is over for now."""
_WHETHER_THERE_IS_ONE = re.compile(
    "(?:[开设办]没[开设办]|有没有(?:开|设|办)|是不是(?:开|设|办))[^,。?!]{0,12}(?:电话|热线|专线)"
    "|(?:有没有|有无)[^,。?!]{1,12}(?:热线|专线)(?!.*(?:电话|号|多少|几))"
    "|有[^,。?!哪什]{1,8}(?:热线|专线)[吗么没](?!.*(?:电话|号|多少|几))"
)
_LEFT_OPEN = 0.5
"""How much more a question is like those the clause leaves open than like those it answers."""
_LEFT_OPEN_THOUGH_STATED = 1.8
"""The same where the clause states the aspect asked for: 原价多少 is not 半价."""
_ASKED_ON = 0.0
"""The same of a message that names its subject, and then asks in words the measure doesn't know."""
_ASKED_ON_THOUGH_STATED = 0.5


def aspect_not_stated(turn: Turn) -> Answer | None:
    """Decline a detail that the clause does not state, with what it does state and whom to ask."""
    best = replying.chosen(turn)
    if best is None or not (detail := _detail_left_open(turn, best)):
        return None
    return not_stated(turn, best, detail)


def not_stated(turn: Turn, best: Candidate, detail: str) -> Answer:
    """Decline a detail of a measure, and tell what its clause does state."""
    measure, composer = best.measure, turn.composer
    unit = "、".join(measure.responsible.lead)
    aspect = Aspect(detail) if detail in _ASPECTS else None
    also = [] if aspect is None else stating.left_open(measure, turn.asked)
    asks_phone = detail == Aspect.PHONE
    local = hotlines.local(turn) if asks_phone and not measure.phones else []
    lines = hotlines.beside(turn, measure) if asks_phone else ()
    of = _whose_number(turn, measure, local) if asks_phone else ""
    told = composer.told(measure, turn.asked, turn.today) if len(turn.asked.aspects) > 1 else []
    asks_unit = unit and composer.where(measure) not in (part.text for part in told)
    alike = [] if aspect is None else replying.alike_to(turn, best)
    # One that states it would read as if this one did.
    alike = [other for other in alike if aspect and not states(other.measure, aspect)]
    partly = [said.say for of_, said in measure.answers.items() if of_ is aspect]
    parts = [
        Part(composer.not_stated(measure, [detail, *also], of=f"{of}的" if of else "")),
        *(Part(say, asked=True) for say in partly),
        *told,
        Part(composer.say("known_nearby", summary=measure.summary), gist=measure.summary),
        Part(composer.closing_note(measure, turn.today)),
        Part(composer.say("ask_unit", unit=unit) if asks_unit else "", 1),
        Part(composer.phones(measure), 1),
        *(hotlines.told_local(turn, hotline) for hotline in local),
        *(hotlines.parts(turn, lines) if lines else []),
        *([] if unit else replying.ask_nationwide(turn)),
        Part(composer.standing(measure, turn.today), 1),
        *uncovered_note(turn),
        Part(composer.say("source", source=composer.cite(measure))),
        *(Part(replying.told_along(turn, candidate.measure), 5) for candidate in alike),
    ]
    rejected = (Rejected(measure.id, best.score, f"aspect:{detail}"),)
    reason, region = f"not-stated:{detail}", measure.region
    used = (best, *alike)
    declined = decline(turn, without_repeats(parts), reason, region, used, rejected=rejected)
    told_of = tuple(composer.source(hotline) for hotline in local)
    sources = (*declined.sources, *told_of, *hotlines.sources(lines))
    return replace(declined, sources=sources)


def _detail_left_open(turn: Turn, best: Candidate) -> str:
    """Name the aspect asked for that the clause leaves open, '' where it answers the question.

    A detail that is no aspect of its own is called "detail".
    """
    if turn.claims and not turn.question.asked.firm and states_all(best.measure, turn.claims):
        return ""
    if good_for.taking_it(turn, best.measure):
        # What it is used for another clause states; whether it may be handed on, perhaps none.
        return unwritten_detail(turn.question.rest, best.measure)
    if aspect := unstated_aspect(turn, best):
        return aspect
    if replying.is_of_something_else(turn, best.measure):
        return ""
    if turn.is_owed_wages:
        return ""  # what they need is to be told whom to turn to
    if named := _unwritten(turn, best.measure):
        return named
    if turn.asks_for_kin or asks_for_no_detail(turn, best.measure):
        return ""
    if any(a in _NOTHING_ELSE and states(best.measure, a) for a in turn.asked.firm):
        return ""
    if _asks_whether_it_still_runs(turn, best.measure):
        return ""
    stated = any(states(best.measure, aspect) for aspect in turn.asked.aspects)
    if not _ASKS.search(turn.question.text) or _names_what_is_stated(turn, best.measure):
        return ""
    needed = _LEFT_OPEN_THOUGH_STATED if stated else _LEFT_OPEN
    if not turn.follows_up and asks_on_in_unknown_words(turn.question.rest, best.measure):
        needed = _ASKED_ON_THOUGH_STATED if stated else _ASKED_ON
    return DETAIL if _open_lead(turn, best) >= needed else ""


def _asks_whether_it_still_runs(turn: Turn, measure: Measure) -> bool:
    """Tell whether it asks no more than if there still is what is over by now: 盲盒还有得领不."""
    last = measure.validity.to
    if last is None or turn.today <= last or set(turn.asked.aspects) != {Aspect.DEADLINE}:
        return False
    text = turn.question.rest
    return bool(_STILL.search(text)) and not _ANOTHER_TIME.search(text)


def _unwritten(turn: Turn, measure: Measure) -> str:
    """Name what is asked for in words or units of which the clause has none, '' for nothing.

    A way to choose that an aspect asks for is told by what the clause states of that aspect.
    """
    text = turn.question.rest
    if named := unwritten_detail(text, measure):
        return named
    when = Aspect.TIMING in turn.asked.firm and states(measure, Aspect.TIMING)
    if not when and not costs_nothing(text, measure) and counts_in_what_is_unwritten(text, measure):
        return DETAIL
    told = any(states(measure, aspect) for aspect in turn.asked.firm)
    return DETAIL if not told and chooses_of_what_is_unwritten(text, measure) else ""


def asks_for_no_detail(turn: Turn, measure: Measure) -> bool:
    """Tell whether the whole measure answers it: 过年发什么, 我妈能领福袋吗, a wrong number."""
    if replying.names_another_number(turn, measure) or whether_one_gets(turn.question.rest):
        return True
    if turn.asks_for_the_source:
        return True
    if _ASKS_WHAT_IS_GIVEN.search(turn.question.text):
        return True
    return asks_whether_there_is(turn, measure)


def _names_what_is_stated(turn: Turn, measure: Measure) -> bool:
    """Tell whether a message that leans on the last names no more than the clause: 燃气也减？"""
    if turn.follows_up and turn.places and _THE_SAME.search(turn.question.text):
        return True
    if not turn.follows_up or not _AND_THAT.search(turn.question.text):
        return False
    asked = _KIN.sub("", turn.question.content)
    named = [word for word in wording.words(asked) if len(word) >= _A_WORD]
    said = "".join((measure.summary, *measure.quotes))
    return bool(named) and all(word in said for word in named)


def unstated_aspect(turn: Turn, best: Candidate) -> str:
    """Name the aspect asked for firmly, where the clause states none of those asked for so."""
    firm = [aspect for aspect in turn.asked.aspects if aspect in turn.asked.firm]
    if Aspect.PHONE in firm and _WHETHER_THERE_IS_ONE.search(turn.question.text):
        firm.remove(Aspect.PHONE)
    if Aspect.PHONE in firm and _another_unit(turn.question.text, best.measure):
        return Aspect.PHONE.value
    if special := [a for a in firm if a in _NOTHING_ELSE and not states(best.measure, a)]:
        return special[0].value
    if not firm or any(states(best.measure, aspect) for aspect in firm):
        return ""
    if turn.asked.aspects[0] is Aspect.FIGURES and states(best.measure, Aspect.FIGURES):
        return ""  # «发给多少人，金额是多少» asks for the sum of all
    if firm[0] is Aspect.AMOUNT and _states_the_sum(turn.question.text, best.measure):
        return ""
    if turn.claims and replying.is_of_something_else(turn, best.measure):
        return ""  # what the number stands for is told
    return firm[0].value


def _states_the_sum(text: str, measure: Measure) -> bool:
    """Tell whether what is asked for is the sum of some money that the clause gives: 资金多少."""
    if not states(measure, Aspect.FIGURES) or _FOR_ONE.search(text):
        return False
    said = "".join((measure.answers[Aspect.FIGURES].say, measure.summary, *measure.quotes))
    return any(money in said for money in _FUNDS.findall(text))


def _another_unit(text: str, measure: Measure) -> str:
    """The unit asked about that is none whose telephone number stands in the clause, '' else."""
    named = _UNIT.findall(text)
    if any(unit in phone.of for unit in named for phone in measure.phones):
        return ""
    return "、".join(dict.fromkeys(named))


def _whose_number(turn: Turn, measure: Measure, local: list[Measure]) -> str:
    """The unit whose number is not written; '' where no number at all is."""
    unit = "、".join(measure.responsible.lead)
    return _another_unit(turn.question.text, measure) or (unit if local else "")


def _open_lead(turn: Turn, best: Candidate) -> float:
    """How much more the question is like those the clause leaves open than like the others."""
    asked = best
    if turn.follows_up and turn.question.content and not turn.places:
        # The question it leans on was answered; what counts is the detail asked for now.
        asked = next(c for c in turn.alone.ranked if c.measure.id == best.measure.id)
    return asked.open - asked.answered
