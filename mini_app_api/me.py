"""/me: what is held about the worker who signed in: to see, correct, take along and delete."""

from typing import Literal

from apiflask import APIBlueprint
from flask import Response, jsonify
from sqlmodel import Session

from mini_app_api.access import own_safe, signed_in
from mini_app_api.models import Request
from mini_app_api.person_models import (
    ChildAsked,
    ChildChangeAsked,
    ChildrenView,
    ChildView,
    ErasedView,
    MeView,
    ProfileAsked,
    ProfileView,
    StayView,
)
from mini_app_api.writing import SIGNED_IN, once
from server import leaving, uniting
from server.arrears import joining
from server.casework import near_duplicates
from server.casework.cases import under_way
from server.confidential.masking import mask_identity_number, mask_name, mask_phone
from server.confidential.sealing import Safe
from server.database.tables import Lifetime
from server.pairing import keeping as pairings
from server.personal import children, erasing, exporting, people, profiles
from server.personal.persons import Minor, Person
from server.personal.profiles import NEEDED, Held
from server.records.audit import Actor
from server.web.admitting import Who, admits
from server.web.callers import refuse_too_many
from server.web.problems.requests import FieldsRefused
from server.web.rate_limits import Limit
from server.web.resources import post, resources

blueprint = APIBlueprint("me", __name__, url_prefix="/api/v1", tag="me")


class ExportAsked(Request):
    """As data, or as a page to read."""

    format: Literal["json", "html"] = "json"


@blueprint.get("/me")
@blueprint.output(MeView)
@blueprint.doc(summary="Who signed in, masked", operation_id="get_me", security=SIGNED_IN)
@admits(Who.WORKER)
def get_me() -> MeView:
    """Show the profile; looking at it is noted, too."""
    worker = signed_in()
    known = resources()
    own = own_safe(worker)
    by, now = Actor.worker(worker), known.clock()
    with known.database.begin() as session:
        held = profiles.read(session, own, worker_id=worker, by=by, now=now)
        return _me(session, worker, held)


@blueprint.put("/me")
@blueprint.input(ProfileAsked, arg_name="asked")
@blueprint.output(MeView)
@blueprint.doc(summary="Say who you are, or correct it", operation_id="save_me", security=SIGNED_IN)
@admits(Who.WORKER)
def put_me(asked: ProfileAsked) -> Response:
    """Keep what is given, sealed; what is left out stays."""
    worker = signed_in()
    known = resources()
    own = own_safe(worker)
    now = known.clock()

    def save(session: Session, worker: int) -> MeView:
        held = profiles.save(
            session,
            own,
            worker_id=worker,
            person=_changed(profiles.find(session, own, worker), asked),
            version=asked.version,
            by=Actor.worker(worker),
            now=now,
        )
        uniting.claim(session, known.safe, worker_id=worker, making_post=post, now=now)
        near_duplicates.recompute(session, worker, now=now)
        return _me(session, worker, held)

    return once(save)


@blueprint.delete("/me")
@blueprint.output(ErasedView)
@blueprint.doc(
    summary="Delete everything but what the law makes stay",
    operation_id="erase_me",
    security=SIGNED_IN,
)
@admits(Who.WORKER)
def delete_me() -> Response:
    """Erase the worker, in backups too; the reply says what stays and why."""
    known = resources()
    key_ids: list[str] = []
    # What was said a moment ago is on its way to the database, and would come after.
    known.conversations.flush()

    def erase(session: Session, worker: int) -> ErasedView:
        key_ids[:] = leaving.leave(
            session,
            known.safe,
            worker_id=worker,
            by=Actor.worker(worker),
            making_post=post,
            blockers=[under_way, joining.under_way],
            now=known.clock(),
        )
        stays = erasing.stays(session, worker)
        return ErasedView(stays=[StayView(what=what, why=why) for what, why in stays])

    reply = once(erase)
    known.subject_keys.destroy(key_ids)
    return reply


@blueprint.get("/me/export")
@blueprint.input(ExportAsked, location="query", arg_name="asked")
@blueprint.doc(
    summary="Everything that is held about you, in full",
    operation_id="export_me",
    security=SIGNED_IN,
    responses={200: "Everything"},
)
@admits(Who.WORKER)
def get_export(asked: ExportAsked) -> Response:
    """Collect everything, as JSON or as a page."""
    worker = signed_in()
    refuse_too_many(Limit.SIGN_IN, worker)
    known = resources()
    own = own_safe(worker)
    accounts = known.subject_keys.safes_of([worker], Lifetime.ACCOUNTS).get(worker)
    with known.database.begin() as session:
        collected = exporting.collect(
            session, known.safe, own, accounts, worker_id=worker, now=known.clock()
        )
    if asked.format == "json":
        response = jsonify(collected)
    else:
        library = known.serving.current().library
        response = Response(exporting.page(collected, library), mimetype="text/html")
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
        )
    response.headers["Content-Disposition"] = f"attachment; filename=nuangang.{asked.format}"
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/me/children")
@blueprint.output(ChildrenView)
@blueprint.doc(summary="Your children, masked", operation_id="list_children", security=SIGNED_IN)
@admits(Who.WORKER)
def get_children() -> ChildrenView:
    """List the children under 14."""
    worker = signed_in()
    known = resources()
    own = own_safe(worker)
    with known.database.begin() as session:
        found = children.read(session, own, worker_id=worker, now=known.clock())
    return ChildrenView(children=[_child(child) for child in found])


@blueprint.post("/me/children")
@blueprint.input(ChildAsked, arg_name="asked")
@blueprint.output(ChildView, status_code=201)
@blueprint.doc(summary="Add a child under 14", operation_id="add_child", security=SIGNED_IN)
@admits(Who.WORKER)
def post_child(asked: ChildAsked) -> Response:
    """Keep a child's data; its guardian has to agree first."""
    own, now = _own(), resources().clock()

    def add(session: Session, worker: int) -> ChildView:
        return _child(children.add(session, own, worker_id=worker, minor=_minor(asked), now=now))

    return once(add, status=201)


@blueprint.put("/me/children/<child_id>")
@blueprint.input(ChildChangeAsked, arg_name="asked")
@blueprint.output(ChildView)
@blueprint.doc(summary="Correct a child's data", operation_id="save_child", security=SIGNED_IN)
@admits(Who.WORKER)
def put_child(child_id: str, asked: ChildChangeAsked) -> Response:
    """Put what is right in the place of what stands there."""
    own, now = _own(), resources().clock()

    def change(session: Session, worker: int) -> ChildView:
        held = children.change(
            session,
            own,
            worker_id=worker,
            child_id=child_id,
            minor=_minor(asked),
            version=asked.version,
            now=now,
        )
        return _child(held)

    return once(change)


@blueprint.delete("/me/children/<child_id>")
@blueprint.output({}, status_code=204)
@blueprint.doc(summary="Delete a child's data", operation_id="delete_child", security=SIGNED_IN)
@admits(Who.WORKER)
def delete_child(child_id: str) -> Response:
    """Delete what is held about a child."""
    own, now = _own(), resources().clock()

    def remove(session: Session, worker: int) -> None:
        pairings.end_for_children(session, own, worker_id=worker, child_id=child_id, now=now)
        children.remove(session, own, worker_id=worker, child_id=child_id, now=now)

    return once(remove)


def _own() -> Safe:
    return own_safe(signed_in())


def _changed(held: Held | None, asked: ProfileAsked) -> Person:
    """The person with what is given put in; raises `FieldsRefused` for what may not be missing."""
    before = {} if held is None else held.person.model_dump()
    given = {name: getattr(asked, name) for name in asked.model_fields_set - {"version"}}
    values = {**before, **given}
    missing = [(name, "missing") for name in NEEDED if values.get(name) is None]
    if missing:
        raise FieldsRefused(missing)
    # Each was read by its own type; what stands there was right when it was taken.
    return Person.model_construct(**values)


def _me(session: Session, worker: int, held: Held | None) -> MeView:
    verified = people.phone_of(session, resources().safe, worker)
    profile = None
    if held is not None:
        profile = ProfileView.model_validate(
            {
                **profiles.masked(held.person),
                "phone_verified": held.person.phone == verified,
                "version": held.version,
                "changed_at": held.changed_at,
            }
        )
    return MeView(
        profile=profile, verified_phone=None if verified is None else mask_phone(verified)
    )


def _minor(asked: Minor) -> Minor:
    return Minor.model_construct(**asked.model_dump(exclude={"version"}))


def _child(held: children.Held) -> ChildView:
    number = held.minor.identity_number
    return ChildView(
        id=held.id,
        name=mask_name(held.minor.name),
        born_on=held.minor.born_on,
        identity_number=None if number is None else mask_identity_number(number),
        version=held.version,
        changed_at=held.changed_at,
    )
