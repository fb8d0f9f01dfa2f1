"""GET /facts, POST /self-check: what can be asked, and what follows. Nothing of it is stored."""

from typing import Any

from apiflask import APIBlueprint

from knowledge.eligibility.facts import Fact
from mini_app_api.access import worker
from mini_app_api.models import (
    FactsAsked,
    FactsView,
    FactView,
    OptionView,
    SelfCheckAsked,
    SelfCheckView,
)
from server.chat.self_checks import checked, count_misses
from server.clock import china_day
from server.web.admitting import Who, admits
from server.web.callers import refuse_too_much_chat
from server.web.resources import resources

blueprint = APIBlueprint("self_check", __name__, url_prefix="/api/v1", tag="self-check")


@blueprint.get("/facts")
@blueprint.input(FactsAsked, location="query", arg_name="asked")
@blueprint.output(FactsView)
@blueprint.doc(summary="The facts a self-check can ask for", operation_id="list_facts")
@admits(Who.EVERYBODY)
def get_facts(asked: FactsAsked) -> FactsView:
    """Those that the measures of a region rest on, or all, in the order of the vocabulary."""
    served = resources().serving.current()
    rules = served.library.rules
    keys = list(rules.facts)
    if asked.region is not None:
        keys = list(rules.facts_of(rules.of(served.region(asked.region))))
    return FactsView(facts=[_fact(rules.facts[key]) for key in keys])


@blueprint.post("/self-check")
@blueprint.input(SelfCheckAsked, arg_name="asked")
@blueprint.output(SelfCheckView)
@blueprint.doc(summary="Check what somebody says against every measure", operation_id="self_check")
@admits(Who.EVERYBODY)
def post_self_check(asked: SelfCheckAsked) -> dict[str, Any]:
    """Say which measures of a region hold, fail or stay open, and what to ask next.

    It counts as a message: it adds to the tallies as well.
    """
    refuse_too_much_chat(worker())
    known = resources()
    served = known.serving.current()
    today = china_day(known.clock())
    found = checked(
        served.library,
        served.region(asked.region),
        asked.facts,
        as_of=asked.as_of or today,
        already=asked.already,
    )
    count_misses(known.database, served.library, found, today=today)
    return found.as_data(served.library)


def _fact(fact: Fact) -> FactView:
    shared = ("type", "group", "question", "unit", "least", "most", "may_be_none")
    options = [OptionView(value=option.value, label=option.label) for option in fact.options]
    told = {name: getattr(fact, name) for name in shared}
    return FactView(key=fact.id, label=fact.called, options=options, **told)
