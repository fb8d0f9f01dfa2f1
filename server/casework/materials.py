"""A worker's materials: which there are, which case they belong to, what they show.

A material belongs to its worker and stays for the next case. A case that was submitted keeps those
it has until it is withdrawn. One that was refused keeps them also when its objection is taken back:
the refusal stands on them. What no such case has can be deleted by the worker at any time.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlmodel import Session, col

from knowledge.materials import Checklist, MaterialKind
from server.casework import cases, deciding
from server.casework.moves import TAKES_MATERIAL, State
from server.casework.tables import Case, CaseMaterial, Material, Upload
from server.confidential.sealing import Safe
from server.database.tables import Purpose
from server.material_store import Store
from server.personal import consents
from server.records import audit
from server.records.audit import Action, Actor

MOST_OF_WORKER = 300

LetGo = Callable[[Session, str], str | None]
"""Lets go of a material, or tells the number of what holds on to it."""


class MaterialUnknown(LookupError):
    """There is no such material, or it is somebody else's."""


class MaterialKindUnknown(LookupError):
    """Nobody hands in such a kind of material."""


class MaterialInUse(Exception):
    """A case that was submitted has it, or something like it; `case_id` is one of them."""

    def __init__(self, case_id: str) -> None:
        super().__init__(case_id)
        self.case_id = case_id


class CaseTakesNone(Exception):
    """Nothing can be added to the case any more."""


class TooManyMaterials(Exception):
    """The case has enough of this kind, or the worker of all; `at_most` is how many are taken."""

    def __init__(self, at_most: int) -> None:
        super().__init__(at_most)
        self.at_most = at_most


@dataclass(frozen=True, slots=True)
class Needed:
    """One kind that a case takes, with what is there.

    `quote` None: the document does not say it; `usual`: offices ask for it all the same. Neither:
    an officer asked for it, or the worker brought it.
    """

    kind: MaterialKind
    quote: str | None
    usual: bool
    there: tuple[Material, ...] = ()

    @property
    def stated(self) -> bool:
        """Whether the document says so."""
        return self.quote is not None

    @property
    def complete(self) -> bool:
        """Whether there are as many as it takes."""
        return len(self.there) >= self.kind.at_least


def object_name(material_id: str) -> str:
    """Where the sealed bytes of a material lie in the store."""
    return f"materials/{material_id}"


def content_purpose(material_id: str) -> str:
    """What the bytes of a material are sealed for."""
    return f"material.content:{material_id}"


def content(store: Store, own: Safe, material_id: str) -> bytes:
    """What a material shows; raises `ObjectMissing`, `StoreAway`, `SealBroken`.

    To be called outside any transaction; reading is audited by `read`.
    """
    return own.unseal_bytes(store.get(object_name(material_id)), content_purpose(material_id))


def read(session: Session, own: Safe, material: Material, *, by: Actor, now: datetime) -> None:
    """Note that somebody looks at a material."""
    _record(session, own, material, Action.READ, by, now)


def of_worker(session: Session, worker_id: int) -> list[Material]:
    """A worker's materials, the newest first."""
    found = select(Material).where(col(Material.worker_id) == worker_id)
    return list(session.scalars(found.order_by(col(Material.added_at).desc(), col(Material.id))))


def mine(session: Session, material_id: str, worker_id: int) -> Material:
    """One of a worker's own; raises `MaterialUnknown`."""
    material = session.get(Material, material_id)
    if material is None or material.worker_id != worker_id:
        raise MaterialUnknown(material_id)
    return material


def of_case(session: Session, case_id: str) -> list[Material]:
    """What a case has, in the order it came in."""
    return list(
        session.scalars(
            select(Material)
            .join(CaseMaterial, col(CaseMaterial.material_id) == col(Material.id))
            .where(col(CaseMaterial.case_id) == case_id)
            .order_by(col(CaseMaterial.added_at), col(Material.id))
        )
    )


def needed(
    session: Session,
    case: Case,
    kinds: Mapping[str, MaterialKind],
    listed: Checklist | None,
) -> list[Needed]:
    """What a case takes: by the list of its measure, what was asked for, and what else is there."""
    there: dict[str, list[Material]] = {}
    for material in of_case(session, case.id):
        there.setdefault(material.kind, []).append(material)
    asked_for = [item.item for item in cases.items_of(session, case.id)]
    known = {need.kind.id: need for need in usually_needed(kinds, listed)}
    more = (Needed(kinds[kind], None, False) for kind in (*asked_for, *there) if kind in kinds)
    for need in more:
        known.setdefault(need.kind.id, need)
    return [replace(need, there=tuple(there.get(kind, ()))) for kind, need in known.items()]


def usually_needed(kinds: Mapping[str, MaterialKind], listed: Checklist | None) -> list[Needed]:
    """What a measure takes: what its clause states, then what offices usually ask for."""
    if listed is None:
        return []
    stated = [Needed(kinds[each.kind], each.quote, False) for each in listed.stated]
    return stated + [Needed(kinds[kind], None, True) for kind in listed.usual]


def attach(
    session: Session,
    own: Safe,
    case: Case,
    material: Material,
    kind: MaterialKind,
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Let a case have a material, once; raises `CaseTakesNone`, `TooManyMaterials`.

    What completes something that was asked for answers it. Raises `ConsentMissing`: what another
    case kept when the consent was taken back is for that one alone.
    """
    _lock(session, material)
    if session.get(CaseMaterial, (case.id, material.id)) is not None:
        return
    consents.require(session, material.worker_id, Purpose.MATERIALS)
    check_room(session, case, kind)
    session.add(CaseMaterial(case_id=case.id, material_id=material.id, added_at=now))
    session.flush()
    _record(session, own, material, Action.CHANGED, by, now, case.id)
    if _counted(session, case.id, kind) >= kind.at_least:
        deciding.item_brought(session, case.id, kind.id, now=now)


def check_room(session: Session, case: Case, kind: MaterialKind) -> None:
    """Whether a case takes one more of a kind; raises `CaseTakesNone`, `TooManyMaterials`.

    What was there before an officer asked for it again takes no room: it can't be taken out.
    """
    if case.state not in TAKES_MATERIAL:
        raise CaseTakesNone(case.id)
    asked = [item.requested_at for item in cases.items_of(session, case.id) if item.item == kind.id]
    if _counted(session, case.id, kind, since=max(asked, default=None)) >= kind.at_most:
        raise TooManyMaterials(kind.at_most)


def detach(
    session: Session, own: Safe, case: Case, material: Material, *, by: Actor, now: datetime
) -> None:
    """Take a material out of a draft; what was submitted stays. Raises `MaterialInUse`."""
    # Nobody submits it meanwhile.
    state = session.scalar(select(col(Case.state)).where(col(Case.id) == case.id).with_for_update())
    if state != State.DRAFT:
        raise MaterialInUse(case.id)
    held = session.get(CaseMaterial, (case.id, material.id))
    if held is None:
        raise MaterialUnknown(material.id)
    session.delete(held)
    session.flush()
    _record(session, own, material, Action.CHANGED, by, now, case.id)


def remove(
    session: Session,
    own: Safe,
    material: Material,
    *,
    by: Actor,
    holders: Sequence[LetGo] = (),
    now: datetime,
) -> None:
    """Delete a material that no submitted case has, nor another holder; raises `MaterialInUse`.

    Its object is to be deleted once this has been committed.
    """
    _lock(session, material)
    using = session.scalars(
        select(col(Case.id))
        .join(CaseMaterial, col(CaseMaterial.case_id) == col(Case.id))
        .where(col(CaseMaterial.material_id) == material.id, _keeps())
    ).first()
    for let_go in holders:
        using = using or let_go(session, material.id)
    if using is not None:
        raise MaterialInUse(using)
    session.execute(delete(CaseMaterial).where(col(CaseMaterial.material_id) == material.id))
    session.execute(delete(Upload).where(col(Upload.id) == material.id))
    _record(session, own, material, Action.DELETED, by, now)
    session.delete(material)
    session.flush()


def remove_unused(
    session: Session, own: Safe, worker_id: int, *, holders: Sequence[LetGo] = (), now: datetime
) -> list[str]:
    """Delete what no submitted case has, and what is on its way: the consent was withdrawn.

    Returns the objects to delete once this has been committed.
    """
    removed = []
    for material in of_worker(session, worker_id):
        try:
            by = Actor.worker(worker_id)
            remove(session, own, material, by=by, holders=holders, now=now)
        except MaterialInUse:
            continue
        removed.append(object_name(material.id))
    under_way = select(col(Upload.pieces)).where(col(Upload.worker_id) == worker_id)
    for pieces in session.scalars(under_way):
        removed += json.loads(pieces)
    session.execute(delete(Upload).where(col(Upload.worker_id) == worker_id))
    return removed


def check_taking(session: Session, worker_id: int) -> None:
    """Whether a worker may hand in one more; raises `ConsentMissing`, `TooManyMaterials`."""
    consents.require(session, worker_id, Purpose.MATERIALS)
    count = session.scalar(
        select(func.count()).select_from(Material).where(col(Material.worker_id) == worker_id)
    )
    if (count or 0) >= MOST_OF_WORKER:
        raise TooManyMaterials(MOST_OF_WORKER)


def _keeps() -> ColumnElement[bool]:
    """Whether a case holds on to what it has: no draft, and not withdrawn but after a refusal."""
    is_withdrawn = col(Case.state) == State.WITHDRAWN
    return and_(col(Case.state) != State.DRAFT, or_(~is_withdrawn, col(Case.claim).is_not(None)))


def _lock(session: Session, material: Material) -> None:
    """Nobody takes a material into a case while somebody deletes it; raises `MaterialUnknown`."""
    row = select(col(Material.id)).where(col(Material.id) == material.id)
    if session.scalar(row.with_for_update()) is None:
        raise MaterialUnknown(material.id)


def _counted(
    session: Session, case_id: str, kind: MaterialKind, *, since: datetime | None = None
) -> int:
    """How many of a kind a case has, or has got since an instant."""
    count = (
        select(func.count())
        .select_from(CaseMaterial)
        .join(Material, col(Material.id) == col(CaseMaterial.material_id))
        .where(col(CaseMaterial.case_id) == case_id, col(Material.kind) == kind.id)
    )
    if since is not None:
        count = count.where(col(CaseMaterial.added_at) >= since)
    return session.scalar(count) or 0


def _record(
    session: Session,
    own: Safe,
    material: Material,
    action: Action,
    by: Actor,
    now: datetime,
    case_id: str = "",
) -> None:
    audit.record(
        session,
        own,
        by=by,
        action=action,
        about="material",
        row=material.id,
        worker_id=material.worker_id,
        fields=("content",),
        reason=case_id and f"case {case_id}",
        now=now,
    )
