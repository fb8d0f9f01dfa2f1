"""How a self-check asks: the question with its numbered answers, and what can be replied."""

from collections.abc import Sequence

from bot.answers import Answer, Choice, Input, Kind
from bot.composing import Part, fitted
from bot.self_check.fact_answers import Unread, choices_of
from bot.turn import Turn
from knowledge.eligibility.facts import Fact, FactType
from knowledge.measures import Measure

_INPUTS = {
    FactType.BOOLEAN: Input.ONE,
    FactType.CHOICE: Input.ONE,
    FactType.MULTI_CHOICE: Input.SEVERAL,
    FactType.INTEGER: Input.NUMBER,
    FactType.DATE: Input.DAY,
}


def question(
    turn: Turn, fact: Fact, line: str, before: Sequence[str], sources: Sequence[Measure]
) -> Answer:
    """Ask for a fact: `before` goes ahead of `line`, which holds the question itself."""
    say = turn.composer.say
    labels = _labels(turn, fact)
    numbered = [say("choice", number=str(n), label=label) for n, label in enumerate(labels, 1)]
    lines = [*before, line, *numbered, _hint(turn, fact)]
    ways = [say("check_none_of_these")] if fact.may_be_none else []
    ways += [] if labels else [say("check_unsure")]
    ways += [say("check_back"), say("check_stop")]
    return Answer(
        kind=Kind.CLARIFY,
        reply=fitted([Part(line) for line in lines if line]),
        reason="check-question",
        sources=tuple(turn.composer.source(measure) for measure in sources),
        choices=tuple(Choice(label, label, None) for label in labels),
        suggestions=tuple(ways),
        input=_INPUTS[fact.type],
    )


def named(measure: Measure) -> str:
    """The title as it stands within quotation marks."""
    return measure.title.replace("“", "‘").replace("”", "’")


def conditions(turn: Turn, measure: Measure) -> list[str]:
    """What a measure is checked by, which is how its clause is read, and where that stands."""
    said = "；".join(s.say.rstrip("。；") for s in measure.conditions)
    source = turn.composer.say("source", source=turn.composer.cite(measure))
    return [turn.composer.say("check_goes_by", conditions=said), source] if said else [source]


def asked_again(turn: Turn, fact: Fact, why: Unread) -> str:
    """Say why a reply is asked for again."""
    say = turn.composer.say
    match why:
        case Unread.NO_SUCH_NUMBER:
            return say("check_number_range", last=str(choices_of(fact)))
        case Unread.NOT_POSSIBLE:
            return say("check_not_possible")
        case Unread.YEAR_MISSING:
            return say("check_year_missing")
        case Unread.NOT_YET:
            return say("check_not_yet")
        case Unread.NOT_UNDERSTOOD:
            return say("check_not_read")


def _labels(turn: Turn, fact: Fact) -> list[str]:
    say = turn.composer.say
    if not choices_of(fact):
        return []
    options = [option.label for option in fact.options]
    return [*(options or [say("check_yes"), say("check_no")]), say("check_unsure")]


def _hint(turn: Turn, fact: Fact) -> str:
    say = turn.composer.say
    match fact.type:
        case FactType.MULTI_CHOICE:
            return say("check_several_or_none") if fact.may_be_none else say("check_several")
        case FactType.INTEGER:
            return say("check_month") if fact.unit == "month_of_year" else say("check_number")
        case FactType.DATE:
            return say("check_day")
        case _:
            return ""
