"""A clause asked for by its number: 石狮第七条讲什么, 那第三条呢."""

import re
from dataclasses import replace
from unicodedata import normalize

from bot import choosing, left_open, replying
from bot.about_documents import (
    is_own,
    left_beside_the_document,
    one_of_each,
    which_place,
)
from bot.answers import Answer, Context, Kind, Source
from bot.composing import Part, fitted
from bot.document_names import CLAUSE, document_names
from bot.turn import Turn
from knowledge.clauses import numbers
from knowledge.documents import Document
from knowledge.figures import spelled_value
from knowledge.library import Library
from knowledge.measures import Measure

_CIRCLED = re.compile("(?<![第一二三四五六七八九十])([一二三四五六七八九十]{0,3})([①-⑳])")
"""A part as sources cite it: 四③, or ③ of the clause that was told last."""
_POINTS = re.compile(r"\s*(?:①[^①-⑳]{3,}②|1[.、．)）].{3,}?(?<!\d)2[.、．)）]\D)")
"""What begins so has points of its own, and cites none."""
_POINT = re.compile(r"[①-⑳]|(?<![\d.])\d[.、．)）](?!\d)")
_GRANT = re.compile("补[贴助]|待遇|好处|福利|奖励|帮助")
"""Whatever stands in the clause: no subject of its own."""
_HARDLY_MORE = 1
"""Characters of content that may be left over: more is a subject of its own."""
_ANOTHER_IS_MEANT = 2.0
"""So far behind the best of the place, what stands under the number is not what is asked for."""
_QUOTED = 300


def spelled_out(message: str, library: Library, context: Context) -> str:
    """Write 四③ as 第四条第3项, and part points; where texts are compared the signs are lost."""
    if _POINTS.match(message):
        return _POINT.sub("。", message)
    last = library.measures.get(next(iter(context.measures), ""))
    told = _CIRCLED.fullmatch(last.locator) if last else None
    outer = told[1] if told else ""

    def written(found: re.Match[str]) -> str:
        clause = found[1] or outer
        return f"第{clause}条第{normalize('NFKC', found[2])}项" if clause else found[0]

    return _CIRCLED.sub(written, message)


def clause_asked_for(turn: Turn) -> Answer | None:
    """Tell what stands under a number: one measure, several to choose from, or no help at all.

    Who names a subject as well is answered by that, within the clause.
    """
    text = document_names(turn.library).pattern.sub("", turn.question.rest)
    asked = tuple(int(spelled_value(number)) for number in CLAUSE.findall(text))
    if not asked or turn.elsewhere or len(turn.places) > 1:
        return None
    wanted = CLAUSE.sub("", text)
    has_subject = len(left_beside_the_document(turn, _GRANT.sub("", wanted))) > _HARDLY_MORE
    if not is_own(turn):
        return None if has_subject else which_place(turn)
    assert turn.region is not None
    measures = [m for m in turn.measures_in(turn.region) if _is_cited(m.locator, asked)]
    if has_subject:
        measures = _meant(turn, measures)
    elif not measures:
        return _without_measures(turn, asked)
    elif len(measures) > 1:
        return choosing.listed(turn, measures)
    if not measures:
        return None
    about = _about(turn, measures[0], wanted)
    return left_open.aspect_not_stated(about) or replying.from_the_documents(about)


def _meant(turn: Turn, measures: list[Measure]) -> list[Measure]:
    """The one of the clause that the rest of the question is about, if it is about any."""
    ids = {measure.id for measure in measures}
    best = next((c for c in turn.local if c.measure.id in ids), None)
    if best is None or best.score < turn.local[0].score - _ANOTHER_IS_MEANT:
        return []
    return [best.measure]


def _is_cited(locator: str, asked: tuple[int, ...]) -> bool:
    """Tell whether a clause is cited so: from outside in, or by a number that runs through all."""
    path = numbers(locator)
    runs_through = len(path) > len(asked) == 1 and locator[-1].isdecimal()
    return path[: len(asked)] == asked or (runs_through and path[-1] == asked[0])


def _about(turn: Turn, measure: Measure, wanted: str) -> Turn:
    """The turn it would be if the clause's measure were asked about by its name."""
    aspects = turn.library.aspects.read(wanted).aspects
    message = f"{measure.title}{wanted}" if aspects else measure.question
    place = turn.last_place()
    here = Context(region=place, chosen=turn.chosen)
    return replace(turn, message=message, context=here, chosen=measure.region, picked=True)


def _without_measures(turn: Turn, asked: tuple[int, ...]) -> Answer:
    """Show a clause that grants nothing, or say that there is none of this number.

    Where nothing is numbered, all that there is is listed.
    """
    known = turn.measures_in(turn.region or "")
    if not any(numbers(measure.locator) for measure in known):
        return choosing.everything(turn)
    for measure in one_of_each(turn):
        document = turn.library.documents[measure.document]
        inside = {m.locator.partition("·")[0] for m in known if "·" in m.locator}
        for locator in document.clauses:
            is_here = not inside or locator.partition("·")[0] in inside
            if is_here and numbers(locator) == asked:
                return _shown(turn, document, locator, measure)
    label = turn.composer.region_label(turn.region or "")
    return Answer(
        kind=Kind.DECLINE,
        reply=turn.composer.say("no_such_clause", region=label),
        reason="no-such-clause",
        region=turn.region,
        context=turn.turned_context(),
    )


def _shown(turn: Turn, document: Document, locator: str, of_it: Measure) -> Answer:
    """Show a clause as it stands; `of_it` is a measure that runs as long as its document."""
    entry = document.entry
    text = document.clause(locator).text
    quote = text if len(text) <= _QUOTED else text[:_QUOTED] + "……"
    parts = [
        Part(turn.composer.say("clause_without_help")),
        Part(turn.composer.outside_its_days(of_it, turn.today)),
        Part(turn.composer.say("quote", quote=quote)),
        Part(turn.composer.standing(of_it, turn.today)),
        Part(turn.composer.say("source", source=turn.composer.document(of_it) + locator)),
    ]
    source = Source(entry.title, locator, entry.number_of(locator), entry.dated)
    return Answer(
        kind=Kind.ANSWER,
        reply=fitted(parts),
        reason="clause-without-help",
        region=turn.region,
        sources=(source,),
        context=turn.turned_context(),
    )
