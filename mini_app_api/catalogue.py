"""GET /regions, /measures, /measures/{id}: what there is, with its source."""

from datetime import date
from typing import Any

from apiflask import APIBlueprint

from bot.composing import Composer
from knowledge.library import Library
from knowledge.measures import Audience, Grant, Measure
from knowledge.regions import Region
from mini_app_api.models import (
    AmountView,
    AnsweredView,
    ClauseView,
    DocumentView,
    GrantView,
    MeasureBrief,
    MeasuresAsked,
    MeasuresView,
    MeasureView,
    PhoneView,
    RegionsView,
    RegionView,
    ResponsibleView,
    StatementView,
    SuggestionsAsked,
    SuggestionsView,
    ValidityView,
)
from server.casework.applying import can_be_applied_for
from server.clock import china_day
from server.web.admitting import Who, admits
from server.web.problems.requests import UnknownCursor, UnknownMeasure
from server.web.resources import resources

blueprint = APIBlueprint("catalogue", __name__, url_prefix="/api/v1", tag="catalogue")

_SUGGESTED = 5


@blueprint.get("/regions")
@blueprint.output(RegionsView)
@blueprint.doc(summary="The tree of regions", operation_id="list_regions")
@admits(Who.EVERYBODY)
def get_regions() -> RegionsView:
    """All regions, each with those that lie in it."""
    library = resources().serving.current().library
    top = [region for region in library.regions if region.parent is None]
    return RegionsView(regions=[_region(library, region) for region in top])


@blueprint.get("/measures")
@blueprint.input(MeasuresAsked, location="query", arg_name="asked")
@blueprint.output(MeasuresView)
@blueprint.doc(summary="The measures that apply in a region", operation_id="list_measures")
@admits(Who.EVERYBODY)
def get_measures(asked: MeasuresAsked) -> MeasuresView:
    """Those of the region and of the regions it lies in, or all, in the order of the catalogue."""
    known = resources()
    served = known.serving.current()
    listed = list(served.library.measures.values())
    if asked.region is not None:
        within = served.library.regions.within(served.region(asked.region))
        listed = [measure for measure in listed if measure.region in within]
    start = 0
    if asked.cursor is not None:
        ids = [measure.id for measure in listed]
        if asked.cursor not in ids:
            raise UnknownCursor(asked.cursor)
        start = ids.index(asked.cursor) + 1
    page = listed[start : start + asked.limit]
    library, today = served.library, china_day(known.clock())
    return MeasuresView(
        measures=[MeasureBrief(**_brief(library, measure, today)) for measure in page],
        next=page[-1].id if start + asked.limit < len(listed) else None,
    )


@blueprint.get("/measures/<id>")
@blueprint.output(MeasureView)
@blueprint.doc(summary="One measure with its source", operation_id="get_measure")
@admits(Who.EVERYBODY)
def get_measure(id: str) -> MeasureView:
    """The measure, its clause word for word, its document and its time."""
    known = resources()
    library = known.serving.current().library
    try:
        measure = library.measures[id]
    except KeyError:
        raise UnknownMeasure(id) from None
    return _measure(library, measure, china_day(known.clock()))


@blueprint.get("/suggestions")
@blueprint.input(SuggestionsAsked, location="query", arg_name="asked")
@blueprint.output(SuggestionsView)
@blueprint.doc(summary="Questions to begin with in a region", operation_id="list_suggestions")
@admits(Who.EVERYBODY)
def get_suggestions(asked: SuggestionsAsked) -> SuggestionsView:
    """Questions that the documents of a region answer, what is still open first."""
    known = resources()
    served = known.serving.current()
    region = None if asked.region is None else served.region(asked.region)
    today = china_day(known.clock())
    return SuggestionsView(region=region, questions=suggested(served.library, region, today))


def suggested(library: Library, region: str | None, today: date) -> list[str]:
    """Questions to begin with: one a topic, of workers before children's, of the place itself."""
    within = library.regions.within(region) if region is not None else ()
    of_people = {Audience.WORKER: 0, Audience.CHILD: 1}
    listed = [
        m for m in library.measures.values() if m.region in within and m.audience in of_people
    ]
    listed.sort(key=lambda m: (not m.validity.open_on(today), of_people[m.audience]))
    questions: dict[str, str] = {}
    for measure in listed:
        questions.setdefault(measure.topics[0], measure.question)
    found = list(dict.fromkeys(questions.values()))[:_SUGGESTED]
    return found or list(library.sentences.examples)


def _region(library: Library, region: Region) -> RegionView:
    return RegionView(
        id=region.id,
        label=region.label,
        level=region.level,
        aliases=list(region.aliases),
        covered=region.own,
        children=[
            _region(library, library.regions.get(child))
            for child in library.regions.children(region.id)
        ],
    )


def _brief(library: Library, measure: Measure, today: date) -> dict[str, Any]:
    shared = ("id", "title", "region", "audience", "form", "summary")
    return {
        **{name: getattr(measure, name) for name in shared},
        "open": measure.validity.open_on(today),
        "can_apply": can_be_applied_for(library, measure, today),
    }


def _measure(library: Library, measure: Measure, today: date) -> MeasureView:
    document = library.documents[measure.document]
    entry = document.entry
    return MeasureView(
        **_brief(library, measure, today),
        document=DocumentView(
            id=entry.id,
            title=entry.title,
            number=entry.number_of(measure.locator),
            issuer=entry.issuer,
            dated=entry.dated,
            about_date=entry.about_date,
        ),
        clause=ClauseView(locator=measure.locator, text=document.source_text(measure.locator)),
        grants=[_grant(grant) for grant in measure.grants],
        conditions=[
            StatementView(say=c.say, quote=c.quote, locator=c.locator or measure.locator)
            for c in measure.conditions
        ],
        answers=[
            AnsweredView(
                aspect=aspect, say=s.say, quote=s.quote, locator=s.locator or measure.locator
            )
            for aspect, s in measure.answers.items()
        ],
        not_stated=list(measure.not_stated),
        responsible=ResponsibleView(
            lead=list(measure.responsible.lead),
            cooperating=list(measure.responsible.cooperating),
        ),
        phones=[PhoneView(number=p.number, of=p.of) for p in measure.phones],
        validity=ValidityView.model_validate(measure.validity.model_dump(by_alias=True)),
        standing=Composer(library).standing(measure, today),
        quotes=list(measure.quotes),
        question=measure.question,
    )


def _grant(grant: Grant) -> GrantView:
    given = grant.amount
    amount = given and AmountView(value=given.value, unit=given.unit, per=given.per, cap=given.cap)
    return GrantView(what=grant.what, amount=amount or None, quote=grant.quote)
