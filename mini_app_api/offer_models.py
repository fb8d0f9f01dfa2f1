"""What goes in and out of offers, places in them, and wishes."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field

from mini_app_api.models import Request, View, Words
from server.offers.tables import OfferKind, OfferState, PlaceState, WishKind
from server.offers.wishing import Reason

Line = Annotated[Words, Field(min_length=1, max_length=64)]
Telephone = Annotated[str, Field(pattern=r"^[0-9+\-() ]{3,32}$")]


class VacancyAsked(Request):
    """A vacancy as an employer enters it; an officer checks it before anybody sees it."""

    region: Line
    title: Line
    words: Annotated[Words, Field(max_length=2000)] = ""
    organiser: Line
    contact: Telephone
    place: Annotated[Words, Field(max_length=128)] = ""
    last_on: date
    seats: Annotated[int, Field(ge=1, le=100_000)] | None = None
    details: Annotated[dict[str, Any], Field(max_length=10)]


class OfferView(View):
    """Something offered; `open`: one can still join. `state` and `waiting_before` are the caller's.

    `details` hold what only this kind has: pay in fen a month, hours, origin and destination.
    """

    id: str
    kind: OfferKind
    region: str
    title: str
    words: str
    organiser: str
    contact: str
    place: str
    begins_at: datetime | None
    last_on: date
    seats: int | None
    left: int | None
    """Places that are left, null where there is no limit."""
    waiting: int
    details: dict[str, Any]
    measure: str | None
    open: bool
    state: PlaceState | None


class OffersView(View):
    """Offers, the newest first; `after` asks for the next ones, null: these were all."""

    as_of: date
    offers: list[OfferView]
    after: str | None


class AttendanceAsked(Request):
    """The six digits that the leader shows."""

    code: Annotated[str, Field(pattern=r"^[0-9]{6}$")]


class PlaceView(View):
    """One's place in an offer; `tries_left`: how often a code may still be wrong."""

    offer: OfferView
    state: PlaceState
    joined_at: datetime
    hours: int | None
    certificate: str
    tries_left: int


class PlacesView(View):
    """Where one takes part, the newest first."""

    places: list[PlaceView]


class ProposedView(View):
    """A vacancy that waits for an officer; its number."""

    id: str


class ProposalView(View):
    """A vacancy that one proposed; `reason`: why it was refused or called off."""

    id: str
    title: str
    region: str
    state: OfferState
    reason: str
    last_on: date
    seats: int | None
    taken: int


class ProposalsView(View):
    """What one proposed as an employer, the newest first."""

    proposals: list[ProposalView]


class WishAsked(Request):
    """What is looked for: trade, pay and start, or origin, destination and day.

    `until_on`: the last day, null: as long as a wish is kept; a phone's own clock may be wrong.
    """

    region: Line
    until_on: date | None = None
    details: Annotated[dict[str, Any], Field(max_length=10)]


class WishView(View):
    """What one looks for."""

    kind: WishKind
    region: str
    until_on: date
    details: dict[str, Any]


class WishesView(View):
    """What one looks for; nothing of it is kept after its day."""

    wishes: list[WishView]


class FitView(View):
    """A vacancy that fits, and why."""

    offer: OfferView
    reasons: list[Reason]


class FitsView(View):
    """Vacancies that fit one's wish, the best first."""

    fits: list[FitView]
