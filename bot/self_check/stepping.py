"""One step of a self-check: what is known so far, the next question or the result."""

import json
from collections.abc import Sequence
from dataclasses import replace

from bot.answers import Answer, Check, Choice, Context, Kind
from bot.composing import Part, fitted
from bot.self_check.questions import question
from bot.self_check.results import measure_result, region_result
from bot.turn import Turn
from knowledge.eligibility.asking import next_question, rest
from knowledge.eligibility.criteria import Criteria
from knowledge.eligibility.facts import FactsRefused, Given, read_facts
from knowledge.eligibility.near_misses import near_misses
from knowledge.eligibility.verdicts import Person, Result, verdict
from knowledge.measures import Measure


def criteria_of(turn: Turn, check: Check) -> list[Criteria]:
    """The rules of what is checked: of one measure, or of all of the place."""
    rules = turn.library.rules
    if check.measures:
        return [rules.criteria[id] for id in check.measures if id in rules.criteria]
    return list(rules.of(check.region))


def fits(turn: Turn, check: Check) -> bool:
    """Tell whether a check can go on; where the knowledge has changed it may fit no more."""
    known = turn.library
    if check.asked not in known.facts or check.region not in known.regions:
        return False
    try:
        given(turn, check)
    except FactsRefused:
        return False
    return all(id in known.rules.criteria for id in check.measures)


def given(turn: Turn, check: Check) -> Given:
    """What has been answered so far; raises `FactsRefused`."""
    data = {fact: json.loads(value) for fact, value in check.answers}
    return read_facts(data, turn.library.facts, turn.today)


def results_of(turn: Turn, check: Check) -> list[Result]:
    """What the rules say of the answers so far."""
    person = Person(given(turn, check).values, turn.today)
    return [verdict(criteria, person, turn.today) for criteria in criteria_of(turn, check)]


def open_questions(results: Sequence[Result], check: Check) -> set[str]:
    """The facts that a check has still to ask for."""
    answered = {fact for fact, _ in check.answers}
    return {fact for result in results for fact in result.missing} - answered


def ask_next(turn: Turn, check: Check, *before: str) -> Answer:
    """Put the next question, or tell the result where none is left; `before` is said first."""
    fact = next_question(results_of(turn, check), given(turn, check), turn.library.rules)
    if fact is None:
        return conclude(turn, check, *before)
    return ask(turn, replace(check, asked=fact), *before)


def ask(turn: Turn, check: Check, *before: str) -> Answer:
    """Put the question that the check is at."""
    say, results = turn.composer.say, results_of(turn, check)
    fact = turn.library.facts[check.asked]
    number, asked = str(len(check.answers) - check.fixed + 1), fact.question
    if check.measures:
        left = str(len(open_questions(results, check)))
        line = say("check_question", number=number, left=left, question=asked)
    else:
        left = str(rest(results, given(turn, check)))
        line = say("check_question_of_many", number=number, left=left, question=asked)
    starts = turn.context.check is None
    if not starts and turn.chosen not in (None, turn.context.chosen, check.region):
        before = (say("check_still", region=turn.composer.region_label(check.region)), *before)
    measures = [turn.library.measures[id] for id in check.measures]
    # What is asked meanwhile, 去哪办, is asked of what is checked.
    kept = spoken_of(turn, measures[0]) if measures else turn.turned_context()
    return replace(
        question(turn, fact, line, before, measures if starts else ()),
        measures=check.measures,
        kind=Kind.ANSWER if starts and measures else Kind.CLARIFY,
        region=check.region,
        context=replace(kept, choices=(), check=check),
    )


def conclude(turn: Turn, check: Check, *before: str, stopped: bool = False) -> Answer:
    """The verdict, with reasons and the way to apply; the answers are forgotten."""
    if stopped and len(check.answers) <= check.fixed:
        return leave(turn, check)
    say, results = turn.composer.say, results_of(turn, check)
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
    context = replace(turn.turned_context(), check=None, choices=choices)
    if check.measures:
        context = spoken_of(turn, turn.library.measures[check.measures[0]])
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


def leave(turn: Turn, check: Check) -> Answer:
    """Stopped before anything was answered: there is nothing to tell."""
    return Answer(
        kind=Kind.CHAT,
        reply=turn.composer.say("check_left"),
        reason="check-left",
        region=check.region,
        context=replace(turn.turned_context(), check=None, choices=()),
    )


def spoken_of(turn: Turn, measure: Measure) -> Context:
    """The context in a check of a measure, and once it has ended: what is said is said of that."""
    return replace(
        turn.turned_context(),
        check=None,
        question=measure.question,
        measures=(measure.id,),
        choices=(),
    )
