"""The self-check in conversation: one question at a time, numbered answers, reasons at the end."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot import choosing, gates, replying
from bot.answers import Answer, Check, Choice, Context, Kind
from bot.check_results import measure_result, region_result
from bot.composing import Part, fitted
from bot.fact_answers import read_answer, unsure_number
from bot.normalising import normalise
from bot.question import content
from bot.turn import Turn
from knowledge.eligibility.asking import next_question, rest
from knowledge.eligibility.facts import (
    APPLICANT_ROLE,
    WORK_REGION,
    Fact,
    FactsRefused,
    FactType,
    Given,
    read_facts,
)
from knowledge.eligibility.verdicts import Person, Result, is_open, verdict
from knowledge.measures import Audience, Measure

_START = re.compile(
    "(?:请?(?:你)?(?:帮|给|替)(?:我|俺|咱)?(?:查查|查一?查|查一下|看看|看一下|算算|测测|测一下))"
    "|(?:(?:我|俺|咱|我们|你看我)?(?:到底)?(?:够不够|符不符合|符合不符合|够得上|满不满足|够)"
    "(?:这个|那个|申请|领取?|享受)?的?(?:条件|资格|标准)(?:吗|么|不)?)"
    "|(?:(?:我|俺|咱)?(?:有没有|有无)(?:这个|申请|领取?)?的?资格)|自测|资格自查|查(?:一查|查|一下)?(?:我的)?资格"
)
"""Words that ask for a check, whatever else a message says."""
_START_ALONE = re.compile(
    "(?:那)?(?:我|俺|咱|我们|像我这样的?)(?:这种情况)?(?:能不能|可不可以|可以|能|该)?"
    "(?:领|拿|申请|享受|办)(?:到|得到|取)?(?:吗|么|不|嘛)?"
)
"""Words that ask for one where they are the whole message."""
_BACK = re.compile("返回|上一[题步个]|后退|退回|回上一[题步]|改上一[题个]|back")
_STOP = re.compile("停|停止|退出|结束|不[查做测答玩](?:了|下去了?)?|算了|够了|stop|quit")
_GO_ON = re.compile("继续|接着(?:来|查|答|做)?|go on|下一[题步]")
_ANOTHER = re.compile("[?？吗呢]|什么|怎么|咋|多少|哪|为啥|谁|电话|[你您]")
"""What a message has that is a question of its own and no answer."""
_HARDLY_A_SUBJECT = 2
_SHORT = 4


def answer_to_question(turn: Turn) -> Answer | None:
    """Take the message as the answer to the question asked last, or as 返回, 停 or 继续."""
    check = turn.context.check
    if check is None:
        return None
    given = _given(turn, check)
    if given is None:
        return None
    text = normalise(turn.message).strip(" 。.!！")
    if _STOP.fullmatch(text):
        return _result(turn, check, given, stopped=True)
    if _GO_ON.fullmatch(text):
        return _question(turn, check)
    if _BACK.fullmatch(text):
        return _went_back(turn, check)
    fact = turn.library.facts[check.asked]
    read = read_answer(fact, turn.message, turn.today)
    if read is None:
        if _START.search(text) or (len(text) > _SHORT and _ANOTHER.search(text)) or turn.places:
            return None
        return _question(turn, check, turn.composer.say("check_not_read"))
    answers = (*check.answers, (fact.id, json.dumps(read.value)))
    return _next(turn, replace(check, answers=answers))


def start(turn: Turn) -> Answer | None:
    """Start where the message is hardly more than the wish for a check, for what is at hand."""
    text = turn.question.rest
    bare = content(_START.sub("", text))
    alone = _START_ALONE.fullmatch(text.strip(" ?？。!！"))
    if not alone and (not _START.search(text) or len(bare) > _HARDLY_A_SUBJECT):
        return None
    if measure := _at_hand(turn):
        return _started(turn, [measure], measure.region)
    region = turn.region
    if region is not None and turn.library.regions.get(region).own:
        return _started(turn, [], region)
    if alone:
        return None
    covered = turn.library.regions.covered
    inside = turn.scope(region) if region else frozenset(covered)
    return choosing.ask_place(turn, [r for r in covered if r in inside], text)


def start_for_subject(turn: Turn) -> Answer | None:
    """Start for the measure that a message names along with its wish for a check."""
    if not _START.search(turn.question.rest):
        return None
    best = replying.chosen(turn)
    if best is None or best.score < gates.UNDERSTOOD:
        return None
    return _started(turn, [best.measure], best.measure.region)


def with_reminder(turn: Turn, reply: Answer) -> Answer:
    """Keep a check that another question interrupted, and say that it can go on."""
    check = turn.context.check
    if check is None or reply.reason.startswith("check") or _given(turn, check) is None:
        return reply
    kept = replace(reply, context=replace(reply.context, check=check))
    if reply.kind is Kind.HANDOFF:
        return kept
    text = fitted([Part(reply.reply), Part(turn.composer.say("check_paused"), 1)])
    return replace(kept, reply=text)


# -- what is at hand --------------------------------------------------------------------------


def _at_hand(turn: Turn) -> Measure | None:
    """The measure the conversation is about, as far as the place named now has it."""
    if not turn.context.measures:
        return None
    measure = turn.library.measures.get(turn.context.measures[0])
    if measure is None or measure.audience is Audience.GOVERNMENT:
        return None
    if turn.region is not None and measure.region not in turn.scope(turn.region):
        return None
    return measure


def _started(turn: Turn, measures: Sequence[Measure], region: str) -> Answer | None:
    facts: list[tuple[str, str]] = [(WORK_REGION, json.dumps(region))]
    if measures and measures[0].audience is Audience.WORKER:
        # Whoever asks «can I get it» of what is for workers asks for themselves.
        facts.append((APPLICANT_ROLE, json.dumps([Audience.WORKER.value])))
    check = Check(region, tuple(m.id for m in measures), tuple(facts), "", len(facts))
    scope = _scope(turn, check)
    if not any(is_open(criteria, turn.today) for criteria in scope):
        if measures:
            return None  # the answer about the measure says that it is over
        return _all_over(turn, region)
    opening = (
        _opening(turn, measures[0])
        if measures
        else turn.composer.say("check_start_region", region=turn.composer.region_label(region))
    )
    return _next(turn, check, opening)


def _opening(turn: Turn, measure: Measure) -> str:
    conditions = "；".join(s.say.rstrip("。；") for s in measure.conditions)
    lines = [turn.composer.say("check_start", title=measure.title)]
    if conditions:
        lines.append(turn.composer.say("conditions", conditions=conditions))
    lines.append(turn.composer.say("source", source=turn.composer.cite(measure)))
    return "\n".join(lines)


def _all_over(turn: Turn, region: str) -> Answer:
    label = turn.composer.region_label(region)
    return Answer(
        kind=Kind.ANSWER,
        reply=turn.composer.say("check_all_over", region=label),
        reason="check-all-over",
        region=region,
        context=turn.kept_context(),
    )


# -- one step ---------------------------------------------------------------------------------


def _scope(turn: Turn, check: Check) -> list[Any]:
    rules = turn.library.rules
    if check.measures:
        return [rules.criteria[id] for id in check.measures if id in rules.criteria]
    return list(rules.of(check.region))


def _given(turn: Turn, check: Check) -> Given | None:
    """What has been answered so far; None where the knowledge has changed and it fits no more."""
    try:
        data = {fact: json.loads(value) for fact, value in check.answers}
        given = read_facts(data, turn.library.facts, turn.today)
    except FactsRefused:
        return None
    return given if check.asked in turn.library.facts or not check.asked else None


def _results(turn: Turn, check: Check, given: Given) -> list[Result]:
    person = Person(given.values, turn.today)
    return [verdict(criteria, person, turn.today) for criteria in _scope(turn, check)]


def _next(turn: Turn, check: Check, opening: str = "") -> Answer:
    given = _given(turn, check)
    assert given is not None, "only what was read is kept"
    results = _results(turn, check, given)
    fact = next_question(results, given, turn.library.rules)
    if fact is None:
        return _result(turn, check, given, opening=opening)
    return _question(turn, replace(check, asked=fact), opening, results)


def _went_back(turn: Turn, check: Check) -> Answer:
    if len(check.answers) <= check.fixed:
        return _question(turn, check, turn.composer.say("check_first"))
    last, _ = check.answers[-1]
    return _question(turn, replace(check, answers=check.answers[:-1], asked=last))


def _question(
    turn: Turn, check: Check, opening: str = "", results: Sequence[Result] | None = None
) -> Answer:
    say = turn.composer.say
    fact = turn.library.facts[check.asked]
    if results is None:
        given = _given(turn, check)
        results = _results(turn, check, given) if given else []
    number = len(check.answers) - check.fixed + 1
    labels = _labels(turn, fact)
    starts = turn.context.check is None
    if check.measures:
        left, name = len(_open_questions(results, check)), "check_question"
    else:
        left, name = rest(results), "check_question_of_many"
    lines = [
        opening,
        say("check_help") if starts else "",
        say(name, number=str(number), left=str(left), question=fact.question),
        *(say("choice", number=str(n), label=label) for n, label in labels),
        _hint(turn, fact),
    ]
    return Answer(
        kind=Kind.ANSWER if starts and check.measures else Kind.CLARIFY,
        reply=fitted([Part(line) for line in lines if line]),
        reason="check-question",
        region=check.region,
        measures=check.measures,
        sources=tuple(turn.composer.source(turn.library.measures[id]) for id in check.measures),
        choices=tuple(Choice(label, label, check.region) for _, label in labels),
        context=_context(turn, check),
    )


def _open_questions(results: Sequence[Result], check: Check) -> set[str]:
    answered = {fact for fact, _ in check.answers}
    return {fact for result in results for fact in result.missing} - answered


def _context(turn: Turn, check: Check | None) -> Context:
    return replace(turn.kept_context(), choices=(), check=check)


def _labels(turn: Turn, fact: Fact) -> list[tuple[int, str]]:
    say = turn.composer.say
    unsure = unsure_number(fact)
    if unsure is None:
        return []
    options = [option.label for option in fact.options]
    labels = options if options else [say("check_yes"), say("check_no")]
    return list(enumerate([*labels, say("check_unsure")], start=1))


def _hint(turn: Turn, fact: Fact) -> str:
    match fact.type:
        case FactType.MULTI_CHOICE:
            return turn.composer.say("check_several")
        case FactType.INTEGER:
            return turn.composer.say("check_number")
        case FactType.DATE:
            return turn.composer.say("check_day")
        case _:
            return ""


def _result(
    turn: Turn, check: Check, given: Given, *, stopped: bool = False, opening: str = ""
) -> Answer:
    """The verdict, with reasons and the way to apply; the answers are forgotten."""
    results = _results(turn, check, given)
    parts = [Part(opening)] if opening else []
    if stopped:
        parts.append(Part(turn.composer.say("check_stopped")))
    choices: tuple[Choice, ...] = ()
    if check.measures:
        parts += measure_result(turn, results[0])
        shown = check.measures
    else:
        listed, found = region_result(turn, results)
        parts += listed
        choices = tuple(Choice(m.title, m.question, check.region) for m in found)
        shown = tuple(m.id for m in found)
    context = replace(turn.kept_context(), check=None, choices=choices)
    if check.measures:
        context = replace(context, measures=shown)
    return Answer(
        kind=Kind.ANSWER,
        reply=fitted(parts),
        reason="check-result",
        region=check.region,
        measures=shown,
        sources=tuple(turn.composer.source(turn.library.measures[id]) for id in shown),
        choices=choices,
        context=context,
    )
