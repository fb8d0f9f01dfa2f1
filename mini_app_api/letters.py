"""/letters: what a campaign says, by its link; that somebody came is counted, not who."""

from datetime import datetime

from apiflask import APIBlueprint

from mini_app_api.access import signed_in
from mini_app_api.models import View
from mini_app_api.writing import SIGNED_IN
from server.outreach import links
from server.outreach.tables import Campaign, Visit
from server.web.admitting import Who, admits
from server.web.resources import resources

blueprint = APIBlueprint("letters", __name__, url_prefix="/api/v1", tag="letters")


class LetterView(View):
    """A message of a campaign; `measure`: what it is about, and can be checked and applied for."""

    id: str
    title: str
    words: str
    sender: str
    region: str
    measure: str | None
    at: datetime


class LettersView(View):
    """The newest first."""

    letters: list[LetterView]


@blueprint.get("/letters")
@blueprint.output(LettersView)
@blueprint.doc(summary="What campaigns told me", operation_id="list_letters", security=SIGNED_IN)
@admits(Who.WORKER)
def get_letters() -> LettersView:
    """List the messages of campaigns that went out to the worker."""
    known, mine = resources(), signed_in()
    with known.database.read() as session:
        found = links.of_worker(session, mine)
        return LettersView(
            letters=[
                _view(campaign, links.token_of(known.safe, campaign.id, letter.id))
                for letter, campaign in found
            ]
        )


@blueprint.get("/letters/<id>")
@blueprint.output(LetterView)
@blueprint.doc(summary="One message, by its link", operation_id="get_letter")
@admits(Who.EVERYBODY)
def get_letter(id: str) -> LetterView:
    """Read a message; that it was opened is counted once. Raises `LetterUnknown`."""
    return _view(_counted(id, Visit.OPENED), id)


@blueprint.post("/letters/<id>/check")
@blueprint.output({}, status_code=204)
@blueprint.doc(summary="A self-check begins by a link", operation_id="count_letter_check")
@admits(Who.EVERYBODY)
def post_check(id: str) -> str:
    """Count that somebody goes on to the self-check; what they say there is stored nowhere."""
    _counted(id, Visit.CHECKED)
    return ""


def _counted(token: str, what: Visit) -> Campaign:
    known = resources()
    with known.database.read() as session:
        campaign, reader = links.campaign_of(session, known.safe, token)
        is_new = links.is_new(session, campaign, reader, what)
    if is_new:
        with known.database.begin() as session:
            links.count(session, campaign, reader, what, now=known.clock())
    return campaign


def _view(campaign: Campaign, token: str) -> LetterView:
    at = campaign.confirmed_at
    assert at is not None
    told = ("title", "words", "sender", "region", "measure")
    return LetterView(id=token, at=at, **{name: getattr(campaign, name) for name in told})
