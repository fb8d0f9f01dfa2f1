"""Files on their way in: piece by piece, each kept sealed, until the whole is what was announced.

A connection that breaks loses at most the piece that was under way: whoever uploads asks how much
is there and goes on from that. The same piece sent twice changes nothing.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil

import structlog
from sqlalchemy import func, select, update
from sqlmodel import Session, col

from knowledge.materials import MaterialKind
from server.casework import cases, materials
from server.casework.inspecting import inspect
from server.casework.materials import CaseTakesNone, MaterialKindUnknown, TooManyMaterials
from server.casework.recoding import Recoded, Refusal, Refused
from server.casework.tables import Material, Upload, UploadState
from server.clock import Clock
from server.confidential.sealing import Safe
from server.database.db import Database
from server.material_store import ObjectMissing, Store, StoreAway
from server.records import audit
from server.records.audit import Action, Actor

MOST_BYTES = 10 * 1024 * 1024
"""Of one file: more than any phone's photo in JPEG has."""
LARGEST_PIECE = 512 * 1024
SMALLEST_PIECE = 8 * 1024
"""But for the last one."""
MOST_A_DAY = 200
"""Uploads that a worker begins: an inspection takes two seconds at worst."""
MOST_OPEN = 20
"""Of those of a day that have not arrived."""
_A_DAY = timedelta(days=1)

_log = structlog.get_logger()


class UploadUnknown(LookupError):
    """There is no such upload, or it is somebody else's, or too old."""


class OffsetWrong(Exception):
    """The piece does not begin where what is kept ends; `offset` is where it does."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


class PieceRefused(Exception):
    """A piece is empty, too small, too large, or reaches beyond the end of the file."""


class FileTooLarge(Exception):
    """The file has more bytes than are taken; `megabytes` are."""

    def __init__(self) -> None:
        super().__init__()
        self.megabytes = MOST_BYTES // (1024 * 1024)


class TooManyUploads(Exception):
    """More uploads than anybody needs within a day; `retry_after` seconds later one is taken."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Announced:
    """What is going to be sent: of which kind, how long, and the SHA-256 of the whole."""

    kind: str
    size: int
    sha256: str
    case_id: str | None = None
    """The case or draft that it is for; None: to have it at hand."""


def begin(
    session: Session,
    own: Safe,
    kinds: Mapping[str, MaterialKind],
    announced: Announced,
    *,
    worker_id: int,
    now: datetime,
) -> Upload:
    """Make an upload, with nothing received.

    Raises `MaterialKindUnknown`, `FileTooLarge`, `ConsentMissing`, `TooManyMaterials`,
    `TooManyUploads`, `CaseUnknown`, `CaseTakesNone`.
    """
    if announced.kind not in kinds:
        raise MaterialKindUnknown(announced.kind)
    if announced.size > MOST_BYTES:
        raise FileTooLarge
    materials.check_taking(session, worker_id)
    _check_number(session, worker_id, now)
    if announced.case_id is not None:
        case = cases.of_worker(session, announced.case_id, worker_id)
        materials.check_room(session, case, kinds[announced.kind])
    upload = Upload(
        # Long enough that nobody guesses one.
        id=secrets.token_hex(16),
        worker_id=worker_id,
        case_id=announced.case_id,
        kind=announced.kind,
        size=announced.size,
        sha256=announced.sha256,
        received=0,
        pieces="[]",
        state=UploadState.OPEN,
        begun_at=now,
    )
    session.add(upload)
    session.flush()
    return upload


def of_worker(session: Session, upload_id: str, worker_id: int) -> Upload:
    """A worker's own upload; raises `UploadUnknown`."""
    upload = session.get(Upload, upload_id)
    if upload is None or upload.worker_id != worker_id:
        raise UploadUnknown(upload_id)
    return upload


class Intake:
    """Takes pieces in; makes transactions of its own, as none may wait for the store."""

    def __init__(self, database: Database, store: Store, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._clock = clock

    def take(
        self,
        own: Safe,
        kinds: Mapping[str, MaterialKind],
        *,
        worker_id: int,
        upload_id: str,
        offset: int,
        piece: bytes,
    ) -> tuple[Upload, Material | None]:
        """Keep a piece, and with the last one the material; the upload as it is then.

        Raises `UploadUnknown`, `OffsetWrong`, `PieceRefused`, `Refused`, `InspectionBusy`,
        `ConsentMissing`, `StoreAway`.
        """
        upload = self._find(upload_id, worker_id)
        if upload.state == UploadState.OPEN and not _is_kept(upload, offset, piece):
            upload = self._append(own, upload, offset, piece)
        if upload.state == UploadState.OPEN and upload.received == upload.size:
            self._finish(own, kinds, upload)
            upload = self._find(upload_id, worker_id)
        if upload.refusal is not None:
            raise Refused(Refusal(upload.refusal))
        with self._database.read() as session:
            kept = upload.state == UploadState.KEPT
            return upload, materials.mine(session, upload_id, worker_id) if kept else None

    def forget(self, names: list[str]) -> None:
        """Delete objects that no row names any more; what can't be deleted now is swept later."""
        try:
            self._store.delete(names)
        except StoreAway as error:
            _log.warning("objects_left", count=len(names), reason=str(error))

    def _find(self, upload_id: str, worker_id: int) -> Upload:
        with self._database.read() as session:
            return of_worker(session, upload_id, worker_id)

    def _append(self, own: Safe, upload: Upload, offset: int, piece: bytes) -> Upload:
        name = f"pieces/{upload.id}/{offset:08}-{secrets.token_hex(4)}"
        self._store.put(name, own.seal_bytes(piece, _piece_purpose(upload.id, offset)))
        pieces = json.dumps([*json.loads(upload.pieces), name])

        def append(session: Session) -> bool:
            changed = session.connection().execute(
                update(Upload)
                .where(
                    col(Upload.id) == upload.id,
                    col(Upload.received) == offset,
                    col(Upload.state) == UploadState.OPEN,
                )
                .values(received=offset + len(piece), pieces=pieces)
            )
            return changed.rowcount == 1

        was_first = self._database.together(append)
        if not was_first:
            # The same piece, or another, came in at this moment.
            self.forget([name])
        now = self._find(upload.id, upload.worker_id)
        if not was_first and now.state == UploadState.OPEN:
            _is_kept(now, offset, piece)
        return now

    def _finish(self, own: Safe, kinds: Mapping[str, MaterialKind], upload: Upload) -> None:
        names: list[str] = json.loads(upload.pieces)
        try:
            recoded = inspect(self._whole(own, upload, names))
        except ObjectMissing:
            # Whoever finished it a moment ago has cleared the pieces away.
            return
        except Refused as refused:
            why = refused.why
            self._database.together(lambda session: _refuse(session, upload.id, why))
            self.forget(names)
            return
        self._store.put(
            materials.object_name(upload.id),
            own.seal_bytes(recoded.content, materials.content_purpose(upload.id)),
        )
        now = self._clock()
        self._database.together(
            lambda session: _keep(session, own, kinds, upload.id, recoded, now=now)
        )
        self.forget(names)

    def _whole(self, own: Safe, upload: Upload, names: list[str]) -> bytes:
        """The file, if it is what was announced; raises `Refused`."""
        whole = bytearray()
        for name in names:
            purpose = _piece_purpose(upload.id, len(whole))
            whole += own.unseal_bytes(self._store.get(name), purpose)
        if sha256(whole).hexdigest() != upload.sha256:
            raise Refused(Refusal.DAMAGED)
        return bytes(whole)


def _is_kept(upload: Upload, offset: int, piece: bytes) -> bool:
    """Whether a piece is there already; raises `OffsetWrong`, `PieceRefused` where it can't be."""
    end = offset + len(piece)
    if end <= upload.received:
        return True
    if offset != upload.received:
        raise OffsetWrong(upload.received)
    if end > upload.size or len(piece) > LARGEST_PIECE:
        raise PieceRefused
    if len(piece) < SMALLEST_PIECE and end < upload.size:
        raise PieceRefused
    return False


def _piece_purpose(upload_id: str, offset: int) -> str:
    return f"upload.piece:{upload_id}:{offset}"


def _refuse(session: Session, upload_id: str, why: Refusal) -> None:
    session.execute(
        update(Upload)
        .where(col(Upload.id) == upload_id, col(Upload.state) == UploadState.OPEN)
        .values(state=UploadState.REFUSED, refusal=why, pieces="[]")
    )


def _keep(
    session: Session,
    own: Safe,
    kinds: Mapping[str, MaterialKind],
    upload_id: str,
    recoded: Recoded,
    *,
    now: datetime,
) -> None:
    """Make the material of an upload, once, and let its case have it if that still takes it."""
    changed = session.connection().execute(
        update(Upload)
        .where(col(Upload.id) == upload_id, col(Upload.state) == UploadState.OPEN)
        .values(state=UploadState.KEPT, pieces="[]")
    )
    upload = session.get(Upload, upload_id)
    if changed.rowcount != 1 or upload is None:
        return
    materials.check_taking(session, upload.worker_id)
    material = Material(
        id=upload.id,
        worker_id=upload.worker_id,
        kind=upload.kind,
        media_type=recoded.media_type,
        size=len(recoded.content),
        width=recoded.width,
        height=recoded.height,
        pages=recoded.pages,
        added_at=now,
    )
    session.add(material)
    session.flush()
    by = Actor.worker(upload.worker_id)
    audit.record(
        session,
        own,
        by=by,
        action=Action.CREATED,
        about="material",
        row=material.id,
        worker_id=material.worker_id,
        fields=("content",),
        now=now,
    )
    if upload.case_id is not None and upload.kind in kinds:
        case = cases.of_worker(session, upload.case_id, upload.worker_id)
        try:
            materials.attach(session, own, case, material, kinds[upload.kind], by=by, now=now)
        except (CaseTakesNone, TooManyMaterials):
            # The case moved on meanwhile: the photo is at hand for the next one.
            return


def _check_number(session: Session, worker_id: int, now: datetime) -> None:
    within = col(Upload.worker_id) == worker_id, col(Upload.begun_at) > now - _A_DAY
    begun = select(func.count(), func.min(col(Upload.begun_at))).where(*within)
    # What a phone gave up stays open until it is swept; nobody waits for that.
    is_open = begun.where(col(Upload.state) == UploadState.OPEN)
    for asked, most in ((begun, MOST_A_DAY), (is_open, MOST_OPEN)):
        number, first = session.execute(asked).one()
        if number >= most:
            raise TooManyUploads(ceil((first + _A_DAY - now).total_seconds()))
