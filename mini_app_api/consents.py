"""/consents: what a worker is asked to agree to, each by itself, and may take back."""

from apiflask import APIBlueprint
from flask import Response
from sqlmodel import Session

from mini_app_api.access import own_safe, signed_in
from mini_app_api.person_models import ConsentAsked, ConsentsView, ConsentView
from mini_app_api.writing import SIGNED_IN, once
from server.arrears import joining
from server.casework import materials, near_duplicates
from server.casework.uploading import Intake
from server.database.tables import Purpose
from server.pairing import keeping as pairings
from server.personal import consents, erasing
from server.personal.consents import Given
from server.web.admitting import Who, admits
from server.web.problems.requests import UnknownPurpose
from server.web.resources import resources

blueprint = APIBlueprint("consents", __name__, url_prefix="/api/v1", tag="consents")


@blueprint.get("/consents")
@blueprint.output(ConsentsView)
@blueprint.doc(
    summary="What you agreed to, and the texts", operation_id="list_consents", security=SIGNED_IN
)
@admits(Who.WORKER)
def get_consents() -> ConsentsView:
    """List every purpose with the text that is in force."""
    worker = signed_in()
    with resources().database.read() as session:
        found = consents.of_worker(session, worker)
    return ConsentsView(consents=[_view(given) for given in found])


@blueprint.put("/consents/<purpose>")
@blueprint.input(ConsentAsked, arg_name="asked")
@blueprint.output(ConsentView)
@blueprint.doc(summary="Agree to a text", operation_id="give_consent", security=SIGNED_IN)
@admits(Who.WORKER)
def put_consent(purpose: str, asked: ConsentAsked) -> Response:
    """Note that the worker agrees to the version that was shown."""
    wanted, known = _purpose(purpose), resources()
    safe, now = known.safe, known.clock()

    def give(session: Session, worker: int) -> ConsentView:
        return _view(
            consents.give(
                session, safe, worker_id=worker, purpose=wanted, version=asked.version, now=now
            )
        )

    return once(give)


@blueprint.delete("/consents/<purpose>")
@blueprint.output({}, status_code=204)
@blueprint.doc(
    summary="Take a consent back, with what was kept under it",
    operation_id="withdraw_consent",
    security=SIGNED_IN,
)
@admits(Who.WORKER)
def delete_consent(purpose: str) -> Response:
    """Withdraw; what was taken under the consent alone is deleted."""
    wanted, known = _purpose(purpose), resources()
    own, now = own_safe(signed_in()), known.clock()
    removed: list[str] = []

    def withdraw(session: Session, worker: int) -> None:
        erasing.withdraw(session, own, worker_id=worker, purpose=wanted, now=now)
        if wanted is Purpose.CHILDREN:
            pairings.end_for_children(session, own, worker_id=worker, now=now)
        if wanted is Purpose.MATERIALS:
            removed[:] = materials.remove_unused(
                session, own, worker, holders=[joining.let_go], now=now
            )
        near_duplicates.recompute(session, worker, now=now)

    done = once(withdraw)
    Intake(known.database, known.store, known.clock).forget(removed)
    return done


def _purpose(name: str) -> Purpose:
    try:
        return Purpose(name)
    except ValueError:
        raise UnknownPurpose from None


def _view(given: Given) -> ConsentView:
    text = given.text
    return ConsentView(
        purpose=text.purpose,
        title=text.title,
        version=text.version,
        text=text.text,
        given_at=given.since,
    )
