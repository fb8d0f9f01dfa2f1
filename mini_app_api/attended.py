"""GET /attended: what the worker's courses say of the facts that a check or a form asks for."""

from datetime import date

from apiflask import APIBlueprint

from knowledge.eligibility.criteria import Criteria
from knowledge.eligibility.verdicts import is_open
from knowledge.library import Library
from mini_app_api.access import own_safe, signed_in
from mini_app_api.models import AttendedAsked, AttendedFactView, AttendedView
from mini_app_api.telling import from_courses
from mini_app_api.writing import SIGNED_IN
from server.casework.applying import Vouched
from server.clock import china_day
from server.offers import training
from server.web.admitting import Who, admits
from server.web.resources import resources

blueprint = APIBlueprint("attended", __name__, url_prefix="/api/v1", tag="attended")


@blueprint.get("/attended")
@blueprint.input(AttendedAsked, location="query", arg_name="asked")
@blueprint.output(AttendedView)
@blueprint.doc(
    summary="What my courses say of the facts asked for",
    operation_id="list_attended",
    security=SIGNED_IN,
)
@admits(Who.WORKER)
def get_attended(asked: AttendedAsked) -> AttendedView:
    """What to offer as answers, with where it is from; for one measure, or all of a region.

    Raises `UnknownRegion`.
    """
    served = resources().serving.current()
    rules, today = served.library.rules, china_day(resources().clock())
    criteria = [
        each
        for each in rules.of(served.region(asked.region))
        if asked.measure in (None, each.measure.id) and is_open(each, today)
    ]
    return AttendedView(
        facts=[
            AttendedFactView(key=fact, value=known.value, said=from_courses(known.evidence))
            for fact, known in vouched(served.library, criteria, today).items()
        ]
    )


def vouched(library: Library, criteria: list[Criteria], today: date) -> dict[str, Vouched]:
    """What the courses of the worker who calls say for some measures, by fact."""
    asking = [each for each in criteria if training.asked(library, each)]
    if not asking:
        return {}
    worker = signed_in()
    own = own_safe(worker)
    with resources().database.read() as session:
        courses = training.attended(session, own, worker)
    return training.agreed(training.vouched(library, each, courses, today) for each in asking)


def vouched_for(library: Library, measure: str, today: date) -> dict[str, Vouched]:
    """The same for an application for one measure."""
    criteria = library.rules.criteria.get(measure)
    return {} if criteria is None else vouched(library, [criteria], today)
