"""/uploads, /materials: photos and documents, uploaded in pieces, used in one case and the next."""

from collections.abc import Mapping
from typing import Any

from apiflask import APIBlueprint
from flask import Response, request
from sqlmodel import Session
from werkzeug.exceptions import LengthRequired, UnsupportedMediaType

from knowledge.materials import MaterialKind
from mini_app_api.access import own_safe, signed_in
from mini_app_api.drafts import measure_of
from mini_app_api.material_models import (
    CaseNeedsView,
    CaseNeedView,
    MaterialsView,
    MaterialView,
    NeedsView,
    NeedView,
    PieceAsked,
    ReuseAsked,
    UploadAsked,
    UploadView,
)
from mini_app_api.writing import SIGNED_IN, once
from server.arrears import joining
from server.casework import cases, materials, uploading
from server.casework.materials import MaterialKindUnknown, Needed
from server.casework.recoding import Refusal
from server.casework.tables import Case, Material, Upload, UploadState
from server.casework.uploading import LARGEST_PIECE, Announced, Intake
from server.records.audit import Actor
from server.web.admitting import Who, admits
from server.web.browsers import handed_in
from server.web.callers import refuse_too_many
from server.web.rate_limits import Limit
from server.web.resources import resources

blueprint = APIBlueprint("materials", __name__, url_prefix="/api/v1", tag="materials")

PIECE_TYPE = "application/octet-stream"
_STATED = "文件里写了要这一样。"
_USUAL = "文件没写要不要这一样，窗口一般会要，以窗口说的为准。"


@blueprint.get("/measures/<id>/materials")
@blueprint.output(NeedsView)
@blueprint.doc(summary="What a measure takes", operation_id="list_needed_materials")
@admits(Who.EVERYBODY)
def get_needed(id: str) -> NeedsView:
    """The materials that the clause states, and those that offices usually ask for."""
    library = resources().serving.current().library
    listed = library.checklists.get(measure_of(id).id)
    needs = materials.usually_needed(library.materials, listed)
    return NeedsView(materials=[NeedView(**_need(need)) for need in needs])


@blueprint.post("/uploads")
@blueprint.input(UploadAsked, arg_name="asked")
@blueprint.output(UploadView, status_code=201)
@blueprint.doc(summary="Begin an upload", operation_id="begin_upload", security=SIGNED_IN)
@admits(Who.WORKER)
def post_upload(asked: UploadAsked) -> Response:
    """Announce a file; it is then sent piece by piece."""
    worker, kinds = signed_in(), _kinds()
    # To look at one takes seconds, and its row goes with the material, or with the consent.
    refuse_too_many(Limit.UPLOAD, worker)
    now, own = resources().clock(), own_safe(worker)
    announced = Announced(asked.kind, asked.size, asked.sha256, asked.application)

    def begin(session: Session, worker: int) -> UploadView:
        upload = uploading.begin(session, own, kinds, announced, worker_id=worker, now=now)
        return _upload(upload, None)

    return once(begin, status=201)


@blueprint.get("/uploads/<id>")
@blueprint.output(UploadView)
@blueprint.doc(summary="How far an upload is", operation_id="get_upload", security=SIGNED_IN)
@admits(Who.WORKER)
def get_upload(id: str) -> UploadView:
    """Say how much is there, after a break."""
    worker = signed_in()
    with resources().database.read() as session:
        upload = uploading.of_worker(session, id, worker)
        kept = upload.state == UploadState.KEPT
        return _upload(upload, materials.mine(session, id, worker) if kept else None)


@blueprint.put("/uploads/<id>")
@blueprint.input(PieceAsked, location="query", arg_name="asked")
@blueprint.output(UploadView)
@blueprint.doc(summary="Send a piece", operation_id="send_piece", security=SIGNED_IN)
@admits(Who.WORKER)
def put_piece(id: str, asked: PieceAsked) -> UploadView:
    """Take a piece; the same again changes nothing, and the last one makes it a material."""
    worker, known = signed_in(), resources()
    upload, material = Intake(known.database, known.store, known.clock).take(
        own_safe(worker),
        _kinds(),
        worker_id=worker,
        upload_id=id,
        offset=asked.offset,
        piece=_piece(),
    )
    return _upload(upload, material)


@blueprint.get("/materials")
@blueprint.output(MaterialsView)
@blueprint.doc(summary="My materials", operation_id="list_materials", security=SIGNED_IN)
@admits(Who.WORKER)
def get_materials() -> MaterialsView:
    """What the worker has handed in, for this case or the next."""
    worker = signed_in()
    with resources().database.read() as session:
        mine = materials.of_worker(session, worker)
    return MaterialsView(materials=[_material(material) for material in mine])


@blueprint.get("/materials/<id>")
@blueprint.doc(summary="What a material shows", operation_id="get_material", security=SIGNED_IN)
@admits(Who.WORKER)
def get_material(id: str) -> Response:
    """The photo or document, for its worker only; looking at it is noted."""
    worker, known = signed_in(), resources()
    own = own_safe(worker)
    with known.database.read() as session:
        material = materials.mine(session, id, worker)
    content = materials.content(known.store, own, material.id)
    by, now = Actor.worker(worker), known.clock()
    known.database.together(lambda session: materials.read(session, own, material, by=by, now=now))
    name = f"{material.kind}-{material.id[:8]}"
    return handed_in(content, material.media_type, name, shown=False)


@blueprint.delete("/materials/<id>")
@blueprint.output({}, status_code=204)
@blueprint.doc(summary="Delete a material", operation_id="delete_material", security=SIGNED_IN)
@admits(Who.WORKER)
def delete_material(id: str) -> Response:
    """Delete what no submitted case has."""
    worker, known = signed_in(), resources()
    own, now = own_safe(worker), known.clock()

    def remove(session: Session, worker: int) -> None:
        material = materials.mine(session, id, worker)
        by = Actor.worker(worker)
        materials.remove(session, own, material, by=by, holders=[joining.let_go], now=now)

    done = once(remove)
    _intake().forget([materials.object_name(id)])
    return done


@blueprint.get("/applications/<id>/materials")
@blueprint.output(CaseNeedsView)
@blueprint.doc(
    summary="What a case or draft takes, and has",
    operation_id="list_case_materials",
    security=SIGNED_IN,
)
@admits(Who.WORKER)
def get_case_materials(id: str) -> CaseNeedsView:
    """The list of materials with what is there; raises `CaseUnknown`."""
    worker = signed_in()
    with resources().database.read() as session:
        return _case_needs(session, cases.of_worker(session, id, worker))


@blueprint.post("/applications/<id>/materials")
@blueprint.input(ReuseAsked, arg_name="asked")
@blueprint.output(CaseNeedsView)
@blueprint.doc(
    summary="Use a material that is there already",
    operation_id="reuse_material",
    security=SIGNED_IN,
)
@admits(Who.WORKER)
def post_case_material(id: str, asked: ReuseAsked) -> Response:
    """Let a case or draft have one of the worker's materials."""
    now, own, kinds = resources().clock(), own_safe(signed_in()), _kinds()

    def attach(session: Session, worker: int) -> CaseNeedsView:
        case = cases.of_worker(session, id, worker)
        material = materials.mine(session, asked.material, worker)
        if material.kind not in kinds:
            raise MaterialKindUnknown(material.kind)
        by, kind = Actor.worker(worker), kinds[material.kind]
        materials.attach(session, own, case, material, kind, by=by, now=now)
        return _case_needs(session, case)

    return once(attach)


@blueprint.delete("/applications/<id>/materials/<material>")
@blueprint.output({}, status_code=204)
@blueprint.doc(
    summary="Take a material out of a draft", operation_id="detach_material", security=SIGNED_IN
)
@admits(Who.WORKER)
def delete_case_material(id: str, material: str) -> Response:
    """Take it out; it stays at hand for others."""
    now, own = resources().clock(), own_safe(signed_in())

    def detach(session: Session, worker: int) -> None:
        case = cases.of_worker(session, id, worker)
        found = materials.mine(session, material, worker)
        materials.detach(session, own, case, found, by=Actor.worker(worker), now=now)

    return once(detach)


def _intake() -> Intake:
    known = resources()
    return Intake(known.database, known.store, known.clock)


def _kinds() -> Mapping[str, MaterialKind]:
    return resources().serving.current().library.materials


def _piece() -> bytes:
    """The body, which is larger than any other; raises what HTTP has for it."""
    if request.mimetype != PIECE_TYPE:
        raise UnsupportedMediaType
    if request.content_length is None:
        raise LengthRequired
    request.max_content_length = LARGEST_PIECE
    return request.get_data(cache=False)


def _upload(upload: Upload, material: Material | None) -> UploadView:
    return UploadView(
        id=upload.id,
        kind=upload.kind,
        application=upload.case_id,
        size=upload.size,
        offset=upload.received,
        piece=LARGEST_PIECE,
        state=UploadState(upload.state),
        refusal=None if upload.refusal is None else Refusal(upload.refusal),
        material=None if material is None else _material(material),
    )


def _material(material: Material) -> MaterialView:
    known = _kinds().get(material.kind)
    shared = {
        name: getattr(material, name) for name in MaterialView.model_fields if name != "title"
    }
    return MaterialView(**shared, title=material.kind if known is None else known.title)


def _case_needs(session: Session, case: Case) -> CaseNeedsView:
    library = resources().serving.current().library
    listed = library.checklists.get(case.measure)
    needs = materials.needed(session, case, library.materials, listed)
    return CaseNeedsView(
        materials=[
            CaseNeedView(
                **_need(need),
                complete=need.complete,
                there=[_material(material) for material in need.there],
            )
            for need in needs
        ]
    )


def _need(need: Needed) -> dict[str, Any]:
    note = _STATED if need.stated else _USUAL if need.usual else ""
    return {
        "kind": need.kind.id,
        "title": need.kind.title,
        "hint": need.kind.hint,
        "at_least": need.kind.at_least,
        "at_most": need.kind.at_most,
        "stated": need.stated,
        "quote": need.quote,
        "note": note,
    }
