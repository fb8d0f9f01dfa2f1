"""Starting a self-check: for what is at hand, for what a message names, or for a place."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace

from bot import choosing, gates, replying
from bot.answers import Answer, Check, Kind
from bot.check_wishes import CHILD, GROWN_UP, SMALL, whether_one_gets, wish
from bot.composing import Part, fitted
from bot.self_check.questions import conditions, named
from bot.self_check.stepping import ask_next, criteria_of, spoken_of
from bot.turn import Turn
from bot.words import firms
from knowledge.eligibility.facts import APPLICANT_ROLE, WORK_REGION
from knowledge.eligibility.verdicts import is_open
from knowledge.measures import Audience, Measure


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
    if measure.audience not in _may_be_for(found.who):
        return None  # it is told for whom it is
    return _started(turn, [measure], measure.region, found.who, measure.summary)


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


def _may_be_for(who: str) -> tuple[Audience, ...]:
    """For whom a measure may be that somebody gets; a son or a daughter may be grown up."""
    if re.fullmatch(firms.NAMES, who):
        return (Audience.EMPLOYER,)
    if re.fullmatch(SMALL, who):
        return (Audience.CHILD,)
    return (Audience.WORKER,) if re.fullmatch(GROWN_UP, who) else (Audience.WORKER, Audience.CHILD)


def _started(
    turn: Turn, measures: Sequence[Measure], region: str, who: str, *before: str
) -> Answer | None:
    facts = [(WORK_REGION, json.dumps(region))]
    role = _role(measures[0].audience if measures else None, who)
    if role:
        facts.append((APPLICANT_ROLE, json.dumps([role.value])))
    check = Check(region, tuple(m.id for m in measures), tuple(facts), "", len(facts))
    if not any(is_open(criteria, turn.today) for criteria in criteria_of(turn, check)):
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
    return ask_next(turn, check, *lines)


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
        context=spoken_of(turn, measure),
    )


def _nothing_open(turn: Turn, region: str) -> Answer:
    label = turn.composer.region_label(region)
    return Answer(
        kind=Kind.ANSWER,
        reply=turn.composer.say("check_nothing_open", region=label),
        reason="check-nothing-open",
        region=region,
        context=replace(turn.turned_context(), check=None),
    )
