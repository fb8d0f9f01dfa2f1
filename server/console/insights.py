"""How things go, in charts that print; what it shows is about nobody."""

from datetime import date, timedelta
from typing import Self

from flask import Blueprint, Response
from pydantic import model_validator

from bot.answers import Kind
from server import tallying
from server.casework import insight
from server.casework.insight import Scope, Span
from server.casework.officers import scope
from server.clock import china_day
from server.console import charts, forms, naming
from server.console.charts import Bar, Series
from server.console.entering import officer
from server.console.rendering import page
from server.console.reports import sees_elsewhere
from server.web.admitting import Who, admits
from server.web.resources import resources

_DAYS = 30
_MOST_DAYS = 366
_MOST = 15
_KINDS = {
    Kind.ANSWER.value: "答了",
    Kind.CLARIFY.value: "追问",
    Kind.DECLINE.value: "没答上来",
    Kind.HANDOFF.value: "转人工",
}

blueprint = Blueprint("insights", __name__, url_prefix="/insight")


class _Wanted(forms.Asked):
    first: date | None = None
    last: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first and self.last and not 0 <= (self.last - self.first).days < _MOST_DAYS:
            return self.model_copy(update={"first": None, "last": None})
        return self


@blueprint.get("/")
@admits(Who.OFFICER)
def get_insight() -> Response:
    """Questions, measures, self-checks and pace of some days."""
    known = resources()
    span = _span(forms.read_query(_Wanted), china_day(known.clock()))
    library = known.serving.current().library
    seen = Scope(scope(officer(), library.regions), sees_elsewhere(officer()))
    with known.database.read() as session:
        asked = insight.questions(session, library, span, seen)
        often = insight.often_asked(session, span, seen)
        misses = insight.misses(session, span, seen).most_common(_MOST)
        pace, paces = insight.pace(session, span, seen)
    measures = [
        (naming.measure_of(library, id), count) for id, count in asked.measures.most_common(_MOST)
    ]
    return page(
        "insight.html",
        title="运行情况",
        span=span,
        several=insight.SEVERAL,
        kinds=_KINDS,
        check=tallying.CHECK,
        asked=asked,
        cities=sorted(
            (naming.place_of(library, city), counted)
            for city, counted in asked.by_city.items()
            if any(counted[kind] for kind in _KINDS)
        ),
        often=often,
        measures=measures,
        misses=[
            (naming.measure_of(library, miss.measure), _label(miss.fact), miss.lacking, count)
            for miss, count in misses
        ],
        pace=pace,
        paces=sorted((naming.measure_of(library, id), each) for id, each in paces.items()),
        by_day=charts.stacked(
            "每天的问题",
            [f"{day.month}-{day.day}" for day in span.days],
            [
                Series(label, [asked.by_day[day][kind] for day in span.days])
                for kind, label in _KINDS.items()
            ],
        ),
        by_measure=charts.bars("用得最多的政策", [Bar(title, count) for title, count in measures]),
    )


def _label(fact: str) -> str:
    known = resources().serving.current().library.facts.get(fact)
    return fact if known is None else known.label


def _span(wanted: _Wanted, today: date) -> Span:
    last = wanted.last or today
    first = wanted.first or last - timedelta(days=_DAYS - 1)
    if not 0 <= (last - first).days < _MOST_DAYS:
        return Span(today - timedelta(days=_DAYS - 1), today)
    return Span(first, last)
