"""What goes in and out of materials and uploads."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from mini_app_api.models import Request, View, Words
from server.casework.recoding import Refusal
from server.casework.tables import UploadState


class UploadAsked(Request):
    """A file that is going to be sent; `application`: the case or draft that it is for."""

    kind: Annotated[Words, Field(max_length=64)]
    size: Annotated[int, Field(ge=1, le=1 << 40)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    application: Annotated[Words | None, Field(max_length=16)] = None


class PieceAsked(Request):
    """Where a piece begins, in bytes."""

    offset: Annotated[int, Field(ge=0, le=1 << 40)]


class ReuseAsked(Request):
    """A material that is there already."""

    material: Annotated[Words, Field(max_length=32)]


class MaterialView(View):
    """A material; its size in bytes, a photo's in pixels, a document's in pages."""

    id: str
    kind: str
    title: str
    media_type: str
    size: int
    width: int | None
    height: int | None
    pages: int | None
    added_at: datetime


class MaterialsView(View):
    """A worker's materials, the newest first."""

    materials: list[MaterialView]


class UploadView(View):
    """An upload; `offset`: where to go on, `piece`: bytes of a piece at most."""

    id: str
    kind: str
    application: str | None
    size: int
    offset: int
    piece: int
    state: UploadState
    refusal: Refusal | None
    material: MaterialView | None


class NeedView(View):
    """A kind of material; `stated`: the document says so, in the words of `quote`.

    `note` tells people which it is, and claims nothing that the document does not say.
    """

    kind: str
    title: str
    hint: str
    at_least: int
    at_most: int
    stated: bool
    quote: str | None
    note: str


class NeedsView(View):
    """What a measure takes."""

    materials: list[NeedView]


class CaseNeedView(NeedView):
    """A kind of material in a case, with what is there."""

    complete: bool
    there: list[MaterialView]


class CaseNeedsView(View):
    """What a case takes, and has."""

    materials: list[CaseNeedView]
