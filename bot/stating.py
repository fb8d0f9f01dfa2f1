"""What a clause states of the aspects that were asked, and which of them it leaves open."""

import re

from knowledge.aspects import Asked
from knowledge.entries import Statement
from knowledge.figures import Figure, figures
from knowledge.measures import Aspect, Measure, Uptake

_ALSO_IN = {Aspect.LENGTH: Aspect.DURATION, Aspect.COUNT: Aspect.CONTENTS}
"""Where it may be said, too: how long a course is stands in how long it lasts."""
_OF_APPLYING = frozenset({Aspect.MATERIALS, Aspect.ONLINE})
"""What whoever gets it without applying needs not know: that they need not apply answers it."""
_SPANS = frozenset({"个月", "天", "小时", "学时", "平方米", "%", "次"})
_KINDS = {"个月": "time", "年": "time", "小时": "hours", "学时": "hours", "平方米": "floor"}
_A_CALENDAR_YEAR = 100
_UNWRITTEN = re.compile("[^,，。;；:：]*没有?写[^,，。;；:：]*")


def statement(measure: Measure, aspect: Aspect) -> Statement | None:
    """The sentence of the clause on an aspect."""
    if found := measure.answers.get(aspect):
        return found
    if aspect in _OF_APPLYING and measure.uptake is Uptake.AUTOMATIC:
        return measure.answers.get(Aspect.HOW)
    found = measure.answers.get(_ALSO_IN[aspect]) if aspect in _ALSO_IN else None
    return found if aspect is not Aspect.COUNT or (found and figures(found.say)) else None


def states(measure: Measure, aspect: Aspect) -> bool:
    """Tell whether the clause answers what an aspect usually asks."""
    if aspect is Aspect.WHO:
        return False  # nearly every question names somebody; it says nothing of the detail
    if aspect is Aspect.CONDITION:
        # How long, how much is needed: a condition without a span of time doesn't say.
        texts = [c.say for c in measure.conditions]
        texts += [measure.answers[aspect].say] if aspect in measure.answers else []
        return any(_is_span(figure) for text in texts for figure in figures(text))
    if found := statement(measure, aspect):
        return not found.partly
    return aspect in measure.stated_aspects()


def left_open(measure: Measure, asked: Asked) -> list[str]:
    """Name the aspects asked for of which the clause has no sentence at all."""
    sums = Aspect.FIGURES in asked.aspects and states(measure, Aspect.FIGURES)
    return [
        aspect.value
        for aspect in asked.aspects
        if aspect in asked.named
        and not states(measure, aspect)
        and not statement(measure, aspect)
        and not (sums and aspect is Aspect.AMOUNT)  # 发给多少人，金额是多少: the sum of all
    ]


def written(measure: Measure) -> str:
    """What the clause writes, in its words and in ours, without what is said not to be written."""
    ours = (
        measure.title,
        measure.question,
        measure.summary,
        *(said.say for said in measure.answers.values()),
    )
    return "".join((*measure.quotes, *(_UNWRITTEN.sub("", said) for said in ours)))


def spans(text: str) -> set[str]:
    """The kinds of spans of which a text gives figures: of time, of hours taught, of floor."""
    return {_KINDS[f.unit] for f in figures(text) if f.unit in _KINDS and _is_span(f)}


def _is_span(figure: Figure) -> bool:
    return figure.unit in _SPANS or (figure.unit == "年" and figure.value < _A_CALENDAR_YEAR)
