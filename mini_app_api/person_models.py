"""What goes in and out about a person: full numbers come in, masked ones go out."""

from datetime import date, datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from mini_app_api.models import Request, Version, View
from server.database.tables import Purpose
from server.personal.persons import BankCard, IdentityNumber, Minor, Name, NativePlace, Phone


class ProfileAsked(Request):
    """What a worker says of themselves; what is left out stays as it is, null takes it away.

    `version` is that of the profile that was read, null where there was none.
    """

    model_config = ConfigDict(strict=True, hide_input_in_errors=True)

    name: Name | None = None
    identity_number: IdentityNumber | None = None
    phone: Phone | None = None
    bank_card: BankCard | None = None
    native_place: NativePlace | None = None
    version: Version | None = None


class ProfileView(View):
    """A profile as everybody may see it: `张*`, `4402**********1234`, `138****5678`, `****1234`."""

    name: str
    identity_number: str
    phone: str
    phone_verified: bool
    bank_card: str | None
    native_place: str | None
    version: int
    changed_at: datetime


class MeView(View):
    """Who signed in; `profile` null: they have not said yet."""

    profile: ProfileView | None
    verified_phone: str | None


class ChildAsked(Minor):
    """A child under 14 of the worker who signed in, and who is its guardian."""


class ChildChangeAsked(Minor):
    """The same for a child that is there; `version` is that which was read."""

    version: Version


class ChildView(View):
    """A child as everybody may see it."""

    id: str
    name: str
    born_on: date
    identity_number: str | None
    version: int
    changed_at: datetime


class ChildrenView(View):
    """The children of the worker who signed in."""

    children: list[ChildView]


class ConsentAsked(Request):
    """The version of the text that was shown."""

    version: Annotated[int, Field(ge=1, strict=True)]


class ConsentView(View):
    """A text that a worker is asked to agree to; `given_at` null: they don't."""

    purpose: Purpose
    title: str
    version: int
    text: str
    given_at: datetime | None


class ConsentsView(View):
    """Every purpose that needs a consent."""

    consents: list[ConsentView]


class StayView(View):
    """Something that stays, and why."""

    what: str
    why: str


class ErasedView(View):
    """That everything was deleted, but for what the law makes stay."""

    stays: list[StayView]
